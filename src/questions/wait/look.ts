import { outlookOf } from '../../forecast/outlook.ts';
import { planStart, type StartQuestion } from '../../forecast/plan-start.ts';
import { LateError, within } from '../../units/deadline.ts';
import type { Asked } from './ask-region.ts';
import { expectHours } from './expected-hours.ts';
import { type Known, remember } from './known-hours.ts';
import type { Look } from './render-plan.ts';

export interface LookingDeps extends Pick<StartQuestion, 'durationMs' | 'minSavingPercent'> {
  readonly ask: () => Promise<Asked>;
  readonly region: string;
  /** Epoch milliseconds. */
  readonly clock: () => number;
  /** Called when somebody begins to fail; not for each time that they fail after that, whatever they say then. */
  readonly say: (text: string) => void;
}

/** Asks, and plans with all that was heard so far. */
export interface Looking {
  /** Asks for so many milliseconds at most, and goes on with what is known then; rejects only when `ended` aborts. */
  look(latestStart: number, budgetMs: number, ended: AbortSignal): Promise<Look>;
}

export function createLooking({ ask, region, clock, say, ...work }: LookingDeps): Looking {
  let known: Known | undefined;
  let failing: ReadonlySet<string> = new Set();

  function tell({ heard, failures }: Asked): void {
    const suffix = known && !heard ? '; what was heard before still counts' : '';
    for (const { who, says } of failures) if (!failing.has(who)) say(says + suffix);
    failing = new Set(failures.map(({ who }) => who));
  }

  return {
    async look(latestStart, budgetMs, ended) {
      const asked = await askWithin(ask, budgetMs, ended);
      const now = clock();
      if (asked.heard) known = remember(known, asked.heard, now);
      tell(asked);
      const expected = known && expectHours(known, now);
      const places = expected ? [{ name: region, outlook: outlookOf(expected), isOpen: true }] : [];
      return {
        region,
        takenAt: now,
        durationMs: work.durationMs,
        plan: planStart({ ...work, places, now, latestStart }),
        expected,
        source: known && { name: known.source, signal: known.signal },
      };
    },
  };
}

async function askWithin(ask: () => Promise<Asked>, budgetMs: number, ended: AbortSignal): Promise<Asked> {
  if (budgetMs <= 0) return { failures: [] };
  try {
    return await within('all', budgetMs, ask, ended);
  } catch (error) {
    if (ended.aborted) throw error;
    const isLate = error instanceof LateError;
    const says = isLate ? `no source answers within ${Math.ceil(budgetMs / 1_000)} s` : (error as Error).message;
    return { failures: [{ who: 'all', says }] };
  }
}
