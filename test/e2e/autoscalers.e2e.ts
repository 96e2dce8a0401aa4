import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { stringify } from 'yaml';
import { expression, REGION_LABEL } from '../builders.ts';
import type { Rendered } from '../cluster/rendered-manifests.ts';
import {
  type InstanceType,
  KWOK_NODE_CLASS,
  KWOK_NODE_CLASSES_PATH,
  NODE_CLASS_REF,
  NODE_POOLS_PATH,
} from '../control-plane/karpenter.ts';
import { runCommand } from '../process/run-command.ts';
import { skip } from './cluster.ts';
import { type LiveCluster, startLiveCluster } from './live-cluster.ts';
import { pod, requesting } from './objects.ts';

const REGIONS = {
  'eu-north-1': { gramsPerKwh: 20 },
  'us-west-2': { gramsPerKwh: 120 },
  'us-east-1': { gramsPerKwh: 379 },
};
const TEAM = 'example.com/team';
const MACHINE: InstanceType = {
  name: 'm5.large',
  architecture: 'amd64',
  resources: { cpu: '2', memory: '8Gi', pods: '20' },
  offerings: Object.keys(REGIONS).map((region) => ({
    zone: `${region}a`,
    region,
    capacityType: 'on-demand',
    price: 0.1,
  })),
};
/** Of the lowest priority, and so they preempt nothing. */
const FLEXIBLE = { class: 'flexible' };

interface Pool {
  readonly region: string;
  readonly weight: number;
  readonly labels?: Readonly<Record<string, string>>;
}

/** The dirtier, the heavier: left to itself, Karpenter goes where the power is dirty. */
const POOLS: Readonly<Record<string, Pool>> = {
  north: { region: 'eu-north-1', weight: 1 },
  west: { region: 'us-west-2', weight: 10, labels: { [TEAM]: 'ml' } },
  east: { region: 'us-east-1', weight: 100 },
};

function nodePool(name: string, { region, weight, labels = {} }: Pool): Rendered {
  const requirements = [expression(REGION_LABEL, 'In', region)];
  return {
    apiVersion: 'karpenter.sh/v1',
    kind: 'NodePool',
    metadata: { name },
    spec: {
      weight,
      disruption: { consolidationPolicy: 'WhenEmpty', consolidateAfter: 'Never' },
      template: { metadata: { labels }, spec: { nodeClassRef: NODE_CLASS_REF, requirements } },
    },
  };
}

const filling = { containers: [requesting({ cpu: '1500m' })] };
const regionTerms = ({ spec }: Rendered) => {
  const { requiredDuringSchedulingIgnoredDuringExecution: required, preferredDuringSchedulingIgnoredDuringExecution } =
    spec.affinity?.nodeAffinity ?? {};
  const preferred: Rendered[] = preferredDuringSchedulingIgnoredDuringExecution ?? [];
  const [first] = required?.nodeSelectorTerms[0].matchExpressions ?? [];
  return {
    required: first ? `${first.operator} ${first.values}` : '',
    preferred: preferred.map(({ preference }) => preference.matchExpressions[0].values[0]),
  };
};

function use(cluster: () => LiveCluster) {
  const path = (namespace: string, name = '') => `/api/v1/namespaces/${namespace}/pods${name && `/${name}`}`;
  return {
    create: (namespace: string, object: Rendered): Promise<Rendered> => cluster().send('POST', path(namespace), object),
    get: (namespace: string, name: string): Promise<Rendered> => cluster().send('GET', path(namespace, name)),
    /** The region in which a pod runs; waits until it does. */
    async regionOf(namespace: string, name: string): Promise<string> {
      const { spec } = await cluster().waitFor(
        `${name} to run`,
        async () => {
          const found = await cluster().send('GET', path(namespace, name));
          return found.status.phase === 'Running' ? found : undefined;
        },
        120_000,
      );
      const node = await cluster().send('GET', `/api/v1/nodes/${spec.nodeName}`);
      return node.metadata.labels[REGION_LABEL];
    },
    /** A pod that is not created, once gridgate does with it what is asked for. */
    until: (what: string, namespace: string, object: Rendered, is: (pod: Rendered) => boolean): Promise<Rendered> =>
      cluster().waitFor(what, async () => {
        const { body } = await cluster().request('POST', `${path(namespace)}?dryRun=All`, object);
        return body.kind === 'Pod' && is(body) ? body : undefined;
      }),
  };
}

