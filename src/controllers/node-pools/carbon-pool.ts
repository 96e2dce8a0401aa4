import { isDeepStrictEqual } from 'node:util';
import { CARBON_BEFORE, CARBON_STATUS } from '../../capacity/pool-memory.ts';
import type { KubeObject } from '../../cluster/kube-object.ts';
import { NO_KARPENTER, NODE_POOLS_PATH } from '../../cluster/node-pools.ts';
import type { WatchedResource } from '../../cluster/watched-resource.ts';
import { ANNOTATION_PREFIX } from '../../decision/namespace-record.ts';
import { type NodePoolFacts, type PoolRequirement, toNodePoolFacts } from '../../regions/node-pool.ts';
import { type FieldOwner, type FieldPath, isOwned, type ManagedFields, ownersOf } from '../field-owners.ts';
import { type FieldValue, type Hold, POOL_FIELDS, type PoolField, parseHold } from './hold.ts';
import { type PoolStatus, parseStatus } from './pool-status.ts';

/** The field manager of every field that this controller writes. */
export const NODE_POOLS_MANAGER = 'gridgate-node-pools';

/** A disruption budget of a NodePool. */
export interface Budget {
  readonly nodes?: string;
  readonly reasons?: readonly string[];
  readonly schedule?: string;
}

/** What of a NodePool decides what is written to it. */
export interface CarbonPool {
  readonly name: string;
  readonly uid: string;
  /** Only the `gridgate.dev/*` ones. */
  readonly annotations: Readonly<Record<string, string>>;
  readonly facts: NodePoolFacts;
  readonly weight: number | undefined;
  readonly limits: Readonly<Record<string, string | number>> | undefined;
  readonly budgets: readonly Budget[];
  /** Who owns each field that this controller may write, beside us. */
  readonly owners: Readonly<Record<PoolField, readonly FieldOwner[]>>;
  /** Those of them that we own. */
  readonly fieldsOfOurs: readonly PoolField[];
  readonly status: PoolStatus | undefined;
  readonly hold: Hold | undefined;
}

/** A NodePool as the API server sends it, as far as it is read. */
export interface NodePoolObject extends KubeObject {
  readonly metadata: KubeObject['metadata'] & { readonly managedFields?: readonly ManagedFields[] };
  readonly spec?: {
    readonly weight?: number;
    readonly limits?: Readonly<Record<string, string | number>>;
    readonly disruption?: { readonly budgets?: readonly Budget[] };
    readonly template?: { readonly spec?: { readonly requirements?: readonly PoolRequirement[] } };
  };
}

const PATHS: Readonly<Record<PoolField, FieldPath>> = {
  'limits.cpu': ['f:spec', 'f:limits', 'f:cpu'],
  weight: ['f:spec', 'f:weight'],
  requirements: ['f:spec', 'f:template', 'f:spec', 'f:requirements'],
};

export function toCarbonPool(object: KubeObject): CarbonPool {
  const { metadata, spec } = object as NodePoolObject;
  const { name, uid = '', annotations = {}, managedFields = [] } = metadata;
  const ours = Object.entries(annotations).filter(([key]) => key.startsWith(ANNOTATION_PREFIX));
  return {
    name,
    uid,
    annotations: Object.fromEntries(ours),
    facts: toNodePoolFacts(object),
    weight: spec?.weight,
    limits: spec?.limits,
    budgets: spec?.disruption?.budgets ?? [],
    owners: {
      'limits.cpu': ownersOf(managedFields, PATHS['limits.cpu'], NODE_POOLS_MANAGER),
      weight: ownersOf(managedFields, PATHS.weight, NODE_POOLS_MANAGER),
      requirements: ownersOf(managedFields, PATHS.requirements, NODE_POOLS_MANAGER),
    },
    fieldsOfOurs: POOL_FIELDS.filter((field) => isOwned(managedFields, PATHS[field], NODE_POOLS_MANAGER)),
    status: parseStatus(annotations[CARBON_STATUS]),
    hold: parseHold(annotations[CARBON_BEFORE]),
  };
}

export function pathOf(field: PoolField): FieldPath {
  return PATHS[field];
}

/** NodePools as this controller reads them. */
export const CARBON_POOLS: WatchedResource<CarbonPool> = {
  name: 'carbon-nodepools',
  path: NODE_POOLS_PATH,
  content: 'full',
  whenMissing: NO_KARPENTER,
  project: toCarbonPool,
  differs: (before, after) => !isDeepStrictEqual(before, after),
};

/** Which item of `requirements` a field means. */
type Place = Pick<Hold, 'field' | 'key'>;

/** What stands in a field now. */
export function valueIn(pool: Pick<CarbonPool, 'weight' | 'limits' | 'facts'>, { field, key }: Place): FieldValue {
  if (field === 'weight') return pool.weight ?? null;
  if (field === 'limits.cpu') return pool.limits?.['cpu'] ?? null;
  return itemOf(pool.facts.requirements, key)?.values ?? null;
}

/** The first item that lists values of a label. */
export function itemOf(requirements: readonly PoolRequirement[], key: string | undefined): PoolRequirement | undefined {
  return requirements.find((one) => one.key === key && one.operator === 'In');
}

/** The part of a spec that has this value in the field, the whole list of requirements with it; not for `null`. */
export function specWith({ facts }: Pick<CarbonPool, 'facts'>, { field, key }: Place, value: FieldValue): object {
  if (field === 'weight') return { weight: value };
  if (field === 'limits.cpu') return { limits: { cpu: value } };
  const item = itemOf(facts.requirements, key);
  const requirements = facts.requirements.map((one) => (one === item ? { ...one, values: value } : one));
  return { template: { spec: { requirements } } };
}

/** A merge patch of a spec after which the field is as it was before us. */
export function specBefore(pool: Pick<CarbonPool, 'facts' | 'limits'>, hold: Hold): object {
  if (hold.value !== null) return specWith(pool, hold, hold.value);
  if (hold.field === 'weight') return { weight: null };
  const isAlone = Object.keys(pool.limits ?? {}).every((resource) => resource === 'cpu');
  return { limits: hold.hadNoLimits && isAlone ? null : { cpu: null } };
}
