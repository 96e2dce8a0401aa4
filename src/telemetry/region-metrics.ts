import { BANDS } from '../regions/band.ts';
import type { RegionView, Snapshot } from '../regions/snapshot.ts';
import type { Metric, Series } from './metric.ts';

/** What the snapshot of the moment knows of regions; `clock` in epoch milliseconds. */
export function regionMetrics(clock: () => number, snapshot: () => Snapshot | undefined): readonly Metric[] {
  const perRegion = (describe: (region: RegionView) => readonly Series[]) => () =>
    (snapshot()?.regions ?? []).flatMap(describe);
  return [
    {
      type: 'gauge',
      name: 'gridgate_region_grams_per_kwh',
      help: 'Carbon intensity of the electricity in a region, gCO2e/kWh',
      labelNames: ['region', 'signal', 'source'],
      read: perRegion(({ name: region, reading }) =>
        reading ? [[{ region, signal: reading.signal, source: reading.source }, reading.gramsPerKwh]] : [],
      ),
    },
    {
      type: 'gauge',
      name: 'gridgate_region_reading_age_seconds',
      help: 'Age of the reading in use; none where a reading has no moment (a fixed value, a yearly average)',
      labelNames: ['region'],
      read: perRegion(({ name: region, reading }) =>
        reading?.measuredAt === undefined || reading.source === 'static'
          ? []
          : [[{ region }, secondsBetween(reading.measuredAt, clock())]],
      ),
    },
    {
      type: 'gauge',
      name: 'gridgate_region_band',
      help: '1 for the band a region is in, 0 for the others; none where its intensity is unknown',
      labelNames: ['region', 'band'],
      read: perRegion(({ name: region, band: current }) =>
        current === undefined ? [] : BANDS.map((band) => [{ region, band }, Number(band === current)]),
      ),
    },
    {
      type: 'gauge',
      name: 'gridgate_region_outage',
      help: '1 while a region counts as down, 0 while nobody that is asked calls it down; none where nobody is asked',
      labelNames: ['region'],
      read: perRegion(({ name: region, outage }) => (outage ? [[{ region }, Number(outage.active)]] : [])),
    },
  ];
}

/** Of two moments in epoch milliseconds; never negative: another machine's clock may be ahead of ours. */
export function secondsBetween(from: number, to: number): number {
  return Math.max(0, (to - from) / 1_000);
}
