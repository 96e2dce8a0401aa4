import { createHash } from 'node:crypto';
import { MINUTE_MS } from '../../units/moment.ts';
import { isDue, isUrgent, type PlannedUnit } from './plan.ts';
import type { Unit } from './units.ts';

/** As many pods go in a minute however few wait. */
const LEAST_A_MINUTE = 20;

export interface Going {
  readonly mostAtOnce: number;
  /** How many pods of a unit that nothing presses would go now. */
  podsThatMayGo(planned: PlannedUnit): number;
  /** How often it could not be let go: others are before it. */
  failuresOf(planned: PlannedUnit): number;
}

export interface Smoothing {
  /**
   * Those of what is planned that go now, in order of their latest start: all that is urgent, and of the rest `mostAtOnce` pods
   * at most, first what has begun, then as many as the minute has room for: a unit that begins goes as a whole. What cannot go takes
   * nobody's room.
   */
  select(planned: readonly PlannedUnit[], now: number, going: Going): readonly PlannedUnit[];
  /** So many pods went that nothing pressed. */
  spend(pods: number): void;
}

/** `monotonicNow`: milliseconds since any fixed moment; the share is of what waits when a minute begins. */
export function createSmoothing(deps: {
  readonly sharePercent: number;
  readonly monotonicNow: () => number;
}): Smoothing {
  const { sharePercent, monotonicNow } = deps;
  let minute = { endsAt: Number.NEGATIVE_INFINITY, left: 0 };

  return {
    select(planned, now, { mostAtOnce, podsThatMayGo, failuresOf }) {
      const due = planned.filter((one) => isDue(one, now)).sort((a, b) => a.latestStart - b.latestStart);
      const urgent = due.filter((one) => isUrgent(one, now));
      const rest = due.filter((one) => !isUrgent(one, now)).sort((a, b) => failuresOf(a) - failuresOf(b));
      if (rest.length > 0 && monotonicNow() >= minute.endsAt) {
        const waiting = planned.reduce((sum, { unit }) => sum + podsOf(unit), 0);
        const left = Math.max(LEAST_A_MINUTE, Math.floor((waiting * sharePercent) / 100));
        minute = { endsAt: monotonicNow() + MINUTE_MS, left };
      }
      const isBegun = ({ reason }: PlannedUnit) => reason === 'begun';
      const begun = fill(rest.filter(isBegun), mostAtOnce);
      const fresh = rest.filter((one) => !isBegun(one));
      const gentle = fill(fresh, Math.min(minute.left, mostAtOnce - begun.pods));
      return [...urgent, ...begun.units, ...gentle.units];

      function fill(from: readonly PlannedUnit[], room: number) {
        const units: PlannedUnit[] = [];
        let pods = 0;
        for (const one of from) {
          if (pods >= room) break;
          const going = podsThatMayGo(one);
          if (going > 0) units.push(one);
          pods += going;
        }
        return { units, pods };
      }
    },
    spend(pods) {
      minute.left -= pods;
    },
  };
}

function podsOf({ members }: Unit): number {
  return members.reduce((sum, { pods }) => sum + pods, 0);
}

/** From 0 to 1, always the same for an owner in a cluster, and of many owners evenly spread. */
export function patienceOf(cluster: string, owner: string): number {
  return createHash('sha256').update(`${cluster} ${owner}`).digest().readUIntBE(0, 6) / 2 ** 48;
}
