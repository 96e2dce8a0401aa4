import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createFile } from '../../src/sources/intensity/file.ts';
import { rejection } from './failure-rows.ts';
import { deps, PATIENT } from './fake-provider.ts';

const NOW = '2026-11-22T09:00:00Z';

function create(text: string | (() => Promise<string>)) {
  const read = typeof text === 'string' ? async () => text : text;
  return createFile({ read, signal: 'average-lifecycle' }, deps(NOW));
}

describe('a file of intensities', () => {
  const values: readonly [name: string, text: string, grams: number, measuredAt: string][] = [
    ['YAML', 'FR: 50\nDE: 338.2\n', 338.2, NOW],
    [
      'YAML with a time',
      'DE: {gramsPerKwh: 338.2, measuredAt: 2026-11-22T08:00:00+01:00}',
      338.2,
      '2026-11-22T07:00:00Z',
    ],
    ['JSON', '{"FR": 50, "DE": 338.2}', 338.2, NOW],
    ['JSON with a time', '{"DE":{"gramsPerKwh":0,"measuredAt":"2026-11-22T08:00:00.5Z"}}', 0, '2026-11-22T08:00:00.5Z'],
    ['JSON with an entry without a time', '{"DE":{"gramsPerKwh":-1}}', -1, NOW],
    ['YAML with nonsense for another zone', 'FR: low\nPL:\nES: {a: 1}\nDE: 338.2', 338.2, NOW],
    ['YAML with aliases', 'FR: &all {gramsPerKwh: 1}\nDE: *all', 1, NOW],
  ];
  for (const [name, text, grams, measuredAt] of values)
    it(`of ${name} answers a value`, async () => {
      assert.deepEqual(await create(text).current('DE', PATIENT), {
        gramsPerKwh: grams,
        signal: 'average-lifecycle',
        measuredAt: Date.parse(measuredAt),
        stepMs: 3_600_000,
        estimated: false,
      });
    });

  it('is read anew for each question', async () => {
    const texts = ['DE: 1', 'DE: 2'];
    const source = create(async () => texts.shift() ?? '');
    const grams = [await source.current('DE', PATIENT), await source.current('DE', PATIENT)].map(
      (one) => one.gramsPerKwh,
    );
    assert.deepEqual(grams, [1, 2]);
  });

  for (const zone of ['NO', 'ON', 'Y', 'constructor', '10'])
    it(`finds the zone ${zone}, which is no word of YAML or JavaScript here`, async () => {
      assert.equal((await create(`DE: 1\n${zone}: 23`).current(zone, PATIENT)).gramsPerKwh, 23);
      assert.equal((await rejection(create('DE: 1').current(zone, PATIENT))).failure, 'not_covered');
    });

  it('has nothing for a zone with nothing', async () => {
    assert.equal((await rejection(create('DE: null\nFR: 1').current('DE', PATIENT))).failure, 'not_covered');
  });

  it('has nothing for __proto__', async () => {
    assert.equal((await rejection(create('DE: 1').current('__proto__', PATIENT))).failure, 'not_covered');
  });

  const refused: readonly [name: string, text: string, says: RegExp][] = [
    ['that is empty', '', /another shape/],
    ['that is a list', '[1, 2]', /another shape/],
    ['that breaks off', '{"DE": 1, "FR"', /neither YAML nor JSON/],
    ['that has a zone twice', 'DE: 1\nDE: 2', /neither YAML nor JSON: Map keys must be unique/],
    ['of two documents', 'DE: 1\n---\nDE: 2', /neither YAML nor JSON/],
    ['with a value in words', 'DE: low', /another shape: DE/],
    ['with a value that is no number', 'DE: .nan', /another shape: DE/],
    ['with a misspelt field', 'DE: {gramsPerKWh: 1}', /another shape: DE/],
    ['with a time of no time zone', 'DE: {gramsPerKwh: 1, measuredAt: 2026-11-22T08:00:00}', /another shape: DE/],
    ['that is nested too deeply', '['.repeat(50_000), /neither YAML nor JSON/],
    ['that explodes', `a: &a [x,x,x,x,x,x,x,x,x]\n${bomb()}`, /neither YAML nor JSON: Excessive alias count/],
  ];
  for (const [name, text, says] of refused)
    it(`${name} is refused as a whole`, async () => {
      const error = await rejection(create(text).current('DE', PATIENT));
      assert.equal(error.failure, 'malformed');
      assert.match(error.message, says);
    });

  function bomb(): string {
    const names = 'abcdefgh';
    return [...names]
      .slice(1)
      .map((name, i) => `${name}: &${name} [${Array(9).fill(`*${names[i]}`).join()}]`)
      .join('\n');
  }

  it('that cannot be read is unavailable', async () => {
    const error = await rejection(
      create(() => Promise.reject(Object.assign(new Error(), { code: 'EACCES' }))).current('DE', PATIENT),
    );
    assert.deepEqual([error.failure, error.message], ['unavailable', 'the file cannot be read: EACCES']);
  });

  it('whatever it holds, gives a value or a SourceError', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.string(), fc.json()), async (text) => {
        const source = create(text);
        await source.current('DE', PATIENT).then(
          ({ gramsPerKwh }) => assert.equal(typeof gramsPerKwh, 'number'),
          (error: Error) => assert.equal(error.name, 'SourceError', String(error)),
        );
      }),
    );
  });

  const zones: readonly [name: string, region: { name: string; gridZone?: string }, zone: string][] = [
    ['what the region says', { name: 'eu-west-2', gridZone: 'FR' }, 'FR'],
    ['what is known of the cloud region', { name: 'eu-west-2' }, 'GB'],
    ['the name of a region without one', { name: 'my-cellar' }, 'my-cellar'],
  ];
  for (const [name, region, zone] of zones)
    it(`takes for a zone ${name}`, () => assert.equal(create('').zoneOf(region), zone));
});
