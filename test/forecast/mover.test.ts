import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createMover } from '../../src/forecast/mover.ts';
import { madeUpSeries } from './series.ts';

/** Regions by name, hour after hour, where a mover knows each day ahead. */
function moves(
  regions: readonly (readonly number[])[],
  current = 0,
): { readonly places: number[]; readonly moves: number } {
  const mover = createMover({ home: 0, current });
  const places: number[] = [];
  for (let hour = 0; hour + 24 <= (regions[0]?.length ?? 0); hour++)
    places.push(mover.next(regions.map((series) => series.slice(hour, hour + 24))));
  const changes = places.filter((place, hour) => place !== (places[hour - 1] ?? current)).length;
  return { places, moves: changes };
}

describe('a service that may move', () => {
  it('goes where it is cleaner for good, once', () => {
    const { places, moves: count } = moves([Array(200).fill(400), Array(200).fill(100)]);
    assert.equal(count, 1);
    assert.equal(places.at(-1), 1);
  });

  it('keeps nearly all that the cleanest region would save, with far fewer moves', () => {
    const regions = [madeUpSeries(120, 1), madeUpSeries(120, 2)];
    const { places, moves: count } = moves(regions);
    const sum = (pick: (hour: number) => number) => places.reduce((total, _, hour) => total + pick(hour), 0);
    const at = (region: number, hour: number) => regions[region]?.[hour] ?? 0;
    const home = sum((hour) => at(0, hour));
    const cleanest = (hour: number) => (at(0, hour) <= at(1, hour) ? 0 : 1);
    const saved = home - sum((hour) => at(places[hour] ?? 0, hour));
    assert.ok(saved > 0.96 * (home - sum((hour) => at(cleanest(hour), hour))), `${saved}`);
    const greedy = places.filter((_, hour) => hour > 0 && cleanest(hour) !== cleanest(hour - 1)).length;
    assert.ok(count < 0.6 * greedy, `${count} moves, not ${greedy}`);
  });

  it('follows day and night where that saves much', () => {
    const day = (phase: number) =>
      Array.from({ length: 24 * 30 }, (_, hour) => (Math.floor((hour + phase) / 12) % 2 === 0 ? 100 : 400));
    const { places } = moves([day(0), day(12)]);
    const late = places.slice(-24 * 7);
    const saved = late.filter(
      (place, index) => (place === 0) === (Math.floor((places.length - late.length + index) / 12) % 2 === 0),
    );
    assert.ok(saved.length > 0.9 * late.length, `${saved.length} of ${late.length}`);
  });

  it('stays where it is while all are the same', () => {
    assert.equal(moves([Array(100).fill(200), Array(100).fill(200)], 1).moves, 0);
  });
});
