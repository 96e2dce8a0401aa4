import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { avoidedGrams } from '../../src/controllers/carbon-meter/avoided-grams.ts';
import { createCarbonLedger } from '../../src/controllers/carbon-meter/carbon-ledger.ts';
import { createObservedTime } from '../../src/controllers/carbon-meter/observed-time.ts';
import { createUsageMeter, type UsageMeter } from '../../src/controllers/carbon-meter/usage.ts';
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

describe('what pods use', () => {
  const SHARE = { namespace: 'shop', vcpu: 2, memoryGb: 4 };

  it('is what they requested times the hours that they ran', () => {
    let hours = 10;
    const usage = createUsageMeter(() => hours);
    usage.enter(SHARE, 'eu-north-1');
    hours += 0.5;
    usage.enter({ ...SHARE, vcpu: 1 }, 'eu-north-1'); // 2 vCPU for 1.5 h, 1 for 1 h; 4 GB for 1.5 h, 4 for 1 h
    hours += 1;
    assert.deepEqual(usage.take(), [{ namespace: 'shop', region: 'eu-north-1', vcpuHours: 4, memoryGbHours: 10 }]);
    assert.deepEqual(usage.take(), [], 'taken once');
    usage.leave(SHARE, 'eu-north-1');
    hours += 1;
    assert.deepEqual(usage.take(), [{ namespace: 'shop', region: 'eu-north-1', vcpuHours: 1, memoryGbHours: 4 }]);
  });

  it('of those that left is still there, once, and then their group is forgotten', () => {
    let hours = 0;
    const usage = createUsageMeter(() => hours);
    usage.enter(SHARE, 'a');
    hours = 1;
    usage.leaveAll();
    hours = 5;
    assert.deepEqual(usage.take(), [{ namespace: 'shop', region: 'a', vcpuHours: 2, memoryGbHours: 4 }]);
    hours = 9;
    assert.deepEqual(usage.take(), []);
  });

  /** A pod's life in hours: where it ran from when to when. */
  const life = fc.record({
    namespace: fc.constantFrom('shop', 'bank', '__proto__', 'constructor'),
    region: fc.constantFrom('us-east-1', 'eu-north-1', '__proto__'),
    vcpu: fc.constantFrom(0, 0.1, 0.25, 0.333, 1, 64),
    memoryGb: fc.constantFrom(0, 0.2097152, 1.5, 512),
    from: fc.integer({ min: 0, max: 20 }),
    lasts: fc.integer({ min: 0, max: 20 }),
  });

  type Life = typeof life extends fc.Arbitrary<infer T> ? T : never;

  /** Coming before going, at one time in the order of the numbers given. */
  function eventsOf(pods: readonly (readonly [pod: Life, orders: readonly [number, number]])[]) {
    const events = pods.flatMap(([pod, [enters, leaves]]) => [
      { at: pod.from, order: enters, does: 'enter' as const, pod },
      { at: pod.from + pod.lasts, order: 2 + leaves, does: 'leave' as const, pod },
    ]);
    return events.toSorted((a, b) => a.at - b.at || a.order - b.order);
  }

  it('comes to the same, in whatever order pods come and go at one time, and however often it is taken', () => {
    const order = fc.double({ min: 0, max: 1, noNaN: true });
    const lives = fc.array(fc.tuple(life, fc.tuple(order, order)), { maxLength: 40 });
    const takenAt = fc.uniqueArray(fc.integer({ min: 0, max: 45 }));
    fc.assert(
      fc.property(lives, takenAt, (pods, times) => {
        const used = run(eventsOf(pods), new Set(times));
        for (const [{ namespace, region, vcpu, memoryGb, lasts }] of pods) {
          add(used, `${namespace} ${region} vcpu`, -vcpu * lasts);
          add(used, `${namespace} ${region} memory`, -memoryGb * lasts);
        }
        for (const [key, left] of used) assert.ok(Math.abs(left) < 1e-6, `${key}: ${left} too much`);
      }),
    );
  });

  /** All that was taken, in the hours `takenAt` and at the end. */
  function run(events: ReturnType<typeof eventsOf>, takenAt: ReadonlySet<number>): Map<string, number> {
    let hours = 0;
    const usage = createUsageMeter(() => hours);
    const used = new Map<string, number>();
    for (const { at, does, pod } of events) {
      for (; hours < at; hours++) if (takenAt.has(hours)) takeInto(used, usage);
      usage[does](pod, pod.region);
    }
    takeInto(used, usage);
    return used;
  }

  function takeInto(used: Map<string, number>, usage: UsageMeter): void {
    for (const { namespace, region, vcpuHours, memoryGbHours } of usage.take()) {
      add(used, `${namespace} ${region} vcpu`, vcpuHours);
      add(used, `${namespace} ${region} memory`, memoryGbHours);
    }
  }

  function add(sums: Map<string, number>, key: string, amount: number): void {
    sums.set(key, (sums.get(key) ?? 0) + amount);
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
          const usage = { namespace, region, vcpuHours: vcpu * hours, memoryGbHours: memoryGb * hours };
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
