import assert from 'node:assert/strict';
import { after, before, describe, type TestContext, test } from 'node:test';
import { REGION_LABEL, ZONE_LABEL } from '../builders.ts';
import { CONTROLLERS_ACCOUNT } from '../cluster/controllers-account.ts';
import type { Rendered } from '../cluster/rendered-manifests.ts';
import { readAuditLog } from '../control-plane/audit.ts';
import type { InstanceType } from '../control-plane/karpenter.ts';
import { skip } from './cluster.ts';
import { type FollowingCluster, NODE_POOLS_PATH, startFollowing } from './following-pools.ts';
import { deployment, pod, requesting } from './objects.ts';

const ARCH = 'kubernetes.io/arch';
const CAPACITY_TYPE = 'karpenter.sh/capacity-type';
const POOL = 'karpenter.sh/nodepool';
const STATUS = 'gridgate.dev/carbon-status';
const BEFORE = 'gridgate.dev/carbon-before';
const LONG_MS = 300_000;
const NODES = 4;
const ZONES = { 'north-a': 'north', 'west-a': 'west' };

const requires = (key: string, ...values: readonly string[]) => ({ key, operator: 'In', values });
const AMD = requires(ARCH, 'amd64');
const ON_DEMAND = requires(CAPACITY_TYPE, 'on-demand');
const PODS = '/api/v1/namespaces/default/pods';

/** Of four cores each, in both zones, on demand and as spot. */
function machine(name: string, architecture: 'amd64' | 'arm64'): InstanceType {
  const offerings = Object.entries(ZONES).flatMap(([zone, region]) => [
    { zone, region, capacityType: 'on-demand' as const, price: 0.2 },
    { zone, region, capacityType: 'spot' as const, price: 0.1 },
  ]);
  return { name, architecture, resources: { cpu: '4', memory: '16Gi', pods: '20' }, offerings };
}

