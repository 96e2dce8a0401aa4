import { parseQuantity } from '../units/quantity.ts';
import type { Container, Pod, Resources } from './pod.ts';

/** Amounts by resource: cores, bytes, pieces. */
export type Amounts = Readonly<Record<string, number>>;

/**
 * What kube-scheduler wants free on a node before it puts a pod there: of each resource the sum of containers and
 * restartable init containers (sidecars), or the largest init container with the sidecars before it if that is more, and
 * the overhead; what the pod says as a whole instead, where it does (KEP-753, KEP-2837).
 */
export function requestsOf({ spec }: Pod): Amounts {
  const running: Record<string, number> = {};
  const sidecars: Record<string, number> = {};
  const peak: Record<string, number> = {};
  for (const container of listed(spec?.containers)) add(running, container.resources);
  for (const container of listed(spec?.initContainers)) {
    if (container.restartPolicy === 'Always') add(sidecars, container.resources);
    else raise(peak, container.resources, sidecars);
  }
  for (const [resource, amount] of Object.entries(sidecars)) running[resource] = (running[resource] ?? 0) + amount;
  for (const [resource, amount] of Object.entries(peak)) running[resource] = Math.max(running[resource] ?? 0, amount);
  for (const [resource, amount] of amountsOf(spec?.resources)) running[resource] = amount;
  for (const [resource, amount] of amountsOf({ requests: spec?.overhead ?? null }))
    running[resource] = (running[resource] ?? 0) + amount;
  return running;
}

function add(sum: Record<string, number>, resources: Resources | null | undefined): void {
  for (const [resource, amount] of amountsOf(resources)) sum[resource] = (sum[resource] ?? 0) + amount;
}

function raise(peak: Record<string, number>, resources: Resources | null | undefined, sidecars: Amounts): void {
  for (const [resource, amount] of amountsOf(resources))
    peak[resource] = Math.max(peak[resource] ?? 0, amount + (sidecars[resource] ?? 0));
}

/** A limit without a request counts as the request, as the API server has it. What is no amount says nothing. */
function amountsOf(resources: Resources | null | undefined): readonly (readonly [string, number])[] {
  const { requests, limits } = resources ?? {};
  if (!requests && !limits) return NONE;
  return Object.entries({ ...limits, ...requests }).flatMap(([resource, quantity]) => {
    const amount = parseQuantity(quantity);
    return amount !== undefined && amount > 0 ? [[resource, amount] as const] : [];
  });
}

const NONE: readonly (readonly [string, number])[] = [];

/** Files hold what people write: a list may be none, and hold holes. */
function listed(containers: readonly (Container | null)[] | null | undefined): readonly Container[] {
  return Array.isArray(containers) ? containers.filter((container) => container !== null) : [];
}
