import { parseDuration } from '../units/duration.ts';
import type { RegionalDefaults, RegionalSpec } from './regional-autoscaler.ts';

/** What one target may have, once what its spec leaves open is filled in. */
export interface TargetSettings {
  readonly region: string;
  readonly deployment: string;
  readonly min: number;
  readonly max: number;
}

/** What a RegionalAutoscaler asks for, nothing left open. CPU in percent of what pods request. */
export interface RegionalSettings
  extends Pick<RegionalSpec, 'mode' | 'rebalance' | 'simulate'>,
    Omit<RegionalDefaults, 'min' | 'max'> {
  readonly aggregate: RegionalSpec['cpu']['aggregate'];
  readonly targets: readonly TargetSettings[];
  /** Of all targets together; no maximum is `Infinity`. */
  readonly minReplicas: number;
  readonly maxReplicas: number;
}

/** Fills in what a spec leaves open; what does not fit together is said in sentences with their paths. */
export function settleSpec(
  spec: RegionalSpec,
  defaults: RegionalDefaults,
): { readonly settings: RegionalSettings } | { readonly issues: readonly string[] } {
  const { mode, rebalance, simulate, cpu } = spec;
  const settings: RegionalSettings = {
    mode,
    rebalance,
    simulate,
    aggregate: cpu.aggregate,
    scaleUp: cpu.scaleUp ?? defaults.scaleUp,
    scaleDown: cpu.scaleDown ?? defaults.scaleDown,
    holdCycles: spec.holdCycles ?? defaults.holdCycles,
    stepLimit: spec.stepLimit ?? defaults.stepLimit,
    cooldownMs: msOf(spec.cooldown) ?? defaults.cooldownMs,
    loopMs: msOf(spec.loop) ?? defaults.loopMs,
    minReplicas: spec.minReplicas ?? 0,
    maxReplicas: spec.maxReplicas ?? Number.POSITIVE_INFINITY,
    targets: spec.targets.map((target) => settleTarget(target, spec.mode, defaults)),
  };
  const issues = issuesOf(settings);
  return issues.length > 0 ? { issues } : { settings };
}

function msOf(duration: string | undefined): number | undefined {
  return duration === undefined ? undefined : parseDuration(duration);
}

/** A default never contradicts what is said: the smaller maximum of a budget lowers a default minimum with it. */
function settleTarget(
  { region, deployment, min, max }: RegionalSpec['targets'][number],
  mode: RegionalSpec['mode'],
  defaults: RegionalDefaults,
): TargetSettings {
  // The bounds of a HorizontalPodAutoscaler are 1 at least, where nothing but CPU is looked at.
  const lowest = mode === 'bounds' ? 1 : 0;
  const highest = Math.max(lowest, max ?? Math.max(defaults.max, min ?? 0));
  return { region, deployment, min: Math.max(lowest, min ?? Math.min(defaults.min, highest)), max: highest };
}

function issuesOf({ targets, minReplicas, maxReplicas, scaleUp, scaleDown }: RegionalSettings): readonly string[] {
  const floor = targets.reduce((sum, { min }) => sum + min, 0);
  const names = targets.map(({ deployment }) => deployment);
  return [
    ...targets.flatMap(({ deployment, min, max }, i) => [
      ...(names.indexOf(deployment) < i ? [`spec.targets.${i}.deployment: ${deployment} is named twice`] : []),
      ...(min > max ? [`spec.targets.${i}: min ${min} is above max ${max}`] : []),
    ]),
    ...(minReplicas > maxReplicas ? [`spec.minReplicas: ${minReplicas} is above maxReplicas ${maxReplicas}`] : []),
    ...(floor > maxReplicas
      ? [`spec.maxReplicas: ${maxReplicas} is below what the targets have at least, ${floor}`]
      : []),
    ...(scaleDown >= scaleUp ? [`spec.cpu: scaleDown ${scaleDown} is not below scaleUp ${scaleUp}`] : []),
  ];
}
