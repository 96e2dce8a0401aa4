import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import { pino } from 'pino';
import type { ApiClient } from '../../src/cluster/api-client.ts';
import { ApiError } from '../../src/cluster/api-error.ts';
import type { ApiWriter } from '../../src/cluster/api-writer.ts';
import type { KubeObject } from '../../src/cluster/kube-object.ts';
import type { UsageReading } from '../../src/cluster/pod-metrics.ts';
import {
  createRegionalAutoscaler,
  type RegionalAutoscalerDeps,
} from '../../src/controllers/regional-autoscaler/controller.ts';
import type { FollowedKind } from '../../src/controllers/workloads.ts';
import type { RegionView, Snapshot } from '../../src/regions/snapshot.ts';
import { type HorizontalAutoscaler, toHorizontalAutoscaler } from '../../src/scaling/horizontal-autoscaler.ts';
import type { PodUsage } from '../../src/scaling/pod-usage.ts';
import type { ScaledPod } from '../../src/scaling/scaled-pod.ts';
import { type ScaledWorkload, toScaledWorkload } from '../../src/scaling/scaled-workload.ts';
import type { CapacityMode } from '../../src/units/capacity-mode.ts';
import { makeSnapshot, NOW } from '../builders.ts';
import { DEFAULTS, GRIDS } from '../scaling/regional-world.ts';
import { type FakeClock, fakeClock } from './fake-clock.ts';

// biome-ignore lint/suspicious/noExplicitAny: objects of every kind; the assertion is the check
type Any = any;

export const RA_PATH = '/apis/gridgate.dev/v1alpha1/namespaces/shop/regionalautoscalers';
const DEPLOYMENTS_PATH = '/apis/apps/v1/namespaces/shop/deployments';
const HPAS_PATH = '/apis/autoscaling/v2/namespaces/shop/horizontalpodautoscalers';
const PATHS = { web: RA_PATH, deployment: DEPLOYMENTS_PATH, hpa: HPAS_PATH } as const;
type Kind = keyof typeof PATHS;
const pathOf = (kind: Kind, name: string, namespace = 'shop') =>
  `${PATHS[kind].replace('/shop/', `/${namespace}/`)}/${name}`;
const isOf = (kind: Kind, path: string) => path.includes(PATHS[kind].split('/shop').at(-1) ?? '');
const LIST = '/apis/gridgate.dev/v1alpha1/regionalautoscalers';

export type FakeRegional = ReturnType<typeof fakeRegional>;

/**
 * What of the API server RegionalAutoscalers are served by, with versions and generations, and what the watches show of it; what it cannot
 * show is shown on a real one (test/e2e/regional-autoscaler.e2e.ts).
 */
