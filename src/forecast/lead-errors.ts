/** What a forecast was off so far, by how many hours ahead it was made: running means of absolute errors, gCO2e/kWh. */
export interface LeadErrors {
  /** What is said now of the hours to come. */
  expect(grams: ArrayLike<number>): void;
  /** The reading of the hour that was next; `undefined` where there is none. */
  settle(gramsPerKwh: number | undefined): void;
  /** Of the nth hour ahead, from 1; the farthest that is known for any beyond. `undefined` while nothing is known. */
  of(lead: number): number | undefined;
  /** Over the first so many leads; `undefined` while nothing is known of one of them. */
  mean(leads: number): number | undefined;
}

/** A month of hours, about, counts. */
const KEPT = 0.998;

export function createLeadErrors(leads: number): LeadErrors {
  /** What was said, newest first. */
  const said: ArrayLike<number>[] = [];
  const sums = new Float64Array(leads);
  const weights = new Float64Array(leads);

  function of(lead: number): number | undefined {
    for (let index = Math.min(lead, leads) - 1; index >= 0; index--) {
      const weight = weights[index] ?? 0;
      if (weight > 0) return (sums[index] ?? 0) / weight;
    }
    return undefined;
  }

  return {
    of,
    expect(grams) {
      said.unshift(grams);
      if (said.length > leads) said.pop();
    },
    settle(gramsPerKwh) {
      for (let index = 0; index < said.length; index++) {
        const expected = said[index]?.[index];
        if (gramsPerKwh === undefined || expected === undefined || Number.isNaN(expected)) continue;
        sums[index] = KEPT * (sums[index] ?? 0) + Math.abs(gramsPerKwh - expected);
        weights[index] = KEPT * (weights[index] ?? 0) + 1;
      }
    },
    mean(count) {
      let sum = 0;
      for (let lead = 1; lead <= count; lead++) {
        if (!((weights[lead - 1] ?? 0) > 0)) return undefined;
        sum += of(lead) ?? 0;
      }
      return sum / count;
    },
  };
}
