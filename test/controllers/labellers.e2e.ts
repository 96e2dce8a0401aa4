import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { pino } from 'pino';
import { createApiClient } from '../../src/cluster/api-client.ts';
import { createApiWriter } from '../../src/cluster/api-writer.ts';
import { type ClusterView, createClusterView } from '../../src/cluster/cluster-view.ts';
import { loadKubeConfig } from '../../src/cluster/kube-config.ts';
import { createNamespaceLabeller } from '../../src/controllers/namespace-labeller/controller.ts';
import { createNodeLabeller, NODE_LABELLER } from '../../src/controllers/node-labeller/controller.ts';
import type { Mode } from '../../src/decision/policy.ts';
import type { Band } from '../../src/regions/band.ts';
import { REGION_LABEL } from '../builders.ts';
import { CONTROLLERS_ACCOUNT, installControllersAccount } from '../cluster/controllers-account.ts';
import type { Rendered } from '../cluster/rendered-manifests.ts';
import { skip } from '../control-plane/assets.ts';
import { type ControlPlane, startControlPlane } from '../control-plane/start.ts';

const MERGE_PATCH = { 'content-type': 'application/merge-patch+json' };
const CARBON = 'gridgate.dev/carbon';
const MANAGED = 'gridgate.dev/managed';
const NODES = 50;
const FOREIGN_TAINT = { key: 'team', value: 'a', effect: 'NoSchedule' };

