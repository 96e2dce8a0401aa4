import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NODE_POOLS } from '../../src/cluster/node-pools.ts';

const pool = (cpu: string, weight = 1) => ({
  metadata: { name: 'p', resourceVersion: cpu },
  spec: { weight, limits: { cpu: '10' }, template: { spec: { requirements: [] } } },
  status: { resources: { cpu } },
});

describe('a NodePool that is watched', () => {
  it('stays the same object while Karpenter counts its nodes, and is another once it is full', () => {
    const first = NODE_POOLS.project(pool('2'));
    const second = NODE_POOLS.project(pool('6', 7), first);
    assert.equal(second, first);
    assert.equal(NODE_POOLS.differs(first, second), false);
    const full = NODE_POOLS.project(pool('10'), second);
    assert.equal(NODE_POOLS.differs(second, full), true);
    assert.deepEqual([second.isFull, full.isFull], [false, true]);
  });
});
