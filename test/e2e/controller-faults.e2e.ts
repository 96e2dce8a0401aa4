import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import { REGION_LABEL } from '../builders.ts';
import type { Rendered } from '../cluster/rendered-manifests.ts';
import { KWOK_NODE_ANNOTATION } from '../control-plane/workers.ts';
import { createSettableClock, type SettableClock, skip as skipWithoutFakeTime } from '../process/fake-time.ts';
import { type GridProvider, startGridProvider } from '../process/grid-provider.ts';
import type { GridgateProcess } from '../process/gridgate-process.ts';
import { toReview } from '../webhook/reviews.ts';
import { skip as skipWithoutCluster } from './cluster.ts';
import { type LiveCluster, leads, REGIONS_PATH, startLiveCluster } from './live-cluster.ts';
import { pod } from './objects.ts';

const skip = skipWithoutCluster;
const skipClock = skip || skipWithoutFakeTime;
const LEASE = '/apis/coordination.k8s.io/v1/namespaces/gridgate-system/leases/gridgate';
const HOUR_S = 3_600;
/** What the refresher writes at most, and what its pace lets through at once. */
const WRITES_PER_SECOND = 10;
const FLAPPING = Array.from({ length: 200 }, (_, i) => `flapping-${i}`);
const STOPPED_MS = 30_000;
const OUTAGE = { sources: [{ type: 'nodes' }] };

interface Holder {
  readonly holderIdentity: string;
  readonly leaseTransitions: number;
}

