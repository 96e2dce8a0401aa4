import {
  anchorAnnounced,
  announcedByHour,
  hourOf,
  isEnough,
  JUDGED_AFTER,
  meansByHour,
} from '../../forecast/by-hour.ts';
import { createForecaster, MOST_HOURS } from '../../forecast/forecaster.ts';
import type { HourlySeries } from '../../forecast/outlook.ts';
import { HOUR_MS } from '../../units/moment.ts';
import type { Known } from './known-hours.ts';

/** What a forecast was made of. */
export type MadeOf = 'source' | 'history' | 'both';

/** Hours from the current one on. */
export interface Expected extends HourlySeries {
  readonly gramsPerKwh: Float64Array;
  readonly madeOf: MadeOf;
}

/**
 * What is expected of a region's hours from `now` (epoch milliseconds) on, as far as it is known without a gap; `undefined` where
 * nothing tells.
 *
 * | a day of readings | the source's own forecast        | expected                                            |
 * | ----------------- | -------------------------------- | --------------------------------------------------- |
 * | -                 | -                                | nothing                                             |
 * | -                 | yes                              | that, anchored: what it is off now fades away       |
 * | yes               | -                                | the forecaster's                                    |
 * | yes               | yes, heard in at most 16 hours   | the mean of both                                    |
 * | yes               | yes, heard in more               | the forecaster's, which has judged the other by now |
 */
export function expectHours(known: Known, now: number): Expected | undefined {
  const current = hourOf(now);
  const readings = hourlyReadings(known, current);
  const own = forecastOf(known, readings, current);
  const theirs = anchored(known, readings, current);
  const isJudged = own !== undefined && known.said.size > JUDGED_AFTER;
  const hours = isJudged || !theirs ? own : own ? meanOf(own, theirs) : theirs;
  if (!hours) return undefined;
  const measured = readings.get(current);
  if (measured !== undefined) hours[0] = measured;
  const gap = hours.findIndex(Number.isNaN);
  const gramsPerKwh = gap < 0 ? hours : hours.slice(0, gap);
  const madeOf = own && theirs ? 'both' : own ? 'history' : 'source';
  return gramsPerKwh.length > 0 ? { from: current * HOUR_MS, gramsPerKwh, madeOf } : undefined;
}

/** Without those after `lastHour`. */
function hourlyReadings({ readings }: Known, lastHour: number): ReadonlyMap<number, number> {
  const values = Array.from(readings, ([measuredAt, gramsPerKwh]) => ({ measuredAt, gramsPerKwh }));
  return meansByHour(values.filter(({ measuredAt }) => hourOf(measuredAt) <= lastHour));
}

/** From the current hour on, learnt from the readings; `undefined` where these are not a day. */
function forecastOf(
  known: Known,
  readings: ReadonlyMap<number, number>,
  current: number,
): Float64Array<ArrayBuffer> | undefined {
  const hours = [...readings.keys()];
  const [first, last] = [Math.min(...hours), Math.max(...hours)];
  if (!isEnough(hours.length, last - first + 1) || current - last >= MOST_HOURS) return undefined;
  const forecaster = createForecaster(first);
  for (let hour = first; hour <= last; hour++) {
    const said = known.said.get(hour);
    forecaster.learn(readings.get(hour), said && announcedByHour(said, hour + 1, MOST_HOURS));
  }
  const ahead = forecaster.forecast(MOST_HOURS).map(({ gramsPerKwh }) => gramsPerKwh);
  return Float64Array.from([readings.get(last) ?? Number.NaN, ...ahead].slice(current - last));
}

/** The source's last forecast from the current hour on, moved to the last reading that it says something of. */
function anchored(
  { said }: Known,
  readings: ReadonlyMap<number, number>,
  current: number,
): Float64Array<ArrayBuffer> | undefined {
  const hour = Math.max(...[...said.keys()].filter((heard) => heard <= current));
  const announced = said.get(hour);
  if (!announced) return undefined;
  return Float64Array.from(anchorAnnounced({ announced, hour }, (at) => readings.get(at), current, 1 + MOST_HOURS));
}

/** Hours of which one says nothing are the other's. */
function meanOf(own: Float64Array, theirs: Float64Array): Float64Array<ArrayBuffer> {
  return Float64Array.from(own, (grams, hour) => {
    const said = theirs[hour] ?? Number.NaN;
    return Number.isNaN(said) ? grams : (grams + said) / 2;
  });
}