describe('the labellers', () => {
  const log = pino({ level: 'silent' });
  let labelWrites = 0;
  /** What somebody else does after a node was read and before its taints are written. */
  let meanwhile = async (_path: string): Promise<void> => {};
  const bands = new Map<string, Band>([['eu', 'high']]);
  let controlPlane: ControlPlane;
  let view: ClusterView;
  let api: ReturnType<typeof createApiClient>;
  let nodeLabeller: ReturnType<typeof createNodeLabeller>;
  let namespaceLabeller: ReturnType<typeof createNamespaceLabeller>;

  before(async () => {
    if (skip) return;
    controlPlane = await startControlPlane({ workers: [], users: [{ name: CONTROLLERS_ACCOUNT }] });
    const kubeConfig = loadKubeConfig({ file: await installControllersAccount(controlPlane) });
    api = createApiClient(kubeConfig);
    const writer = createApiWriter({ api, mayWrite: () => {} });
    view = createClusterView({
      kubeConfig,
      regionLabel: REGION_LABEL,
      watchPendingPods: false,
      log,
      onChange: (resource) => {
        if (resource === 'namespaces') namespaceLabeller.changed();
        if (resource === 'nodes') nodeLabeller.changed();
      },
    });
    namespaceLabeller = createNamespaceLabeller({
      view,
      modeOf: ({ annotations }) => (annotations['gridgate.dev/mode'] ?? 'off') as Mode,
      ownNamespace: 'gridgate-system',
      writer,
      log,
    });
    nodeLabeller = createNodeLabeller({
      view,
      bandOf: (region) => bands.get(region),
      taintedBands: () => ['medium', 'high'],
      api: {
        async get(path, options) {
          const answer = await api.get(path, options);
          await meanwhile(path);
          return answer;
        },
      },
      writer: {
        ...writer,
        apply: (...args) => {
          labelWrites++;
          return writer.apply(...args);
        },
      },
      log,
    });
    await controlPlane.addNodes(
      Array.from({ length: NODES }, (_, i) => ({
        name: `node-${i}`,
        labels: { [REGION_LABEL]: 'eu', mine: String(i) },
        taints: [FOREIGN_TAINT],
      })),
    );
    await view.start();
  });
  after(async () => {
    await Promise.all([namespaceLabeller?.stop(), nodeLabeller?.stop()]);
    await view?.stop();
    api?.close();
    await controlPlane?.stop();
  });

  async function send(method: string, path: string, body?: unknown, headers?: Record<string, string>) {
    const answer = await controlPlane.request(method, path, body, headers);
    assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  const labelOf = async (namespace: string): Promise<unknown> =>
    (await send('GET', `/api/v1/namespaces/${namespace}`)).metadata.labels[MANAGED];

  test('a namespace gets its label, gets it back, and loses it with its opt-in', { skip }, async () => {
    const annotations = { 'gridgate.dev/mode': 'warn' };
    await send('POST', '/api/v1/namespaces', { metadata: { name: 'team', annotations, labels: { mine: 'yes' } } });
    await send('PATCH', '/api/v1/namespaces/gridgate-system', { metadata: { annotations } }, MERGE_PATCH);
    namespaceLabeller.start();
    const until = (label: string | undefined) =>
      controlPlane.waitFor(`label ${label}`, async () => (await labelOf('team')) === label || undefined);
    await until('true');
    for (const byHand of [null, 'false']) {
      await send('PATCH', '/api/v1/namespaces/team', { metadata: { labels: { [MANAGED]: byHand } } }, MERGE_PATCH);
      await until('true');
    }
    const optedOut = { metadata: { annotations: { 'gridgate.dev/mode': 'off' } } };
    await send('PATCH', '/api/v1/namespaces/team', optedOut, MERGE_PATCH);
    await until(undefined);
    assert.equal((await send('GET', '/api/v1/namespaces/team')).metadata.labels.mine, 'yes');
    assert.equal(await labelOf('gridgate-system'), undefined);
  });

  async function nodes(): Promise<Rendered[]> {
    return (await send('GET', '/api/v1/nodes')).items;
  }

  async function untilLabelled(band: Band | undefined): Promise<Rendered[]> {
    return controlPlane.waitFor(`${NODES} nodes of band ${band}`, async () => {
      const all = await nodes();
      return all.every(({ metadata }) => metadata.labels[CARBON] === band) ? all : undefined;
    });
  }

  test('50 nodes are labelled and tainted at 10 a second; labels and taints of others stay', { skip }, async () => {
    nodeLabeller.start();
    const startedAt = performance.now();
    const labelled = await untilLabelled('high');
    const tookMs = performance.now() - startedAt;
    assert.ok(tookMs >= ((NODES - 1) * 1_000) / 10, `${tookMs} ms`);

    for (const { metadata, spec } of labelled) {
      assert.deepEqual(
        spec.taints.filter(({ key }: Rendered) => !key.startsWith('node.kubernetes.io/')),
        [FOREIGN_TAINT, { key: CARBON, value: 'high', effect: 'PreferNoSchedule' }],
      );
      assert.ok(metadata.labels.mine);
      const ours = metadata.managedFields.find(({ manager }: Rendered) => manager === NODE_LABELLER);
      assert.deepEqual(ours.fieldsV1, { 'f:metadata': { 'f:labels': { [`f:${CARBON}`]: {} } } });
    }
    assert.equal(labelWrites, NODES, 'none is written twice');
  });

  test('a band that is gone takes label and taint away, whoever set the label too and whoever taints meanwhile', {
    skip,
  }, async () => {
    await send('PATCH', '/api/v1/nodes/node-0', { metadata: { labels: { [CARBON]: 'high' } } }, MERGE_PATCH);
    const added = { key: 'meanwhile', value: 'a', effect: 'NoSchedule' };
    meanwhile = async (path) => {
      if (!path.endsWith('/node-2')) return;
      meanwhile = async () => {};
      const { spec } = await send('GET', path);
      await send('PATCH', path, { spec: { taints: [...spec.taints, added] } }, MERGE_PATCH);
    };
    bands.clear();
    nodeLabeller.changed();
    for (const { metadata, spec } of await untilLabelled(undefined)) {
      assert.deepEqual(
        spec.taints.filter(({ key }: Rendered) => !key.startsWith('node.kubernetes.io/')),
        metadata.name === 'node-2' ? [FOREIGN_TAINT, added] : [FOREIGN_TAINT],
      );
    }
  });

  test('a node that is gone does not come back with its label', { skip }, async () => {
    await nodeLabeller.stop();
    const gone = view.node('node-1');
    await send('DELETE', '/api/v1/nodes/node-1');
    const late = createNodeLabeller({
      view: { nodes: () => (gone ? [gone] : []), node: () => gone },
      bandOf: () => 'low',
      taintedBands: () => [],
      api,
      writer: createApiWriter({ api, mayWrite: () => tried.resolve() }),
      log,
    });
    const tried = Promise.withResolvers<void>();
    late.start();
    await tried.promise;
    await late.stop();
    const { status } = await controlPlane.request('GET', '/api/v1/nodes/node-1');
    assert.equal(status, 404);
  });
});
