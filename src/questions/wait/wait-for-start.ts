import type { StartPlan } from '../../forecast/plan-start.ts';
import { HOUR_MS, MINUTE_MS } from '../../units/moment.ts';

/** Time as it passes. */
export interface WaitClock {
  /** The wall clock, epoch milliseconds. */
  now(): number;
  /** Milliseconds since any moment, on a clock that nobody sets. */
  elapsed(): number;
  /** Rejects when the wait is given up. */
  sleep(ms: number): Promise<unknown>;
}

export interface WaitDeps<L extends { readonly plan: StartPlan }> {
  readonly clock: WaitClock;
  /** Epoch milliseconds. */
  readonly latestStart: number;
  /** Asks and plans within so many milliseconds; rejects only when the wait is given up. */
  readonly look: (latestStart: number, budgetMs: number) => Promise<L>;
  /** Called with the first plan and with each new one. */
  readonly tell: (look: L) => void;
  /** How long to sleep at most: a clock that was set, and a process that slept, are noticed so late. */
  readonly stepMs: number;
  /** Called with each step. */
  readonly show: (look: L) => void;
}

/** Sources keep their answers for so long. */
const LOOK_EVERY_MS = 5 * MINUTE_MS;
/** No answer takes longer, however many sources there are. */
const LONGEST_LOOK_MS = 30_000;
/** Clocks that are kept right drift by less. */
const SET_BACK_MS = 2_000;

/**
 * Waits until no later start is expected to be cleaner; never past the latest start, whatever sources do. Looks again at every full hour,
 * every five minutes, and when the planned start has come.
 *
 * | the wall clock, or the process    | the deadline comes                                                   |
 * | --------------------------------- | -------------------------------------------------------------------- |
 * | is set forward                    | by the wall clock: that much sooner                                  |
 * | is set back                       | by the time that passed: as if the clock had not been touched        |
 * | sleeps (a laptop's lid is closed) | by the wall clock: what is past when it wakes starts at once         |
 */
export async function waitForStart<L extends { readonly plan: StartPlan }>(deps: WaitDeps<L>): Promise<L> {
  const { clock, look, tell, show, stepMs } = deps;
  const began = { at: clock.now(), elapsed: clock.elapsed() };
  function latestStart(): number {
    const setBackMs = clock.elapsed() - began.elapsed - (clock.now() - began.at);
    return deps.latestStart - (setBackMs > SET_BACK_MS ? setBackMs : 0);
  }

  /** Ends sooner where the clock is set to after `until`, and no later where it is set back. */
  async function sleepUntil(until: number, current: L): Promise<void> {
    const elapsedUntil = clock.elapsed() + until - clock.now();
    for (;;) {
      const leftMs = Math.min(until - clock.now(), elapsedUntil - clock.elapsed());
      if (leftMs <= 0) return;
      show(current);
      await clock.sleep(Math.min(stepMs, leftMs));
    }
  }

  let told: StartPlan | undefined;
  for (;;) {
    const latest = latestStart();
    const seen = await look(latest, Math.min(LONGEST_LOOK_MS, Math.max(0, latest - clock.now())));
    const found = latestStart() <= clock.now() ? overdue(seen, clock.now()) : seen;
    const isDue = found.plan.startAt <= clock.now();
    if (isDue || !told || isOther(told, found.plan)) tell(found);
    if (isDue) return found;
    told = found.plan;
    const now = clock.now();
    await sleepUntil(Math.min(found.plan.startAt, nextHour(now), now + LOOK_EVERY_MS, latestStart()), found);
  }
}

/** Looking may have taken until the deadline. */
function overdue<L extends { readonly plan: StartPlan }>(seen: L, now: number): L {
  return { ...seen, plan: { ...seen.plan, startAt: now, reason: 'latest_start' } };
}

function nextHour(now: number): number {
  return (Math.floor(now / HOUR_MS) + 1) * HOUR_MS;
}

/** Starts at the latest moment move with a clock that is put right: by less than a minute they are the same. */
function isOther(told: StartPlan, plan: StartPlan): boolean {
  return Math.abs(plan.startAt - told.startAt) >= MINUTE_MS;
}
