import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import { REGION_LABEL } from '../builders.ts';
import type { Rendered } from '../cluster/rendered-manifests.ts';
import { NODE_POOLS_PATH } from '../control-plane/karpenter.ts';
import { wattsFor } from '../e2e/budgeted-cluster.ts';
import { skip as skipWithoutCluster } from '../e2e/cluster.ts';
import { nodePool } from '../e2e/following-pools.ts';
import {
  type LiveCluster,
  leads,
  REGIONS_PATH,
  type Release,
  type Role,
  SYSTEM,
  startLiveCluster,
} from '../e2e/live-cluster.ts';
import { deployment, nodesIn, prefixed } from '../e2e/objects.ts';
import { type FakeJoules, startFakeJoules } from '../process/fake-joules.ts';
import { createSettableClock, type SettableClock, skip as skipWithoutFakeTime } from '../process/fake-time.ts';
import { type GridProvider, startGridProvider } from '../process/grid-provider.ts';
import type { GridgateProcess } from '../process/gridgate-process.ts';
import { type PodStream, startPodStream } from './pod-stream.ts';
import { type PreviousRelease, previousRelease, skip as skipWithoutHistory } from './previous-release.ts';

const skip = skipWithoutCluster || skipWithoutFakeTime || skipWithoutHistory;
const HOUR_MS = 3_600_000;
const NOW = Math.floor(Date.now() / HOUR_MS);
const CLEAN_HOUR = NOW + 3;
const NEXT_CLEAN_HOUR = CLEAN_HOUR + 6;
const ZONES = { DE: 290, PL: 500 };
const PODS_PER_SECOND = 20;
const LONG_MS = 180_000;
const LEASES = '/apis/coordination.k8s.io/v1/namespaces/gridgate-system/leases';
const JOBS = '/apis/batch/v1/namespaces/batch/jobs';
const PODS = '/api/v1/namespaces/batch/pods';
const LOKI = '/apis/apps/v1/namespaces/budgeted/deployments/loki';
const HORIZONTAL = '/apis/autoscaling/v2/namespaces/budgeted/horizontalpodautoscalers';
const REGIONAL = '/apis/gridgate.dev/v1alpha1/namespaces/budgeted/regionalautoscalers';
const CONFIGURATIONS = ['mutatingwebhookconfigurations', 'validatingwebhookconfigurations'].map(
  (plural) => `/apis/admissionregistration.k8s.io/v1/${plural}/gridgate`,
);
const CONTROLLERS_ON = ['--node-pools', 'on', '--carbon-budgets', 'on', '--regional-autoscaler', 'on'];
/** As in its Deployment, whose pods leave the Service while they still serve. */
const AS_IN_A_CLUSTER = ['--shutdown-delay', '5s'];

/** Every day two hours are clean. */
const offBy = (hour: number) => ([CLEAN_HOUR, NEXT_CLEAN_HOUR].some((clean) => (hour - clean) % 24 === 0) ? -200 : 0);

/**
 * N-1 is what previous-release.json names, N is this one. One cluster goes through all that an upgrade and its rollback pass through:
 *
 * | manifests | controllers | webhook |
 * | --------- | ----------- | ------- |
 * | N-1       | N-1         | N-1     |
 * | N         | N-1         | N-1     |
 * | N         | N           | N-1     |
 * | N         | N           | N       |
 * | N         | N-1         | N       |
 * | N-1       | N-1         | N-1     |
 */