describe('NodePools of the real Karpenter follow the grid', () => {
  let cluster: FollowingCluster;
  let controller: ReturnType<FollowingCluster['startController']>;
  let pods = 0;

  before(async () => {
    if (skip) return;
    cluster = await startFollowing({ north: 100, west: 100 });
    await cluster.controlPlane.startKarpenter({
      instanceTypes: [machine('m5.xlarge', 'amd64'), machine('m6g.xlarge', 'arm64')],
    });
    await cluster.createNodeClass();
    controller = cluster.startController();
  });
  after(() => cluster?.stop());

  /** A pod that fills a machine alone. */
  async function createPod(spec: object = {}): Promise<string> {
    const name = `p${++pods}`;
    await cluster.send('POST', PODS, pod(name, { containers: [requesting({ cpu: '3' })], ...spec }));
    return name;
  }

  /** The labels of the node that a pod got. */
  async function nodeOf(name: string): Promise<Rendered> {
    const nodeName = await cluster.waitFor(
      `a node of ${name}`,
      async () => (await cluster.send('GET', `${PODS}/${name}`)).spec.nodeName,
    );
    return (await cluster.send('GET', `/api/v1/nodes/${nodeName}`)).metadata.labels;
  }

  const nextNode = async (spec?: object) => nodeOf(await createPod(spec));

  /** Until the controller has judged a pool so. */
  const judged = (pool: string, isSo: (status: Rendered) => boolean) =>
    cluster.untilPool(pool, 'judged', ({ metadata }) => {
      const text = metadata.annotations?.[STATUS];
      return text !== undefined && isSo(JSON.parse(text));
    });

  async function assertNothingDrifts(): Promise<void> {
    const claims = await cluster.claims();
    assert.ok(claims.length > 0);
    const drifted = claims.filter(({ status }) => status.conditions?.some(({ type }: Rendered) => type === 'Drifted'));
    assert.deepEqual(
      drifted.map(({ metadata }) => metadata.name),
      [],
    );
  }

  /** Until no pod, pool or node is left. */
  async function clear(...pools: readonly string[]): Promise<void> {
    await cluster.request('DELETE', PODS);
    for (const pool of pools) await cluster.request('DELETE', `${NODE_POOLS_PATH}/${pool}`);
    const all = [NODE_POOLS_PATH, PODS, '/api/v1/nodes'];
    const isEmpty = async (path: string) => (await cluster.send('GET', path)).items.length === 0;
    await cluster.waitFor(
      'all to go',
      async () =>
        ((await cluster.claims()).length === 0 && (await Promise.all(all.map(isEmpty))).every(Boolean)) || undefined,
      LONG_MS,
    );
  }

  test('weight: pods that wait get nodes in the cleaner region, and in the other when the grid turns', {
    skip,
  }, async () => {
    cluster.turn({ north: 100, west: 400 });
    for (const [zone, name] of [
      ['north-a', 'a-north'],
      ['west-a', 'b-west'],
    ] as const)
      await cluster.createPool(name, {
        annotations: { 'carbon-aware': 'weight' },
        requirements: [AMD, ON_DEMAND, requires(ZONE_LABEL, zone)],
      });
    await cluster.untilPool('a-north', 'ranked', ({ spec }) => spec.weight === 60);
    await cluster.untilPool('b-west', 'ranked', ({ spec }) => spec.weight === 59);
    assert.equal((await nextNode())[POOL], 'a-north');
    cluster.turn({ north: 500, west: 400 });
    await cluster.untilPool('b-west', 'ranked anew', ({ spec }) => spec.weight === 60);
    await cluster.untilPool('a-north', 'ranked anew', ({ spec }) => spec.weight === 59);
    assert.equal((await nextNode())[POOL], 'b-west');
    await assertNothingDrifts();
    await clear('a-north', 'b-west');
  });

  test('hardware: while it is dirty, spot first, and arm64 for pods that tolerate its taint', { skip }, async () => {
    const at = requires(ZONE_LABEL, 'north-a');
    const taint = { key: ARCH, value: 'arm64', effect: 'NoSchedule' };
    const tolerations = [{ key: ARCH, operator: 'Exists' }];
    cluster.turn({ north: 100, west: 100 });
    await cluster.createPool('plain', { requirements: [AMD, ON_DEMAND, at], spec: { weight: 10 } });
    await cluster.createPool('spot', {
      annotations: { 'carbon-aware': 'hardware' },
      requirements: [AMD, requires(CAPACITY_TYPE, 'spot'), at],
    });
    await cluster.createPool('arm', {
      annotations: { 'carbon-aware': 'hardware', weights: '40-70' },
      requirements: [requires(ARCH, 'arm64'), ON_DEMAND, at],
      taints: [taint],
    });
    for (const pool of ['spot', 'arm']) await judged(pool, ({ dirty }) => dirty === false);
    assert.equal((await nextNode({ tolerations }))[POOL], 'plain');
    cluster.turn({ north: 400, west: 400 });
    await cluster.untilPool('spot', 'first', ({ spec }) => spec.weight === 60);
    await cluster.untilPool('arm', 'first', ({ spec }) => spec.weight === 70);
    const [anyPod, tolerant] = [await nextNode(), await nextNode({ tolerations })];
    assert.deepEqual([anyPod[CAPACITY_TYPE], anyPod[ARCH]], ['spot', 'amd64']);
    assert.equal(tolerant[ARCH], 'arm64');
    cluster.turn({ north: 100, west: 100 });
    await cluster.untilPool('spot', 'given back', ({ spec }) => spec.weight === undefined);
    await cluster.untilPool('arm', 'given back', ({ spec }) => spec.weight === undefined);
    assert.equal((await nextNode({ tolerations }))[POOL], 'plain');
    await assertNothingDrifts();
    await clear('plain', 'spot', 'arm');
  });

  test('pause: batch pods wait while it is dirty, other pods get nodes, and then they go', { skip }, async () => {
    cluster.turn({ north: 100, west: 100 });
    const taint = { key: 'batch', value: 'true', effect: 'NoSchedule' };
    const batch = { tolerations: [{ key: 'batch', operator: 'Exists' }], nodeSelector: { [POOL]: 'batch' } };
    await cluster.createPool('batch', {
      annotations: { 'carbon-aware': 'pause', threshold: '250' },
      requirements: [AMD, ON_DEMAND, requires(REGION_LABEL, 'west')],
      taints: [taint],
      spec: { limits: { cpu: 100, memory: '1Ti' } },
    });
    await cluster.createPool('web', { requirements: [AMD, ON_DEMAND] });
    await judged('batch', ({ dirty }) => dirty === false);
    const first = await createPod(batch);
    assert.equal((await nodeOf(first))[POOL], 'batch');
    cluster.turn({ north: 100, west: 400 });
    const paused = await cluster.untilPool('batch', 'paused', ({ spec }) => spec.limits.cpu === '0');
    assert.deepEqual(paused.spec.limits, { cpu: '0', memory: '1Ti' });
    const waiting = await createPod(batch);
    await cluster.waitFor('Karpenter to have nothing for it', async () => {
      const { items } = await cluster.send(
        'GET',
        `/api/v1/namespaces/default/events?fieldSelector=involvedObject.name=${waiting}`,
      );
      return (
        items.some(
          ({ source, reason, message }: Rendered) =>
            source?.component === 'karpenter' && reason === 'FailedScheduling' && /limits/.test(message),
        ) || undefined
      );
    });
    assert.equal((await nextNode())[POOL], 'web');
    assert.equal((await cluster.send('GET', `${PODS}/${waiting}`)).spec.nodeName, undefined);
    assert.equal((await cluster.send('GET', `${PODS}/${first}`)).status.phase, 'Running');
    cluster.turn({ north: 100, west: 100 });
    const back = await cluster.untilPool(
      'batch',
      'given back',
      ({ metadata }) => metadata.annotations[BEFORE] === undefined,
    );
    assert.deepEqual(back.spec.limits, { cpu: 100, memory: '1Ti' });
    assert.equal((await nodeOf(waiting))[POOL], 'batch');
    await assertNothingDrifts();
    await clear('batch', 'web');
  });

  test(`requirement: ${NODES} nodes leave the dirty zone, one at a time, and what was there is counted`, {
    skip,
  }, async (t: TestContext) => {
    cluster.turn({ north: 400, west: 100 });
    await cluster.createPool('wide', {
      annotations: { 'carbon-aware': 'requirement', threshold: '250' },
      requirements: [AMD, ON_DEMAND, requires(ZONE_LABEL, 'north-a', 'west-a')],
      // Consolidation is another matter; a budget of its own keeps it out.
      spec: { disruption: { budgets: [{ nodes: '1', reasons: ['Drifted'] }], consolidateAfter: 'Never' } },
    });
    const zonesOf = ({ spec }: Rendered) => spec.template.spec.requirements[2].values;
    await cluster.untilPool('wide', 'narrowed', (one) => zonesOf(one).join() === 'west-a');
    await cluster.send(
      'POST',
      '/apis/apps/v1/namespaces/default/deployments',
      deployment('web', NODES, { containers: [requesting({ cpu: '3' })] }),
    );
    const zones = async () => (await cluster.claims()).map(({ metadata }) => metadata.labels[ZONE_LABEL]);
    await cluster.waitFor('their nodes', async () => (await runningPods()) === NODES || undefined, LONG_MS);
    assert.deepEqual(new Set(await zones()), new Set(['west-a']));
    cluster.turn({ north: 100, west: 400 });
    await cluster.untilPool('wide', 'narrowed to the other', (one) => zonesOf(one).join() === 'north-a');
    let most = 0;
    let seen = 0;
    await cluster.waitFor(
      'all nodes to be in the clean zone',
      async () => {
        const claims = await cluster.claims();
        const going = claims.filter(({ metadata, status }) => metadata.deletionTimestamp || isDisrupted(status));
        most = Math.max(most, going.length);
        seen += going.length;
        const left = claims.filter(({ metadata }) => metadata.labels[ZONE_LABEL] !== 'north-a');
        return (left.length === 0 && (await runningPods()) === NODES) || undefined;
      },
      2 * LONG_MS,
    );
    t.diagnostic(`${most} at once, seen ${seen} times`);
    assert.equal(most, 1);
    assert.equal((await nextNode())[ZONE_LABEL], 'north-a');
    const metric = (what: string) => controller.metric(`gridgate_node_pool_replaced_${what}_total`)['wide'] ?? 0;
    await cluster.waitFor('the count', async () => metric('nodes') === NODES || undefined);
    t.diagnostic(`${metric('grams').toFixed(4)} g embodied`);
    assert.ok(metric('grams') > 0 && metric('grams') < 1);
    cluster.turn({ north: 100, west: 100 });
    const back = await cluster.untilPool(
      'wide',
      'given back',
      ({ metadata }) => metadata.annotations[BEFORE] === undefined,
    );
    assert.deepEqual(zonesOf(back), ['north-a', 'west-a']);
    await assertNothingDrifts();
  });

  const isDisrupted = ({ conditions = [] }: Rendered) =>
    conditions.some(({ type, status }: Rendered) => type === 'DisruptionReason' && status === 'True');

  async function runningPods(): Promise<number> {
    const { items } = await cluster.send('GET', `${PODS}?labelSelector=app=web`);
    return items.filter(({ status, metadata }: Rendered) => status.phase === 'Running' && !metadata.deletionTimestamp)
      .length;
  }

  test('narrowing is refused without a budget for it, and nothing is replaced', { skip }, async () => {
    await cluster.patch(`${NODE_POOLS_PATH}/wide`, { spec: { disruption: { budgets: [{ nodes: '10%' }] } } });
    cluster.turn({ north: 400, west: 100 });
    await cluster.waitFor('the Event', async () => {
      const events = await cluster.eventsOf('wide');
      return (
        events.some((event) =>
          /^CarbonAwareRefused: .*no disruption budget without a schedule names Drifted/.test(event),
        ) || undefined
      );
    });
    assert.deepEqual((await cluster.pool('wide')).spec.template.spec.requirements[2].values, ['north-a', 'west-a']);
    await assertNothingDrifts();
  });

  test('of all that was written nothing was refused, and NodePools were patched alone', { skip }, () => {
    const theirs = readAuditLog(cluster.controlPlane.auditLog).filter(
      ({ user }) => user.username === CONTROLLERS_ACCOUNT,
    );
    const refused = theirs.filter(({ responseStatus }) => [400, 403, 422].includes(responseStatus?.code ?? 0));
    assert.deepEqual(refused, []);
    const verbs = theirs.filter(({ objectRef }) => objectRef?.resource === 'nodepools').map(({ verb }) => verb);
    assert.deepEqual([...new Set(verbs)], ['patch']);
  });

  test('are guarded by a policy whose expressions the API server finds nothing wrong with', { skip }, async () => {
    const path = '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies/gridgate-node-pools';
    const { typeChecking } = await cluster.waitFor('the type check', async () => {
      const { metadata, status } = await cluster.send('GET', path);
      return status?.observedGeneration === metadata.generation ? status : undefined;
    });
    assert.deepEqual(typeChecking?.expressionWarnings ?? [], []);
  });
});
