import type { Picture, RegionView } from '../regions/snapshot.ts';
import { bestFirst, type Judgement } from './judge.ts';
import { formatGrams } from './messages.ts';
import type { Reason } from './reasons.ts';
import { comparableReading } from './refuse.ts';

/** The annotation of a decided pod is at most this long. */
const MOST_BYTES = 1024;
const MOST_REGIONS = 5;

/**
 * The record a decided pod carries in `gridgate.dev/decision`: JSON of at most 1 KiB with the reason, the 5 best and 5
 * first refused regions with their readings (`name grams source`), counts, and the snapshot's time. For people and
 * reports; nothing trusts it.
 */
export function recordOf(judgement: Judgement, reason: Reason): string {
  for (let most = MOST_REGIONS; most > 0; most--) {
    const record = JSON.stringify(contents(judgement, reason, most));
    if (Buffer.byteLength(record) <= MOST_BYTES) return record;
  }
  return JSON.stringify({ reason });
}

function contents(judgement: Judgement, reason: Reason, most: number) {
  const { snapshot, candidates, refused, reach } = judgement;
  return {
    reason,
    best: bestFirst(judgement)
      .slice(0, most)
      .map((region) => describe(region, snapshot)),
    refused: refused.slice(0, most).map(({ region, refusal }) => `${describe(region, snapshot)} ${refusal}`),
    reachable: reach.regions.length,
    acceptable: candidates.length,
    at: new Date(snapshot.takenAt).toISOString(),
  };
}

function describe(region: RegionView, snapshot: Picture): string {
  const reading = comparableReading(region, snapshot);
  return reading ? `${region.name} ${formatGrams(reading.gramsPerKwh)} ${reading.source}` : region.name;
}