describe('gridgate beside its previous release', { skip }, () => {
  let previous: PreviousRelease;
  let cluster: LiveCluster;
  let provider: GridProvider;
  let joules: FakeJoules;
  let clock: SettableClock;
  let stream: PodStream;
  const present: Release = {};
  const directory = mkdtempSync(join(tmpdir(), 'gridgate-test-'));
  const running: Partial<Record<Role, GridgateProcess>> = {};

  before(async () => {
    previous = previousRelease();
    clock = createSettableClock(directory, 'wall');
    provider = await startGridProvider(new Map(Object.entries(ZONES)));
    Object.assign(provider, { pastHours: 24, forecastHours: 48, offBy, hour: () => NOW });
    joules = await startFakeJoules(async () => {
      const { items } = await cluster.send('GET', '/api/v1/namespaces/budgeted/pods');
      return items.map(({ metadata: { namespace, name } }: Rendered) => ({
        namespace,
        pod: name,
        watts: wattsFor(0.1),
      }));
    });
    const prometheus = { url: joules.url, query: 'sum by (namespace, pod) (rate(joules_total[1m]))' };
    const regions = { clean: { gridZone: 'DE' }, dirty: { gridZone: 'PL' } };
    cluster = await startLiveCluster({
      regions,
      nodes: nodesIn(Object.keys(regions)).map((node) => ({ ...node, capacity: { pods: '5000', cpu: '5000' } })),
      config: {
        sources: [{ type: 'electricity-maps', url: provider.url, token: { env: 'TOKEN' } }],
        budgets: { loop: '5s', energy: { prometheus } },
      },
      env: { ...clock.env, TOKEN: 's3cret' },
      replicas: { controllers: 0, webhook: 0 },
      components: ['carbon-budgets', 'node-pools', 'regional-autoscaler'],
      release: previous,
    });
    await cluster.controlPlane.installKarpenter();
    await replace('controllers', previous);
    await replace('webhook', previous);
    await cluster.createNamespace('shop', { mode: 'enforce' });
    await cluster.createNamespace('batch', { mode: 'enforce', defer: '12h', 'home-region': 'dirty' });
    await cluster.createNamespace('budgeted', { mode: 'warn' });
  });
  after(async () => {
    await stream?.stop();
    await cluster?.stop();
    joules?.stop();
    await provider?.[Symbol.asyncDispose]();
    rmSync(directory, { recursive: true, force: true });
  });

  /** As a Deployment with `maxUnavailable: 0` does: the new one is ready before the old one is told to end. */
  async function replace(role: Role, release: Release): Promise<void> {
    const before = running[role];
    const args = role === 'controllers' ? CONTROLLERS_ON : AS_IN_A_CLUSTER;
    running[role] = await cluster.startReplicaOf(release, role, ...args);
    if (!before) return;
    const slice = `/apis/discovery.k8s.io/v1/namespaces/gridgate-system/endpointslices/gridgate-${before.pid}`;
    const [code] = await Promise.all([before.end(), role === 'webhook' && cluster.send('DELETE', slice)]);
    assert.equal(code, 0, before.stderr());
  }

  async function untilLeading(role: 'controllers', releaseName: string): Promise<void> {
    await cluster.waitFor(`${releaseName} to lead`, async () => {
      const replica = running[role];
      return (replica && (await leads(replica))) || undefined;
    });
  }

  /** At the beginning of an hour, on every clock and meter. */
  function setHour(hour: number): void {
    for (const [zone, grams] of Object.entries(ZONES)) provider.zones.set(zone, grams + offBy(hour));
    provider.hour = () => hour;
    clock.set((hour * HOUR_MS - Date.now()) / 1_000 + 60);
  }

  const untilForecastFrom = (hour: number) =>
    cluster.waitFor(
      'a forecast from that hour on',
      async () => {
        const { status } = await cluster.region('clean');
        return Date.parse(status.forecast[0].from) === hour * HOUR_MS || undefined;
      },
      LONG_MS,
    );

  const podOf = async (job: string): Promise<Rendered | undefined> =>
    (await cluster.send('GET', `${PODS}?labelSelector=batch.kubernetes.io/job-name=${job}`)).items[0];

  /** Until the leader has learnt, and the webhook has heard of it, Jobs start at once. */
  async function createWaitingJob(prefix: string): Promise<string> {
    let count = 0;
    return cluster.waitFor(
      'a Job whose pod waits',
      async () => {
        const name = `${prefix}-${++count}`;
        await cluster.send('POST', JOBS, jobNamed(name));
        const pod = await cluster.waitFor(`the pod of ${name}`, () => podOf(name));
        return pod.spec.schedulingGates ? name : undefined;
      },
      LONG_MS,
    );
  }

  async function assertWaits(job: string): Promise<void> {
    const pod = await podOf(job);
    assert.ok(pod?.spec.schedulingGates, `its hour has not come: ${JSON.stringify(pod?.metadata.annotations)}`);
  }

  async function untilReleased(job: string): Promise<void> {
    const pod = await cluster.waitFor(
      `a node of ${job}`,
      async () => {
        const found = await podOf(job);
        return found?.spec.nodeName ? found : undefined;
      },
      LONG_MS,
    );
    assert.match(pod.spec.nodeName, /^clean/);
    assert.match(pod.metadata.annotations['gridgate.dev/released'], /^\d{4}-/);
  }

  const setBudget = (budget: string | null) =>
    cluster.patch('/api/v1/namespaces/budgeted', {
      metadata: { annotations: { 'gridgate.dev/carbon-budget': budget } },
    });
  const scaled = async () => ({
    loki: (await cluster.send('GET', LOKI)).spec.replicas,
    horizontal: (await cluster.send('GET', `${HORIZONTAL}/web`)).spec.maxReplicas,
    regional: (await cluster.send('GET', `${REGIONAL}/all`)).spec.targets[0].max,
  });
  const untilScaled = (wanted: Awaited<ReturnType<typeof scaled>>) =>
    untilSame(`replicas and bounds to be ${JSON.stringify(wanted)}`, scaled, wanted);
  const LOWERED = { loki: 1, horizontal: 2, regional: 1 };
  const RESTORED = { loki: 3, horizontal: 9, regional: 5 };

  const followGrid = (mode: 'weight' | null) =>
    Promise.all(
      ['pool-clean', 'pool-dirty'].map((name) =>
        cluster.patch(`${NODE_POOLS_PATH}/${name}`, {
          metadata: { annotations: { 'gridgate.dev/carbon-aware': mode } },
        }),
      ),
    );
  const weights = async () =>
    Object.fromEntries(
      (await cluster.send('GET', NODE_POOLS_PATH)).items.map(({ metadata, spec }: Rendered) => [
        metadata.name,
        [spec.weight, metadata.annotations?.['gridgate.dev/carbon-before'] !== undefined],
      ]),
    );
  const untilWeights = (clean: number, dirty: number, areOurs: boolean) =>
    untilSame(`weights of ${clean} and ${dirty}`, weights, {
      'pool-clean': [clean, areOurs],
      'pool-dirty': [dirty, areOurs],
    });

  async function untilSame<T>(what: string, read: () => Promise<T>, wanted: T): Promise<void> {
    let last: unknown;
    await cluster
      .waitFor(
        what,
        async () => {
          last = await read();
          return JSON.stringify(last) === JSON.stringify(wanted) || undefined;
        },
        LONG_MS,
      )
      .catch((error) => assert.fail(`${error}; last: ${JSON.stringify(last)}`));
  }

  const contents = async (path: string) => (await cluster.send('GET', path)).data;
  const lengths = () => cluster.request('GET', `${SYSTEM}/configmaps/gridgate-lengths`);
  const memory = async () => {
    const shards = await Promise.all(
      [0, 1, 2, 3].map((shard) => cluster.request('GET', `${SYSTEM}/configmaps/gridgate-memory-${shard}`)),
    );
    return shards.flatMap(({ status, body }) => (status === 200 ? Object.entries(body.data) : [])).sort();
  };
  const certificates = async () => ({
    authority: await contents(`${SYSTEM}/secrets/gridgate-ca`),
    leaf: await contents(`${SYSTEM}/secrets/gridgate-tls`),
    trusted: await Promise.all(
      CONFIGURATIONS.map(async (path) =>
        (await cluster.send('GET', path)).webhooks.map(({ clientConfig }: Rendered) => clientConfig.caBundle),
      ),
    ),
  });
  /** What people wrote, and what is the same as long as nothing happens. */
  const stored = async () => ({
    regions: (await cluster.send('GET', REGIONS_PATH)).items.map(({ metadata, spec, status }: Rendered) => ({
      name: metadata.name,
      uid: metadata.uid,
      spec,
      reading: status.reading,
      forecast: status.forecast.length,
      conditions: status.conditions,
    })),
    regional: (await cluster.send('GET', REGIONAL)).items.map(({ metadata, spec, status }: Rendered) => ({
      uid: metadata.uid,
      spec,
      conditions: status.conditions.map(({ type, status: value, reason }: Rendered) => [type, value, reason]),
    })),
  });

  async function assertNobodyMissed(t: TestContext): Promise<void> {
    const { unsteered, failed, ...counts } = stream.counts();
    t.diagnostic(`pods so far: ${JSON.stringify(counts)}`);
    assert.deepEqual(failed, []);
    assert.deepEqual(unsteered, []);
  }

  let waiting = '';
  let certificatesBefore: Awaited<ReturnType<typeof certificates>>;

  test('N-1 makes work wait, lowers what scales, moves NodePools, and keeps what it learns', async () => {
    await untilLeading('controllers', previous.version);
    const parts = [{}, { class: 'flexible' }] as const;
    for (const name of ['loki', 'web', 'far']) {
      const object = deployment(name, 3, ...parts);
      object.metadata.annotations = prefixed({ 'min-replicas': '1' });
      await cluster.send('POST', '/apis/apps/v1/namespaces/budgeted/deployments', object);
    }
    const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' };
    await cluster.send('POST', HORIZONTAL, {
      metadata: { name: 'web' },
      spec: { minReplicas: 2, maxReplicas: 9, scaleTargetRef },
    });
    await cluster.send('POST', REGIONAL, {
      apiVersion: 'gridgate.dev/v1alpha1',
      kind: 'RegionalAutoscaler',
      metadata: { name: 'all' },
      spec: { targets: [{ region: 'clean', deployment: 'far', min: 0, max: 5 }] },
    });
    await setBudget('300g');
    for (const [index, region] of ['clean', 'dirty'].entries()) {
      const requirements = [{ key: REGION_LABEL, operator: 'In', values: [region] }];
      await cluster.send(
        'POST',
        NODE_POOLS_PATH,
        nodePool(`pool-${region}`, { requirements, spec: { weight: index + 5 } }),
      );
    }
    await followGrid('weight');

    waiting = await createWaitingJob('old');
    await cluster.send('POST', JOBS, jobNamed('measured', 'standard'));
    await untilWeights(60, 59, true);
    await untilScaled(LOWERED);
    await cluster.waitFor('a length to be kept', async () => (await lengths()).status === 200 || undefined, LONG_MS);
    await cluster.waitFor('both regions to be remembered', async () => (await memory()).length === 2 || undefined);
    certificatesBefore = await certificates();
  });

  test("N's manifests over those of N-1: every Region and RegionalAutoscaler is what it was, and N-1 goes on", async (t) => {
    stream = startPodStream(cluster, 'shop', PODS_PER_SECOND);
    const before = await stored();
    await cluster.install(present);
    await cluster.waitFor('the RegionalAutoscaler resource', async () => {
      return (await cluster.request('GET', REGIONAL)).status === 200 || undefined;
    });
    assert.deepEqual(await stored(), before);
    assert.deepEqual(await certificates(), certificatesBefore);
    await cluster.patch(`${REGIONS_PATH}/dirty`, { spec: { outage: { active: true, reason: 'flood' } } });
    await cluster.waitFor('N-1 to write a status under the new CRD', async () => {
      return (await cluster.region('dirty')).status.outage?.reason === 'flood' || undefined;
    });
    await cluster.patch(`${REGIONS_PATH}/dirty`, { spec: { outage: null } });
    await assertNobodyMissed(t);
  });

  test("N's controllers with N-1's webhook: what N-1 held is let go, what it lowered and moved is put back", async (t) => {
    const remembered = await memory();
    const askedHistory = provider.askedHistory.length;
    const known = (await lengths()).body.data;
    await replace('controllers', present);
    await untilLeading('controllers', 'N');
    assert.deepEqual(await scaled(), LOWERED);
    const before = await lastRenewal('gridgate');
    await cluster.waitFor(
      'the Lease to be renewed',
      async () => (await lastRenewal('gridgate')) !== before || undefined,
    );
    await cluster.waitFor('what N-1 learnt of regions', async () => {
      const metrics = await (await fetch(`${running.controllers?.operators}/metrics`)).text();
      return /^gridgate_region_memory_hours\{region="clean"\} 24$/m.test(metrics) || undefined;
    });
    assert.equal(provider.askedHistory.length, askedHistory, 'the past is not asked for again');
    assert.deepEqual(await memory(), remembered);

    await followGrid(null);
    await setBudget(null);
    await untilWeights(5, 6, false);
    await untilScaled(RESTORED);
    await assertWaits(waiting);
    setHour(CLEAN_HOUR);
    await untilReleased(waiting);
    assert.deepEqual(await certificates(), certificatesBefore);
    assert.deepEqual(Object.keys((await lengths()).body.data), Object.keys(known));
    await assertNobodyMissed(t);
  });

  test("N's webhook and controllers: work waits, what scales is lowered, NodePools move", async (t) => {
    await replace('webhook', present);
    setHour(NEXT_CLEAN_HOUR - 3);
    await untilForecastFrom(NEXT_CLEAN_HOUR - 3);
    await setBudget('300g');
    await followGrid('weight');
    waiting = await createWaitingJob('new');
    await untilWeights(60, 59, true);
    await untilScaled(LOWERED);
    assert.deepEqual(await certificates(), certificatesBefore);
    await assertNobodyMissed(t);
  });

  test("rolled back, N-1's controllers with N's webhook: N-1 lets go and puts back what N wrote", async (t) => {
    await replace('controllers', previous);
    await untilLeading('controllers', previous.version);
    assert.deepEqual(await scaled(), LOWERED);
    await followGrid(null);
    await setBudget(null);
    await untilWeights(5, 6, false);
    await untilScaled(RESTORED);
    await assertWaits(waiting);
    setHour(NEXT_CLEAN_HOUR);
    await untilReleased(waiting);
    assert.deepEqual(await certificates(), certificatesBefore);
    await assertNobodyMissed(t);
  });

  test("rolled back whole, N-1's manifests over N's: Regions are kept, and no pod of the time passed unsteered", async (t) => {
    await replace('webhook', previous);
    await untilForecastFrom(NEXT_CLEAN_HOUR); // nothing is to be written meanwhile: by then Regions have what the hour brought
    const before = await stored();
    await cluster.install(previous);
    assert.deepEqual(await stored(), before);
    const { asked, created } = await stream.stop();
    await assertNobodyMissed(t);
    assert.equal(created, asked);
    const pods: Rendered[] = (await cluster.send('GET', '/api/v1/namespaces/shop/pods')).items;
    assert.equal(pods.length, asked);
    await cluster.waitFor('every one of them to run where it is clean', async () => {
      const { items } = await cluster.send('GET', '/api/v1/namespaces/shop/pods');
      return (
        items.every(({ spec, status }: Rendered) => /^clean/.test(spec.nodeName) && status.phase === 'Running') ||
        undefined
      );
    });
  });

  test('neither release was refused anything, or met what it could not read', () => {
    for (const { log, stderr } of [...cluster.replicas('webhook'), ...cluster.replicas('controllers')]) {
      const odd = log.filter((line) => /forbidden|cannot be read|malformed|"status":403/i.test(JSON.stringify(line)));
      assert.deepEqual(odd, []);
      assert.equal(stderr(), '');
    }
  });

  async function lastRenewal(name: string): Promise<string> {
    return (await cluster.send('GET', `${LEASES}/${name}`)).spec.renewTime;
  }
});

function jobNamed(name: string, podClass = 'flexible'): object {
  const resources = { requests: { cpu: '1', memory: '1Gi' } };
  const annotations = prefixed({ class: podClass, ...(podClass === 'flexible' && { duration: '1h' }) });
  const spec = { restartPolicy: 'Never', containers: [{ name: 'main', image: 'example.com/train', resources }] };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name },
    spec: { template: { metadata: { annotations }, spec } },
  };
}
