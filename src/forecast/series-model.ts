import { forecastFromDays, PAST_HOURS } from './first-weeks.ts';
import { createHourProfile } from './hour-profile.ts';
import { createRegression, LAGS } from './regression.ts';

/** Learns an hourly series, gCO2e/kWh, reading by reading; README.md has the method. */
export interface SeriesModel {
  /** The reading of the next hour; `undefined` where there is none: it then counts as what was expected, and teaches nothing. */
  learn(gramsPerKwh: number | undefined): void;
  /** The hours after the last; empty before the first reading. */
  forecast(hours: number): Float64Array;
  /** The hour, since 1970, that is learnt next. */
  nextHour(): number;
}

const DAY = 24;
const LEARNS_ERROR_FROM = 25;
const LEARNS_SPREAD_FROM = LAGS;
const LEARNS_FROM_HOUR = 72 + LAGS;
/** By how many mean errors a reading is believed to differ at most, and how many in a row are not believed. */
const MOST_ERRORS = 12;
const MOST_CLIPPED = 3;
const ERROR_KEPT = 0.999;
/** Of a grid that never changes there is nothing to solve. */
const LEAST_VARIANCE = 1e-9;
const CLIPS_ABOVE = 48;
/** From 3 to 21 days the regression takes over. */
const [FROM_DAYS, IN_DAYS] = [3, 18];

/** One for all that forecast, one after the other: whoever learns again for a restart allocates little. */
const latest = new Float64Array(LAGS);

/** `firstHour`: hours since 1970 of what is learnt first. */
export function createSeriesModel(firstHour: number): SeriesModel {
  const profile = createHourProfile();
  /** Newest first. */
  const anomalies = new Float64Array(LAGS);
  const spread = { squares: 0, count: 0 };
  const regression = createRegression(() => Math.max(LEAST_VARIANCE, spread.squares / Math.max(1, spread.count)));
  const clip = createClip();
  const past: number[] = [];
  let hour = firstHour;
  let readings = 0;

  function forecast(hours: number): Float64Array {
    const part = Math.min(1, Math.max(0, ((hour - firstHour) / DAY - FROM_DAYS) / IN_DAYS));
    if (part === 1) return byRegression(hours);
    const simple = forecastFromDays(past, hours);
    if (part === 0) return Float64Array.from(simple);
    const own = byRegression(simple.length);
    for (const [index, value] of simple.entries()) own[index] = part * (own[index] ?? value) + (1 - part) * value;
    return own;
  }

  function byRegression(hours: number): Float64Array {
    latest.set(anomalies);
    const expected = new Float64Array(hours);
    for (let index = 0; index < hours; index++) {
      const anomaly = regression.predict(hour + index, latest);
      shift(latest, anomaly);
      expected[index] = (profile.of(hour + index) ?? 0) + anomaly;
    }
    return expected;
  }

  function teach(gramsPerKwh: number, anomaly: number): void {
    readings += 1;
    profile.learn(hour, gramsPerKwh);
    if (readings >= LEARNS_SPREAD_FROM) {
      spread.squares += anomaly * anomaly;
      spread.count += 1;
    }
    if (hour - firstHour >= LEARNS_FROM_HOUR) regression.learn(hour, anomalies, anomaly);
  }

  return {
    forecast,
    nextHour: () => hour,
    learn(given) {
      const [expected] = forecast(1);
      const believed = given === undefined ? expected : clip(given, expected, readings + 1 >= LEARNS_ERROR_FROM);
      if (believed !== undefined) {
        const anomaly = believed - (profile.of(hour) ?? believed);
        if (given !== undefined) teach(believed, anomaly);
        shift(anomalies, anomaly);
        past.push(believed);
        if (past.length > PAST_HOURS) past.shift();
      }
      hour += 1;
    },
  };
}

/** Believes a reading as far as it is no outlier, and counts how far readings are from what was expected. */
function createClip(): (given: number, expected: number | undefined, counts: boolean) => number {
  let [errors, weight, clipped] = [0, 0, 0];
  return (given, expected, counts) => {
    if (expected === undefined) return given;
    const most = weight > CLIPS_ABOVE && clipped < MOST_CLIPPED ? (MOST_ERRORS * errors) / weight : Infinity;
    const off = Math.min(most, Math.max(-most, given - expected));
    const believed = off === given - expected ? given : expected + off;
    clipped = believed === given ? 0 : clipped + 1;
    if (counts) {
      errors = ERROR_KEPT * errors + Math.abs(believed - expected);
      weight = ERROR_KEPT * weight + 1;
    }
    return believed;
  };
}

function shift(anomalies: Float64Array, newest: number): void {
  anomalies.copyWithin(1, 0);
  anomalies[0] = newest;
}
