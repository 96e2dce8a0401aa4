import { solveRidge } from './solve.ts';

/** How many hours back an anomaly is explained by those before it. */
export const LAGS = 26;
const HOURS = 24;
const GROUPS = 12;
const RIDGE = 30;
/** Each two hours of the day have coefficients of their own, drawn towards those of all. */
const GROUP_RIDGE = 100;
/** What is believed before anything is learnt: an hour is like the one before it. */
const PERSISTENCE = 0.9;

/**
 * A periodic autoregression of anomalies (readings less what their hour usually is), by ridge regression:
 * beta = (A + 30 v I)^-1 (b + 30 v (0.9, 0, ...)) over all hours, beta_g = (A_g + 100 v I)^-1 (b_g + 100 v beta) over those of
 * each two hours of the day; A = sum z z', b = sum z a, z the 26 anomalies before a, v their variance.
 */
export interface Regression {
  /** `before`: the anomalies before it, newest first. */
  learn(hour: number, before: Float64Array, anomaly: number): void;
  /** The anomaly that follows on these. */
  predict(hour: number, before: Float64Array): number;
}

/** `variance` as it is when coefficients are asked for. */
export function createRegression(variance: () => number): Regression {
  const all = createSums();
  const groups = Array.from({ length: GROUPS }, createSums);
  let ofAll: Float64Array | undefined;
  const ofGroups: (Float64Array | undefined)[] = [];
  let learntDay: number | undefined;

  function coefficients(group: number): Float64Array {
    const v = variance();
    ofAll ??= solveRidge(unpack(all.lower), RIDGE * v, towards(all.right, RIDGE * v, [PERSISTENCE]));
    const { lower, right } = groups[group] ?? all;
    ofGroups[group] ??= solveRidge(unpack(lower), GROUP_RIDGE * v, towards(right, GROUP_RIDGE * v, ofAll));
    return ofGroups[group];
  }

  return {
    learn(hour, before, anomaly) {
      const group = groupOf(hour);
      addTo(all, before, anomaly);
      addTo(groups[group] ?? all, before, anomaly);
      // Coefficients of all are worked out anew once a day, those of a group when its hours are over: nothing is lost by that.
      const day = Math.floor((hour + 1) / HOURS);
      if (day !== learntDay) ofAll = undefined;
      learntDay = day;
      ofGroups[group] = undefined;
    },
    predict(hour, before) {
      const beta = coefficients(groupOf(hour));
      let sum = 0;
      for (let lag = 0; lag < LAGS; lag++) sum += (beta[lag] as number) * (before[lag] as number);
      return sum;
    },
  };
}

function groupOf(hour: number): number {
  return Math.floor((hour % HOURS) / (HOURS / GROUPS));
}

interface Sums {
  /** The lower half of the symmetric A, row after row: 13 of them are kept for each region. */
  readonly lower: Float64Array;
  readonly right: Float64Array;
}

function createSums(): Sums {
  return { lower: new Float64Array((LAGS * (LAGS + 1)) / 2), right: new Float64Array(LAGS) };
}

function addTo({ lower, right }: Sums, z: Float64Array, anomaly: number): void {
  let index = 0;
  for (let row = 0; row < LAGS; row++) {
    const value = z[row] as number;
    right[row] = (right[row] as number) + value * anomaly;
    for (let column = 0; column <= row; column++, index++)
      lower[index] = (lower[index] as number) + value * (z[column] as number);
  }
}

/** What is solved next, one for all: the collector would have to look after 5 KB twice an hour that is learnt. */
const unpacked = new Float64Array(LAGS * LAGS);
const pulled = new Float64Array(LAGS);

/** As `solveRidge` reads it, until the next is unpacked. */
function unpack(lower: Float64Array): Float64Array {
  let index = 0;
  for (let row = 0; row < LAGS; row++)
    for (let column = 0; column <= row; column++, index++) unpacked[row * LAGS + column] = lower[index] as number;
  return unpacked;
}

function towards(right: Float64Array, weight: number, prior: ArrayLike<number>): Float64Array {
  for (let lag = 0; lag < LAGS; lag++) pulled[lag] = (right[lag] as number) + weight * (prior[lag] ?? 0);
  return pulled;
}
