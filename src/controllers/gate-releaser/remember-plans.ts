import type { Mode, Policy } from '../../decision/policy.ts';
import type { Snapshot } from '../../regions/snapshot.ts';
import { HOUR_MS } from '../../units/moment.ts';
import type { PlannedUnit } from './plan.ts';
import type { Unit } from './units.ts';

/** Nodes come and go all the time, and each makes another snapshot. */
const PLANS_LAST_MS = 5_000;

/** What a plan was made from. */
export interface PlanBasis {
  readonly snapshot: Snapshot;
  readonly policy: Policy;
  readonly mode: Mode;
  /** Epoch milliseconds. */
  readonly now: number;
  /** Milliseconds since any fixed moment. */
  readonly monotonicNow: number;
}

interface Remembered extends PlanBasis {
  readonly signature: string;
  readonly planned: PlannedUnit;
}

/**
 * Plans of units that are still as they were, so that what changes is planned alone. A plan is made again at every full hour,
 * for another policy or mode, and at most 5 s after another snapshot.
 */
export function createPlanMemory() {
  let plans = new Map<string, Remembered>();
  let next = new Map<string, Remembered>();

  function isValid(one: Remembered, signature: string, basis: PlanBasis): boolean {
    return (
      one.signature === signature &&
      one.policy === basis.policy &&
      one.mode === basis.mode &&
      hourOf(one.now) === hourOf(basis.now) &&
      (one.snapshot === basis.snapshot || basis.monotonicNow - one.monotonicNow < PLANS_LAST_MS)
    );
  }

  return {
    /** The plan of a unit, made now where none is remembered that still counts, with the one of before in mind. */
    recall(unit: Unit, basis: PlanBasis, plan: (before: PlannedUnit | undefined) => PlannedUnit): PlannedUnit {
      const signature = signatureOf(unit);
      const known = plans.get(unit.key);
      const one =
        known && isValid(known, signature, basis) ? known : { ...basis, signature, planned: plan(known?.planned) };
      next.set(unit.key, one);
      return one.planned;
    },
    /** All units were recalled: forgets those that were not. */
    endRound(): void {
      plans = next;
      next = new Map();
    },
  };
}

function hourOf(at: number): number {
  return Math.floor(at / HOUR_MS);
}

function signatureOf({ members, createdAt, hasBegun }: Unit): string {
  const versions = members.map(({ metadata, job, cronJob }) => {
    const { schedule, isSuspended, allowsTwo } = cronJob ?? {};
    return `${metadata.uid}@${metadata.resourceVersion} ${job?.activeDeadlineMs} ${schedule} ${isSuspended} ${allowsTwo}`;
  });
  return `${createdAt} ${hasBegun} ${versions.join()}`;
}
