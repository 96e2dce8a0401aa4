import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { outlookOf } from '../../src/forecast/outlook.ts';
import { type Place, planStart, type StartQuestion } from '../../src/forecast/plan-start.ts';

const HOUR = 3_600_000;
const FROM = 500_000 * HOUR;
/** Cleanest from the third hour on, for two hours. */
const DAY = [300, 200, 100, 100, ...Array.from({ length: 20 }, () => 400)];

type Row = Partial<Omit<StartQuestion, 'places'>> & { readonly grams?: readonly number[] | undefined };

const place = (name: string, grams: readonly number[], rest: Partial<Place> = {}): Place => ({
  name,
  outlook: outlookOf({ from: FROM, gramsPerKwh: grams }),
  isOpen: true,
  ...rest,
});

function plan({ grams = DAY, ...rest }: Row) {
  const question = { now: FROM, latestStart: FROM + 12 * HOUR, durationMs: 2 * HOUR, minSavingPercent: 0.5 };
  const {
    startAt,
    reason,
    grams: means,
  } = planStart({
    ...question,
    places: grams.length > 0 ? [place('a', grams)] : [],
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

  it('is now on a grid that never changes, at any moment', () => {
    for (let second = 0; second < 3_600; second += 7)
      for (const length of [0.1, 1, 2.7]) {
        const now = FROM + second * 1_000 + 123;
        const grams = Array<number>(100).fill(50.1);
        assert.equal(
          plan({ grams, now, latestStart: now + 12 * HOUR, durationMs: length * HOUR }).reason,
          'cleanest_now',
        );
      }
  });
});

describe('a start among several places is planned', () => {
  const question = { now: FROM, latestStart: FROM + 12 * HOUR, durationMs: HOUR, minSavingPercent: 0.5 };
  const flat = (grams: number) => Array<number>(24).fill(grams);
  const at = (hour: number, grams: number) => flat(400).with(hour, grams);
  const rows: Readonly<
    Record<string, readonly [places: readonly Place[], hours: number, reason: string, where?: string]>
  > = {
    'for the cleanest of them': [[place('a', at(3, 200)), place('b', at(5, 100))], 5, 'cleaner_later', 'b'],
    'for the earliest of equal ones': [[place('a', at(5, 100)), place('b', at(3, 100))], 3, 'cleaner_later', 'b'],
    'now where one of them is cleaner now than any will be': [
      [place('a', at(3, 200)), place('b', flat(90))],
      0,
      'cleanest_now',
      'b',
    ],
    'later where the clean one is closed now': [
      [place('a', flat(400)), place('b', flat(90), { isOpen: false })],
      1,
      'cleaner_later',
      'b',
    ],
    'where the ceiling allows it': [
      [place('a', at(3, 150), { ceiling: 200 }), place('b', flat(240), { ceiling: 200, isOpen: false })],
      3,
      'cleaner_later',
      'a',
    ],
    'above a ceiling where nothing keeps to it': [[place('a', at(3, 250), { ceiling: 200 })], 3, 'cleaner_later', 'a'],
    'for the first moment that is open, however dirty': [
      [place('a', flat(400), { isOpen: false })],
      1,
      'cleaner_later',
      'a',
    ],
    'by those alone of which enough is forecast': [
      [place('a', [400]), place('b', at(2, 300))],
      2,
      'cleaner_later',
      'b',
    ],
  };
  for (const [name, [places, hours, reason, where]] of Object.entries(rows))
    it(name, () => {
      const found = planStart({ ...question, places });
      assert.deepEqual([(found.startAt - FROM) / HOUR, found.reason, found.place], [hours, reason, where]);
    });

  it('now within the tolerance of whoever waits', () => {
    const places = [place('a', at(3, 380))];
    assert.equal(planStart({ ...question, places, toleranceGrams: 19 }).reason, 'cleaner_later');
    assert.equal(planStart({ ...question, places, toleranceGrams: 20 }).reason, 'cleanest_now');
  });
});
