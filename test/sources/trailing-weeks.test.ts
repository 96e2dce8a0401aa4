import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { Signal } from '../../src/regions/reading.ts';
import { createIntensityChain } from '../../src/sources/intensity/chain.ts';
import { createElectricityMaps } from '../../src/sources/intensity/electricity-maps.ts';
import type { IntensitySource } from '../../src/sources/intensity/source.ts';
import { createTrailingWeeks } from '../../src/sources/intensity/trailing-weeks.ts';
import { secret, startProvider } from './fake-provider.ts';
import { CELLAR, HOUR, MINUTE, measured, START, scripted } from './start-chain.ts';

const DESCRIBED = { metadata: { name: CELLAR.name }, spec: { gridZone: CELLAR.gridZone } };

function follow(sources: readonly IntensitySource[], policySignal: Signal = 'average-lifecycle') {
  let now = START;
  const clock = () => now;
  const chain = createIntensityChain({
    sources,
    policySignal,
    clock,
    random: () => 0,
    deadline: () => new AbortController().signal,
  });
  const weeks = createTrailingWeeks({ chain, policySignal, clock });
  return {
    ...weeks,
    clock,
    advance(ms: number) {
      now += ms;
    },
  };
}

/** A value an hour, the last an hour ago. */
function yesterday(count: number, gramsAt: (index: number) => number, signal: Signal = 'average-lifecycle') {
  return Array.from({ length: count }, (_, index) =>
    measured(gramsAt(index), { measuredAt: START - (count - index) * HOUR, signal }),
  );
}

function historiesOf(asked: readonly string[]): readonly string[] {
  return asked.filter((one) => one.startsWith('history'));
}

