/** What a forecast was off so far, by how many hours ahead it was made: running means of absolute errors, gCO2e/kWh. */
export interface LeadErrors {
  /** What is said now of the hours to come; gaps are NaN. */
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
  /** What was said, a row a time, the newest in row `newest`: one array of floats, for it is most of what a region takes. */
  const said = new Float32Array(leads * leads).fill(Number.NaN);
  let newest = 0;
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
      newest = (newest + 1) % leads;
      for (let index = 0; index < leads; index++) said[newest * leads + index] = grams[index] ?? Number.NaN;
    },
    settle(gramsPerKwh) {
      if (gramsPerKwh === undefined) return;
      for (let index = 0; index < leads; index++) {
        const row = (newest - index + leads) % leads;
        const expected = said[row * leads + index] as number;
        if (Number.isNaN(expected)) continue;
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
