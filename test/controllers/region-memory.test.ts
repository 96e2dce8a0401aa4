import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ApiError } from '../../src/cluster/api-error.ts';
import { SHARDS, shardOf } from '../../src/controllers/region-memory/shards.ts';
import { MOST_HOURS } from '../../src/forecast/forecaster.ts';
import { madeUpSeries } from '../forecast/series.ts';
import { HOUR_MS, liveRegion, MINUTE_MS, NOW } from './live-regions.ts';
import { fakeMemory, lead } from './memory-world.ts';

const FIRST_HOUR = NOW / HOUR_MS;
const DAY = 24;
/** A grid that is made up, by hour. */
const SERIES = madeUpSeries(200);
const gramsAt = (hour: number) => SERIES[hour - FIRST_HOUR + 120 * DAY] ?? 0;
const tenth = (grams: number) => Math.round(grams * 10) / 10;

describe('what the leader learns of a region', () => {
  it('is one reading an hour, once the hour is over: values of 5 minutes are averaged, the last of a moment counts', async (t) => {
    const { time, hear, pastOf } = lead(t);
    for (let minute = 0; minute < 60; minute += 5) {
      hear(999, { intensity: { stepMs: 5 * MINUTE_MS }, measuredAt: NOW + minute * MINUTE_MS });
      hear(100 + minute, { intensity: { stepMs: 5 * MINUTE_MS }, measuredAt: NOW + minute * MINUTE_MS });
      await time.advance(5 * MINUTE_MS);
    }
    await time.advance(2 * MINUTE_MS);
    assert.deepEqual(pastOf(), { from: NOW, grams: [127.5] });
  });

  it('has a gap for each hour without a reading; what never comes to its end is over after a quarter of an hour', async (t) => {
    const { time, hear, pastOf, toNextHour } = lead(t);
    hear(100, { intensity: { stepMs: 5 * MINUTE_MS } });
    await toNextHour(14);
    assert.deepEqual(pastOf().grams, []);
    await time.advance(3 * MINUTE_MS);
    assert.deepEqual(pastOf().grams, [100]);
    await toNextHour();
    await toNextHour();
    hear(130);
    await toNextHour();
    assert.deepEqual(pastOf().grams, [100, null, null, 130]);
  });

  it('is nothing of what was not measured, and of a copy nothing more', async (t) => {
    const { hear, pastOf, toNextHour, asked } = lead(t);
    hear(1, { freshness: 'embedded' });
    hear(2, { signal: 'marginal' });
    await toNextHour();
    assert.deepEqual([pastOf().grams, asked], [[], []]);
    for (let hour = 0; hour < 4; hour++) {
      hear(100, { measuredAt: NOW, freshness: hour > 1 ? 'stale' : 'fresh' });
      await toNextHour();
    }
    assert.deepEqual(pastOf(), { from: NOW, grams: [100] });
  });

  it('begins with the history of a source, which is not asked again while no hour is missing', async (t) => {
    const { hear, pastOf, toNextHour, asked } = lead(t, { history: gramsAt });
    hear(gramsAt(FIRST_HOUR));
    for (let hour = 1; hour < 6; hour++) {
      await toNextHour();
      hear(gramsAt(FIRST_HOUR + hour));
    }
    await toNextHour();
    const { from, grams } = pastOf();
    assert.equal(from, NOW - DAY * HOUR_MS);
    assert.deepEqual(
      grams,
      Array.from({ length: 30 }, (_, index) => tenth(gramsAt(FIRST_HOUR - DAY + index))),
    );
    assert.deepEqual(asked, ['a']);
  });

  it('is filled up by history where hours are missing, and these are learnt as if they had come', async (t) => {
    const holed = lead(t, { history: gramsAt });
    const whole = lead(t, { history: gramsAt });
    for (let hour = 0; hour < 8; hour++) {
      whole.hear(gramsAt(FIRST_HOUR + hour));
      if (hour < 3 || hour > 5) holed.hear(gramsAt(FIRST_HOUR + hour));
      await whole.toNextHour();
      await holed.toNextHour();
    }
    assert.deepEqual(holed.asked, ['a', 'a']);
    assert.deepEqual(holed.pastOf(), whole.pastOf());
    assert.deepEqual(holed.points(), whole.points());
  });

  it('begins anew with another grid zone or source, and counts nobody who merely stands in', async (t) => {
    const { hear, pastOf, view, forecastOf, toNextHour } = lead(t, {
      history: gramsAt,
      regions: [liveRegion('a', { gridZone: 'DE' })],
    });
    hear(gramsAt(FIRST_HOUR));
    await toNextHour();
    assert.equal(pastOf().grams.length, DAY + 1);
    const failed = [{ source: 'electricity-maps', outcome: 'unavailable', message: 'it answers 500' }] as const;
    hear(1, { source: 'watttime', intensity: { attempts: failed } });
    await toNextHour();
    assert.equal(pastOf().grams.length, DAY + 1, 'a stand-in');
    view.set('a', liveRegion('a', { gridZone: 'FR' }));
    assert.equal(forecastOf(), undefined, "another zone's");
    hear(40, { intensity: { attempts: [] } });
    await toNextHour();
    assert.equal(pastOf().grams.at(-1), 40);
    hear(50, { source: 'watttime', intensity: { attempts: [] } });
    await toNextHour();
    assert.equal(pastOf().grams.at(-1), 50);
    assert.equal(pastOf().grams.length, DAY + 1, 'begun anew, with history');
  });

  it('is of another source for good where the one before stays away for a day', async (t) => {
    const { hear, pastOf, toNextHour } = lead(t);
    hear(100);
    const failed = [{ source: 'electricity-maps', outcome: 'unavailable', message: 'it answers 500' }] as const;
    for (let hour = 0; hour < 28; hour++) {
      await toNextHour();
      hear(200, { source: 'watttime', intensity: { attempts: failed } });
    }
    assert.deepEqual(new Set(pastOf().grams), new Set([200]));
  });
});

