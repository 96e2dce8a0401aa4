import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { expression, onNode, REGION_LABEL, requires, term } from '../builders.ts';
import type { Rendered } from '../cluster/rendered-manifests.ts';
import type { NodeSpec } from '../control-plane/nodes.ts';
import { skip } from './cluster.ts';
import { type LiveCluster, REGIONS_PATH, startLiveCluster } from './live-cluster.ts';
import { pod, prefixed, requesting } from './objects.ts';

/** The last two are above the default ceiling of 300; none is elastic. */
const REGIONS = {
  'eu-north-1': { gramsPerKwh: 20 },
  'us-west-2': { gramsPerKwh: 120 },
  'us-west-1': { gramsPerKwh: 90, outage: { active: true, reason: 'flood' } },
  'eu-central-1': { gramsPerKwh: 338 },
  'us-east-1': { gramsPerKwh: 379 },
};
/** What only a node of the dirtiest region has, one in a region that nobody described, and one in none. */
const NODES: readonly NodeSpec[] = [
  {
    name: 'node-3',
    labels: {
      [REGION_LABEL]: 'us-east-1',
      pool: 'gpu',
      'csi.hetzner.cloud/location': 'ash',
      'failure-domain.beta.kubernetes.io/region': 'us-east-1',
      'failure-domain.beta.kubernetes.io/zone': 'us-east-1a',
      'node.kubernetes.io/instance-type': 'p4d.24xlarge',
    },
    capacity: { cpu: '128', 'nvidia.com/gpu': '8' },
  },
  { name: 'windows-1', labels: { [REGION_LABEL]: 'us-east-1', 'kubernetes.io/os': 'windows' } },
  { name: 'on-mars', labels: { [REGION_LABEL]: 'mars-1' } },
  { name: 'bare', labels: { pool: 'bare' } },
];
const CLEAN = /^(eu-north-1|us-west-2|on-mars|bare)/;
const TAINT = { key: 'dedicated', value: 'infra', effect: 'NoSchedule' };

/** As clusters with other kinds of daemon sets write it; anybody may. */
function daemonPod(name: string, apiVersion: string, node: string): Rendered {
  const owner = { apiVersion, kind: 'DaemonSet', name: 'agent', uid: '11111111-1111-1111-1111-111111111111' };
  const made = pod(name, { tolerations: [{ operator: 'Exists' }], ...requires(onNode(node)) });
  return { ...made, metadata: { ...made.metadata, ownerReferences: [{ ...owner, controller: true }] } };
}

