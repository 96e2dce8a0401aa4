import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { Rendered } from '../cluster/rendered-manifests.ts';
import { skip } from '../control-plane/assets.ts';
import { requesting } from './objects.ts';
import { HOUR_MS, heldJob, isHeld, type ReleasingCluster, startReleasing } from './releasing.ts';

/** Time goes on by itself while a test looks whether it is early still. */
const EARLY_MS = 5 * 60_000;
/** Cleaner two hours from now. */
const LATER = Array<number>(22).fill(400);
const GRIDS = { clean: [300, 300, 100, ...LATER], other: [350, 350, 150, ...LATER], dirty: [500, 500, 500, ...LATER] };
const THEN = { clean: [100, ...LATER], other: [150, ...LATER], dirty: [500, ...LATER] };

describe('what waits for a cleaner hour', { skip }, () => {
  let cluster: ReleasingCluster;
  let namespace = '';
  let count = 0;

  before(async () => {
    cluster = await startReleasing(GRIDS);
    cluster.startReleaser();
  });
  beforeEach(async () => {
    cluster.resetClock();
    cluster.setGrids(GRIDS);
    namespace = `batch-${++count}`;
    await cluster.createNamespace(namespace, { 'home-region': 'dirty' });
  });
  after(() => cluster?.stop());

  const jobs = () => `/apis/batch/v1/namespaces/${namespace}/jobs`;
  const pods = () => `/api/v1/namespaces/${namespace}/pods`;

  /** Two hours go by, and the readings are as they were forecast. */
  function untilItsHour(outages: readonly string[] = []): void {
    cluster.advance(2 * HOUR_MS);
    cluster.setGrids(THEN, outages);
  }

  async function untilPlanned(names: number): Promise<readonly Rendered[]> {
    return cluster.waitFor('their plans', async () => {
      const pods = await cluster.podsOf(namespace);
      const planned = pods.filter(({ metadata }) => metadata.annotations['gridgate.dev/waits']);
      return planned.length === names ? pods : undefined;
    });
  }

  async function untilFree(names: number): Promise<readonly Rendered[]> {
    return cluster.waitFor('their nodes', async () => {
      const pods = await cluster.podsOf(namespace);
      const placed = pods.filter((pod) => !isHeld(pod) && pod.spec.nodeName);
      return placed.length === names ? placed : undefined;
    });
  }

  async function eventsOf(reason: string): Promise<readonly Rendered[]> {
    const path = `/apis/events.k8s.io/v1/namespaces/${namespace}/events`;
    return (await cluster.send('GET', path)).items.filter((event: Rendered) => event['reason'] === reason);
  }

  const untilTold = (reason: string, most = 1) =>
    cluster.waitFor(`${most} Events ${reason}`, async () => {
      const events = await eventsOf(reason);
      return events.length >= most ? events : undefined;
    });

  test('goes when its hour has come, to where it is clean by then', async () => {
    await cluster.createHeld(namespace, 'train');
    const [planned] = await untilPlanned(1);
    assert.equal(planned && isHeld(planned), true);
    assert.ok(Date.parse(planned?.metadata.annotations['gridgate.dev/not-before']) > cluster.now());
    untilItsHour();
    const [pod] = await untilFree(1);
    assert.match(pod?.spec.nodeName, /^clean/);
    assert.match(pod?.metadata.annotations['gridgate.dev/released'], /^\d{4}-/);
  });

  test('of a Job goes together, is told of on pod and Job, and its later completions do not wait', async () => {
    const job = heldJob('train', { parallelism: 3, completions: 5 }, { containers: [requesting({ cpu: '1' })] });
    await cluster.send('POST', jobs(), job);
    await untilPlanned(3);
    const waiting = await untilTold('Waiting', 4);
    assert.deepEqual(waiting.map(({ regarding }) => regarding.kind).sort(), ['Job', 'Pod', 'Pod', 'Pod']);
    untilItsHour();
    await cluster.waitFor('the mark on the Job', async () => {
      const { metadata } = await cluster.send('GET', `${jobs()}/train`);
      return metadata.annotations?.['gridgate.dev/released'];
    });
    cluster.setGrids(GRIDS); // a cleaner hour would be ahead
    await cluster.waitFor('all completions', async () => {
      const { status } = await cluster.send('GET', `${jobs()}/train`);
      return status.succeeded === 5 || undefined;
    });
    const released = await untilTold('Released', 6);
    assert.deepEqual(released.map(({ regarding }) => regarding.kind).sort(), [
      'Job',
      'Pod',
      'Pod',
      'Pod',
      'Pod',
      'Pod',
    ]);
  });

  test('is not the retry of a Job whose first run went', async () => {
    // Behind another gate too, no pod runs, and so none succeeds.
    const schedulingGates = [{ name: 'gridgate.dev/defer' }, { name: 'example.com/stays' }];
    await cluster.send('POST', jobs(), heldJob('train', { backoffLimit: 5 }, { schedulingGates }));
    const [first] = await untilPlanned(1);
    untilItsHour();
    const untilGone = (except: readonly string[]) =>
      cluster.waitFor('our gate to go', async () => {
        const pods = await cluster.podsOf(namespace);
        return pods.find((pod) => !except.includes(pod.metadata.uid) && !isHeld(pod));
      });
    await untilGone([]);
    cluster.setGrids(GRIDS); // a cleaner hour would be ahead
    await cluster.patch(`${pods()}/${first?.metadata.name}/status`, { status: { phase: 'Failed' } });
    const retry = await untilGone([first?.metadata.uid]);
    assert.ok(retry.metadata.annotations['gridgate.dev/released']);
  });

  test('is kept out of a region that dies in the minute of its release', async () => {
    await cluster.createHeld(namespace, 'train');
    await untilPlanned(1);
    untilItsHour(['clean']);
    const [pod] = await untilFree(1);
    assert.match(pod?.spec.nodeName, /^other/);
  });

  test('goes at the hour that was planned when nobody forecasts any more', async () => {
    await cluster.createHeld(namespace, 'train');
    const [pod] = await untilPlanned(1);
    const notBefore = Date.parse(pod?.metadata.annotations['gridgate.dev/not-before']);
    cluster.setGrids({ clean: [300], other: [350], dirty: [500] });
    cluster.advance(notBefore - cluster.now() - EARLY_MS);
    await cluster.createHeld(namespace, 'unplanned');
    await untilFree(1);
    assert.deepEqual(
      (await cluster.podsOf(namespace)).filter(isHeld).map(({ metadata }) => metadata.name),
      ['train'],
    );
    cluster.advance(EARLY_MS + 10_000);
    await untilFree(2);
  });

  test('beside a foreign gate loses ours alone', async () => {
    const schedulingGates = [{ name: 'example.com/quota' }, { name: 'gridgate.dev/defer' }];
    await cluster.createHeld(namespace, 'train', { schedulingGates });
    await untilPlanned(1);
    untilItsHour();
    const gates = await cluster.waitFor('our gate to go', async () => {
      const [pod] = await cluster.podsOf(namespace);
      return pod && !isHeld(pod) ? pod.spec.schedulingGates : undefined;
    });
    assert.deepEqual(gates, [{ name: 'example.com/quota' }]);
  });

  test('may be deleted, or let go by hand, while it waits', async () => {
    for (const name of ['gone', 'by-hand', 'stays']) await cluster.createHeld(namespace, name);
    await untilPlanned(3);
    await cluster.send('DELETE', `${pods()}/gone`);
    await cluster.send('PATCH', `${pods()}/by-hand`, [{ op: 'remove', path: '/spec/schedulingGates/0' }], {
      'content-type': 'application/json-patch+json',
    });
    untilItsHour();
    const free = await untilFree(2);
    const byHand = free.find(({ metadata }) => metadata.name === 'by-hand');
    assert.equal(byHand?.metadata.annotations['gridgate.dev/released'], undefined);
  });

  test('goes at its latest start, whatever its policy says by then', async () => {
    await cluster.createHeld(namespace, 'train', {}, { defer: '1h' });
    cluster.setGrids(GRIDS, Object.keys(GRIDS));
    await cluster.waitFor('its plan', async () => {
      const [pod] = await cluster.podsOf(namespace);
      return pod?.metadata.annotations['gridgate.dev/waits'];
    });
    cluster.advance(HOUR_MS - EARLY_MS);
    assert.equal((await cluster.podsOf(namespace)).every(isHeld), true);
    cluster.advance(EARLY_MS + 10_000);
    await cluster.waitFor('its gate to go', async () => !(await cluster.podsOf(namespace)).some(isHeld) || undefined);
    const [told] = await untilTold('ReleasedRefused', 1);
    assert.match(told?.['note'], /outage/);
  });

  test('goes at once when its namespace only audits by now, or the kill switch is thrown', async () => {
    await cluster.createHeld(namespace, 'train');
    await untilPlanned(1);
    await cluster.patch(`/api/v1/namespaces/${namespace}`, {
      metadata: { annotations: { 'gridgate.dev/mode': 'audit' } },
    });
    await untilFree(1);
    await cluster.patch(`/api/v1/namespaces/${namespace}`, {
      metadata: { annotations: { 'gridgate.dev/mode': 'warn' } },
    });
    await cluster.createHeld(namespace, 'again');
    await cluster.waitFor('its plan', async () => {
      const { metadata } = await cluster.send('GET', `${pods()}/again`);
      return metadata.annotations['gridgate.dev/waits'];
    });
    cluster.setModeCap('off');
    try {
      await untilFree(2);
    } finally {
      cluster.setModeCap(undefined);
    }
  });

  test('of a CronJob under Forbid has run before the next run, cleaner or not', async () => {
    // Cleaner within the hour that is left to it, too, at whatever minute this runs.
    const falling = Array.from({ length: 24 }, (_, hour) => 300 - 10 * hour);
    cluster.setGrids({ clean: falling, other: falling, dirty: falling });
    const { spec: jobSpec } = heldJob('nightly', {}, {}, { duration: '30m' });
    const next = new Date(Date.now() + 90 * 60_000);
    const cronPath = `/apis/batch/v1/namespaces/${namespace}/cronjobs`;
    const schedule = `${next.getUTCMinutes()} ${next.getUTCHours()} * * *`;
    const cronJob = await cluster.send('POST', cronPath, {
      metadata: { name: 'nightly' },
      spec: { schedule, concurrencyPolicy: 'Forbid', jobTemplate: { spec: jobSpec } },
    });
    const { uid } = cronJob.metadata;
    const owner = { apiVersion: 'batch/v1', kind: 'CronJob', name: 'nightly', uid, controller: true };
    const { spec } = heldJob('nightly', {}, {}, { duration: '30m' });
    await cluster.send('POST', jobs(), { metadata: { name: 'nightly-1', ownerReferences: [owner] }, spec });
    const [pod] = await untilPlanned(1);
    const due = Math.floor(next.getTime() / 60_000) * 60_000 - 30 * 60_000;
    assert.equal(Date.parse(JSON.parse(pod?.metadata.annotations['gridgate.dev/waits']).latestStart), due);
    cluster.advance(due - cluster.now() + 1_000);
    await untilFree(1);
  });

  test('by suspension is resumed at its hour; a Job that others suspended stays so', async () => {
    await cluster.patch(`/api/v1/namespaces/${namespace}`, {
      metadata: { annotations: { 'gridgate.dev/defer-by': 'suspend' } },
    });
    const suspended = (name: string, annotations: object) => {
      const { spec } = heldJob(name, { suspend: true }, { schedulingGates: [] });
      return { metadata: { name, annotations }, spec };
    };
    await cluster.send('POST', jobs(), suspended('ours', { 'gridgate.dev/deferred': 'suspend' }));
    await cluster.send('POST', jobs(), suspended('theirs', {}));
    await cluster.waitFor('its plan', async () => {
      const { metadata } = await cluster.send('GET', `${jobs()}/ours`);
      return metadata.annotations['gridgate.dev/not-before'];
    });
    untilItsHour();
    await cluster.waitFor('the Job to be resumed', async () => {
      const { spec, metadata } = await cluster.send('GET', `${jobs()}/ours`);
      return spec.suspend === false && metadata.annotations['gridgate.dev/released'] ? true : undefined;
    });
    assert.equal((await cluster.send('GET', `${jobs()}/theirs`)).spec.suspend, true);
    await cluster.waitFor('its pod', async () => (await cluster.podsOf(namespace)).length === 1 || undefined);
  });

  test('fills a quota, and is named on the namespace when others find no room; so is one at the resume of a Job', async () => {
    await cluster.send('POST', `/api/v1/namespaces/${namespace}/resourcequotas`, {
      metadata: { name: 'few' },
      spec: { hard: { pods: '2' } },
    });
    await cluster.waitFor('the quota to count', async () => {
      const { status } = await cluster.send('GET', `/api/v1/namespaces/${namespace}/resourcequotas/few`);
      return status?.hard?.pods;
    });
    for (const name of ['one', 'two']) await cluster.createHeld(namespace, name);
    await untilPlanned(2);
    const { spec } = heldJob('ours', { suspend: true }, { schedulingGates: [] }, { defer: '1m' });
    await cluster.send('POST', jobs(), {
      metadata: { name: 'ours', annotations: { 'gridgate.dev/deferred': 'suspend' } },
      spec,
    });
    cluster.advance(120_000);
    const [told] = await untilTold('WaitingFillsQuota');
    assert.equal(told?.regarding.kind, 'Namespace');
    assert.match(told?.['note'], /one, two/);
    await cluster.patch(`/api/v1/namespaces/${namespace}/resourcequotas/few`, { spec: { hard: { pods: '3' } } });
    await cluster.waitFor(
      'the pod of the resumed Job',
      async () => (await cluster.podsOf(namespace)).length === 3 || undefined,
    );
  });

  // How fast is what `make bench-waiting` holds to 50 a second: here the machine may be busy.
  test('is let go, six hundred at once, beside a scheduler and KWOK', async (t) => {
    const names = Array.from({ length: 600 }, (_, i) => `p-${i}`);
    for (let i = 0; i < names.length; i += 50)
      await Promise.all(names.slice(i, i + 50).map((name) => cluster.createHeld(namespace, name, {}, { defer: '1h' })));
    await cluster.waitFor(
      'all to be seen',
      async () => (await cluster.podsOf(namespace)).length === names.length || undefined,
    );
    const startedAt = performance.now();
    cluster.advance(2 * HOUR_MS);
    await cluster.waitFor('all to go', async () => !(await cluster.podsOf(namespace)).some(isHeld) || undefined);
    const seconds = (performance.now() - startedAt) / 1_000;
    t.diagnostic(`${names.length} in ${seconds.toFixed(1)} s`);
    assert.ok(names.length / seconds >= 10, `${names.length / seconds} a second`);
  });
});

describe('what waits, with nothing beside the API server', { skip }, () => {
  let cluster: ReleasingCluster;

  before(async () => {
    cluster = await startReleasing(GRIDS, { workers: [] });
  });
  after(() => cluster?.stop());

  // How fast is what `make bench-waiting` holds to 200 a second: here the machine may be busy.
  test('is let go, two thousand at once', async (t) => {
    await cluster.send('POST', '/api/v1/namespaces', {
      metadata: { name: 'many', annotations: { 'gridgate.dev/mode': 'enforce', 'gridgate.dev/defer': '12h' } },
    });
    const names = Array.from({ length: 2_000 }, (_, i) => `p-${i}`);
    for (let i = 0; i < names.length; i += 50)
      await Promise.all(names.slice(i, i + 50).map((name) => cluster.createHeld('many', name)));
    cluster.setModeCap('off');
    const startedAt = performance.now();
    cluster.startReleaser();
    await cluster.waitFor('all to go', async () => !(await cluster.podsOf('many')).some(isHeld) || undefined);
    const seconds = (performance.now() - startedAt) / 1_000;
    t.diagnostic(`${names.length} in ${seconds.toFixed(1)} s, the first list included`);
  });
});
