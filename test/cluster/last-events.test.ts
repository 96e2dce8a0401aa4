import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { joinLastEvents, type LastEvents } from '../../src/cluster/last-events.ts';

describe('the last events of several watches', () => {
  const cases: readonly [name: string, parts: readonly (LastEvents | undefined)[], joined: LastEvents][] = [
    ['none', [], {}],
    ['one that has heard nothing', [{}, undefined], {}],
    ['of different resources', [{ secrets: 5 }, { nodes: 7 }], { secrets: 5, nodes: 7 }],
    ['of one resource, the silent first', [{ nodes: 3 }, { nodes: 9 }], { nodes: 3 }],
    ['of one resource, the silent last', [{ nodes: 9 }, { nodes: 3 }], { nodes: 3 }],
    ['at the epoch', [{ nodes: 9 }, { nodes: 0 }], { nodes: 0 }],
  ];
  for (const [name, parts, joined] of cases)
    test(name, () => {
      assert.deepEqual(joinLastEvents(parts), joined);
    });
});
