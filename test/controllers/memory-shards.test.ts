import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inShortTurns } from '../../src/cluster/short-turns.ts';
import { createRegionSeries } from '../../src/controllers/region-memory/region-series.ts';
import { bytesOf, dataOf, MOST_BYTES, SHARDS, shardOf } from '../../src/controllers/region-memory/shards.ts';
import { MOST_PAST_HOURS } from '../../src/forecast/past-hours.ts';
import { readRememberedHours } from '../../src/regions/remembered-hours.ts';

const FIRST = 480_000;
const IDENTITY = { zone: 'DE', source: 'electricity-maps', signal: 'average-lifecycle' } as const;

function series(hours: number) {
  const one = createRegionSeries(IDENTITY);
  one.restore({ firstHour: FIRST, tenths: Uint16Array.from({ length: hours }, (_, hour) => hour) });
  return one;
}

function regions(count: number) {
  const whole = series(MOST_PAST_HOURS);
  return new Map(Array.from({ length: count }, (_, index) => [`region-${index}`, whole] as const));
}

describe('the ConfigMaps of the memory', () => {
  it('share regions about equally, and each is always in the same', () => {
    const counts = new Map(SHARDS.map((name) => [name, 0]));
    for (let index = 0; index < 1_000; index++) {
      const shard = shardOf(`region-${index}`);
      counts.set(shard, (counts.get(shard) ?? 0) + 1);
    }
    for (const [name, count] of counts) assert.ok(count > 200 && count < 300, `${name}: ${count}`);
    assert.deepEqual(['eu-central-1', 'us-east-1', 'a'].map(shardOf), [SHARDS[1], SHARDS[3], SHARDS[0]]);
  });

  it('hold 60 days of 200 regions in one', () => {
    const data = dataOf(regions(200));
    assert.equal(Object.keys(data).length, 200);
    assert.equal(readRememberedHours(data['region-7'] ?? '', MOST_PAST_HOURS)?.tenths.length, MOST_PAST_HOURS);
  });

  for (const count of [250, 1_000, 3_000])
    it(`stay below their limit with ${count} regions in one: the oldest days go`, () => {
      const data = dataOf(regions(count));
      assert.ok(bytesOf(data) <= MOST_BYTES);
      const values = Object.values(data).map((text) => readRememberedHours(text, MOST_PAST_HOURS)?.tenths ?? []);
      assert.equal(values.length, count);
      for (const tenths of values) {
        assert.ok(tenths.length >= 24 && tenths.length < MOST_PAST_HOURS);
        assert.equal(tenths.at(-1), MOST_PAST_HOURS - 1);
      }
    });
});

describe('work in short turns', () => {
  it('lets others have their turn every 2 ms, and ends when it is told to', async () => {
    let now = 0;
    let others = 0;
    const stopping = new AbortController();
    const other = setInterval(() => {
      others += 1;
      if (others === 20) stopping.abort(new Error('enough'));
    }, 0);
    function* steps() {
      for (let step = 0; step < 1_000_000; step++) yield now++;
    }
    await assert.rejects(inShortTurns(steps(), { clock: { now: () => now }, signal: stopping.signal }), /enough/);
    clearInterval(other);
    assert.ok(now < 1_000_000);
  });
});
