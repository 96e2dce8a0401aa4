import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Announced, announcedByHour } from '../../../src/forecast/by-hour.ts';
import { expectHours } from '../../../src/questions/wait/expected-hours.ts';
import { type Heard, type Known, remember } from '../../../src/questions/wait/known-hours.ts';

const HOUR = 3_600_000;
const CURRENT = 24 * 20_000;
const NOW = CURRENT * HOUR + 20 * 60_000;

/** A grid with one clean hour, at five in the afternoon. */
const gramsOf = (hour: number) => (hour % 24 === 17 ? 100 : 300);

function past(hours: number, of = gramsOf) {
  return Array.from({ length: hours + 1 }, (_, back) => ({
    measuredAt: (CURRENT - back) * HOUR,
    gramsPerKwh: of(CURRENT - back),
  }));
}

function announce(grams: readonly number[], from = CURRENT): readonly Announced[] {
  return grams.map((gramsPerKwh, hour) => ({ from: (from + hour) * HOUR, gramsPerKwh }));
}

function heard(parts: Partial<Heard>): Heard {
  return { source: 'watttime', signal: 'marginal', readings: past(0), announced: [], ...parts };
}

function known(parts: Partial<Heard>): Known {
  return remember(undefined, heard(parts), NOW);
}

function expected(parts: Partial<Heard>, now = NOW) {
  const found = expectHours(known(parts), now);
  return found && { from: found.from / HOUR, madeOf: found.madeOf, grams: [...found.gramsPerKwh].map(Math.round) };
}

describe('what is expected of the hours to come', () => {
  it('is nothing where there is but a reading', () => assert.equal(expected({}), undefined));

  it('is nothing with less than a day of readings', () => assert.equal(expected({ readings: past(12) }), undefined));

  it('is learnt from one day of readings, hours of it missing', () => {
    const readings = past(24).filter((_, index) => index !== 3 && index !== 9);
    const { from, madeOf, grams } = expected({ readings }) ?? assert.fail();
    assert.deepEqual([from, madeOf, grams.length], [CURRENT, 'history', 73]);
    assert.equal(grams.indexOf(Math.min(...grams)), 17);
  });

  it("is the source's own forecast where no past is known, moved to what is measured now; that fades", () => {
    const announced = announce([280, 280, 280, 100]);
    assert.deepEqual(expected({ announced }), {
      from: CURRENT,
      madeOf: 'source',
      grams: [300, 298, 296, 115],
    });
  });

  it('is the mean of both where there are both', () => {
    const { madeOf, grams } =
      expected({ readings: past(48), announced: announce([300, 300, 50, 300]) }) ?? assert.fail();
    assert.equal(madeOf, 'both');
    assert.deepEqual(grams.slice(0, 5), [300, 300, 175, 300, 300]);
    assert.equal(grams[17], 100);
  });

  it("is the forecaster's once it has seen that the source's forecasts are wrong", () => {
    let so: Known | undefined;
    for (let ago = 30; ago >= 0; ago--) {
      const announced = announce(
        [...Array(48).keys()].map((hour) => (hour % 2 === 0 ? 1_500 : 10)),
        CURRENT - ago,
      );
      so = remember(so, heard({ readings: past(72), announced }), NOW - ago * HOUR);
    }
    const { gramsPerKwh } = expectHours(so ?? assert.fail(), NOW) ?? assert.fail();
    assert.deepEqual(
      [...gramsPerKwh.slice(0, 20)].map(Math.round),
      [...Array(20).keys()].map((hour) => gramsOf(hour)),
    );
  });

  it('ends before an hour of which the source says nothing', () => {
    const announced = announce([300, 300, 300, 300]).filter(({ from }) => from !== (CURRENT + 9) * HOUR);
    assert.equal(expected({ announced })?.grams.length, 4);
  });

  it('goes on from what was heard hours ago', () => {
    const announced = announce([300, 300, 300, 300, 300, 60, 300]);
    const later = expected({ announced }, NOW + 3 * HOUR);
    assert.deepEqual(later, { from: CURRENT + 3, madeOf: 'source', grams: [300, 300, 60, 300] });
  });

  it('is nothing once all of it has passed', () =>
    assert.equal(expected({ announced: announce([300, 200]) }, NOW + 100 * HOUR), undefined));

  it('takes no reading of an hour that a clock that was set back has yet to come to', () => {
    const { from, grams } = expected({ readings: past(60) }, NOW - 10 * HOUR) ?? assert.fail();
    assert.deepEqual([from, grams[0]], [CURRENT - 10, gramsOf(CURRENT - 10)]);
  });

  it('never mixes sources, nor signals', () => {
    const first = known({ readings: past(24) });
    for (const other of [{ source: 'file' }, { signal: 'average-direct' }] as const)
      assert.deepEqual([...remember(first, heard(other), NOW).readings.keys()], [CURRENT * HOUR]);
  });
});

describe('the hours of a forecast', () => {
  const HALF = HOUR / 2;
  const rows: Readonly<Record<string, readonly [from: readonly number[], means: readonly number[]]>> = {
    'are means of half hours': [
      [0, 0.5, 1, 1.5],
      [150, 350, Number.NaN],
    ],
    'are shared where values last for several': [
      [0, 3, 6],
      [100, 100, 100, 200, 200, 200, 300, 300, 300, Number.NaN],
    ],
    'are weighed by how long a value lasts': [
      [0, 0.25, 1],
      [175, 300],
    ],
    'begin within an hour': [
      [0.5, 1, 1.5],
      [100, 250],
    ],
    'are unknown where most of one is': [
      [0.75, 1],
      [Number.NaN, Number.NaN],
    ],
  };
  for (const [name, [from, means]] of Object.entries(rows))
    it(name, () => {
      const announced = from.map((hours, index) => ({
        from: CURRENT * HOUR + hours * 2 * HALF,
        gramsPerKwh: (index + 1) * 100,
      }));
      assert.deepEqual([...announcedByHour(announced, CURRENT, means.length)], means);
    });
});
