import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { sourceNames, sourceStatuses } from '../../src/replica/status-facts.ts';
import { createSourceTally } from '../../src/telemetry/source-tally.ts';

describe('what the status page says of sources', () => {
  function statusesAfter(...requests: readonly (readonly [source: string, outcome: string])[]) {
    let now = 0;
    const tally = createSourceTally(() => now);
    for (const [source, outcome] of requests) {
      now += 1_000;
      tally.count(source, outcome);
    }
    return sourceStatuses(['watttime', 'file'], tally.read());
  }

  test('every configured one is there, asked or not', () => {
    assert.deepEqual(statusesAfter(['file', 'ok']), [
      { name: 'watttime', outcomes: {} },
      { name: 'file', outcomes: { ok: 1 }, lastOkAt: 1_000 },
    ]);
  });

  test('one that is no longer configured is not', () => {
    assert.deepEqual(
      statusesAfter(['prometheus', 'timeout']).map(({ name }) => name),
      ['watttime', 'file'],
    );
  });

  test('the last answer counts as the problem, and ends it', () => {
    const [failing] = statusesAfter(['watttime', 'ok'], ['watttime', 'timeout'], ['watttime', 'http_500']);
    assert.deepEqual([failing?.problem, failing?.lastOkAt], ['the last answer was http_500', 1_000]);
    const [working] = statusesAfter(['watttime', 'timeout'], ['watttime', 'ok']);
    assert.deepEqual([working?.problem, working?.outcomes], [undefined, { timeout: 1, ok: 1 }]);
  });

  test('two of a kind are one: their requests are counted together', () => {
    const one = { type: 'file', path: 'a', signal: 'marginal' } as const;
    assert.deepEqual(sourceNames({ sources: [one, { ...one, path: 'b' }] }), ['file']);
  });
});
