import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { makeRegion } from '../builders.ts';
import type { Rendered } from '../cluster/rendered-manifests.ts';
import type { NodeSpec } from '../control-plane/nodes.ts';
import type { Node } from '../decision/scheduler-model.ts';
import { type Cluster, skip, startCluster } from './cluster.ts';
import { nodesIn } from './objects.ts';
import { type Expectation, expectationOf, type World } from './placement-model.ts';
import { DEVICE, randomPods } from './random-pods.ts';
import type { Regions } from './regions-file.ts';

const COUNT = 1_000;
const AT_ONCE = 25;
/** The same pods in every run of CI; another `SEED` makes others. */
const SEED = Number(process.env['SEED'] ?? 20_261_122);

const POLICIES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  unmanaged: {},
  audited: { mode: 'audit', regions: 'eu-*' },
  warned: { mode: 'warn', regions: 'eu-*' },
  plain: { mode: 'enforce' },
  clean: { mode: 'enforce', 'max-intensity': '150', placement: 'none' },
  'all-dirty': { mode: 'enforce', 'max-intensity': '40', regions: '!ap-*,!mars' },
  'all-dirty-denied': { mode: 'enforce', 'max-intensity': '40', regions: '!ap-*,!mars', 'when-all-dirty': 'deny' },
  sovereign: { mode: 'enforce', regions: 'eu-*,ap-*' },
  near: { mode: 'enforce', 'home-region': 'us-east', 'max-latency': '100ms', 'max-intensity': '500' },
  best: { mode: 'enforce', placement: 'require', 'max-intensity': '500' },
  trusting: { mode: 'enforce', 'pod-overrides': 'allow', 'max-intensity': '250' },
  'trusting-best': { mode: 'enforce', 'pod-overrides': 'allow', placement: 'require', regions: '!eu-north' },
};

/** `us-west` is down, nobody measures `ap-south`; `mars` has nodes, but no Region. */
const REGIONS: Regions = {
  'eu-north': { gramsPerKwh: 50, latencyMs: { 'us-east': 120 } },
  'eu-west': { gramsPerKwh: 200, latencyMs: { 'us-east': 90 } },
  'us-east': { gramsPerKwh: 400 },
  'us-west': { gramsPerKwh: 45, latencyMs: { 'us-east': 60 }, outage: { active: true, reason: 'flood' } },
  'ap-south': { latencyMs: { 'us-east': 200 } },
};
const VIEWS = [
  makeRegion('eu-north', 50, { latencyMs: { 'us-east': 120 } }),
  makeRegion('eu-west', 200, { latencyMs: { 'us-east': 90 } }),
  makeRegion('us-east', 400),
  makeRegion('us-west', 45, { latencyMs: { 'us-east': 60 }, outage: 'flood' }),
  makeRegion('ap-south', undefined, { latencyMs: { 'us-east': 200 } }),
];
const PLACES = [...Object.keys(REGIONS), 'mars'];
/** Wishes, and needs, that some nodes alone meet, of regions that a policy may refuse. */
const APART: Readonly<Record<string, Partial<NodeSpec>>> = {
  'eu-west-1': { labels: { disk: 'ssd' } },
  'us-east-1': { labels: { disk: 'ssd' }, capacity: { [DEVICE]: '999' } },
  'us-east-2': { labels: { disk: 'hdd' }, taints: [{ key: 'dedicated', value: 'db', effect: 'NoSchedule' }] },
  'us-east-3': { labels: { 'kubernetes.io/arch': 'arm64' } },
  'us-west-3': { labels: { 'kubernetes.io/arch': 'arm64' }, capacity: { [DEVICE]: '999' } },
  'ap-south-2': { taints: [{ key: 'dedicated', value: 'db', effect: 'NoExecute' }] },
  'mars-1': { labels: { disk: 'hdd' } },
};
const NODES: readonly NodeSpec[] = [...nodesIn(PLACES), { name: 'nowhere-1', labels: { number: '9' } }].map((node) => {
  const { labels, taints = [], capacity } = APART[node.name] ?? {};
  return { ...node, labels: { ...node.labels, ...labels }, taints, capacity: { pods: '2000', ...capacity } };
});

