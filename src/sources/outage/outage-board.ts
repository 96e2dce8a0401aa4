import type { OutageState } from '../../regions/region-status.ts';
import { answerOfError } from '../asking/answer.ts';
import { untilAbort } from '../asking/until-abort.ts';
import type { HeldOutage, Statement, Trust } from './merge-outages.ts';
import { mergeOutages } from './merge-outages.ts';
import type { OutageSource, OutageSourceName, Verdict } from './source.ts';

export interface OutageBoardDeps {
  readonly sources: readonly OutageSource[];
  /** Epoch milliseconds. */
  readonly clock: () => number;
  /** How long a source may take; by default 10 s. */
  readonly timeoutMs?: number;
  /** Called for each read that fails, with a sentence that holds no secret. */
  readonly onFailure: (source: OutageSourceName, message: string) => void;
  /** A signal that aborts after so many milliseconds. */
  readonly deadline?: ((ms: number) => AbortSignal) | undefined;
}

export interface OutageReport extends Trust {
  /** Why sources could not tell this time; those that could are not in it. */
  readonly failures: ReadonlyMap<OutageSourceName, string>;
}

/** What all automatic sources together say of outages. It knows nothing of `manual`, which overrides it. */
export interface OutageBoard {
  /** Asks all sources at once; never rejects. One at a time; forgets regions that are not among these. */
  refresh(regions: readonly string[]): Promise<void>;
  /** Of the regions that were refreshed or restored last; absent is unknown. Times in epoch milliseconds. */
  outages(): ReadonlyMap<string, OutageState>;
  /** How the last refresh went; `undefined` before the first. */
  report(): OutageReport | undefined;
  /** Takes over what a leader before wrote of these regions; of others it keeps what it knows. Goes on at once. */
  restore(outages: ReadonlyMap<string, OutageState>): void;
}

export function createOutageBoard(deps: OutageBoardDeps): OutageBoard {
  const { sources, clock, timeoutMs = 10_000, onFailure, deadline = (ms) => AbortSignal.timeout(ms) } = deps;
  let held: ReadonlyMap<string, HeldOutage> = new Map();
  let outages: ReadonlyMap<string, OutageState> = new Map();
  let report: OutageReport | undefined;

  async function ask(source: OutageSource, regions: readonly string[]): Promise<Statement & { failure?: string }> {
    try {
      return { source: source.name, verdicts: await readWithin(source, regions, deadline(timeoutMs)) };
    } catch (error) {
      const { message } = answerOfError(error);
      onFailure(source.name, message);
      return { source: source.name, verdicts: new Map(), failure: message };
    }
  }

  return {
    outages: () => outages,
    report: () => report,

    async refresh(regions) {
      const statements = await Promise.all(sources.map((source) => ask(source, regions)));
      const merged = mergeOutages({ regions, statements, held, now: clock() });
      ({ held, outages } = merged);
      const failures = new Map(statements.flatMap(({ source, failure }) => (failure ? [[source, failure]] : [])));
      report = { ...merged.trust, failures };
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

/** Raced, because a source may not heed its signal. */
async function readWithin(
  source: OutageSource,
  regions: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Verdict>> {
  return untilAbort(source.read(regions, signal), signal);
}

/** Quiet minutes that had not begun begin now. Another leader's clock may have been ahead of ours. */
function toHeld({ since, quietSince, reason, sources }: OutageState, now: number): HeldOutage {
  return {
    sources,
    ...(reason !== undefined && { reason }),
    since: Math.min(since ?? now, now),
    lastDownAt: Math.min(quietSince ?? now, now),
  };
}