describe('the forecast of a region', () => {
  it('is not ours before a day of readings; then 72 hours from the current one on, whose reading it begins with', async (t) => {
    const { hear, forecastOf, points, toNextHour, now } = lead(t);
    assert.equal(forecastOf(), 'not-yet');
    for (let hour = 0; hour < 24; hour++) {
      hear(gramsAt(FIRST_HOUR + hour));
      await toNextHour();
      if (hour < 23) assert.equal(forecastOf(), undefined, `after ${hour + 1} hours`);
    }
    hear(gramsAt(FIRST_HOUR + 24));
    await toNextHour();
    hear(412);
    await toNextHour(-1);
    const found = points();
    assert.equal(found.length, MOST_HOURS);
    const current = Math.floor(now() / HOUR_MS) * HOUR_MS;
    assert.deepEqual(found[0], { from: current, gramsPerKwh: 412 });
    for (const [lead, { from, gramsPerKwh, low = -1, high = -1 }] of found.entries()) {
      assert.equal(from, current + lead * HOUR_MS);
      if (lead > 0) assert.ok(low <= gramsPerKwh && gramsPerKwh <= high && low < high, `${lead}`);
      assert.equal(gramsPerKwh, tenth(gramsPerKwh));
    }
  });

  it('is made once an hour, however often readings come', async (t) => {
    const { hear, time, points, now } = lead(t, { history: gramsAt });
    hear(100, { intensity: { stepMs: 5 * MINUTE_MS } });
    await time.advance(MINUTE_MS);
    const told = new Set([points()]);
    for (let minute = 5; minute < 6 * 60; minute += 5) {
      await time.advance(5 * MINUTE_MS);
      const measuredAt = Math.floor(now() / (5 * MINUTE_MS)) * 5 * MINUTE_MS;
      hear(100 + minute, { measuredAt, intensity: { stepMs: 5 * MINUTE_MS } });
      await time.advance(1_000);
      told.add(points());
    }
    assert.equal(told.size, 6);
  });

  it('goes on where readings stop, and ends with what is known', async (t) => {
    const { hear, points, forecastOf, toNextHour, now } = lead(t, { history: gramsAt });
    hear(gramsAt(FIRST_HOUR));
    for (let hour = 0; hour < 10; hour++) await toNextHour(20);
    assert.equal(points()[0]?.from, Math.floor(now() / HOUR_MS) * HOUR_MS);
    assert.equal(points().length, MOST_HOURS - 9);
    for (let hour = 0; hour < 72; hour++) await toNextHour(20);
    assert.equal(forecastOf(), undefined);
  });

  it("takes a source's own forecast in, and is made again when that is another by much", async (t) => {
    const { hear, time, points } = lead(t, { history: gramsAt });
    const announce = (grams: number) => ({
      forecast: {
        points: Array.from({ length: 48 }, (_, hour) => ({ from: NOW + hour * HOUR_MS, gramsPerKwh: grams })),
        estimated: false,
        source: 'electricity-maps' as const,
      },
    });
    const meanOf = (found: ReturnType<typeof points>) =>
      found.slice(1, 40).reduce((sum, one) => sum + one.gramsPerKwh, 0) / 39;
    const said = async (grams: number, isEstimated = false) => {
      const { forecast } = announce(grams);
      hear(250, { intensity: { forecast: { ...forecast, estimated: isEstimated } } });
      await time.advance(2_000);
      return points();
    };
    const alone = await said(50, true);
    const low = await said(250);
    const same = await said(251);
    const high = await said(900);
    assert.ok(meanOf(high) > meanOf(low) + 100, `${meanOf(high)} and ${meanOf(low)}`);
    assert.notEqual(meanOf(low), meanOf(alone));
    assert.equal(same, low);
  });
});

