import type { GridgateConfig } from '../config/config-file.ts';
import type { SnapshotInput } from '../regions/build-snapshot.ts';
import type { Signal } from '../regions/reading.ts';
import type { DescribedRegion } from '../sources/intensity/read-regions.ts';
import type { IntensitySource } from '../sources/intensity/source.ts';
import { readLive } from './live-readings.ts';
import { createMeasuring } from './measuring.ts';

interface Measuring {
  readonly sources: readonly IntensitySource[];
  readonly bands: GridgateConfig['bands'];
  readonly policySignal: Signal;
}

/** What a snapshot needs to know of intensities and bands. */
export interface MeasuredRegions extends Pick<SnapshotInput, 'fallbackReading' | 'thresholds' | 'thresholdsOf'> {
  /** What went wrong at sources, a sentence each. */
  readonly failures: readonly string[];
}

/** Asks the sources once, as a server does when it starts; never rejects. */
export async function measureRegions(
  regions: readonly DescribedRegion[],
  { sources, bands, policySignal }: Measuring,
): Promise<MeasuredRegions> {
  const { chain, thresholdsOf } = createMeasuring({ sources, policySignal })(bands.mode);
  const { readings, failures } = await readLive(chain, regions);
  return {
    fallbackReading: (name) => readings.get(name),
    thresholds: bands.thresholds,
    ...(thresholdsOf && { thresholdsOf }),
    failures,
  };
}
