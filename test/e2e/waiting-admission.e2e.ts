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
import { pod } from './objects.ts';

const HOUR = 3_600_000;
const THIS_HOUR = Math.floor(Date.now() / HOUR) * HOUR;
const CLEAN_HOUR = THIS_HOUR + 3 * HOUR;
const LEASES = '/apis/coordination.k8s.io/v1/namespaces/gridgate-system/leases';
const CONFIG_MAPS = '/api/v1/namespaces/gridgate-system/configmaps';
const GATE = 'gridgate.dev/defer';
const FLEXIBLE = { class: 'flexible' };
const MARKS = ['gridgate.dev/deferred', 'gridgate.dev/not-before', 'gridgate.dev/waits'];
const NAMESPACES = {
  gate: { mode: 'enforce', defer: '12h', regions: 'eu-*', 'max-intensity': '320' },
  suspend: { mode: 'enforce', defer: '12h', 'defer-by': 'suspend' },
  trial: { mode: 'audit', defer: '12h', 'defer-by': 'suspend' },
};

/** What a leader writes of a region that is much cleaner in the third hour from now. */
function status(now: number, later: number): object {
  const at = (ms: number) => new Date(ms).toISOString();
  const reading = { signal: 'average-lifecycle', source: 'electricity-maps', estimated: false, freshness: 'fresh' };
  return {
    reading: { ...reading, gramsPerKwh: now, measuredAt: at(THIS_HOUR) },
    forecast: Array.from({ length: 48 }, (_, i) => THIS_HOUR + i * HOUR).map((hour) => ({
      from: at(hour),
      gramsPerKwh: hour === CLEAN_HOUR ? later : now,
    })),
  };
}

function job(name: string, spec: object = {}, annotations: object = {}): Rendered {
  const { metadata, spec: podSpec } = pod('', { restartPolicy: 'Never' }, FLEXIBLE);
  const template = { metadata: { annotations: metadata.annotations }, spec: podSpec };
  return { apiVersion: 'batch/v1', kind: 'Job', metadata: { name, annotations }, spec: { template, ...spec } };
}

