import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import { pino } from 'pino';
import type { ApiClient } from '../../src/cluster/api-client.ts';
import { ApiError } from '../../src/cluster/api-error.ts';
import type { KubeObject } from '../../src/cluster/kube-object.ts';
import { type CarbonBudgetsDeps, createCarbonBudgets } from '../../src/controllers/carbon-budgets/controller.ts';
import { parsePolicy } from '../../src/decision/policy-annotations.ts';
import type { PodPower } from '../../src/scaling/component-carbon.ts';
import { toHorizontalAutoscaler } from '../../src/scaling/horizontal-autoscaler.ts';
import { usageKey } from '../../src/scaling/pod-usage.ts';
import type { ScaledPod } from '../../src/scaling/scaled-pod.ts';
import { toScaledWorkload } from '../../src/scaling/scaled-workload.ts';
import type { CapacityMode } from '../../src/units/capacity-mode.ts';
import { makeNode, makeSnapshot, NOW, prefixed } from '../builders.ts';
import { fakeClock } from './fake-clock.ts';

// biome-ignore lint/suspicious/noExplicitAny: objects of any kind, as the API server keeps them
export type Stored = Record<string, any>;

export const LOOP_MS = 30_000;
const STATUS = 'gridgate.dev/budget-status';
/** Of the node that all pods run on. */
const REGION = 'eu';
const GRAMS = 200;

export interface WorkloadParts {
  readonly kind?: 'Deployment' | 'StatefulSet';
  readonly namespace?: string;
  readonly replicas?: number;
  /** Without their prefix. */
  readonly annotations?: Readonly<Record<string, string>>;
  readonly podClass?: string | undefined;
  /** Of each of its pods. */
  readonly watts?: number;
}

/**
 * An API server with workloads and autoscalers that takes writes as the real one does: for the version they were made for alone, of
 * annotations through `/status` and of replicas through `/scale`. Every workload has as many pods as it asks for, at once.
 */
