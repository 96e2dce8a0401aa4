import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createEndpoints } from '../../src/webhook/endpoints.ts';
import { createBindingGuard } from '../../src/webhook/review-binding.ts';
import { makePod, makeSnapshot, NO_RULES, NOW } from '../builders.ts';
import { toReview } from './reviews.ts';

it('a review whose counting fails is answered once, and nothing is thrown at the server', async () => {
  for (const policy of [undefined, Promise.resolve(undefined)]) {
    const endpoints = createEndpoints({
      snapshot: () => makeSnapshot([]),
      policies: { find: () => policy },
      rules: () => NO_RULES,
      bindings: createBindingGuard({ pendingPod: () => undefined, freeForMs: () => 0 }),
      recorder: {
        record: () => {
          throw new Error('the disk is full');
        },
        recent: () => [],
      },
      clock: () => NOW,
    });
    const sent: number[] = [];
    const body = Buffer.from(JSON.stringify(toReview({ object: makePod() })));
    endpoints.get('/mutate')?.(body, 2_000, (statusCode) => sent.push(statusCode));
    await new Promise(setImmediate);
    assert.deepEqual(sent, [200]);
  }
});
