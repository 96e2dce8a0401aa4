import assert from 'node:assert/strict';
import { pino } from 'pino';
import { createApiClient } from '../../src/cluster/api-client.ts';
import { createApiWriter } from '../../src/cluster/api-writer.ts';
import { type ClusterView, createClusterView } from '../../src/cluster/cluster-view.ts';
import { loadKubeConfig } from '../../src/cluster/kube-config.ts';
import { createDeniedOwners } from '../../src/controllers/denied-owners.ts';
import {
  createGateReleaser,
  type GateReleaser,
  type GateReleaserDeps,
} from '../../src/controllers/gate-releaser/controller.ts';
import type { Mode } from '../../src/decision/policy.ts';
import type { RegionView, Snapshot } from '../../src/regions/snapshot.ts';
import { buildTopology } from '../../src/regions/topology.ts';
import { createNamespaceJudge } from '../../src/replica/judge-namespaces.ts';
import { makeRegion, makeSnapshot, NO_RULES, REGION_LABEL } from '../builders.ts';
import { CONTROLLERS_ACCOUNT, installControllersAccount } from '../cluster/controllers-account.ts';
import type { Rendered } from '../cluster/rendered-manifests.ts';
import { type ControlPlaneOptions, startControlPlane } from '../control-plane/start.ts';
import { nodesIn, pod, prefixed } from './objects.ts';

export const HOUR_MS = 3_600_000;
export const GATE = 'gridgate.dev/defer';
const MERGE_PATCH = { 'content-type': 'application/merge-patch+json' };

/** Intensities hour by hour from the present one on, by region. */
export type Grids = Readonly<Record<string, readonly number[]>>;

export type ReleasingCluster = Awaited<ReturnType<typeof startReleasing>>;

/**
 * A real control plane with scheduler and KWOK nodes, and in this process what a leading replica has of the releaser: the view
 * of the cluster, a snapshot of regions as they are set, and a wall clock that is moved by hand; all with the rights and under the
 * guard of the controllers' account.
 */
