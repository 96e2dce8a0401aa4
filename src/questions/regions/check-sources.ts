import { formatGrams } from '../../decision/messages.ts';
import type { Signal } from '../../regions/reading.ts';
import { createFeed, type Feed } from '../../sources/intensity/feed.ts';
import { askAboutEach } from '../../sources/intensity/read-regions.ts';
import type { IntensitySource, RegionZones } from '../../sources/intensity/source.ts';
import { formatReadingAge } from '../../units/moment.ts';

/** What one source says of one region. */
interface CheckedRegion {
  readonly region: string;
  /** What the source calls it; `null` where it does not cover the region. */
  readonly zone: string | null;
  readonly works: boolean;
  /** A sentence without secrets. */
  readonly says: string;
}

export interface CheckedSource {
  readonly source: string;
  /** Whether it does for any region: a zone that it refuses is that region's matter alone. */
  readonly works: boolean;
  /** A sentence without secrets. */
  readonly says: string;
  readonly regions: readonly CheckedRegion[];
}

interface CheckDeps {
  readonly regions: readonly RegionZones[];
  readonly policySignal: Signal;
  /** Epoch milliseconds. */
  readonly clock: () => number;
}

const NOT_COVERED = 'covers none of the regions; give them its zone in their spec';

/** Asks every source for every region that it covers, each zone once; never rejects. */
export function checkSources(sources: readonly IntensitySource[], deps: CheckDeps): Promise<readonly CheckedSource[]> {
  return Promise.all(sources.map((source) => checkSource(source, deps)));
}

async function checkSource(source: IntensitySource, deps: CheckDeps): Promise<CheckedSource> {
  const feed = createFeed(source, { clock: deps.clock, onRequest: () => {} });
  const regions = await askAboutEach(deps.regions, (region) => checkRegion(feed, region, deps));
  const works = regions.some((region) => region.works);
  return { source: source.name, works, says: sumUp(regions), regions };
}

async function checkRegion(
  feed: Feed,
  region: RegionZones,
  { policySignal, clock }: CheckDeps,
): Promise<CheckedRegion> {
  const zone = feed.source.zoneOf(region);
  if (zone === undefined)
    return { region: region.name, zone: null, works: false, says: 'it has no zone for this region' };
  const { attempt, reading } = await feed.current(zone);
  if (!reading) return { region: region.name, zone, works: false, says: `${attempt.outcome}: ${attempt.message}` };
  const age = reading.measuredAt === undefined ? '' : `, ${formatReadingAge(clock() - reading.measuredAt)} old`;
  const other =
    reading.signal === policySignal
      ? ''
      : `; ${reading.signal}, which is shown but never compared with ${policySignal}`;
  return {
    region: region.name,
    zone,
    works: true,
    says: `${formatGrams(reading.gramsPerKwh)} gCO2e/kWh, ${reading.freshness}${age}${other}`,
  };
}

function sumUp(regions: readonly CheckedRegion[]): string {
  const covered = regions.filter(({ zone }) => zone !== null);
  if (covered.length === 0) return NOT_COVERED;
  const working = covered.filter(({ works }) => works).length;
  return `works for ${working} of ${regions.length} ${regions.length === 1 ? 'region' : 'regions'}`;
}

/** What was found, a line for each source and zone; last of a source the regions that it does not cover. */
export function renderChecks(checks: readonly CheckedSource[]): string {
  const width = Math.max(...checks.map(({ source }) => source.length));
  return checks
    .flatMap((check) =>
      linesOf(check).map(([mark, says]) => `${mark.padEnd(5)}  ${check.source.padEnd(width)}  ${says}\n`),
    )
    .join('');
}

function linesOf({ regions, says }: CheckedSource): readonly (readonly [mark: string, says: string])[] {
  const byZone = Map.groupBy(regions, ({ zone }) => zone);
  const uncovered = byZone.get(null) ?? [];
  byZone.delete(null);
  if (byZone.size === 0) return [['FAILS', says]];
  const zones = [...byZone].flatMap(([zone, ofZone]) =>
    ofZone
      .slice(0, 1)
      .map((first) => [first.works ? 'works' : 'FAILS', `${zone} (${namesOf(ofZone)}): ${first.says}`] as const),
  );
  return uncovered.length === 0 ? zones : [...zones, ['-', `no zone for ${namesOf(uncovered)}`]];
}

function namesOf(regions: readonly CheckedRegion[]): string {
  return regions.map(({ region }) => region).join(', ');
}
