import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { SIGNALS } from '../../src/regions/reading.ts';
import { readRememberedHours, writeRememberedHours } from '../../src/regions/remembered-hours.ts';

const MOST = 1_440;
const GAP = 0xffff;
const identity = { zone: 'DE', source: 'electricity-maps', signal: 'average-lifecycle' } as const;
const written = writeRememberedHours({ identity, firstHour: 480_000, tenths: Uint16Array.of(1_205, GAP, 20_000) });

describe('hours that are remembered', () => {
  it('are read as they were written', () => {
    const hours = fc.record(
      {
        identity: fc.record(
          { zone: fc.string(), source: fc.string(), signal: fc.constantFrom(...SIGNALS) },
          { noNullPrototype: true },
        ),
        firstHour: fc.integer({ min: 0, max: 1_000_000 }),
        tenths: fc
          .array(fc.oneof(fc.integer({ min: 0, max: 20_000 }), fc.constant(GAP)), { minLength: 1, maxLength: MOST })
          .map((values) => Uint16Array.from(values)),
      },
      { noNullPrototype: true },
    );
    fc.assert(
      fc.property(hours, (given) => assert.deepEqual(readRememberedHours(writeRememberedHours(given), MOST), given)),
    );
  });

  it('take 2 bytes each, in base64: 60 days in 4 KB', () => {
    const whole = writeRememberedHours({ identity, firstHour: 480_000, tenths: new Uint16Array(MOST) });
    assert.ok(whole.length < 4_100, `${whole.length}`);
  });

  const json = JSON.parse(written);
  const changed = (change: object) => JSON.stringify({ ...json, ...change });
  const rows: readonly [name: string, text: string][] = [
    ['nothing', ''],
    ['no JSON', 'hello'],
    ['JSON of something else', '{"a":1}'],
    ['cut off', written.slice(0, -9)],
    ['cut within', changed({ tenths: json.tenths.slice(0, 4) })],
    ['half a value', changed({ tenths: Buffer.alloc(5).toString('base64') })],
    ['what is no base64', changed({ tenths: '!!!!!!!!' })],
    ['another version', changed({ version: 2 })],
    ['no signal that there is', changed({ signal: 'nice' })],
    ['no time', changed({ from: 'yesterday' })],
    ['a time within an hour', changed({ from: '2026-11-22T09:30:00Z' })],
    ['more than 2,000 g/kWh', changed({ tenths: Buffer.from([0x21, 0x4e, 0, 0, 0, 0]).toString('base64') })],
    ['no hours at all', changed({ hours: 0, tenths: '' })],
  ];
  for (const [name, text] of rows)
    it(`are not there: ${name}`, () => assert.equal(readRememberedHours(text, MOST), undefined));

  it('are not there where they are more than are kept', () => assert.equal(readRememberedHours(written, 2), undefined));

  it('are not there, whatever a byte of them is turned into', () => {
    fc.assert(
      fc.property(fc.nat({ max: written.length - 1 }), fc.string({ maxLength: 3 }), (at, into) => {
        const found = readRememberedHours(written.slice(0, at) + into + written.slice(at + 1), MOST);
        assert.ok(found === undefined || found.tenths.length === 3);
      }),
    );
  });
});
