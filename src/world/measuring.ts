import type { GridgateConfig } from '../config/config-file.ts';
import type { Reading, Signal } from '../regions/reading.ts';
import {
  type ChainWithHistory,
  createIntensityChain,
  type IntensityChain,
  type IntensityChainDeps,
} from '../sources/intensity/chain.ts';
import { type DescribedRegion, failuresOf, readIntensities } from '../sources/intensity/read-regions.ts';
import { createTrailingWeeks, type TrailingWeeks } from '../sources/intensity/trailing-weeks.ts';

interface Measured {
  readonly chain: IntensityChain;
  readonly history: ChainWithHistory['history'];
  /** With relative bands. */
  readonly thresholdsOf?: TrailingWeeks['thresholdsOf'];
}

type MeasuringDeps = Omit<IntensityChainDeps, 'clock'> & { readonly policySignal: Signal };

/** The chain of some sources and what it remembers, for either mode of bands: the memory outlives a change of mode. */
export function createMeasuring(deps: MeasuringDeps): (mode: GridgateConfig['bands']['mode']) => Measured {
  const clock = Date.now;
  const chain = createIntensityChain({ ...deps, clock });
  const weeks = createTrailingWeeks({ chain, policySignal: deps.policySignal, clock });
  const { history } = chain;
  return (mode) =>
    mode === 'relative' ? { chain: weeks, history, thresholdsOf: weeks.thresholdsOf } : { chain, history };
}

interface LiveReadings {
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
