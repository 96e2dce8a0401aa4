import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import type { GridgateProcess } from '../process/gridgate-process.ts';
import { skip } from './cluster.ts';
import { type LiveCluster, startLiveCluster } from './live-cluster.ts';

const VIEW = ['namespaces', 'nodes', 'persistentvolumeclaims', 'persistentvolumes', 'priorityclasses', 'regions'];
/** A new leader looks for what waits, also where no namespace lets anything. */
const WAITING = ['cronjobs', 'jobs', 'waiting-pods'];
/** Besides: what nodes may be brought, which a cluster need not say, the switch that caps every mode, and the configurations that both roles look at for the sake of trust. */
const BESIDES = [
  'cluster-autoscaler-status',
  'kill-switch',
  'mutatingwebhookconfigurations',
  'validatingwebhookconfigurations',
];

/** Answers every query like Prometheus, with one intensity. */
async function startSource(grams: number) {
  const server = createServer((_, response) => {
    response.setHeader('content-type', 'application/json');
    const result = [{ metric: {}, value: [Date.now() / 1_000, String(grams)] }];
    response.end(JSON.stringify({ status: 'success', data: { resultType: 'vector', result } }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () => server.close().closeAllConnections(),
  };
}

describe('what replicas tell of themselves', () => {
  let cluster: LiveCluster;
  let source: Awaited<ReturnType<typeof startSource>>;

  before(async () => {
    if (skip) return;
    source = await startSource(123);
    cluster = await startLiveCluster({
      regions: { 'eu-north-1': {}, fixed: { gramsPerKwh: 90 } },
      config: {
        sources: [
          { type: 'prometheus', url: source.url, query: 'grams{zone="{{zone}}"}', signal: 'average-lifecycle' },
          { type: 'uk-carbon-intensity' },
        ],
        outage: { sources: [{ type: 'nodes' }] },
      },
      replicas: { controllers: 2, webhook: 0 },
    });
  });
  after(async () => {
    await cluster?.stop();
    source?.stop();
  });

  /** The series of gridgate's own metrics, by their name and labels. */
  async function scrape({ operators }: GridgateProcess): Promise<ReadonlyMap<string, number>> {
    const text = await (await fetch(`${operators}/metrics`)).text();
    const lines = text.split('\n').filter((line) => line.startsWith('gridgate_'));
    return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]));
  }

  const watched = (series: ReadonlyMap<string, number>) =>
    [...series.keys()].flatMap((key) => /^gridgate_watch_idle_seconds\{resource="(.*)"\}/.exec(key)?.[1] ?? []).sort();
  const namesIn = (series: ReadonlyMap<string, number>) =>
    new Set([...series.keys()].map((key) => key.replace(/\{.*/, '')));

  test('the leader: who leads, what it asked, all that it watches', { skip }, async () => {
    const [leader] = await cluster.leaderFirst();
    const asked = 'gridgate_source_requests_total{source="prometheus",outcome="ok"}';
    const all = [...VIEW, ...BESIDES, ...WAITING].sort();
    const series = await cluster.waitFor('a request, and every watch', async () => {
      const scraped = await scrape(leader); // each watch is told once it has its first list
      return scraped.has(asked) && watched(scraped).length >= all.length ? scraped : undefined;
    });
    assert.equal(series.get('gridgate_leader'), 1);
    assert.deepEqual(watched(series), all);
    assert.ok(!namesIn(series).has('gridgate_certificate_expiry_seconds'), 'it serves none');
    const page = await (await fetch(leader.operators)).text();
    assert.match(
      page,
      /prometheus<td [^>]*><time.*\n<td [^>]*>\d+ ok[\s\S]*uk-carbon-intensity<td>\s*<td [^>]*>none: no region needed it/,
    );
  });

  test('a follower: that it follows, and nothing of sources', { skip }, async () => {
    const [, follower] = await cluster.leaderFirst();
    const series = await scrape(follower);
    assert.equal(series.get('gridgate_leader'), 0);
    for (const name of ['gridgate_source_requests_total', 'gridgate_malformed_policies'])
      assert.ok(!namesIn(series).has(name), name);
    assert.deepEqual(watched(series), [...VIEW, ...BESIDES].sort());
    assert.doesNotMatch(await (await fetch(follower.operators)).text(), /id="sources"/);
  });

  test('a namespace whose regions match nothing known: a series of the leader, and one Event in it', {
    skip,
  }, async () => {
    await cluster.createNamespace('sovereign', { mode: 'enforce', regions: 'asia-*' });
    const path = '/apis/events.k8s.io/v1/namespaces/sovereign/events';
    const event = await cluster.waitFor('the Event', async () => (await cluster.send('GET', path)).items[0]);
    assert.deepEqual(
      [event.type, event.reason, event.regarding.kind, event.regarding.name],
      ['Warning', 'NothingAllowedIsKnown', 'Namespace', 'sovereign'],
    );
    assert.match(event.note, /every new pod is denied \(known: eu-north-1, fixed\): asia-\*$/);
    const [leader, follower] = await cluster.leaderFirst();
    const series = 'gridgate_sovereignty_unenforceable{namespace="sovereign"}';
    assert.deepEqual([(await scrape(leader)).get(series), (await scrape(follower)).get(series)], [1, undefined]);
  });

  test('a malformed policy that nobody was there to refuse: one Event in its namespace', { skip }, async () => {
    await cluster.createNamespace('shop', { mode: 'enforc' });
    const path = '/apis/events.k8s.io/v1/namespaces/shop/events';
    const event = await cluster.waitFor('the Event', async () => (await cluster.send('GET', path)).items[0]);
    assert.deepEqual(
      [event.type, event.reason, event.regarding.kind, event.regarding.name],
      ['Warning', 'PolicyMalformed', 'Namespace', 'shop'],
    );
    assert.match(event.note, /gridgate\.dev\/mode: "enforc" is not .*off.*enforce/);
    const [leader] = await cluster.leaderFirst();
    assert.equal((await scrape(leader)).get('gridgate_malformed_policies'), 1);
    const { stdout } = await cluster.kubectl(['get', 'events', '-n', 'shop']);
    assert.match(stdout, /Warning +PolicyMalformed +namespace\/shop +gridgate cannot read/);
    const failures = cluster.replicas('controllers').flatMap(({ log }) => log.filter(({ level }) => level === 'error'));
    assert.deepEqual(failures, []);
  });

  test('a kill switch that nobody understands: one Event about its ConfigMap, a series of every replica, both ready', {
    skip,
  }, async () => {
    const path = '/api/v1/namespaces/gridgate-system/configmaps';
    const name = 'gridgate-kill-switch';
    await cluster.send('POST', path, { metadata: { name }, data: { 'max-mode': 'audti' } });
    const told = async () => {
      const { items } = await cluster.send('GET', '/apis/events.k8s.io/v1/namespaces/gridgate-system/events');
      return items.filter(({ reason }: { reason: string }) => reason === 'SettingUnreadable');
    };
    const [event] = await cluster.waitFor('the Event', async () => {
      const found = await told();
      return found.length > 0 ? found : undefined;
    });
    assert.deepEqual([event.type, event.regarding.kind, event.regarding.name], ['Warning', 'ConfigMap', name]);
    assert.match(event.note, /^kill switch: max-mode "audti" is none of .* counts as audit, did you mean audit\?$/);
    for (const replica of await cluster.leaderFirst()) {
      assert.equal((await scrape(replica)).get('gridgate_kill_switch_unreadable'), 1);
      const ready = await fetch(`${replica.operators}/readyz?verbose`);
      assert.equal(ready.status, 200);
      assert.match(await ready.text(), /^\[!\] kill switch: max-mode "audti"/m);
    }
    await cluster.send('DELETE', `${path}/${name}`);
    const [leader] = await cluster.leaderFirst();
    await cluster.waitFor('its end', async () => {
      const series = await scrape(leader);
      return series.get('gridgate_kill_switch_unreadable') === 0 || undefined;
    });
    assert.equal((await told()).length, 1);
  });

  test('a webhook: its certificate, regions, and the watches that the others do not have', { skip }, async () => {
    const webhook = await cluster.startReplica('webhook');
    const series = await scrape(webhook);
    assert.deepEqual(watched(series), [...VIEW, ...BESIDES, 'secrets', 'learnt-lengths', 'releaser-heartbeat'].sort());
    const days = (series.get('gridgate_certificate_expiry_seconds') ?? 0) / 86_400;
    assert.ok(days > 89 && days <= 90, `${days} days`);
    const reading = 'region="eu-north-1",signal="average-lifecycle",source="prometheus"';
    assert.equal(series.get(`gridgate_region_grams_per_kwh{${reading}}`), 123);
    assert.equal(series.get('gridgate_region_band{region="eu-north-1",band="low"}'), 1);
    assert.ok(series.has('gridgate_region_reading_age_seconds{region="eu-north-1"}'));
    assert.ok(!series.has('gridgate_region_reading_age_seconds{region="fixed"}'), 'a fixed value does not age');
    assert.equal(series.get('gridgate_region_outage{region="fixed"}'), 0);
    assert.ok(!namesIn(series).has('gridgate_leader') && !namesIn(series).has('gridgate_source_requests_total'));
  });
});
