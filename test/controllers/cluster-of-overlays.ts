import { pino } from 'pino';
import { isOwn } from '../../src/capacity/own-overlay.ts';
import { ApiError } from '../../src/cluster/api-error.ts';
import type { KubeObject } from '../../src/cluster/kube-object.ts';
import {
  createNodeOverlays,
  type NodeOverlaysDeps,
  type NoInputs,
  type OverlayInputs,
} from '../../src/controllers/node-overlays/controller.ts';
import type { WatchDeps } from '../../src/controllers/node-overlays/watches.ts';
import { DEFAULT_POWER_TABLE } from '../../src/energy/power-table.ts';
import type { NodeFacts } from '../../src/regions/node-facts.ts';
import { type NodeOverlayFacts, toNodeOverlayFacts } from '../../src/regions/node-overlay.ts';
import type { NodePoolFacts } from '../../src/regions/node-pool.ts';
import type { CapacityMode } from '../../src/units/capacity-mode.ts';
import { makeRegion, makeSnapshot, NOW } from '../builders.ts';
import { offeredType, SETTINGS } from '../capacity/overlays-world.ts';
import { fakeClock } from './fake-clock.ts';

interface Stored extends KubeObject {
  readonly spec: Readonly<Record<string, unknown>>;
  readonly status?: object;
}

/**
 * An API server that has NodeOverlays and takes writes as the real one does: for the version that they were made for alone. What
 * leaders see of it can be held back, and it can refuse.
 */
