import type { ListFormat } from '../../config/options.ts';
import { cleanestFirst } from '../../decision/cleanest-first.ts';
import { formatGrams } from '../../decision/messages.ts';
import type { Band } from '../../regions/band.ts';
import type { Freshness, Signal } from '../../regions/reading.ts';
import { REGION_TYPE } from '../../regions/region-resource.ts';
import type { RegionView } from '../../regions/snapshot.ts';
import type { Intensity } from '../../regions/weigh-regions.ts';
import { renderData } from '../../terminal/render-data.ts';
import { renderRows } from '../../terminal/render-rows.ts';
import type { Column } from '../../terminal/render-table.ts';
import { LEAST_COLUMNS, type Style } from '../../terminal/terminal.ts';
import { shortAge } from '../../units/moment.ts';
import type { LoadedRegions } from '../../world/load-regions.ts';

/**
 * What `gridgate regions --output json` prints. Within `v1` fields are added, never taken away or given another
 * meaning; every field is always there, `null` where nobody knows.
 */
export interface RegionListing {
  readonly version: 'v1';
  /** ISO 8601. */
  readonly takenAt: string;
  /** Readings of another signal have no band and come after those of this one. */
  readonly policySignal: Signal;
  /** Cleanest first; regions without a reading last. Regions in outage are among them. */
  readonly regions: readonly ListedRegion[];
}

export interface ListedRegion {
  readonly name: string;
  /** Of the electricity grid, in Electricity Maps' names. */
  readonly zone: string | null;
  readonly gramsPerKwh: number | null;
  readonly signal: Signal | null;
  readonly band: Band | null;
  readonly outage: {
    readonly active: boolean;
    readonly reason: string | null;
    readonly sources: readonly string[];
  } | null;
  readonly source: string | null;
  readonly freshness: Freshness | null;
  readonly estimated: boolean | null;
  /** ISO 8601; `null` too for a value without a moment, such as a yearly average. */
  readonly measuredAt: string | null;
  readonly ageSeconds: number | null;
}

/** The ranked truth about all regions at the moment of their snapshot. */
export function listRegions({ snapshot, zones }: Pick<LoadedRegions, 'snapshot' | 'zones'>): RegionListing {
  return {
    version: 'v1',
    takenAt: toIso(snapshot.takenAt),
    policySignal: snapshot.policySignal,
    regions: cleanestFirst(snapshot).map((region) => toListed(region, zones.get(region.name), snapshot.takenAt)),
  };
}

function toListed({ name, reading, band, outage }: RegionView, zone: string | undefined, now: number): ListedRegion {
  const measuredAt = reading?.measuredAt;
  return {
    name,
    zone: zone ?? null,
    gramsPerKwh: reading?.gramsPerKwh ?? null,
    signal: reading?.signal ?? null,
    band: band ?? null,
    outage: outage ? { active: outage.active, reason: outage.reason ?? null, sources: outage.sources } : null,
    source: reading?.source ?? null,
    freshness: reading?.freshness ?? null,
    estimated: reading?.estimated ?? null,
    measuredAt: measuredAt === undefined ? null : toIso(measuredAt),
    ageSeconds: measuredAt === undefined ? null : Math.max(0, Math.floor((now - measuredAt) / 1_000)),
  };
}

function toIso(ms: number): string {
  return new Date(ms).toISOString();
}

const DOWN = 'DOWN';
const BAND_STYLES: Readonly<Record<string, Style>> = { low: 'green', medium: 'yellow', high: 'red' } satisfies Record<
  Band,
  Style
>;

export interface ListingLayout {
  readonly output?: ListFormat;
  /** Of a table; `wide` takes what it needs. */
  readonly width?: number | undefined;
}

/** The listing for people and programs: its table, names as kubectl prints them, or data. */
export function renderListing(listing: RegionListing, { output = 'table', width }: ListingLayout = {}): string {
  const { regions, policySignal } = listing;
  if (output === 'json' || output === 'yaml') return renderData(listing, output);
  return renderChangedRegions({ changed: regions, all: regions, policySignal }, { output, width, isFirst: true });
}

