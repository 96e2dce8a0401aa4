import jsonPatch from 'fast-json-patch';
import { pino } from 'pino';
import { ApiError } from '../../src/cluster/api-error.ts';
import { type JobRecord, toJobRecord } from '../../src/cluster/jobs.ts';
import type { KubeObject } from '../../src/cluster/kube-object.ts';
import { toUnscheduledPod, type UnscheduledPod } from '../../src/cluster/unscheduled-pods.ts';
import {
  createGateReleaser,
  type GateReleaser,
  type GateReleaserDeps,
} from '../../src/controllers/gate-releaser/controller.ts';
import type { WaitingWatch, WatchDeps } from '../../src/controllers/gate-releaser/watches.ts';
import type { NamespaceRecord } from '../../src/decision/namespace-record.ts';
import type { Mode } from '../../src/decision/policy.ts';
import type { RegionView } from '../../src/regions/snapshot.ts';
import { createNamespaceJudge } from '../../src/replica/judge-namespaces.ts';
import { makeSnapshot, NO_RULES, NOW } from '../builders.ts';
import { makeRecord } from '../webhook/start-webhook.ts';
import { fakeClock } from './fake-clock.ts';
import { DAY, gridOf, type heldObject, type jobObject } from './held-units.ts';

type HeldObject = ReturnType<typeof heldObject>;
type AnyObject = KubeObject & { readonly spec: Record<string, unknown> };

export interface ToldEvent {
  readonly type: string;
  readonly reason: string;
  readonly note: string;
  readonly regarding: { readonly kind: string; readonly name: string };
}

export type ClusterOfHeldPods = ReturnType<typeof clusterOfHeldPods>;

/**
 * An API server that has pods and Jobs of one namespace, `batch`, and takes writes as the real one does: for the version that
 * they were made for alone. What leaders see of it can be held back; the wall clock is its own.
 */