describe('the memory of regions', () => {
  const shard = shardOf('a');

  it('survives a restart: the next leader forecasts the same without asking anybody for history', async (t) => {
    const kept = fakeMemory();
    const first = lead(t, { kept, history: gramsAt, historyHours: 50 * DAY });
    for (let hour = 0; hour < 5; hour++) {
      first.hear(gramsAt(FIRST_HOUR + hour));
      await first.toNextHour(16);
    }
    await first.time.advance(50 * MINUTE_MS);
    await first.memory.stop();
    assert.equal(first.memory.pastOf('a'), undefined);

    const never = lead(t, { history: gramsAt, historyHours: 50 * DAY });
    for (let hour = 0; hour < 5; hour++) {
      never.hear(gramsAt(FIRST_HOUR + hour));
      await never.toNextHour(16);
    }
    const next = lead(t, { kept, history: gramsAt });
    await next.time.advance(never.time.now());
    for (const one of [never, next]) {
      one.hear(gramsAt(FIRST_HOUR + 5));
      await one.toNextHour(16);
    }
    assert.deepEqual(next.asked, []);
    assert.equal(never.pastOf().grams.length, 50 * DAY + 6);
    assert.deepEqual(next.pastOf(), never.pastOf());
    assert.deepEqual(next.points(), never.points());
  });

  it('is written once an hour, and again only when there is more', async (t) => {
    const names = Array.from({ length: 40 }, (_, index) => `r${index}`);
    const { kept, hear, time, toNextHour } = lead(t, {
      history: gramsAt,
      regions: names.map((name) => liveRegion(name)),
    });
    for (let hour = 0; hour < 6; hour++) {
      for (const region of names) {
        hear(gramsAt(FIRST_HOUR + hour), { region });
        await time.advance(MINUTE_MS);
      }
      await toNextHour();
    }
    for (const name of SHARDS) {
      const times = kept.writes.filter((one) => one.name === name).map(({ at }) => at);
      assert.ok(times.length >= 5, `${name}: ${times.length} writes`);
      const between = times.slice(1).map((at, index) => at - (times[index] ?? 0));
      assert.ok(Math.min(...between) >= HOUR_MS, `${name}: ${between} ms`);
    }
    const before = kept.writes.length;
    await time.advance(5 * HOUR_MS);
    assert.ok(kept.writes.length <= before + SHARDS.length, 'the last hour, and then nothing');
  });

  it('forgets regions that are gone', async (t) => {
    const { kept, hear, view, memory, toNextHour } = lead(t, {
      history: gramsAt,
      regions: [liveRegion('a'), liveRegion('known')],
    });
    for (const region of ['a', 'known']) hear(1, { region });
    await toNextHour();
    const told = () => Object.keys(kept.objects.get(shard)?.data ?? {});
    assert.equal(shardOf('known'), shard);
    assert.deepEqual(told(), ['a', 'known']);
    view.delete('known');
    await toNextHour(20);
    await toNextHour(20);
    assert.deepEqual(told(), ['a']);
    assert.equal(memory.pastOf('known'), undefined);
  });

  it('that cannot be read is as if it were not there, which is said once', async (t) => {
    const kept = fakeMemory();
    const first = lead(t, { kept, history: gramsAt, regions: [liveRegion('a'), liveRegion('known')] });
    for (const region of ['a', 'known']) first.hear(1, { region });
    await first.time.advance(2_000);
    await first.memory.stop();
    const data = kept.objects.get(shard)?.data ?? assert.fail();
    data['a'] = data['a']?.slice(0, -30) ?? '';
    data['foreign'] = 'x';
    const next = lead(t, { kept, regions: [liveRegion('a'), liveRegion('known')] });
    next.hear(300);
    await next.toNextHour(20);
    assert.deepEqual(next.pastOf().grams, [300]);
    assert.equal(next.pastOf('known').grams.length, 24);
    const told = next.logged.filter(({ msg }) => /cannot be read: they begin anew/.test(msg));
    assert.deepEqual(
      told.map(({ regions }) => regions),
      ['a, foreign'],
    );
    await next.toNextHour(20);
    assert.deepEqual(Object.keys(kept.objects.get(shard)?.data ?? {}), ['a', 'known']);
  });

  it('that the API server does not give is learnt meanwhile, and comes later', async (t) => {
    const kept = fakeMemory();
    const first = lead(t, { kept, history: gramsAt });
    first.hear(1);
    await first.time.advance(2_000);
    await first.memory.stop();
    const fault = () => {
      throw new ApiError('GET', { code: 500 });
    };
    kept.fault = fault;
    const next = lead(t, { kept });
    next.hear(300);
    await next.toNextHour(20);
    assert.deepEqual(next.pastOf().grams, [300]);
    assert.equal(next.logged.filter(({ msg }) => /cannot do all its work/.test(msg)).length, 1);
    kept.fault = undefined;
    await next.time.advance(2 * MINUTE_MS);
    assert.equal(next.pastOf().grams.length, 25);
    assert.equal(next.pastOf().grams.at(-1), 300);
  });

  it('that somebody else wrote meanwhile is read again, and none of it is lost', async (t) => {
    const { kept, hear, time, toNextHour, pastOf } = lead(t, { history: gramsAt });
    hear(1);
    await toNextHour();
    const object = kept.objects.get(shard) ?? assert.fail();
    kept.objects.set(shard, { ...object, metadata: { ...object.metadata, resourceVersion: '77' } });
    hear(2);
    await time.advance(20 * MINUTE_MS);
    assert.equal(kept.objects.get(shard)?.metadata.resourceVersion, '78');
    kept.objects.delete(shard);
    hear(3);
    await toNextHour(30);
    assert.equal(kept.objects.get(shard)?.metadata.resourceVersion, '1');
    assert.equal(pastOf().grams.length, 26);
  });

  it('is told as a metric, while it is kept', async (t) => {
    const { memory, hear, time } = lead(t, { history: gramsAt });
    hear(1);
    await time.advance(2_000);
    assert.deepEqual([...(memory.metrics?.[0]?.read() ?? [])], [[{ region: 'a' }, 24]]);
    await memory.stop();
    assert.deepEqual([...(memory.metrics?.[0]?.read() ?? [])], []);
  });
});

