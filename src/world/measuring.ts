import type { GridgateConfig } from '../config/config-file.ts';
import type { Signal } from '../regions/reading.ts';
import { createIntensityChain, type IntensityChain, type IntensityChainDeps } from '../sources/intensity/chain.ts';
import { createTrailingWeeks, type TrailingWeeks } from '../sources/intensity/trailing-weeks.ts';

/** Whom to ask, and by what relative bands are judged. */
export interface Measured {
  readonly chain: IntensityChain;
  /** With relative bands. */
  readonly thresholdsOf?: TrailingWeeks['thresholdsOf'];
}

/** The chain of some sources and what it remembers, for either mode of bands: the memory outlives a change of mode. */
export function createMeasuring(
  deps: Omit<IntensityChainDeps, 'clock'> & { readonly policySignal: Signal },
): (mode: GridgateConfig['bands']['mode']) => Measured {
  const clock = Date.now;
  const chain = createIntensityChain({ ...deps, clock });
  const weeks = createTrailingWeeks({ chain, policySignal: deps.policySignal, clock });
  return (mode) => (mode === 'relative' ? { chain: weeks, thresholdsOf: weeks.thresholdsOf } : { chain });
}
