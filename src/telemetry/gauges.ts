import type { Registry } from 'prom-client';
import { Gauge } from 'prom-client';
import { BANDS } from '../regions/band.ts';
import type { RegionView, Snapshot } from '../regions/snapshot.ts';
import type { SourceRequests } from './source-tally.ts';

/** Where gauges read the state of the moment a scrape arrives. */
export interface MetricSources {
  readonly snapshot: () => Snapshot | undefined;
  /** Epoch milliseconds. */
  readonly certificateNotAfter: () => number | undefined;
  /** Epoch milliseconds of the last event, by resource. */
  readonly watchLastEventAt: () => Readonly<Record<string, number>>;
  /** Requests to sources of intensities so far. */
  readonly sourceRequests?: () => readonly SourceRequests[];
  /** Absent where this replica does not run for the lease. */
  readonly isLeader?: () => boolean;
  /** Estimates so far; undefined while another replica leads, absent where this one does not run for the lease. */
  readonly carbon?: () => readonly NamespaceCarbon[] | undefined;
  /** How many namespaces have a malformed policy; undefined where nobody looks. */
  readonly malformedPolicies: () => number | undefined;
  /** Log lines that could not be written, so far. */
  readonly droppedLogLines?: () => number;
  /** Bodies of reviews: bytes that they have reserved, and how many wait for room; undefined where none come. */
  readonly bodies?: () => Readonly<Record<string, { readonly bytes: number; readonly waiting: number }>> | undefined;
}

/** Neither ever falls. */
interface NamespaceCarbon {
  readonly namespace: string;
  readonly avoidedGrams: number;
  readonly addedGrams: number;
}

type Labels = Readonly<Record<string, string>>;
type Series = readonly [labels: Labels, value: number];

interface GaugeSpec {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  /** Every series there is now; what it leaves out disappears from the scrape. */
  readonly read: () => Iterable<Series>;
}

/** Registers the gauges whose series are read anew at each scrape, so that vanished regions leave none. */
export function registerGauges(registry: Registry, clock: () => number, sources: MetricSources): void {
  for (const spec of [...regionGauges(clock, sources.snapshot), ...stateGauges(clock, sources)]) {
    const gauge = new Gauge({
      name: spec.name,
      help: spec.help,
      labelNames: spec.labelNames,
      registers: [],
      // prom-client calls all collectors of a scrape in one tick: they see one snapshot.
      collect() {
        replaceSeries(this, spec);
      },
    });
    registry.registerMetric(gauge);
  }
}

function replaceSeries(gauge: Gauge, { labelNames, read }: GaugeSpec): void {
  gauge.reset();
  // reset() leaves a gauge without labels at 0, which would claim a measurement.
  if (labelNames.length === 0) gauge.remove();
  for (const [labels, value] of read()) gauge.set(labels, value);
}

function regionGauges(clock: () => number, snapshot: MetricSources['snapshot']): GaugeSpec[] {
  const perRegion = (describe: (region: RegionView) => readonly Series[]) => () =>
    (snapshot()?.regions ?? []).flatMap(describe);
  return [
    {
      name: 'gridgate_region_grams_per_kwh',
      help: 'Carbon intensity of the electricity in a region, gCO2e/kWh',
      labelNames: ['region', 'signal', 'source'],
      read: perRegion(({ name: region, reading }) =>
        reading ? [[{ region, signal: reading.signal, source: reading.source }, reading.gramsPerKwh]] : [],
      ),
    },
    {
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
      name: 'gridgate_region_band',
      help: '1 for the band a region is in, 0 for the others; none where its intensity is unknown',
      labelNames: ['region', 'band'],
      read: perRegion(({ name: region, band: current }) =>
        current === undefined ? [] : BANDS.map((band) => [{ region, band }, Number(band === current)]),
      ),
    },
    {
      name: 'gridgate_region_outage',
      help: '1 while a region counts as down, 0 while nobody that is asked calls it down; none where nobody is asked',
      labelNames: ['region'],
      read: perRegion(({ name: region, outage }) => (outage ? [[{ region }, Number(outage.active)]] : [])),
    },
  ];
}

function stateGauges(clock: () => number, sources: MetricSources): GaugeSpec[] {
  return [
    {
      name: 'gridgate_certificate_expiry_seconds',
      help: 'Time until the serving certificate expires; negative afterwards',
      labelNames: [],
      read: () => {
        const notAfter = sources.certificateNotAfter();
        return notAfter === undefined ? [] : [[{}, (notAfter - clock()) / 1_000]];
      },
    },
    {
      name: 'gridgate_watch_idle_seconds',
      help: 'Time since the last sign of life of a watch; of a resource watched twice, the longer',
      labelNames: ['resource'],
      read: () =>
        Object.entries(sources.watchLastEventAt()).map(([resource, at]) => [{ resource }, secondsBetween(at, clock())]),
    },
    {
      name: 'gridgate_leader',
      help: '1 while this replica leads, 0 while another may; none where it does not run for the lease',
      labelNames: [],
      read: () => (sources.isLeader ? [[{}, Number(sources.isLeader())]] : []),
    },
    {
      name: 'gridgate_review_bytes_in_flight',
      help: 'Bytes of memory that bodies of reviews have reserved, of small ones (up to 256 KiB) and large ones',
      labelNames: ['size'],
      read: () => Object.entries(sources.bodies?.() ?? {}).map(([size, { bytes }]) => [{ size }, bytes]),
    },
    {
      name: 'gridgate_reviews_waiting',
      help: 'Reviews whose body waits for room in memory before it is read',
      labelNames: ['size'],
      read: () => Object.entries(sources.bodies?.() ?? {}).map(([size, { waiting }]) => [{ size }, waiting]),
    },
    {
      name: 'gridgate_malformed_policies',
      help: 'Namespaces whose policy is malformed: of all on the leader, of those whose pods came on other webhooks',
      labelNames: [],
      read: () => {
        const malformed = sources.malformedPolicies();
        return malformed === undefined ? [] : [[{}, malformed]];
      },
    },
  ];
}

/** Of two moments in epoch milliseconds; never negative: another machine's clock may be ahead of ours. */
export function secondsBetween(from: number, to: number): number {
  return Math.max(0, (to - from) / 1_000);
}
