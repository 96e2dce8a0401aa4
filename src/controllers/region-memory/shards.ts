import { MOST_PAST_HOURS } from '../../forecast/past-hours.ts';
import { writeRememberedHours } from '../../regions/remembered-hours.ts';
import type { RegionSeries } from './region-series.ts';

/** The ConfigMaps that hold the memory, in gridgate's own namespace; manifests/base names them, too. */
export const SHARDS = ['gridgate-memory-0', 'gridgate-memory-1', 'gridgate-memory-2', 'gridgate-memory-3'] as const;
export type Shard = (typeof SHARDS)[number];

/** The API server takes 1 MiB. */
export const MOST_BYTES = 900_000;
const DAY_HOURS = 24;

/** In which one a region is: by FNV-1a of its name, the same for ever. */
export function shardOf(region: string): Shard {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(region, 'utf8')) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return SHARDS[hash % SHARDS.length] as Shard;
}

/** By region, what a ConfigMap holds. */
export type ShardData = Readonly<Record<string, string>>;

/** The data of a shard: of too many regions for one ConfigMap each loses its oldest days. */
export function dataOf(members: ReadonlyMap<string, RegionSeries>): ShardData {
  const whole = writeAll(members, MOST_PAST_HOURS);
  if (bytesOf(whole) <= MOST_BYTES) return whole;
  const fittingDays = (MOST_PAST_HOURS * MOST_BYTES) / bytesOf(whole) / DAY_HOURS;
  for (let days = Math.floor(fittingDays); days > 0; days--) {
    const cut = writeAll(members, days * DAY_HOURS);
    if (bytesOf(cut) <= MOST_BYTES) return cut;
  }
  return {};
}

function writeAll(members: ReadonlyMap<string, RegionSeries>, mostHours: number): ShardData {
  const written = Array.from(members, ([name, { identity, past }]) => {
    return [name, writeRememberedHours({ identity, ...past.kept(mostHours) })] as const;
  });
  return Object.fromEntries(written);
}

export function bytesOf(data: ShardData): number {
  return Object.entries(data).reduce((sum, [name, value]) => sum + Buffer.byteLength(name + value), 0);
}
