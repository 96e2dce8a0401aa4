import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createPastHours, GAP, gramsOf, MOST_PAST_HOURS } from '../../src/forecast/past-hours.ts';

const FIRST = 24 * 20_000;

function past(hours: Readonly<Record<number, number>>) {
  const kept = createPastHours();
  for (const [hour, grams] of Object.entries(hours)) kept.add(FIRST + Number(hour), grams);
  return kept;
}

describe('the past of a region', () => {
  it('has the first reading of an hour, to a tenth of a gram', () => {
    const kept = past({ 0: 100.04 });
    assert.equal(kept.add(FIRST, 200), false);
    assert.deepEqual([kept.of(FIRST), kept.known()], [100, 1]);
  });

  it('has gaps, which a later reading of that hour fills, and earlier hours', () => {
    const kept = past({ 0: 1, 3: 4 });
    assert.deepEqual([...kept.kept().tenths], [10, GAP, GAP, 40]);
    assert.equal(kept.add(FIRST + 2, 3), true);
    assert.equal(kept.add(FIRST - 2, 9), true);
    assert.deepEqual([...gramsOf(kept.kept().tenths)], [9, Number.NaN, 1, Number.NaN, 3, 4]);
    assert.equal(kept.from(), FIRST - 2);
  });

  it('is 60 days long: what is older goes, and is not taken back', () => {
    const kept = past({ 0: 1, 5: 2 });
    kept.add(FIRST + MOST_PAST_HOURS, 3);
    assert.deepEqual([kept.from(), kept.known()], [FIRST + 5, 2]);
    assert.equal(kept.add(FIRST, 1), false);
    assert.equal(kept.add(FIRST + 1, 1), true);
  });

  it('begins anew with an hour more than 60 days after the last', () => {
    const kept = past({ 0: 1, 5: 2 });
    kept.add(FIRST + 6 + MOST_PAST_HOURS, 3);
    assert.deepEqual([kept.from(), kept.until(), kept.known()], [FIRST + 1446, FIRST + 1447, 1]);
    assert.equal(kept.of(FIRST + 5), undefined);
  });

  it('of which only the last hours are asked for has these', () => {
    const { firstHour, tenths } = past({ 0: 1, 1: 2, 2: 3 }).kept(2);
    assert.deepEqual([firstHour, [...tenths]], [FIRST + 1, [20, 30]]);
  });

  it('is what a map of hours would have, whatever comes', () => {
    const steps = fc.array(
      fc.record({ by: fc.integer({ min: -1_600, max: 1_600 }), grams: fc.integer({ min: 0, max: 2_000 }) }),
    );
    fc.assert(
      fc.property(steps, (given) => {
        const kept = createPastHours();
        const model = modelOf(given);
        let hour = FIRST;
        for (const { by, grams } of given) {
          hour += by;
          kept.add(hour, grams);
        }
        const { firstHour, tenths } = kept.kept();
        const found = Array.from(gramsOf(tenths), (grams, index) => [firstHour + index, grams]);
        assert.deepEqual(
          found.filter(([, grams]) => !Number.isNaN(grams)),
          model,
        );
        assert.equal(kept.known(), model.length);
        assert.deepEqual([kept.from(), kept.until() - 1], [model[0]?.[0] ?? 0, model.at(-1)?.[0] ?? -1]);
      }),
    );
  });
});

interface Step {
  readonly by: number;
  readonly grams: number;
}

/** By hour, in their order, what is kept after these. */
function modelOf(steps: readonly Step[]): readonly (readonly [hour: number, grams: number])[] {
  let kept = new Map<number, number>();
  let hour = FIRST;
  for (const { by, grams } of steps) {
    hour += by;
    const newest = Math.max(...kept.keys());
    if (hour > newest + MOST_PAST_HOURS) kept = new Map();
    if (!kept.has(hour) && !(hour <= newest - MOST_PAST_HOURS)) kept.set(hour, grams);
    const oldest = Math.max(...kept.keys()) - MOST_PAST_HOURS;
    kept = new Map([...kept].filter(([one]) => one > oldest));
  }
  return [...kept].sort(([a], [b]) => a - b);
}
