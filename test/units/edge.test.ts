import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createEdge } from '../../src/units/edge.ts';

it('an edge tells what changes, once, and of the first state only what is not usual', () => {
  const told: (string | undefined)[] = [];
  const tell = createEdge<string | undefined>(undefined, (state) => void told.push(state));
  for (const state of [undefined, 'late', 'late', 'gone', undefined, undefined, 'late']) tell(state);
  assert.deepEqual(told, ['late', 'gone', undefined, 'late']);
});
