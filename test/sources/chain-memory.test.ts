import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SourceError } from '../../src/sources/asking/source-error.ts';
import { CELLAR, HOUR, MINUTE, measured, START, scripted, startChain } from './start-chain.ts';

const down = new SourceError('not_covered', 'HTTP 404: the source has nothing for this zone');

describe('the memory of the chain', () => {
  it('asks once for a hundred that ask at once', async () => {
    const answer = Promise.withResolvers<void>();
    const source = scripted('file', {
      current: async () => {
        await answer.promise;
        return measured(7);
      },
      forecast: [
        { from: START, gramsPerKwh: 7 },
        { from: START + HOUR, gramsPerKwh: 8 },
      ],
    });
    const { read } = startChain([source]);
    const reads = Array.from({ length: 100 }, () => read(CELLAR));
    answer.resolve();
    const results = await Promise.all(reads);
    assert.deepEqual(source.asked, ['current my-cellar', 'forecast my-cellar']);
    assert.ok(results.every(({ reading, forecast }) => reading?.gramsPerKwh === 7 && forecast?.points.length === 2));
  });

  it('asks a source that says so each time, once for all that ask at once', async () => {
    const source = { ...scripted('file', { current: measured(7) }), keptMs: 0 };
    const { read } = startChain([source]);
    await Promise.all([read(CELLAR), read(CELLAR)]);
    source.scripts.current = measured(9);
    assert.equal((await read(CELLAR)).reading?.gramsPerKwh, 9);
    assert.equal(source.asked.length, 2);
  });

  it('keeps answers for as long as it is told, but those of a source that says so itself', async () => {
    const own = { ...scripted('file', { current: down }), keptMs: 0 };
    const other = scripted('watttime', { current: measured(7) });
    const { read, advance } = startChain([own, other], { keptMs: 10 * MINUTE });
    await read(CELLAR);
    advance(9 * MINUTE);
    await read(CELLAR);
    assert.deepEqual([own.asked.length, other.asked.length], [2, 1]);
    advance(2 * MINUTE);
    await read(CELLAR);
    assert.equal(other.asked.length, 2);
  });

  it('asks for a forecast every half an hour, sooner where it failed', async () => {
    const source = scripted('watttime', { current: async () => measured(7), forecast: down });
    const { read, advance } = startChain([source]);
    const forecasts = () => source.asked.filter((what) => what.startsWith('forecast')).length;
    await read(CELLAR);
    advance(6 * MINUTE);
    source.scripts.forecast = [{ from: START, gramsPerKwh: 7 }];
    await read(CELLAR);
    assert.equal(forecasts(), 2);
    advance(25 * MINUTE);
    await read(CELLAR);
    assert.equal(forecasts(), 2);
    advance(6 * MINUTE);
    await read(CELLAR);
    assert.equal(forecasts(), 3);
  });

  const answers = [
    ['a value', measured(7)],
    ['a value that is too old', measured(7, { measuredAt: START - 9 * HOUR })],
    ['a failure', down],
    ['a refused value', measured(-1)],
  ] as const;
  for (const [name, current] of answers)
    it(`asks once in 5 minutes where the answer is ${name}`, async () => {
      const source = scripted('file', { current });
      const { read, advance } = startChain([source]);
      for (let minute = 0; minute < 10; minute++) {
        await read(CELLAR);
        await read({ ...CELLAR, name: 'attic' });
        advance(MINUTE);
      }
      assert.equal(source.asked.length, 2);
    });

  it('asks for each zone', async () => {
    const source = scripted('file', { current: async (zone) => measured(zone.length) });
    const { read } = startChain([source]);
    assert.equal((await read({ name: 'a', gridZone: 'xx' })).reading?.gramsPerKwh, 2);
    assert.equal((await read({ name: 'b', gridZone: 'xxx' })).reading?.gramsPerKwh, 3);
  });

  it('forgets the least used of more than 1,000 zones', async () => {
    const source = scripted('file', { current: measured(7) });
    const { read } = startChain([source]);
    for (let zone = 0; zone <= 1000; zone++) await read({ name: 'r', gridZone: `x${zone}` });
    await read({ name: 'r', gridZone: 'x1000' });
    assert.equal(source.asked.length, 1001);
    await read({ name: 'r', gridZone: 'x0' });
    assert.equal(source.asked.length, 1002);
  });
});

