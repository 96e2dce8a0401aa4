import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Rendered } from '../cluster/rendered-manifests.ts';
import { type Cluster, skip, startCluster } from './cluster.ts';
import { nodesIn } from './objects.ts';
import { REGIONS, type Regions } from './regions-file.ts';

const ENFORCE = { mode: 'enforce' };
/** `eu-north` is clean but down; the two in the United States are above the default ceiling of 300. */
const DOWN: Regions = { ...REGIONS, 'eu-north': { gramsPerKwh: 50, outage: { active: true, reason: 'power loss' } } };
/** More than half of a node. */
const LARGE = {
  containers: [{ name: 'main', image: 'example.invalid/main:1', resources: { requests: { cpu: '20' } } }],
};

describe('pods of Deployments', () => {
  let cluster: Cluster;

  before(async () => {
    if (!skip) cluster = await startCluster();
  });
  after(() => cluster?.stop());

  test('prefer: nine of ten go to the region that is four times cleaner than the next', { skip }, async () => {
    await cluster.setRegions(REGIONS);
    const counts = await deploy('prefer', 40, { ...ENFORCE, 'max-intensity': '1000' });
    assert.ok((counts['eu-north'] ?? 0) >= 36, JSON.stringify(counts));
  });

  test('prefer: the two best share when they are within 10%', { skip }, async () => {
    await cluster.setRegions({ ...REGIONS, 'eu-west': 54 });
    const { 'eu-north': north = 0, 'eu-west': west = 0, ...others } = await deploy('shared', 40, ENFORCE);
    assert.ok(north >= 10 && west >= 10, `${north} and ${west}`);
    assert.deepEqual(others, {});
  });

  test('require: all go to the region that is best', { skip }, async () => {
    await cluster.setRegions({ ...REGIONS, 'eu-west': 60 });
    assert.deepEqual(await deploy('require', 40, { ...ENFORCE, placement: 'require' }), { 'eu-north': 40 });
  });

  test('require: two within 10% of the best share', { skip }, async () => {
    await cluster.setRegions({ ...REGIONS, 'us-west': 54 });
    const counts = await deploy('require-two', 40, { ...ENFORCE, placement: 'require' });
    assert.deepEqual(Object.keys(counts).toSorted(), ['eu-north', 'us-west']);
  });

  test('enforce: none goes to a region in outage or above the ceiling, whatever it prefers', { skip }, async () => {
    await cluster.setRegions({ ...DOWN, 'us-west': 290 });
    const counts = await deploy('refused', 40, { ...ENFORCE, placement: 'none' });
    assert.deepEqual(Object.keys(counts).toSorted(), ['eu-west', 'us-west']);
  });

  test('enforce: pods that fit nowhere else wait', { skip }, async () => {
    await cluster.setRegions(DOWN);
    assert.deepEqual(await deploy('full', 3, ENFORCE, { ...LARGE, replicas: 6 }), { 'eu-west': 3 });
    const waiting = await cluster.waitFor('3 unschedulable pods', async () => {
      const pods = (await cluster.podsOf('full')).filter(({ spec }) => !spec.nodeName);
      return pods.length === 3 && pods.every(isUnschedulable) ? pods : undefined;
    });
    assert.match(waiting[0].status.conditions[0].message, /didn't match Pod's node affinity/);
    await cluster.send('DELETE', '/api/v1/namespaces/full');
  });

  test('warn and audit: warn steers as enforce does, audit leaves all regions in use', { skip }, async () => {
    await cluster.setRegions(DOWN);
    assert.deepEqual(await deploy('warned', 12, { mode: 'warn' }), { 'eu-west': 12 });
    const regions = Object.keys(await deploy('audited', 24, { mode: 'audit' }));
    assert.deepEqual(regions.toSorted(), Object.keys(REGIONS));
  });

  test('an outage set by hand moves new pods, and its end brings them back', { skip }, async () => {
    await cluster.setRegions(REGIONS);
    assert.deepEqual(await deploy('clean', 10, ENFORCE), { 'eu-north': 10 });
    await cluster.setRegions(DOWN);
    assert.deepEqual(await deploy('failed-over', 10, ENFORCE), { 'eu-west': 10 });
    await cluster.setRegions(REGIONS);
    assert.deepEqual(await deploy('back', 10, ENFORCE), { 'eu-north': 10 });
  });

  test('sovereignty and distance bind, also where the grid is dirtier', { skip }, async () => {
    const near = (ms: number) => ({ latencyMs: { 'us-east': ms } });
    await cluster.setRegions({
      'eu-north': { gramsPerKwh: 50, ...near(120) },
      'eu-west': { gramsPerKwh: 200, ...near(90) },
      'us-east': { gramsPerKwh: 400 },
      'us-west': { gramsPerKwh: 280, ...near(60) },
    });
    assert.deepEqual(await deploy('american', 8, { ...ENFORCE, regions: 'us-*' }), { 'us-west': 8 });
    const policy = { ...ENFORCE, 'home-region': 'us-east', 'max-latency': '100ms' };
    assert.deepEqual(await deploy('close', 8, { ...policy, placement: 'require' }), { 'eu-west': 8 });
  });

  /** Where `count` pods of a new Deployment go in a new namespace of this policy. */
  async function deploy(namespace: string, count: number, policy: Record<string, string>, spec: Rendered = {}) {
    const { replicas = count, ...podSpec } = spec;
    await cluster.createNamespace(namespace, policy);
    await cluster.createDeployment(namespace, 'web', replicas, podSpec);
    return cluster.regionsOf(namespace, count);
  }
});

test('the label `region` does as well as the topology label', { skip }, async () => {
  const cluster = await startCluster({
    nodes: nodesIn(Object.keys(REGIONS), 'region'),
    args: ['--region-label', 'region'],
  });
  try {
    await cluster.createNamespace('shop', ENFORCE);
    await cluster.createDeployment('shop', 'web', 40);
    const counts = await cluster.regionsOf('shop', 40);
    assert.ok((counts['eu-north'] ?? 0) >= 36, JSON.stringify(counts));
    assert.deepEqual(
      Object.keys(counts).filter((region) => region.startsWith('us-')),
      [],
    );
    const pinned = { nodeSelector: { region: 'us-east' } };
    const { status, body } = await cluster.createPod('shop', {
      metadata: { name: 'pinned' },
      spec: { ...LARGE, ...pinned },
    });
    assert.deepEqual([status, body.details.causes[0].field], [403, 'regions[us-east]']);
  } finally {
    await cluster.stop();
  }
});

function isUnschedulable({ status }: Rendered): boolean {
  return (status.conditions ?? []).some(({ reason }: Rendered) => reason === 'Unschedulable');
}
