import { isOfBudget } from '../../scaling/budget-status.ts';
import { HOUR_MS } from '../../units/moment.ts';
import type { Clock } from '../pace.ts';
import { type Lowered, loweredKey } from './targets.ts';

/** An autoscaler that went with what its budget remembered: its workload stays as low as that had it. */
export interface Loss {
  readonly autoscaler: Lowered;
  /** The workload's, now. */
  readonly replicas: number;
}

/** What there is of an autoscaler: its object, and of a RegionalAutoscaler the target. */
export type IsThere = (autoscaler: Lowered) => boolean;

/** Remembers which autoscalers are held, to see which of them go while they are. */
export function createLosses(clock: Pick<Clock, 'now'>) {
  let held = new Map<string, Lowered>();
  const lost = new Map<string, { readonly autoscaler: Lowered; readonly at: number }>();

  return {
    /** Of the last hour, and of workloads that there are. */
    look(all: readonly Lowered[], isThere: IsThere, replicasOf: (uid: string) => number | undefined): readonly Loss[] {
      for (const [key, autoscaler] of held) if (!isThere(autoscaler)) lost.set(key, { autoscaler, at: clock.now() });
      held = new Map(all.filter(isHeldAutoscaler).map((one) => [loweredKey(one), one]));
      for (const [key, { at }] of lost) if (clock.now() - at >= HOUR_MS) lost.delete(key);
      return [...lost.values()].flatMap(({ autoscaler }) => {
        const replicas = replicasOf(autoscaler.demand.workload?.uid ?? '');
        return replicas === undefined ? [] : [{ autoscaler, replicas }];
      });
    },
    forget(): void {
      held = new Map();
      lost.clear();
    },
  };
}

function isHeldAutoscaler({ demand, generation, value, status }: Lowered): boolean {
  return demand.workload !== undefined && generation === undefined && !!status && isOfBudget(value, status);
}
