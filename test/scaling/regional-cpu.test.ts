import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { aggregateCpu, cpuOf, inventCpu, percentOf } from '../../src/scaling/regional-cpu.ts';
import { type ScaledPod, toScaledPod } from '../../src/scaling/scaled-pod.ts';

function pod(name: string, requests: object | undefined, parts: Partial<ScaledPod> = {}): ScaledPod {
  const made = toScaledPod({
    metadata: { name, namespace: 'shop' },
    spec: { containers: [{ resources: { ...(requests && { requests }) } }] } as never,
  });
  return { ...made, isReady: true, ...parts };
}

const usages = (vcpu: Readonly<Record<string, number>>) =>
  new Map(Object.entries(vcpu).map(([name, value]) => [`shop/${name}`, { vcpu: value, memoryGb: 0, measuredAt: 0 }]));
const CPU = { cpu: '200m' };

describe('the CPU of a target', () => {
  it('is what its Ready pods use of what they request', () => {
    const pods = [
      pod('a', CPU),
      pod('b', CPU),
      pod('new', CPU, { isReady: false }),
      pod('old', CPU, { isEnding: true }),
    ];
    assert.equal(percentOf(cpuOf(pods, usages({ a: 0.1, b: 0.2, new: 9, old: 9 }))), 75);
  });

  for (const [what, pods, used, unknown] of [
    ['none of its pods is Ready', [pod('a', CPU, { isReady: false })], { a: 1 }, 'NoReadyPods'],
    ['it has no pod', [], {}, 'NoReadyPods'],
    ['its pods request no CPU, whatever is assumed elsewhere', [pod('a', { memory: '1Gi' })], { a: 1 }, 'NoRequests'],
    [
      'fewer than half of its pods are measured',
      [pod('a', CPU), pod('b', CPU), pod('c', CPU)],
      { a: 0.001 },
      'NoUsage',
    ],
  ] as const)
    it(`is unknown where ${what}`, () => assert.deepEqual(cpuOf(pods, usages(used)), { unknown }));

  it('leaves out those that are not measured yet, where most are', () => {
    assert.equal(percentOf(cpuOf([pod('a', CPU), pod('b', CPU)], usages({ a: 0.1 }))), 50);
  });

  it('of all targets is all usages by all requests, or the largest; unknown ones do not count', () => {
    const readings = [
      { usedVcpu: 1, requestedVcpu: 1 },
      { usedVcpu: 1, requestedVcpu: 9 },
      { unknown: 'NoUsage' } as const,
      undefined,
    ];
    assert.equal(aggregateCpu(readings, 'average'), 20);
    assert.equal(aggregateCpu(readings, 'maximum'), 100);
    assert.equal(aggregateCpu([{ unknown: 'NoUsage' }], 'average'), undefined);
  });

  it('that is invented goes up and down, and is the same for the same moment', () => {
    const wave = Array.from({ length: 40 }, (_, i) => percentOf(inventCpu('shop/web', i * 30_000)) ?? 0);
    assert.deepEqual(
      wave,
      Array.from({ length: 40 }, (_, i) => percentOf(inventCpu('shop/web', i * 30_000))),
    );
    assert.ok(Math.min(...wave) >= 5 && Math.min(...wave) < 10 && Math.max(...wave) <= 95 && Math.max(...wave) > 90);
    const steps = wave.slice(1).map((value, i) => Math.abs(value - (wave[i] ?? 0)));
    assert.ok(Math.max(...steps) < 10, 'it is smooth');
  });
});
