import { pino } from 'pino';
import type { ApiClient } from '../../src/cluster/api-client.ts';
import { ApiError } from '../../src/cluster/api-error.ts';
import type { Controller } from '../../src/controllers/manager.ts';
import type { NamespaceRecord } from '../../src/decision/namespace-record.ts';
import type { PodSpec } from '../../src/decision/pod.ts';
import type { Mode } from '../../src/decision/policy.ts';
import type { RegionView } from '../../src/regions/snapshot.ts';
import { createNamespaceJudge } from '../../src/replica/judge-namespaces.ts';
import { makeSnapshot, NO_RULES, REGION_LABEL } from '../builders.ts';
import { makeRecord } from '../webhook/start-webhook.ts';
import { fakeClock } from './fake-clock.ts';

export const START = Date.parse('2026-11-22T09:00:00Z');
export const MINUTE_MS = 60_000;
const EVENTS_LIVE_MS = 60 * MINUTE_MS;
const PAGE = 500;

export const DIRTY: PodSpec = { nodeSelector: { [REGION_LABEL]: 'dirty' } };

export interface OwnerParts {
  readonly kind?: string;
  readonly apiVersion?: string;
  readonly pods?: number;
  readonly spec?: PodSpec;
  readonly createdAt?: string;
  readonly phase?: string;
}

/** The pods of a Deployment's ReplicaSet, unless it is of another kind; `Pod` is a bare one. */
export function podsOf(name: string, { kind = 'Deployment', pods = 1, spec = {}, ...rest }: OwnerParts = {}): object[] {
  const { createdAt = '2026-11-22T08:00:00Z', phase = 'Running', apiVersion = 'apps/v1' } = rest;
  const isDeployment = kind === 'Deployment';
  const controller = {
    apiVersion,
    kind: isDeployment ? 'ReplicaSet' : kind,
    name: isDeployment ? `${name}-5d7f` : name,
    uid: `uid-${name}-${isDeployment ? 'ReplicaSet' : kind}`,
    controller: true,
  };
  return Array.from({ length: pods }, (_, i) => ({
    metadata: {
      name: kind === 'Pod' ? name : `${name}-${i}`,
      uid: `uid-${name}-${i}`,
      creationTimestamp: createdAt,
      labels: isDeployment ? { 'pod-template-hash': '5d7f' } : {},
      ...(kind !== 'Pod' && { ownerReferences: [controller] }),
    },
    spec: { nodeName: 'node-1', ...spec },
    status: { phase },
  }));
}

export interface WrittenEvent {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly type: string;
  readonly reason: string;
  readonly note: string;
  readonly regarding: { readonly kind: string; readonly name: string; readonly uid?: string };
}

export type ClusterOfPods = ReturnType<typeof clusterOfPods>;

/** Namespaces with their pods, and Events that live for an hour; leaders come and go. */
export function clusterOfPods() {
  const clock = fakeClock();
  const now = () => START + clock.now();
  const records = new Map<string, NamespaceRecord>();
  const pods = new Map<string, readonly object[]>();
  const events: { readonly event: WrittenEvent; readonly at: number }[] = [];
  const asked: { readonly path: string; readonly at: number }[] = [];
  let snapshot = makeSnapshot({ clean: 50, dirty: 900 });
  const world = { cap: undefined as Mode | undefined, refuse: (_path: string): number | undefined => undefined };
  const judge = createNamespaceJudge({
    view: { namespace: (name) => records.get(name), volumesOf: () => [] },
    config: { rules: () => NO_RULES },
    holder: { current: () => snapshot },
    modeCap: () => world.cap,
    clock: now,
  });
  let leader: Controller | undefined;

  const api: Pick<ApiClient, 'get'> = {
    async get(path, { query = {} }) {
      asked.push({ path, at: clock.now() });
      refuse('GET', path);
      const namespace = /namespaces\/([^/]+)\/pods$/.exec(path)?.[1];
      if (namespace === undefined) return { metadata: {}, items: ownersNamed(query['fieldSelector'] ?? '') };
      const hasEnded = (pod: object) => /Succeeded|Failed/.test((pod as { status: { phase: string } }).status.phase);
      const all = (pods.get(namespace) ?? []).filter((pod) => query['fieldSelector'] === undefined || !hasEnded(pod));
      const from = Number(query['continue'] ?? 0);
      const more = from + PAGE < all.length && { continue: String(from + PAGE) };
      return { metadata: { ...more }, items: all.slice(from, from + PAGE) };
    },
  };

  function ownersNamed(fieldSelector: string): readonly object[] {
    const name = fieldSelector.replace('metadata.name=', '');
    const top = name.replace(/-5d7f$/, '');
    const reference = { apiVersion: 'apps/v1', kind: 'Deployment', name: top, uid: `uid-${top}`, controller: true };
    return [{ metadata: { name, uid: `uid-${top}-ReplicaSet`, ownerReferences: [reference] } }];
  }

  function refuse(method: string, path: string): void {
    const code = world.refuse(path);
    if (code !== undefined) throw new ApiError(`${method} ${path}`, { code });
  }

  const deps = {
    ...judge,
    api,
    view: { namespaces: () => records.values(), namespace: (name: string) => records.get(name) },
    ownNamespace: 'gridgate-system',
    instance: 'gridgate-1',
    writer: {
      async create(path: string, object: object) {
        refuse('POST', path);
        const event = object as WrittenEvent;
        const isThere = events.some(
          ({ event: one, at }) =>
            `${one.metadata.namespace}/${one.metadata.name}` === keyOf(event) && at > now() - EVENTS_LIVE_MS,
        );
        if (isThere) throw new ApiError(`POST ${path}`, { code: 409 });
        events.push({ event, at: now() });
        return { metadata: event.metadata };
      },
    },
    now,
    log: pino({ level: 'silent' }),
    clock,
  };
  const keyOf = ({ metadata }: WrittenEvent) => `${metadata.namespace}/${metadata.name}`;

  return {
    clock,
    world,
    deps,
    asked,
    pods,
    /** As `namespace: kind/name reason`, in the order in which they were written. */
    told: () =>
      events.map(
        ({ event: { metadata, regarding, reason } }) =>
          `${metadata.namespace}: ${regarding.kind}/${regarding.name} ${reason}`,
      ),
    events: () => events.map(({ event }) => event),
    setRegions(regions: readonly RegionView[]): void {
      snapshot = makeSnapshot(regions);
    },
    /** Writes the mode of a namespace now; with `isNew` it came with it. */
    setMode(name: string, mode: Mode, { isNew = false } = {}): void {
      records.set(name, makeRecord(name, { mode }, isNew ? {} : { modeWrittenAt: Math.floor(now() / 1_000) * 1_000 }));
      leader?.changed('namespaces');
    },
    /** The namespace is gone. */
    forget(name: string): void {
      records.delete(name);
      leader?.changed('namespaces');
    },
    lead(controller: Controller): void {
      leader = controller;
      controller.start();
    },
    async endLeader(): Promise<void> {
      const ending = leader;
      leader = undefined;
      await ending?.stop();
    },
    changed: () => leader?.changed('rules'),
  };
}
