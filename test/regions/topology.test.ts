import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { buildTopology } from '../../src/regions/topology.ts';

const NODES = [
  { name: 'n1', hostname: 'h1', region: 'eu', zone: 'eu-a' },
  { name: 'n2', hostname: 'h2', region: 'eu', zone: 'eu-a' },
  { name: 'n3', hostname: 'h3', region: 'eu', zone: 'eu-b' },
  { name: 'n4', hostname: 'h1', region: 'us' },
  { name: 'n5' },
];

describe('the topology of nodes', () => {
  const topology = buildTopology(NODES);

  it('finds a node by name', () => assert.deepEqual(topology.byName.get('n3'), NODES[2]));

  it('finds all nodes of a host name', () => {
    assert.deepEqual(
      topology.byHostname.get('h1')?.map(({ name }) => name),
      ['n1', 'n4'],
    );
  });

  it('knows the zones of each region that has a node, in a zone or not', () => {
    assert.deepEqual(
      [...topology.zonesByRegion],
      [
        ['eu', new Set(['eu-a', 'eu-b'])],
        ['us', new Set()],
      ],
    );
  });

  it('has one cell for every pair of region and zone', () => {
    assert.deepEqual(
      topology.cells.map(({ region, zone }) => [region, zone]),
      [
        ['eu', 'eu-a'],
        ['eu', 'eu-b'],
        ['us', undefined],
        [undefined, undefined],
      ],
    );
  });

  it('can be of no nodes', () => assert.deepEqual(buildTopology([]).nodes, []));
});