describe('Karpenter, and no node at all', () => {
  let cluster: LiveCluster;
  let karpenter: Awaited<ReturnType<LiveCluster['controlPlane']['startKarpenter']>>;
  const { create, get, regionOf, until } = use(() => cluster);

  before(async () => {
    if (skip) return;
    cluster = await startLiveCluster({ regions: REGIONS, nodes: [] });
    // As where Karpenter comes after gridgate.
    karpenter = await cluster.controlPlane.startKarpenter({ instanceTypes: [MACHINE] });
    await cluster.send('POST', KWOK_NODE_CLASSES_PATH, KWOK_NODE_CLASS);
    for (const [name, pool] of Object.entries(POOLS)) await cluster.send('POST', NODE_POOLS_PATH, nodePool(name, pool));
    await cluster.createNamespace('plain');
    await cluster.createNamespace('shop', { mode: 'enforce' });
    await cluster.createNamespace('unranked', { mode: 'enforce', placement: 'none' });
    await cluster.createNamespace('strict', { mode: 'enforce', placement: 'require' });
    await cluster.createNamespace('auto', { mode: 'enforce', placement: 'auto' });
    await until(
      'the NodePools to count',
      'strict',
      pod('asks'),
      (one) => regionTerms(one).required === 'In eu-north-1',
    );
  });
  after(() => cluster?.stop());

  test('without gridgate: where it is dirty', { skip }, async () => {
    await create('plain', pod('web', filling));
    assert.equal(await regionOf('plain', 'web'), 'us-east-1');
  });

  test('a preference brings a node in the cleanest region', { skip }, async () => {
    const created = await create('shop', pod('web', filling));
    assert.deepEqual(regionTerms(created), { required: 'NotIn us-east-1', preferred: ['eu-north-1', 'us-west-2'] });
    assert.equal(await regionOf('shop', 'web'), 'eu-north-1');
  });

  test('a refused region gets none, though nothing is preferred', { skip }, async () => {
    const created = await create('unranked', pod('web', filling));
    assert.deepEqual(regionTerms(created), { required: 'NotIn us-east-1', preferred: [] });
    assert.equal(await regionOf('unranked', 'web'), 'us-west-2', 'the heavier of those that are left');
  });

  test('what is required comes, with no spec.elastic anywhere', { skip }, async () => {
    await create('strict', pod('web', filling));
    assert.equal(await regionOf('strict', 'web'), 'eu-north-1');
  });

  test('auto prefers, since Karpenter follows', { skip }, async () => {
    const created = await create('auto', pod('web', filling, FLEXIBLE));
    assert.deepEqual(regionTerms(created), { required: 'NotIn us-east-1', preferred: ['eu-north-1', 'us-west-2'] });
    assert.equal(await regionOf('auto', 'web'), 'eu-north-1');
  });

  test('a label that one pool alone gives leads there, and one that none gives nowhere', { skip }, async () => {
    const asks = { ...filling, nodeSelector: { [TEAM]: 'ml' } };
    const created = await create('shop', pod('ml', asks));
    assert.deepEqual(regionTerms(created), { required: 'NotIn us-east-1', preferred: [] });
    assert.equal(await regionOf('shop', 'ml'), 'us-west-2');
    const nowhere = { nodeSelector: { [TEAM]: 'other' } };
    const { stderr } = await cluster.kubectl(
      ['create', '-n', 'shop', '--dry-run=server', '-f', '-'],
      JSON.stringify(pod('other', nowhere)),
    );
    assert.match(stderr, /no node has what the pod asks for, and none is known to come; it waits/);
  });

  test('explain, admit and audit say so', { skip }, async () => {
    const { kubeconfig } = cluster.controlPlane;
    const run = async (...args: readonly string[]) => {
      const { code, stdout, stderr } = await runCommand([...args, '--kubeconfig', kubeconfig], {
        env: { COLUMNS: '400' },
      });
      assert.ok(code === 0 || code === 1, stderr);
      return stdout;
    };
    const follows = /Karpenter \(NodePools east, north, west\) takes a preference for a requirement first/;
    assert.match(await run('explain', 'pod', 'web', '-n', 'shop'), follows);
    assert.match(
      await run('explain', 'pod', 'web', '-n', 'auto'),
      /placement auto: prefer: Karpenter follows preferences/,
    );
    assert.match(await run('audit', '--live', '-n', 'shop'), follows);
    const file = `${cluster.controlPlane.dir}/pod.yaml`;
    writeFileSync(file, stringify(pod('new', filling)));
    assert.match(await run('admit', '-f', file, '-n', 'shop'), follows);
    const { autoscaling } = JSON.parse(await run('admit', '-f', file, '-n', 'shop', '-o', 'json'));
    assert.deepEqual([autoscaling.autoscaler, autoscaling.nodePools], ['karpenter', ['east', 'north', 'west']]);
  });

  test('a pool at its limit: Karpenter gives the preference up, and the pod runs', { skip }, async () => {
    await cluster.patch(`${NODE_POOLS_PATH}/north`, { spec: { limits: { cpu: '2' } } });
    const created = await create('shop', pod('more', filling, FLEXIBLE));
    assert.deepEqual(
      regionTerms(created).preferred,
      ['eu-north-1', 'us-west-2'],
      'limits are capacity: nobody counts it',
    );
    assert.equal(await regionOf('shop', 'more'), 'us-west-2');
  });

  test('a pool that is paused brings nothing: what is required is the best of the others', { skip }, async () => {
    const asks = pod('asks', { nodeSelector: { 'karpenter.sh/nodepool': 'north' } });
    await until('eu-north-1 to be within reach', 'shop', asks, (one) => regionTerms(one).required !== '');
    await cluster.patch(`${NODE_POOLS_PATH}/north`, { spec: { limits: { cpu: '0' } } });
    // Nodes that are there count all the same: only one that asks for what they lack tells.
    const large = pod('large', { containers: [requesting({ cpu: '3' })] });
    const placed = await until(
      'the pause to count',
      'strict',
      large,
      (one) => regionTerms(one).required === 'In us-west-2',
    );
    assert.deepEqual(regionTerms(placed), { required: 'In us-west-2', preferred: [] });
    await cluster.patch(`${NODE_POOLS_PATH}/north`, { spec: { limits: null } });
    await until('the pool to count again', 'strict', large, (one) => regionTerms(one).required === 'In eu-north-1');
  });

  test('told to ignore preferences, it does: requirements alone lead it', { skip }, async () => {
    await karpenter.stop();
    const env = { PREFERENCE_POLICY: 'Ignore' };
    karpenter = await cluster.controlPlane.startKarpenter({ instanceTypes: [MACHINE], env });
    const created = await create('shop', pod('ignored', filling, FLEXIBLE));
    assert.deepEqual(regionTerms(created).preferred, ['eu-north-1', 'us-west-2']);
    assert.equal(await regionOf('shop', 'ignored'), 'us-west-2', 'the heavier of those that are left');
    await create('strict', pod('kept', filling, FLEXIBLE));
    assert.equal(await regionOf('strict', 'kept'), 'eu-north-1');
  });

  test('without Karpenter only nodes that are there count', { skip }, async () => {
    await karpenter.stop();
    for (const name of Object.keys(POOLS)) await cluster.send('DELETE', `${NODE_POOLS_PATH}/${name}`);
    const large = pod('large', { containers: [requesting({ cpu: '3' })] });
    const placed = await until('the NodePools to be gone', 'strict', large, (one) => regionTerms(one).required === '');
    assert.deepEqual(regionTerms(placed).preferred, []);
    assert.equal((await get('shop', 'web')).status.phase, 'Running');
  });
});

