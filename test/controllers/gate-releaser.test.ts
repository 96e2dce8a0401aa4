import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { makeRegion } from '../builders.ts';
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

  it('watches nothing where no namespace lets pods wait', async () => {
    const world = cluster({ defer: '0s' });
    const releaser = world.lead();
    await world.clock.advance(MINUTE);
    assert.equal(world.world.watches, 0);
    assert.deepEqual(world.leases, []);
    world.setNamespace();
    await world.clock.advance(MINUTE);
    assert.equal(world.world.watches, 1);
    assert.ok(world.leases.length >= 4, `${world.leases.length} heartbeats`);
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
