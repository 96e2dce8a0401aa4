import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Signal } from '../../src/regions/reading.ts';
import { SourceError } from '../../src/sources/asking/source-error.ts';
import { embeddedReading } from '../../src/sources/intensity/embedded.ts';
import type { ForecastPoint, Measurement } from '../../src/sources/intensity/source.ts';
import { CELLAR, HOUR, MINUTE, measured, type Scripts, START, scripted, startChain } from './start-chain.ts';

const GERMANY = { name: 'eu-central-1', gridZone: 'DE' };
const fresh = (grams: number) => measured(grams);
const stale = (grams: number) => measured(grams, { measuredAt: START - 3 * HOUR });
const marginal = (grams: number, measuredAt = START) => measured(grams, { signal: 'marginal', measuredAt });
const down = new SourceError('unavailable', 'HTTP 503');

describe('the chain of intensity sources', () => {
  const embedded = embeddedReading('eu-central-1', 'DE')?.gramsPerKwh ?? Number.NaN;
  const rows: readonly [
    name: string,
    answers: readonly (Measurement | Error)[],
    grams: number | undefined,
    is: string,
    asked: number,
    deps?: { policySignal?: Signal },
  ][] = [
    ['a fresh reading of the first source', [fresh(1), fresh(2)], 1, 'fresh', 1],
    ['the next source when one fails', [down, fresh(2)], 2, 'fresh', 2],
    ['a fresh reading before a stale one of an earlier source', [stale(1), fresh(2)], 2, 'fresh', 2],
    ['the earlier of two stale readings', [stale(1), stale(2)], 1, 'stale', 2],
    ['a stale reading before the yearly average', [stale(1), down], 1, 'stale', 2],
    ['the yearly average last', [down, down], embedded, 'embedded', 2],
    ['the yearly average without sources', [], embedded, 'embedded', 0],
    ['the policy signal, stale, before another, fresh', [marginal(1), stale(2)], 2, 'stale', 2],
    ['the yearly average of the policy signal before another signal', [marginal(1)], embedded, 'embedded', 1],
    ['the policy signal that is configured', [fresh(1), marginal(2)], 2, 'fresh', 2, { policySignal: 'marginal' }],
    ['another signal where none has the policy signal', [fresh(1), down], 1, 'fresh', 2, { policySignal: 'marginal' }],
    ['of another signal the fresh', [stale(1), fresh(2)], 2, 'fresh', 2, { policySignal: 'average-direct' }],
    ['of another signal the yearly average last', [down], embedded, 'embedded', 1, { policySignal: 'marginal' }],
    ['nothing that is too old', [measured(1, { measuredAt: START - 6 * HOUR - 1 })], embedded, 'embedded', 1],
  ];
  for (const [name, answers, grams, is, asked, deps] of rows)
    it(`reads ${name}`, async () => {
      const names = ['electricity-maps', 'watttime'] as const;
      const sources = answers.map((current, index) => scripted(names[index] ?? 'file', { current }));
      const { reading, attempts } = await startChain(sources, deps).read(GERMANY);
      assert.deepEqual([reading?.gramsPerKwh, reading?.freshness], [grams, is]);
      assert.equal(attempts.length, asked);
    });

  it('passes over a source that has no zone for a region, without asking it', async () => {
    const source = { ...scripted('watttime', { current: fresh(1) }), zoneOf: () => undefined };
    const { read, requests } = startChain([source]);
    const { reading, attempts } = await read(CELLAR);
    assert.equal(reading, undefined);
    assert.deepEqual(attempts, [
      { source: 'watttime', outcome: 'not_covered', message: 'it has no zone for this region' },
    ]);
    assert.deepEqual(requests, []);
  });

  const refused: readonly [name: string, overrides: Partial<Measurement>, message: RegExp][] = [
    ['not a number', { gramsPerKwh: Number.NaN }, /not a number/],
    ['infinite', { gramsPerKwh: Number.POSITIVE_INFINITY }, /not a number/],
    ['text', { gramsPerKwh: '12' as unknown as number }, /not a number/],
    ['zero, over the life of its plants', { gramsPerKwh: 0 }, /0 gCO2e\/kWh is no grid/],
    ['negative', { gramsPerKwh: -0.1 }, /-0.1 gCO2e\/kWh is negative/],
    ['absurd', { gramsPerKwh: 2000.1 }, /2000.1 gCO2e\/kWh is above 2000/],
    ['of the future', { measuredAt: START + 5 * MINUTE + 1 }, /6 min from now: its clock or this one is wrong/],
    ['of no time', { measuredAt: Number.NaN }, /at no time/],
    ['of a series without an end', { stepMs: Number.POSITIVE_INFINITY }, /no plausible time/],
    ['of a signal that there is not', { signal: 'percentile' as Signal }, /which signal/],
  ];
  for (const [name, overrides, message] of refused)
    it(`refuses and counts a value that is ${name}`, async () => {
      const source = scripted('prometheus', { current: measured(100, overrides) });
      const { read, requests } = startChain([source]);
      const { reading, attempts } = await read(CELLAR);
      assert.equal(reading, undefined);
      assert.equal(attempts[0]?.outcome, 'implausible');
      assert.match(attempts[0]?.message ?? '', message);
      assert.deepEqual(requests, ['prometheus implausible']);
    });

  it('takes what is just plausible', async () => {
    const rows = [
      [Number.MIN_VALUE, START + 5 * MINUTE, 'average-lifecycle'],
      [0, START, 'average-direct'],
      [0, START, 'marginal'],
      [2000, START, 'average-lifecycle'],
    ] as const;
    for (const [grams, measuredAt, signal] of rows) {
      const source = scripted('prometheus', { current: measured(grams, { measuredAt, signal }) });
      assert.equal((await startChain([source]).read(CELLAR)).reading?.gramsPerKwh, grams);
    }
  });
});

