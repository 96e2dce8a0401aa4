import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { GridgateProcess } from '../process/gridgate-process.ts';
import { skip } from './cluster.ts';
import { type LiveCluster, startLiveCluster } from './live-cluster.ts';
import { deployment, prefixed } from './objects.ts';

const REQUESTS = { cpu: '2', memory: '4G' };
/** One pod: 2 * (0.74 + 50% * 2.76) + 4 * 0.392 = 5.808 W; 0.005808 kW * 1.135 * (400 - 50) g/kWh in an hour. */
const GRAMS_PER_SECOND = 2.307228 / 3_600;
const PODS = 3;
const WATCH = 'gridgate_watch_idle_seconds{resource="pods"}';

type Scrape = ReadonlyMap<string, number>;

/** Series by name and labels, and between which moments (milliseconds) they were read. */
async function scrape({ operators }: GridgateProcess): Promise<{ series: Scrape; from: number; to: number }> {
  const from = performance.now();
  const text = await (await fetch(`${operators}/metrics`)).text();
  const to = performance.now();
  const lines = text.split('\n').filter((line) => line.startsWith('gridgate_'));
  const series = new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]));
  return { series, from, to };
}

const avoided = (namespace: string) => `gridgate_carbon_avoided_grams_total{namespace="${namespace}"}`;
const added = (namespace: string) => `gridgate_carbon_added_grams_total{namespace="${namespace}"}`;
const carbonIn = (series: Scrape) => [...series.keys()].filter((key) => key.startsWith('gridgate_carbon_'));

function web(name: string, spec: object = {}) {
  const containers = [{ name: 'main', image: 'example.invalid/main:1', resources: { requests: REQUESTS } }];
  return deployment(name, PODS, { containers, ...spec });
}

