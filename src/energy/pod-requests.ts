import { parseQuantity } from '../units/quantity.ts';
import {
  listed,
  type RequestingContainer,
  type RequestingSpec,
  requestIn,
  sumRequests,
} from '../units/requested-amounts.ts';
import type { Basis } from './basis.ts';

export interface PodRequests {
  readonly vcpu: number;
  /** 10^9 bytes. */
  readonly memoryGb: number;
  /** `looked-up` when the pod (or its LimitRange) says both; `estimated` when one had to be assumed. */
  readonly basis: Basis;
}

/** Above what any machine has: whoever binds a pod without the scheduler can ask for anything. */
const MOST = { vcpu: 10_000, memoryGb: 1_000_000 };

export function fitsAMachine({ vcpu, memoryGb }: Pick<PodRequests, 'vcpu' | 'memoryGb'>): boolean {
  return vcpu <= MOST.vcpu && memoryGb <= MOST.memoryGb;
}

/** The default requests of a namespace's LimitRange, for containers that say nothing. */
export interface DefaultRequests {
  readonly cpu?: unknown;
  readonly memory?: unknown;
}

/**
 * What the scheduler itself assumes of a container without requests when it scores nodes: 100m and 200 MiB
 * (`pkg/scheduler/util/pod_resources.go`, Kubernetes 1.35).
 */
const ASSUMED = { cpu: 0.1, memory: 200 * 2 ** 20 };
const COUNTED = ['cpu', 'memory'] as const;
type Counted = (typeof COUNTED)[number];

/**
 * What Kubernetes reserves for a pod, once containers that say nothing have what their LimitRange gives them, else what is
 * assumed: they do draw power. An init container is assumed to need no more than those that stay, as it is gone soon.
 */
export function requestsOf(spec: RequestingSpec, defaults: DefaultRequests = {}): PodRequests {
  const containers = listed(spec.containers);
  const initContainers = listed(spec.initContainers);
  // The API server makes a request of the pod as a whole out of what containers request; who requests nothing counts as nothing.
  const open = COUNTED.filter((resource) => !isSaid(spec, resource));
  const stays = [...containers, ...initContainers.filter(isSidecar)];
  const isKnown =
    open.length === 0 ||
    (containers.length > 0 &&
      open.every((resource) =>
        stays.every((one) => isSaid(one, resource) || amountIn(defaults, resource) !== undefined),
      ));
  const fill = (one: RequestingContainer, isAssumed: boolean) => filledIn(one, open, defaults, isAssumed);
  const { cpu: vcpu = 0, memory = 0 } = sumRequests({
    ...spec,
    containers: containers.map((one) => fill(one, true)),
    initContainers: initContainers.map((one) => fill(one, isSidecar(one))),
  });
  return { vcpu, memoryGb: memory / 1e9, basis: isKnown ? 'looked-up' : 'estimated' };
}

function filledIn(
  container: RequestingContainer,
  open: readonly Counted[],
  defaults: DefaultRequests,
  isAssumed: boolean,
): RequestingContainer {
  const silent = open.filter((resource) => !isSaid(container, resource));
  if (silent.length === 0) return container;
  const given = silent.map((resource) => [
    resource,
    amountIn(defaults, resource) ?? (isAssumed ? ASSUMED[resource] : undefined),
  ]);
  const { resources } = container;
  return {
    ...container,
    resources: { ...resources, requests: { ...resources?.requests, ...Object.fromEntries(given) } },
  };
}

function isSidecar({ restartPolicy }: RequestingContainer): boolean {
  return restartPolicy === 'Always';
}

/** Whether a container, or a pod as a whole, requests something of a resource, 0 included. */
function isSaid({ resources }: Pick<RequestingContainer, 'resources'>, resource: Counted): boolean {
  return requestIn(resources, resource) !== undefined;
}

function amountIn(defaults: DefaultRequests, resource: Counted): number | undefined {
  const amount = parseQuantity(defaults[resource]);
  return amount !== undefined && amount >= 0 ? amount : undefined;
}
