import { parseQuantity } from '../units/quantity.ts';
import type { Basis } from './basis.ts';

/** What a pod reserves. */
export interface PodRequests {
  readonly vcpu: number;
  /** 10^9 bytes. */
  readonly memoryGb: number;
  /** `looked-up` when the pod (or its LimitRange) says both; `estimated` when one had to be assumed. */
  readonly basis: Basis;
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

interface Resources {
  readonly requests?: Readonly<Record<string, unknown>> | null;
  readonly limits?: Readonly<Record<string, unknown>> | null;
}

interface Container {
  readonly resources?: Resources | null;
  readonly restartPolicy?: string;
}

/** The parts of a pod's spec that say what it reserves. */
export interface RequestingSpec {
  readonly containers?: readonly Container[] | null;
  readonly initContainers?: readonly Container[] | null;
  readonly overhead?: Readonly<Record<string, unknown>> | null;
  /** Of the pod as a whole (Kubernetes 1.34); where given it counts instead of its containers'. */
  readonly resources?: Resources | null;
}

/** One resource of all containers, in cores or bytes. */
interface Sum {
  readonly amount: number;
  /** Whether nothing had to be assumed. */
  readonly isKnown: boolean;
}

/**
 * What the scheduler reserves for a pod: the sum of its containers and restartable init containers (sidecars), or the
 * largest init container with the sidecars before it if that is more, and the overhead (KEP-753); what the pod says as a
 * whole instead, where it does (KEP-2837). A limit without a request counts as the request, as the API server has it.
 */
export function requestsOf(spec: RequestingSpec, defaults: DefaultRequests = {}): PodRequests {
  const cpu = reserved(spec, 'cpu', defaults.cpu);
  const memory = reserved(spec, 'memory', defaults.memory);
  const isKnown = cpu.isKnown && memory.isKnown;
  return { vcpu: cpu.amount, memoryGb: memory.amount / 1e9, basis: isKnown ? 'looked-up' : 'estimated' };
}

function reserved(spec: RequestingSpec, resource: 'cpu' | 'memory', fallback: unknown): Sum {
  const overhead = amountOf(spec.overhead?.[resource]) ?? 0;
  const ofPod = amountOf(spec.resources?.requests?.[resource]) ?? podLimit(spec, resource);
  if (ofPod !== undefined) return { amount: ofPod + overhead, isKnown: true };
  // The API server makes a pod-level request out of what containers request; then who requests nothing counts as nothing.
  const isCapped = amountOf(spec.resources?.limits?.[resource]) !== undefined;
  const unwritten = isCapped ? 0 : amountOf(fallback);
  const { amount, isKnown } = sumUp(spec, (container) => written(container, resource) ?? unwritten, ASSUMED[resource]);
  return { amount: amount + overhead, isKnown };
}

function sumUp(spec: RequestingSpec, read: (container: Container) => number | undefined, assumed: number): Sum {
  const containers = listed(spec.containers);
  let isKnown = containers.length > 0;
  let running = 0;
  let sidecars = 0;
  let peak = 0;
  const add = (container: Container) => {
    const amount = read(container);
    if (amount === undefined) isKnown = false;
    return amount ?? assumed;
  };
  for (const container of containers) running += add(container);
  for (const container of listed(spec.initContainers)) {
    if (container.restartPolicy === 'Always') sidecars += add(container);
    // One that says nothing is gone soon: it is not assumed to need more than those that stay.
    else peak = Math.max(peak, sidecars + (read(container) ?? 0));
  }
  return { amount: Math.max(running + sidecars, peak), isKnown };
}

/** The pod-level limit is its request only where no container requests anything (`defaultPodRequests`, Kubernetes 1.34). */
function podLimit(spec: RequestingSpec, resource: string): number | undefined {
  const all = [...listed(spec.containers), ...listed(spec.initContainers)];
  const isRequested = all.some((container) => written(container, resource) !== undefined);
  return isRequested ? undefined : amountOf(spec.resources?.limits?.[resource]);
}

function written({ resources }: Container, resource: string): number | undefined {
  return amountOf(resources?.requests?.[resource]) ?? amountOf(resources?.limits?.[resource]);
}

/** The API server refuses negative amounts: they say nothing. */
function amountOf(quantity: unknown): number | undefined {
  const amount = parseQuantity(quantity);
  return amount !== undefined && amount >= 0 ? amount : undefined;
}

/** Files hold what people write: a list may be none, and hold holes. */
function listed(containers: readonly Container[] | null | undefined): readonly Container[] {
  return Array.isArray(containers) ? containers.map((container) => container ?? {}) : [];
}
