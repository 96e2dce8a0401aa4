/** Prices are written in steps of 1%, so that a carbon intensity that trembles writes nothing. */
const STEP = Math.log(1.01);
/** Half a step of rounding, and a whole one, up or down, that a price may move before it is written anew. */
const KEPT_WITHIN = 1.6 * STEP;
const SIGNIFICANT_DIGITS = 4;
/** Of less no computer hour is worth: it counts as nothing. */
const LEAST_PRICE = 1e-12;
const MOST_DECIMALS = 15;
/** Beyond it JavaScript writes exponents; no hour of anything costs so much. */
const MOST = 1e15;

/** The step of 1% next to a price above 0, in four digits; 0 for what is worth nothing. */
export function toStep(price: number): number {
  if (price < LEAST_PRICE) return 0;
  return Number(Math.exp(Math.round(Math.log(price) / STEP) * STEP).toPrecision(SIGNIFICANT_DIGITS));
}

/**
 * The price to write, given the one that is written: that one for as long as the exact one is within 1.6% of it. So whatever was
 * exact when it was written may move by 1% in any direction, as often as it likes, and nothing is written.
 */
export function holdStep(exact: number, written: number | undefined): number {
  if (written === undefined) return toStep(exact);
  if (written < LEAST_PRICE || exact < LEAST_PRICE) return toStep(exact);
  return Math.abs(Math.log(exact / written)) <= KEPT_WITHIN ? written : toStep(exact);
}

/**
 * A number as decimals, never with an exponent: as many behind the point as keep four digits of `part`, which may be far smaller
 * than the whole, without zeros at the end.
 */
export function toDecimal(value: number, part: number): string {
  const magnitude = part === 0 ? 0 : Math.floor(Math.log10(Math.abs(part)));
  const decimals = Math.min(MOST_DECIMALS, Math.max(6, SIGNIFICANT_DIGITS - 1 - magnitude));
  return Math.min(value, MOST)
    .toFixed(decimals)
    .replace(/\.?0+$/, '');
}
