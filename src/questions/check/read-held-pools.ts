import { CARBON_BEFORE, CARBON_STATUS } from '../../capacity/pool-memory.ts';
import type { KubeObject } from '../../cluster/kube-object.ts';
import { NODE_POOLS } from '../../cluster/node-pools.ts';
import type { WatchedResource } from '../../cluster/watched-resource.ts';
import type { NodePoolFacts } from '../../regions/node-pool.ts';
import type { HeldPool } from './facts.ts';

/** NodePools: what nodes may come of each, and what gridgate changed in it, if anything. */
export const CHECKED_POOLS: WatchedResource<{ readonly facts: NodePoolFacts; readonly held: HeldPool | undefined }> = {
  ...NODE_POOLS,
  project: (object) => ({ facts: NODE_POOLS.project(object), held: toHeldPool(object) }),
  differs: () => true,
};

export function toHeldPool({ metadata: { name, annotations } }: KubeObject): HeldPool | undefined {
  const text = annotations?.[CARBON_BEFORE];
  if (text === undefined) return undefined;
  const { field, key, value = null } = parseMapping(text);
  if (typeof field !== 'string') return { name };
  const spec = isSingle(value) ? SPEC_OF[field]?.(value) : undefined;
  const metadata = { annotations: { [CARBON_BEFORE]: null, [CARBON_STATUS]: null } };
  return {
    name,
    field: typeof key === 'string' ? key : `spec.${field}`,
    value: JSON.stringify(value),
    ...(spec && { patch: JSON.stringify({ spec, metadata }) }),
  };
}

const SPEC_OF: Readonly<Record<string, (value: unknown) => object>> = {
  'limits.cpu': (cpu) => ({ limits: { cpu } }),
  weight: (weight) => ({ weight }),
};
const QUANTITY = /^[0-9A-Za-z.+-]{1,40}$/;

/** Whether a shell acts upon nothing in it. */
function isSingle(value: unknown): boolean {
  return value === null || typeof value === 'number' || (typeof value === 'string' && QUANTITY.test(value));
}

function parseMapping(text: string): Readonly<Record<string, unknown>> {
  try {
    return Object(JSON.parse(text));
  } catch {
    return {};
  }
}
