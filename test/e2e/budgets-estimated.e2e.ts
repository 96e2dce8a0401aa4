import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ACCOUNT_KINDS, applyObjects } from '../cluster/controllers-account.ts';
import { ofKind, renderWith } from '../cluster/rendered-manifests.ts';
import { usage } from '../control-plane/metrics-server.ts';
import { skip } from './cluster.ts';
import { type LiveCluster, startLiveCluster } from './live-cluster.ts';
import { deployment, prefixed } from './objects.ts';

const LONG_MS = 240_000;
const PATH = '/apis/apps/v1/namespaces/shop/deployments';

describe('carbon budgets by the usage that a real metrics-server tells', () => {
  let cluster: LiveCluster;

  before(async () => {
    if (skip) return;
    cluster = await startLiveCluster({
      regions: { eu: { gramsPerKwh: 400 } },
      config: { sources: [], budgets: { loop: '5s' } },
      replicas: { controllers: 0, webhook: 0 },
      resourceMetrics: true,
    });
    const { controlPlane } = cluster;
    await applyObjects(
      controlPlane,
      ofKind(await renderWith(controlPlane, 'base', ['carbon-budgets']), ...ACCOUNT_KINDS),
    );
    await controlPlane.startMetricsServer();
    await cluster.createNamespace('shop');
  });
  after(() => cluster?.stop());

  const setBudget = (budget: string) =>
    cluster.patch('/api/v1/namespaces/shop', { metadata: { annotations: prefixed({ 'carbon-budget': budget }) } });

  /** What the leader says that it emits. */
  async function emitted(): Promise<number | undefined> {
    const [replica] = cluster.replicas('controllers');
    const text = await (await fetch(`${replica?.operators}/metrics`)).text();
    const [, value] = /^gridgate_budget_kilograms_per_hour\{.*name="shop"\} (.*)$/m.exec(text) ?? [];
    return value === undefined ? undefined : Number(value);
  }

  test('what is busy is scaled down, and it is told that this is an estimate', { skip }, async () => {
    const object = deployment('web', 4, {}, { class: 'flexible', ...usage({ cpu: '3', memory: '1G' }) });
    Object.assign(object.metadata, { annotations: prefixed({ 'min-replicas': '1' }) });
    await cluster.send('POST', PATH, object);
    // 4 pods * (3 vCPU * 3.5 W + 1 GB * 0.392 W) * 1.135 * 400 g/kWh: 19.8 g an hour; one pod 4.9.
    await setBudget('100g');
    await cluster.startReplica('controllers', '--carbon-budgets', 'on');
    await cluster.waitFor('the usage to be known', async () => ((await emitted()) ?? 0) > 0.019 || undefined, LONG_MS);
    await setBudget('6g'); // only now: else three pods of four, known a scrape earlier, are enough to be over, and the fourth is never seen
    await cluster.waitFor(
      'to be scaled down',
      async () => (await cluster.send('GET', `${PATH}/web`)).spec.replicas === 1 || undefined,
      LONG_MS,
    );
    await cluster.waitFor('less to be known', async () => ((await emitted()) ?? 1) < 0.006 || undefined, LONG_MS);
    const { items } = await cluster.send('GET', '/apis/events.k8s.io/v1/namespaces/shop/events');
    const told = items.find(({ reason }: { reason: string }) => reason === 'BudgetExceeded');
    assert.match(told.note, /go down: Deployment web to 1 \(estimated from what pods use\)/);
  });
});