export function fakeRegional() {
  const objects = new Map<string, Any>();
  const shown = new Map<string, Any>();
  const watches = new Set<PassThrough>();
  /** `scale france 2`, `status web`, `bounds france 2-4`, `event ScaleUp`. */
  const writes: string[] = [];
  const events: { readonly reason: string; readonly note: string; readonly type: string; readonly name: string }[] = [];
  /** `GET` of single objects. */
  const reads: string[] = [];
  const world = {
    snapshot: makeSnapshot(GRIDS) as Snapshot,
    /** Millicores of each pod, which requests 100; absent: no metrics. */
    millicores: 50 as number | undefined,
    requests: true,
    becomesReady: true,
    /** Whether watches show what is written. */
    shows: true,
    admits: (_name: string) => true,
    /** Called before a write is taken; may write itself, or throw. */
    before: (_write: string): void => {},
    /** Called once it is stored, before its answer is sent. */
    after: (_write: string): void => {},
  };
  const listeners: Parameters<RegionalAutoscalerDeps['workloads']['follow']>[0][] = [];
  let version = 1;
  /** The write that is being stored. */
  let taken: string | undefined;

  function store(path: string, object: Any): Any {
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(++version) } };
    objects.set(path, stored);
    if (world.shows) show(path);
    const write = taken;
    taken = undefined;
    if (write !== undefined) world.after(write);
    return structuredClone(stored);
  }

  function show(path: string): void {
    const object = objects.get(path);
    shown.set(path, object);
    tellChange(isOf('hpa', path) ? 'horizontalAutoscalers' : 'deployments');
    if (!isOf('web', path)) return;
    for (const watch of watches) watch.write(`${JSON.stringify({ type: 'MODIFIED', object })}\n`);
  }

  function tellChange(kind: FollowedKind): void {
    for (const listener of listeners) listener(kind);
  }

  function read(path: string): Any {
    const found = objects.get(path);
    if (!found) throw new ApiError(`GET ${path}`, { code: 404 });
    return structuredClone(found);
  }

  function begin(write: string, path: string, body: Any): Any {
    world.before(write);
    const object = read(path);
    const { resourceVersion } = body.metadata ?? {};
    if (resourceVersion !== undefined && resourceVersion !== object.metadata.resourceVersion)
      throw new ApiError(`PATCH ${path}`, { code: 409 });
    writes.push(write);
    taken = write;
    return object;
  }

  const nameIn = (path: string) =>
    path
      .replace(/\/(scale|status)$/, '')
      .split('/')
      .at(-1) ?? '';
  const writer: Pick<ApiWriter, 'create' | 'apply' | 'mergePatch'> = {
    async create(_path, event: Any) {
      if (events.some(({ name }) => name === event.metadata.name)) throw new ApiError('POST', { code: 409 });
      world.before(`event ${event.reason}`);
      writes.push(`event ${event.reason}`);
      const { reason, note, type, metadata } = event;
      events.push({ reason, note, type, name: metadata.name });
      return event as KubeObject;
    },
    async apply(path, body: Any) {
      if (path.endsWith('/scale')) {
        const owner = path.slice(0, -'/scale'.length);
        const object = begin(`scale ${nameIn(path)} ${body.spec.replicas}`, owner, body);
        return store(owner, scaled(object, body.spec.replicas));
      }
      const { minReplicas, maxReplicas } = body.spec;
      const object = begin(`bounds ${nameIn(path)} ${minReplicas}-${maxReplicas}`, path, body);
      const metadata = {
        ...object.metadata,
        annotations: { ...object.metadata.annotations, ...body.metadata.annotations },
      };
      return store(path, { ...object, metadata, spec: { ...object.spec, ...body.spec } });
    },
    async mergePatch(path, patch: Any) {
      if (path.endsWith('/status')) {
        const owner = path.slice(0, -'/status'.length);
        const object = begin(`status ${nameIn(path)}`, owner, patch);
        return store(owner, { ...object, status: merged(object.status ?? {}, patch.status) });
      }
      const object = begin(
        patch.spec
          ? `bounds ${nameIn(path)} ${patch.spec.minReplicas}-${patch.spec.maxReplicas}`
          : `release ${nameIn(path)}`,
        path,
        patch,
      );
      const annotations = merged(object.metadata.annotations ?? {}, patch.metadata.annotations ?? {});
      return store(path, {
        ...object,
        metadata: { ...object.metadata, annotations },
        spec: { ...object.spec, ...patch.spec },
      });
    },
  };

  function scaled(object: Any, replicas: number): Any {
    const ready = world.becomesReady ? replicas : Math.min(object.status.readyReplicas, replicas);
    const metadata = {
      ...object.metadata,
      generation: object.metadata.generation + Number(object.spec.replicas !== replicas),
    };
    return { ...object, metadata, spec: { ...object.spec, replicas }, status: { readyReplicas: ready } };
  }

  const api: ApiClient = {
    async get(path) {
      if (path !== LIST) {
        reads.push(path);
        return read(path);
      }
      const items = [...objects].filter(([at]) => isOf('web', at)).map(([, object]) => object);
      return { metadata: { resourceVersion: String(version) }, items };
    },
    async open(_path, { signal }) {
      const stream = new PassThrough();
      watches.add(stream);
      signal?.addEventListener('abort', () => stream.destroy(signal.reason));
      stream.on('error', () => {});
      stream.on('close', () => watches.delete(stream));
      return stream as unknown as IncomingMessage;
    },
    send: () => Promise.reject(new Error('a read was planned')),
    close() {},
  };

  const projections = new Map<Any, Any>();
  /** The same projection while the object is the same, as the watches keep it. */
  function project<T>(object: Any, to: (object: Any) => T): T {
    if (!projections.has(object)) projections.set(object, to(object));
    return projections.get(object);
  }
  const shownOf = (kind: Kind) => [...shown].filter(([at]) => isOf(kind, at)).map(([, object]) => object);
  const deployments = () =>
    shownOf('deployment').map((one) =>
      project<ScaledWorkload>(one, (object) => toScaledWorkload('Deployment', object)),
    );
  const workloads: RegionalAutoscalerDeps['workloads'] = {
    synced: () => true,
    deployments,
    horizontalAutoscalers: () =>
      shownOf('hpa').map((one) => project<HorizontalAutoscaler>(one, toHorizontalAutoscaler)),
    pods: () => deployments().flatMap(podsOf),
    usages: async () => usages(),
    follow: (listener) => void listeners.push(listener),
  };

  function podsOf({ namespace, name, replicas, readyReplicas }: ScaledWorkload): readonly ScaledPod[] {
    const requests = { vcpu: 0.1, memoryGb: 0.1, basis: 'looked-up' } as const;
    return Array.from({ length: replicas }, (_, i) => ({
      ...{
        namespace,
        name: `${name}-${i}`,
        workload: { kind: 'Deployment', name },
        node: 'n',
        isEnding: false,
        createdAt: NOW,
      },
      isReady: i < readyReplicas,
      requests,
      ...(world.requests && { requestedVcpu: 0.1 }),
    }));
  }

  function usages(): UsageReading {
    const { millicores } = world;
    if (millicores === undefined)
      return { problem: 'metrics.k8s.io tells no usage: it is not installed; gridgate needs metrics-server' };
    const pods = [...workloads.pods()].map(({ namespace, name }): [string, PodUsage] => [
      `${namespace}/${name}`,
      { vcpu: millicores / 1_000, memoryGb: 0, measuredAt: NOW },
    ]);
    return { usages: new Map(pods) };
  }

  return {
    api,
    writer,
    workloads,
    writes,
    reads,
    events,
    world,
    of: (kind: Kind, name: string, namespace?: string): Any => read(pathOf(kind, name, namespace)),
    counts: () =>
      Object.fromEntries(
        [...objects]
          .filter(([at]) => at.startsWith(DEPLOYMENTS_PATH))
          .map(([, { metadata, spec }]) => [metadata.name, spec.replicas]),
      ),
    addDeployment(name: string, replicas: number, namespace = 'shop') {
      const metadata = { name, namespace, uid: `uid-${namespace}-${name}`, generation: 1 };
      store(pathOf('deployment', name, namespace), {
        metadata,
        spec: { replicas, template: { metadata: { labels: { app: name } }, spec: {} } },
        status: { readyReplicas: replicas },
      });
    },
    addHpa(
      name: string,
      min: number,
      max: number,
      annotations: Record<string, string> = {},
      namespace = 'shop',
      apiVersion = 'apps/v1',
    ) {
      const uid = `hpa-${namespace}-${name}-${version}`;
      const metadata = { name, namespace, uid, managedFields: [], annotations };
      store(pathOf('hpa', name, namespace), {
        metadata,
        spec: { scaleTargetRef: { apiVersion, kind: 'Deployment', name }, minReplicas: min, maxReplicas: max },
      });
    },
    addAutoscaler(name: string, spec: object, annotations: Record<string, string> = {}, namespace = 'shop') {
      const creationTimestamp = new Date(NOW + version * 1_000).toISOString();
      const uid = `ra-${namespace}-${name}`;
      const metadata = { name, namespace, uid, generation: 1, creationTimestamp, annotations };
      store(pathOf('web', name, namespace), { metadata, spec });
    },
    respec(name: string, spec: object) {
      const object = read(`${RA_PATH}/${name}`);
      store(`${RA_PATH}/${name}`, {
        ...object,
        metadata: { ...object.metadata, generation: object.metadata.generation + 1 },
        spec,
      });
    },
    scaleByHand(name: string, replicas: number) {
      store(`${DEPLOYMENTS_PATH}/${name}`, scaled(read(`${DEPLOYMENTS_PATH}/${name}`), replicas));
    },
    boundsByHand(name: string, min: number, max: number) {
      const object = read(`${HPAS_PATH}/${name}`);
      store(`${HPAS_PATH}/${name}`, { ...object, spec: { ...object.spec, minReplicas: min, maxReplicas: max } });
    },
    annotateHpa(name: string, key: string, value: string) {
      const object = read(`${HPAS_PATH}/${name}`);
      store(`${HPAS_PATH}/${name}`, { ...object, metadata: { ...object.metadata, annotations: { [key]: value } } });
    },
    has: (kind: Kind, name: string) => objects.has(`${PATHS[kind]}/${name}`),
    annotate(name: string, annotations: Readonly<Record<string, string>>) {
      const object = read(`${RA_PATH}/${name}`);
      store(`${RA_PATH}/${name}`, { ...object, metadata: { ...object.metadata, annotations } });
    },
    /** A status update of somebody else: another version of the same. */
    touch: (name: string) => void store(`${DEPLOYMENTS_PATH}/${name}`, read(`${DEPLOYMENTS_PATH}/${name}`)),
    remove(kind: Kind, name: string) {
      const path = `${PATHS[kind]}/${name}`;
      const object = objects.get(path);
      objects.delete(path);
      shown.delete(path);
      if (kind === 'web') for (const watch of watches) watch.write(`${JSON.stringify({ type: 'DELETED', object })}\n`);
    },
    showAll() {
      world.shows = true;
      for (const path of objects.keys()) show(path);
    },
    tellChange,
    regions(grids: Readonly<Record<string, number>> | readonly RegionView[]) {
      world.snapshot = makeSnapshot(grids);
    },
  };
}

