import { BANDS, type Band } from '../regions/band.ts';
import type { Picture } from '../regions/snapshot.ts';
import { CARBON_KEY } from '../units/label-names.ts';
import type { Toleration } from './pod.ts';
import { createMemory, remember } from './remember.ts';
import type { Treatment } from './treatment.ts';

/** The bands whose taint a pod may tolerate, by its class and what its namespace says. */
function bandsOf({ policy, podClass }: Pick<Treatment, 'policy' | 'podClass'>): readonly Band[] {
  const ofClass = podClass === 'flexible' ? BANDS.filter((band) => band !== 'high') : BANDS;
  const { tolerate } = policy;
  return tolerate ? ofClass.filter((band) => tolerate.includes(band)) : ofClass;
}

const remembered = createMemory<Treatment, readonly Toleration[]>();

/**
 * All that gridgate may add for a pod: their taints are nothing that keeps it away. One a band, since a taint of our key
 * with any other value makes it add none.
 */
export function tolerationsOf(treatment: Treatment): readonly Toleration[] {
  return remember(remembered, treatment, () => bandsOf(treatment).map(tolerationOf));
}

/** Those of them that some node carries or may: nothing is added that no node asks for. All where nodes are not known. */
export function bandsToTolerate(treatment: Treatment, { taintedBands }: Picture): readonly Band[] {
  const bands = bandsOf(treatment);
  return taintedBands ? bands.filter((band) => taintedBands.has(band)) : bands;
}

/** One toleration where every band is tolerated, else one a band. */
export function tolerationsFor(bands: readonly Band[]): readonly Toleration[] {
  if (bands.length === BANDS.length) return [{ key: CARBON_KEY, operator: 'Exists' }];
  return bands.map(tolerationOf);
}

function tolerationOf(band: Band): Toleration {
  return { key: CARBON_KEY, operator: 'Equal', value: band };
}
