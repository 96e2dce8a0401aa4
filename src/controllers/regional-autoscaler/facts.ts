import { isPaused } from '../../capacity/paused.ts';
import type { HorizontalAutoscaler } from '../../scaling/horizontal-autoscaler.ts';
import { loweredTargets } from '../../scaling/lowered-status.ts';
import { type CpuReading, cpuOf, inventCpu } from '../../scaling/regional-cpu.ts';
import type { RegionalAutoscaler } from '../../scaling/regional-record.ts';
import type { RegionalSettings, TargetSettings } from '../../scaling/regional-settings.ts';
import type { LastAction } from '../../scaling/regional-state.ts';
import { type TargetFacts, targetFacts } from '../../scaling/regional-target.ts';
import type { ScaledWorkload } from '../../scaling/scaled-workload.ts';
import { isRefused, isStuck, type Memory } from './memory.ts';
import { keyOf, regionFacts, type Surroundings } from './surroundings.ts';

/** What of targets is known better than the watch shows it: what we have just read or written. */
export interface KnownBetter {
  deployment(key: string, seen: ScaledWorkload): ScaledWorkload;
  autoscaler(key: string, seen: HorizontalAutoscaler): HorizontalAutoscaler;
}

interface FactsInput {
  readonly one: RegionalAutoscaler;
  readonly settings: RegionalSettings;
  readonly around: Surroundings;
  readonly better: KnownBetter;
  readonly memory: Memory;
  readonly lastAction: LastAction | undefined;
  readonly now: number;
  readonly monotonicNow: number;
}

/** Of the targets whose Deployment is there, and in bounds mode its autoscaler. */
export function factsOf(input: FactsInput): readonly TargetFacts[] {
  return input.settings.targets.flatMap((target) => factsOfTarget(target, input));
}

function factsOfTarget(target: TargetSettings, input: FactsInput): readonly TargetFacts[] {
  const { one, settings, around, better, memory, lastAction, monotonicNow } = input;
  const key = keyOf(one.namespace, target.deployment);
  const seen = around.deployments.get(key);
  const [hpa] = around.autoscalersOf.get(key) ?? [];
  if (!seen || (settings.mode === 'bounds' && !hpa)) return [];
  const workload = better.deployment(key, seen);
  const autoscaler = settings.mode === 'bounds' && hpa ? better.autoscaler(key, hpa) : undefined;
  const isUnready = workload.readyReplicas < (autoscaler?.min ?? workload.replicas);
  const unready = { deployment: target.deployment, isUnready };
  return [
    targetFacts({
      target,
      workload,
      autoscaler,
      region: regionFacts(target.region, around.snapshot),
      cpu: cpuOfTarget(key, input),
      isStuck: isStuck(memory, unready, { ...input, cooldownMs: settings.cooldownMs }),
      isHeld:
        isRefused(memory, target.deployment, monotonicNow) ||
        (autoscaler !== undefined && isPaused(autoscaler.annotations)),
      isBudgeted: loweredTargets(one.annotations)[target.deployment]?.state === 'held',
      lastAction,
    }),
  ];
}

/** Targets some of whose Ready pods run in another region than theirs, in words. */
export function podsElsewhere(
  { targets }: Pick<RegionalSettings, 'targets'>,
  namespace: string,
  { podsOf, snapshot }: Pick<Surroundings, 'podsOf' | 'snapshot'>,
): readonly string[] {
  const byName = snapshot.topology?.byName;
  return targets.flatMap(({ region, deployment }) => {
    const ready = (podsOf.get(keyOf(namespace, deployment)) ?? []).filter(
      ({ isReady, isEnding }) => isReady && !isEnding,
    );
    const elsewhere = ready.filter(({ node }) => (byName?.get(node)?.region ?? region) !== region);
    if (elsewhere.length === 0) return [];
    return [`${elsewhere.length} of ${ready.length} pods of ${deployment} run outside ${region}`];
  });
}

function cpuOfTarget(key: string, { one, settings, around, now }: FactsInput): CpuReading | undefined {
  if (settings.simulate) return inventCpu(`${one.namespace}/${one.name}`, now);
  return 'usages' in around.usages ? cpuOf(around.podsOf.get(key) ?? [], around.usages.usages) : undefined;
}
