import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { planStart, type StartQuestion } from '../../../src/questions/wait/plan-start.ts';

const HOUR = 3_600_000;
const FROM = 500_000 * HOUR;
/** Cleanest from the third hour on, for two hours. */
const DAY = [300, 200, 100, 100, ...Array.from({ length: 20 }, () => 400)];

type Row = Partial<Omit<StartQuestion, 'expected'>> & { readonly grams?: readonly number[] | undefined };

function plan({ grams = DAY, ...rest }: Row) {
  const question = { now: FROM, latestStart: FROM + 12 * HOUR, durationMs: 2 * HOUR, minSavingPercent: 0.5 };
  const {
    startAt,
    reason,
    grams: means,
  } = planStart({
    ...question,
    expected: grams.length > 0 ? { from: FROM, gramsPerKwh: grams } : undefined,
    ...rest,
  });
  return { hours: (startAt - FROM) / HOUR, reason, ...(means && { from: means.now, to: means.planned }) };
}

describe('a start is planned', () => {
  const rows: Readonly<Record<string, readonly [row: Row, hours: number, reason: string]>> = {
    'for the cleanest hours of the run': [{}, 2, 'cleaner_later'],
    'no later than the latest start': [{ latestStart: FROM + 1.5 * HOUR }, 1.5, 'cleaner_later'],
    'now where nothing later is cleaner': [{ now: FROM + 2 * HOUR }, 2, 'cleanest_now'],
    'now on a grid that never changes': [{ grams: Array.from({ length: 24 }, () => 80) }, 0, 'cleanest_now'],
    'now on a grid without any carbon': [{ grams: Array.from({ length: 24 }, () => 0) }, 0, 'cleanest_now'],
    'now where waiting saves too little': [{ minSavingPercent: 70 }, 0, 'saves_too_little'],
    'later where it saves just enough': [{ minSavingPercent: 60 }, 2, 'cleaner_later'],
    'now at the latest start': [{ latestStart: FROM }, 0, 'latest_start'],
    'now where the latest start has passed': [{ latestStart: FROM - HOUR }, 0, 'latest_start'],
    'now where the latest start is no number': [{ latestStart: Number.NaN }, 0, 'latest_start'],
    'now where nothing is forecast': [{ grams: [] }, 0, 'no_forecast'],
    'now where the forecast ends before a run would': [{ grams: [300, 100] }, 0, 'forecast_too_short'],
    'within a forecast of less than a day': [{ grams: [300, 200, 150, 50] }, 2, 'cleaner_later'],
    'never by what lies beyond such a forecast': [
      { grams: [300, 300, 290, 10], durationMs: 3 * HOUR },
      1,
      'cleaner_later',
    ],
    'by the same hours of the day before beyond a longer one': [
      { now: FROM + 23 * HOUR, latestStart: FROM + 40 * HOUR },
      26,
      'cleaner_later',
    ],
    'the first of equal days, however long it may wait': [{ latestStart: FROM + 700 * HOUR }, 2, 'cleaner_later'],
    'now for a run that is longer than the forecast by days': [{ durationMs: 72 * HOUR }, 0, 'cleanest_now'],
  };
  for (const [name, [row, hours, reason]] of Object.entries(rows))
    it(name, () => {
      const found = plan(row);
      assert.deepEqual([found.hours, found.reason], [hours, reason]);
    });

  it('with the means over the run, now and then', () =>
    assert.deepEqual(plan({}), { hours: 2, reason: 'cleaner_later', from: 250, to: 100 }));
});
