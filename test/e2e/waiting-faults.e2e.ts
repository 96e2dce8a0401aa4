import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { CONTROLLERS_ACCOUNT } from '../cluster/controllers-account.ts';
import type { Rendered } from '../cluster/rendered-manifests.ts';
import { readAuditLog } from '../control-plane/audit.ts';
import { createSettableClock, type SettableClock, skip as skipWithoutFakeTime } from '../process/fake-time.ts';
import { skip } from './cluster.ts';
import { type LiveCluster, REGIONS_PATH, startLiveCluster } from './live-cluster.ts';
import { HOUR_MS, heldJob, heldPod, isHeld } from './releasing.ts';

const skipClock = skip || skipWithoutFakeTime;
const PODS = 300;
const MOST_LATE_MS = 30_000;
const LONG_MS = 240_000;
const HELD_UP = { outage: { active: true, reason: 'a test' } };

describe('real replicas of the controllers, while work waits', () => {
  let cluster: LiveCluster;
  let clock: SettableClock;
  const directory = mkdtempSync(join(tmpdir(), 'gridgate-test-'));

  before(async () => {
    if (skip) return;
    clock = createSettableClock(directory, 'wall');
    cluster = await startLiveCluster({
      regions: { clean: { gridZone: 'DE' }, other: { gridZone: 'PL' }, storm: { gramsPerKwh: 90, ...HELD_UP } },
      env: skipClock ? {} : clock.env,
      replicas: { controllers: 2, webhook: 0 },
    });
    // Where no region is up, what waits does so until its latest start.
    await cluster.createNamespace('held', { mode: 'enforce', defer: '12h', regions: 'storm' });
    await cluster.createNamespace('batch', { mode: 'enforce', defer: '24h' });
  });
  after(async () => {
    await cluster?.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  async function createHeld(prefix: string, count: number, defer: (index: number) => string): Promise<void> {
    const pods = Array.from({ length: count }, (_, i) => heldPod(`${prefix}-${i}`, {}, { defer: defer(i) }));
    for (let i = 0; i < pods.length; i += 50)
      await Promise.all(pods.slice(i, i + 50).map((pod) => cluster.send('POST', '/api/v1/namespaces/held/pods', pod)));
  }

  async function podsOf(namespace: string, prefix = ''): Promise<readonly Rendered[]> {
    const { items } = await cluster.send('GET', `/api/v1/namespaces/${namespace}/pods`);
    return items.filter(({ metadata }: Rendered) => metadata.name.startsWith(prefix));
  }

  /** Milliseconds by which each was released after its latest start. */
  function lateness(pods: readonly Rendered[], latestStart: (pod: Rendered) => number): readonly number[] {
    return pods.map((pod) => Date.parse(pod.metadata.annotations['gridgate.dev/released']) - latestStart(pod));
  }

  const longestWait = ({ metadata }: Rendered) =>
    Date.parse(metadata.creationTimestamp) + Number.parseInt(metadata.annotations['gridgate.dev/defer'], 10) * 1_000;

  test('say that what waits would be let go', { skip }, async () => {
    const lease = '/apis/coordination.k8s.io/v1/namespaces/gridgate-system/leases/gridgate-releaser';
    const renewals = new Set<string>();
    await cluster.waitFor('two heartbeats', async () => {
      const { status, body } = await cluster.request('GET', lease);
      if (status === 200) renewals.add(body.spec.renewTime);
      return renewals.size >= 2 || undefined;
    });
  });

  test(`the releaser killed with -9 while ${PODS} pods wait: each goes exactly once, none late by 30 s`, {
    skip,
  }, async (t: TestContext) => {
    const first = await cluster.leader();
    await createHeld('killed', PODS, () => '60s');
    await cluster.waitFor(
      'the first of them to go',
      async () => (await podsOf('held', 'killed')).filter((pod) => !isHeld(pod)).length >= 20 || undefined,
      LONG_MS,
    );
    await first.end('SIGKILL');
    const left = (await podsOf('held', 'killed')).filter(isHeld).length;
    assert.ok(left > 0, 'nothing was left to a successor');
    await cluster.waitFor(
      'all to go',
      async () => !(await podsOf('held', 'killed')).some(isHeld) || undefined,
      LONG_MS,
    );
    const pods = await podsOf('held', 'killed');
    assert.equal(pods.length, PODS);
    const late = lateness(pods, longestWait).toSorted((a, b) => a - b);
    t.diagnostic(
      `${left} left to the successor; late by ${late.at(PODS / 2)} ms at the median, ${late.at(-1)} ms at most`,
    );
    assert.ok((late[0] ?? 0) >= -1_000, 'none goes before its latest start');
    assert.ok((late.at(-1) ?? 0) <= MOST_LATE_MS, `${late.at(-1)} ms`);
    const refused = readAuditLog(cluster.controlPlane.auditLog).filter(
      ({ user, objectRef, responseStatus }) =>
        user.username === CONTROLLERS_ACCOUNT && objectRef?.resource === 'pods' && (responseStatus?.code ?? 0) >= 400,
    );
    // The guard refuses whoever lets a pod go that does not wait; 504 answers whoever was killed while it asked.
    assert.deepEqual(
      refused.filter(({ responseStatus }) => ![409, 504].includes(responseStatus?.code ?? 0)),
      [],
    );
    await cluster.startReplica('controllers');
  });

  test('the API server away across their latest start: they go soon after its return', { skip }, async () => {
    await createHeld('away', 40, (index) => `${10 + (index % 20)}s`);
    await sleep(12_000);
    await cluster.controlPlane.restartApiServer();
    const returnedAt = Date.now();
    await cluster.waitFor('all to go', async () => !(await podsOf('held', 'away')).some(isHeld) || undefined, LONG_MS);
    const late = lateness(await podsOf('held', 'away'), (pod) => Math.max(returnedAt, longestWait(pod)));
    assert.ok(Math.max(...late) <= MOST_LATE_MS, `${Math.max(...late)} ms`);
  });

  test('a day in a minute: Jobs go in the hours that were forecast to be clean', { skip: skipClock }, async (t) => {
    const toFullHour = HOUR_MS - (Date.now() % HOUR_MS);
    const aheadAt = (hour: number) => (toFullHour + hour * HOUR_MS) / 1_000 + 120;
    const from = Date.now() + toFullHour;
    const day = (hour: number, grams: number) => Array.from({ length: 48 }, (_, i) => (i === hour ? grams : 400));
    const forecasts = { clean: day(9, 50), other: day(3, 100) };
    clock.set(aheadAt(0));
    for (const [name, grams] of Object.entries(forecasts)) {
      const forecast = grams.map((gramsPerKwh, hour) => ({
        from: new Date(from + hour * HOUR_MS).toISOString(),
        gramsPerKwh,
      }));
      await cluster.patch(`${REGIONS_PATH}/${name}/status`, { status: { forecast } });
    }
    await untilForecast('other');
    const waits = { short: '6h', long: '20h', hasty: '2h' };
    for (const [name, defer] of Object.entries(waits))
      await cluster.send(
        'POST',
        '/apis/batch/v1/namespaces/batch/jobs',
        heldJob(name, {}, {}, { defer, duration: '30m' }),
      );
    let hours: Readonly<Record<string, number>> = {};
    for (let hour = 0; hour < 24 && Object.keys(hours).length < Object.keys(waits).length; hour++) {
      clock.set(aheadAt(hour));
      // With the second, all of a look that is by this hour.
      for (const time of ['first', 'second']) await untilGone(`hour-${hour}-${time}`);
      hours = await hoursOfRelease(from);
    }
    t.diagnostic(JSON.stringify(hours));
    assert.deepEqual(hours, { hasty: 0, short: 3, long: 9 });
    const { items } = await cluster.send('GET', '/apis/batch/v1/namespaces/batch/jobs');
    const regions = items.map(({ metadata }: Rendered) => metadata.annotations['gridgate.dev/released'] !== undefined);
    assert.deepEqual(regions, [true, true, true]);
    clock.set(0);
  });

  /** In which hour each Job was let go, by name; those that wait are not in it. */
  async function hoursOfRelease(from: number): Promise<Readonly<Record<string, number>>> {
    const hours = (await podsOf('batch')).flatMap(({ metadata: { annotations, labels = {} } }) => {
      const released = annotations['gridgate.dev/released'];
      const job = labels['batch.kubernetes.io/job-name'];
      return released && job ? [[job, Math.floor((Date.parse(released) - from) / HOUR_MS)]] : [];
    });
    return Object.fromEntries(hours);
  }

  /** One that may wait no longer when the releaser hears of it. */
  async function untilGone(name: string): Promise<void> {
    await createHeld(name, 1, () => '1s');
    await cluster.waitFor(
      `${name} to go`,
      async () => !(await podsOf('held', name)).some(isHeld) || undefined,
      LONG_MS,
    );
  }

  /** Readings are shown together, seconds later: until a pod waits for that region. */
  async function untilForecast(region: string): Promise<void> {
    let count = 0;
    await cluster.waitFor(`the forecast of ${region} to count`, async () => {
      const name = `asks-${++count}`;
      await cluster.send('POST', '/api/v1/namespaces/batch/pods', heldPod(name, {}, { defer: '6h', duration: '30m' }));
      const path = `/api/v1/namespaces/batch/pods/${name}`;
      const { metadata } = await cluster.waitFor(`an answer to ${name}`, async () => {
        const pod = await cluster.send('GET', path);
        return !isHeld(pod) || pod.metadata.annotations['gridgate.dev/waits'] ? pod : undefined;
      });
      await cluster.send('DELETE', path);
      return JSON.parse(metadata.annotations['gridgate.dev/waits'] ?? '{}').region === region || undefined;
    });
  }

  test('say of all that what their metrics say', { skip }, async () => {
    const { operators } = await cluster.leader();
    const text = await cluster.waitFor('the last to be counted', async () => {
      const now = await (await fetch(`${operators}/metrics`)).text();
      return /^gridgate_gated_pods 0$/m.test(now) ? now : undefined;
    });
    assert.match(text, /^gridgate_gated_pods_overdue 0$/m);
    assert.match(text, /^gridgate_release_delay_seconds_count \d+$/m);
    for (const one of cluster.replicas('controllers')) assert.equal(one.stderr(), '');
  });
});
