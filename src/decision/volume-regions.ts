import type { RegionView, Snapshot } from '../regions/snapshot.ts';
import { isEmptyTerm, type NodeSelectorTerm } from './node-selector.ts';
import { createMemory, remember } from './remember.ts';
import { isFree, MOST_NODES_ASKED, regionsOf, requirementsOf, toAlternative } from './term-regions.ts';
import { isUsable } from './usable.ts';
import type { VolumeTerms } from './volume-terms.ts';

interface Located {
  /** Absent where the terms say nothing of regions. */
  readonly regions?: readonly RegionView[];
}

/** Thousands of volumes share a few lists of terms. */
const located = createMemory<Snapshot, WeakMap<VolumeTerms['terms'], Located>>();

/** The known regions in which all of these volumes can be reached; `undefined` where none of them says where it is. */
export function regionsOfVolumes(volumes: readonly VolumeTerms[], snapshot: Snapshot): Located['regions'] {
  const ofSnapshot = remember(located, snapshot, () => new WeakMap());
  let left: readonly RegionView[] | undefined;
  for (const { terms } of volumes) {
    const known = ofSnapshot.get(terms) ?? locate(terms, snapshot);
    ofSnapshot.set(terms, known);
    const { regions } = known;
    if (regions) left = left ? left.filter((region) => regions.includes(region)) : regions;
  }
  return left;
}

/** Regions without nodes are left out where others have some: a volume holds a pod where it can run, not where it could. */
function locate(terms: readonly NodeSelectorTerm[], snapshot: Snapshot): Located {
  const { regionLabel, topology } = snapshot;
  const alternatives = terms
    .filter((term) => !isEmptyTerm(term))
    .map((term) => toAlternative(requirementsOf(term), regionLabel));
  const saysNothing = alternatives.some((one) => isFree(one) || (!topology && one.region.length === 0));
  if (saysNothing) return {};
  const budget = { nodesLeft: MOST_NODES_ASKED };
  const names = new Set(alternatives.flatMap((one) => regionsOf(one, snapshot, budget)));
  const regions = snapshot.regions.filter(({ name }) => names.has(name));
  const usable = regions.filter((region) => isUsable(region, snapshot));
  return { regions: usable.length > 0 ? usable : regions };
}
