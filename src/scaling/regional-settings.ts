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
  const maxReplicas = spec.maxReplicas ?? Number.POSITIVE_INFINITY;
  const wished = spec.targets.map((target) => settleTarget(target, mode, defaults));
  const targets = fitMinimums(spec, wished, maxReplicas);
  const settings: RegionalSettings = {
    mode,
    rebalance,
    simulate,
    aggregate: cpu.aggregate,
    scaleUp: cpu.scaleUp ?? Math.max(defaults.scaleUp, (cpu.scaleDown ?? 0) + 1),
    scaleDown: cpu.scaleDown ?? Math.min(defaults.scaleDown, (cpu.scaleUp ?? Number.POSITIVE_INFINITY) - 1),
    holdCycles: spec.holdCycles ?? defaults.holdCycles,
    stepLimit: spec.stepLimit ?? defaults.stepLimit,
    cooldownMs: msOf(spec.cooldown) ?? defaults.cooldownMs,
    loopMs: msOf(spec.loop) ?? defaults.loopMs,
    minReplicas: spec.minReplicas ?? leastOf(targets, wished, maxReplicas),
    maxReplicas,
    targets,
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
  const lowest = lowestIn(mode);
  const highest = Math.max(lowest, max ?? Math.max(defaults.max, min ?? 0));
  return { region, deployment, min: Math.max(lowest, min ?? Math.min(defaults.min, highest)), max: highest };
}

/** Minimums that nobody asked for share what `maxReplicas` leaves them. */
function fitMinimums(
  { mode, targets }: RegionalSpec,
  wished: readonly TargetSettings[],
  maxReplicas: number,
): readonly TargetSettings[] {
  if (sumOfMinimums(wished) <= maxReplicas) return wished;
  const isOpen = (i: number) => targets[i]?.min === undefined;
  const said = sumOfMinimums(wished.filter((_, i) => !isOpen(i)));
  const share = Math.floor((maxReplicas - said) / wished.filter((_, i) => isOpen(i)).length);
  const least = Math.max(lowestIn(mode), share);
  return wished.map((one, i) => (isOpen(i) ? { ...one, min: Math.min(one.min, least) } : one));
}

/** Where that leaves none to any target one is kept all the same, wherever it is cleanest: nothing that runs nowhere tells CPU. */
function leastOf(targets: readonly TargetSettings[], wished: readonly TargetSettings[], maxReplicas: number): number {
  return sumOfMinimums(targets) === 0 && sumOfMinimums(wished) > 0 ? Math.min(1, maxReplicas) : 0;
}

function sumOfMinimums(targets: readonly TargetSettings[]): number {
  return targets.reduce((sum, { min }) => sum + min, 0);
}

/** The bounds of a HorizontalPodAutoscaler are 1 at least, where nothing but CPU is looked at. */
function lowestIn(mode: RegionalSpec['mode']): number {
  return mode === 'bounds' ? 1 : 0;
}

function issuesOf({ targets, minReplicas, maxReplicas, scaleUp, scaleDown }: RegionalSettings): readonly string[] {
  const floor = sumOfMinimums(targets);
  const names = targets.map(({ deployment }) => deployment);
  return [
    ...targets.flatMap(({ deployment, min, max }, i) => [
      ...(names.indexOf(deployment) < i ? [`spec.targets[${i}].deployment: ${deployment} is named twice`] : []),
      ...(min > max ? [`spec.targets[${i}]: min ${min} is above max ${max}`] : []),
    ]),
    ...(minReplicas > maxReplicas ? [`spec.minReplicas: ${minReplicas} is above maxReplicas ${maxReplicas}`] : []),
    ...(floor > maxReplicas
      ? [`spec.maxReplicas: ${maxReplicas} is below what the targets have at least, ${floor}`]
      : []),
    ...(scaleDown >= scaleUp ? [`spec.cpu: scaleDown ${scaleDown} is not below scaleUp ${scaleUp}`] : []),
  ];
}
