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
 * The tolerations that gridgate may add for a pod, so the taints of these bands do not keep it away. One a band: a taint of
 * our key with any other value is not tolerated.
 */
export function tolerationsOf(treatment: Treatment): readonly Toleration[] {
  return remember(remembered, treatment, () => bandsOf(treatment).map(tolerationOf));
}

/**
 * The tolerated bands whose taint some node carries or may get, since no other toleration is worth adding; all where
 * nodes are unknown.
 */
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
