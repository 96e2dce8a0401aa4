import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { matchMeasurements } from '../../../src/questions/preflight/match-measurements.ts';
import { fleetNode } from './fleet.ts';

const NODES = [
  fleetNode({ name: 'n1', addresses: [{ type: 'InternalIP', address: '10.0.0.1' }] }),
  fleetNode({ name: 'n2', addresses: [{ type: 'InternalIP', address: '10.0.0.2' }] }),
];

function match(...samples: readonly (readonly [names: readonly string[], watts: number])[]) {
  const { watts, ...rest } = matchMeasurements(
    samples.map(([names, watts]) => ({ names, watts })),
    NODES,
  );
  return { watts: Object.fromEntries(watts), ...rest };
}

const CLEAN = { unmatched: 0, implausible: 0 };

describe('measured watts', () => {
  it('belong to the node of that name, or of that address', () => {
    assert.deepEqual(match([['n1'], 100], [['10.0.0.2:9100', '10.0.0.2'], 200]), {
      watts: { n1: 100, n2: 200 },
      ...CLEAN,
    });
  });

  it('of the power supplies of one node add up', () => {
    assert.deepEqual(match([['n1'], 100], [['10.0.0.1'], 20]), { watts: { n1: 120 }, ...CLEAN });
  });

  it('go by the first name that is a node', () => {
    assert.deepEqual(match([['exporter-7', 'n2', 'n1'], 50]), { watts: { n2: 50 }, ...CLEAN });
  });

  it('of other machines are counted', () => {
    assert.deepEqual(match([['db-1'], 50], [[], 50]), { watts: {}, unmatched: 2, implausible: 0 });
  });

  for (const watts of [Number.NaN, 0, -5, Number.POSITIVE_INFINITY, 1e9])
    it(`that are ${watts} are not used`, () => {
      assert.deepEqual(match([['n1'], watts]), { watts: {}, unmatched: 0, implausible: 1 });
    });

  it('under an alias that two nodes share belong to neither, a name before an alias', () => {
    const twins = [
      fleetNode({ name: 'a', addresses: [{ type: 'Hostname', address: 'localhost' }] }),
      fleetNode({ name: 'b', addresses: [{ type: 'Hostname', address: 'localhost' }] }),
      fleetNode({ name: 'c', addresses: [{ type: 'Hostname', address: 'a' }] }),
    ];
    const samples = [
      { names: ['localhost'], watts: 5 },
      { names: ['a'], watts: 7 },
    ];
    const { watts, unmatched } = matchMeasurements(samples, twins);
    assert.deepEqual([[...watts], unmatched], [[['a', 7]], 1]);
  });
});
