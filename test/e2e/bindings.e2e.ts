import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { REGION_LABEL } from '../builders.ts';
import type { Rendered } from '../cluster/rendered-manifests.ts';
import { createSettableClock, type SettableClock, skip as skipWithoutFakeTime } from '../process/fake-time.ts';
import { type Cluster, skip, startCluster } from './cluster.ts';
import { addLabel, registerHooks } from './mutating-hook.ts';
import { nodesIn, pod } from './objects.ts';
import { REGIONS } from './regions-file.ts';

const NODES = nodesIn(Object.keys(REGIONS));
/** Clean when a pod is created, dirty when it is bound. */
const FLIPPED = {
  ...REGIONS,
  'eu-west': 500,
  'us-west': { gramsPerKwh: 600, outage: { active: true, reason: 'flood' } },
};
/** The scheduler leaves it to us. */
const BY_HAND = { schedulerName: 'by-hand' };
const REFUSAL =
  /gridgate refuses pod \S+: eu-west is at 500 gCO2e\/kWh .*cleanest allowed now: eu-north at 50 gCO2e\/kWh/;
const DENIED = { decision: 'deny', reason: 'high_carbon' };
const LET_GO = { decision: 'allow', reason: 'waited_unbound' };
/** The watch must have shown a pod free and unbound for 5 minutes. */
const PATIENCE_S = 301;

const IN_US_EAST = {
  nodeAffinity: {
    requiredDuringSchedulingIgnoredDuringExecution: {
      nodeSelectorTerms: [{ matchExpressions: [{ key: REGION_LABEL, operator: 'In', values: ['us-east'] }] }],
    },
  },
};

