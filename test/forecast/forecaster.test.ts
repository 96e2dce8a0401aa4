import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { forecastFromDays } from '../../src/forecast/first-weeks.ts';
import { createForecaster, type Forecaster } from '../../src/forecast/forecaster.ts';
import { madeUpSeries, random } from './series.ts';

const FIRST_HOUR = 24 * 20_000;

function learnt(series: readonly (number | undefined)[], theirs?: (hour: number) => ArrayLike<number>): Forecaster {
  const forecaster = createForecaster(FIRST_HOUR);
  for (const [hour, grams] of series.entries()) forecaster.learn(grams, theirs?.(hour));
  return forecaster;
}

function grams(forecaster: Forecaster, hours = 72): readonly number[] {
  return forecaster.forecast(hours).map(({ gramsPerKwh }) => gramsPerKwh);
}

/** Mean absolute error of the next 16 hours over the last 30 days of a series. */
function errorOf(series: readonly number[], forecast: (past: number) => readonly number[]): number {
  let [sum, count] = [0, 0];
  for (let past = series.length - 24 * 30; past < series.length - 16; past++)
    for (const [lead, expected] of forecast(past).slice(0, 16).entries()) {
      sum += Math.abs(expected - (series[past + lead] ?? 0));
      count += 1;
    }
  return sum / count;
}

describe('the forecast of a region', () => {
  it('is empty before the first reading, and one hour of readings is enough for 72', () => {
    assert.deepEqual(createForecaster(FIRST_HOUR).forecast(72), []);
    assert.deepEqual(grams(learnt([undefined, undefined])), []);
    assert.deepEqual(grams(learnt([undefined, 210])), Array(72).fill(210));
    assert.equal(learnt([undefined, 210]).nextHour(), FIRST_HOUR + 2);
  });

  it('of a grid that never changes says so, and its band is no wider than a line', () => {
    for (const days of [1, 10, 40])
      for (const hour of learnt(Array(24 * days).fill(123)).forecast(72)) {
        assert.ok(Math.abs(hour.gramsPerKwh - 123) < 1e-6, `${days} days: ${hour.gramsPerKwh}`);
        assert.ok(hour.high - hour.low < 1e-6);
      }
  });

  it('repeats a day that repeats itself', () => {
    const series = Array.from({ length: 24 * 30 }, (_, hour) => 200 + 100 * Math.cos((hour * Math.PI) / 12));
    for (const [lead, value] of grams(learnt(series)).entries())
      assert.ok(Math.abs(value - (200 + 100 * Math.cos((lead * Math.PI) / 12))) < 3, `${lead}: ${value}`);
  });

  it('is nearer to what comes than a mean of the days before', () => {
    for (const seed of [1, 2, 3]) {
      const series = madeUpSeries(90, seed);
      const forecaster = learnt(series.slice(0, series.length - 24 * 30));
      const ours = errorOf(series, (past) => {
        const expected = grams(forecaster, 16);
        forecaster.learn(series[past]);
        return expected;
      });
      const ofDays = errorOf(series, (past) => forecastFromDays(series.slice(past - 400, past), 16));
      assert.ok(ours < ofDays, `seed ${seed}: ${ours} and ${ofDays}`);
    }
  });

  it('has a band that holds about four readings of five', () => {
    const series = madeUpSeries(120, 7);
    const forecaster = learnt(series.slice(0, 24 * 40));
    let [inside, all] = [0, 0];
    for (let past = 24 * 40; past < series.length - 24; past++) {
      for (const [lead, { low, high }] of forecaster.forecast(24).entries()) {
        const actual = series[past + lead] ?? 0;
        all += 1;
        if (low <= actual && actual <= high) inside += 1;
      }
      forecaster.learn(series[past]);
    }
    assert.ok(inside / all > 0.72 && inside / all < 0.9, `${inside / all}`);
  });

  it('bears a fifth of the readings missing, and whole days of them', () => {
    const series = madeUpSeries(60);
    const next = random(5);
    const holed = series.map((value, hour) => (next() < 0.2 || (hour > 24 * 30 && hour < 24 * 32) ? undefined : value));
    const [whole, patched] = [grams(learnt(series), 24), grams(learnt(holed), 24)];
    for (const [lead, value] of patched.entries())
      assert.ok(Math.abs(value - (whole[lead] ?? 0)) < 40, `${lead}: ${value} and ${whole[lead]}`);
  });

  it('is not thrown off by an hour that cannot be, and follows a grid that has changed for good', () => {
    const series = madeUpSeries(40);
    const odd = [...series, 1_900];
    const calm = [...series, series[24 * 39] ?? 0];
    assert.ok(Math.abs((grams(learnt(odd), 1)[0] ?? 0) - (grams(learnt(calm), 1)[0] ?? 0)) < 250);
    const changed = learnt([...series, ...series.slice(0, 24 * 14).map((value) => value + 600)]);
    for (const value of grams(changed, 24)) assert.ok(value > 650, `${value}`);
  });

  it('is a number, whatever comes', () => {
    const next = random(11);
    const wild = Array.from({ length: 24 * 50 }, () => {
      const kind = next();
      if (kind < 0.1) return undefined;
      return kind < 0.2 ? 0 : kind < 0.3 ? 2_000 : 1_000 * next();
    });
    const forecaster = createForecaster(FIRST_HOUR);
    for (const value of wild) {
      forecaster.learn(value);
      for (const { gramsPerKwh, low, high } of forecaster.forecast(72))
        assert.ok(Number.isFinite(gramsPerKwh) && low >= 0 && high >= low, `${gramsPerKwh} ${low} ${high}`);
    }
  });

  it('takes a good forecast of the source in, and leaves a bad one out', () => {
    const series = madeUpSeries(60);
    const noise = random(3);
    const off = (by: number) => (hour: number) =>
      Float64Array.from({ length: 24 }, (_, lead) => (series[hour + 1 + lead] ?? 200) + by * (noise() - 0.5));
    const past = series.slice(0, -24);
    const actual = series.slice(-24);
    const error = (values: readonly number[]) =>
      values.reduce((sum, value, lead) => sum + Math.abs(value - (actual[lead] ?? 0)), 0);
    const alone = grams(learnt(past), 24);
    assert.ok(error(grams(learnt(past, off(4)), 24)) < 0.7 * error(alone));
    assert.deepEqual(grams(learnt(past, off(900)), 24), alone);
  });
});
