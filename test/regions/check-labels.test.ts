import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkLabels } from '../../src/regions/check-labels.ts';
import type { NodeFacts } from '../../src/regions/node-facts.ts';
import { expression, makeNode, makeNodePool } from '../builders.ts';

const LABEL = 'topology.kubernetes.io/region';

function region(name: string, elastic?: boolean) {
  return { metadata: { name }, spec: elastic === undefined ? {} : { elastic } };
}

describe('labels of nodes and Regions', () => {
  const rows: readonly [
    name: string,
    regions: readonly ReturnType<typeof region>[],
    nodes: readonly NodeFacts[],
    expected: readonly string[],
  ][] = [
    ['fit', [region('a')], [makeNode('n', 'a')], []],
    ['fit where a region may scale from no nodes', [region('a', true)], [], []],
    ['fit where a node has no label', [], [makeNode('n')], []],
    [
      'do not fit: a Region without nodes',
      [region('a', false)],
      [],
      [`no node has the label ${LABEL}=a, and Region a is not elastic: no pod can run there`],
    ],
    [
      'do not fit: a label that is no Region',
      [],
      [makeNode('n', 'b')],
      [`no Region is named b, the label ${LABEL} of node n`],
    ],
    [
      'do not fit: a label of many nodes that is no Region',
      [],
      ['n5', 'n4', 'n3', 'n2', 'n1'].map((name) => makeNode(name, 'b')),
      [`no Region is named b, the label ${LABEL} of nodes n1, n2, n3 and 2 more`],
    ],
    [
      'do not fit: two names for one place, in the order of names',
      [region('eu-north-1')],
      [makeNode('n', 'EU-North-1')],
      [
        `no Region is named EU-North-1, the label ${LABEL} of node n`,
        `no node has the label ${LABEL}=eu-north-1, and Region eu-north-1 is not elastic: no pod can run there`,
      ],
    ],
  ];
  for (const [name, regions, nodes, expected] of rows)
    it(name, () => assert.deepEqual(checkLabels(regions, nodes, LABEL), expected));

  it('fit together where a NodePool may create nodes, and the others are told so', () => {
    const pools = [makeNodePool('p', [expression(LABEL, 'In', 'eu-north-1')])];
    assert.deepEqual(checkLabels([region('eu-north-1'), region('us-east-1')], [], LABEL, pools), [
      `no node has the label ${LABEL}=us-east-1, nor may a NodePool create one, and Region us-east-1 is not elastic: no pod can run there`,
    ]);
  });
});
