import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createLog } from '../../src/telemetry/log.ts';
import type { Outcome } from '../../src/webhook/answer.ts';
import { createRecorder } from '../../src/webhook/recorder.ts';
import { parseReview } from '../../src/webhook/review.ts';
import { NOW } from '../builders.ts';
import { toReview } from './reviews.ts';

const OUTCOME: Outcome = { mode: 'enforce', decision: 'steer', reason: 'steered', owner: 'Pod/web' };
const METRICS = { countReview: () => {}, observeDuration: () => {} };

function reviewIn(namespace: string) {
  return parseReview(Buffer.from(JSON.stringify(toReview({ namespace, object: {} }))));
}

function recorderAt(clock: () => number) {
  return createRecorder({ log: createLog({ level: 'silent' }), clock, metrics: METRICS });
}

describe('the last decisions', () => {
  it('are the 50 newest, newest first', () => {
    let now = NOW;
    const recorder = recorderAt(() => now++);
    for (let i = 0; i < 120; i++) recorder.record('/mutate', reviewIn(`n${i}`), OUTCOME, 1);
    const expected = Array.from({ length: 50 }, (_, i) => `n${119 - i}`);
    assert.deepEqual(
      recorder.recent().map(({ namespace }) => namespace),
      expected,
    );
  });

  it('are newest first within one millisecond too', () => {
    const recorder = recorderAt(() => NOW);
    for (let i = 0; i < 60; i++) recorder.record('/mutate', reviewIn(`n${i}`), OUTCOME, 1);
    assert.deepEqual(
      recorder
        .recent()
        .slice(0, 3)
        .map(({ namespace }) => namespace),
      ['n59', 'n58', 'n57'],
    );
  });

  it('stay in order when the clock is set back', () => {
    let now = NOW;
    const recorder = recorderAt(() => now--);
    for (const name of ['first', 'second']) recorder.record('/mutate', reviewIn(name), OUTCOME, 1);
    assert.deepEqual(
      recorder.recent().map(({ namespace }) => namespace),
      ['second', 'first'],
    );
  });
});