export function clusterOfBudgets() {
  const clock = fakeClock();
  const objects = new Map<string, Stored>();
  const watts = new Map<string, number>();
  const events: { reason: string; note: string; type: string; about: string; name: string }[] = [];
  const writes: string[] = [];
  const logged: Stored[] = [];
  const listeners = new Set<() => void>();
  const watches = new Set<PassThrough>();
  const world = {
    mode: 'on' as CapacityMode,
    namespaces: new Map<string, Record<string, string>>(),
    setAheadMs: 0,
    /** Why nobody knows what pods draw. */
    problem: undefined as string | undefined,
    /** Pods of which nobody knows the region. */
    strays: 0,
    holdCycles: 3,
    /** The status of an answer, or no answer at all. */
    refuse: (_what: string): number | 'no answer' | undefined => undefined,
    /** Before an answer: what somebody else does meanwhile. */
    meanwhile: (_what: string): void => {},
    /** After a write was done, and before anybody hears of it. */
    afterwards: (_what: string): void => {},
  };
  let versions = 1;
  let isHeldBack = false;
  let shown: Stored[] = [];

  const now = () => NOW + world.setAheadMs + clock.now();
  const keyOf = (path: string) => path.replace(/\/(status|scale)$/, '');

  function show(): void {
    if (isHeldBack) return;
    shown = [...objects.values()].map((one) => structuredClone(one));
    for (const tell of listeners) tell();
  }

  function store(path: string, change: (object: Stored) => void): Stored {
    const object = structuredClone(objects.get(path) ?? {});
    const before = JSON.stringify(object['spec']);
    change(object);
    object['metadata'].resourceVersion = String(++versions);
    if (JSON.stringify(object['spec']) !== before)
      object['metadata'].generation = (object['metadata'].generation ?? 0) + 1;
    objects.set(path, object);
    show();
    for (const watch of watches)
      if (path.includes('/regionalautoscalers/')) watch.write(`${JSON.stringify({ type: 'MODIFIED', object })}\n`);
    return structuredClone(object);
  }

  function begin(what: string, path: string, body: Stored): void {
    world.meanwhile(what);
    const code = world.refuse(what);
    if (code === 'no answer') throw new Error('connect ECONNREFUSED');
    if (code !== undefined) throw new ApiError(what, { code });
    const object = objects.get(keyOf(path));
    if (!object) throw new ApiError(what, { code: 404 });
    const version = body['metadata']?.resourceVersion;
    if (version !== undefined && version !== object['metadata'].resourceVersion)
      throw new ApiError(what, { code: 409 });
    writes.push(what);
  }

  const nameIn = (path: string) => keyOf(path).split('/').at(-1);
  const partOf = (path: string) => /\/(status|scale)$/.exec(path)?.[1] ?? 'spec';

  const writer: CarbonBudgetsDeps['writer'] = {
    async create(path, body) {
      const event = body as Stored;
      const code = world.refuse(`create ${event['reason']}`);
      if (code !== undefined) throw new ApiError(path, { code: Number(code) });
      if (events.some(({ name }) => name === event['metadata'].name)) throw new ApiError(path, { code: 409 });
      const { reason, note, type, regarding, metadata } = event;
      events.push({ reason, note, type, about: `${regarding.kind} ${regarding.name}`, name: metadata.name });
      return body as KubeObject;
    },
    async apply(path, body) {
      const what = `scale ${nameIn(path)}`;
      begin(what, path, body as Stored);
      if (!path.endsWith('/scale')) throw new ApiError(what, { code: 403 });
      const done = store(keyOf(path), (object) => {
        object['spec'].replicas = (body as Stored)['spec'].replicas;
      });
      world.afterwards(what);
      return done as unknown as KubeObject;
    },
    async mergePatch(path, body) {
      const patch = body as Stored;
      const what = `${partOf(path)} ${nameIn(path)}`;
      begin(what, path, patch);
      const done = store(keyOf(path), (object) => {
        annotate(object, patch['metadata'].annotations ?? {});
        if (partOf(path) === 'spec') Object.assign(object['spec'], patch['spec'] ?? {});
      });
      world.afterwards(what);
      return done as unknown as KubeObject;
    },
  };

  const api: ApiClient = {
    async get(path) {
      if (path.endsWith('/regionalautoscalers'))
        return { metadata: { resourceVersion: String(versions) }, items: ofKind('RegionalAutoscaler') };
      const object = objects.get(path);
      if (!object) throw new ApiError(`GET ${path}`, { code: 404 });
      return structuredClone(object);
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

  const ofKind = (kind: string, all: Iterable<Stored> = objects.values()) =>
    [...all].filter((one) => one['kind'] === kind);
  const pathOf = (kind: string, namespace: string, name: string) => {
    const [group, plural] = PLACES[kind] ?? [];
    return `/apis/${group}/namespaces/${namespace}/${plural}/${name}`;
  };

  function put(kind: string, namespace: string, name: string, object: Stored): void {
    store(pathOf(kind, namespace, name), (stored) => {
      Object.assign(stored, {
        kind,
        ...object,
        metadata: { name, namespace, uid: `uid-${kind}-${namespace}-${name}`, generation: 0, ...object['metadata'] },
      });
    });
  }

  function pods(): ScaledPod[] {
    const all = [...ofKind('Deployment', shown), ...ofKind('StatefulSet', shown)];
    return all.flatMap(({ kind, metadata: { namespace, name }, spec }) =>
      Array.from({ length: spec.replicas }, (_, i) => ({
        namespace,
        name: `${name}-${i}`,
        workload: { kind, name },
        node: i < world.strays ? 'nowhere' : 'n1',
        isReady: true,
        isEnding: false,
        createdAt: NOW,
        requests: { vcpu: 1, memoryGb: 1, basis: 'looked-up' as const },
      })),
    );
  }

  const running: ReturnType<typeof createCarbonBudgets>[] = [];
  const snapshot = makeSnapshot({ [REGION]: GRAMS }, { nodes: [makeNode('n1', REGION), makeNode('nowhere')] });

  return {
    clock,
    world,
    objects,
    events,
    writes,
    logged,
    api,
    writer,
    now,
    /** A controller that leads, after its first round. */
    async lead(): Promise<ReturnType<typeof createCarbonBudgets>> {
      const controller = createCarbonBudgets({
        api,
        writer,
        workloads: {
          synced: () => true,
          pods,
          deployments: () => ofKind('Deployment', shown).map((one) => toScaledWorkload('Deployment', one as never)),
          statefulSets: () => ofKind('StatefulSet', shown).map((one) => toScaledWorkload('StatefulSet', one as never)),
          horizontalAutoscalers: () =>
            ofKind('HorizontalPodAutoscaler', shown).map((one) => toHorizontalAutoscaler(one as never)),
          follow: (listener) => void listeners.add(() => listener('deployments')),
        },
        namespaces: () =>
          Array.from(world.namespaces, ([name, annotations]) => ({
            name,
            resourceVersion: '1',
            annotations: prefixed(annotations),
            managed: true,
          })),
        ownNamespace: 'gridgate-system',
        policyOf: ({ annotations }) => parsePolicy(annotations).policy,
        snapshot: () => snapshot,
        settings: () => ({ holdCycles: world.holdCycles, loopMs: LOOP_MS }),
        async readPower(all) {
          if (world.problem !== undefined) return { problem: world.problem };
          const power: PodPower = new Map(
            Array.from(all, ({ namespace, name, workload }) => [
              usageKey(namespace, name),
              { watts: watts.get(`${namespace}/${workload?.name}`) ?? 0, how: 'pod' as const },
            ]),
          );
          return { power, source: 'measured: Kepler' };
        },
        mode: () => world.mode,
        instance: 'gridgate-1',
        now,
        log: pino({ level: 'info' }, { write: (line: string) => void logged.push(JSON.parse(line)) }),
        clock,
      });
      running.push(controller);
      controller.start();
      await clock.advance(5_000);
      return controller;
    },
    async stopAll(): Promise<void> {
      await Promise.all(running.splice(0).map((one) => one.stop()));
      listeners.clear();
    },
    /** Lets so many looks pass. */
    loops: (count: number) => clock.advance(count * LOOP_MS),
    workload(name: string, parts: WorkloadParts = {}): void {
      const { kind = 'Deployment', namespace = 'shop', replicas = 5, annotations = {}, podClass = 'flexible' } = parts;
      watts.set(`${namespace}/${name}`, parts.watts ?? 100);
      put(kind, namespace, name, {
        metadata: { annotations: prefixed(annotations) },
        spec: {
          replicas,
          template: { metadata: { annotations: podClass === '' ? {} : prefixed({ class: podClass }) } },
        },
      });
    },
    setWatts: (name: string, each: number, namespace = 'shop') => void watts.set(`${namespace}/${name}`, each),
    horizontal(name: string, target: string, min: number, max: number, kind = 'Deployment'): void {
      put('HorizontalPodAutoscaler', 'shop', name, {
        spec: { scaleTargetRef: { kind, name: target }, minReplicas: min, maxReplicas: max },
      });
    },
    regional(name: string, targets: readonly object[]): void {
      put('RegionalAutoscaler', 'shop', name, { spec: { targets } });
    },
    remove(kind: string, name: string, namespace = 'shop'): void {
      const object = objects.get(pathOf(kind, namespace, name));
      objects.delete(pathOf(kind, namespace, name));
      show();
      if (object && kind === 'RegionalAutoscaler')
        for (const watch of watches) watch.write(`${JSON.stringify({ type: 'DELETED', object })}\n`);
    },
    /** What somebody else does. */
    edit(kind: string, name: string, change: (object: Stored) => void, namespace = 'shop'): void {
      store(pathOf(kind, namespace, name), change);
    },
    annotate(
      kind: string,
      name: string,
      annotations: Readonly<Record<string, string | null>>,
      namespace = 'shop',
    ): void {
      store(pathOf(kind, namespace, name), (object) =>
        annotate(object, prefixed(annotations as Record<string, string>)),
      );
    },
    object: (kind: string, name: string, namespace = 'shop'): Stored =>
      objects.get(pathOf(kind, namespace, name)) ?? {},
    replicas: (name: string, kind = 'Deployment', namespace = 'shop'): number =>
      objects.get(pathOf(kind, namespace, name))?.['spec'].replicas,
    status(kind: string, name: string, namespace = 'shop') {
      const text = objects.get(pathOf(kind, namespace, name))?.['metadata'].annotations?.[STATUS];
      return text === undefined ? undefined : JSON.parse(text);
    },
    /** What watchers see stays as it is until told otherwise. */
    holdBack(held: boolean): void {
      isHeldBack = held;
      show();
    },
    told: (reason: string) =>
      events.filter((one) => one.reason === reason).map(({ about, note }) => `${about}: ${note}`),
  };
}

const PLACES: Readonly<Record<string, readonly [string, string]>> = {
  Deployment: ['apps/v1', 'deployments'],
  StatefulSet: ['apps/v1', 'statefulsets'],
  HorizontalPodAutoscaler: ['autoscaling/v2', 'horizontalpodautoscalers'],
  RegionalAutoscaler: ['gridgate.dev/v1alpha1', 'regionalautoscalers'],
};

function annotate(object: Stored, annotations: Readonly<Record<string, string | null>>): void {
  const next: Record<string, string> = { ...object['metadata'].annotations };
  for (const [key, value] of Object.entries(annotations)) {
    if (value === null) delete next[key];
    else next[key] = value;
  }
  object['metadata'].annotations = next;
}

/** kgCO2e an hour of a pod that draws so many watts there: with the PUE of a region of no cloud. */
export function kgOf(watts: number): number {
  return (watts / 1_000) * 1.135 * (GRAMS / 1_000);
}