describe('the carbon that pods avoid', () => {
  let cluster: LiveCluster;

  before(async () => {
    if (skip) return;
    cluster = await startLiveCluster({
      regions: { 'us-east-1': { gramsPerKwh: 400 }, 'eu-north-1': { gramsPerKwh: 50 } },
      replicas: { controllers: 2 },
    });
  });
  after(() => cluster?.stop());

  async function runDeployment(namespace: string, spec: object = {}): Promise<void> {
    await cluster.send('POST', `/apis/apps/v1/namespaces/${namespace}/deployments`, web('web', spec));
    await cluster.waitFor(`the pods of ${namespace}`, async () => {
      const { items } = await cluster.send('GET', `/api/v1/namespaces/${namespace}/pods`);
      return (
        items.filter(({ status }: { status: { phase: string } }) => status.phase === 'Running').length === PODS ||
        undefined
      );
    });
  }

  /** Reads until the series has grown for some seconds, and holds what it grew by against the time between the readings. */
  async function assertGrows(instance: GridgateProcess, key: string, perSecond: number): Promise<void> {
    const first = await scrape(instance);
    const before = first.series.get(key) ?? Number.NaN;
    const last = await cluster.waitFor(`${key} to grow`, async () => {
      const again = await scrape(instance);
      return (again.series.get(key) ?? 0) - before > 2 * perSecond ? again : undefined;
    });
    const grown = (last.series.get(key) ?? 0) - before;
    const least = (perSecond * (last.from - first.to)) / 1_000;
    const most = (perSecond * (last.to - first.from)) / 1_000;
    assert.ok(grown >= 0.999 * least && grown <= 1.001 * most, `${key} grew by ${grown}, not by ${least} to ${most}`);
  }

  test('nothing is watched where no pods are placed', { skip }, async () => {
    await cluster.createNamespace('dry', { mode: 'audit', 'home-region': 'us-east-1' });
    for (const instance of cluster.replicas('controllers')) {
      const { series } = await scrape(instance);
      assert.deepEqual([carbonIn(series), series.has(WATCH)], [[], false]);
    }
  });

  test('a Deployment that was steered to a clean region: grams avoided, as computed by hand', { skip }, async () => {
    await cluster.createNamespace('shop', { mode: 'enforce', 'home-region': 'us-east-1', placement: 'require' });
    const [leader] = await cluster.leaderFirst();
    await cluster.waitFor('zeros', async () => (await scrape(leader)).series.get(avoided('shop')) === 0 || undefined);
    await runDeployment('shop');
    await cluster.waitFor(
      'a gram',
      async () => ((await scrape(leader)).series.get(avoided('shop')) ?? 0) > 0 || undefined,
    );
    await assertGrows(leader, avoided('shop'), PODS * GRAMS_PER_SECOND);
    assert.equal((await scrape(leader)).series.get(added('shop')), 0);
  });

  test('pods that run where it is dirtier than at home: grams added', { skip }, async () => {
    const annotations = { mode: 'warn', 'home-region': 'eu-north-1', 'max-intensity': '1000', regions: 'us-*' };
    await cluster.createNamespace('bank', annotations);
    await runDeployment('bank');
    const [leader] = await cluster.leaderFirst();
    await cluster.waitFor(
      'a gram',
      async () => ((await scrape(leader)).series.get(added('bank')) ?? 0) > 0 || undefined,
    );
    await assertGrows(leader, added('bank'), PODS * GRAMS_PER_SECOND);
    assert.equal((await scrape(leader)).series.get(avoided('bank')), 0);
  });

  test('other replicas tell nothing of it', { skip }, async () => {
    const [leader, follower] = await cluster.leaderFirst();
    assert.ok((await scrape(leader)).series.has(WATCH));
    const { series } = await scrape(follower);
    assert.deepEqual([carbonIn(series), series.has(WATCH)], [[], false]);
    for (const webhook of cluster.replicas('webhook')) assert.deepEqual(carbonIn((await scrape(webhook)).series), []);
  });

  test('pods that are gone count no more', { skip }, async () => {
    await cluster.send('DELETE', '/apis/apps/v1/namespaces/bank/deployments/web?propagationPolicy=Foreground');
    await cluster.waitFor('the end of the pods', async () => {
      const { items } = await cluster.send('GET', '/api/v1/namespaces/bank/pods');
      return items.length === 0 || undefined;
    });
    const [leader] = await cluster.leaderFirst();
    const still = await cluster.waitFor('the meter to hear of it', async () => {
      const [one, two] = [await scrape(leader), await scrape(leader)].map(({ series }) => series.get(added('bank')));
      return one === two ? one : undefined;
    });
    await assertGrows(leader, avoided('shop'), PODS * GRAMS_PER_SECOND);
    assert.equal((await scrape(leader)).series.get(added('bank')), still);
  });

  test('another leader begins anew and counts on', { skip }, async () => {
    const [leader, follower] = await cluster.leaderFirst();
    await leader.end('SIGTERM');
    await cluster.waitFor('the other to count', async () => {
      const { series } = await scrape(follower);
      return (series.get(avoided('shop')) ?? 0) > 0 || undefined;
    });
    await assertGrows(follower, avoided('shop'), PODS * GRAMS_PER_SECOND);
  });

  test('where no more pods are placed, the watch ends and the figures stay', { skip }, async () => {
    for (const name of ['shop', 'bank'])
      await cluster.patch(`/api/v1/namespaces/${name}`, { metadata: { annotations: prefixed({ mode: 'audit' }) } });
    const instance = cluster.replicas('controllers').find(({ log }) => !log.some(({ msg }) => msg === 'closed'));
    assert.ok(instance);
    await cluster.waitFor('the end of the watch', async () => !(await scrape(instance)).series.has(WATCH) || undefined);
    assert.ok(((await scrape(instance)).series.get(avoided('shop')) ?? 0) > 0);
    const complaints = cluster
      .replicas('controllers')
      .flatMap(({ log }) =>
        log.filter((line) => /forbidden|\b403\b|cannot watch|stood still/i.test(JSON.stringify(line))),
      );
    assert.deepEqual(complaints, []);
  });
});