describe('a source that fails after a good reading', () => {
  it('is believed while that can be used, then the next is, and the source again when it is back', async () => {
    const first = scripted('electricity-maps', { current: measured(7) });
    const second = scripted('file', { current: down });
    const { read, advance } = startChain([first, second]);
    const seen: unknown[] = [];
    const note = async () => {
      const { reading, attempts } = await read(CELLAR);
      seen.push([reading?.gramsPerKwh, reading?.freshness, attempts.map(({ outcome }) => outcome).join()]);
    };

    await note();
    first.scripts.current = down;
    for (const hours of [2, 4]) {
      advance(hours * HOUR);
      await note();
    }
    advance(1);
    await note();
    advance(HOUR);
    second.scripts.current = measured(8, { measuredAt: START + 7 * HOUR });
    await note();
    advance(HOUR);
    first.scripts.current = measured(9, { measuredAt: START + 8 * HOUR });
    await note();

    assert.deepEqual(seen, [
      [7, 'fresh', 'ok'],
      [7, 'fresh', 'not_covered'],
      [7, 'stale', 'not_covered,not_covered'],
      [undefined, undefined, 'not_covered,not_covered'],
      [8, 'fresh', 'not_covered,ok'],
      [9, 'fresh', 'ok'],
    ]);
  });

  it('says that the last good value is used', async () => {
    const source = scripted('file', { current: measured(7) });
    const { read, advance } = startChain([source]);
    await read(CELLAR);
    source.scripts.current = measured(5000);
    advance(HOUR);
    const { reading, attempts } = await read(CELLAR);
    assert.equal(reading?.gramsPerKwh, 7);
    assert.match(attempts[0]?.message ?? '', /5000 gCO2e\/kWh is above 2000; its last good value is used/);
  });

  it('does not lose a value that can be used to one that is too old', async () => {
    const source = scripted('file', { current: measured(7) });
    const { read, advance } = startChain([source]);
    await read(CELLAR);
    source.scripts.current = measured(8, { measuredAt: START - 20 * HOUR });
    advance(10 * MINUTE);
    const { reading, attempts } = await read(CELLAR);
    assert.equal(reading?.gramsPerKwh, 7);
    assert.deepEqual(attempts, [
      { source: 'file', outcome: 'too_old', message: 'its last value is of 20 h ago; its last good value is used' },
    ]);
  });

  it('is not believed when its value gets too old between two questions', async () => {
    const source = scripted('file', { current: measured(7, { measuredAt: START - 6 * HOUR }) });
    const { read, advance } = startChain([source]);
    assert.equal((await read(CELLAR)).reading?.freshness, 'stale');
    advance(MINUTE);
    const { reading, attempts } = await read(CELLAR);
    assert.equal(reading, undefined);
    assert.equal(attempts[0]?.outcome, 'too_old');
    assert.equal(source.asked.length, 1);
  });

  it('keeps its last forecast, without what is over', async () => {
    const points = [0, 1, 2].map((hours) => ({ from: START + hours * HOUR, gramsPerKwh: hours }));
    const source = scripted('file', { current: measured(7), forecast: points });
    const { read, advance } = startChain([source]);
    await read(CELLAR);
    source.scripts.forecast = down;
    advance(HOUR);
    assert.deepEqual((await read(CELLAR)).forecast?.points, points.slice(1));
  });
});

describe('a clock that is set back by an hour', () => {
  it('keeps what is known, marked, asks again once, and says which answers it refuses and why', async () => {
    const source = scripted('file', { current: measured(7) });
    const { read, advance } = startChain([source]);
    await read(CELLAR);
    advance(-HOUR);
    const { reading, attempts } = await read(CELLAR);
    assert.deepEqual([reading?.gramsPerKwh, reading?.freshness], [7, 'stale']);
    assert.equal(attempts[0]?.outcome, 'implausible');
    assert.match(attempts[0]?.message ?? '', /60 min from now: its clock or this one is wrong; its last good value/);
    await read(CELLAR);
    assert.equal(source.asked.length, 2);

    advance(HOUR);
    assert.equal((await read(CELLAR)).reading?.freshness, 'fresh');
  });

  it('does not prolong a rest', async () => {
    const source = scripted('file', { current: new SourceError('rate_limited', 'HTTP 429') });
    const { read, advance } = startChain([source]);
    await read(CELLAR);
    advance(-HOUR);
    await read({ name: 'other', gridZone: 'other' });
    assert.deepEqual(source.asked, ['current my-cellar', 'current other']);
  });
});
