import { createLeadErrors } from './lead-errors.ts';
import { createSeriesModel } from './series-model.ts';

/** One hour ahead, gCO2e/kWh; about 80% of readings come between `low` and `high`. */
export interface ForecastHour {
  readonly gramsPerKwh: number;
  readonly low: number;
  readonly high: number;
}

/** What is expected of one region's hourly series, learnt reading by reading. */
export interface Forecaster {
  /**
   * The reading of the next hour, `undefined` where there is none, and what the source itself forecasts of the hours after it
   * (gaps are NaN).
   */
  learn(gramsPerKwh: number | undefined, theirs?: ArrayLike<number>): void;
  /** What the source forecasts by now of the hours after the last that was learnt; it is judged by what it said first. */
  revise(theirs: ArrayLike<number>): void;
  /** The hours after the last that was learnt, at most 72; empty before the first reading. */
  forecast(hours: number): readonly ForecastHour[];
  /** The hour, since 1970, that is learnt next. */
  nextHour(): number;
}

export const MOST_HOURS = 72;
/** Times the mean absolute error of a lead. */
const BAND = 1.6;
/** A source's own forecast counts as long as its error over these leads is at most so many times ours. */
const COMPARED_LEADS = 16;
const MOST_TIMES_OURS = 1.5;
/** What a source was off last fades so fast from hour to hour. */
export const ANCHOR_KEPT = 0.9;

/** `firstHour`: hours since 1970 of what is learnt first. */
export function createForecaster(firstHour: number): Forecaster {
  const model = createSeriesModel(firstHour);
  const ownErrors = createLeadErrors(MOST_HOURS);
  const theirErrors = createLeadErrors(COMPARED_LEADS);
  const errors = createLeadErrors(MOST_HOURS);
  let own: Float64Array = new Float64Array(0);
  let current = own;
  /** What the source said before of the hour that is learnt next, and what it was off of the last. */
  let saidOfNext: number | undefined;
  let off = 0;

  const anchor = (theirs: ArrayLike<number>) =>
    Float64Array.from(theirs, (said, index) => said + off * ANCHOR_KEPT ** (index + 1));

  function blend(theirs: Float64Array | undefined): Float64Array {
    const [ours, other] = [ownErrors.mean(COMPARED_LEADS), theirErrors.mean(COMPARED_LEADS)];
    const counts = ours !== undefined && other !== undefined && other <= MOST_TIMES_OURS * ours;
    if (!theirs || !counts) return own;
    return own.map((value, index) => {
      const said = theirs[index];
      return said === undefined || Number.isNaN(said) ? value : (value + said) / 2;
    });
  }

  return {
    nextHour: model.nextHour,
    learn(gramsPerKwh, theirs) {
      for (const one of [ownErrors, theirErrors, errors]) one.settle(gramsPerKwh);
      off = gramsPerKwh !== undefined && saidOfNext !== undefined ? gramsPerKwh - saidOfNext : 0;
      saidOfNext = theirs?.[0];
      model.learn(gramsPerKwh);
      own = model.forecast(MOST_HOURS);
      const anchored = theirs && anchor(theirs);
      current = blend(anchored);
      ownErrors.expect(own);
      theirErrors.expect(anchored ?? []);
      errors.expect(current);
    },
    revise(theirs) {
      current = blend(anchor(theirs));
    },
    forecast(hours) {
      return Array.from(current.subarray(0, hours), (expected, index) => {
        const gramsPerKwh = Math.max(0, expected);
        const half = BAND * (errors.of(index + 1) ?? 0);
        return { gramsPerKwh, low: Math.max(0, gramsPerKwh - half), high: gramsPerKwh + half };
      });
    },
  };
}