export async function startReleasing(grids: Grids, options: Pick<ControlPlaneOptions, 'workers' | 'flags'> = {}) {
  await using cleanup = new AsyncDisposableStack();
  const controlPlane = await startControlPlane({ ...options, users: [{ name: CONTROLLERS_ACCOUNT }] });
  cleanup.defer(controlPlane.stop);
  const { request, waitFor } = controlPlane;
  const kubeConfig = loadKubeConfig({ file: await installControllersAccount(controlPlane) });
  await controlPlane.addNodes(nodesIn(Object.keys(grids)));
  const log = pino({ level: process.env['RELEASER_LOG'] ?? 'silent' });
  let aheadMs = 0;
  const now = () => Date.now() + aheadMs;
  let modeCap: Mode | undefined;
  let snapshot: Snapshot = makeSnapshot({});
  const releasers = new Set<GateReleaser>();
  const view: ClusterView = createClusterView({
    kubeConfig,
    regionLabel: REGION_LABEL,
    watchPendingPods: false,
    watchVolumes: true,
    log,
    onChange(resource) {
      for (const one of releasers) if (one.on.includes(resource)) one.changed();
    },
  });
  cleanup.defer(view.stop);
  await view.start();

  const judge = createNamespaceJudge({
    view,
    config: { rules: () => NO_RULES },
    holder: { current: () => snapshot },
    modeCap: () => modeCap,
    clock: now,
  });
  const api = createApiClient(kubeConfig);
  cleanup.defer(api.close);

  function setGrids(next: Grids, outages: readonly string[] = []): void {
    const from = Math.floor(now() / HOUR_MS) * HOUR_MS;
    const regions = Object.entries(next).map(
      ([name, grams]): RegionView =>
        makeRegion(name, grams[0], {
          reading: { source: 'electricity-maps', measuredAt: now() },
          forecast: grams.map((gramsPerKwh, hour) => ({ from: from + hour * HOUR_MS, gramsPerKwh })),
          ...(outages.includes(name) && { outage: 'a test' }),
        }),
    );
    const topology = buildTopology(view.nodes());
    snapshot = { ...makeSnapshot(regions, { takenAt: now() }), topology };
    for (const one of releasers) one.changed('snapshot');
  }
  setGrids(grids);

  /** One that leads, until it is stopped. */
  function startReleaser(more: Partial<GateReleaserDeps> = {}): GateReleaser & { kill(): void } {
    let mayWrite = true;
    const denied = createDeniedOwners({ api, mayDeny: () => false, mayHoldAny: () => true, log });
    const releaser = createGateReleaser({
      api,
      writer: createApiWriter({
        api,
        mayWrite() {
          if (!mayWrite) throw new Error('it leads no more');
        },
      }),
      view,
      snapshot: () => snapshot,
      policyOf: judge.policyOf,
      modeInEffect: judge.modeInEffect,
      mayHoldAny: () => [...view.namespaces()].some(judge.mayHold),
      deniedOwners: denied,
      ownNamespace: 'gridgate-system',
      instance: `releaser-${releasers.size}`,
      releaseRate: 200,
      releaseSharePercent: 100,
      now,
      log,
      ...more,
    });
    releasers.add(releaser);
    denied.start();
    releaser.start();
    cleanup2.defer(async () => void (await Promise.all([releaser.stop(), denied.stop()])));
    return {
      ...releaser,
      /** Nothing of it reaches the API server from now on. */
      kill() {
        mayWrite = false;
        releasers.delete(releaser);
        void releaser.stop();
      },
    };
  }

  async function send(method: string, path: string, body?: unknown, headers?: Record<string, string>) {
    const answer = await request(method, path, body, headers);
    assert.ok(answer.status < 300, `${method} ${path} answers ${answer.status}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  const cleanup2 = new AsyncDisposableStack();
  cleanup.defer(() => cleanup2.disposeAsync());
  const owned = cleanup.move();
  return {
    controlPlane,
    waitFor,
    request,
    send,
    now,
    /** Sets the wall clock; nobody is told. */
    advance(ms: number): void {
      aheadMs += ms;
    },
    /** Sets it to what everybody else's says. */
    resetClock(): void {
      aheadMs = 0;
    },
    setGrids,
    setModeCap(cap: Mode | undefined): void {
      modeCap = cap;
      for (const one of releasers) one.changed('rules');
    },
    startReleaser,
    patch: (path: string, body: unknown) => send('PATCH', path, body, MERGE_PATCH),
    async createNamespace(name: string, annotations: Readonly<Record<string, string>> = {}): Promise<void> {
      await send('POST', '/api/v1/namespaces', {
        metadata: { name, annotations: prefixed({ mode: 'enforce', defer: '12h', ...annotations }) },
      });
      await waitFor(`the account of ${name}`, async () => {
        const { status } = await request('GET', `/api/v1/namespaces/${name}/serviceaccounts/default`);
        return (status === 200 && view.namespace(name) !== undefined) || undefined;
      });
    },
    podsOf: async (namespace: string): Promise<Rendered[]> =>
      (await send('GET', `/api/v1/namespaces/${namespace}/pods`)).items,
    /** Creates what the webhook would have held back. */
    createHeld: (
      namespace: string,
      name: string,
      spec: object = {},
      annotations: Readonly<Record<string, string>> = {},
    ) => send('POST', `/api/v1/namespaces/${namespace}/pods`, heldPod(name, spec, annotations)),
    stop: () => owned.disposeAsync(),
  };
}

export function heldPod(name: string, spec: object = {}, annotations: Readonly<Record<string, string>> = {}): Rendered {
  return pod(
    name,
    { restartPolicy: 'Never', schedulingGates: [{ name: GATE }], ...spec },
    { class: 'flexible', ...annotations },
  );
}

export function heldJob(name: string, spec: object = {}, podSpec: object = {}, annotations = {}): Rendered {
  const { metadata, spec: template } = heldPod(name, podSpec, annotations);
  const { annotations: ofPod } = metadata;
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name },
    spec: { ...spec, template: { metadata: { annotations: ofPod }, spec: template } },
  };
}

export function isHeld({ spec }: Rendered): boolean {
  return (spec.schedulingGates ?? []).some(({ name }: Rendered) => name === GATE);
}
