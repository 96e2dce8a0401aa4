import { bandOf, type HeldBand, nextBand } from './band.ts';
import type { Reading, Signal } from './reading.ts';
import type { RegionResource } from './region-resource.ts';
import type { Outage, PriorityClasses, RegionView, Snapshot } from './snapshot.ts';
import type { Topology } from './topology.ts';

export interface SnapshotInput {
  readonly regions: readonly RegionResource[];
  /** When the fixed values among them were read, epoch milliseconds. */
  readonly regionsReadAt: number;
  /** What is known of a region that has no fixed value. */
  readonly fallbackReading: (region: string, gridZone: string | undefined) => Reading | undefined;
  /** The bands of the snapshot before, by region: a measured region leaves one only with hysteresis (DESIGN 6). */
  readonly heldBands?: ReadonlyMap<string, HeldBand> | undefined;
  readonly regionLabel: string;
  readonly policySignal: Signal;
  readonly topology?: Topology | undefined;
  readonly priorityClasses?: PriorityClasses | undefined;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** Makes the picture of all regions at one moment. */
export function buildSnapshot(input: SnapshotInput): Snapshot {
  const regions = input.regions.map((region) => viewOf(region, input)).sort((a, b) => (a.name < b.name ? -1 : 1));
  return {
    takenAt: input.now,
    regionLabel: input.regionLabel,
    policySignal: input.policySignal,
    regions,
    byName: new Map(regions.map((region) => [region.name, region])),
    ...(input.topology && { topology: input.topology }),
    ...(input.priorityClasses && { priorityClasses: input.priorityClasses }),
  };
}

/** The next moment (epoch milliseconds) at which the same input gives another snapshot; `undefined` when none will. */
export function nextChange(regions: readonly RegionResource[], now: number): number | undefined {
  const ends = regions.map(({ spec }) => endOfOutage(spec.outage)).filter((end) => end > now && Number.isFinite(end));
  return ends.length === 0 ? undefined : Math.min(...ends);
}

function viewOf({ metadata: { name }, spec }: RegionResource, input: SnapshotInput): RegionView {
  const reading = fixedReading(spec, input.regionsReadAt) ?? input.fallbackReading(name, spec.gridZone);
  const outage = outageOf(spec.outage, input.now);
  return {
    name,
    ...(reading && { reading }),
    ...(reading?.signal === input.policySignal && bandsOf(name, reading, input)),
    ...(outage && { outage }),
    latencyMs: new Map(Object.entries(spec.latencyMs ?? {})),
    ...(spec.pricePerHour !== undefined && { pricePerHour: spec.pricePerHour }),
    elastic: spec.elastic ?? false,
  };
}

/** Values set by hand and yearly averages do not waver: they count at once. */
function bandsOf(name: string, { gramsPerKwh, source, freshness }: Reading, { heldBands, now }: SnapshotInput) {
  if (source === 'static' || freshness === 'embedded') return { band: bandOf(gramsPerKwh) };
  const heldBand = nextBand({ previous: heldBands?.get(name), gramsPerKwh, now });
  return { band: heldBand.band, heldBand };
}

/** A value set by hand is never stale: whoever wrote it answers for it. */
function fixedReading({ gramsPerKwh, signal }: RegionResource['spec'], measuredAt: number): Reading | undefined {
  if (gramsPerKwh === undefined) return undefined;
  return {
    gramsPerKwh,
    signal: signal ?? 'average-lifecycle',
    source: 'static',
    measuredAt,
    estimated: false,
    freshness: 'fresh',
  };
}

function outageOf(outage: RegionResource['spec']['outage'], now: number): Outage | undefined {
  if (!outage) return undefined;
  return {
    active: outage.active && now < endOfOutage(outage),
    ...(outage.reason !== undefined && { reason: outage.reason }),
    sources: ['manual'],
  };
}

function endOfOutage(outage: RegionResource['spec']['outage']): number {
  return outage?.until === undefined ? Number.POSITIVE_INFINITY : Date.parse(outage.until);
}
