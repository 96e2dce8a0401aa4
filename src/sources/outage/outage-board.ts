import type { OutageState } from '../../regions/region-status.ts';
import { answerOfError } from '../asking/answer.ts';
import { untilAbort } from '../asking/source-error.ts';
import { type HeldOutage, mergeOutages, type Statement, type Trust } from './merge-outages.ts';
import type { OutageSource, OutageSourceName } from './source.ts';

interface OutageBoardDeps {
  readonly sources: readonly OutageSource[];
  readonly clock: () => number;
  /** How long a source may take; by default 10 s. */
  readonly timeoutMs?: number;
  /** A signal that aborts after so many milliseconds. */
  readonly deadline?: ((ms: number) => AbortSignal) | undefined;
}

export interface OutagePicture extends Trust {
  readonly byRegion: ReadonlyMap<string, OutageState>;
  /** Why sources could not tell this time, in sentences that hold no secret; those that could are not in it. */
  readonly failures: ReadonlyMap<OutageSourceName, string>;
}

/** What all automatic sources together say of outages. It knows nothing of `manual`, which overrides it. */
export interface OutageBoard {
  /** Asks all sources at once; never rejects. One at a time; forgets regions that are not among these. */
  refresh(regions: readonly string[]): Promise<OutagePicture>;
  /** Of the regions that were refreshed or restored last; absent is unknown. Times in epoch milliseconds. */
  outages(): ReadonlyMap<string, OutageState>;
  /** Takes over what a leader before wrote of these regions; of others it keeps what it knows. Goes on at once. */
  restore(outages: ReadonlyMap<string, OutageState>): void;
}

export function createOutageBoard(deps: OutageBoardDeps): OutageBoard {
  const { sources, clock, timeoutMs = 10_000, deadline = (ms) => AbortSignal.timeout(ms) } = deps;
  let held: ReadonlyMap<string, HeldOutage> = new Map();
  let outages: ReadonlyMap<string, OutageState> = new Map();

  async function ask(source: OutageSource, regions: readonly string[]): Promise<Statement & { failure?: string }> {
    const signal = deadline(timeoutMs);
    try {
      // Raced, because a source may not heed its signal.
      return { source: source.name, verdicts: await untilAbort(source.read(regions, signal), signal) };
    } catch (error) {
      return { source: source.name, verdicts: new Map(), failure: answerOfError(error).message };
    }
  }

  return {
    outages: () => outages,

    async refresh(regions) {
      const statements = await Promise.all(sources.map((source) => ask(source, regions)));
      const merged = mergeOutages({ regions, statements, held, now: clock() });
      ({ held, outages } = merged);
      const failures = new Map(statements.flatMap(({ source, failure }) => (failure ? [[source, failure]] : [])));
      return { ...merged.trust, byRegion: outages, failures };
    },

    restore(written) {
      const now = clock();
      const taken = [...written].map(([region, one]) => [region, one.active ? toHeld(one, now) : undefined] as const);
      const all = new Map<string, HeldOutage | undefined>([...held, ...taken]);
      held = new Map([...all].flatMap(([region, one]) => (one ? [[region, one]] : [])));
      outages = new Map([...outages, ...written]);
    },
  };
}

/** Quiet minutes that had not begun begin now; times are cut to `now`, as another leader's clock may have been ahead of ours. */
function toHeld({ since, quietSince, reason, sources }: OutageState, now: number): HeldOutage {
  return {
    sources,
    ...(reason !== undefined && { reason }),
    since: Math.min(since ?? now, now),
    lastDownAt: Math.min(quietSince ?? now, now),
  };
}