/** Some of the regions, as wide as all of them take; as data one document each, with the head where they are the first. */
export function renderChangedRegions(
  { changed, all, policySignal }: ChangedRegions,
  { output = 'table', width = LEAST_COLUMNS, isFirst }: ListingLayout & { readonly isFirst: boolean },
): string {
  const columns = [...columnsFor(policySignal), ...(output === 'wide' ? WIDE_COLUMNS : [])];
  const nameOf = ({ name }: ListedRegion) => `${REGION_TYPE}/${name}`;
  return renderRows(changed, all, { output, columns, width, nameOf, isFirst });
}

interface ChangedRegions extends Pick<RegionListing, 'policySignal'> {
  readonly changed: readonly ListedRegion[];
  readonly all: readonly ListedRegion[];
}

/**
 * What is estimated, or of another signal, says so beside its source. A fixed value needs no zone; where one is needed and none is
 * known, that is said.
 */
function columnsFor(policySignal: Signal): readonly Column<ListedRegion>[] {
  const right = { align: 'right' } as const;
  return [
    { title: 'NAME', givesWay: 4, cell: ({ name }) => name },
    { title: 'ZONE', givesWay: 2, cell: ({ zone, source }) => zone ?? (source === 'static' ? '-' : 'no zone') },
    {
      title: 'gCO2/kWh',
      ...right,
      cell: ({ gramsPerKwh }) => (gramsPerKwh === null ? 'unknown' : formatGrams(gramsPerKwh)),
    },
    { title: 'BAND', style: (band) => BAND_STYLES[band], cell: ({ band }) => band ?? '-' },
    {
      title: 'OUTAGE',
      givesWay: 1,
      style: (outage) => (outage.startsWith(DOWN) ? 'red' : undefined),
      cell: ({ outage }) => describeOutage(outage),
    },
    {
      title: 'SOURCE',
      givesWay: 3,
      cell: (region) => describeSource(region, policySignal),
    },
    { title: 'AGE', ...right, cell: describeAge },
  ];
}

/** What `-o wide` says besides. */
const WIDE_COLUMNS: readonly Column<ListedRegion>[] = [
  { title: 'FRESHNESS', cell: ({ freshness }) => freshness ?? '-' },
  { title: 'SIGNAL', cell: ({ signal }) => signal ?? '-' },
  { title: 'MEASURED', cell: ({ measuredAt }) => measuredAt ?? '-' },
  { title: 'OUTAGE SAYS', cell: ({ outage }) => outage?.sources.join(', ') || '-' },
];

/** Marked as on the status page: a yearly average is an estimate by its name. */
function describeSource({ source, signal, estimated, freshness }: ListedRegion, policySignal: Signal): string {
  if (source === null) return '-';
  const marks = [
    ...(signal === null || signal === policySignal ? [] : [signal]),
    ...(estimated && freshness !== 'embedded' ? ['estimated'] : []),
  ];
  return marks.length === 0 ? source : `${source} (${marks.join(', ')})`;
}

function describeAge({ ageSeconds, freshness }: ListedRegion): string {
  if (ageSeconds === null) return '-';
  const age = shortAge(ageSeconds * 1_000);
  return freshness === 'stale' ? `${age} stale` : age;
}

function describeOutage(outage: ListedRegion['outage']): string {
  if (!outage?.active) return '-';
  return outage.reason === null ? DOWN : `${DOWN}: ${outage.reason}`;
}

/** Candidates for a runbook, a line each: `eu-north-1: 18 gCO2e/kWh`. */
export function renderShell(candidates: readonly Intensity[]): string {
  return candidates.map(({ name, gramsPerKwh }) => `${name}: ${formatGrams(gramsPerKwh)} gCO2e/kWh\n`).join('');
}