describe('where nodes are that can run a pod', () => {
  let cluster: LiveCluster;

  before(async () => {
    if (skip) return;
    cluster = await startLiveCluster({
      regions: REGIONS,
      flags: { 'kube-apiserver': ['--enable-admission-plugins=PodTolerationRestriction'] },
    });
    await cluster.controlPlane.addNodes(NODES);
    await cluster.createNamespace('shop', { mode: 'enforce' });
    await cluster.createNamespace('europe', { mode: 'enforce', regions: 'eu-*' });
    await cluster.waitFor('gridgate to see the last of the nodes', async () => {
      const { said } = await create('shop', pod('asks', { nodeSelector: { pool: 'bare' } }), '--dry-run=server');
      return /carry no label/.test(said) || undefined;
    });
  });
  after(() => cluster?.stop());

  /** What kubectl makes of an object, and what it says, warnings and refusals. */
  async function create(namespace: string, object: Rendered, ...args: readonly string[]) {
    const command = ['create', '-n', namespace, '-f', '-', '-o', 'json', ...args];
    const { code, stdout, stderr } = await cluster.kubectl(command, JSON.stringify(object));
    return { code, created: code === 0 ? (JSON.parse(stdout) as Rendered) : undefined, said: stderr };
  }

  async function assertRefused(namespace: string, object: Rendered, says: RegExp): Promise<void> {
    const { code, said } = await create(namespace, object);
    assert.equal(code, 1, said);
    assert.match(said, says);
  }

  async function get(namespace: string, name: string): Promise<Rendered> {
    return cluster.send('GET', `/api/v1/namespaces/${namespace}/pods/${name}`);
  }

  /** The region in which a pod runs; waits until it does. */
  async function regionOf(namespace: string, name: string): Promise<unknown> {
    const { spec } = await cluster.waitFor(`${name} to run`, async () => {
      const found = await get(namespace, name);
      return found.status.phase === 'Running' ? found : undefined;
    });
    const node = await cluster.send('GET', `/api/v1/nodes/${spec.nodeName}`);
    return node.metadata.labels[REGION_LABEL];
  }

  function untilUnschedulable(namespace: string, name: string): Promise<true> {
    return cluster.waitFor(`${name} to be found unschedulable`, async () => {
      const { spec, status } = await get(namespace, name);
      assert.equal(spec.nodeName, undefined);
      return (status.conditions ?? []).some(({ reason }: Rendered) => reason === 'Unschedulable') || undefined;
    });
  }

  /** Waits until gridgate says this of a pod that is not created. */
  function untilSaid(namespace: string, object: Rendered, says: RegExp): Promise<true> {
    return cluster.waitFor(`gridgate to say ${says}`, async () => {
      const { said } = await create(namespace, object, '--dry-run=server');
      return says.test(said) || undefined;
    });
  }

  /** The regions that gridgate's requirement leaves. */
  function allowedIn(created: Rendered | undefined): unknown {
    const { requiredDuringSchedulingIgnoredDuringExecution: required } = created?.spec.affinity?.nodeAffinity ?? {};
    const expressions = required?.nodeSelectorTerms.flatMap((one: Rendered) => one.matchExpressions ?? []) ?? [];
    return expressions.find(({ key, operator }: Rendered) => key === REGION_LABEL && operator === 'In')?.values;
  }

  const wishes: Readonly<Record<string, readonly [spec: object, what: RegExp]>> = {
    'a label of a pool': [{ nodeSelector: { pool: 'gpu' } }, /its node selector pool=gpu leaves only us-east-1/],
    'a label of a pool, by affinity': [
      requires(term(expression('pool', 'In', 'gpu'))),
      /its node affinity leaves only/,
    ],
    'a region by its old label': [
      { nodeSelector: { 'failure-domain.beta.kubernetes.io/region': 'us-east-1' } },
      /its node selector failure-domain\.beta\.kubernetes\.io\/region=us-east-1 leaves only us-east-1/,
    ],
    'a zone by its old label': [
      { nodeSelector: { 'failure-domain.beta.kubernetes.io/zone': 'us-east-1a' } },
      /its node selector failure-domain\.beta\.kubernetes\.io\/zone=us-east-1a leaves only us-east-1/,
    ],
    'an instance type': [
      { nodeSelector: { 'node.kubernetes.io/instance-type': 'p4d.24xlarge' } },
      /its node selector node\.kubernetes\.io\/instance-type=p4d\.24xlarge leaves only us-east-1/,
    ],
    'a node by its name': [requires(onNode('node-3')), /its node affinity leaves only us-east-1/],
  };
  for (const [name, [spec, what]] of Object.entries(wishes))
    test(`a wish that only a dirty region meets is denied, and why is said: ${name}`, { skip }, async () => {
      const { code, said } = await create('shop', pod('wishes', spec));
      assert.equal(code, 1, said);
      assert.match(said, /us-east-1 is at 379 gCO2e\/kWh .*cleanest allowed now: eu-north-1 at 20 .*\[high_carbon\]/);
      assert.match(said, what);
    });

  const needs: Readonly<Record<string, readonly [spec: object, what: RegExp]>> = {
    'an operating system': [
      { nodeSelector: { 'kubernetes.io/os': 'windows' } },
      /its node selector kubernetes\.io\/os=windows leaves only us-east-1/,
    ],
    'a GPU': [
      { containers: [requesting({ 'nvidia.com/gpu': '1' })] },
      /its request of 1 nvidia\.com\/gpu leaves only us-east-1/,
    ],
    'a size': [{ containers: [requesting({ cpu: '64' })] }, /its request of 64 cpu leaves only us-east-1/],
    'a size and a label': [
      { containers: [requesting({ cpu: '40' })], nodeSelector: { pool: 'gpu' } },
      /leaves only us-east-1/,
    ],
  };
  for (const [name, [spec, what]] of Object.entries(needs))
    test(`a need that only a dirty region meets is met there, with a warning: ${name}`, { skip }, async () => {
      const named = `needs-${name.replaceAll(' ', '-').toLowerCase()}`;
      const { code, said } = await create('shop', pod(named, spec));
      assert.equal(code, 0, said);
      assert.match(said, /^Warning: gridgate: every region within reach \(.*\) is above the limit of 300/);
      assert.match(said, what);
      assert.equal(await regionOf('shop', named), 'us-east-1');
    });

  test('a need that nobody meets waits, with a warning', { skip }, async () => {
    const { code, said } = await create('shop', pod('huge', { containers: [requesting({ cpu: '999' })] }));
    assert.equal(code, 0, said);
    assert.match(
      said,
      /no node has what the pod asks for, and none is known to come; it waits: its request of 999 cpu/,
    );
    await untilUnschedulable('shop', 'huge');
  });

  test('a taint that a pod does not tolerate keeps it away from what is clean', { skip }, async () => {
    const { items } = await cluster.send('GET', '/api/v1/nodes');
    const names: string[] = items.map(({ metadata }: Rendered) => metadata.name);
    const taint = (...taints: readonly object[]) =>
      Promise.all(
        names
          .filter((name) => CLEAN.test(name))
          .map((name) => cluster.patch(`/api/v1/nodes/${name}`, { spec: { taints } })),
      );
    await taint(TAINT);
    const says = /every region within reach \(its taints that it does not tolerate leaves? only eu-central-1, /;
    await untilSaid('shop', pod('untolerating'), says);
    const { code } = await create('shop', pod('untolerating'));
    assert.equal(code, 0);
    assert.equal(await regionOf('shop', 'untolerating'), 'eu-central-1');
    const tolerating = pod('tolerating', { tolerations: [{ key: TAINT.key, operator: 'Exists' }] });
    assert.equal((await create('shop', tolerating)).said, '');
    assert.equal(await regionOf('shop', 'tolerating'), 'eu-north-1');
    await taint();
    await cluster.waitFor('gridgate to see the taints go', async () => {
      return (await create('shop', pod('asks'), '--dry-run=server')).said === '' || undefined;
    });
  });

  test("a volume is where its driver's own key says", { skip }, async () => {
    const storage = { accessModes: ['ReadWriteOnce'], storageClassName: '' };
    const driversKey = { key: 'csi.hetzner.cloud/location', operator: 'In', values: ['ash'] };
    const volume = {
      ...storage,
      capacity: { storage: '1Gi' },
      claimRef: { namespace: 'shop', name: 'data' },
      csi: { driver: 'x.example', volumeHandle: 'v1' },
      nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [driversKey] }] } },
    };
    const claim = { ...storage, volumeName: 'v1', resources: { requests: { storage: '1Gi' } } };
    await create('shop', { apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: 'v1' }, spec: volume });
    await create('shop', { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'data' }, spec: claim });
    const volumes = [{ name: 'd', persistentVolumeClaim: { claimName: 'data' } }];
    const says = /^Warning: gridgate: volume v1 \(claim data\) holds the pod in us-east-1: us-east-1 is at 379 /;
    await untilSaid('shop', pod('held', { volumes }), says);
    const { code, said } = await create('shop', pod('held', { volumes }));
    assert.equal(code, 0, said);
    assert.match(said, says);
    assert.equal(await regionOf('shop', 'held'), 'us-east-1');
  });

  test('pods of daemon sets of other kinds are left alone, as those of apps/v1', { skip }, async () => {
    for (const apiVersion of ['apps.kruise.io/v1alpha1', 'apps/v1']) {
      const name = `agent-${apiVersion.split('/')[0]?.replaceAll('.', '-')}`;
      const { code, created, said } = await create('shop', daemonPod(name, apiVersion, 'node-3'));
      assert.deepEqual([code, said], [0, '']);
      assert.deepEqual(created?.spec.affinity, requires(onNode('node-3')).affinity);
    }
    // Nobody knows that kind's owners here, so that nobody collects it; the other may be gone already.
    assert.equal(await regionOf('shop', 'agent-apps-kruise-io'), 'us-east-1');
  });

  test('the same bare pod is applied twice without an error while no node is tainted', { skip }, async () => {
    const twice = pod('twice', { tolerations: [{ key: 'x', operator: 'Exists' }] });
    for (const told of ['pod/twice created', 'pod/twice configured']) {
      const { code, stdout, stderr } = await cluster.kubectl(['apply', '-n', 'shop', '-f', '-'], JSON.stringify(twice));
      assert.deepEqual([code, stderr, stdout.trim()], [0, '', told]);
    }
  });

  test('a pod that needs nothing is created as it came', { skip }, async () => {
    await cluster.createNamespace('calm', { mode: 'enforce', placement: 'none', 'max-intensity': '1000' });
    const own = pod('own', requires(term(expression(REGION_LABEL, 'In', 'eu-north-1', 'us-west-2'))));
    const { created } = await create('calm', own);
    assert.deepEqual(created?.spec.affinity, own.spec.affinity);
    assert.deepEqual(created?.metadata.annotations ?? {}, {});
    const keys = created?.spec.tolerations.map(({ key }: Rendered) => key);
    assert.deepEqual(keys, ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable']);
  });

  test('a namespace that lists the tolerations it takes takes pods', { skip }, async () => {
    const listed = ['dedicated', 'node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'];
    await cluster.createNamespace('listing', {
      mode: 'enforce',
      'scheduler.alpha.kubernetes.io/tolerationsWhitelist': JSON.stringify(
        listed.map((key) => ({ key, operator: 'Exists' })),
      ),
    });
    const other = pod('other', { tolerations: [{ key: 'other', operator: 'Exists' }] });
    await assertRefused('listing', other, /pod tolerations .* conflict|do not satisfy|toleration/i);
    const { code, said } = await create('listing', pod('any'));
    assert.equal(code, 0, said);
    assert.equal(await regionOf('listing', 'any'), 'eu-north-1');
  });

  const elastic: Readonly<Record<string, readonly [path: string, set: object, unset: object]>> = {
    'its Region says so': [`${REGIONS_PATH}/us-west-2`, { spec: { elastic: true } }, { spec: { elastic: null } }],
    'a node of it is of a node group': [
      '/api/v1/nodes/us-west-2-1',
      { metadata: { labels: { 'karpenter.sh/nodepool': 'default' } } },
      { metadata: { labels: { 'karpenter.sh/nodepool': null } } },
    ],
  };
  for (const [name, [path, set, unset]] of Object.entries(elastic))
    test(`a clean region to which nodes may come meets a wish, which is said: ${name}`, { skip }, async () => {
      const wishing = pod(`wishing-${Object.keys(elastic).indexOf(name)}`, { nodeSelector: { pool: 'gpu' } });
      await cluster.patch(path, set);
      await untilSaid('shop', wishing, /no node of us-west-2 has now what the pod asks for; it counts on new ones/);
      const { code } = await create('shop', wishing);
      assert.equal(code, 0);
      await untilUnschedulable('shop', wishing.metadata.name);
      await cluster.patch(path, unset);
      await untilSaid('shop', wishing, /\[high_carbon\]/);
    });

  const outside: Readonly<Record<string, readonly [spec: object, says: RegExp]>> = {
    'a region that nobody described': [
      { nodeSelector: { [REGION_LABEL]: 'mars-1' } },
      /mars-1 is not among the regions eu-\*/,
    ],
    'a region that nobody knows': [
      { nodeSelector: { [REGION_LABEL]: 'us-9' } },
      /it asks for region us-9, which is not among the regions eu-\*/,
    ],
    'a node in no region': [
      { nodeSelector: { 'kubernetes.io/hostname': 'bare' } },
      /the nodes that it fits carry no label topology\.kubernetes\.io\/region/,
    ],
    'a node in no region, by its name': [{ nodeName: 'bare' }, /gridgate refuses pod .*\[not_allowed\]/],
    'a node elsewhere, by its name': [{ nodeName: 'on-mars' }, /mars-1 is not among the regions eu-\*/],
    'a node that nobody knows': [{ nodeName: 'ghost' }, /node ghost is in no region that is known here/],
    'what only nodes elsewhere have': [{ nodeSelector: { pool: 'gpu' } }, /us-east-1 is not among the regions eu-\*/],
    'a GPU, which only nodes elsewhere have': [
      { containers: [requesting({ 'nvidia.com/gpu': '1' })] },
      /us-east-1 is not among the regions eu-\*/,
    ],
  };
  const EUROPE = ['eu-central-1', 'eu-north-1'];

  async function assertStaysInside(suffix: string): Promise<void> {
    for (const [what, [spec, says]] of Object.entries(outside)) {
      const { code, said } = await create('europe', pod(`outside-${suffix}`, spec));
      assert.equal(code, 1, what);
      assert.match(said, says, what);
      assert.match(said, /\[not_allowed\]/, what);
    }
    const any = await create('europe', pod(`inside-${suffix}`));
    assert.deepEqual(allowedIn(any.created)?.valueOf(), suffix === 'described' ? ['eu-north-1'] : EUROPE, any.said);
    assert.match(String(await regionOf('europe', `inside-${suffix}`)), /^eu-/);

    const forged = `forged-${suffix}`;
    const { created, said } = await create('europe', daemonPod(forged, 'apps.kruise.io/v1alpha1', 'node-3'));
    assert.deepEqual(allowedIn(created), EUROPE);
    assert.match(said, /its node is in us-east-1, not among the regions eu-\* that it is allowed; the pod waits/);
    await untilUnschedulable('europe', forged);
  }

  test('where data may live goes by name: nobody gets outside', { skip }, () => assertStaysInside('described'));

  test('a DaemonSet runs on every allowed node, and waits elsewhere', { skip }, async () => {
    const labels = { app: 'agent' };
    const spec = { ...pod('agent').spec, tolerations: [{ operator: 'Exists' }] };
    await cluster.send('POST', '/apis/apps/v1/namespaces/europe/daemonsets', {
      metadata: { name: 'agent' },
      spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
    });
    const path = '/apis/apps/v1/namespaces/europe/daemonsets/agent';
    const status = await cluster.waitFor('the DaemonSet to run where it may', async () => {
      const found = (await cluster.send('GET', path)).status;
      return found.currentNumberScheduled === found.desiredNumberScheduled && found.numberReady === 6
        ? found
        : undefined;
    });
    assert.equal(status.desiredNumberScheduled, 3 * Object.keys(REGIONS).length + NODES.length);
    const { items } = await cluster.send('GET', '/api/v1/namespaces/europe/pods?labelSelector=app%3Dagent');
    const nodes: string[] = items.flatMap((one: Rendered) => one.spec.nodeName ?? []);
    assert.deepEqual(
      nodes.toSorted(),
      EUROPE.flatMap((name) => [1, 2, 3].map((number) => `${name}-${number}`)),
    );
    await cluster.send('DELETE', path);
  });

  test('a namespace that allows nothing known takes no pods, and says so', { skip }, async () => {
    await cluster.createNamespace('asia', { mode: 'enforce', regions: 'ap-*' });
    await assertRefused(
      'asia',
      pod('any'),
      /is not among the regions ap-\* .*; no region that is known here is allowed \[not_allowed\]/,
    );
  });

  test('without any Region the names of nodes count all the same', { skip }, async () => {
    const { code, stderr } = await cluster.kubectl(['delete', 'regions', '--all']);
    assert.equal(code, 0, stderr);
    await cluster.waitFor('gridgate to see them go', async () => {
      const dirty = pod('asks', { nodeSelector: { [REGION_LABEL]: 'us-east-1' } });
      return (await create('shop', dirty, '--dry-run=server')).code === 0 || undefined;
    });
    await assertStaysInside('undescribed');
    await assertRefused(
      'europe',
      { ...pod('annotated'), metadata: { name: 'annotated', annotations: prefixed({ region: 'us-west-2' }) } },
      /us-west-2/,
    );
  });
});
