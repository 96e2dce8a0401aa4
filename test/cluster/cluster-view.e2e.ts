import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { type Announced, type ClusterView, createClusterView } from '../../src/cluster/cluster-view.ts';
import { loadKubeConfig } from '../../src/cluster/kube-config.ts';
import type { NodeFacts } from '../../src/regions/node-facts.ts';
import { skip } from '../control-plane/assets.ts';
import { type ControlPlane, startControlPlane } from '../control-plane/start.ts';

const SERVICE_ACCOUNT = 'system:serviceaccount:gridgate-system:gridgate';
const REGION_LABEL = 'topology.kubernetes.io/region';
const MERGE_PATCH = { 'content-type': 'application/merge-patch+json' };
const MANIFESTS = fileURLToPath(new URL('../../manifests', import.meta.url));
const LONG_MS = 120_000;

type LogLine = { readonly level: number; readonly resource?: string; readonly failure?: string; readonly msg: string };

describe('the cluster view', () => {
  let controlPlane: ControlPlane;
  let view: ClusterView;
  const changes: Announced[] = [];
  const log: LogLine[] = [];

  before(async () => {
    if (skip) return;
    controlPlane = await startControlPlane({
      workers: [],
      users: [{ name: SERVICE_ACCOUNT, groups: ['system:serviceaccounts', 'system:authenticated'] }],
    });
    view = createClusterView({
      kubeConfig: loadKubeConfig({ file: controlPlane.kubeconfigFor(SERVICE_ACCOUNT) }),
      regionLabel: REGION_LABEL,
      watchPendingPods: true,
      log: pino({ level: 'debug' }, { write: (line) => void log.push(JSON.parse(line)) }),
      onChange: (resource) => void changes.push(resource),
    });
  });
  after(async () => {
    await view?.stop();
    await controlPlane?.stop();
  });

  test('says what RBAC denies it, once, and syncs when the manifests allow it', { skip }, async () => {
    const started = view.start();
    await controlPlane.waitFor('four refusals', () => {
      const failures = Object.values(view.syncState()).map(({ failure }) => failure);
      return failures.every((failure) => failure?.includes('403 Forbidden')) || undefined;
    });
    const { namespaces, pods } = view.syncState();
    assert.equal(namespaces?.synced, false);
    assert.match(
      namespaces?.failure ?? '',
      /^GET \/api\/v1\/namespaces answers 403 Forbidden: .*"system:serviceaccount:gridgate-system:gridgate" cannot list resource "namespaces"/,
    );
    assert.match(pods?.failure ?? '', /cannot list resource "pods"/);

    for (const file of ['base/namespace.yaml', 'base/rbac.yaml', 'strict/rbac.yaml']) await apply(file);
    await started;
    assert.equal(warnings().length, 4, 'one line for each resource, whatever the retries');
    await settled();
    assert.equal(log.filter(({ msg }) => msg.endsWith('again')).length, 4);
    assert.doesNotMatch(JSON.stringify(log), new RegExp(tokenOf(SERVICE_ACCOUNT)));
  });

  test('shows what there was before it started', { skip }, () => {
    assert.deepEqual([...view.nodes()], []);
    assert.deepEqual(view.priorityClasses(), { names: new Set(['system-cluster-critical', 'system-node-critical']) });
    assert.equal(view.namespace('default')?.managed, false);
    assert.equal(view.namespace('none'), undefined);
    assert.deepEqual(Object.keys(view.lastEventAt()).toSorted(), ['namespaces', 'nodes', 'pods', 'priorityclasses']);
    assert.deepEqual(new Set(changes), new Set(['namespaces', 'priorityclasses']));
  });

  test('sees a namespace come and change, and fetches one that it may not have seen', { skip }, async () => {
    await create('/api/v1/namespaces', {
      metadata: { name: 'shop', annotations: { 'gridgate.dev/mode': 'warn', a: 'b' } },
    });
    const fetched = await view.fetchNamespace('shop', LONG_MS);
    assert.deepEqual(fetched?.annotations, { 'gridgate.dev/mode': 'warn' });
    assert.equal(await view.fetchNamespace('none', LONG_MS), undefined);
    await controlPlane.waitFor('the namespace', () => view.namespace('shop'));

    await patch('/api/v1/namespaces/shop', { metadata: { labels: { 'gridgate.dev/managed': 'true' } } });
    await controlPlane.waitFor('the label', () => view.namespace('shop')?.managed || undefined);
  });

  test('a heartbeat of a node is no change; another label, taint, size or region is', { skip }, async () => {
    const labels = { [REGION_LABEL]: 'eu-north-1' };
    const lasting = { key: 'dedicated', value: 'db', effect: 'NoSchedule' };
    await controlPlane.addNodes([{ name: 'node-a', labels, taints: [{ ...lasting, value: 'web' }] }]);
    const { uid, ...seen } = await controlPlane.waitFor('the node', () => view.node('node-a'));
    assert.ok(uid);
    assert.deepEqual(seen, {
      name: 'node-a',
      region: 'eu-north-1',
      labels: {
        ...labels,
        'kubernetes.io/hostname': 'node-a',
        'kubernetes.io/os': 'linux',
        'kubernetes.io/arch': 'amd64',
      },
      taints: [{ ...lasting, value: 'web' }],
      allocatable: { cpu: 32, memory: 256 * 2 ** 30, pods: 110 },
    });

    const node = '/api/v1/nodes/node-a';
    const heartbeat = () =>
      patch(`${node}/status`, {
        status: { conditions: [{ type: 'Ready', status: 'True', lastHeartbeatTime: new Date().toISOString() }] },
      });
    const passing = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' };
    const rows: readonly [what: string, path: string, body: object, isSeen: (facts: NodeFacts) => boolean][] = [
      ['label', node, { metadata: { labels: { pool: 'gpu' } } }, (facts) => facts.labels['pool'] === 'gpu'],
      ['taint', node, { spec: { taints: [passing, lasting] } }, ({ taints }) => taints[0]?.value === 'db'],
      [
        'allocatable',
        `${node}/status`,
        { status: { allocatable: { 'example.com/device': '4' } } },
        ({ allocatable }) => allocatable?.['example.com/device'] === 4,
      ],
      [
        'region',
        node,
        { metadata: { labels: { [REGION_LABEL]: 'us-east-1' } } },
        (facts) => facts.region === 'us-east-1',
      ],
    ];
    for (const [what, path, body, isSeen] of rows) {
      changes.length = 0;
      await heartbeat();
      await patch(node, { spec: { taints: [passing, ...(view.node('node-a')?.taints ?? [])] } });
      await patch(path, body);
      await controlPlane.waitFor(`the other ${what}`, () => [...view.nodes()].some(isSeen) || undefined);
      assert.deepEqual(changes, ['nodes'], what); // events keep their order: those before it have passed
    }
  });

  test('sees deletions', { skip }, async () => {
    await create('/apis/scheduling.k8s.io/v1/priorityclasses', {
      metadata: { name: 'normal' },
      value: 5,
      globalDefault: true,
    });
    await controlPlane.waitFor('the default', () => view.priorityClasses().globalDefault);
    await controlPlane.request('DELETE', '/apis/scheduling.k8s.io/v1/priorityclasses/normal');
    await controlPlane.waitFor('no default', () => !view.priorityClasses().names.has('normal') || undefined);
    assert.equal(view.priorityClasses().globalDefault, undefined);

    await controlPlane.request('DELETE', '/api/v1/nodes/node-a');
    await controlPlane.waitFor('no node', () => [...view.nodes()].length === 0 || undefined);
  });

  test('knows a pod until it is bound', { skip }, async () => {
    const spec = { nodeSelector: { disk: 'ssd' }, containers: [{ name: 'c', image: 'example.invalid/c:1' }] };
    await create('/api/v1/namespaces/default/pods', { metadata: { name: 'p', annotations: { a: 'b' } }, spec });
    const { metadata, spec: kept } = await controlPlane.waitFor('the pod', () => view.pendingPod('default', 'p'));
    assert.deepEqual(Object.keys(metadata).toSorted(), ['name', 'namespace', 'uid']);
    const { tolerations, ...rest } = kept ?? {};
    assert.deepEqual(rest, { nodeSelector: { disk: 'ssd' }, priority: 0 });
    assert.equal(tolerations?.length, 2); // an admission plugin adds them
    assert.ok(view.freeForMs('default', 'p') > 0);

    await controlPlane.addNodes([{ name: 'node-b', labels: { [REGION_LABEL]: 'eu-west-1' } }]);
    await create('/api/v1/namespaces/default/pods/p/binding', {
      metadata: { name: 'p' },
      target: { kind: 'Node', name: 'node-b' },
    });
    await controlPlane.waitFor('no pod', () => view.pendingPod('default', 'p') === undefined || undefined);
    assert.equal(view.freeForMs('default', 'p'), 0);
  });

  test('keeps its view over a restart of the API server, and goes on with what changed since', { skip }, async () => {
    log.length = 0;
    // What the restarted API server begins with is newer than what each watch saw last: it answers 410.
    await create('/api/v1/namespaces/default/configmaps', { metadata: { name: 'newer' } });
    await controlPlane.restartApiServer();
    assert.equal(view.namespace('shop')?.managed, true);

    await patch('/api/v1/namespaces/shop', { metadata: { annotations: { 'gridgate.dev/mode': 'enforce' } } });
    await controlPlane.waitFor(
      'the new mode',
      () => view.namespace('shop')?.annotations['gridgate.dev/mode'] === 'enforce' || undefined,
    );
    await controlPlane.waitFor('four answers of 410', () => log.filter(isExpired).length === 4 || undefined);
    await settled();
    assert.deepEqual(
      [...view.nodes()].map(({ region }) => region),
      ['eu-west-1'],
    );
  });

  function warnings(): LogLine[] {
    return log.filter(({ level }) => level >= 40);
  }

  function settled(): Promise<boolean> {
    return controlPlane.waitFor('no failure any more', () => {
      const states = Object.values(view.syncState());
      return states.every(({ synced, failure }) => synced && failure === undefined) || undefined;
    });
  }

  async function apply(file: string): Promise<void> {
    const { code, stderr } = await controlPlane.kubectl(['apply', '-f', '-'], clusterScopedPart(file));
    assert.equal(code, 0, stderr);
  }

  async function create(path: string, body: object): Promise<void> {
    const answer = await controlPlane.request('POST', path, body);
    assert.equal(answer.status, 201, JSON.stringify(answer.body));
  }

  async function patch(path: string, body: object): Promise<void> {
    const answer = await controlPlane.request('PATCH', path, body, MERGE_PATCH);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
  }

  function tokenOf(user: string): string {
    return JSON.parse(readFileSync(controlPlane.kubeconfigFor(user), 'utf8')).users[0].user.token;
  }
});

function isExpired({ msg }: LogLine): boolean {
  return msg.includes('410 Expired');
}

/** The account itself needs its namespace, and a name is all that RBAC asks for. */
function clusterScopedPart(file: string): string {
  const documents = readFileSync(`${MANIFESTS}/${file}`, 'utf8').split('\n---\n');
  return documents.filter((document) => !document.includes('kind: ServiceAccount\nmetadata')).join('\n---\n');
}