describe('a live cluster', () => {
  let cluster: LiveCluster;
  let provider: GridProvider;
  let clock: SettableClock;
  let jumpedAt = 0;
  let leaseBefore: Holder;
  const directory = mkdtempSync(join(tmpdir(), 'gridgate-test-'));

  before(async () => {
    if (skip) return;
    clock = createSettableClock(directory, 'wall');
    provider = await startGridProvider();
    cluster = await startLiveCluster({
      regions: { down: { gridZone: 'DE' }, grows: { gramsPerKwh: 90 }, other: { gramsPerKwh: 150 } },
      config: configured([200, 300]),
      env: { ...(!skipClock && clock.env), TOKEN: 't' },
      replicas: { controllers: 2, webhook: 1 },
    });
    await cluster.createNamespace('shop', { mode: 'enforce' });
    await Promise.all(FLAPPING.map((name) => createRegion(name, { gramsPerKwh: 400 })));
  });
  after(async () => {
    await cluster?.stop();
    await provider?.[Symbol.asyncDispose]();
    rmSync(directory, { recursive: true, force: true });
  });

  function configured(thresholds: readonly number[]): object {
    const sources = [{ type: 'electricity-maps', token: { env: 'TOKEN' }, url: provider.url }];
    return { sources, outage: OUTAGE, bands: { thresholds } };
  }

  function createRegion(name: string, spec: object): Promise<Rendered> {
    return cluster.send('POST', REGIONS_PATH, {
      apiVersion: 'gridgate.dev/v1alpha1',
      kind: 'Region',
      metadata: { name },
      spec,
    });
  }

  async function lease(): Promise<Holder> {
    const { holderIdentity, leaseTransitions } = (await cluster.send('GET', LEASE)).spec;
    return { holderIdentity, leaseTransitions };
  }

  /** Asks the real webhook through the API server; nothing is created. */
  async function isSteered(): Promise<boolean> {
    const created = await cluster.send('POST', '/api/v1/namespaces/shop/pods?dryRun=All', pod('asks'));
    return created.metadata.annotations?.['gridgate.dev/decision'] !== undefined;
  }

  /** A pod is decided every 200 ms until the work is done. */
  async function steeringMeanwhile(work: Promise<unknown>): Promise<number> {
    let isDone = false;
    const done = work.finally(() => {
      isDone = true;
    });
    let asked = 0;
    for (; !isDone; asked++) {
      assert.ok(await isSteered(), 'a pod passed the webhook unsteered');
      await Promise.race([done, sleep(200)]);
    }
    await done;
    return asked;
  }

  /** Requests that wrote something of ours other than the Lease, refused ones too, as the API server counts them. */
  async function writes(): Promise<number> {
    const { stdout } = await cluster.kubectl(['get', '--raw', '/metrics']);
    const lines = stdout.split('\n').filter((line) => /^apiserver_request_total\{/.test(line));
    const ours = lines.filter(
      (line) =>
        (/resource="regions"/.test(line) && /subresource="status"/.test(line)) ||
        /resource="(secrets|namespaces|\w+webhookconfigurations)"/.test(line),
    );
    return ours
      .filter((line) => /verb="(APPLY|PATCH|PUT|POST|DELETE)"/.test(line) && !/dry_run="All"/.test(line))
      .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
  }

  function setAll(gramsPerKwh: number, names: readonly string[] = FLAPPING): Promise<unknown> {
    return Promise.all(names.map((name) => cluster.patch(`${REGIONS_PATH}/${name}`, { spec: { gramsPerKwh } })));
  }

  async function untilAllWritten(gramsPerKwh: number, names: readonly string[] = FLAPPING): Promise<void> {
    await cluster.waitFor(`every status to say ${gramsPerKwh}`, async () => {
      return (await statuses(names)).every((status) => status?.reading?.gramsPerKwh === gramsPerKwh) || undefined;
    });
  }

  async function statuses(names: readonly string[] = FLAPPING): Promise<Rendered[]> {
    const { items } = await cluster.send('GET', REGIONS_PATH);
    return items.filter(({ metadata }: Rendered) => names.includes(metadata.name)).map((one: Rendered) => one.status);
  }

  test('their clock jumps an hour forwards: bands and health stay', { skip: skipClock }, async () => {
    await cluster.waitFor('a reading', async () => {
      return (await cluster.region('down')).status?.reading?.source === 'electricity-maps' || undefined;
    });
    const { band, bandSince } = (await cluster.region('down')).status;
    leaseBefore = await lease();
    jumpedAt = performance.now();
    clock.set(HOUR_S);
    // Other bands make the leader look at everything anew, at once.
    writeFileSync(cluster.configFile, stringify(configured([200, 301])));
    await steeringMeanwhile(sleep(3_000));
    const { status } = await cluster.region('down');
    assert.deepEqual([status.band, status.bandSince], [band, bandSince]);
    assert.ok(!status.outage?.active);
  });

  test('a region grows by nodes that never were Ready: no outage; one loses all of its nodes: outage', {
    skip: skipClock,
  }, async () => {
    // By the clock of the controllers all of this began an hour ago.
    for (const name of ['grows-4', 'grows-5', 'grows-6', 'grows-7']) await addNode(name, 'grows');
    for (const name of ['down-1', 'down-2', 'down-3']) await fail(name);
    await cluster.waitFor('the outage', async () => (await outageOf('down'))?.active || undefined);
    assert.match((await outageOf('down'))?.reason ?? '', /^3 of 3 nodes are not Ready/);
    assert.deepEqual(await outageOf('grows'), { active: false, sources: [] });
    assert.deepEqual(await outageOf('other'), { active: false, sources: [] });
  });

  test('their clock jumps back: the same leader all the time, and what was down is down', {
    skip: skipClock,
  }, async () => {
    await sleep(Math.max(1, jumpedAt + 12_000 - performance.now())); // a leader gives up after 10 s
    assert.deepEqual(await lease(), leaseBefore);
    clock.set(0);
    await steeringMeanwhile(sleep(4_000));
    assert.deepEqual(await lease(), leaseBefore);
    assert.equal((await outageOf('down'))?.active, true);
    for (const one of [...cluster.replicas('controllers'), ...cluster.replicas('webhook')])
      assert.equal(one.stderr(), '');
  });

  test('200 regions flap at once: few writes, all is settled soon, and pods are steered meanwhile', {
    skip,
  }, async (t: TestContext) => {
    await untilAllWritten(400);
    const before = await writes();
    const began = performance.now();
    let flapping = 0;
    const flap = async () => {
      for (const grams of [100, 400, 100, 400, 100]) await setAll(grams);
      flapping = (performance.now() - began) / 1_000;
      await untilAllWritten(100);
    };
    const asked = await steeringMeanwhile(flap());
    const seconds = (performance.now() - began) / 1_000;
    await sleep(2_000);
    const written = (await writes()) - before;
    t.diagnostic(`1000 changes: ${written} writes in ${seconds.toFixed(1)} s, ${asked} pods steered meanwhile`);
    assert.ok(written <= WRITES_PER_SECOND * (seconds + 1), `${written} writes in ${seconds} s`);
    // One for each region, beside what its pace let through while they flapped, and the round that was under way by then.
    const most = FLAPPING.length + WRITES_PER_SECOND * (flapping + 3);
    assert.ok(written <= most, `${written} writes, ${flapping} s of flapping`);
    assert.ok((await statuses()).every(({ band }) => band === 'low'));
  });

  test('the leader stopped for 30 s in the midst of its writes: it writes nothing when it wakes, and follows', {
    skip,
  }, async (t: TestContext) => {
    const old = await cluster.leader();
    const other = cluster.replicas('controllers').find((one) => one !== old);
    assert.ok(other);
    const { holderIdentity } = await lease();
    const some = FLAPPING.slice(0, 100);
    await setAll(350, some);
    await cluster.waitFor('its first writes', async () => {
      return (await statuses(some)).some((status) => status.reading.gramsPerKwh === 350) || undefined;
    });
    process.kill(old.pid, 'SIGSTOP');
    const stoppedAt = performance.now();
    let before = 0;
    try {
      assert.ok(
        (await statuses(some)).some((status) => status.reading.gramsPerKwh !== 350),
        'nothing is left to write',
      );
      await steeringMeanwhile(untilAllWritten(350, some));
      assert.notEqual((await lease()).holderIdentity, holderIdentity);
      t.diagnostic(
        `the successor had written everything after ${Math.round((performance.now() - stoppedAt) / 1_000)} s`,
      );
      await sleep(Math.max(1, stoppedAt + STOPPED_MS - performance.now()));
      before = await writes();
    } finally {
      process.kill(old.pid, 'SIGCONT');
    }
    await cluster.waitFor('it to notice', async () => !(await leads(old)) || undefined);
    await sleep(5_000);
    assert.equal(await writes(), before);
    assert.equal(await leads(other), true);
    assert.notEqual((await lease()).holderIdentity, holderIdentity);
    assert.ok(old.log.some(({ msg }) => /^leading no more/.test(String(msg))));
  });

  test('the API server restarted under load: reviews are answered by the regions that are known, and what comes after counts', {
    skip,
  }, async () => {
    const [webhook] = cluster.replicas('webhook');
    assert.ok(webhook);
    const ask = await directReviews(webhook);
    let isRestarted = false;
    const restart = cluster.controlPlane.restartApiServer().finally(() => {
      isRestarted = true;
    });
    let answered = 0;
    for (; !isRestarted; answered++) {
      assert.match(await ask(), /"In","values":\["grows"\]/);
      assert.equal((await fetch(`${webhook.operators}/readyz`)).status, 200);
      await Promise.race([restart, sleep(50)]);
    }
    await restart;
    assert.ok(answered > 10, `${answered}`);
    await cluster.patch(`${REGIONS_PATH}/other`, { spec: { gramsPerKwh: 5 } });
    await cluster.waitFor('the webhook to know', async () => /"values":\["other"\]/.test(await ask()) || undefined);
    await cluster.waitFor('the leader to write', async () => {
      return (await cluster.region('other')).status.reading.gramsPerKwh === 5 || undefined;
    });
  });

  /** Asks the webhook without the API server; the text of its patch. */
  async function directReviews({ webhook }: GridgateProcess): Promise<() => Promise<string>> {
    const path = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/gridgate';
    const { webhooks } = await cluster.send('GET', path);
    const { hostname, port } = new URL(webhook);
    const options = {
      ...{ method: 'POST', path: '/mutate?timeout=2s', headers: { 'content-type': 'application/json' }, agent: false },
      ...{ host: hostname, port, servername: 'gridgate.gridgate-system.svc' },
      ca: Buffer.from(webhooks[0].clientConfig.caBundle, 'base64'),
    };
    return async () => {
      const outgoing = httpsRequest(options);
      outgoing.end(JSON.stringify(toReview({ object: pod('asks') })));
      const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
      assert.equal(incoming.statusCode, 200);
      const { patch } = JSON.parse(await text(incoming)).response;
      return Buffer.from(patch, 'base64').toString();
    };
  }

  async function outageOf(region: string): Promise<Rendered | undefined> {
    return (await cluster.region(region)).status?.outage;
  }

  /** A node that no kubelet makes Ready. */
  async function addNode(name: string, region: string): Promise<void> {
    await cluster.send('POST', '/api/v1/nodes', { metadata: { name, labels: { [REGION_LABEL]: region } } });
    await setReady(name, 'False');
  }

  /** What stands for its kubelet says nothing any more, and then that it is not Ready. */
  async function fail(name: string): Promise<void> {
    await cluster.patch(`/api/v1/nodes/${name}`, {
      metadata: { annotations: { [KWOK_NODE_ANNOTATION.key]: null } },
    });
    await setReady(name, 'False');
  }

  function setReady(name: string, status: 'True' | 'False'): Promise<Rendered> {
    const now = new Date().toISOString();
    const ready = { type: 'Ready', status, lastHeartbeatTime: now, lastTransitionTime: now };
    return cluster.patch(`/api/v1/nodes/${name}/status`, { status: { conditions: [ready] } });
  }
});
