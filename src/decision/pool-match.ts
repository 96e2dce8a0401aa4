import { NODE_POOL_LABEL } from '../regions/node-pool.ts';
import { labelInPools, type PlaceOfPool, type PoolOffer } from '../regions/pool-offers.ts';
import type { Snapshot } from '../regions/snapshot.ts';
import { GROUP_LABELS } from '../regions/topology.ts';
import { HOSTNAME_LABEL, ZONE_LABEL } from '../units/label-names.ts';
import { type Alternative, type Asks, NODE_NAME, requirementsOf } from './asks.ts';
import { isElsewhere, isPlaceAskedBy } from './new-nodes.ts';
import { requirementsCount, toleratesAll } from './node-match.ts';
import { isEmptyTerm, type Requirement, satisfies } from './node-selector.ts';

const NOWHERE: ReadonlySet<string> = new Set();
/** As for nodes: beyond this every NodePool counts as fitting whose taints a pod tolerates. */
const MOST_LOOKS = 2_000_000;
/** As many are worth sorting by label: the selector of a pod counts in each of its terms. */
const MOST_REQUIREMENTS = 20_000;

/**
 * The regions where NodePools may create a node that has what a pod asks for: their labels and requirements are labels to come, compared as
 * Karpenter does (`Compatible` in its pkg/scheduling), their taints keep pods away. Size never counts: of instance types nobody here knows.
 */
export function regionsToCome(asks: Asks, snapshot: Snapshot): ReadonlySet<string> {
  const { supply } = snapshot;
  if (!supply || supply.offers.length === 0) return NOWHERE;
  const regions = new Set<string>();
  const wanted = wantedWithin(asks, MOST_LOOKS / supply.spots);
  for (const offer of supply.offers) {
    if (!toleratesAll(asks.tolerations, offer.taints)) continue;
    for (const place of offer.places)
      if (!regions.has(place.region) && (!wanted || isOpen(wanted, { offer, place, snapshot })))
        regions.add(place.region);
  }
  return regions;
}

/** What is asked of one label. */
interface WantedOfLabel {
  /** As NodePools call it. */
  readonly label: string;
  readonly all: readonly Requirement[];
}

/** What a pod asks, by label: requirements on one label must hold of one value. */
interface Wanted {
  readonly alternatives: readonly (readonly WantedOfLabel[])[];
  /** Of each volume, its alternatives. */
  readonly volumes: readonly (readonly (readonly WantedOfLabel[])[])[];
}

/** `undefined` where comparing it with one place would take more looks than `most`. */
function wantedWithin(asks: Asks, most: number): Wanted | undefined {
  if (requirementsCount(asks) > Math.min(most, MOST_REQUIREMENTS)) return undefined;
  const wanted = wantedBy(asks);
  return looksFor(wanted) <= most ? wanted : undefined;
}

function wantedBy({ alternatives, volumes }: Asks): Wanted {
  const ofTerm = (requirements: Alternative): readonly WantedOfLabel[] =>
    [...Map.groupBy(requirements, ({ key }) => labelInPools(key))].map(([label, all]) => ({ label, all }));
  return {
    alternatives: alternatives.map(ofTerm),
    volumes: volumes.map(({ terms }) =>
      terms
        .filter((term) => !isEmptyTerm(term))
        .map(requirementsOf)
        .map(ofTerm),
    ),
  };
}

/** At most so many comparisons a place: each value that is tried with each requirement on its label. */
function looksFor({ alternatives, volumes }: Wanted): number {
  const ofLabel = ({ all }: WantedOfLabel) =>
    all.length * all.reduce((sum, { values }) => sum + (values?.length ?? 0), 1);
  return [...alternatives, ...volumes.flat()].flat().reduce((sum, one) => sum + ofLabel(one), 1);
}

interface Spot {
  readonly offer: PoolOffer;
  readonly place: PlaceOfPool;
  readonly snapshot: Snapshot;
}

function isOpen({ alternatives, volumes }: Wanted, spot: Spot): boolean {
  return (
    alternatives.some((labels) => labels.every((one) => mayCarry(one, spot, false))) &&
    volumes.every((terms) => terms.some((labels) => labels.every((one) => mayCarry(one, spot, true))))
  );
}

