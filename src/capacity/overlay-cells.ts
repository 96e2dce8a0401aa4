import type { NodeOverlayFacts } from '../regions/node-overlay.ts';
import { NODE_POOL_LABEL, type NodePoolFacts, type PoolRequirement } from '../regions/node-pool.ts';
import { CAPACITY_TYPE_LABEL, type OfferedType, type Offering } from '../regions/offered-type.ts';
import { compareText } from '../units/compare-text.ts';
import { REGION_LABEL, ZONE_LABEL } from '../units/label-names.ts';
import { keyOf, type Match, matchOverlay, type ValuesOf } from './match-overlay.ts';
import { INSTANCE_TYPE_LABEL } from './offered-types.ts';

/** NodePools that no overlay of a user tells apart. */
export interface PoolClass {
  /** `undefined`: all of them, also those to come. */
  readonly names: readonly string[] | undefined;
  /** Of the template of each, as far as overlays ask for them; absent where no NodePool is known. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** What has one price: an offering of an instance type, in NodePools that no user tells apart. */
export interface Cell {
  readonly type: OfferedType;
  readonly offering: Offering;
  readonly pools: PoolClass;
}

type Pool = Pick<NodePoolFacts, 'name' | 'labels'>;

/** Those that Karpenter has; a cluster does not say which of them its types come with. */
const CAPACITY_TYPES = ['on-demand', 'reserved', 'spot'];
/** Domains under which clouds and Karpenter's providers label nodes by their type: elsewhere labels are those of templates. */
const LABEL_OF_PROVIDER =
  /^[^/]*karpenter[^/]*\/|^(?:[^/]+\.)?(?:kubernetes\.io|k8s\.io|k8s\.aws|amazonaws\.com|azure\.com|microsoft\.com|google\.com|gke\.io)\//;

/** Everything that may have a price of its own, given what users' overlays ask for; in the order of the types. */
export function* cellsOf(
  types: readonly OfferedType[],
  pools: readonly Pool[],
  overlays: readonly NodeOverlayFacts[],
): Generator<Cell> {
  const classes = poolClasses(pools, overlays);
  const asked = new Set(overlays.flatMap(({ requirements }) => requirements.map(keyOf)));
  for (const type of types)
    for (const offering of distinct(type.offerings.flatMap((one) => byCapacityType(one, asked))))
      for (const pools of classes) yield { type, offering, pools };
}

/** One for each zone and capacity type, the first; one without a capacity type says nothing where others of its zone name theirs. */
function distinct(offerings: readonly Offering[]): Iterable<Offering> {
  const named = new Set(offerings.flatMap(({ zone, capacityType }) => (capacityType === undefined ? [] : [zone])));
  const meant = offerings.filter(({ zone, capacityType }) => capacityType !== undefined || !named.has(zone));
  const byPlace = Map.groupBy(meant, ({ zone, capacityType = '' }) => `${zone} ${capacityType}`);
  return [...byPlace.values()].flatMap(([first]) => first ?? []);
}

function byCapacityType(offering: Offering, asked: ReadonlySet<string>): readonly Offering[] {
  if (offering.capacityType !== undefined || !asked.has(CAPACITY_TYPE_LABEL)) return [offering];
  return CAPACITY_TYPES.map((capacityType) => ({ ...offering, capacityType }));
}

function poolClasses(pools: readonly Pool[], overlays: readonly NodeOverlayFacts[]): readonly PoolClass[] {
  if (pools.length === 0) return [{ names: undefined }];
  const ofTemplates = new Set(pools.flatMap(({ labels }) => Object.keys(labels)));
  const keys = [...new Set(overlays.flatMap(({ requirements }) => requirements.map(keyOf)))].filter((key) =>
    ofTemplates.has(key),
  );
  if (keys.length === 0) return [{ names: undefined, labels: {} }];
  const aboutPools = overlays.flatMap(({ requirements }) => [
    ...Map.groupBy(
      requirements.filter((one) => keys.includes(keyOf(one))),
      keyOf,
    ),
  ]);
  // By each label alone: one that a template lacks may still be one of the type.
  const answer = (labels: Pool['labels'], [key, onKey]: readonly [string, readonly PoolRequirement[]]) =>
    ownValue(labels, key) === undefined ? 'absent' : matchOverlay(onKey, () => valuesIn(labels, key));
  const classes = Map.groupBy(pools, ({ labels }) => aboutPools.map((one) => answer(labels, one)).join());
  return [...classes.values()].map((alike) => ({
    names: alike.map(({ name }) => name).sort(compareText),
    labels: Object.fromEntries(Object.entries(alike[0]?.labels ?? {}).filter(([key]) => keys.includes(key))),
  }));
}

function valuesIn(labels: Readonly<Record<string, string>>, key: string): readonly string[] | 'absent' {
  const value = ownValue(labels, key);
  return value === undefined ? 'absent' : [value];
}

/** Whether an overlay prices what has this price now. */
export function matchCell({ requirements }: Pick<NodeOverlayFacts, 'requirements'>, cell: Cell): Match {
  return matchOverlay(requirements, (key) => valuesAt(cell, key));
}

/** Whether an overlay may price some offering of a type: the others need no look. */
export function mayMatchType({ requirements }: Pick<NodeOverlayFacts, 'requirements'>, type: OfferedType): boolean {
  const valuesOf: ValuesOf = (key) => {
    if (key === INSTANCE_TYPE_LABEL) return [type.name];
    return ownValue(type.labels, key) ?? 'unknown';
  };
  return matchOverlay(requirements, valuesOf) !== 'no';
}

/**
 * | label                        | its values                                                             |
 * | ---------------------------- | ---------------------------------------------------------------------- |
 * | instance type, zone          | known                                                                  |
 * | capacity type, region        | of the offering, where it says so                                      |
 * | of the NodePool's template   | known, where NodePools are; a template's label is no type's            |
 * | any other                    | of the type; absent where all of its labels are known, or no provider of Karpenter would set it |
 */
function valuesAt(cell: Cell, key: string): ReturnType<ValuesOf> {
  const { type, offering, pools } = cell;
  const ofOffering = valueOfOffering(cell, key) ?? ownValue(pools.labels ?? {}, key);
  if (ofOffering !== undefined) return [ofOffering];
  const ofType = ownValue(type.labels, key);
  if (ofType) return ofType;
  if (key === REGION_LABEL && offering.region !== undefined && !type.knowsAllLabels) return [offering.region];
  if (key === NODE_POOL_LABEL) return pools.names ?? 'unknown';
  const areAllKnown = LABEL_OF_PROVIDER.test(key) ? type.knowsAllLabels : pools.labels !== undefined;
  return areAllKnown ? 'absent' : 'unknown';
}

function valueOfOffering({ type, offering: { zone, capacityType } }: Cell, key: string): string | undefined {
  if (key === INSTANCE_TYPE_LABEL) return type.name;
  if (key === ZONE_LABEL) return zone;
  return key === CAPACITY_TYPE_LABEL ? capacityType : undefined;
}

function ownValue<T>(values: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(values, key) ? values[key] : undefined;
}
