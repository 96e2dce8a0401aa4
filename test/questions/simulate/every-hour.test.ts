import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { everyHour } from '../../../src/questions/simulate/every-hour.ts';
import { madeUpSeries } from '../../forecast/series.ts';

const FROM = { fromHour: 24 * 20_000, length: 4, slack: 12 };

describe('work submitted every hour', () => {
  it('finds all that there is to find where days repeat', () => {
    const readings = Array.from({ length: 24 * 60 }, (_, hour) => 200 + 100 * Math.cos((hour * Math.PI) / 12));
    const saved = everyHour({ ...FROM, readings });
    assert.ok((saved?.foresightSaving ?? 0) > 0.2);
    for (const way of ['gridgate', 'yesterday', 'profile'] as const) assert.ok((saved?.shares[way] ?? 0) > 0.999, way);
  });

  it('finds more than yesterday does where weather lasts, and no less than the reference', () => {
    const { shares } = everyHour({ ...FROM, readings: madeUpSeries(150, 4) }) ?? assert.fail('too short');
    assert.ok((shares.gridgate ?? 0) > (shares.profile ?? 1) - 0.005, `${shares.gridgate} and ${shares.profile}`);
    assert.ok((shares.gridgate ?? 0) > (shares.yesterday ?? 1), `${shares.gridgate} and ${shares.yesterday}`);
  });

  it('has no shares where waiting saves nothing, and nothing to say of less than 28 days', () => {
    const same = everyHour({ ...FROM, readings: Array(24 * 40).fill(100) });
    assert.deepEqual(same, {
      foresightSaving: 0,
      shares: { gridgate: null, yesterday: null, profile: null, 'fixed-200': null },
    });
    assert.equal(everyHour({ ...FROM, readings: madeUpSeries(28) }), undefined);
  });
});
