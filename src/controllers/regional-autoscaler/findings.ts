import { CPU_UNKNOWN, type CpuReading } from '../../scaling/regional-cpu.ts';
import type { RegionalSettings } from '../../scaling/regional-settings.ts';
import type { Condition, Finding } from '../../scaling/regional-status.ts';
import type { TargetFacts } from '../../scaling/regional-target.ts';
import type { CapacityMode } from '../../units/capacity-mode.ts';
import type { Refusal } from './accept.ts';

export function refusedFindings({ reason, message }: Refusal): readonly Finding[] {
  return [
    { type: 'Accepted', status: 'False', reason, message },
    { type: 'Active', status: 'False', reason: 'NotAccepted', message: 'nothing is scaled' },
  ];
}

export const PAUSED_FINDINGS: readonly Finding[] = [
  { type: 'Active', status: 'False', reason: 'Paused', message: 'gridgate.dev/paused: it is left as it is' },
];

export interface Judged {
  readonly settings: RegionalSettings;
  readonly targets: readonly TargetFacts[];
  readonly mode: CapacityMode;
  /** Why metrics.k8s.io tells nothing. */
  readonly problem?: string | undefined;
  /** What the API server refused, in words that name the target. */
  readonly refused: readonly string[];
  /** Targets whose HorizontalPodAutoscaler is paused. */
  readonly paused: readonly string[];
}

export function acceptedFindings(judged: Judged): readonly Finding[] {
  const { simulate } = judged.settings;
  return [
    { type: 'Accepted', status: 'True', reason: 'Valid', message: 'all targets can be scaled' },
    metricsFinding(judged),
    activeFinding(judged),
    ...(simulate ? [SIMULATED] : []),
  ];
}

/** While the CPU of all is unknown for a moment it is told as it was. */
export function withMetricsAsTold(
  findings: readonly Finding[],
  told: readonly Condition[] | undefined,
): readonly Finding[] {
  const was = told?.find(({ type }) => type === 'MetricsAvailable');
  if (!was) return findings;
  const { lastTransitionTime, ...kept } = was;
  return findings.map((finding) => (finding.type === kept.type ? kept : finding));
}

const SIMULATED: Finding = {
  type: 'Simulated',
  status: 'True',
  reason: 'SimulateIsTrue',
  message: 'spec.simulate is true: the CPU of every target is invented, and what follows from it is done all the same',
};

function metricsFinding({ settings, targets, problem }: Judged): Finding {
  const type = 'MetricsAvailable';
  if (settings.simulate)
    return { type, status: 'False', reason: 'Simulated', message: 'nobody is asked: spec.simulate is true' };
  if (problem !== undefined) return { type, status: 'False', reason: 'NoMetrics', message: problem };
  const silent = targets.flatMap(({ deployment, isDown, cpu }) =>
    isDown || !isUnknown(cpu) ? [] : [{ deployment, why: cpu.unknown }],
  );
  const [first] = silent;
  if (!first) return { type, status: 'True', reason: 'Measured', message: 'the CPU of every target is known' };
  const message = `${silent.map(({ deployment, why }) => `${deployment}: ${CPU_UNKNOWN[why]}`).join('; ')}`;
  const isNone = silent.length === targets.filter(({ isDown }) => !isDown).length;
  return { type, status: isNone ? 'False' : 'True', reason: isNone ? first.why : 'PartlyMeasured', message };
}

function isUnknown(cpu: CpuReading | undefined): cpu is Extract<CpuReading, { readonly unknown: string }> {
  return cpu !== undefined && 'unknown' in cpu;
}

function activeFinding({ settings, targets, mode, refused, paused }: Judged): Finding {
  const type = 'Active';
  if (mode === 'audit')
    return { type, status: 'False', reason: 'Audit', message: 'nothing is scaled: Events tell what would be' };
  if (refused.length > 0) return { type, status: 'False', reason: 'Refused', message: refused.join('; ') };
  const there = new Set(targets.map(({ deployment }) => deployment));
  const missing = settings.targets
    .filter(({ deployment }) => !there.has(deployment))
    .map(({ deployment }) => deployment);
  if (missing.length > 0)
    return {
      type,
      status: targets.length > 0 ? 'True' : 'False',
      reason: 'DeploymentMissing',
      message: `there is no Deployment ${missing.join(', ')}`,
    };
  const unknown = targets.filter(({ isKnown }) => !isKnown).map(({ region }) => region);
  if (unknown.length > 0)
    return {
      type,
      status: 'True',
      reason: 'RegionUnknown',
      message: `nobody knows a region ${unknown.join(', ')}: last to be scaled up, first to be scaled down`,
    };
  if (paused.length > 0)
    return {
      type,
      status: paused.length < targets.length ? 'True' : 'False',
      reason: 'TargetPaused',
      message: `gridgate.dev/paused on the HorizontalPodAutoscaler of ${paused.join(', ')}: left as it is`,
    };
  return { type, status: 'True', reason: 'Scaling', message: 'its targets are scaled' };
}
