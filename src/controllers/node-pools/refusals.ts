import type { NodePoolFacts } from '../../regions/node-pool.ts';
import { valuesLeft } from '../../regions/pool-places.ts';
import { REGION_LABEL, ZONE_LABEL } from '../../units/label-names.ts';
import { type CarbonPool, itemOf } from './carbon-pool.ts';
import type { PoolWish } from './wish.ts';

const ARCH = 'kubernetes.io/arch';
const CAPACITY_TYPE = 'karpenter.sh/capacity-type';
const DRIFTED = 'Drifted';
/** What keeps pods away that do not tolerate it. */
const KEEPS_AWAY: ReadonlySet<string> = new Set(['NoSchedule', 'NoExecute']);
/** As a word of a name: `arm64`, `team/arm64-only`. */
const NAMES_ARM = /(^|[^a-z0-9])arm64([^a-z0-9]|$)/i;

/** Why a pool cannot be followed as its owner asks, with what to do about it; `undefined`: it can. */
export function refusalOf(pool: CarbonPool, { mode }: PoolWish, regionLabel: string): string | undefined {
  if (pool.facts.isStatic)
    return 'it has spec.replicas: a static pool has neither weight nor limits, and pods that wait bring it no node';
  if (mode === 'hardware') return refusalOfHardware(pool.facts);
  return mode === 'requirement' ? refusalOfRequirement(pool, regionLabel) : undefined;
}

/**
 * | its nodes are                          | tainted for arm64 | then                               |
 * | -------------------------------------- | ----------------- | ---------------------------------- |
 * | arm64 alone, or spot that may be arm64 | yes               | it is preferred while it is dirty  |
 * | arm64 alone, or spot that may be arm64 | no                | refused: pods that name no architecture would move to it and break |
 * | spot alone, never arm64                | any               | it is preferred while it is dirty  |
 * | anything else                          | any               | refused: nothing makes it cleaner  |
 */
function refusalOfHardware(facts: NodePoolFacts): string | undefined {
  const archs = valuesLeft(facts, ARCH);
  const isArm = isOnly(archs, 'arm64');
  if (!isArm && !isOnly(valuesLeft(facts, CAPACITY_TYPE), 'spot'))
    return `its requirements allow more than arm64 (${ARCH} In [arm64]) and more than spot (${CAPACITY_TYPE} In [spot]): give such nodes a pool of their own`;
  if (archs !== undefined && !archs.includes('arm64')) return undefined;
  if (isTaintedForArm(facts)) return undefined;
  const what = isArm ? 'its nodes are arm64' : 'its nodes may be arm64';
  return `${what} and carry no taint for that: pods that name no architecture would move to it and break; add the taint ${ARCH}=arm64:NoSchedule, or ${ARCH} In [amd64]`;
}

function isOnly(values: readonly string[] | undefined, value: string): boolean {
  return values?.length === 1 && values[0] === value;
}

function isTaintedForArm({ taints }: NodePoolFacts): boolean {
  return taints.some(
    ({ key, value = '', effect }) =>
      KEEPS_AWAY.has(effect) && (NAMES_ARM.test(key) || NAMES_ARM.test(value) || (key === ARCH && value === '')),
  );
}

function refusalOfRequirement({ facts, budgets }: CarbonPool, regionLabel: string): string | undefined {
  if (!budgets.some(({ reasons, schedule }) => reasons?.includes(DRIFTED) && schedule === undefined))
    return `narrowing replaces every node that is in a dirty place, and no disruption budget without a schedule names ${DRIFTED}; add {nodes: "1", reasons: [${DRIFTED}]} to spec.disruption.budgets, beside {nodes: "10%"} where it lists none yet: a first one replaces that default of Karpenter's`;
  const key = narrowedKey(facts);
  if (key === undefined)
    return `it lists no zones or regions to choose among; add ${ZONE_LABEL} In [...] to its requirements`;
  if (key === REGION_LABEL && regionLabel !== REGION_LABEL)
    return `gridgate reads regions from the label ${regionLabel}, and not from ${REGION_LABEL}; add ${ZONE_LABEL} In [...] to its requirements`;
  return undefined;
}

/** Which label's values are narrowed: the zone's, else the region's, as the pool lists them itself. */
export function narrowedKey({ requirements }: Pick<NodePoolFacts, 'requirements'>): string | undefined {
  return [ZONE_LABEL, REGION_LABEL].find((key) => itemOf(requirements, key) !== undefined);
}
