import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { KubeObject } from '../../src/cluster/kube-object.ts';
import { avoidedGrams } from '../../src/controllers/carbon-meter/avoided-grams.ts';
import { createCarbonLedger } from '../../src/controllers/carbon-meter/carbon-ledger.ts';
import type { MeteredPod } from '../../src/controllers/carbon-meter/metered-pod.ts';
import { createMeteredPods } from '../../src/controllers/carbon-meter/metered-pods.ts';
import { createObservedTime } from '../../src/controllers/carbon-meter/observed-time.ts';
import { makeSnapshot } from '../builders.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

function assertClose(actual: number | undefined, expected: number, message?: string): void {
  const isClose = actual !== undefined && Math.abs(actual - expected) <= 1e-9 * Math.max(1, Math.abs(expected));
  assert.ok(isClose, `${message ?? ''} ${actual} is not ${expected}`);
}

describe('the time in view', () => {
  function timeOf(steps: readonly (readonly [takesMs: number, isWatching?: boolean])[]) {
    let now = 5_000;
    let isWatching = true;
    const leaps: number[] = [];
    const hours = createObservedTime({
      now: () => now,
      isWatching: () => isWatching,
      onLeap: (tookMs, countedMs) => leaps.push(tookMs - countedMs),
    });
    hours();
    let last = 0;
    for (const [takesMs, after = true] of steps) {
      now += takesMs;
      isWatching = after;
      last = hours();
    }
    return { hours: last, leaps };
  }

  const rows: Readonly<Record<string, readonly [Parameters<typeof timeOf>[0], minutes: number, leaps: number[]]>> = {
    'adds up': [[[MINUTE], [MINUTE], [30_000]], 2.5, []],
    'five minutes still count whole': [[[5 * MINUTE]], 5, []],
    'a process that slept an hour counts five minutes, and says so once': [[[HOUR], [MINUTE]], 6, [55 * MINUTE]],
    'of each leap': [[[HOUR], [HOUR]], 10, [55 * MINUTE, 55 * MINUTE]],
    'nothing while the watch is silent': [[[MINUTE, false], [MINUTE, false], [MINUTE], [MINUTE]], 2, []],
    'not a word of a leap that would not have counted': [[[MINUTE, false], [HOUR]], 1, []],
  };
  for (const [name, [steps, minutes, leaps]] of Object.entries(rows))
    it(name, () => {
      const observed = timeOf(steps);
      assertClose(observed.hours * 60, minutes);
      assert.deepEqual(observed.leaps, leaps);
    });
});

/** A pod as the API server sends it. */
function podObject(uid: string, { namespace, node, vcpu, memoryGb }: MeteredPod): KubeObject {
  const requests = { cpu: `${vcpu * 1_000}m`, memory: `${memoryGb * 1e9}` };
  const spec = { nodeName: node, containers: [{ resources: { requests } }] };
  return {
    metadata: { name: uid, namespace, uid, annotations: { 'gridgate.dev/decision': '{}' } },
    spec,
  } as KubeObject;
}

/** What metered pods use, by namespace and node, while the hours pass. */
function startMeter() {
  const time = { hours: 10 };
  const used = new Map<string, { vcpu: number; memoryGb: number }>();
  const pods = createMeteredPods(
    () => time.hours,
    ({ namespace, node, vcpu, memoryGb }, hours) => {
      const sum = used.get(`${namespace} ${node}`) ?? { vcpu: 0, memoryGb: 0 };
      used.set(`${namespace} ${node}`, { vcpu: sum.vcpu + vcpu * hours, memoryGb: sum.memoryGb + memoryGb * hours });
    },
  );
  return { time, used, pods };
}

