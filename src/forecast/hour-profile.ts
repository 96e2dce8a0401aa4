const HOURS = 24;
/** What a day counts after another: half of a profile is of the last week. */
const KEPT_A_DAY = 0.9;
const KEPT_A_READING = 0.96;

/** What an hour of the UTC day usually is, gCO2e/kWh: the mean of that hour, days that are past counting less and less. */
export interface HourProfile {
  /** `undefined` before the first reading. */
  of(hour: number): number | undefined;
  learn(hour: number, gramsPerKwh: number): void;
}

export function createHourProfile(): HourProfile {
  const sums = new Float64Array(HOURS);
  const weights = new Float64Array(HOURS);
  /** For hours that had no reading yet. */
  let level: number | undefined;
  return {
    of(hour) {
      const index = hour % HOURS;
      const [sum = 0, weight = 0] = [sums[index], weights[index]];
      return weight > 0 ? sum / weight : level;
    },
    learn(hour, gramsPerKwh) {
      const index = hour % HOURS;
      sums[index] = KEPT_A_DAY * (sums[index] ?? 0) + gramsPerKwh;
      weights[index] = KEPT_A_DAY * (weights[index] ?? 0) + 1;
      level = level === undefined ? gramsPerKwh : KEPT_A_READING * level + (1 - KEPT_A_READING) * gramsPerKwh;
    },
  };
}