describe('work that can wait, as it is created', () => {
  let cluster: Cluster;
  let clock: SettableClock;
  let renewals = 0;
  let pods = 0;
  const directory = mkdtempSync(join(tmpdir(), 'gridgate-test-'));

  before(async () => {
    if (skip) return;
    clock = createSettableClock(directory, 'all');
    cluster = await startCluster({
      observed: { 'eu-north': status(300, 100), 'eu-west': status(350, 350), 'us-east': status(310, 90) },
      env: skipWithoutFakeTime ? {} : clock.env,
    });
    for (const [name, annotations] of Object.entries(NAMESPACES)) await cluster.createNamespace(name, annotations);
  });
  after(async () => {
    await cluster?.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  /** What the releaser does while it works. */
  async function renew(holderIdentity = 'releaser'): Promise<void> {
    const time = `2026-11-22T09:00:00.${String(renewals).padStart(6, '0')}Z`;
    const spec = { holderIdentity, leaseDurationSeconds: 60, renewTime: time };
    if (renewals++ > 0) await cluster.patch(`${LEASES}/gridgate-releaser`, { spec });
    else await cluster.send('POST', LEASES, { metadata: { name: 'gridgate-releaser' }, spec });
  }

  const createJob = (namespace: string, object: Rendered): Promise<Rendered> =>
    cluster.send('POST', `/apis/batch/v1/namespaces/${namespace}/jobs`, object);

  async function createPod(namespace: string, spec: object = {}, annotations: Record<string, string> = FLEXIBLE) {
    const { status, body } = await cluster.createPod(
      namespace,
      pod(`pod-${pods++}`, { restartPolicy: 'Never', ...spec }, annotations),
    );
    assert.equal(status, 201, JSON.stringify(body));
    return body as Rendered;
  }

  /** Whether a pod that can wait would. */
  async function isHeld(): Promise<boolean> {
    const object = pod('probe', { restartPolicy: 'Never' }, FLEXIBLE);
    return isGated(await cluster.send('POST', '/api/v1/namespaces/gate/pods?dryRun=All', object));
  }

  const untilHeld = () =>
    cluster.waitFor('the heartbeat to be seen', async () => {
      await renew();
      return (await isHeld()) || undefined;
    });

  test('nothing waits that nobody would let go: no heartbeat, one that stands still', { skip }, async () => {
    for (const prepare of [async () => {}, renew]) {
      await prepare();
      assert.equal(isGated(await createPod('gate')), false);
      const { metadata, spec } = await createJob('suspend', job(`runs-${renewals}`));
      assert.deepEqual([marksOf(metadata), spec.suspend], [[], false]);
    }
  });

  test("a pod of a Job waits behind a gate, and is bound to its namespace's regions and no others", {
    skip,
  }, async () => {
    await untilHeld();
    await createJob('gate', job('train'));
    const created = await cluster.waitFor('its pod', async () =>
      (await cluster.podsOf('gate')).find(({ metadata }) => metadata.ownerReferences?.[0]?.name === 'train'),
    );
    assert.deepEqual(created.spec.schedulingGates, [{ name: GATE }]);
    const annotations = created.metadata.annotations;
    const { latestStart, region, duration, durationFrom, now, expected } = JSON.parse(
      annotations['gridgate.dev/waits'],
    );
    assert.deepEqual([region, duration, durationFrom, now, expected], ['eu-north', '1h', 'default', 300, 100]);
    const notBefore = Date.parse(annotations['gridgate.dev/not-before']);
    assert.ok(notBefore >= CLEAN_HOUR && notBefore < CLEAN_HOUR + HOUR, annotations['gridgate.dev/not-before']);
    assert.ok(Math.abs(Date.parse(latestStart) - Date.now() - 12 * HOUR) < 120_000);
    assert.deepEqual(requirementsOf(created), [
      [{ key: REGION_LABEL, operator: 'In', values: ['eu-north', 'eu-west'] }],
    ]);
    assert.equal(created.spec.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution, undefined);
    const { stdout } = await cluster.kubectl(['describe', 'pod', '-n', 'gate', created.metadata.name]);
    assert.match(stdout, /gridgate\.dev\/not-before/);
  });

  test('a pod that carries our gate and is not to wait loses it, and runs', { skip }, async () => {
    const schedulingGates = [{ name: GATE }, { name: 'example.com/other' }];
    const [standard, forever] = [
      await createPod('gate', { schedulingGates }, {}),
      await createPod('gate', { schedulingGates, restartPolicy: 'Always' }),
    ];
    for (const one of [standard, forever]) assert.deepEqual(one.spec.schedulingGates, [{ name: 'example.com/other' }]);
    const { metadata } = await createPod('gate', { schedulingGates: [{ name: GATE }] }, {});
    await cluster.waitFor('a node', async () => {
      const { spec } = await cluster.send('GET', `/api/v1/namespaces/gate/pods/${metadata.name}`);
      return spec.nodeName;
    });
  });

  test('a Job waits suspended, and makes no pod; the length of its run is what earlier ones took', {
    skip,
  }, async () => {
    await untilHeld();
    const lengths = { version: 1, owners: { 'suspend/CronJob/nightly': [7_000, 7_400] }, namespaces: {} };
    const data = { 'lengths.json': JSON.stringify(lengths) };
    await cluster.send('POST', CONFIG_MAPS, { metadata: { name: 'gridgate-lengths' }, data });
    const { metadata, spec } = await cluster.waitFor('what was learnt', async () => {
      const dryRun = '/apis/batch/v1/namespaces/suspend/jobs?dryRun=All';
      const created = await cluster.send('POST', dryRun, job('nightly-29387100'));
      const { durationFrom } = JSON.parse(created.metadata.annotations['gridgate.dev/waits']);
      return durationFrom === 'owner' ? created : undefined;
    });
    assert.deepEqual([spec.suspend, marksOf(metadata)], [true, MARKS]);
    assert.equal(JSON.parse(metadata.annotations['gridgate.dev/waits']).duration, '2h');

    await createJob('suspend', job('train'));
    await cluster.waitFor('the controller to see it', async () => {
      const { status } = await cluster.send('GET', '/apis/batch/v1/namespaces/suspend/jobs/train');
      return status.conditions?.some(({ type }: Rendered) => type === 'Suspended') || undefined;
    });
    const ofIt = (await cluster.podsOf('suspend')).filter(({ metadata }) => metadata.name.startsWith('train'));
    assert.deepEqual(ofIt, []);
  });

  test('kubectl apply says nothing of the marks, and its second time changes nothing', { skip }, async () => {
    await untilHeld();
    for (const said of ['created', 'unchanged']) {
      const { code, stdout, stderr } = await cluster.submit(job('applied'), 'apply', '-n', 'suspend');
      assert.deepEqual([code, stdout.trim(), stderr], [0, `job.batch/applied ${said}`, '']);
    }
    const { spec } = await cluster.send('GET', '/apis/batch/v1/namespaces/suspend/jobs/applied');
    assert.equal(spec.suspend, true);
  });

  test('Jobs of others are theirs: suspended by a user, in a namespace that only looks', { skip }, async () => {
    await untilHeld();
    const own = await createJob('suspend', job('own', { suspend: true }));
    assert.deepEqual([marksOf(own.metadata), own.spec.suspend], [[], true]);
    const looked = await createJob('trial', job('looked'));
    assert.deepEqual([marksOf(looked.metadata), looked.spec.suspend], [[], false]);
    const [review] = await cluster.waitFor('the log', () => {
      const found = cluster.reviews('trial').filter(({ owner }) => owner === 'Job/looked');
      return found.length > 0 ? found : undefined;
    });
    assert.deepEqual([review?.decision, review?.reason], ['defer', 'cleaner_later']);
  });

  test('what the API server asks about once more is the same', { skip }, async () => {
    await untilHeld();
    for (const [namespace, create] of [
      ['gate', () => createPod('gate')],
      ['suspend', () => createJob('suspend', job('touched'))],
    ] as const) {
      const remove = await registerHooks(cluster, namespace, [{ mutate: addLabel }]);
      try {
        await cluster.waitFor('the other webhook', async () => {
          const object = pod('probe', {}, {});
          const { metadata } = await cluster.send('POST', `/api/v1/namespaces/${namespace}/pods?dryRun=All`, object);
          return metadata.labels?.touched;
        });
        const owner = namespace === 'gate' ? `Pod/pod-${pods}` : 'Job/touched';
        const created = await create();
        await cluster.waitFor(
          'both reviews',
          () => cluster.reviews(namespace).filter((one) => one.owner === owner).length === 2 || undefined,
        );
        assert.equal(created.metadata.labels.touched, 'yes');
        if (namespace === 'suspend') assert.deepEqual([marksOf(created.metadata), created.spec.suspend], [MARKS, true]);
        else {
          assert.deepEqual(created.spec.schedulingGates, [{ name: GATE }]);
          assert.deepEqual(marksOf(created.metadata), MARKS.slice(1));
          assert.equal(requirementsOf(created).length, 1);
        }
      } finally {
        await remove();
      }
    }
  });

  test('a heartbeat that stops counts for a minute, and one that is given up no longer', {
    skip: skip || skipWithoutFakeTime,
  }, async () => {
    await untilHeld();
    clock.set(40);
    assert.equal(await isHeld(), true);
    clock.set(70);
    assert.equal(await isHeld(), false);
    await untilHeld();
    await renew('');
    await cluster.waitFor('the end', async () => !(await isHeld()) || undefined);
  });

  test('a copy of a Job that waited runs where nobody would resume it', {
    skip: skip || skipWithoutFakeTime,
  }, async () => {
    const { metadata, spec } = await cluster.send('GET', '/apis/batch/v1/namespaces/suspend/jobs/touched');
    const { template, selector, ...rest } = spec;
    const { labels, ...ofTemplate } = template.metadata;
    const copy = { ...rest, template: { ...template, metadata: ofTemplate } };
    const created = await createJob('suspend', {
      ...job('copy', copy, metadata.annotations),
    });
    assert.deepEqual([marksOf(created.metadata), created.spec.suspend], [[], false]);
    await cluster.waitFor('its pod', async () => {
      const all = await cluster.podsOf('suspend');
      return all.find((one) => one.metadata.ownerReferences?.[0]?.name === 'copy' && one.spec.nodeName);
    });
  });
});

function isGated({ spec }: Rendered): boolean {
  return spec.schedulingGates?.some(({ name }: Rendered) => name === GATE) ?? false;
}

function marksOf({ annotations = {} }: Rendered): readonly string[] {
  return Object.keys(annotations)
    .filter((key) => MARKS.includes(key))
    .sort();
}

/** The expressions of each required term but the one that says whose they are. */
function requirementsOf({ spec }: Rendered): Rendered[] {
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return (required?.nodeSelectorTerms ?? []).map(({ matchExpressions }: Rendered) =>
    matchExpressions.filter(({ key }: Rendered) => key !== 'gridgate.dev/placed'),
  );
}