describe('what pods use', () => {
  const POD: MeteredPod = { namespace: 'shop', node: 'n1', vcpu: 2, memoryGb: 4 };

  it('is what they requested times the hours that they ran', () => {
    const { time, used, pods } = startMeter();
    pods.put(podObject('a', POD));
    time.hours += 0.5;
    pods.put(podObject('b', { ...POD, vcpu: 1 })); // 2 vCPU for 1.5 h, 1 for 1 h; 4 GB for 1.5 h, 4 for 1 h
    time.hours += 1;
    pods.settle();
    assert.deepEqual(used.get('shop n1'), { vcpu: 4, memoryGb: 10 });
    pods.settle();
    assert.deepEqual(used.get('shop n1'), { vcpu: 4, memoryGb: 10 }, 'used once');
    pods.remove(podObject('a', POD));
    time.hours += 1;
    pods.settle();
    assert.deepEqual(used.get('shop n1'), { vcpu: 5, memoryGb: 14 });
  });

  it('of those that left is still there, once', () => {
    const { time, used, pods } = startMeter();
    pods.put(podObject('a', POD));
    time.hours += 1;
    pods.beginReplacement().commit();
    time.hours += 4;
    pods.settle();
    assert.deepEqual(used.get('shop n1'), { vcpu: 2, memoryGb: 4 });
  });

  /** A pod's life in hours: where it ran from when to when. */
  const life = fc.record({
    namespace: fc.constantFrom('shop', 'bank', '__proto__', 'constructor'),
    node: fc.constantFrom('n1', 'n2', '__proto__'),
    vcpu: fc.constantFrom(0, 0.1, 0.25, 0.333, 1, 64),
    memoryGb: fc.constantFrom(0, 0.2097152, 1.5, 512),
    from: fc.integer({ min: 0, max: 20 }),
    lasts: fc.integer({ min: 0, max: 20 }),
  });

  type Life = typeof life extends fc.Arbitrary<infer T> ? T : never;

  /** Coming before going, at one time in the order of the numbers given. */
  function eventsOf(pods: readonly (readonly [pod: Life, orders: readonly [number, number]])[]) {
    const events = pods.flatMap(([pod, [enters, leaves]], index) => [
      { at: pod.from, order: enters, does: 'put' as const, uid: `${index}`, pod },
      { at: pod.from + pod.lasts, order: 2 + leaves, does: 'remove' as const, uid: `${index}`, pod },
    ]);
    return events.toSorted((a, b) => a.at - b.at || a.order - b.order);
  }

  it('comes to the same, in whatever order pods come and go at one time, and however often it is settled', () => {
    const order = fc.double({ min: 0, max: 1, noNaN: true });
    const lives = fc.array(fc.tuple(life, fc.tuple(order, order)), { maxLength: 40 });
    const settledAt = fc.uniqueArray(fc.integer({ min: 0, max: 45 }));
    fc.assert(
      fc.property(lives, settledAt, (pods, times) => {
        const used = run(eventsOf(pods), new Set(times));
        for (const [{ namespace, node, vcpu, memoryGb, lasts }] of pods) {
          const sum = used.get(`${namespace} ${node}`) ?? { vcpu: 0, memoryGb: 0 };
          used.set(`${namespace} ${node}`, {
            vcpu: sum.vcpu - vcpu * lasts,
            memoryGb: sum.memoryGb - memoryGb * lasts,
          });
        }
        for (const [key, { vcpu, memoryGb }] of used)
          assert.ok(Math.abs(vcpu) < 1e-6 && Math.abs(memoryGb) < 1e-6, `${key}: ${vcpu}, ${memoryGb} too much`);
      }),
    );
  });

  /** All that was used, settled in the hours `settledAt` and at the end. */
  function run(events: ReturnType<typeof eventsOf>, settledAt: ReadonlySet<number>) {
    const { time, used, pods } = startMeter();
    time.hours = 0;
    for (const { at, does, uid, pod } of events) {
      for (; time.hours < at; time.hours++) if (settledAt.has(time.hours)) pods.settle();
      pods[does](podObject(uid, pod));
    }
    pods.settle();
    return used;
  }

  it('what is avoided less what is added is the integral of the difference, pod by pod', () => {
    const snapshot = makeSnapshot({ 'us-east-1': 380, 'eu-north-1': 30, 'europe-west4': 250 });
    const pod = fc.record({
      namespace: fc.constantFrom('shop', 'bank'),
      region: fc.constantFrom('us-east-1', 'eu-north-1', 'europe-west4'),
      vcpu: fc.constantFrom(0.25, 2),
      memoryGb: fc.constantFrom(1, 16),
      hours: fc.constantFrom(0.5, 3),
    });
    fc.assert(
      fc.property(fc.array(pod), (pods) => {
        const ledger = createCarbonLedger();
        let integral = 0;
        for (const { namespace, region, vcpu, memoryGb, hours } of pods) {
          const usage = { region, vcpuHours: vcpu * hours, memoryGbHours: memoryGb * hours };
          ledger.book(namespace, avoidedGrams(usage, 'europe-west4', snapshot) ?? Number.NaN);
          // By hand: watts, hours, PUE of Google at home and of the provider where it runs.
          const [pue, grams] = { 'us-east-1': [1.135, 380], 'eu-north-1': [1.135, 30], 'europe-west4': [1.1, 250] }[
            region
          ] as [number, number];
          integral += ((vcpu * 2.12 + memoryGb * 0.392) / 1_000) * hours * (1.1 * 250 - pue * grams);
        }
        const told = ledger.read();
        assert.ok(told.every(({ avoidedGrams, addedGrams }) => avoidedGrams >= 0 && addedGrams >= 0));
        assertClose(
          told.reduce((sum, one) => sum + one.avoidedGrams - one.addedGrams, 0),
          integral,
        );
      }),
    );
  });
});
