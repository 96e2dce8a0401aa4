import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { regionalWorld } from './regional-world.ts';

const MAX_3 = ['denmark', 'france', 'latvia'].map((region) => ({ region, deployment: region, min: 1, max: 3 }));
/** Loops of 30 s after which the next action may come: a cooldown of 5 minutes. */
const COOLDOWN_LOOPS = 11;

describe('RegionalAutoscaler: Denmark, France and Latvia at 120, 40 and 190 g/kWh', () => {
  it('goes up in France until its maximum, then in Denmark, then in Latvia', () => {
    const world = regionalWorld({ targets: MAX_3 });
    world.cpu = 90;
    assert.deepEqual(world.run(7 * COOLDOWN_LOOPS), [
      'ScaleUp france 1->2 AboveScaleUp',
      'ScaleUp france 2->3 AboveScaleUp',
      'ScaleUp denmark 1->2 AboveScaleUp',
      'ScaleUp denmark 2->3 AboveScaleUp',
      'ScaleUp latvia 1->2 AboveScaleUp',
      'ScaleUp latvia 2->3 AboveScaleUp',
    ]);
    assert.equal(world.look(), 'None NoRoom');
  });

  it('goes down in Latvia first, then in Denmark, then in France', () => {
    const world = regionalWorld({ targets: MAX_3 }, { denmark: 3, france: 3, latvia: 3 });
    world.cpu = 10;
    assert.deepEqual(world.run(7 * COOLDOWN_LOOPS), [
      'ScaleDown latvia 3->2 BelowScaleDown',
      'ScaleDown latvia 2->1 BelowScaleDown',
      'ScaleDown denmark 3->2 BelowScaleDown',
      'ScaleDown denmark 2->1 BelowScaleDown',
      'ScaleDown france 3->2 BelowScaleDown',
      'ScaleDown france 2->1 BelowScaleDown',
    ]);
    assert.equal(world.look(), 'None AtMinimum');
  });
});
