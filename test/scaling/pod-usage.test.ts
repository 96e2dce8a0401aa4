import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { toPodUsages } from '../../src/scaling/pod-usage.ts';

function usageOf(cpu: unknown, memory: unknown) {
  const containers = [{ usage: { cpu, memory } }];
  const one = { metadata: { name: 'x', namespace: 'shop' }, timestamp: '2026-11-22T09:00:00Z', containers };
  const steps = toPodUsages([one]);
  for (let step = steps.next(); ; step = steps.next()) if (step.done) return step.value.get('shop/x');
}

describe('the usage of a pod', () => {
  it('is in vCPUs and 10^9 bytes', () => {
    const { vcpu, memoryGb } = usageOf('250m', '2G') ?? {};
    assert.deepEqual([vcpu, memoryGb], [0.25, 2]);
  });

  const nonsense: readonly (readonly [unknown, unknown])[] = [
    ['1e999', '1G'],
    ['1', '1e400'],
    [Number.POSITIVE_INFINITY, '1G'],
    ['-1', '1G'],
    ['many', '1G'],
    [undefined, '1G'],
  ];
  for (const [cpu, memory] of nonsense)
    it(`is not known where it is ${cpu} and ${memory}`, () => assert.equal(usageOf(cpu, memory), undefined));
});
