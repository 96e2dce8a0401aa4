import { isDeepStrictEqual } from 'node:util';
import type { LiveRegion } from '../../cluster/regions.ts';
import type { BandThresholds } from '../../regions/band.ts';
import { gridZoneOf } from '../../regions/cloud-zones.ts';
import { fixedReading, isOfSameZone, observedReading, outageAt, readingAt } from '../../regions/observed-region.ts';
import { MAX_REASON_CHARACTERS } from '../../regions/outage-by-hand.ts';
import type { Signal } from '../../regions/reading.ts';
import {
  type ForecastPoint,
  MAX_FORECAST_POINTS,
  type ObservedReading,
  type OutageState,
  type RegionStatus,
} from '../../regions/region-status.ts';
import { thresholdsInForce } from '../../regions/thresholds-in-force.ts';
import type { RegionIntensity } from '../../sources/intensity/chain.ts';
import { choose } from '../../sources/intensity/choose.ts';
import { carryOver, conditionsOf, ownConditions } from './conditions.ts';
import { holdBand } from './hold-band.ts';

export interface StatusFacts {
  /** What the sources last said of this spec of a region; `undefined` when they were not asked about it yet. */
  readonly intensityOf: (region: LiveRegion) => RegionIntensity | undefined;
  /** What is expected of a region by what was learnt of it (region-memory); without it, sources alone forecast. */
  readonly forecastOf?: ((region: LiveRegion) => readonly ForecastPoint[] | 'not-yet' | undefined) | undefined;
  /** What automatic sources say, by region; absent is unknown. */
  readonly outages: ReadonlyMap<string, OutageState>;
  readonly policySignal: Signal;
  /** Of the configuration, gCO2e/kWh. */
  readonly thresholds?: BandThresholds | undefined;
  /** A region's own ones, with relative bands. */
  readonly thresholdsOf?: ((region: LiveRegion) => BandThresholds | undefined) | undefined;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** The status that a region should have, or `undefined` when readers would see nothing new. */
export function planStatus(region: LiveRegion, facts: StatusFacts): RegionStatus | undefined {
  const wanted = statusOf(region, facts);
  return isDeepStrictEqual(asSeen(wanted), asSeen(region.observed)) ? undefined : wanted;
}

/** Regions whose status must be written, what decides most first: outages, then bands, then the rest. */
export function planStatuses(regions: readonly LiveRegion[], facts: StatusFacts): readonly LiveRegion[] {
  const changed = regions.flatMap((region) => {
    const status = planStatus(region, facts);
    return status ? [{ region, urgency: urgencyOf(region.observed, status) }] : [];
  });
  return changed.sort((a, b) => a.urgency - b.urgency).map(({ region }) => region);
}

function urgencyOf(before: RegionStatus, after: RegionStatus): number {
  if ((before.outage?.active ?? false) !== (after.outage?.active ?? false)) return 0;
  return before.band === after.band ? 2 : 1;
}

/** Changes that grew older than a day count no more, and that alone is nothing to write. */
function asSeen({ bandChanges: _, conditions, ...status }: RegionStatus): RegionStatus {
  const ours = ownConditions(conditions).toSorted((a, b) => (a.type < b.type ? -1 : 1));
  return { ...status, conditions: ours };
}

function statusOf(region: LiveRegion, facts: StatusFacts): RegionStatus {
  const { metadata, spec, observed } = region;
  const outage = outageAt(spec.outage, facts.outages.get(metadata.name), facts.now);
  const gridZone = gridZoneOf({ name: metadata.name, gridZone: spec.gridZone });
  return {
    ...measuredPart(region, facts),
    ...(outage && { outage: bounded(outage, observed.outage, facts.now) }),
    ...(gridZone !== undefined && { gridZone }),
  };
}

/** Before the sources were asked (a new leader, a changed spec), what was written before stays. */
function measuredPart(region: LiveRegion, facts: StatusFacts): RegionStatus {
  const { metadata, spec, observed } = region;
  const intensity = facts.intensityOf(region);
  if (!intensity && spec.gramsPerKwh === undefined) {
    const { outage: _, gridZone: __, conditions, ...kept } = observed;
    const own = ownConditions(conditions);
    return isOfSameZone(spec, observed) ? { ...kept, ...(own.length > 0 && { conditions: own }) } : {};
  }
  const reading = readingOf(region, intensity, facts);
  const forecast = forecastOf(region, intensity, facts);
  const attempts = spec.gramsPerKwh === undefined ? (intensity?.attempts ?? []) : [];
  const hasZone = gridZoneOf({ name: metadata.name, gridZone: spec.gridZone }) !== undefined;
  const said = conditionsOf({ reading, policySignal: facts.policySignal, hasZone, attempts });
  const choice = { absolute: facts.thresholds, own: facts.thresholdsOf?.(region) };
  return {
    ...(reading && { reading }),
    ...(forecast && { forecast }),
    ...(reading?.signal === facts.policySignal &&
      holdBand(region, reading, { now: facts.now, thresholds: thresholdsInForce(reading, choice) })),
    conditions: carryOver(said, observed.conditions, { now: facts.now, generation: metadata.generation }),
  };
}

/**
 * The spec's value; else the better one (choose.ts) of what the chain says now and what was written before, which a new
 * leader's chain does not remember: no reading is lost with a leader while it can be used.
 */
function readingOf(
  region: LiveRegion,
  intensity: RegionIntensity | undefined,
  { policySignal, now }: StatusFacts,
): ObservedReading | undefined {
  const fixed = fixedReading(region, now);
  if (fixed) return fixed;
  const { reading, stepMs } = intensity ?? {};
  const said = reading && readingAt({ ...reading, ...(stepMs !== undefined && { stepMs }) }, now);
  const known = [said, observedReading(region, now)].filter((one) => one !== undefined);
  return choose(known, policySignal);
}

/**
 * | spec.gramsPerKwh | what was learnt forecasts | the source forecasts | what was written before    | forecast         |
 * | ---------------- | ------------------------- | -------------------- | -------------------------- | ---------------- |
 * | given            | any                       | any                  | any                        | -                |
 * | -                | yes                       | any                  | any                        | that             |
 * | -                | not yet                   | any                  | not over, of the same zone | that             |
 * | -                | -, not yet                | yes                  | any                        | the source's     |
 * | -                | -, not yet                | -                    | not over, of the same zone | that             |
 */
function forecastOf(
  region: LiveRegion,
  intensity: RegionIntensity | undefined,
  facts: StatusFacts,
): readonly ForecastPoint[] | undefined {
  const { spec, observed } = region;
  if (spec.gramsPerKwh !== undefined) return undefined;
  const learnt = facts.forecastOf?.(region);
  if (learnt !== undefined && learnt !== 'not-yet') return learnt;
  const before = isOfSameZone(spec, observed) ? observed.forecast : undefined;
  const last = (before?.at(-1)?.from ?? 0) > facts.now ? before : undefined;
  if (learnt === 'not-yet' && last) return last;
  return sourceForecast(intensity) ?? last;
}

function sourceForecast(intensity: RegionIntensity | undefined): readonly ForecastPoint[] | undefined {
  const { points = [], estimated = false } = intensity?.forecast ?? {};
  if (points.length === 0) return undefined;
  return points
    .slice(0, MAX_FORECAST_POINTS)
    .map(({ from, gramsPerKwh }) => ({ from, gramsPerKwh, ...(estimated && { standIn: true }) }));
}

/** Within what the CRD takes, and a reason only of what is so; since when a region is down stays, whoever else says so by now. */
function bounded(outage: OutageState, before: OutageState | undefined, now: number): OutageState {
  const { reason, ...rest } = outage;
  const begun = outage.active ? now : undefined;
  const since = outage.since ?? (before?.active === outage.active ? before.since : begun);
  return {
    ...rest,
    ...(outage.active && reason !== undefined && { reason: [...reason].slice(0, MAX_REASON_CHARACTERS).join('') }),
    ...(since !== undefined && { since }),
  };
}
