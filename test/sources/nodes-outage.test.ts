import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { judgeNodes, type NodeHealth } from '../../src/sources/outage/nodes-outage.ts';

const MINUTE = 60_000;
const NOW = Date.parse('2026-11-22T09:00:00Z');

function node(change: Partial<NodeHealth> = {}): NodeHealth {
  const createdAt = NOW - 60 * MINUTE;
  return { name: 'n', region: 'a', ready: true, everReady: true, createdAt, cordoned: false, ...change };
}

function failed(change: Partial<NodeHealth> = {}): NodeHealth {
  return node({ ready: false, notReadySince: NOW - 2 * MINUTE, ...change });
}

const GOOD = node();
const BAD = failed();

describe('nodes', () => {
  const rows: readonly [name: string, nodes: readonly NodeHealth[], down: boolean | undefined][] = [
    ['none', [], undefined],
    ['two that failed', [BAD, BAD], undefined],
    ['three that are Ready', [GOOD, GOOD, GOOD], false],
    ['three that failed', [BAD, BAD, BAD], true],
    ['one of three that failed', [BAD, GOOD, GOOD], false],
    ['two of four that failed', [BAD, BAD, GOOD, GOOD], true],
    ['two of five that failed', [BAD, BAD, GOOD, GOOD, GOOD], false],
    ['three that failed a moment less than 2 minutes ago', Array(3).fill(late(2 * MINUTE - 1)), false],
    ['three that failed in time to come', Array(3).fill(late(-60 * MINUTE)), false],
    ['three Ready and five cordoned that failed', [GOOD, GOOD, GOOD, ...times(5, { cordoned: true })], false],
    ['two that failed and five cordoned', [BAD, BAD, ...times(5, { cordoned: true })], undefined],
    ['three Ready and a scale-out of fresh ones that are not', [GOOD, GOOD, GOOD, ...fresh(20)], false],
    ['a scale-out alone', fresh(20), undefined],
    ['new ones that never start', [GOOD, GOOD, GOOD, ...times(20, { everReady: false })], false],
    ['three that are just 10 minutes old', times(3, { createdAt: NOW - 10 * MINUTE }), undefined],
    ['three that are older than 10 minutes', times(3, { createdAt: NOW - 10 * MINUTE - 1 }), true],
    ['three that were created in time to come', times(3, { createdAt: NOW + 60 * MINUTE }), undefined],
    ['three of another region', times(3, { region: 'b' }), undefined],
  ];
  for (const [name, nodes, down] of rows)
    it(`${name}: the region is ${down === undefined ? 'unknown' : down ? 'down' : 'up'}`, () => {
      assert.equal(judgeNodes(nodes, NOW).get('a')?.down, down);
    });

  it('without a region are witnesses of none', () => {
    const { region: _, ...homeless } = BAD;
    assert.equal(judgeNodes([homeless, homeless, homeless], NOW).size, 0);
  });

  it('of each region are judged for themselves, and counted in the reason', () => {
    const nodes = [BAD, BAD, GOOD, ...[GOOD, GOOD, GOOD].map((one) => ({ ...one, region: 'b' }))];
    assert.deepEqual(
      [...judgeNodes(nodes, NOW)],
      [
        ['a', { down: true, reason: '2 of 3 nodes are not Ready for 2 minutes or more' }],
        ['b', { down: false }],
      ],
    );
  });

  function late(ms: number): NodeHealth {
    return failed({ notReadySince: NOW - ms });
  }

  function times(count: number, change: Partial<NodeHealth>): readonly NodeHealth[] {
    return Array.from({ length: count }, () => failed(change));
  }

  function fresh(count: number): readonly NodeHealth[] {
    return times(count, { createdAt: NOW - 3 * MINUTE, everReady: false });
  }
});
