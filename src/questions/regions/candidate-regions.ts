import { cleanestFirst } from '../../decision/cleanest-first.ts';
import { comparableReading } from '../../decision/refuse.ts';
import type { RegionView, Snapshot } from '../../regions/snapshot.ts';
import type { Intensity } from '../../regions/weigh-regions.ts';

export interface CandidateRegions {
  /** Cleanest first. */
  readonly candidates: readonly Intensity[];
  readonly leftOut: readonly { readonly name: string; readonly why: string }[];
}

/**
 * The regions work could be led to by carbon alone, and why the others are none:
 *
 * | outage  | reading           | candidate                                 |
 * | ------- | ----------------- | ----------------------------------------- |
 * | active  | any               | no: who follows the list would land there |
 * | none    | of another signal | no: it compares with nothing              |
 * | none    | none              | no                                        |
 * | unknown | of the signal     | yes: unknown health is not an outage      |
 */
export function candidateRegions(snapshot: Snapshot): CandidateRegions {
  const candidates: Intensity[] = [];
  const leftOut: { name: string; why: string }[] = [];
  for (const region of cleanestFirst(snapshot)) {
    const reading = comparableReading(region, snapshot);
    if (reading && !region.outage?.active) candidates.push({ name: region.name, gramsPerKwh: reading.gramsPerKwh });
    else leftOut.push({ name: region.name, why: whyNot(region, snapshot) });
  }
  return { candidates, leftOut };
}

function whyNot({ outage, reading }: RegionView, { policySignal }: Snapshot): string {
  if (outage?.active) return outage.reason === undefined ? 'in outage' : `in outage (${outage.reason})`;
  return reading ? `its reading is ${reading.signal}, not ${policySignal}` : 'no reading';
}