interface Sent {
  readonly namespace: string;
  readonly pod: Rendered;
  readonly expected: Expectation;
  readonly status: number;
  readonly body: Rendered;
}

describe(`${COUNT} random pods, seed ${SEED}`, () => {
  let cluster: Cluster;
  const sent: Sent[] = [];

  before(async () => {
    if (skip) return;
    cluster = await startCluster({
      regions: REGIONS,
      nodes: NODES,
      flags: { 'kube-scheduler': ['--kube-api-qps=500', '--kube-api-burst=1000'] },
    });
    for (const [name, policy] of Object.entries(POLICIES)) await cluster.createNamespace(name, policy);
    const { items } = await cluster.send('GET', '/api/v1/nodes');
    await createAll({ regions: VIEWS, nodes: items.map(toNode) });
  });
  after(() => cluster?.stop());

  test('are denied where the model denies them, for its reason', { skip }, () => {
    for (const { status, body, expected, ...one } of sent) {
      const reason = 'denied' in expected ? expected.denied : undefined;
      const because = status === 403 ? /\[(\w+)\]$/.exec(body.message)?.[1] : undefined;
      assert.ok(status === 201 || status === 403, explain(one, body));
      assert.equal(because, reason, explain(one, status === 403 ? body.message : body.spec));
    }
    assert.ok(sent.filter(({ status }) => status === 403).length > COUNT / 20, 'enough of them are denied');
  });

  test('land where their own constraints and the policy allow, and wait only for nodes there are not', {
    skip,
  }, async () => {
    const placed = await cluster.waitFor('every pod to be tried', tried, 120_000);
    let waiting = 0;
    for (const { expected, ...one } of sent) {
      const stored = placed.get(`${one.namespace}/${one.pod.metadata.name}`);
      if ('denied' in expected || !stored) continue;
      const { nodeName } = stored.spec;
      if (nodeName) assert.ok(expected.nodes.includes(nodeName), explain(one, { nodeName, expected }));
      else assert.deepEqual(expected.nodes, [], explain(one, stored.spec.affinity));
      waiting += nodeName ? 0 : 1;
    }
    assert.ok(waiting > COUNT / 50 && waiting < COUNT / 2, `${waiting} wait`);
  });

  async function createAll(world: World): Promise<void> {
    const names = Object.keys(POLICIES);
    const pods = randomPods(
      {
        regions: PLACES,
        zones: PLACES.flatMap((place) => [`${place}-z1`, `${place}-z2`]),
        nodes: NODES.map(({ name }) => name),
      },
      COUNT,
      SEED,
    );
    for (let i = 0; i < pods.length; i += AT_ONCE) {
      const batch = pods.slice(i, i + AT_ONCE).map(async (pod, index): Promise<Sent> => {
        const namespace = names[(i + index) % names.length] ?? '';
        const expected = expectationOf(pod, POLICIES[namespace] ?? {}, world);
        return { namespace, pod, expected, ...(await cluster.createPod(namespace, pod)) };
      });
      sent.push(...(await Promise.all(batch)));
    }
  }

  /** All pods once each is bound or was found to fit nowhere. */
  async function tried(): Promise<Map<string, Rendered> | undefined> {
    const { items } = await cluster.send('GET', '/api/v1/pods');
    const ours = items.filter(({ metadata }: Rendered) => metadata.namespace in POLICIES);
    const isTried = ({ spec, status }: Rendered) =>
      spec.nodeName || status.conditions?.some(({ reason }: Rendered) => reason === 'Unschedulable');
    if (!ours.every(isTried)) return undefined;
    return new Map(ours.map((one: Rendered) => [`${one.metadata.namespace}/${one.metadata.name}`, one]));
  }
});

function toNode({ metadata, spec, status }: Rendered): Node {
  const { name, labels } = metadata;
  return {
    name,
    labels,
    taints: spec.taints ?? [],
    allocatable: { [DEVICE]: Number(status.allocatable[DEVICE] ?? 0) },
  };
}

function explain({ namespace, pod }: Pick<Sent, 'namespace' | 'pod'>, found: unknown): string {
  const { automountServiceAccountToken: _, ...spec } = pod.spec;
  return JSON.stringify({
    seed: SEED,
    namespace,
    policy: POLICIES[namespace],
    annotations: pod.metadata.annotations,
    spec,
    found,
  });
}
