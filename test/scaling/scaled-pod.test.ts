import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { toScaledPod } from '../../src/scaling/scaled-pod.ts';

describe('a pod with a node', () => {
  const rows = [
    ['has not started while no kubelet has taken it on', { phase: 'Pending' }, true],
    ['has started once one has, whatever its containers do', { phase: 'Pending', startTime: '2026-11-22T09:00:00Z' }],
    ['has started where it runs', { phase: 'Running' }],
    ['has started where nothing is said', undefined],
  ] as const;
  for (const [what, status, isUnstarted] of rows)
    it(what, () => {
      const pod = toScaledPod({ metadata: { name: 'x' }, spec: { nodeName: 'a' }, ...(status && { status }) });
      assert.equal(pod.isUnstarted, isUnstarted);
    });
});
