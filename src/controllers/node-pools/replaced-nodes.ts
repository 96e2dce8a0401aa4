import { isDeepStrictEqual } from 'node:util';
import type { KubeObject } from '../../cluster/kube-object.ts';
import { NO_KARPENTER } from '../../cluster/node-pools.ts';
import type { WatchedResource } from '../../cluster/watched-resource.ts';
import { embodiedOf } from '../../energy/embodied.ts';
import { type NodeShape, shapeOf } from '../../energy/node-shape.ts';
import { DEFAULT_POWER_TABLE } from '../../energy/power-table.ts';
import { toNodeFacts } from '../../regions/node-facts.ts';
import { NODE_POOL_LABEL } from '../../regions/node-pool.ts';
import { REGION_LABEL, ZONE_LABEL } from '../../units/label-names.ts';
import { HOUR_MS } from '../../units/moment.ts';
import type { CarbonPool } from './carbon-pool.ts';
import { isTexts } from './hold.ts';
import { isStillOurs } from './targets.ts';

/** A node that Karpenter keeps, as far as it says why it goes. */
export interface NodeClaim {
  readonly uid: string;
  readonly pool: string;
  /** Its zone and region, by their labels. */
  readonly places: Readonly<Record<string, string | undefined>>;
  readonly shape: NodeShape;
  /** Its labels no longer meet the requirements of its pool. */
  readonly isDrifted: boolean;
  /** It is being replaced for that. */
  readonly isReplaced: boolean;
  /** It goes for another reason, as one that is empty. */
  readonly goesAnyway: boolean;
}

interface NodeClaimObject extends KubeObject {
  readonly status?: {
    readonly allocatable?: Readonly<Record<string, unknown>> | null;
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly reason?: string;
    }[];
  };
}

function toNodeClaim(object: KubeObject): NodeClaim {
  const { metadata, status } = object as NodeClaimObject;
  const { uid = '', labels = {} } = metadata;
  const conditions = status?.conditions ?? [];
  const isTrue = (type: string, reason: string) =>
    conditions.some((one) => one.type === type && one.status === 'True' && one.reason === reason);
  return {
    uid,
    pool: labels[NODE_POOL_LABEL] ?? '',
    places: { [ZONE_LABEL]: labels[ZONE_LABEL], [REGION_LABEL]: labels[REGION_LABEL] },
    shape: shapeOf(toNodeFacts({ metadata, status: status ?? null }, '')),
    isDrifted: isTrue('Drifted', 'RequirementsDrifted'),
    isReplaced: isTrue('DisruptionReason', 'Drifted'),
    goesAnyway: conditions.some(
      (one) => one.type === 'DisruptionReason' && one.status === 'True' && one.reason !== 'Drifted',
    ),
  };
}

/** Karpenter's nodes; watched only while some pool's requirements are narrowed. */
export const NODE_CLAIMS: WatchedResource<NodeClaim> = {
  name: 'nodeclaims',
  path: '/apis/karpenter.sh/v1/nodeclaims',
  content: 'full',
  whenMissing: NO_KARPENTER,
  project: toNodeClaim,
  differs: (before, after) => !isDeepStrictEqual(before, after),
};

/** What is kept out of a pool, by the label that is narrowed. */
export interface Narrowed {
  readonly key: string;
  readonly keptOut: ReadonlySet<string>;
}

/** Of one pool, so far; neither ever falls. */
export interface Replaced {
  readonly nodes: number;
  /** gCO2e. */
  readonly grams: number;
}

/** A node that goes because of us, and when it was first seen to be replaced. */
interface Going {
  readonly claim: NodeClaim;
  readonly replacedSince: number | undefined;
}

/**
 * Counts the nodes that go because of us: those of a narrowed pool that drifted by their place, once they are gone. While such a node
 * still stands beside the one that replaces it, two machines are set aside for one machine's work:
 * grams = embodied gCO2e an hour of the node (src/energy/embodied.ts) * hours from the begin of its replacement to its end.
 */
export function createReplacedNodes() {
  let going = new Map<string, Going>();
  const replaced = new Map<string, Replaced>();

  function book({ claim: { pool, shape }, replacedSince }: Going, now: number): void {
    const { nodes, grams } = replaced.get(pool) ?? { nodes: 0, grams: 0 };
    const hours = (now - (replacedSince ?? now)) / HOUR_MS;
    const { gramsPerHour } = embodiedOf(shape, DEFAULT_POWER_TABLE);
    replaced.set(pool, { nodes: nodes + 1, grams: grams + gramsPerHour * hours });
  }

  /** `undefined`: it does not go, or not because of us. One that is being replaced goes, also when nothing is narrowed any more. */
  function goingOn(claim: NodeClaim, narrowed: Narrowed | undefined, now: number): Going | undefined {
    const before = going.get(claim.uid);
    if (!isBecauseOf(narrowed, claim) && !(before && claim.isReplaced)) return undefined;
    return { claim, replacedSince: before?.replacedSince ?? (claim.isReplaced ? now : undefined) };
  }

  return {
    /** Takes in which nodes there are; `now` is in milliseconds of a clock that only goes forward. */
    observe(claims: Iterable<NodeClaim>, narrowed: ReadonlyMap<string, Narrowed>, now: number): void {
      const there = new Map(Array.from(claims, (claim) => [claim.uid, claim]));
      for (const [uid, one] of going) if (!there.has(uid)) book(one, now);
      const all = [...there.values()].map((claim) => goingOn(claim, narrowed.get(claim.pool), now));
      going = new Map(all.filter((one) => one !== undefined).map((one) => [one.claim.uid, one]));
    },
    /** Whether some node is still on its way out. */
    isWaiting: () => going.size > 0,
    byPool: (): ReadonlyMap<string, Replaced> => replaced,
  };
}

/** Its place is one that we took out of the pool's list: those that drifted otherwise would go without us. */
function isBecauseOf(narrowed: Narrowed | undefined, { isDrifted, goesAnyway, places }: NodeClaim): boolean {
  return isDrifted && !goesAnyway && (narrowed?.keptOut.has(places[narrowed.key] ?? '') ?? false);
}

/** The pools of which some places are kept out now, by us and nobody else. */
export function narrowedPools(pools: readonly CarbonPool[]): ReadonlyMap<string, Narrowed> {
  return new Map(
    pools.flatMap((pool) => {
      const { name, hold } = pool;
      if (!hold || !isStillOurs(pool, hold)) return [];
      if (hold.key === undefined || !isTexts(hold.value) || !isTexts(hold.wrote)) return [];
      const { key, value, wrote } = hold;
      return [[name, { key, keptOut: new Set(value.filter((one) => !wrote.includes(one))) }] as const];
    }),
  );
}
