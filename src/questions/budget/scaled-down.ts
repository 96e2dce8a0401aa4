import { isPaused } from '../../capacity/paused.ts';
import { type BudgetState, stateOf } from '../../scaling/budget-step.ts';
import type { HorizontalAutoscaler } from '../../scaling/horizontal-autoscaler.ts';
import { loweredStatus, loweredTargets } from '../../scaling/lowered-status.ts';
import type { RegionalMaxima } from '../../scaling/regional-maxima.ts';
import type { ScaledWorkload } from '../../scaling/scaled-workload.ts';
import { keyOf, ofWorkload } from './components.ts';

/** How workloads stand that a budget has scaled down, itself or through what scales them, by their `keyOf`. */
export interface ScaledDown {
  readonly held: ReadonlySet<string>;
  /** Somebody else has scaled them since. */
  readonly letGo: ReadonlySet<string>;
  /** A person wants them left as they are: those alone that say so, or whose autoscaler does. */
  readonly paused: ReadonlySet<string>;
}

interface Scaled {
  readonly workloads: readonly ScaledWorkload[];
  readonly horizontal: readonly HorizontalAutoscaler[];
  readonly regional: readonly RegionalMaxima[];
}

interface Stand {
  readonly key: string;
  readonly state: BudgetState;
  readonly isPaused: boolean;
}

export function scaledDown({ workloads, horizontal, regional }: Scaled): ScaledDown {
  const stands: readonly Stand[] = [
    ...workloads.map(({ annotations, replicas: value, generation, ...workload }) => ({
      key: keyOf(ofWorkload(workload.namespace, workload)),
      state: stateOf({ value, status: loweredStatus(annotations), generation }),
      isPaused: isPaused(annotations),
    })),
    ...horizontal.map(({ namespace, target, max: value, annotations }) => ({
      key: keyOf(ofWorkload(namespace, target)),
      state: stateOf({ value, status: loweredStatus(annotations) }),
      isPaused: isPaused(annotations),
    })),
    ...regional.flatMap(standsOfRegional),
  ];
  const keysOf = (which: (stand: Stand) => boolean) => new Set(stands.filter(which).map(({ key }) => key));
  const held = keysOf(({ state }) => state === 'held');
  return {
    held,
    letGo: keysOf(({ state, key }) => state === 'let-go' && !held.has(key)),
    paused: keysOf((stand) => stand.isPaused),
  };
}

function standsOfRegional({ namespace, annotations, targets }: RegionalMaxima): readonly Stand[] {
  const statuses = loweredTargets(annotations);
  return targets.map(({ deployment: name, max: value = null }) => ({
    key: keyOf(ofWorkload(namespace, { kind: 'Deployment', name })),
    state: stateOf({ value, status: Object.hasOwn(statuses, name) ? statuses[name] : undefined }),
    isPaused: isPaused(annotations),
  }));
}
