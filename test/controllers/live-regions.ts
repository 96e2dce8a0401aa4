import type { LiveRegion } from '../../src/cluster/regions.ts';
import type { RegionSpec } from '../../src/regions/region-resource.ts';
import { parseStatus, type RegionStatus, writeStatus } from '../../src/regions/region-status.ts';
import type { RegionIntensity } from '../../src/sources/intensity/chain.ts';

export const NOW = Date.parse('2026-11-22T09:00:00Z');
export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;

/** A Region as the cluster view shows it. */
export function liveRegion(name: string, spec: RegionSpec = {}, observed: RegionStatus = {}): LiveRegion {
  return { metadata: { name, uid: `uid-${name}`, resourceVersion: '1', generation: 1 }, spec, observed };
}

/** As it comes back from the API server once this status is written. */
export function withStatus(region: LiveRegion, status: RegionStatus, resourceVersion = '2'): LiveRegion {
  const observed = parseStatus(JSON.parse(JSON.stringify(writeStatus(status))));
  return { ...region, metadata: { ...region.metadata, resourceVersion }, observed };
}

/** What the chain answers for a region that a source measured `ageMs` ago. */
export function measuredIntensity(gramsPerKwh: number, ageMs = 0, now = NOW): RegionIntensity {
  return {
    reading: {
      gramsPerKwh,
      signal: 'average-lifecycle',
      source: 'electricity-maps',
      measuredAt: now - ageMs,
      estimated: false,
      freshness: 'fresh',
    },
    stepMs: HOUR_MS,
    attempts: [{ source: 'electricity-maps', outcome: 'ok', message: 'fresh, average-lifecycle' }],
    forecast: undefined,
  };
}

/** What it answers when the source fails: the yearly average. */
export function averageIntensity(message = 'it answers 500'): RegionIntensity {
  return {
    reading: {
      gramsPerKwh: 500,
      signal: 'average-lifecycle',
      source: 'embedded',
      estimated: true,
      freshness: 'embedded',
    },
    attempts: [{ source: 'electricity-maps', outcome: 'unavailable', message }],
    forecast: undefined,
  };
}
