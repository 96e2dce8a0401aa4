import { freshnessChanges, freshnessOf } from './freshness.ts';
import { MANUAL } from './outage-by-hand.ts';
import type { Reading } from './reading.ts';
import type { RegionSpec } from './region-resource.ts';
import type { ObservedReading, OutageState, RegionStatus } from './region-status.ts';

/** A region as people describe it and, in a cluster, as the leader last saw it. */
export interface ObservedRegion {
  readonly metadata: { readonly name: string };
  readonly spec: RegionSpec;
  /** Absent where there is no cluster. */
  readonly observed?: RegionStatus;
}

/** The step of a series that does not tell its own; most are hourly. */
const USUAL_STEP_MS = 3_600_000;

/** A reading as of `now` (epoch milliseconds); `undefined` when it is too old to be used. */
export function readingAt(reading: ObservedReading, now: number): ObservedReading | undefined {
  if (reading.freshness === 'embedded') return reading;
  if (reading.measuredAt === undefined) return undefined;
  const freshness = freshnessOf(now - reading.measuredAt, reading.stepMs ?? USUAL_STEP_MS);
  return freshness && { ...reading, freshness };
}

/**
 * What the leader measured and still counts at `now`. Its value is judged by each reader's own clock, so that it ages
 * without a leader too:
 *
 * | spec.gramsPerKwh | status.reading                   | answer                                             |
 * | ---------------- | -------------------------------- | -------------------------------------------------- |
 * | given            | any                              | - : the fixed value counts                         |
 * | -                | none                             | -                                                  |
 * | -                | `static`                         | - : the fixed value was taken back                 |
 * | -                | of another grid zone than spec's | - : the spec changed, and nobody has measured since |
 * | -                | `embedded`                       | - : every replica has the yearly averages itself   |
 * | -                | measured, fresh                  | that, `fresh`                                      |
 * | -                | measured, stale (up to 6 h)      | that, `stale`                                      |
 * | -                | measured, older                  | -                                                  |
 */
export function observedReading(region: ObservedRegion, now: number): ObservedReading | undefined {
  const measured = measuredReading(region);
  return measured && readingAt(measured, now);
}

function measuredReading({ spec, observed }: ObservedRegion): ObservedReading | undefined {
  const reading = observed?.reading;
  if (!reading || spec.gramsPerKwh !== undefined || !isOfSameZone(spec, observed)) return undefined;
  return reading.source === 'static' || reading.freshness === 'embedded' ? undefined : reading;
}

/** Whether the status was made for the grid zone that the spec names; a spec that names none does not tell. */
export function isOfSameZone({ gridZone }: RegionSpec, observed: RegionStatus): boolean {
  return gridZone === undefined || observed.gridZone === undefined || gridZone === observed.gridZone;
}

/** When what `observedReading` and `outageAt` answer changes by itself (epoch milliseconds), in no order. */
export function changesByItself(region: ObservedRegion): readonly number[] {
  const reading = measuredReading(region);
  const ages =
    reading?.measuredAt === undefined ? [] : freshnessChanges(reading.measuredAt, reading.stepMs ?? USUAL_STEP_MS);
  return [endOfOutage(region.spec.outage), ...ages];
}

/** The value of a spec, measured when it was read or, if the leader saw the same one earlier, then. */
export function fixedReading({ spec, observed }: ObservedRegion, readAt: number): Reading | undefined {
  const { gramsPerKwh, signal = 'average-lifecycle' } = spec;
  if (gramsPerKwh === undefined) return undefined;
  const before = observed?.reading;
  const isSame = before?.source === 'static' && before.gramsPerKwh === gramsPerKwh && before.signal === signal;
  const measuredAt = (isSame ? before.measuredAt : undefined) ?? readAt;
  // A value set by hand is never stale: whoever wrote it answers for it.
  return { gramsPerKwh, signal, source: 'static', measuredAt, estimated: false, freshness: 'fresh' };
}

/**
 * Whether a region is down at `now` (epoch milliseconds), by hand or by what automatic sources say:
 *
 * | spec.outage           | automatic  | answer                                                |
 * | --------------------- | ---------- | ----------------------------------------------------- |
 * | active, not past      | any        | down; `manual` and the automatic sources that agree   |
 * | not active            | any        | not down, `manual`: overrides every automatic source  |
 * | active, past `until`  | -          | not down, `manual`                                    |
 * | active, past `until`  | any        | as the automatic sources say                          |
 * | -                     | any        | as the automatic sources say                          |
 * | -                     | -          | `undefined`: unknown, which is not down               |
 */
export function outageAt(
  manual: RegionSpec['outage'],
  automatic: OutageState | undefined,
  now: number,
): OutageState | undefined {
  const isDown = manual?.active && now < endOfOutage(manual);
  if (!manual || (manual.active && !isDown && automatic)) return automatic;
  const agreeing = isDown && automatic?.active ? automatic : undefined;
  return {
    active: isDown ?? false,
    ...(manual.reason !== undefined && { reason: manual.reason }),
    sources: [MANUAL, ...(agreeing?.sources ?? [])],
    ...(agreeing?.since !== undefined && { since: agreeing.since }),
    ...(agreeing?.quietSince !== undefined && { quietSince: agreeing.quietSince }),
  };
}

/** What automatic sources said when the leader last wrote; what a hand wrote into the spec is taken out again. */
export function automaticOutage(observed: RegionStatus | undefined): OutageState | undefined {
  const outage = observed?.outage;
  if (!outage?.sources.includes(MANUAL)) return outage;
  const sources = outage.sources.filter((source) => source !== MANUAL);
  if (sources.length === 0) return undefined;
  const { reason: _, ...rest } = outage; // it is the hand's
  return { ...rest, sources };
}

function endOfOutage(outage: RegionSpec['outage']): number {
  return outage?.until === undefined ? Number.POSITIVE_INFINITY : Date.parse(outage.until);
}
