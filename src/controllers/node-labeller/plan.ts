import type { Band } from '../../regions/band.ts';
import type { NodeFacts } from '../../regions/node-facts.ts';
import { CARBON_KEY } from '../../units/label-names.ts';

export interface Taint {
  readonly key: string;
  readonly value?: string;
  readonly effect: string;
  readonly timeAdded?: string;
}

/** `PreferNoSchedule` only: a taint of carbon never keeps a pod from running. */
const EFFECT = 'PreferNoSchedule';

/** A change of the label `gridgate.dev/carbon`; no `to`: it goes away. */
export interface LabelChange {
  readonly from: string | undefined;
  readonly to: Band | undefined;
}

/** What the label must become; undefined when it is right. A node without a region, or in one without a band, has none. */
export function planLabel(node: NodeFacts, bandOf: (region: string) => Band | undefined): LabelChange | undefined {
  const to = bandOfNode(node, bandOf);
  const from = node.labels[CARBON_KEY];
  return to === from ? undefined : { from, to };
}

export function bandOfNode({ region }: NodeFacts, bandOf: (region: string) => Band | undefined): Band | undefined {
  return region === undefined ? undefined : bandOf(region);
}

/**
 * A node's taints with ours put right; undefined when it is. A taint of our key with another effect is somebody else's.
 *
 * | band                  | our taint                                     |
 * | --------------------- | --------------------------------------------- |
 * | one of `taintedBands` | `gridgate.dev/carbon=<band>:PreferNoSchedule` |
 * | another, or none      | none                                          |
 */
export function planTaints(
  taints: readonly Taint[],
  band: Band | undefined,
  taintedBands: readonly Band[],
): readonly Taint[] | undefined {
  const wanted = band !== undefined && taintedBands.includes(band) ? band : undefined;
  const ours = taints.filter(isOurs);
  if (wanted === undefined ? ours.length === 0 : ours.length === 1 && ours[0]?.value === wanted) return undefined;
  const others = taints.filter((taint) => !isOurs(taint));
  return wanted === undefined ? others : [...others, { key: CARBON_KEY, value: wanted, effect: EFFECT }];
}

function isOurs({ key, effect }: Taint): boolean {
  return key === CARBON_KEY && effect === EFFECT;
}