/** A leader: its controller over that cluster, with a clock of its own. */
export function lead(
  fake: FakeRegional,
  {
    mode = 'on',
    clock = fakeClock(),
    now = () => NOW + clock.now(),
  }: {
    readonly mode?: CapacityMode | (() => CapacityMode);
    readonly clock?: FakeClock;
    readonly now?: () => number;
  } = {},
) {
  const controller = createRegionalAutoscaler({
    api: fake.api,
    writer: fake.writer,
    workloads: fake.workloads,
    snapshot: () => fake.world.snapshot,
    ownNamespace: 'gridgate-system',
    wouldRunIn: (pod) => fake.world.admits(pod.metadata?.labels?.['app'] ?? ''),
    defaults: DEFAULTS,
    mode: typeof mode === 'function' ? mode : () => mode,
    instance: 'test',
    now,
    log: pino({ level: 'silent' }),
    clock,
  });
  controller.start();
  return {
    clock,
    controller,
    /** So many seconds pass. */
    pass: (seconds: number) => clock.advance(seconds * 1_000),
    stop: controller.stop,
    metric: (name: string) =>
      [...(controller.metrics?.find((one) => one.name === name)?.read() ?? [])].map(
        ([labels, value]) => `${Object.values(labels).join(' ')} ${value}`,
      ),
  };
}

function merged(target: Any, patch: Any): Any {
  const next = { ...target };
  for (const [key, value] of Object.entries<Any>(patch)) {
    if (value === null) delete next[key];
    else next[key] = typeof value === 'object' && !Array.isArray(value) ? merged(next[key] ?? {}, value) : value;
  }
  return next;
}
