import type { Basis } from './basis.ts';
import { parseQuantity } from './quantity.ts';

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
 * What the scheduler itself assumes of a container without requests when it scores nodes: 100m and 200 MB
 * (`pkg/scheduler/util/pod_resources.go`, Kubernetes 1.35).
 */
const ASSUMED = { vcpu: 0.1, memoryBytes: 200 * 2 ** 20 };

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

/**
 * What the scheduler reserves for a pod: the sum of its containers and restartable init containers (sidecars), or the
 * largest init container with the sidecars before it if that is more, and the overhead (KEP-753). A limit without a
 * request counts as the request, as the API server has it.
 */
export function requestsOf(spec: RequestingSpec, defaults: DefaultRequests = {}): PodRequests {
  const cpu = reserved(spec, 'cpu', defaults.cpu, ASSUMED.vcpu);
  const memory = reserved(spec, 'memory', defaults.memory, ASSUMED.memoryBytes);
  const isKnown = cpu.isKnown && memory.isKnown;
  return { vcpu: cpu.amount, memoryGb: memory.amount / 1e9, basis: isKnown ? 'looked-up' : 'estimated' };
}

function reserved(spec: RequestingSpec, resource: 'cpu' | 'memory', fallback: unknown, assumed: number) {
  const overhead = parseQuantity(spec.overhead?.[resource]) ?? 0;
  const ofPod = written(spec.resources, resource);
  if (ofPod !== undefined) return { amount: ofPod + overhead, isKnown: true };
  const byDefault = parseQuantity(fallback);
  let isKnown = true;
  let running = 0;
  let sidecars = 0;
  let peak = 0;
  for (const container of spec.containers ?? []) {
    const amount = written(container.resources, resource) ?? byDefault;
    if (amount === undefined) isKnown = false;
    running += amount ?? assumed;
  }
  for (const container of spec.initContainers ?? []) {
    // One that says nothing is gone soon, or small beside the rest: it is not assumed to be more.
    const amount = written(container.resources, resource) ?? byDefault ?? 0;
    if (container.restartPolicy === 'Always') sidecars += amount;
    else peak = Math.max(peak, sidecars + amount);
  }
  return { amount: Math.max(running + sidecars, peak, sidecars) + overhead, isKnown };
}

function written(resources: Resources | null | undefined, resource: string): number | undefined {
  return parseQuantity(resources?.requests?.[resource]) ?? parseQuantity(resources?.limits?.[resource]);
}
