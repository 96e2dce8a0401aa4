import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { pino } from 'pino';
import { createApiClient } from '../../src/cluster/api-client.ts';
import { createApiWriter } from '../../src/cluster/api-writer.ts';
import { loadKubeConfig } from '../../src/cluster/kube-config.ts';
import { nodes } from '../../src/cluster/nodes.ts';
import { followResource } from '../../src/cluster/reflector.ts';
import { createNodePools, type NodePoolsDeps } from '../../src/controllers/node-pools/controller.ts';
import { MONOTONIC } from '../../src/controllers/pace.ts';
import type { Mode } from '../../src/decision/policy.ts';
import type { RegionView, Snapshot } from '../../src/regions/snapshot.ts';
import type { CapacityMode } from '../../src/units/capacity-mode.ts';
import { makeSnapshot, REGION_LABEL } from '../builders.ts';
import { ACCOUNT_KINDS, applyObjects, CONTROLLERS_ACCOUNT, untilGuarded } from '../cluster/controllers-account.ts';
import { ofKind, type Rendered, renderWith } from '../cluster/rendered-manifests.ts';
import { createApiClient as createTestClient } from '../control-plane/api-client.ts';
import {
  KWOK_NODE_CLASS,
  KWOK_NODE_CLASSES_PATH,
  NODE_CLASS_REF,
  NODE_POOLS_PATH,
} from '../control-plane/karpenter.ts';
import { type ControlPlane, type ControlPlaneOptions, startControlPlane } from '../control-plane/start.ts';

export { NODE_POOLS_PATH };
export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
const CLAIMS_PATH = '/apis/karpenter.sh/v1/nodeclaims';
const MERGE_PATCH = { 'content-type': 'application/merge-patch+json' };

export interface PoolParts {
  /** Without their prefix. */
  readonly annotations?: Readonly<Record<string, string>>;
  readonly requirements?: readonly object[];
  readonly taints?: readonly object[];
  /** Of the spec: weight, limits, disruption. */
  readonly spec?: Readonly<Record<string, unknown>>;
}

/** A NodePool of the KWOK provider. */
export function nodePool(
  name: string,
  { annotations = {}, requirements = [], taints, spec }: PoolParts = {},
): Rendered {
  return {
    apiVersion: 'karpenter.sh/v1',
    kind: 'NodePool',
    metadata: {
      name,
      annotations: Object.fromEntries(
        Object.entries(annotations).map(([key, value]) => [`gridgate.dev/${key}`, value]),
      ),
    },
    spec: { ...spec, template: { spec: { nodeClassRef: NODE_CLASS_REF, requirements, ...(taints && { taints }) } } },
  };
}

export type Intensities = Readonly<Record<string, number>>;
export type FollowingCluster = Awaited<ReturnType<typeof startFollowing>>;

/**
 * A real control plane, and in this process what a leading replica has of the controller of node pools: nodes, a snapshot of regions as they
 * are set, and a wall clock that is moved by hand; with the rights and under the guards of the controllers' account.
 */