/** As Cluster Autoscaler 1.33 writes it, of groups with so many of at most 10 nodes. */
function statusOf(groups: Readonly<Record<string, number>>, health = 'Healthy'): string {
  const now = new Date().toISOString();
  const moments = { lastProbeTime: now, lastTransitionTime: now };
  return stringify({
    time: `${now.replace('T', ' ').replace('Z', '456789')} +0000 UTC`,
    autoscalerStatus: 'Running',
    clusterWide: { health: { status: 'Healthy', ...moments }, scaleUp: { status: 'NoActivity', ...moments } },
    nodeGroups: Object.entries(groups).map(([name, target]) => ({
      name,
      health: {
        status: health,
        nodeCounts: {
          registered: { total: target, ready: target, notStarted: 0 },
          longUnregistered: 0,
          unregistered: 0,
        },
        cloudProviderTarget: target,
        minSize: 0,
        maxSize: 10,
        ...moments,
      },
      scaleUp: { status: 'NoActivity', ...moments },
      scaleDown: { status: 'NoCandidates', ...moments },
    })),
  });
}

describe('the status of Cluster Autoscaler, beside real nodes', () => {
  const NAME = 'cluster-autoscaler-status';
  const configMaps = (namespace: string) => `/api/v1/namespaces/${namespace}/configmaps`;
  const object = (status: string) => ({ metadata: { name: NAME }, data: { status } });
  const asks = pod('asks', {}, FLEXIBLE);
  let cluster: LiveCluster;
  const { create, regionOf, until } = use(() => cluster);

  before(async () => {
    if (skip) return;
    cluster = await startLiveCluster({ regions: REGIONS });
    await cluster.createNamespace('auto', { mode: 'enforce', placement: 'auto' });
    await cluster.createNamespace('shop', { mode: 'enforce' });
    await cluster.createNamespace('autoscaling');
    await until('gridgate to steer', 'shop', asks, (one) => regionTerms(one).preferred.length > 0);
  });
  after(() => cluster?.stop());

  const write = (status: string, namespace = 'kube-system') =>
    cluster.patch(`${configMaps(namespace)}/${NAME}`, { data: { status } });
  const untilRequired = (required: string) =>
    until(`auto to require ${required}`, 'auto', asks, (one) => regionTerms(one).required === required);

  test('without one, auto prefers', { skip }, async () => {
    const { required, preferred } = regionTerms(await untilRequired('NotIn us-east-1'));
    assert.deepEqual([required, preferred], ['NotIn us-east-1', ['eu-north-1', 'us-west-2']]);
  });

  test('with room in the best region, auto requires it, for flexible pods alone', { skip }, async () => {
    const groups = { 'batch-eu-north-1': 3, 'batch-us-west-2': 3, 'batch-us-east-1': 3 };
    await cluster.send('POST', configMaps('kube-system'), object(statusOf(groups)));
    await untilRequired('In eu-north-1');
    const created = await create('auto', pod('web', {}, FLEXIBLE));
    assert.deepEqual(regionTerms(created), { required: 'In eu-north-1', preferred: [] });
    assert.equal(await regionOf('auto', 'web'), 'eu-north-1');
    const standard = await create('auto', pod('standard'));
    assert.deepEqual(regionTerms(standard).preferred, ['eu-north-1', 'us-west-2']);
    const prefers = await create('shop', pod('web', {}, FLEXIBLE));
    assert.deepEqual(regionTerms(prefers).preferred, ['eu-north-1', 'us-west-2'], 'the default stays prefer');
  });

  test('a round that changes nothing changes no decision; a full group does', { skip }, async () => {
    await write(statusOf({ 'batch-eu-north-1': 3, 'batch-us-west-2': 3, 'batch-us-east-1': 3 }));
    await untilRequired('In eu-north-1');
    await write(statusOf({ 'batch-eu-north-1': 10, 'batch-us-west-2': 3, 'batch-us-east-1': 3 }));
    const full = await untilRequired('NotIn us-east-1');
    assert.deepEqual(regionTerms(full).preferred, ['eu-north-1', 'us-west-2']);
    await write(statusOf({ 'batch-eu-north-1': 3 }, 'Unhealthy'));
    await untilRequired('NotIn us-east-1');
    await write(statusOf({ 'batch-eu-north-1': 3 }));
    await untilRequired('In eu-north-1');
    await write(statusOf({ 'batch-us-east-1': 3 }));
    await untilRequired('NotIn us-east-1'); // no group of eu-north-1 is known: its nodes do not count
  });

  test('who writes a placement is told what it comes to here', { skip }, async () => {
    const annotate = async (placement: string) => {
      const args = ['annotate', 'namespace', 'shop', `gridgate.dev/placement=${placement}`, '--overwrite'];
      return (await cluster.kubectl(args)).stderr;
    };
    assert.match(await annotate('prefer'), /prefer brings no node here: Cluster Autoscaler ignores preferences/);
    assert.equal(await annotate('auto'), '');
    assert.match(await annotate('sometimes'), /is not one of auto, prefer, require, none/);
  });

  test('a status elsewhere counts when gridgate.yaml says where; one that was left behind does not', {
    skip,
  }, async () => {
    await cluster.send('DELETE', `${configMaps('kube-system')}/${NAME}`);
    await untilRequired('NotIn us-east-1');
    await cluster.send('POST', configMaps('autoscaling'), object(statusOf({ 'batch-eu-north-1': 3 })));
    for (const kind of ['roles', 'rolebindings']) {
      const path = (namespace: string) => `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/${kind}`;
      const { metadata, ...rest } = await cluster.send('GET', `${path('kube-system')}/gridgate-autoscaler-status`);
      await cluster.send('POST', path('autoscaling'), { ...rest, metadata: { name: metadata.name } });
    }
    const groups = [{ region: 'us-west-2', match: '^asg-' }];
    const config = { sources: [], 'cluster-autoscaler': { namespace: 'autoscaling', groups } };
    writeFileSync(cluster.configFile, stringify(config));
    await untilRequired('In eu-north-1');
    const old = statusOf({ 'batch-eu-north-1': 3 }).replace(/^time: \d{4}/m, 'time: 2020');
    await write(old, 'autoscaling');
    await untilRequired('NotIn us-east-1');
    await write(statusOf({ 'batch-eu-north-1': 3 }), 'autoscaling');
    await untilRequired('In eu-north-1'); // somebody writes it again
  });
});
