import { isDeepStrictEqual } from 'node:util';
import { CARBON_BEFORE, CARBON_STATUS } from '../../capacity/pool-memory.ts';
import type { KubeObject } from '../../cluster/kube-object.ts';
import { handBack } from '../field-owners.ts';
import {
  type CarbonPool,
  NODE_POOLS_MANAGER,
  type NodePoolObject,
  pathOf,
  specBefore,
  specWith,
  toCarbonPool,
  valueIn,
} from './carbon-pool.ts';
import { formatHold, type Hold } from './hold.ts';
import type { Step } from './plan.ts';
import { formatStatus, type PoolStatus } from './pool-status.ts';

/** As the pool was when it was decided: another write in between is a 409. */
type Written = Pick<KubeObject['metadata'], 'name' | 'uid' | 'resourceVersion'>;

/** The body of a server-side apply: all that is ours of the pool from then on, in one write. */
export function applyBody(
  metadata: Written,
  pool: Pick<CarbonPool, 'facts'>,
  { status, hold, isFieldOurs }: Extract<Step, { readonly kind: 'apply' }>,
): object {
  const { name, uid, resourceVersion } = metadata;
  const annotations = {
    [CARBON_STATUS]: formatStatus(status),
    ...(hold && { [CARBON_BEFORE]: formatHold(hold) }),
  };
  return {
    apiVersion: 'karpenter.sh/v1',
    kind: 'NodePool',
    metadata: { name, uid, resourceVersion, annotations },
    ...(hold && isFieldOurs && { spec: specWith(pool, hold, hold.wrote) }),
  };
}

/** A merge patch of a NodePool. */
export interface PoolPatch {
  readonly metadata: object;
  readonly spec?: object;
}

/** A merge patch that puts back what the owner had. Nothing is forgotten yet: whoever is killed now leaves enough to go on from. */
export function putBackPatch(object: KubeObject, hold: Hold, status: PoolStatus | undefined): PoolPatch {
  const { resourceVersion } = object.metadata;
  const annotations = status && { [CARBON_STATUS]: formatStatus(status) };
  return {
    metadata: { resourceVersion, ...(annotations && { annotations }) },
    spec: specBefore(toCarbonPool(object), hold),
  };
}

/**
 * A merge patch that takes away all that is ours. A write of a value makes its writer the owner, whoever it was before: so the fields
 * are given back to their owners by themselves, once the value stands there.
 */
export function releasePatch(object: KubeObject, hold: Hold | undefined, status: PoolStatus | undefined): PoolPatch {
  const { resourceVersion, managedFields = [] } = (object as NodePoolObject).metadata;
  const isBack = hold !== undefined && isDeepStrictEqual(valueIn(toCarbonPool(object), hold), hold.value);
  const owners = isBack ? hold.owners : [];
  const path = hold ? pathOf(hold.field) : [];
  return {
    metadata: {
      resourceVersion,
      managedFields: handBack(managedFields, path, owners, NODE_POOLS_MANAGER),
      annotations: { [CARBON_BEFORE]: null, [CARBON_STATUS]: status ? formatStatus(status) : null },
    },
  };
}