export async function startFollowing(grams: Intensities, options: Pick<ControlPlaneOptions, 'workers'> = {}) {
  await using cleanup = new AsyncDisposableStack();
  const controlPlane = await startControlPlane({ ...options, users: [{ name: CONTROLLERS_ACCOUNT }] });
  cleanup.defer(controlPlane.stop);
  const { request, waitFor } = controlPlane;
  await installAccount(controlPlane);
  const kubeconfig = controlPlane.kubeconfigFor(CONTROLLERS_ACCOUNT);
  const log = pino({ level: process.env['POOLS_LOG'] ?? 'silent' });
  const api = createApiClient(loadKubeConfig({ file: kubeconfig }));
  cleanup.defer(api.close);
  const nodeView = followResource({ api, resource: nodes(REGION_LABEL), log, onChange: () => {} });
  cleanup.defer(nodeView.stop);
  await nodeView.start();

  let aheadMs = 0;
  const now = () => Date.now() + aheadMs;
  let modeCap: Mode | undefined;
  let snapshot: Snapshot = makeSnapshot(grams);
  const running = new Set<ReturnType<typeof createNodePools>>();
  const changed = () => running.forEach((one) => void one.changed());

  /**
   * One that leads, until it is stopped; `beforeWrite` comes between what it read and what it writes (`apply a`). Its pauses are as much
   * shorter as it is `faster`.
   */
  function startController(
    option: CapacityMode = 'on',
    beforeWrite: (write: string) => Promise<void> = async () => {},
    faster = 1,
  ) {
    const real = createApiWriter({ api, mayWrite: () => {} });
    const before = (kind: string, path: string) => beforeWrite(`${kind} ${path.split('/').at(-1)}`);
    const writer: NodePoolsDeps['writer'] = {
      create: (...args) => before('create', args[0]).then(() => real.create(...args)),
      apply: (...args) => before('apply', args[0]).then(() => real.apply(...args)),
      mergePatch: (...args) => before('mergePatch', args[0]).then(() => real.mergePatch(...args)),
    };
    const controller = createNodePools({
      api,
      writer,
      view: { nodes: nodeView.values },
      snapshot: () => snapshot,
      capacity: { nodePools: option },
      modeCap: () => modeCap,
      instance: `controller-${running.size}`,
      now,
      log,
      clock: {
        now: () => MONOTONIC.now() * faster,
        pause: (ms, signal) => MONOTONIC.pause(ms / faster, signal),
      },
    });
    running.add(controller);
    controller.start();
    async function stop(): Promise<void> {
      running.delete(controller);
      await controller.stop();
    }
    controllers.defer(stop);
    return {
      stop,
      metric: (name: string) =>
        Object.fromEntries(
          [...(controller.metrics?.find((one) => one.name === name)?.read() ?? [])]
            .filter(([, value]) => value > 0)
            .map(([labels, value]) => [Object.values(labels).join(' '), value]),
        ),
    };
  }

  async function send(method: string, path: string, body?: unknown, headers?: Record<string, string>) {
    const answer = await request(method, path, body, headers);
    assert.ok(answer.status < 300, `${method} ${path} answers ${answer.status}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  const pool = (name: string): Promise<Rendered> => send('GET', `${NODE_POOLS_PATH}/${name}`);

  const controllers = new AsyncDisposableStack();
  cleanup.defer(() => controllers.disposeAsync());
  const owned = cleanup.move();
  return {
    controlPlane,
    api,
    request,
    waitFor,
    send,
    now,
    kubectl: controlPlane.kubectl,
    startController,
    pool,
    patch: (path: string, body: unknown) => send('PATCH', path, body, MERGE_PATCH),
    createPool: (name: string, parts: PoolParts = {}) => send('POST', NODE_POOLS_PATH, nodePool(name, parts)),
    createNodeClass: () => send('POST', KWOK_NODE_CLASSES_PATH, KWOK_NODE_CLASS),
    claims: async (): Promise<Rendered[]> => (await send('GET', CLAIMS_PATH)).items,
    /** Sets the wall clock of the controllers; nobody is told. */
    advance(ms: number): void {
      aheadMs += ms;
    },
    resetClock(): void {
      aheadMs = 0;
    },
    /** The grid as it is from now on, and so much later. */
    turn(next: Intensities | readonly RegionView[], afterMs = HOUR_MS): void {
      aheadMs += afterMs;
      snapshot = makeSnapshot(next);
      changed();
    },
    capAt(cap: Mode | undefined): void {
      modeCap = cap;
      changed();
    },
    /** A client with the token of the controllers. */
    asControllers() {
      const { users } = JSON.parse(readFileSync(kubeconfig, 'utf8'));
      return createTestClient({
        url: controlPlane.url,
        ca: readFileSync(controlPlane.caFile, 'utf8'),
        token: users[0].user.token,
      });
    },
    /** Waits until a pool is so; answers it. */
    untilPool: (name: string, what: string, isSo: (pool: Rendered) => boolean): Promise<Rendered> =>
      waitFor(`${name}: ${what}`, async () => {
        const found = await pool(name);
        return isSo(found) ? found : undefined;
      }),
    /** Events about a pool: `CarbonAwareDirty: ...`. */
    async eventsOf(name: string): Promise<string[]> {
      const { items } = await send('GET', '/apis/events.k8s.io/v1/namespaces/default/events');
      return items
        .filter(
          ({ regarding, reportingController }: Rendered) =>
            regarding.name === name && /gridgate/.test(reportingController),
        )
        .map(({ reason, note }: Rendered) => `${reason}: ${note}`);
    },
    stop: () => owned.disposeAsync(),
  };
}

/** The base's account, with the component's rights and both guards. */
async function installAccount(controlPlane: ControlPlane): Promise<void> {
  await applyObjects(controlPlane, ofKind(await renderWith(controlPlane, 'base', ['node-pools']), ...ACCOUNT_KINDS));
  await untilGuarded(controlPlane);
}

/** Once there are NodePools: the policy counts a moment after it is written. */
export async function untilPoolsGuarded({ request, waitFor }: ControlPlane): Promise<void> {
  await waitFor('the guard of NodePools', async () => {
    const { body } = await request('POST', `${NODE_POOLS_PATH}?dryRun=All`, nodePool('probe'), {
      'impersonate-user': CONTROLLERS_ACCOUNT,
      'impersonate-group': 'system:masters',
    });
    return /ValidatingAdmissionPolicy 'gridgate-node-pools'/.test(body.message) || undefined;
  });
}

export type GuardedPools = Awaited<ReturnType<typeof startGuardedPools>>;

/** An API server with NodePools, the rights and the guard of their component, and a token of the controllers. */
export async function startGuardedPools() {
  const cluster = await startFollowing({}, { workers: [] });
  await cluster.controlPlane.installKarpenter();
  await untilPoolsGuarded(cluster.controlPlane);
  const asControllers = cluster.asControllers();
  return {
    cluster,
    asControllers,
    /** A merge patch by that token. */
    patch: (pool: string, patch: object) =>
      asControllers.request('PATCH', `${NODE_POOLS_PATH}/${pool}?fieldManager=evil`, patch, {
        'content-type': 'application/merge-patch+json',
      }),
    async stop() {
      asControllers.disconnect();
      await cluster.stop();
    },
  };
}
