import { BAND_THRESHOLDS, type BandThresholds } from './band.ts';
import type { Reading } from './reading.ts';

/** Whether somebody measured it lately: it is no value set by hand and no yearly average. */
export function isMeasured(reading: Pick<Reading, 'source' | 'freshness'> | undefined): boolean {
  return reading !== undefined && reading.source !== 'static' && reading.freshness !== 'embedded';
}

/**
 * The thresholds (gCO2e/kWh) that a reading's band is judged by. A region's own week says what is clean for it now and
 * then; of a value that never wavers it says nothing.
 *
 * | bands    | 24 hours known | reading          | thresholds        |
 * | -------- | -------------- | ---------------- | ----------------- |
 * | absolute | any            | any              | the absolute ones |
 * | relative | no             | any              | the absolute ones |
 * | relative | yes            | fixed, an average | the absolute ones |
 * | relative | yes            | measured         | the region's own  |
 */
export function thresholdsInForce(
  reading: Reading,
  { absolute, own }: { readonly absolute?: BandThresholds | undefined; readonly own?: BandThresholds | undefined },
): BandThresholds {
  return (isMeasured(reading) ? own : undefined) ?? absolute ?? BAND_THRESHOLDS;
}