describe('what is remembered for relative bands', () => {
  it('begins with the history of the source, which is asked once', async () => {
    const source = scripted('watttime', {
      current: async () => measured(500, { measuredAt: weeks.clock() }),
      history: yesterday(24, (i) => i + 1),
      // With a forecast nobody needs yesterday as a stand-in.
      forecast: [0, 48].map((hours) => ({ from: START + hours * HOUR, gramsPerKwh: 1 })),
    });
    const weeks = follow([source]);
    assert.equal(weeks.thresholdsOf(DESCRIBED), undefined);
    await weeks.read(CELLAR);
    assert.deepEqual(weeks.thresholdsOf(DESCRIBED), [7, 19]); // 1 to 24, and 500
    for (let hours = 0; hours < 10; hours++) {
      weeks.advance(HOUR);
      await weeks.read(CELLAR);
    }
    assert.deepEqual(historiesOf(source.asked), ['history my-cellar']);
  });

  it('grows by one value an hour where the source has no history, and counts from 24', async () => {
    let grams = 0;
    const weeks = follow([
      scripted('prometheus', { current: async () => measured(++grams, { measuredAt: weeks.clock() }) }),
    ]);
    const known: boolean[] = [];
    for (let hour = 0; hour < 30; hour++) {
      await weeks.read(CELLAR);
      known.push(weeks.thresholdsOf(DESCRIBED) !== undefined);
      weeks.advance(HOUR);
    }
    assert.deepEqual([known.indexOf(true), weeks.thresholdsOf(DESCRIBED)], [23, [8.3, 22.8]]);
  });

  it('takes nothing of another signal', async () => {
    const other = yesterday(100, () => 1, 'marginal');
    const mixed = scripted('watttime', { current: measured(500), history: [...other, ...yesterday(23, () => 7)] });
    const weeks = follow([mixed]);
    await weeks.read(CELLAR);
    assert.deepEqual(weeks.thresholdsOf(DESCRIBED), [7, 7]);
    const average = follow([scripted('watttime', { current: measured(500), history: other })], 'marginal');
    await average.read(CELLAR);
    assert.equal(average.thresholdsOf(DESCRIBED), undefined);
  });

  it('takes the history of the source that gave the reading', async () => {
    const first = scripted('uk-carbon-intensity', { current: new Error('down'), history: yesterday(30, () => 900) });
    const second = scripted('watttime', { current: measured(5), history: yesterday(30, () => 7) });
    const weeks = follow([first, second]);
    await weeks.read(CELLAR);
    assert.deepEqual(weeks.thresholdsOf(DESCRIBED), [7, 7]);
  });

  it('takes no yearly average and no stale value', async () => {
    const stale = measured(500, { measuredAt: START - 4 * HOUR });
    for (const current of [new Error('down'), stale]) {
      const source = scripted('watttime', { current, history: yesterday(30, () => 7), forecast: [] });
      const weeks = follow([source]);
      await weeks.read({ name: 'eu-central-1' });
      await weeks.read(CELLAR);
      assert.equal(weeks.thresholdsOf(DESCRIBED), undefined);
      assert.equal(weeks.thresholdsOf({ metadata: { name: 'eu-central-1' }, spec: {} }), undefined);
    }
  });

  it('begins anew in another zone', async () => {
    const source = scripted('watttime', {
      current: async () => measured(5),
      history: async (zone) => yesterday(30, () => (zone === 'my-cellar' ? 7 : 900)),
    });
    const weeks = follow([source]);
    await weeks.read(CELLAR);
    const moved = { name: CELLAR.name, gridZone: 'attic' };
    assert.equal(weeks.thresholdsOf({ ...DESCRIBED, spec: moved }), undefined);
    await weeks.read(moved);
    assert.deepEqual(weeks.thresholdsOf({ ...DESCRIBED, spec: { gridZone: 'attic' } }), [900, 900]);
    assert.deepEqual(weeks.thresholdsOf(DESCRIBED), [7, 7]);
  });

  it('is filled up after a pause', async () => {
    const source = scripted('watttime', {
      current: async () => measured(5, { measuredAt: weeks.clock() }),
      history: yesterday(30, () => 7),
    });
    const weeks = follow([source]);
    await weeks.read(CELLAR);
    source.scripts.history = Array.from({ length: 100 }, (_, i) => measured(40, { measuredAt: START + i * HOUR }));
    weeks.advance(100 * HOUR);
    await weeks.read(CELLAR);
    assert.deepEqual(weeks.thresholdsOf(DESCRIBED), [40, 40]);
  });

  it('asks for a history that failed again, with the next reading', async () => {
    const source = scripted('watttime', {
      current: async () => measured(5, { measuredAt: weeks.clock() }),
      history: new Error('down'),
      forecast: [],
    });
    const weeks = follow([source]);
    await weeks.read(CELLAR);
    assert.equal(weeks.thresholdsOf(DESCRIBED), undefined);
    source.scripts.history = yesterday(30, () => 7);
    weeks.advance(6 * MINUTE);
    await weeks.read(CELLAR);
    assert.deepEqual(weeks.thresholdsOf(DESCRIBED), [7, 7]);
  });

  it('reads a day from a provider', async (t: TestContext) => {
    const row = (hoursAgo: number, carbonIntensity: number | null) => ({
      zone: 'DE',
      carbonIntensity,
      datetime: new Date(START - hoursAgo * HOUR).toISOString(),
      emissionFactorType: 'lifecycle',
      isEstimated: false,
    });
    const history = Array.from({ length: 24 }, (_, i) => row(24 - i, 400 + i));
    const { baseUrl, asked } = await startProvider(t, ({ path }) => {
      if (path.endsWith('/latest')) return { body: row(0, 100) };
      return path.endsWith('/history') ? { body: { zone: 'DE', history } } : { status: 403 };
    });
    const source = createElectricityMaps({ baseUrl, token: secret }, { fetch, clock: () => START });
    const weeks = follow([source]);
    await weeks.read({ name: 'eu-central-1' });
    assert.deepEqual(weeks.thresholdsOf({ metadata: { name: 'eu-central-1' }, spec: {} }), [405, 417]);
    assert.equal(asked.filter(({ path }) => path.endsWith('/history')).length, 1, 'the stand-in shares the answer');
  });
});
