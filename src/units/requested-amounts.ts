import { parseQuantity } from './quantity.ts';

/** Amounts by resource: cores, bytes, pieces. */
export type Amounts = Readonly<Record<string, number>>;

interface Resources {
  readonly requests?: Readonly<Record<string, unknown>> | null;
  readonly limits?: Readonly<Record<string, unknown>> | null;
}

export interface RequestingContainer {
  readonly resources?: Resources | null;
  readonly restartPolicy?: string;
}

export interface RequestingSpec {
  readonly containers?: readonly RequestingContainer[] | null;
  readonly initContainers?: readonly RequestingContainer[] | null;
  readonly overhead?: Readonly<Record<string, unknown>> | null;
  /** Of the pod as a whole. */
  readonly resources?: Resources | null;
}

/** What a quantity says; below 0 or `undefined`: nothing. */
type ReadAmount = (quantity: unknown) => number | undefined;

/**
 * What Kubernetes reserves for a pod (`PodRequests` of component-helpers after `SetDefaults_Pod`, Kubernetes 1.34), each
 * resource by itself; one of which nothing is reserved is left out.
 *
 * | of                                     | counts                                                                   |
 * | -------------------------------------- | ------------------------------------------------------------------------ |
 * | a container, the pod as a whole        | its request; where it has none, its limit                                |
 * | containers and sidecars                | their sum; sidecars are init containers that restart always (KEP-753)    |
 * | any other init container               | itself with the sidecars before it, where that is more than that sum     |
 * | the pod as a whole (KEP-2837)          | its request instead; its limit only where no container requests anything |
 * | the overhead                           | on top                                                                   |
 */
export function sumRequests(spec: RequestingSpec, read: ReadAmount = parseQuantity): Amounts {
  const running: Record<string, number> = {};
  for (const { resources } of listed(spec.containers)) add(running, resources, read);
  if (spec.initContainers) addInitial(running, listed(spec.initContainers), read);
  if (spec.resources) setWhole(running, spec, spec.resources, read);
  if (spec.overhead) add(running, { requests: spec.overhead }, read);
  return running;
}

/** What is requested of one resource, 0 included; `undefined` where nothing is said of it, or nothing that makes sense. */
export function requestIn(
  resources: Resources | null | undefined,
  resource: string,
  read: ReadAmount = parseQuantity,
): number | undefined {
  const { requests, limits } = resources ?? {};
  const amount = read((requests && Object.hasOwn(requests, resource) ? requests : limits)?.[resource]);
  return amount !== undefined && amount >= 0 ? amount : undefined;
}

/** Files hold what people write: a list may be none, and hold holes. */
export function listed(containers: RequestingSpec['containers']): readonly RequestingContainer[] {
  return Array.isArray(containers) ? containers.map((container) => container ?? NO_CONTAINER) : NONE;
}

const NO_CONTAINER: RequestingContainer = {};
const NONE: readonly RequestingContainer[] = [];

function addInitial(
  running: Record<string, number>,
  containers: readonly RequestingContainer[],
  read: ReadAmount,
): void {
  const sidecars: Record<string, number> = {};
  const peak: Record<string, number> = {};
  for (const { restartPolicy, resources } of containers) {
    if (restartPolicy === 'Always') add(sidecars, resources, read);
    else raise(peak, resources, sidecars, read);
  }
  for (const [resource, amount] of Object.entries(sidecars)) running[resource] = (running[resource] ?? 0) + amount;
  for (const [resource, amount] of Object.entries(peak)) running[resource] = Math.max(running[resource] ?? 0, amount);
}

function setWhole(
  running: Record<string, number>,
  { containers, initContainers }: RequestingSpec,
  whole: Resources,
  read: ReadAmount,
): void {
  const all = [...listed(containers), ...listed(initContainers)];
  const { requests } = whole;
  eachAmount(whole, read, (resource, amount) => {
    const isRequest = requests != null && Object.hasOwn(requests, resource);
    if (!isRequest && all.some(({ resources }) => requestIn(resources, resource, read) !== undefined)) return;
    if (amount > 0) running[resource] = amount;
    else delete running[resource];
  });
}

function add(sum: Record<string, number>, resources: Resources | null | undefined, read: ReadAmount): void {
  eachAmount(resources, read, (resource, amount) => {
    if (amount > 0) sum[resource] = (sum[resource] ?? 0) + amount;
  });
}

function raise(
  peak: Record<string, number>,
  resources: Resources | null | undefined,
  sidecars: Amounts,
  read: ReadAmount,
): void {
  eachAmount(resources, read, (resource, amount) => {
    if (amount > 0) peak[resource] = Math.max(peak[resource] ?? 0, amount + (sidecars[resource] ?? 0));
  });
}

/** What is no amount says nothing. */
function eachAmount(
  resources: Resources | null | undefined,
  read: ReadAmount,
  take: (resource: string, amount: number) => void,
): void {
  const { requests, limits } = resources ?? {};
  const tell = (resource: string, quantity: unknown) => {
    const amount = read(quantity);
    if (amount !== undefined && amount >= 0) take(resource, amount);
  };
  for (const resource in requests) tell(resource, requests[resource]);
  for (const resource in limits) if (!requests || !Object.hasOwn(requests, resource)) tell(resource, limits[resource]);
}
