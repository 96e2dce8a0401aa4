import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type Intensity, weighRegions } from '../../src/regions/weigh-regions.ts';
import { gramsOfPounds } from '../../src/units/pounds-per-mwh.ts';

type Row = readonly [gramsPerKwh: number, shown: number, intensityShare: number, placementWeight: number];

describe('regions weighed against one another', () => {
  const rows: Readonly<Record<string, readonly Row[]>> = {
    'none at all': [],
    'one has everything': [[412.5, 412.5, 1, 1]],
    'equal ones share': [
      [300, 300, 0.5, 0.5],
      [300, 300, 0.5, 0.5],
    ],
    'the known answer of East US and West US': [
      [gramsOfPounds(1585), 718.94, 0.647, 0.353],
      [gramsOfPounds(865), 392.36, 0.353, 0.647],
    ],
    three: [
      [100, 100, 0.143, 0.571],
      [200, 200, 0.286, 0.286],
      [400, 400, 0.571, 0.143],
    ],
    '0 weighs as 1 g and is shown as 0': [
      [0, 0, 0.1, 0.9],
      [9, 9, 0.9, 0.1],
    ],
    'what is below 1 g weighs as 1 g': [
      [0.25, 0.25, 0.5, 0.5],
      [1, 1, 0.5, 0.5],
    ],
    'all of them at 0 share': [
      [0, 0, 0.5, 0.5],
      [0, 0, 0.5, 0.5],
    ],
  };
  for (const [name, row] of Object.entries(rows))
    it(name, () =>
      assert.deepEqual(
        weighRegions(row.map(([gramsPerKwh], i) => ({ name: `r${i}`, gramsPerKwh }))),
        row.map(([, gramsPerKwh, intensityShare, placementWeight], i) => ({
          name: `r${i}`,
          gramsPerKwh,
          intensityShare,
          placementWeight,
        })),
      ),
    );

  const intensities: fc.Arbitrary<Intensity[]> = fc.array(
    fc.record({ name: fc.string(), gramsPerKwh: fc.double({ min: 0, max: 2000, noNaN: true }) }),
    { minLength: 1, maxLength: 40 },
  );

  it('keep their order, and both columns make 1 but for rounding', () => {
    fc.assert(
      fc.property(intensities, (regions) => {
        const weighed = weighRegions(regions);
        assert.deepEqual(
          weighed.map(({ name }) => name),
          regions.map(({ name }) => name),
        );
        for (const column of ['intensityShare', 'placementWeight'] as const) {
          const sum = weighed.reduce((total, one) => total + one[column], 0);
          assert.ok(Math.abs(sum - 1) <= 0.0005 * regions.length + 1e-9, `${column}: ${sum}`);
        }
      }),
    );
  });

  it('give a dirtier region never more work and never a smaller share', () => {
    fc.assert(
      fc.property(intensities, (regions) => {
        const weighed = weighRegions(regions.toSorted((a, b) => a.gramsPerKwh - b.gramsPerKwh));
        for (const [i, dirtier] of weighed.entries()) {
          const cleaner = weighed[i - 1] ?? dirtier;
          assert.ok(cleaner.placementWeight >= dirtier.placementWeight);
          assert.ok(cleaner.intensityShare <= dirtier.intensityShare);
        }
      }),
    );
  });
});
