import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createMachines } from '../../src/energy/machines.ts';
import { DEFAULT_POWER_TABLE } from '../../src/energy/power-table.ts';
import { buildTopology } from '../../src/regions/topology.ts';
import { makeNode } from '../builders.ts';

const typed = (type: string) => ({ labels: { 'node.kubernetes.io/instance-type': type } });
const TOPOLOGY = buildTopology([
  makeNode('a', 'eu-north-1', typed('m6g.large')),
  makeNode('b', 'us-east-1', typed('m5.large')),
  makeNode('c', 'us-east-1', { labels: { 'beta.kubernetes.io/instance-type': 'm6g.large' } }),
  makeNode('d', 'us-east-1', { allocatable: { cpu: 3.92 } }),
]);
const machines = createMachines(TOPOLOGY, DEFAULT_POWER_TABLE);

/** By hand: 1610.79 kg / 96 and 1333.12 kg / 64, each * 1000 / 35040 h. */
const [RACK, M6G] = [0.478_854_523, 0.594_463_47];

function assertNear(found: number, expected: number): void {
  assert.ok(Math.abs(found - expected) < 1e-8, `${found}, not ${expected}`);
}

describe('the machine of a pod', () => {
  const rows: readonly [what: string, node: string, grams: number, basis: string, how: string][] = [
    ['on a node of a known type', 'a', M6G, 'looked-up', 'embedded table'],
    ['on a node with the older label', 'c', M6G, 'looked-up', 'embedded table'],
    ['on a node that tells only its vCPUs', 'd', RACK, 'estimated', '3.92 vCPU of a rack server'],
    ['on a node that is not in view', 'z', RACK, 'estimated', 'default'],
  ];
  for (const [what, node, grams, basis, how] of rows)
    it(`${what} is ${how}`, () => {
      const found = machines.ofNode(node);
      assertNear(found.gramsPerHour, grams);
      assert.deepEqual([found.basis, found.how], [basis, how]);
    });

  it('without a node is the mean of its regions, by how many pods are expected where, and an estimate', () => {
    const { gramsPerHour, basis } = machines.expectedIn(
      new Map([
        ['eu-north-1', 3],
        ['nowhere', 1],
      ]),
    );
    assertNear(gramsPerHour, (3 * M6G + RACK) / 4);
    assert.equal(basis, 'estimated');
  });

  it('in a region of several nodes counts each vCPU alike', () =>
    assertNear(
      machines.expectedIn(new Map([['us-east-1', 1]])).gramsPerHour,
      (2 * RACK + 2 * M6G + 3.92 * RACK) / (2 + 2 + 3.92),
    ));

  for (const [what, regions] of [
    ['no region at all', new Map()],
    ['no pods', new Map([['eu-north-1', 0]])],
  ] as const)
    it(`of ${what} is a rack server`, () => assertNear(machines.expectedIn(regions).gramsPerHour, RACK));

  it('is a rack server everywhere without a view of the nodes', () => {
    const blind = createMachines(undefined, DEFAULT_POWER_TABLE);
    assertNear(blind.ofNode('a').gramsPerHour, RACK);
    assert.deepEqual(blind.expectedIn(new Map([['eu-north-1', 1]])), { ...blind.ofNode('a'), basis: 'estimated' });
  });
});
