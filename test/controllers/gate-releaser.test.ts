import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Mode } from '../../src/decision/policy.ts';
import { makeRegion } from '../builders.ts';
import { type ClusterOfHeldPods, clusterOfHeldPods } from './cluster-of-held-pods.ts';
import { DAY, gridOf, HOUR_MS, heldObject, jobObject } from './held-units.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

function cluster(annotations: Readonly<Record<string, string>> = {}): ClusterOfHeldPods {
  const world = clusterOfHeldPods();
  world.setNamespace(annotations);
  return world;
}

/** After two hours, with the readings of then. */
async function untilItsHour(world: ClusterOfHeldPods): Promise<void> {
  await world.clock.advance(2 * HOUR_MS - SECOND);
  assert.deepEqual(world.released(), []);
  await world.clock.advance(2 * SECOND);
}

describe('the releaser', () => {
  it('lets a pod go at the hour that is planned, says so, and marks its Job', async () => {
    const world = cluster();
    world.addJobs(jobObject());
    world.addPods(heldObject({ job: 'train' }));
    const releaser = world.lead();
    await world.clock.advance(5 * SECOND);
    assert.equal(world.object('train-1')?.metadata.annotations?.['gridgate.dev/not-before'], '2026-11-22T11:00:00Z');
    assert.deepEqual(
      releaser
        .waiting()
        .map(({ owner, notBefore, region, now, planned }) => ({ owner, notBefore, region, now, planned })),
      [
        {
          owner: { kind: 'Job', name: 'train' },
          notBefore: Date.parse('2026-11-22T11:00:00Z'),
          region: 'a',
          now: 300,
          planned: 100,
        },
      ],
    );
    await untilItsHourFrom5s(world);
    const released = '2026-11-22T11:00:00Z';
    assert.equal(world.object('train-1')?.metadata.annotations?.['gridgate.dev/released'], released);
    assert.equal(world.object('train')?.metadata.annotations?.['gridgate.dev/released'], released);
    assert.deepEqual(releaser.waiting(), []);
    const told = world.events.map(({ type, reason, regarding: { kind, name } }) => `${type} ${reason} ${kind}/${name}`);
    assert.deepEqual(told, [
      'Normal Waiting Pod/train-1',
      'Normal Waiting Job/train',
      'Normal Released Pod/train-1',
      'Normal Released Job/train',
    ]);
    assert.match(world.events[0]?.note ?? '', /^waits until 2026-11-22T11:00:00Z: 100 instead of 300 gCO2e\/kWh/);
    await releaser.stop();
  });

  async function untilItsHourFrom5s(world: ClusterOfHeldPods): Promise<void> {
    await world.clock.advance(2 * HOUR_MS - 5 * SECOND + 2 * SECOND);
    assert.deepEqual(world.released(), ['train-1']);
  }

  it('lets a pod go at its latest start, to the second', async () => {
    const world = cluster({ defer: '30m' });
    world.setRegions([gridOf([300, 100, ...DAY.slice(2)], { outage: 'storm' })]);
    world.addPods(heldObject());
    const releaser = world.lead();
    await world.clock.advance(30 * MINUTE + SECOND);
    const [release] = world.releases;
    assert.ok(release && Math.abs(release.at - Date.parse('2026-11-22T09:30:00Z')) <= SECOND, String(release?.at));
    const refused = world.events.find(({ reason }) => reason === 'ReleasedRefused');
    assert.match(refused?.note ?? '', /outage/);
    await releaser.stop();
  });

  it('notices within seconds that the wall clock was set', async () => {
    const world = cluster();
    world.addPods(heldObject());
    const releaser = world.lead();
    await world.clock.advance(MINUTE);
    world.jump(13 * HOUR_MS);
    await world.clock.advance(6 * SECOND);
    assert.deepEqual(world.released(), ['train-1']);
    await releaser.stop();
  });

  it('lets nothing go before its hour when the wall clock was set back', async () => {
    const world = cluster();
    world.addPods(heldObject());
    const releaser = world.lead();
    await world.clock.advance(HOUR_MS);
    world.jump(-HOUR_MS);
    await world.clock.advance(2 * HOUR_MS - MINUTE);
    assert.deepEqual(world.released(), []);
    await world.clock.advance(2 * MINUTE);
    assert.deepEqual(world.released(), ['train-1']);
    await releaser.stop();
  });

  it('keeps to its plan when nobody forecasts any more; so does who leads next', async () => {
    const world = cluster();
    world.addPods(heldObject());
    const first = world.lead();
    await world.clock.advance(MINUTE);
    world.setRegions([makeRegion('a', 300, { reading: { source: 'electricity-maps' } })]);
    await world.clock.advance(HOUR_MS - MINUTE);
    await first.stop();
    const second = world.lead();
    await world.clock.advance(HOUR_MS - SECOND);
    assert.deepEqual(world.released(), []);
    await world.clock.advance(2 * SECOND);
    assert.deepEqual(world.released(), ['train-1']);
    await second.stop();
  });

  it('goes by its latest start when nobody forecasts any more, whatever it says of its plan', async () => {
    const world = cluster({ defer: '3h' });
    const waits = JSON.stringify({ latestStart: '2099-01-01T00:00:00Z', duration: '1h' });
    world.addPods(heldObject({ annotations: { 'not-before': '2099-01-01T00:00:00Z', waits } }));
    world.setRegions([makeRegion('a', 300, { reading: { source: 'electricity-maps' } })]);
    const releaser = world.lead();
    await world.clock.advance(3 * HOUR_MS + SECOND);
    assert.deepEqual(world.released(), ['train-1']);
    await releaser.stop();
  });

  it('plans anew with every reading', async () => {
    const world = cluster();
    world.addPods(heldObject());
    const releaser = world.lead();
    await world.clock.advance(MINUTE);
    world.setRegions([gridOf([50, 300, 100, ...DAY.slice(3)])]);
    await world.clock.advance(6 * SECOND);
    assert.deepEqual(world.released(), ['train-1']);
    await releaser.stop();
  });

  const causes: Readonly<Record<string, (world: ClusterOfHeldPods) => void>> = {
    'its namespace goes back to audit': (world) => world.setNamespace({ mode: 'audit' }),
    'its namespace lets none wait any more': (world) => world.setNamespace({ defer: '0s' }),
    'the kill switch is thrown': (world) => {
      world.world.cap = 'off';
    },
  };
  for (const [name, cause] of Object.entries(causes))
    it(`lets all go when ${name}`, async () => {
      const world = cluster();
      world.addPods(heldObject(), heldObject({ name: 'b' }));
      const releaser = world.lead();
      await world.clock.advance(MINUTE);
      cause(world);
      await world.clock.advance(6 * SECOND);
      assert.deepEqual(world.released(), ['b', 'train-1']);
      await releaser.stop();
    });

  it('keeps a pod out of a region that dies in the minute of its release, in the same write', async () => {
    const world = cluster();
    const two = (parts: Parameters<typeof makeRegion>[2] = {}) => [
      gridOf(DAY, parts, 'a'),
      gridOf(
        DAY.map((grams) => grams + 20),
        {},
        'b',
      ),
    ];
    world.setRegions(two());
    world.addPods(heldObject());
    const releaser = world.lead();
    await world.clock.advance(2 * HOUR_MS - SECOND);
    world.setRegions(two({ outage: 'storm' }));
    await world.clock.advance(2 * SECOND);
    assert.match(JSON.stringify(world.releases[0]?.patch), /"operator":"NotIn","values":\["a"\]/);
    await releaser.stop();
  });

  it('places a pod by its policy even where its wait cannot be planned', async () => {
    const world = cluster({ regions: 'eu-*' });
    world.setRegions([gridOf(DAY, {}, 'eu-a'), gridOf(DAY, {}, 'us-b')]);
    world.addPods(heldObject());
    const learntLength = () => assert.fail('a mistake of ours');
    const releaser = world.lead({ learntLength });
    await world.clock.advance(5 * SECOND);
    assert.match(JSON.stringify(world.releases[0]?.patch), /"operator":"In","values":\["eu-a"\]/);
    assert.match(world.events.find(({ reason }) => reason === 'Released')?.note ?? '', /could not plan/);
    await releaser.stop();
  });

  it('lets a pod go as it was written where nothing can be decided about it', async () => {
    const world = cluster();
    world.addPods(heldObject());
    const volumesOf = () => assert.fail('a mistake of ours');
    const releaser = world.lead({ view: { namespace: world.namespace, namespaces: () => [], volumesOf } });
    await world.clock.advance(5 * SECOND);
    assert.deepEqual(world.released(), ['train-1']);
    await releaser.stop();
  });

  it('says that it lets go only while its rounds do', async () => {
    const world = cluster();
    world.addPods(heldObject());
    let fails = false;
    const modeInEffect = (): Mode => (fails ? assert.fail('a mistake of ours') : 'enforce');
    const releaser = world.lead({ modeInEffect });
    await world.clock.advance(30 * SECOND);
    const beats = world.leases.length;
    assert.ok(beats > 0);
    fails = true;
    await world.clock.advance(20 * MINUTE);
    assert.ok(world.leases.length <= beats + 1, `${world.leases.length - beats} heartbeats`);
    fails = false;
    await world.clock.advance(2 * MINUTE);
    assert.ok(world.leases.length > beats + 5);
    await releaser.stop();
  });

  it('says no more that it lets go once an answer does not come', async () => {
    const world = cluster({ defer: '1m' });
    world.addPods(heldObject());
    world.lead({ writer: { ...world.writer, jsonPatch: () => new Promise(() => {}) } });
    await world.clock.advance(30 * MINUTE);
    const beats = world.leases.length;
    await world.clock.advance(30 * MINUTE);
    assert.equal(world.leases.length, beats);
  });

  for (const [mode, expected] of [
    ['warn', ['train-1']],
    ['enforce', []],
  ] as const)
    it(`under ${mode} ${mode === 'warn' ? 'lets a pod go at its hour' : 'keeps a pod waiting'} whose policy denies it by then`, async () => {
      const world = cluster({ mode, 'max-intensity': '400', 'when-all-dirty': 'deny' });
      world.addPods(heldObject());
      const releaser = world.lead();
      await world.clock.advance(MINUTE);
      world.setNamespace({ mode, 'max-intensity': '10', 'when-all-dirty': 'deny' });
      await world.clock.advance(HOUR_MS);
      assert.deepEqual(world.released(), []);
      await world.clock.advance(HOUR_MS);
      assert.deepEqual(world.released(), expected);
      await releaser.stop();
    });

  it('leaves foreign gates where they are', async () => {
    const world = cluster();
    const gates = [{ name: 'example.com/quota' }, { name: 'gridgate.dev/defer' }];
    world.addPods(heldObject({ spec: { schedulingGates: gates } }));
    const releaser = world.lead();
    await untilItsHour(world);
    assert.deepEqual(world.object('train-1')?.spec['schedulingGates'], [{ name: 'example.com/quota' }]);
    await releaser.stop();
  });

  it('takes nothing away that others wrote where it does not look', async () => {
    const world = cluster({ regions: 'a' });
    const podAntiAffinity = { requiredDuringSchedulingIgnoredDuringExecution: [] };
    const held = heldObject({ spec: { affinity: { podAntiAffinity } } });
    world.addPods({
      ...held,
      metadata: { ...held.metadata, annotations: { ...held.metadata.annotations, team: 'x' } },
    });
    const releaser = world.lead();
    await untilItsHour(world);
    const { metadata, spec } = world.object('train-1') ?? assert.fail();
    assert.deepEqual((spec['affinity'] as { podAntiAffinity: object }).podAntiAffinity, podAntiAffinity);
    assert.equal(metadata.annotations?.['team'], 'x');
    await releaser.stop();
  });

  it('lets a pod go with nothing added where somebody forbids the rest', async () => {
    const world = cluster();
    world.addPods(heldObject());
    world.world.refuse = (_method, path, body) =>
      path.endsWith('/train-1') && JSON.stringify(body)?.includes('affinity') ? 403 : undefined;
    const releaser = world.lead();
    await untilItsHour(world);
    assert.deepEqual(world.released(), ['train-1']);
    await releaser.stop();
  });

  it('is not held up by one that nobody may change', async () => {
    const world = cluster();
    world.addPods(heldObject(), heldObject({ name: 'b' }), heldObject({ name: 'c' }));
    world.world.refuse = (method, path) => (method === 'PATCH' && path.endsWith('/train-1') ? 403 : undefined);
    const releaser = world.lead();
    await untilItsHour(world);
    assert.deepEqual(world.released(), ['b', 'c']);
    await releaser.stop();
  });

  it('lets go within seconds of the return of an API server that was away over a latest start', async () => {
    const world = cluster({ defer: '30m' });
    world.addPods(heldObject());
    const releaser = world.lead();
    await world.clock.advance(MINUTE);
    world.world.refuse = () => 'no answer';
    await world.clock.advance(2 * HOUR_MS);
    const beats = world.leases.length;
    world.world.refuse = () => undefined;
    await world.clock.advance(5 * SECOND);
    assert.deepEqual(world.released(), ['train-1']);
    assert.ok(beats < 20, 'nobody is told that it lets go what it cannot');
    await releaser.stop();
  });

  it('lets a unit go as a whole or not at all, and later pods of it at once', async () => {
    const world = cluster();
    world.addJobs(jobObject());
    world.addPods(...['a', 'b', 'c'].map((name) => heldObject({ name, job: 'train' })));
    const releaser = world.lead();
    await untilItsHour(world);
    assert.deepEqual(world.released(), ['a', 'b', 'c']);
    assert.equal(new Set(world.releases.map(({ at }) => Math.floor(at / SECOND))).size, 1);
    world.addPods(heldObject({ name: 'retry', job: 'train' }));
    await world.clock.advance(SECOND);
    assert.deepEqual(world.released(), ['a', 'b', 'c', 'retry']);
    await releaser.stop();
  });

  const FIVE_HOURS_LATER = [300, 300, 300, 300, 300, 100, ...Array<number>(40).fill(400)];

  it('lets a JobSet that is created anew by the same name wait again, and its restarted Jobs not', async () => {
    const world = cluster();
    const labels = { 'jobset.sigs.k8s.io/jobset-name': 'set' };
    world.addJobs(jobObject({ name: 'set-a', labels, jobSet: 'first' }));
    world.addPods(heldObject({ name: 'a', job: 'set-a', labels }));
    const releaser = world.lead();
    await world.clock.advance(3 * HOUR_MS);
    world.remove('a');
    world.remove('set-a');
    world.setRegions([gridOf(FIVE_HOURS_LATER)]);
    const later = { labels, agoMs: -3 * HOUR_MS };
    world.addJobs(jobObject({ name: 'set-b', jobSet: 'first', ...later }));
    world.addJobs(jobObject({ name: 'set-c', jobSet: 'second', ...later }));
    world.addPods(heldObject({ name: 'b', job: 'set-b', ...later }), heldObject({ name: 'c', job: 'set-c', ...later }));
    await world.clock.advance(5 * SECOND);
    assert.deepEqual(world.released(), ['a', 'b']);
    await releaser.stop();
  });

  it('lets a pod group that is created anew by the same name wait again half a day later', async () => {
    const world = cluster();
    const spec = { schedulingGroup: { podGroupName: 'ring' } };
    world.addPods(heldObject({ name: 'a', spec }));
    const releaser = world.lead();
    await world.clock.advance(3 * HOUR_MS);
    world.remove('a');
    world.addPods(heldObject({ name: 'retry', spec, agoMs: -3 * HOUR_MS }));
    await world.clock.advance(5 * SECOND);
    assert.deepEqual(world.released(), ['a', 'retry']);
    world.remove('retry');
    await world.clock.advance(20 * HOUR_MS);
    const series = Array.from({ length: 48 }, (_, hour) => 400 - 5 * hour);
    world.setRegions([gridOf(series)]);
    world.addPods(heldObject({ name: 'anew', spec, agoMs: -23 * HOUR_MS }));
    await world.clock.advance(5 * SECOND);
    assert.deepEqual(world.released(), ['a', 'retry']);
    await releaser.stop();
  });

  it('is followed by one that knows by the mark what went', async () => {
    const world = cluster();
    world.addJobs(jobObject());
    world.addPods(heldObject({ job: 'train' }));
    const first = world.lead();
    await untilItsHour(world);
    await first.stop();
    world.remove('train-1');
    world.addPods(heldObject({ name: 'retry', job: 'train' }));
    const second = world.lead();
    await world.clock.advance(SECOND);
    assert.deepEqual(world.released(), ['retry', 'train-1']);
    await second.stop();
  });

  it('marks a Job that is a copy of one that was let go with its own release', async () => {
    const world = cluster();
    world.addJobs(jobObject({ annotations: { released: '2026-01-01T00:00:00Z' } }));
    world.addPods(heldObject({ job: 'train' }));
    const releaser = world.lead();
    await untilItsHour(world);
    assert.equal(world.object('train')?.metadata.annotations?.['gridgate.dev/released'], '2026-11-22T11:00:00Z');
    await releaser.stop();
  });

  it('resumes a Job that was suspended to wait, and no other', async () => {
    const world = cluster({ 'defer-by': 'suspend' });
    const template = {
      metadata: { annotations: { 'gridgate.dev/class': 'flexible' } },
      spec: { restartPolicy: 'Never' },
    };
    world.addJobs(
      jobObject({ name: 'ours', annotations: { deferred: 'suspend' }, spec: { suspend: true, template } }),
      jobObject({ name: 'by-hand', spec: { suspend: true, template } }),
    );
    const releaser = world.lead();
    await untilItsHour(world);
    assert.deepEqual(world.released(), ['ours']);
    assert.equal(world.object('ours')?.metadata.annotations?.['gridgate.dev/released'], '2026-11-22T11:00:00Z');
    await releaser.stop();
  });

  it('does not resume a Job that its user resumed, and suspended later', async () => {
    const world = cluster({ 'defer-by': 'suspend' });
    const template = {
      metadata: { annotations: { 'gridgate.dev/class': 'flexible' } },
      spec: { restartPolicy: 'Never' },
    };
    world.addJobs(jobObject({ annotations: { deferred: 'suspend' }, spec: { suspend: true, template } }));
    const releaser = world.lead();
    await world.clock.advance(MINUTE);
    world.edit('train', (job) => ({ ...job, spec: { ...job.spec, suspend: false }, status: { startTime: 'now' } }));
    await world.clock.advance(MINUTE);
    world.edit('train', (job) => ({ ...job, spec: { ...job.spec, suspend: true } }));
    await world.clock.advance(13 * HOUR_MS);
    assert.equal(world.object('train')?.spec['suspend'], true);
    await releaser.stop();
  });

  it('watches nothing where no namespace lets pods wait, once it has seen that nothing does', async () => {
    const world = cluster({ defer: '0s' });
    const releaser = world.lead();
    await world.clock.advance(12 * MINUTE);
    assert.deepEqual([world.world.watches, world.watching()], [1, 0]);
    const beats = world.leases.length;
    await world.clock.advance(MINUTE);
    assert.ok(world.leases.length >= beats + 4, 'the first pod that may wait finds somebody alive');
    world.setNamespace();
    await world.clock.advance(MINUTE);
    assert.deepEqual([world.world.watches, world.watching()], [2, 1]);
    assert.ok(world.leases.length >= beats + 8, `${world.leases.length - beats} heartbeats`);
    await releaser.stop();
  });

  it('lets go what waits when it begins to lead and no namespace lets pods wait any more', async () => {
    const world = cluster({ mode: 'off' });
    world.addPods(heldObject());
    const releaser = world.lead();
    await world.clock.advance(5 * SECOND);
    assert.deepEqual(world.released(), ['train-1']);
    await releaser.stop();
  });

  it('lets go what a replica of the webhook still held after the last namespace had stopped', async () => {
    const world = cluster();
    world.addPods(heldObject());
    const releaser = world.lead();
    await world.clock.advance(MINUTE);
    world.setNamespace({ mode: 'off' });
    await world.clock.advance(3 * MINUTE);
    world.addPods(heldObject({ name: 'late' }));
    await world.clock.advance(5 * SECOND);
    assert.deepEqual(world.released(), ['late', 'train-1']);
    await releaser.stop();
  });

  it('smooths what nothing presses: a share a minute, whatever is due', async () => {
    const world = cluster();
    world.addPods(...Array.from({ length: 100 }, (_, i) => heldObject({ name: `p-${i}` })));
    const releaser = world.lead({ releaseSharePercent: 25 });
    await world.clock.advance(2 * HOUR_MS + 30 * SECOND);
    assert.equal(world.releases.length, 25);
    await world.clock.advance(MINUTE);
    assert.equal(world.releases.length, 45, 'never less than 20');
    world.setNamespace({ mode: 'audit' });
    await world.clock.advance(6 * SECOND);
    assert.equal(world.releases.length, 100);
    await releaser.stop();
  });

  it('goes through no more in a second than its rate', async () => {
    const world = cluster();
    world.addPods(...Array.from({ length: 60 }, (_, i) => heldObject({ name: `p-${i}` })));
    const releaser = world.lead({ releaseRate: 5 });
    await world.clock.advance(2 * HOUR_MS + 4 * SECOND);
    assert.ok(world.releases.length >= 10 && world.releases.length <= 21, `${world.releases.length} in 4 s`);
    await releaser.stop();
  });

  it('goes through no more in a second than its rate, of one Job too', async () => {
    const world = cluster();
    world.addJobs(jobObject());
    world.addPods(...Array.from({ length: 100 }, (_, i) => heldObject({ name: `p-${i}`, job: 'train' })));
    const releaser = world.lead({ releaseRate: 5 });
    await world.clock.advance(2 * HOUR_MS + 12 * SECOND);
    assert.ok(world.releases.length >= 40 && world.releases.length <= 61, `${world.releases.length} in 12 s`);
    await world.clock.advance(20 * SECOND);
    assert.equal(world.releases.length, 100);
    await releaser.stop();
  });

  it('lets each go exactly once, whatever leaders see and whoever leads', async () => {
    const step = fc.record({
      shown: fc.boolean(),
      leaders: fc.integer({ min: 1, max: 2 }),
      seconds: fc.integer({ min: 1, max: 900 }),
      edited: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 6 }), async (steps) => {
        const world = cluster({ defer: '1h' });
        const names = Array.from({ length: 5 }, (_, i) => `p-${i}`);
        world.addPods(...names.map((name) => heldObject({ name })));
        let leaders = [world.lead()];
        for (const { shown, leaders: count, seconds, edited } of steps) {
          if (edited) world.edit('p-0', (pod) => pod);
          world.setShown(shown);
          await world.clock.advance(seconds * SECOND);
          await Promise.all(leaders.slice(count - 1).map((one) => one.stop()));
          leaders = [...leaders.slice(0, count - 1), world.lead()];
        }
        await world.clock.advance(HOUR_MS);
        assert.deepEqual(world.released(), names);
        await Promise.all(leaders.map((one) => one.stop()));
      }),
      { numRuns: 25 },
    );
  });

  it('lets nothing happen to what is gone, or was let go by hand', async () => {
    const world = cluster();
    world.addPods(heldObject(), heldObject({ name: 'by-hand' }), heldObject({ name: 'c' }));
    const releaser = world.lead();
    await world.clock.advance(MINUTE);
    world.setShown(false);
    world.remove('train-1');
    world.edit('by-hand', (pod) => ({ ...pod, spec: { ...pod.spec, schedulingGates: [] } }));
    world.releases.length = 0;
    await world.clock.advance(2 * HOUR_MS);
    assert.deepEqual(world.released(), ['c']);
    await releaser.stop();
  });

  it('counts the pods that a suspended Job will make among those that wait', async () => {
    const world = cluster();
    const template = {
      metadata: { annotations: { 'gridgate.dev/class': 'flexible' } },
      spec: { restartPolicy: 'Never' },
    };
    const spec = { suspend: true, parallelism: 3, template };
    world.addJobs(jobObject({ annotations: { deferred: 'suspend' }, spec }));
    const releaser = world.lead();
    await world.clock.advance(MINUTE);
    const gated = releaser.metrics?.find(({ name }) => name === 'gridgate_gated_pods');
    assert.deepEqual([...(gated?.read() ?? [])], [[{}, 3]]);
    await releaser.stop();
  });

  it('tells its metrics', async () => {
    const world = cluster();
    const resources = { requests: { cpu: '2', memory: '4Gi' } };
    world.addPods(heldObject({ spec: { containers: [{ resources }] } }));
    const releaser = world.lead();
    await world.clock.advance(MINUTE);
    const read = (name: string) => [...(releaser.metrics?.find((one) => one.name === name)?.read() ?? [])];
    assert.deepEqual(read('gridgate_gated_pods'), [[{}, 1]]);
    assert.deepEqual(read('gridgate_gated_pods_overdue'), [[{}, 0]]);
    await world.clock.advance(2 * HOUR_MS);
    const [[, delay = 99] = []] = read('gridgate_release_delay_seconds');
    assert.ok(delay < 2, `${delay} s`);
    const [[labels, expected = 0] = []] = read('gridgate_waiting_saved_grams_expected_total');
    assert.deepEqual(labels, { namespace: 'batch' });
    assert.ok(expected > 0);
    assert.deepEqual(read('gridgate_waiting_saved_grams_found_total'), [[{ namespace: 'batch' }, 0]]);
    await world.clock.advance(2 * HOUR_MS);
    assert.deepEqual(read('gridgate_waiting_saved_grams_found_total'), [[{ namespace: 'batch' }, expected]]);
    assert.deepEqual(read('gridgate_gated_pods'), [[{}, 0]]);
    await releaser.stop();
    assert.deepEqual(read('gridgate_gated_pods'), []);
  });
});

describe('a releaser that cannot see what waits', () => {
  it('says why, while it leads', async () => {
    const world = cluster();
    const releaser = world.lead();
    await world.clock.advance(5 * SECOND);
    assert.equal(releaser.whyUnknown(), undefined);
    world.world.problem = 'may not watch jobs';
    assert.equal(releaser.whyUnknown(), 'may not watch jobs');
    await releaser.stop();
    assert.equal(releaser.whyUnknown(), undefined);
  });
});
