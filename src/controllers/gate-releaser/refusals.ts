import type { Clock } from '../pace.ts';
import type { Member } from './units.ts';

const SHORTEST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;
/** Of more, those that failed first are forgotten. */
const MOST_REMEMBERED = 20_000;

interface Failures {
  readonly count: number;
  readonly refusals: number;
  /** When it may be tried again, milliseconds of the clock. */
  readonly until: number;
}

const NONE: Failures = { count: 0, refusals: 0, until: Number.NEGATIVE_INFINITY };

/** What could not be let go: it takes its turn after all others, and what is refused again and again takes it less often. */
export function createRefusals(clock: Pick<Clock, 'now'>) {
  const known = new Map<string, Failures>();
  const of = ({ metadata: { uid = '' } }: Member) => known.get(uid) ?? NONE;

  function note({ metadata: { uid = '' } }: Member, failures: Failures): void {
    known.delete(uid); // the latest stands last
    known.set(uid, failures);
    const [oldest] = known.keys();
    if (known.size > MOST_REMEMBERED && oldest !== undefined) known.delete(oldest);
  }

  return {
    /** It is refused itself; answers whether it was not before. */
    refused(member: Member): boolean {
      const { count, refusals } = of(member);
      const pauseMs = Math.min(SHORTEST_PAUSE_MS * 2 ** refusals, LONGEST_PAUSE_MS);
      note(member, { count: count + 1, refusals: refusals + 1, until: clock.now() + pauseMs });
      return refusals === 0;
    },
    /** Nothing was taken just then, perhaps because of it. */
    failed(member: Member): void {
      const failures = of(member);
      note(member, { ...failures, count: failures.count + 1 });
    },
    went({ metadata: { uid = '' } }: Member): void {
      known.delete(uid);
    },
    isPaused: (member: Member): boolean => of(member).until > clock.now(),
    /** How often it could not be let go. */
    failuresOf: (member: Member): number => of(member).count,
  };
}
