import type { Reading } from '../regions/reading.ts';
import type { IntensityChain } from '../sources/intensity/chain.ts';
import { type DescribedRegion, failuresOf, readIntensities } from '../sources/intensity/read-regions.ts';

export interface LiveReadings {
  /** By region; regions that have a fixed value, or of which nothing is known, are absent. */
  readonly readings: ReadonlyMap<string, Reading>;
  /** What went wrong at sources, a sentence each. */
  readonly failures: readonly string[];
}

/** Asks the sources for every region without a fixed value; never rejects. */
export async function readLive(chain: IntensityChain, regions: readonly DescribedRegion[]): Promise<LiveReadings> {
  const intensities = await readIntensities(chain, regions);
  const readings = [...intensities].flatMap(([name, { reading }]) => (reading ? [[name, reading] as const] : []));
  return { readings: new Map(readings), failures: failuresOf(intensities) };
}