describe('a clock that is set', () => {
  async function learnt(...[t]: Parameters<typeof lead>) {
    const before = (hour: number) => (hour < FIRST_HOUR ? gramsAt(hour) : undefined);
    const world = lead(t, { history: before, historyHours: 5 * DAY });
    for (let hour = 0; hour < 3; hour++) {
      world.hear(gramsAt(FIRST_HOUR + hour));
      await world.toNextHour();
    }
    return world;
  }
  const expected = (hours: number) =>
    Array.from({ length: 5 * DAY + hours }, (_, index) => tenth(gramsAt(FIRST_HOUR - 5 * DAY + index)));

  for (const backMs of [20 * MINUTE_MS, 2 * HOUR_MS, 30 * HOUR_MS])
    it(`back by ${backMs / HOUR_MS} h loses and doubles nothing, also when the source follows it`, async (t) => {
      const world = await learnt(t);
      world.setClock(-backMs);
      world.hear(9);
      await world.time.advance(5 * MINUTE_MS);
      const [now] = world.points();
      assert.ok(
        now && now.from <= world.now() && world.now() < now.from + HOUR_MS,
        'a forecast from the hour that it is now',
      );
      assert.equal(world.points().length, MOST_HOURS);
      world.setClock(backMs);
      world.hear(gramsAt(FIRST_HOUR + 3));
      await world.toNextHour();
      assert.deepEqual(world.pastOf().grams, expected(4));
    });

  it('forward leaves a gap; set right, what comes fills it', async (t) => {
    const world = await learnt(t);
    world.setClock(3 * HOUR_MS);
    world.hear(50);
    await world.toNextHour();
    assert.deepEqual(world.pastOf().grams.slice(-4), [null, null, null, 50]);
    assert.deepEqual(world.pastOf().grams.slice(0, -4), expected(3));
    world.setClock(-4 * HOUR_MS);
    for (let hour = 3; hour < 6; hour++) {
      world.hear(gramsAt(FIRST_HOUR + hour));
      await world.toNextHour();
    }
    assert.deepEqual(world.pastOf().grams, [...expected(6), 50]);
  });

  for (const days of [61, -67])
    it(`by ${days} days begins anew`, async (t) => {
      const world = lead(t);
      for (let hour = 0; hour < 3; hour++) {
        world.hear(100 + hour);
        await world.toNextHour();
      }
      world.setClock(days * DAY * HOUR_MS);
      world.hear(50);
      await world.toNextHour();
      assert.deepEqual(world.pastOf().grams, [50]);
    });
});