/**
 * Whether a new node may carry a label as it is asked for:
 *
 * | the label                                    | its value                                                              |
 * | -------------------------------------------- | ---------------------------------------------------------------------- |
 * | region                                       | the region's name                                                      |
 * | host, name                                   | none that anybody knows                                                |
 * | NodePool                                     | the names of the pools                                                 |
 * | one that the pool speaks of                  | what its labels and requirements leave                                 |
 * | another that instance types carry, or that a volume is bound to | any, but a place that only other regions' nodes carry |
 * | any other                                    | none: it will not be there                                             |
 */
function mayCarry({ label, all }: WantedOfLabel, { offer, place, snapshot }: Spot, ofVolume: boolean): boolean {
  const isMet = (value: string | undefined) => all.every((one) => satisfies(one, value));
  if (label === labelInPools(snapshot.regionLabel)) return isMet(place.region);
  if (label === NODE_NAME || label === HOSTNAME_LABEL) return all.every(({ operator }) => operator !== 'In');
  if (label === NODE_POOL_LABEL) return offer.pools.some(isMet);
  const said = saidOf(label, offer, place);
  if (said) {
    const isLeft = (value: string | undefined) => said.every((one) => satisfies(one, value));
    return valuesToTry([...said, ...all]).some((value) => isLeft(value) && isMet(value));
  }
  if (!ofVolume && !isOfInstanceTypes(label)) return isMet(undefined);
  const isPlace = isPlaceAskedBy(label, ofVolume);
  return valuesToTry(all).some((value) => {
    if (value === undefined) return !ALWAYS_THERE.has(label) && isMet(undefined);
    return isMet(value) && !(isPlace && isElsewhere(label, value, place.region, snapshot.topology));
  });
}

/** What a pool says of a label; of zones, those in this region are left. */
function saidOf(
  label: string,
  { requirements }: PoolOffer,
  { zones }: PlaceOfPool,
): readonly Requirement[] | undefined {
  if (label === ZONE_LABEL && zones) return [{ key: label, operator: 'In', values: zones }];
  return requirements.get(label);
}

/**
 * Values of which one meets all requirements on a label, if any does: those of a list, else one that nobody names, numbers within the
 * bounds; and that the label is not there.
 */
function valuesToTry(requirements: readonly Requirement[]): readonly (string | undefined)[] {
  const lists = requirements.filter(({ operator }) => operator === 'In').map(({ values }) => values ?? []);
  const [shortest] = lists.sort((a, b) => a.length - b.length);
  return [undefined, ...(shortest ?? unlisted(requirements))];
}

const NAMED_BY_NOBODY = '\0';

/** Enough numbers within the bounds that `NotIn` cannot name them all; far beyond what a number holds none is found. */
function unlisted(requirements: readonly Requirement[]): readonly string[] {
  const bounds = (operator: string) =>
    requirements.filter((one) => one.operator === operator).map(({ values }) => Number(values?.[0]));
  const [above, below] = [Math.max(...bounds('Gt')), Math.min(...bounds('Lt'))];
  if (above === -Infinity && below === Infinity) return [NAMED_BY_NOBODY];
  const named = requirements.reduce((sum, { values }) => sum + (values?.length ?? 0), 1);
  const first = above === -Infinity ? below - named : above + 1;
  return Array.from({ length: named }, (_, index) => String(first + index));
}

/** Every node of Karpenter has them. */
const ALWAYS_THERE: ReadonlySet<string> = new Set([
  'karpenter.sh/capacity-type',
  'kubernetes.io/arch',
  'kubernetes.io/os',
  'node.kubernetes.io/instance-type',
  ZONE_LABEL,
]);

/**
 * Labels that Karpenter's core and its providers know of instance types (`WellKnownLabels`): karpenter.k8s.aws/instance-cpu,
 * karpenter.azure.com/sku-family, eks.amazonaws.com/instance-category of EKS Auto Mode and the like.
 */
const OF_INSTANCE_TYPES =
  /^(karpenter\.[^/]+|topology\.kubernetes\.io|topology\.k8s\.aws|topology\.gke\.io|eks\.amazonaws\.com|kubernetes\.azure\.com|cloud\.google\.com)\//;

/** Groups of nodes that something else makes are none of Karpenter's. */
function isOfInstanceTypes(label: string): boolean {
  if (GROUP_LABELS.includes(label)) return false;
  return ALWAYS_THERE.has(label) || label === 'node.kubernetes.io/windows-build' || OF_INSTANCE_TYPES.test(label);
}
