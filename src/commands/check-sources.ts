import { formatDuration } from '../config/duration.ts';
import { formatGrams } from '../decision/messages.ts';
import type { Signal } from '../regions/reading.ts';
import { createFeed } from '../signals/intensity/feed.ts';
import type { IntensitySource, RegionZones } from '../signals/intensity/source.ts';

export interface CheckedSource {
  readonly source: string;
  readonly works: boolean;
  /** A sentence without secrets. */
  readonly says: string;
}

interface CheckDeps {
  readonly regions: readonly RegionZones[];
  readonly policySignal: Signal;
  /** Epoch milliseconds. */
  readonly clock: () => number;
}

/** Asks every source once, for the first region that it covers; never rejects. */
export function checkSources(sources: readonly IntensitySource[], deps: CheckDeps): Promise<readonly CheckedSource[]> {
  return Promise.all(sources.map((source) => checkSource(source, deps)));
}

async function checkSource(source: IntensitySource, { regions, policySignal, clock }: CheckDeps) {
  const region = regions.find((one) => source.zoneOf(one) !== undefined);
  const zone = region && source.zoneOf(region);
  if (!region || zone === undefined)
    return { source: source.name, works: false, says: 'covers none of the regions; give them its zone in their spec' };
  const { attempt, reading } = await createFeed(source, { clock, onRequest: () => {} }).current(zone);
  const where = `${zone} (${region.name})`;
  if (!reading) return { source: source.name, works: false, says: `${where}: ${attempt.outcome}: ${attempt.message}` };
  const age = reading.measuredAt === undefined ? '' : `, ${ageOf(clock() - reading.measuredAt)} old`;
  const other =
    reading.signal === policySignal
      ? ''
      : `; ${reading.signal}, which is shown but never compared with ${policySignal}`;
  return {
    source: source.name,
    works: true,
    says: `${where}: ${formatGrams(reading.gramsPerKwh)} gCO2e/kWh, ${reading.freshness}${age}${other}`,
  };
}

function ageOf(ms: number): string {
  return formatDuration(Math.max(0, Math.floor(ms / 60_000)) * 60_000);
}

/** What was found, a line a source. */
export function renderChecks(checks: readonly CheckedSource[]): string {
  const width = Math.max(...checks.map(({ source }) => source.length));
  return checks
    .map(({ source, works, says }) => `${works ? 'works' : 'FAILS'}  ${source.padEnd(width)}  ${says}\n`)
    .join('');
}