export function clusterOfOverlays() {
  const clock = fakeClock();
  const objects = new Map<string, Stored>();
  const events: { readonly type: string; readonly reason: string; readonly note: string; readonly about: string }[] =
    [];
  const writes: { readonly what: string; readonly at: number }[] = [];
  const listeners = new Set<() => void>();
  const world = {
    mode: 'on' as CapacityMode,
    inputs: {
      settings: SETTINGS,
      embodied: new Map(),
      utilisation: 0.5,
      table: DEFAULT_POWER_TABLE,
      types: [offeredType('m5.large')],
    } as OverlayInputs | NoInputs,
    grams: { 'us-east-1': 379.1, 'eu-north-1': 24 } as Record<string, number | undefined>,
    nodes: [] as readonly NodeFacts[],
    pools: [] as readonly NodePoolFacts[],
    isReady: true,
    setAheadMs: 0,
    /** The status of an answer, or no answer at all. */
    refuse: (_what: string): number | 'no answer' | undefined => undefined,
    /** Before an answer: what somebody else does meanwhile. */
    meanwhile: (_what: string): void => {},
  };
  let shown: readonly NodeOverlayFacts[] = [];
  let isHeldBack = false;
  let versions = 1;

  const now = () => NOW + world.setAheadMs + clock.now();

  function show(): void {
    if (isHeldBack) return;
    shown = [...objects.values()].map(toNodeOverlayFacts);
    for (const tell of listeners) tell();
  }

  function answer(what: string): void {
    world.meanwhile(what);
    const code = world.refuse(what);
    if (code === 'no answer') throw new Error('connect ECONNREFUSED');
    if (code !== undefined) throw new ApiError(what, { code });
  }

  function store(
    object: Omit<Stored, 'metadata'> & { readonly metadata: Partial<KubeObject['metadata']> & { name: string } },
  ): Stored {
    const before = objects.get(object.metadata.name);
    const stored = {
      ...before,
      ...object,
      metadata: {
        ...before?.metadata,
        ...object.metadata,
        uid: before?.metadata.uid ?? `uid-${++versions}`,
        resourceVersion: String(++versions),
        creationTimestamp: before?.metadata.creationTimestamp ?? new Date(now()).toISOString(),
      },
    } as Stored;
    objects.set(object.metadata.name, stored);
    show();
    return stored;
  }

  function checked(
    what: string,
    name: string,
    asked: { uid?: string | undefined; resourceVersion?: string | undefined },
  ): void {
    const there = objects.get(name);
    const isAnother =
      (asked.uid !== undefined && asked.uid !== there?.metadata.uid) ||
      (asked.resourceVersion !== undefined && asked.resourceVersion !== there?.metadata.resourceVersion);
    if (isAnother) throw new ApiError(what, { code: 409 });
  }

  const nameIn = (path: string) => decodeURIComponent(path.split('/').at(-1) ?? '');

  const writer: NodeOverlaysDeps['writer'] = {
    async create(path, object) {
      answer(`POST ${path}`);
      const event = object as (typeof events)[number] & { readonly regarding: { readonly name: string } };
      events.push({ type: event.type, reason: event.reason, note: event.note, about: event.regarding.name });
      return object as KubeObject;
    },
    async apply(path, object) {
      const name = nameIn(path);
      answer(`PATCH ${name}`);
      checked(`PATCH ${name}`, name, (object as Stored).metadata);
      writes.push({ what: objects.has(name) ? 'change' : 'create', at: clock.now() });
      const { metadata, ...rest } = object as Stored;
      const annotations = { ...objects.get(name)?.metadata.annotations, ...metadata.annotations };
      return store({ ...rest, metadata: { ...metadata, annotations } });
    },
    async delete(path, preconditions) {
      const name = nameIn(path);
      answer(`DELETE ${name}`);
      if (!objects.has(name)) throw new ApiError(`DELETE ${name}`, { code: 404 });
      checked(`DELETE ${name}`, name, preconditions);
      writes.push({ what: 'delete', at: clock.now() });
      const gone = objects.get(name) as Stored;
      objects.delete(name);
      show();
      return gone;
    },
  };

  return {
    world,
    clock,
    events,
    writes,
    now,
    /** Those of ours: `+0.0004217 for m5.large in us-east-1a`, sorted. */
    ours: () =>
      [...objects.values()]
        .filter((one) => isOwn(toNodeOverlayFacts(one)))
        .map(({ spec }) => {
          const lists = (spec['requirements'] as { values: string[] }[]).map(({ values }) => values.join('|'));
          return `${spec['priceAdjustment'] ?? spec['price']} for ${lists.join(' in ')}`;
        })
        .sort(),
    objects: () => [...objects.values()],
    put: store,
    /** What people and Karpenter write. */
    edit(name: string, change: { annotations?: Record<string, string>; spec?: object; status?: object }): void {
      const { metadata, spec, status } = objects.get(name) as Stored;
      store({
        metadata: { ...metadata, annotations: { ...metadata.annotations, ...change.annotations } },
        spec: { ...spec, ...change.spec },
        ...((change.status ?? status) && { status: change.status ?? status }),
      } as Stored);
    },
    remove(name: string): void {
      objects.delete(name);
      show();
    },
    /** Nobody sees what changes, until it is shown. */
    holdBack(): void {
      isHeldBack = true;
    },
    showAll(): void {
      isHeldBack = false;
      show();
    },
    setGrams(grams: Record<string, number | undefined>): void {
      world.grams = { ...world.grams, ...grams };
    },
    /** A leader begins. */
    lead() {
      const controller = createNodeOverlays({
        mode: () => world.mode,
        overlayInputs: () => world.inputs,
        snapshot: () => makeSnapshot(Object.entries(world.grams).map(([name, grams]) => makeRegion(name, grams))),
        view: { nodes: () => world.nodes, nodePools: () => world.pools },
        api: {
          get: async (path: string) => {
            answer(`GET ${nameIn(path)}`);
            const found = objects.get(nameIn(path));
            if (!found) throw new ApiError(`GET ${path}`, { code: 404 });
            return found;
          },
        } as unknown as NodeOverlaysDeps['api'],
        writer,
        instance: 'gridgate-1',
        now,
        log: pino({ level: 'silent' }),
        clock,
        watch({ onChange }: WatchDeps) {
          listeners.add(onChange);
          return {
            overlays: () => shown,
            overlay: (name) => shown.find((one) => one.name === name),
            isReady: () => world.isReady,
            lastEventAt: () => ({}),
            stop: async () => void listeners.delete(onChange),
          };
        },
      });
      controller.start();
      return controller;
    },
  };
}
