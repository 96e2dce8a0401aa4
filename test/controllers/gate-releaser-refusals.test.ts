import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pino } from 'pino';
import { clusterOfHeldPods } from './cluster-of-held-pods.ts';
import { HOUR_MS, heldObject, jobObject } from './held-units.ts';

const MINUTE = 60_000;

function named(prefix: string, count: number, annotations: Readonly<Record<string, string>> = {}) {
  return Array.from({ length: count }, (_, i) => heldObject({ name: `${prefix}-${i}`, annotations }));
}

const GOOD = ['good-0', 'good-1', 'good-2', 'good-3', 'good-4'];

describe('what cannot be let go', () => {
  for (const code of [500, 504, 403, 400, 409, 503, 429])
    it(`holds up nothing else: answers of ${code} to pods that are due earlier`, async () => {
      const world = clusterOfHeldPods();
      world.setNamespace();
      world.addPods(...named('bad', 20, { defer: '80m' }), ...named('good', 5, { defer: '90m' }));
      world.world.refuse = (method, path) => (method === 'PATCH' && path.includes('/bad-') ? code : undefined);
      const releaser = world.lead({ releaseSharePercent: 25, releaseRate: 50 });
      await world.clock.advance(90 * MINUTE + 10_000);
      assert.deepEqual(world.released(), GOOD);
      await releaser.stop();
    });

  it('takes no share of the minute from what can go', async () => {
    const world = clusterOfHeldPods();
    world.setNamespace();
    world.addPods(...named('bad', 40, { defer: '10h' }), ...named('good', 5));
    world.world.refuse = (method, path) => (method === 'PATCH' && path.includes('/bad-') ? 409 : undefined);
    const releaser = world.lead({ releaseSharePercent: 25, releaseRate: 5 });
    await world.clock.advance(2 * HOUR_MS + MINUTE);
    assert.deepEqual(world.released(), GOOD);
    await releaser.stop();
  });

  function logged() {
    const lines: string[] = [];
    const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(JSON.parse(line).msg) });
    return { log, times: (message: string) => lines.filter((line) => line === message).length };
  }

  it('is told of once, and stops neither marks nor the heartbeat', async () => {
    const world = clusterOfHeldPods();
    world.setNamespace();
    world.addJobs(jobObject());
    world.addPods(heldObject({ name: 'bad', annotations: { defer: '1h' } }), heldObject({ job: 'train' }));
    world.world.refuse = (method, path) => (method === 'PATCH' && path.endsWith('/bad') ? 500 : undefined);
    const { log, times } = logged();
    const releaser = world.lead({ log });
    await world.clock.advance(2 * HOUR_MS + MINUTE);
    assert.deepEqual([times('could not be let go'), times('what waits cannot be let go')], [1, 0]);
    assert.ok(world.object('train')?.metadata.annotations?.['gridgate.dev/released']);
    const beats = world.leases.length;
    await world.clock.advance(10 * MINUTE);
    assert.ok(world.leases.length > beats + 50, `${world.leases.length - beats} heartbeats`);
    await releaser.stop();
  });

  it('is a failure, told once, where nothing may be written at all', async () => {
    const world = clusterOfHeldPods();
    world.setNamespace({ defer: '1h' });
    world.addPods(...named('bad', 3));
    world.world.refuse = (method) => (method === 'PATCH' ? 403 : undefined);
    const { log, times } = logged();
    const releaser = world.lead({ log });
    await world.clock.advance(HOUR_MS + MINUTE);
    const beats = world.leases.length;
    await world.clock.advance(10 * MINUTE);
    assert.equal(world.leases.length, beats);
    assert.deepEqual([times('what waits cannot be let go'), times('what waits is let go again')], [1, 0]);
    world.world.refuse = () => undefined;
    await world.clock.advance(MINUTE);
    assert.equal(times('what waits is let go again'), 1);
    assert.equal(world.released().length, 3);
    await releaser.stop();
  });

  it('goes within half a minute of being taken again', async () => {
    const world = clusterOfHeldPods();
    world.setNamespace({ defer: '1h' });
    world.addPods(heldObject());
    world.world.refuse = (method, path) => (method === 'PATCH' && path.endsWith('/train-1') ? 500 : undefined);
    const releaser = world.lead();
    await world.clock.advance(3 * HOUR_MS);
    world.world.refuse = () => undefined;
    await world.clock.advance(32_000);
    assert.deepEqual(world.released(), ['train-1']);
    await releaser.stop();
  });
});