describe('the forecast of the chain', () => {
  const at = (hours: number, gramsPerKwh: number): ForecastPoint => ({ from: START + hours * HOUR, gramsPerKwh });
  const was = (hours: number, grams: number, signal: Signal = 'average-lifecycle') =>
    measured(grams, { measuredAt: START + hours * HOUR, signal });
  const noPlan = new SourceError('not_covered', 'HTTP 404');

  const rows: readonly [name: string, scripts: Omit<Scripts, 'current'>, points: unknown, estimated?: boolean][] = [
    ['is that of the source', { forecast: [at(0, 1), at(1, 2)] }, [at(0, 1), at(1, 2)], false],
    ['is in order', { forecast: [at(1, 2), at(0, 1)] }, [at(0, 1), at(1, 2)], false],
    [
      'begins with the point that counts now',
      { forecast: [at(-2, 3), at(-1, 1), at(1, 2)] },
      [at(-1, 1), at(1, 2)],
      false,
    ],
    [
      'has only plausible points',
      { forecast: [at(0, 1), at(1, -1), at(2, Number.NaN), at(9e9, 4), at(3, 5)] },
      [at(0, 1), at(3, 5)],
      false,
    ],
    ['has no zero of a lifecycle', { forecast: [at(0, 1), at(1, 0), at(2, 2)] }, [at(0, 1), at(2, 2)], false],
    ['is not one of zeros alone', { forecast: [at(0, 0), at(1, 0)], history: [was(-24, 1)] }, [at(0, 1)], true],
    ['is yesterday again without its zeros', { history: [was(-24, 0), was(-23, 2)] }, [at(1, 2)], true],
    ['is not one that is over', { forecast: [at(-2, 1), at(-1, 1)] }, undefined],
    ['is not there without forecast and history', {}, undefined],
    [
      'is yesterday again where there is none',
      { history: [was(-25, 9), was(-23, 2), was(-24, 1), was(0, 3)] },
      [at(0, 1), at(1, 2), at(24, 3)],
      true,
    ],
    ['is yesterday again where it fails', { forecast: noPlan, history: [was(-24, 1)] }, [at(0, 1)], true],
    ['is yesterday again where it is empty', { forecast: [], history: [was(-24, 1)] }, [at(0, 1)], true],
    ['is yesterday again in the same signal', { history: [was(-24, 1, 'marginal'), was(-23, 2)] }, [at(1, 2)], true],
    ['is yesterday again as far as plausible', { history: [was(-24, -1), was(-23, 2)] }, [at(1, 2)], true],
    ['is not there where both fail', { forecast: noPlan, history: noPlan }, undefined],
  ];
  for (const [name, scripts, points, estimated] of rows)
    it(name, async () => {
      const source = scripted('electricity-maps', { current: fresh(100), ...scripts });
      const { forecast } = await startChain([source]).read(CELLAR);
      assert.deepEqual(forecast, points && { points, estimated, source: 'electricity-maps' });
    });

  it('is refused and counted where no point is plausible', async () => {
    const source = scripted('electricity-maps', { current: fresh(100), forecast: [at(0, -1), at(1, 5000)] });
    const { read, requests } = startChain([source]);
    assert.equal((await read(CELLAR)).forecast, undefined);
    assert.deepEqual(requests, ['electricity-maps ok', 'electricity-maps implausible']);
  });

  it('may be zero at times in a signal that can be', async () => {
    const source = scripted('watttime', { current: marginal(100), forecast: [at(0, 0), at(1, 5), at(2, 0)] });
    const { forecast } = await startChain([source], { policySignal: 'marginal' }).read(CELLAR);
    assert.deepEqual(forecast?.points, [at(0, 0), at(1, 5), at(2, 0)]);
  });

  it('that is zero for ever is refused and counted in any signal', async () => {
    const zeros = { forecast: [at(0, 0), at(1, 0)], history: [was(-24, 0, 'marginal'), was(-23, 0, 'marginal')] };
    const source = scripted('watttime', { current: marginal(100), ...zeros });
    const { read, requests } = startChain([source], { policySignal: 'marginal' });
    assert.equal((await read(CELLAR)).forecast, undefined);
    assert.deepEqual(requests, ['watttime ok', 'watttime implausible', 'watttime implausible']);
  });

  it('is of the source of the reading, no other', async () => {
    const sources = [
      scripted('electricity-maps', { current: stale(1), forecast: [at(0, 1), at(1, 1)] }),
      scripted('watttime', { current: fresh(2), forecast: [at(0, 2), at(1, 2)] }),
    ];
    const { forecast } = await startChain(sources).read(CELLAR);
    assert.equal(forecast?.source, 'watttime');
    assert.deepEqual(sources[0]?.asked, ['current my-cellar']);
  });

  it('is not there for a yearly average', async () => {
    const { reading, forecast } = await startChain([]).read(GERMANY);
    assert.equal(reading?.source, 'embedded');
    assert.equal(forecast, undefined);
  });
});
