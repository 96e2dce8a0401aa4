import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  type NamedOverlay,
  type OverlayStep,
  stepFor,
  toOverlayObject,
  weigh,
} from '../../src/capacity/keep-overlays.ts';
import { PROVIDERS_PRICE } from '../../src/capacity/price-term.ts';
import { type NodeOverlayFacts, toNodeOverlayFacts } from '../../src/regions/node-overlay.ts';
import { NOW } from '../builders.ts';
import { TYPE_LABEL, ZONE_LABEL } from './overlays-world.ts';

const MINUTE = 60_000;

function wantedFor(parts: Partial<NamedOverlay> = {}, types = ['m5.large'], zones = ['us-east-1a']): NamedOverlay {
  return {
    name: 'gridgate-1',
    content: 'x',
    requirements: [
      { key: TYPE_LABEL, operator: 'In', values: types },
      { key: ZONE_LABEL, operator: 'In', values: zones },
    ],
    term: PROVIDERS_PRICE,
    carbonPrice: 0.000423,
    users: [],
    includesUsers: true,
    leastWeight: 9_000,
    ...parts,
  };
}

/** As it stands in the API server when this was written. */
function there(
  wanted: NamedOverlay,
  written: {
    carbonPrice?: number;
    at?: number;
    weight?: number;
    edit?: Record<string, unknown>;
    annotations?: Record<string, string>;
  } = {},
): NodeOverlayFacts {
  const { carbonPrice = 0.0004217, at = NOW - 31 * MINUTE, weight = 9_000, edit = {}, annotations = {} } = written;
  const object = toOverlayObject(wanted, { weight, carbonPrice, pricedAt: new Date(at).toISOString() });
  const metadata = { ...object.metadata, annotations: { ...object.metadata.annotations, ...annotations } };
  return toNodeOverlayFacts({ metadata, spec: { ...object.spec, ...edit } });
}

function step(wanted: NamedOverlay, facts: NodeOverlayFacts | undefined, weight = 9_000): OverlayStep {
  return stepFor(wanted, facts, { weight, now: NOW });
}

/** `price +0.0004217`, `keep`, `keep until 29`: in minutes from now. */
function told(made: OverlayStep): string {
  if (made.do === 'keep') return made.dueAt === undefined ? 'keep' : `keep until ${(made.dueAt - NOW) / MINUTE}`;
  const { priceAdjustment, weight } = made.object.spec;
  return `${made.why} ${priceAdjustment} ${weight}`;
}

describe('an overlay that is wanted', () => {
  const wanted = wantedFor();
  const dearer = wantedFor({ carbonPrice: 0.0005 });
  const unknown = wantedFor({ carbonPrice: undefined });
  const paused = { 'gridgate.dev/paused': 'true' };
  const rows: readonly [name: string, NamedOverlay, NodeOverlayFacts | undefined, says: string, weight?: number][] = [
    ['is not there', wanted, undefined, 'missing +0.0004217 9000'],
    ['is not there, and no intensity is known', unknown, undefined, 'keep'],
    ['is there', wanted, there(wanted), 'keep'],
    ['is there, and no intensity is known any more', unknown, there(wanted), 'keep'],
    ['has another price of an hour ago', dearer, there(wanted), 'price +0.0004994 9000'],
    ['has another price of a minute ago', dearer, there(wanted, { at: NOW - MINUTE }), 'keep until 29'],
    ['has another price of 30 minutes ago', dearer, there(wanted, { at: NOW - 30 * MINUTE }), 'price +0.0004994 9000'],
    ['has another price of a time to come', dearer, there(wanted, { at: NOW + 60 * MINUTE }), 'price +0.0004994 9000'],
    ['is paused', dearer, there(wanted, { annotations: paused }), 'keep'],
    ['was edited', wanted, there(wanted, { edit: { priceAdjustment: '+9' } }), 'changed +0.0004217 9000'],
    [
      'was edited a minute after its price, which is another now',
      dearer,
      there(wanted, { at: NOW - MINUTE, edit: { priceAdjustment: '+9' } }),
      'changed +0.0004217 9000',
    ],
    [
      'has lost its time',
      wanted,
      there(wanted, { annotations: { 'gridgate.dev/priced-at': 'x' } }),
      'changed +0.0004217 9000',
    ],
    [
      'has lost its price',
      wanted,
      there(wanted, { annotations: { 'gridgate.dev/carbon-price': 'x' } }),
      'changed +0.0004217 9000',
    ],
    ['needs another weight', wanted, there(wanted), 'changed +0.0004217 9001', 9_001],
    ['has other lists', wantedFor({}, ['m5.large', 'm5a.large']), there(wanted), 'changed +0.0004217 9000'],
  ];
  for (const [name, want, facts, says, weight] of rows)
    it(`${name}: ${says}`, () => assert.equal(told(step(want, facts, weight)), says));

  it('is written once, and kept, whatever its price does within 1%', () =>
    fc.assert(
      fc.property(
        fc.double({ min: -6, max: 1, noNaN: true }).map((exponent) => 10 ** exponent),
        fc.array(fc.double({ min: 0.99, max: 1.01, noNaN: true })),
        (exact, wiggles) => {
          const first = step(wantedFor({ carbonPrice: exact }), undefined);
          assert.ok(first.do === 'write');
          const { metadata, spec } = first.object;
          const facts = toNodeOverlayFacts({ metadata, spec });
          for (const wiggle of wiggles)
            assert.deepEqual(
              stepFor(wantedFor({ carbonPrice: exact * wiggle }), facts, {
                weight: 9_000,
                now: NOW + 60 * MINUTE,
              }),
              { do: 'keep' },
            );
        },
      ),
    ));
});

describe('the weight of an overlay', () => {
  const going = (name: string, weight: number, types: readonly string[]) =>
    there(wantedFor({ name }, [...types]), { weight });
  const weightOf = (wanted: NamedOverlay, own: readonly NodeOverlayFacts[]) =>
    weigh([wanted], own, [9_000, 9_999]).get(wanted.name);

  it('is the lightest that it needs', () => {
    assert.equal(weightOf(wantedFor(), []), 9_000);
    assert.equal(weightOf(wantedFor({ leastWeight: 9_501 }), []), 9_501);
  });
  it('stays for as long as it will do', () => {
    assert.equal(weightOf(wantedFor(), [going('gridgate-1', 9_007, ['m5.large'])]), 9_007);
    assert.equal(weightOf(wantedFor({ leastWeight: 9_008 }), [going('gridgate-1', 9_007, ['m5.large'])]), 9_008);
  });
  it('is another than that of one which is to go and prices the same', () => {
    const own = [going('gridgate-0', 9_000, ['m5.large', 'c5.large']), going('gridgate-2', 9_001, ['m5.large'])];
    assert.equal(weightOf(wantedFor(), own), 9_002);
    assert.equal(weightOf(wantedFor({}, ['m5.large'], ['eu-north-1a']), own), 9_000);
    assert.equal(weightOf(wantedFor({}, ['r5.large']), own), 9_000);
  });
});
