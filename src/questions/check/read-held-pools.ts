import { CARBON_BEFORE, CARBON_STATUS } from '../../capacity/pool-memory.ts';
import type { ApiClient } from '../../cluster/api-client.ts';
import type { KubeObject } from '../../cluster/kube-object.ts';
import { listIfKnown } from '../../cluster/list-watch.ts';
import { NODE_POOLS } from '../../cluster/node-pools.ts';
import type { WatchedResource } from '../../cluster/watched-resource.ts';
import type { HeldPool } from './facts.ts';

const HELD_POOLS: WatchedResource<HeldPool | undefined> = {
  ...NODE_POOLS,
  project: toHeldPool,
  differs: () => true,
};

/** All that are held; none where the cluster knows no NodePools. */
export async function listHeldPools(api: ApiClient, timeoutMs: number): Promise<readonly HeldPool[]> {
  const all = await listIfKnown(api, HELD_POOLS, timeoutMs);
  return all.filter((pool) => pool !== undefined);
}

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
