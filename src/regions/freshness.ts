import { HOUR_MS, MINUTE_MS } from '../units/moment.ts';
import type { Freshness } from './reading.ts';

/** How long after the end of its step a value still counts as the current one: sources publish late. */
const LATE_MS = HOUR_MS;
/** How old a measurement may be and still be used, marked as stale. */
const USABLE_MS = 6 * HOUR_MS;
/** How far two clocks may disagree before a time is taken for wrong. */
export const CLOCK_SKEW_MS = 5 * MINUTE_MS;

/**
 * How a measurement of this age (now - start of its interval, milliseconds) may be used; `undefined`: not any more.
 * `stepMs` is how long one value of its series lasts. A time to come is only met in a measurement that was plausible
 * when it arrived: this clock was set back since, so the true age is unknown and the value is marked, not dropped.
 *
 * | age                    | freshness | why                                                     |
 * | ---------------------- | --------- | ------------------------------------------------------- |
 * | not a number           | -         | a value without a time                                  |
 * | < -6 h                 | -         | nobody can tell any more how old it is                  |
 * | -6 h to < -5 min       | `stale`   | this clock was set back: usable, but of unknown age     |
 * | -5 min to step + 1 h   | `fresh`   | its interval, and the time until the next is published  |
 * | after that, to 6 h     | `stale`   | still closer to now than a yearly average               |
 * | > 6 h and > step + 1 h | -         | another hour of the day                                 |
 */
export function freshnessOf(ageMs: number, stepMs: number): Exclude<Freshness, 'embedded'> | undefined {
  if (ageMs >= -CLOCK_SKEW_MS && ageMs <= stepMs + LATE_MS) return 'fresh';
  return Math.abs(ageMs) <= USABLE_MS ? 'stale' : undefined;
}

/** When the answer of `freshnessOf` changes for a measurement of this moment (epoch milliseconds), in no order. */
export function freshnessChanges(measuredAt: number, stepMs: number): readonly number[] {
  const lastFresh = stepMs + LATE_MS;
  return [-USABLE_MS, -CLOCK_SKEW_MS, lastFresh + 1, Math.max(lastFresh, USABLE_MS) + 1].map((age) => measuredAt + age);
}
