import type { Logger } from 'pino';
import type { LiveRegion } from '../../cluster/regions.ts';
import { createFailureLog } from '../../sources/asking/failure-log.ts';
import type { IntensityChain, RegionIntensity } from '../../sources/intensity/chain.ts';
import { failuresOf, readIntensities } from '../../sources/intensity/read-regions.ts';
import type { OutageBoard, OutagePicture } from '../../sources/outage/outage-board.ts';
import { untilAborted } from '../../units/deadline.ts';
import { createEdge } from '../../units/edge.ts';
import type { Term } from './term.ts';

/** What the refresher needs of the automatic sources of outages. */
export type OutageReader = Pick<OutageBoard, 'refresh' | 'restore'>;

/** Who learns from what the sources say of regions. */
export type OnHeard = (region: LiveRegion, intensity: RegionIntensity) => void;

/** Asks about these regions; what comes too late, because a spec changed again or the term ended, is dropped. */
export async function askIntensities(
  { chain, term, onHeard }: { readonly chain: IntensityChain; readonly term: Term; readonly onHeard?: OnHeard },
  regions: readonly LiveRegion[],
  signal: AbortSignal,
): Promise<void> {
  const read = await untilAborted(signal, () => readIntensities(chain, regions));
  for (const region of regions) {
    const intensity = read.get(region.metadata.name);
    if (!intensity || !term.isCurrent(region)) continue;
    term.learn(region, intensity);
    onHeard?.(region, intensity);
  }
}

/** Asks the automatic sources of outages about all regions. */
export async function askOutages(
  { outages, term }: { readonly outages: OutageReader; readonly term: Term },
  signal: AbortSignal,
): Promise<OutagePicture> {
  const names = term.regions().map(({ metadata }) => metadata.name);
  if (!term.isRestored && names.length > 0) {
    outages.restore(term.outages);
    term.isRestored = true;
  }
  const picture = await untilAborted(signal, () => outages.refresh(names));
  term.outages = picture.byRegion;
  return picture;
}

/** Logs what is wrong with the sources when that changes. */
export function createSourceLog(log: Logger) {
  const tellIntensities = createFailureLog('intensities', log);
  const tellOutages = createFailureLog('outages', log);
  let facts: { readonly called: number; readonly regions: number } | undefined;
  const tellDistrust = createEdge(false, (distrusted) => {
    if (distrusted) log.error(facts, 'automatic outages are distrusted: too many regions are called down');
    else log.info('automatic outages are trusted again');
  });
  return {
    tellIntensities: (term: Term) => tellIntensities(failuresOf(term.intensities())),
    tellOutages({ called, byRegion, distrusted, failures }: OutagePicture): void {
      tellOutages(Array.from(failures, ([source, message]) => `${source}: ${message}`));
      facts = { called, regions: byRegion.size };
      tellDistrust(distrusted);
    },
  };
}
