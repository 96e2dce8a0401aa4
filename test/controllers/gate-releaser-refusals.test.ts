import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { clusterOfHeldPods } from './cluster-of-held-pods.ts';
import { HOUR_MS, heldObject } from './held-units.ts';

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
      world.addPods(...named('bad', 20, { defer: '1h' }), ...named('good', 5, { defer: '90m' }));
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