export function clusterOfHeldPods() {
  const clock = fakeClock();
  let setAheadMs = 0;
  const now = () => NOW + setAheadMs + clock.now();
  const objects = new Map<string, AnyObject>();
  const releases: { readonly name: string; readonly at: number; readonly patch: unknown }[] = [];
  const writes: string[] = [];
  const events: ToldEvent[] = [];
  const leases: { readonly renewTime: string; readonly holderIdentity: string }[] = [];
  const records = new Map<string, NamespaceRecord>();
  let seen: readonly AnyObject[] = [];
  let isShown = true;
  let versions = 100;
  const world = {
    cap: undefined as Mode | undefined,
    /** The status of an answer, or no answer at all. */
    refuse: (_method: string, _path: string, _body: unknown): number | 'no answer' | undefined => undefined,
    watches: 0,
    /** Why nobody sees what waits. */
    problem: undefined as string | undefined,
  };
  let snapshot = makeSnapshot([gridOf(DAY)]);
  const listeners = new Set<() => void>();
  const releasers = new Set<GateReleaser>();

  const judge = createNamespaceJudge({
    view: { namespace: (name) => records.get(name), volumesOf: () => [] },
    config: { rules: () => NO_RULES },
    holder: { current: () => snapshot },
    modeCap: () => world.cap,
    clock: now,
  });

  function answer(method: string, path: string, body?: unknown): void {
    const code = world.refuse(method, path, body);
    if (code === 'no answer') throw new Error('connect ECONNREFUSED');
    if (code !== undefined) throw new ApiError(`${method} ${path}`, { code });
  }

  const nameIn = (path: string) => path.replace(/\/status$/, '');

  function change(path: string, make: (object: AnyObject) => AnyObject): KubeObject {
    const object = objects.get(nameIn(path));
    if (!object) throw new ApiError(`PATCH ${path}`, { code: 404 });
    let next: AnyObject;
    try {
      next = make(structuredClone(object));
    } catch {
      throw new ApiError(`PATCH ${path}`, { code: 422, message: 'the patch does not apply' });
    }
    const { resourceVersion: asked = object.metadata.resourceVersion } = next.metadata;
    if (asked !== object.metadata.resourceVersion) throw new ApiError(`PATCH ${path}`, { code: 409 });
    const stored = { ...next, metadata: { ...next.metadata, resourceVersion: String(++versions) } };
    objects.set(nameIn(path), stored);
    show();
    return stored;
  }

  function show(): void {
    if (!isShown) return;
    seen = [...objects.values()];
    for (const tell of listeners) tell();
  }

  const isHeld = ({ spec }: AnyObject) =>
    spec['suspend'] === true ||
    ((spec['schedulingGates'] as { name: string }[] | undefined) ?? []).some(
      ({ name }) => name === 'gridgate.dev/defer',
    );

  function noteRelease(path: string, before: boolean, after: KubeObject, patch: unknown): void {
    writes.push(`PATCH ${path}`);
    if (before && !isHeld(after as AnyObject)) releases.push({ name: after.metadata.name, at: now(), patch });
  }

  const writer: GateReleaserDeps['writer'] = {
    async create(path, object) {
      answer('POST', path, object);
      if (path.includes('/events')) events.push(object as ToldEvent & object);
      else leases.push((object as { spec: (typeof leases)[number] }).spec);
      return object as KubeObject;
    },
    async replace(path, object) {
      answer('PUT', path, object);
      leases.push((object as { spec: (typeof leases)[number] }).spec);
      return object as KubeObject;
    },
    apply: () => Promise.reject(new Error('nothing is applied')),
    delete: () => Promise.reject(new Error('nothing is deleted')),
    async jsonPatch(path, patch) {
      answer('PATCH', path, patch);
      const before = objects.get(path);
      const after = change(path, (object) => jsonPatch.applyPatch(object, structuredClone(patch) as never).newDocument);
      noteRelease(path, before !== undefined && isHeld(before), after, patch);
      return after;
    },
    async mergePatch(path, patch) {
      answer('PATCH', path, patch);
      const before = objects.get(nameIn(path));
      const { metadata, spec } = patch as { metadata: KubeObject['metadata']; spec?: object };
      const after = change(path, (object) => ({
        ...object,
        metadata: {
          ...object.metadata,
          ...metadata,
          annotations: { ...object.metadata.annotations, ...metadata.annotations },
        },
        spec: { ...object.spec, ...spec },
      }));
      noteRelease(path, before !== undefined && isHeld(before), after, patch);
      return after;
    },
  };

  const api = {
    async get(path: string) {
      answer('GET', path);
      if (path.endsWith('/kube-system')) return { metadata: { uid: 'cluster' } };
      if (path.includes('/leases/')) {
        const spec = leases.at(-1);
        if (!spec) throw new ApiError(`GET ${path}`, { code: 404 });
        return { metadata: { name: 'gridgate-releaser', resourceVersion: '1' }, spec };
      }
      const object = objects.get(path);
      if (!object) throw new ApiError(`GET ${path}`, { code: 404 });
      return object;
    },
  } as unknown as GateReleaserDeps['api'];

  function watch({ onChange }: WatchDeps): WaitingWatch {
    world.watches += 1;
    listeners.add(onChange);
    const jobs = (): readonly JobRecord[] => seen.filter(isOfKind('Job')).map((object) => toJobRecord(object));
    return {
      pods: (): readonly UnscheduledPod[] => seen.filter(isOfKind('Pod')).map((object) => toUnscheduledPod(object)),
      jobs,
      job: (_namespace, name) => jobs().find(({ metadata }) => metadata.name === name),
      cronJob: () => undefined,
      isSynced: () => true,
      isFresh: () => true,
      problem: () => world.problem,
      lastEventAt: () => ({}),
      async stop() {
        listeners.delete(onChange);
      },
    };
  }

  const isOfKind = (kind: string) => (object: AnyObject) => (object as { kind?: string }).kind === kind;
  const podPath = (name: string) => `/api/v1/namespaces/batch/pods/${name}`;
  const jobPath = (name: string) => `/apis/batch/v1/namespaces/batch/jobs/${name}`;

  return {
    clock,
    world,
    releases,
    events,
    leases,
    writes,
    now,
    /** How many watches are open. */
    watching: () => listeners.size,
    object: (name: string) => objects.get(podPath(name)) ?? objects.get(jobPath(name)),
    writer,
    namespace: (name: string) => records.get(name),
    setNamespace(annotations: Readonly<Record<string, string>> = {}): void {
      records.set('batch', makeRecord('batch', { mode: 'enforce', defer: '12h', ...annotations }));
      for (const one of releasers) one.changed('namespaces');
    },
    addPods(...pods: readonly HeldObject[]): void {
      for (const pod of pods) objects.set(podPath(pod.metadata.name), { ...pod, kind: 'Pod' } as unknown as AnyObject);
      show();
    },
    addJobs(...jobs: readonly ReturnType<typeof jobObject>[]): void {
      for (const job of jobs) objects.set(jobPath(job.metadata.name), { ...job, kind: 'Job' } as unknown as AnyObject);
      show();
    },
    /** What somebody else does with an object. */
    edit: (name: string, make: (object: AnyObject) => AnyObject) =>
      change(objects.has(podPath(name)) ? podPath(name) : jobPath(name), make),
    remove(name: string): void {
      objects.delete(podPath(name));
      objects.delete(jobPath(name));
      show();
    },
    /** Whether leaders see changes as they come; at the next `true` they see all. */
    setShown(shown: boolean): void {
      isShown = shown;
      show();
    },
    setRegions(regions: readonly RegionView[]): void {
      snapshot = makeSnapshot(regions, { takenAt: now() });
      for (const one of releasers) one.changed('snapshot');
    },
    /** Sets the wall clock, of which no timer hears. */
    jump(ms: number): void {
      setAheadMs += ms;
    },
    lead(more: Partial<GateReleaserDeps> = {}): GateReleaser {
      const releaser = createGateReleaser({
        api,
        writer,
        view: { namespace: (name) => records.get(name), namespaces: () => records.values(), volumesOf: () => [] },
        snapshot: () => snapshot,
        policyOf: judge.policyOf,
        modeInEffect: judge.modeInEffect,
        mayHoldAny: () => [...records.values()].some(judge.mayHold),
        deniedOwners: { follow: () => {} },
        ownNamespace: 'gridgate-system',
        instance: 'gridgate-1',
        releaseRate: 1_000,
        releaseSharePercent: 100,
        now,
        log: pino({ level: 'silent' }),
        clock,
        watch,
        ...more,
      });
      releasers.add(releaser);
      releaser.start();
      return releaser;
    },
    released: () => releases.map(({ name }) => name).sort(),
    heldNames: () => [...objects.values()].filter(isHeld).map(({ metadata }) => metadata.name),
  };
}
