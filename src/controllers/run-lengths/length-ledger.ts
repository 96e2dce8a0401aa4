import {
  type LearntLengths,
  MOST_CHARACTERS,
  MOST_NAMESPACES,
  MOST_OWNERS,
  MOST_RUNS,
  type NamespaceRuns,
  ownerKey,
} from '../../decision/learnt-lengths.ts';
import type { Run } from './run.ts';

export interface LengthLedger {
  /** Counts a run, unless it was counted before this ledger was opened; answers whether it did. */
  book(run: Run): boolean;
  /** What is learnt by now, cut to what a ConfigMap takes. */
  learnt(): LearntLengths;
}

type Ended = Pick<Run, 'endedAt' | 'seconds'>;

/** A namespace's mean follows its latest runs: an older one counts less and less. */
const MOST_WEIGHED = 100;
/** Of an entry, beside its key (twice) and its runs: quotes, colons, a time. */
const CHARACTERS_OF_ENTRY = 32;

/** Goes on from what is `known`; it is cut whenever it holds twice as much as is kept. */
export function createLengthLedger(known: LearntLengths): LengthLedger {
  const newest = new Map(known.newest);
  const namespaces = new Map(known.namespaces);
  const owners = new Map<string, readonly Ended[]>();
  for (const [key, runs] of known.owners)
    owners.set(
      key,
      runs.map((seconds) => ({ seconds, endedAt: newestOf(key) })),
    );

  function newestOf(key: string): number {
    return newest.get(key) ?? 0;
  }

  function note(key: string, { endedAt }: Run): void {
    newest.set(key, Math.max(newestOf(key), endedAt));
  }

  /** By what was known when it was opened: of two runs that end in one second both count. */
  function isNew(key: string, { endedAt }: Run): boolean {
    return endedAt > (known.newest.get(key) ?? 0);
  }

  function cut(): void {
    keepOnly(namespaces, newestFirst(namespaces.keys()).slice(0, MOST_NAMESPACES));
    let left = MOST_CHARACTERS - sum([...namespaces].map(charactersOf));
    const kept = fairly(newestFirst(owners.keys())).slice(0, MOST_OWNERS);
    keepOnly(
      owners,
      kept.filter((key) => {
        left -= charactersOf([key, runsOf(key)]);
        return left >= 0;
      }),
    );
    for (const key of newest.keys()) if (!owners.has(key) && !namespaces.has(key)) newest.delete(key);
  }

  function runsOf(key: string): readonly number[] {
    return (owners.get(key) ?? []).map(({ seconds }) => seconds);
  }

  function newestFirst(keys: Iterable<string>): readonly string[] {
    return [...keys].sort((a, b) => newestOf(b) - newestOf(a));
  }

  return {
    book(run) {
      const { namespace, seconds, endedAt } = run;
      const key = ownerKey(namespace, run.owner);
      const isOwners = isNew(key, run);
      const isNamespaces = isNew(namespace, run);
      if (isOwners) {
        const runs = [...(owners.get(key) ?? []), { endedAt, seconds }].sort((a, b) => a.endedAt - b.endedAt);
        owners.set(key, runs.slice(-MOST_RUNS));
        note(key, run);
      }
      if (isNamespaces) {
        namespaces.set(namespace, weigh(namespaces.get(namespace), seconds));
        note(namespace, run);
      }
      if (owners.size > 2 * MOST_OWNERS || namespaces.size > 2 * MOST_NAMESPACES) cut();
      return isOwners || isNamespaces;
    },
    learnt() {
      cut();
      return {
        owners: new Map([...owners.keys()].map((key) => [key, runsOf(key)])),
        namespaces: new Map(namespaces),
        newest: new Map(newest),
      };
    },
  };
}

function weigh({ seconds: mean, runs }: NamespaceRuns = { seconds: 0, runs: 0 }, seconds: number): NamespaceRuns {
  const count = runs + 1;
  return { seconds: mean + (seconds - mean) / Math.min(count, MOST_WEIGHED), runs: count };
}

/**
 * The latest of each namespace before the second latest of any: a namespace that makes owners without end, each with a name of its
 * own, takes nothing from the others.
 */
function fairly(newestFirst: readonly string[]): readonly string[] {
  const ranks = new Map<string, number>();
  const ranked = newestFirst.map((key) => {
    const namespace = key.slice(0, key.indexOf('/'));
    const rank = ranks.get(namespace) ?? 0;
    ranks.set(namespace, rank + 1);
    return { key, rank };
  });
  return ranked.sort((a, b) => a.rank - b.rank).map(({ key }) => key);
}

function keepOnly<T>(table: Map<string, T>, keys: readonly string[]): void {
  const kept = new Set(keys);
  for (const key of table.keys()) if (!kept.has(key)) table.delete(key);
}

function charactersOf([key, value]: readonly [string, unknown]): number {
  return 2 * key.length + JSON.stringify(value).length + CHARACTERS_OF_ENTRY;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