describe('the strict overlay', () => {
  let cluster: Cluster;
  let clock: SettableClock;
  const directory = mkdtempSync(join(tmpdir(), 'gridgate-test-'));

  before(async () => {
    if (skip) return;
    clock = createSettableClock(directory, 'all');
    cluster = await startCluster({ overlay: 'strict', nodes: NODES, ...(!skipWithoutFakeTime && { env: clock.env }) });
    await cluster.createNamespace('shop', { mode: 'enforce', 'pod-overrides': 'allow' });
  });
  after(async () => {
    await cluster?.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  test('a binding to a node that went dirty is denied, however often it is asked for', { skip }, async () => {
    await createWhileClean('waiting');
    await untilJudged('waiting', 'eu-west-1');
    const counts = await Promise.all([counted(DENIED), counted(LET_GO)]);
    for (let veto = 1; veto <= 8; veto++) {
      const { status, body } = await bind('waiting', 'eu-west-1');
      assert.deepEqual([status, body.reason], [403, 'Forbidden'], `veto ${veto}: ${JSON.stringify(body)}`);
      assert.match(body.message, /admission webhook "bindings\.gridgate\.dev" denied the request/);
      assert.match(body.message, REFUSAL);
    }
    assert.deepEqual(await Promise.all([counted(DENIED), counted(LET_GO)]), [counts[0] + 8, counts[1]]);
  });

  test('5 minutes later it is let go and counted; one to a region that is not allowed never is', {
    skip: skip || skipWithoutFakeTime,
  }, async () => {
    await createWhileClean('patient');
    await untilJudged('patient', 'eu-west-1');
    await cluster.createNamespace('european', { mode: 'enforce', regions: 'eu-*' });
    await cluster.createPod('european', pod('local', BY_HAND));
    const bindAbroad = () => bind('local', 'us-west-1', 'european');
    await cluster.waitFor('gridgate to judge local', async () => (await bindAbroad()).status === 403 || undefined);
    const before = await counted(LET_GO);
    clock.set(PATIENCE_S);
    // Connections that were idle over the jump are gone: the first request on one of them fails, and passes.
    const dryRun = () => bind('local', 'us-west-1', 'european', '?dryRun=All');
    await cluster.waitFor('gridgate to be asked again', async () => (await dryRun()).status === 403 || undefined);
    await cluster.waitFor(
      'the clock to count',
      async () => (await bind('patient', 'eu-west-1')).status === 201 || undefined,
    );
    const after = await cluster.waitFor('the metrics', async () => {
      const count = await counted(LET_GO).catch(() => before);
      return count > before ? count : undefined;
    });
    assert.equal(after, before + 1);
    assert.equal(await nodeOf('patient'), 'eu-west-1');
    const { status, body } = await bindAbroad();
    assert.equal(status, 403);
    assert.match(body.message, /us-west is not among the regions eu-\* .*\[not_allowed\]/);
  });

  test('a binding to a clean node passes, as does any where the mode only warns', { skip }, async () => {
    await createWhileClean('clean');
    await untilJudged('clean', 'eu-west-2');
    assert.equal((await bind('clean', 'eu-north-2')).status, 201);

    await cluster.createNamespace('warned', { mode: 'warn' });
    await cluster.createPod('warned', pod('dirty', BY_HAND));
    await cluster.waitFor('gridgate to see the pod', async () => {
      await cluster.send(
        'POST',
        '/api/v1/namespaces/warned/pods/dirty/binding?dryRun=All',
        binding('dirty', 'us-east-1'),
      );
      return cluster.reviews('warned', '/validate-binding').some(({ reason }) => reason === 'high_carbon') || undefined;
    });
    assert.equal((await bind('dirty', 'us-east-1', 'warned')).status, 201);
  });

  test('critical pods are not vetoed for carbon, but for an outage', { skip }, async () => {
    await createWhileClean('critical', { class: 'critical' });
    await untilJudged('critical', 'us-west-1');
    const { status, body } = await bind('critical', 'us-west-1');
    assert.equal(status, 403);
    assert.match(body.message, /us-west is in outage \(flood; says manual\)/);
    assert.equal((await bind('critical', 'eu-west-1')).status, 201);
  });

  test("the scheduler's binding is denied while the region is dirty, and made when it is clean", { skip }, async () => {
    await cluster.setRegions(REGIONS);
    const created = await cluster.createPod(
      'shop',
      pod('pending', { nodeSelector: { slot: 'open', [REGION_LABEL]: 'eu-west' } }),
    );
    assert.equal(created.status, 201);
    await cluster.waitFor('the pod to find no node', async () => {
      const { status } = await cluster.send('GET', '/api/v1/namespaces/shop/pods/pending');
      return status.conditions?.find(({ reason }: Rendered) => reason === 'Unschedulable');
    });
    await cluster.setRegions(FLIPPED);
    await openSlot('yes');
    const event = await cluster.waitFor('the veto to show', async () => {
      const { items } = await cluster.send('GET', '/api/v1/namespaces/shop/events');
      return items.find(
        ({ message, involvedObject }: Rendered) => involvedObject.name === 'pending' && REFUSAL.test(message),
      );
    });
    assert.deepEqual([event.type, event.reason], ['Warning', 'FailedScheduling']);
    assert.equal(await nodeOf('pending'), undefined);

    await cluster.setRegions(REGIONS);
    await openSlot('again');
    await cluster.waitFor('the pod to be bound', () => nodeOf('pending'));
    assert.equal(await nodeOf('pending'), 'eu-west-2');
  });

  test("a DaemonSet's pods are bound to every node", { skip }, async () => {
    await cluster.setRegions(FLIPPED);
    const labels = { app: 'agent' };
    const template = { metadata: { labels }, spec: pod('agent').spec };
    const daemonSet = { metadata: { name: 'agent' }, spec: { selector: { matchLabels: labels }, template } };
    await cluster.createNamespace('agents', { mode: 'enforce' });
    await cluster.send('POST', '/apis/apps/v1/namespaces/agents/daemonsets', daemonSet);
    assert.deepEqual(await cluster.regionsOf('agents', NODES.length), {
      'eu-north': 3,
      'eu-west': 3,
      'us-east': 3,
      'us-west': 3,
    });
    const reviews = await cluster.waitFor('the reviews', () => {
      const logged = cluster.reviews('agents', '/validate-binding');
      return logged.length >= NODES.length ? logged : undefined;
    });
    assert.ok(reviews.every(({ decision }) => decision === 'allow'));
  });

  test('what gridgate itself steered passes /validate and is bound', { skip }, async () => {
    await cluster.setRegions(REGIONS);
    for (const [namespace, policy] of Object.entries({
      best: { placement: 'require' },
      american: { regions: 'us-*' },
    })) {
      await cluster.createNamespace(namespace, { mode: 'enforce', ...policy });
      await cluster.createDeployment(namespace, 'web', 10);
      const region = namespace === 'best' ? 'eu-north' : 'us-east';
      assert.deepEqual(await cluster.regionsOf(namespace, 10), { [region]: 10 });
    }
  });

  test('a pod that a later webhook binds to a dirty region, after gridgate was asked twice, is denied', {
    skip,
  }, async () => {
    await cluster.setRegions(REGIONS);
    await cluster.createNamespace('mutated', { mode: 'enforce' });
    const pin = ({ metadata }: Rendered) =>
      metadata.labels?.['touched'] ? [{ op: 'replace', path: '/spec/affinity', value: IN_US_EAST }] : [];
    // The label makes the API server ask both gridgate and the pinning webhook once more, in this order.
    const remove = await registerHooks(cluster, 'mutated', [{ mutate: pin, reinvoked: true }, { mutate: addLabel }]);
    try {
      const denied = await cluster.waitFor('the other webhooks to count', async () => {
        const answer = await cluster.controlPlane.request(
          'POST',
          '/api/v1/namespaces/mutated/pods?dryRun=All',
          pod('p'),
        );
        return answer.status === 403 ? answer : undefined;
      });
      assert.match(denied.body.message, /gridgate refuses pod p: us-east is at 400/);
      const judged = await cluster.waitFor('the review', () =>
        cluster.reviews('mutated', '/validate').find(({ decision }) => decision === 'deny'),
      );
      assert.equal(judged.reason, 'high_carbon');
      assert.ok(cluster.reviews('mutated', '/mutate').every(({ decision }) => decision === 'steer'));
    } finally {
      await remove();
    }
  });

  async function createWhileClean(name: string, annotations: Record<string, string> = {}): Promise<void> {
    await cluster.setRegions(REGIONS);
    const { status, body } = await cluster.createPod('shop', pod(name, BY_HAND, annotations));
    assert.equal(status, 201, JSON.stringify(body));
    await cluster.setRegions(FLIPPED);
  }

  function bind(name: string, node: string, namespace = 'shop', query = '') {
    return cluster.controlPlane.request(
      'POST',
      `/api/v1/namespaces/${namespace}/pods/${name}/binding${query}`,
      binding(name, node),
    );
  }

  /** Until gridgate has seen the pod: one it does not know is let through. */
  async function untilJudged(name: string, node: string): Promise<void> {
    await cluster.waitFor(
      `gridgate to judge ${name}`,
      async () => (await bind(name, node, 'shop', '?dryRun=All')).status === 403 || undefined,
    );
  }

  async function nodeOf(name: string): Promise<string | undefined> {
    return (await cluster.send('GET', `/api/v1/namespaces/shop/pods/${name}`)).spec.nodeName;
  }

  /** Makes the one node of the pending pod fit, and the scheduler look again. */
  async function openSlot(round: string): Promise<void> {
    await cluster.patch('/api/v1/nodes/eu-west-2', { metadata: { labels: { slot: 'open', round } } });
  }

  async function counted({ decision, reason }: typeof DENIED): Promise<number> {
    const labels = `{endpoint="/validate-binding",mode="enforce",decision="${decision}",reason="${reason}"} `;
    const [line] = (await cluster.metric('gridgate_admission_requests_total')).filter((one) => one.includes(labels));
    return Number(line?.split(' ').at(-1) ?? 0);
  }
});

function binding(name: string, node: string): object {
  return { metadata: { name }, target: { kind: 'Node', name: node } };
}
