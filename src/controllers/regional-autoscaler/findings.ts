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

const LIMITS_ONLY = 'LimitsOnly';

export interface Judged {
  readonly namespace: string;
  readonly settings: RegionalSettings;
  readonly targets: readonly TargetFacts[];
  readonly mode: CapacityMode;
  /** Why metrics.k8s.io tells nothing. */
  readonly problem?: string | undefined;
  /** What the API server refused, in words that name the target. */
  readonly refused: readonly string[];
  /** Targets whose HorizontalPodAutoscaler is paused. */
  readonly paused: readonly string[];
  /** Targets whose pods run in other regions, in words. */
  readonly elsewhere: readonly string[];
}

export function acceptedFindings(judged: Judged): readonly Finding[] {
  const { simulate } = judged.settings;
  return [
    acceptedFinding(judged.settings),
    metricsFinding(judged),
    activeFinding(judged),
    ...(simulate ? [simulatedFinding(judged.mode)] : []),
  ];
}

/** While the CPU of all is unknown for a moment it is told as it was. */
export function withMetricsAsTold(
  findings: readonly Finding[],
  told: readonly Condition[] | undefined,
): readonly Finding[] {
  return findings.map((finding) => {
    const was = told?.find(({ type }) => type === finding.type);
    if (!was || !(finding.type === 'MetricsAvailable' || finding.reason === LIMITS_ONLY)) return finding;
    const { lastTransitionTime, ...kept } = was;
    return kept;
  });
}

function acceptedFinding({ minReplicas, targets }: RegionalSettings): Finding {
  const type = 'Accepted';
  const most = targets.reduce((sum, { max }) => sum + max, 0);
  if (minReplicas <= most) return { type, status: 'True', reason: 'Valid', message: 'its spec fits together' };
  const message = `minReplicas ${minReplicas} cannot be met: the maximums of its targets are ${most} together`;
  return { type, status: 'True', reason: 'MinimumOutOfReach', message };
}

function simulatedFinding(mode: CapacityMode): Finding {
  const follows =
    mode === 'on' ? 'what follows from it is done all the same' : 'nothing is done: Events tell what would be';
  const message = `spec.simulate is true: the CPU of every target is invented, and ${follows}`;
  return { type: 'Simulated', status: 'True', reason: 'SimulateIsTrue', message };
}

function metricsFinding({ settings, targets, problem }: Judged): Finding {
  const type = 'MetricsAvailable';
  if (settings.simulate)
    return { type, status: 'False', reason: 'Simulated', message: 'nobody is asked: spec.simulate is true' };
  if (problem !== undefined) return { type, status: 'False', reason: 'NoMetrics', message: problem };
  const silent = targets.flatMap(({ deployment, isDown, cpu }) =>
    isDown || !isUnknown(cpu) ? [] : [{ deployment, why: cpu.unknown }],
  );
  const [first] = silent;
  if (targets.length === 0)
    return { type, status: 'False', reason: 'NoTarget', message: 'none of its Deployments is there' };
  if (!first) return { type, status: 'True', reason: 'Measured', message: measuredWords(settings, targets) };
  const message = `${silent.map(({ deployment, why }) => `${deployment}: ${CPU_UNKNOWN[why]}`).join('; ')}`;
  const isNone = silent.length === targets.filter(({ isDown }) => !isDown).length;
  return { type, status: isNone ? 'False' : 'True', reason: isNone ? first.why : 'PartlyMeasured', message };
}

function measuredWords(settings: RegionalSettings, targets: readonly TargetFacts[]): string {
  const isAll = targets.length === settings.targets.length;
  return `the CPU of every target ${isAll ? '' : 'that is there '}is known`;
}

function isUnknown(cpu: CpuReading | undefined): cpu is Extract<CpuReading, { readonly unknown: string }> {
  return cpu !== undefined && 'unknown' in cpu;
}

function activeFinding(judged: Judged): Finding {
  const { namespace, settings, targets, mode, refused, paused, elsewhere } = judged;
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
      message: `there is no Deployment ${missing.join(', ')} in namespace ${namespace}`,
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
  if (elsewhere.length > 0)
    return { type, status: 'True', reason: 'PodsElsewhere', message: `${elsewhere.join('; ')}: pin them to it` };
  if (!settings.simulate && metricsFinding(judged).status === 'False')
    return { type, status: 'True', reason: LIMITS_ONLY, message: 'no CPU is known: only limits and outages count' };
  const silent = targets.filter(({ gramsPerKwh }) => gramsPerKwh === undefined).map(({ region }) => region);
  if (silent.length > 0)
    return {
      type,
      status: 'True',
      reason: 'IntensityUnknown',
      message: `nobody knows the intensity of ${silent.join(', ')}: last to be scaled up, first to be scaled down`,
    };
  return { type, status: 'True', reason: 'Scaling', message: 'its targets are scaled' };
}
