import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { KubeObject } from '../../src/cluster/kube-object.ts';
import { avoidedGrams } from '../../src/controllers/carbon-meter/avoided-grams.ts';
import { createCarbonLedger } from '../../src/controllers/carbon-meter/carbon-ledger.ts';
import { type MeteredPod, toMeteredPod } from '../../src/controllers/carbon-meter/metered-pod.ts';
import { createMeteredPods } from '../../src/controllers/carbon-meter/metered-pods.ts';
import { makeRegion, makeSnapshot } from '../builders.ts';

const MINUTE = 60_000;

function assertClose(actual: number | undefined, expected: number, message?: string): void {
  const isClose = actual !== undefined && Math.abs(actual - expected) <= 1e-9 * Math.max(1, Math.abs(expected));
  assert.ok(isClose, `${message ?? ''} ${actual} is not ${expected}`);
}

describe('the grams avoided', () => {
  // 1 vCPU and 4 GB: 1 * (0.74 + 50% * 2.76) + 4 * 0.392 = 2.12 + 1.568 = 3.688 W, in an hour 0.003688 kWh.
  const ONE_HOUR = { vcpuHours: 1, memoryGbHours: 4 };
  const snapshot = makeSnapshot([
    makeRegion('us-east-1', 400), // AWS: PUE 1.135
    makeRegion('eu-north-1', 50),
    makeRegion('europe-north1', 50), // Google: PUE 1.1
    makeRegion('marginal', 50, { reading: { signal: 'marginal' } }),
    makeRegion('unknown', undefined),
    makeRegion('yearly', 100, { reading: { freshness: 'embedded', source: 'embedded' } }),
  ]);
  const rows: Readonly<Record<string, readonly [home: string, actual: string, grams: number | undefined]>> = {
    'dirty home, clean region: 0.003688 * 1.135 * (400 - 50)': ['us-east-1', 'eu-north-1', 1.465058],
    'clean home, dirty region: the same, added': ['eu-north-1', 'us-east-1', -1.465058],
    'each with the PUE of its provider: 0.003688 * (1.135 * 50 - 1.1 * 50)': ['eu-north-1', 'europe-north1', 0.006454],
    'at home: nothing': ['us-east-1', 'us-east-1', 0],
    'a yearly average is better than none': ['us-east-1', 'yearly', 1.255764],
    'no reading where it runs': ['us-east-1', 'unknown', undefined],
    'no reading at home': ['unknown', 'eu-north-1', undefined],
    'another signal where it runs': ['us-east-1', 'marginal', undefined],
    'another signal at home': ['marginal', 'us-east-1', undefined],
    'a home that is no region': ['nowhere', 'eu-north-1', undefined],
    'a region that is gone': ['us-east-1', '__proto__', undefined],
  };
  for (const [name, [home, region, grams]] of Object.entries(rows))
    it(name, () => {
      const actual = avoidedGrams({ ...ONE_HOUR, region }, home, snapshot);
      if (grams === undefined || grams === 0) assert.equal(actual, grams);
      else assertClose(actual, grams);
    });
});

/** A pod as the API server sends it; anything can be overridden with anything. */
function podObject(parts: Readonly<Record<string, unknown>> = {}, metadata: object = {}): KubeObject {
  const { status = { phase: 'Running' }, ...spec } = parts;
  const containers = [{ name: 'main', resources: { requests: { cpu: '250m', memory: '1G' } } }];
  return {
    metadata: {
      name: 'web-1',
      namespace: 'shop',
      uid: 'u1',
      annotations: { 'gridgate.dev/decision': '{"reason":"steered"}' },
      ...metadata,
    },
    spec: { nodeName: 'n1', containers, ...spec },
    status,
  } as KubeObject;
}

const requesting = (cpu: unknown, memory: unknown = '1G') => ({
  containers: [{ resources: { requests: { cpu, memory } } }],
});

describe('the pods that count', () => {
  const METERED: MeteredPod = { namespace: 'shop', node: 'n1', vcpu: 0.25, memoryGb: 1 };
  const counted: Readonly<Record<string, readonly [KubeObject, MeteredPod]>> = {
    'one that runs': [podObject(), METERED],
    'one whose images are pulled: its node keeps room for it': [podObject({ status: { phase: 'Pending' } }), METERED],
    'one without a status yet': [podObject({ status: null }), METERED],
    'one that is being ended': [podObject({}, { deletionTimestamp: '2026-11-22T09:00:00Z' }), METERED],
    'one whose record nobody can read: that it is there says enough': [
      podObject({}, { annotations: { 'gridgate.dev/decision': '\u0000{' } }),
      METERED,
    ],
    'no requests: what the scheduler assumes': [
      podObject({ containers: [{}] }),
      { ...METERED, vcpu: 0.1, memoryGb: 0.2097152 },
    ],
    'as much as any machine has': [podObject(requesting('1920', '32T')), { ...METERED, vcpu: 1_920, memoryGb: 32_000 }],
  };
  for (const [name, [object, expected]] of Object.entries(counted))
    it(`counted: ${name}`, () => assert.deepEqual(toMeteredPod(object), expected));

  const others: Readonly<Record<string, KubeObject>> = {
    'no record of ours': podObject({}, { annotations: { other: 'x' } }),
    'no annotations': podObject({}, { annotations: undefined }),
    'null annotations': podObject({}, { annotations: null }),
    'an inherited annotation': podObject({}, { annotations: { __proto__: { 'gridgate.dev/decision': 'x' } } }),
    'no node': podObject({ nodeName: undefined }),
    'an empty node': podObject({ nodeName: '' }),
    'a node that is no name': podObject({ nodeName: { toString: 'x' } }),
    'it succeeded': podObject({ status: { phase: 'Succeeded' } }),
    'it failed': podObject({ status: { phase: 'Failed' } }),
    'no namespace': podObject({}, { namespace: undefined }),
    'more vCPUs than there are': podObject(requesting('9223372036854775807')),
    'more memory than there is': podObject(requesting('1', '9E')),
    'without end': podObject(requesting('1e999')),
  };
  for (const [name, object] of Object.entries(others))
    it(`not counted: ${name}`, () => assert.equal(toMeteredPod(object), undefined));

  it('never throws, and never counts what is no number', () => {
    const requests = fc.oneof(fc.anything(), fc.record({ cpu: fc.anything(), memory: fc.anything() }));
    const container = fc.oneof(fc.anything(), fc.record({ resources: fc.record({ requests }) }));
    const spec = {
      containers: fc.oneof(fc.anything(), fc.array(container)),
      overhead: fc.anything(),
      resources: fc.anything(),
    };
    fc.assert(
      fc.property(fc.record(spec), fc.anything(), (parts, status) => {
        const pod = toMeteredPod(podObject({ ...parts, status }));
        for (const amount of pod ? [pod.vcpu, pod.memoryGb] : []) assert.ok(amount >= 0 && Number.isFinite(amount));
      }),
    );
  });
});

function view(nodes: Record<string, string | undefined>) {
  let hours = 0;
  let used: Record<string, number> = {};
  const pods = createMeteredPods(
    () => hours,
    ({ namespace, node, vcpu }, ran) => {
      const key = `${namespace} ${nodes[node]}`;
      if (ran > 0 && nodes[node]) used[key] = (used[key] ?? 0) + vcpu * ran;
    },
  );
  return {
    pods,
    /** vCPU hours of the next hour, by namespace and region. */
    nextHour() {
      pods.settle();
      used = {};
      hours += 1;
      pods.settle();
      return used;
    },
  };
}

describe('the pods in view', () => {
  it('come, change, move and go', () => {
    const { pods, nextHour } = view({ n1: 'a', n2: 'b' });
    pods.put(podObject());
    pods.put(podObject({}, { name: 'web-2', uid: 'u2' }));
    assert.deepEqual(nextHour(), { 'shop a': 0.5 });
    pods.put(podObject()); // a status that the kubelet wrote
    assert.deepEqual(nextHour(), { 'shop a': 0.5 });
    pods.put(podObject(requesting('1'))); // resized in place
    assert.deepEqual(nextHour(), { 'shop a': 1.25 });
    pods.put(podObject({ nodeName: 'n2' }, { uid: 'u3' })); // of the same name, before anybody tells that the first is gone
    pods.remove(podObject());
    assert.deepEqual(nextHour(), { 'shop a': 0.25, 'shop b': 0.25 });
    pods.put(podObject({ status: { phase: 'Failed' } }, { uid: 'u3' }));
    assert.deepEqual(nextHour(), { 'shop a': 0.25 });
    pods.remove(podObject({}, { uid: 'u2' }));
    pods.remove(podObject({}, { uid: 'never seen' }));
    assert.deepEqual(nextHour(), {});
  });

  it('are counted anew by a list', () => {
    const { pods, nextHour } = view({ n1: 'a', n2: 'b' });
    pods.put(podObject());
    pods.put(podObject({}, { uid: 'u2' }));
    const list = pods.beginReplacement();
    list.add(podObject());
    list.add(podObject({ nodeName: 'n2' }, { uid: 'u3' }));
    list.add(podObject({}, { uid: 'u4', annotations: {} }));
    assert.deepEqual(nextHour(), { 'shop a': 0.5 }, 'not before the list is whole');
    list.commit();
    assert.deepEqual(nextHour(), { 'shop a': 0.25, 'shop b': 0.25 });
    pods.remove(podObject());
    assert.deepEqual(nextHour(), { 'shop b': 0.25 });
  });

  it('are where their node is: of one not known yet they wait, one that moves takes them along', () => {
    const nodes: Record<string, string | undefined> = { n1: undefined };
    const { pods, nextHour } = view(nodes);
    pods.put(podObject());
    assert.deepEqual(nextHour(), {});
    nodes['n1'] = 'a';
    assert.deepEqual(nextHour(), { 'shop a': 0.25 });
    pods.put(podObject({}, { uid: 'u2' }));
    nodes['n1'] = 'b';
    assert.deepEqual(nextHour(), { 'shop b': 0.5 });
    nodes['n1'] = undefined;
    assert.deepEqual(nextHour(), {});
    pods.remove(podObject());
    nodes['n1'] = 'a';
    assert.deepEqual(nextHour(), { 'shop a': 0.25 });
  });
});

describe('the ledger', () => {
  it('shows a namespace from the start, and keeps better and worse apart', () => {
    const ledger = createCarbonLedger();
    ledger.open('shop');
    assert.deepEqual(ledger.read(), [{ namespace: 'shop', avoidedGrams: 0, addedGrams: 0 }]);
    for (const grams of [5, -2, 0, 3]) ledger.book('shop', grams);
    ledger.open('shop');
    assert.deepEqual(ledger.read(), [{ namespace: 'shop', avoidedGrams: 8, addedGrams: 2 }]);
  });

  it('shows a namespace that is gone for a quarter of an hour; one that is back goes on', () => {
    const ledger = createCarbonLedger();
    const names = () => ledger.read().map(({ namespace }) => namespace);
    ledger.book('gone', 1);
    ledger.book('back', 1);
    ledger.closeOld(new Set(), 0);
    ledger.closeOld(new Set(['back']), 10 * MINUTE);
    ledger.closeOld(new Set(), 14 * MINUTE);
    assert.deepEqual(names(), ['gone', 'back']);
    ledger.closeOld(new Set(), 15 * MINUTE);
    assert.deepEqual(names(), ['back']);
    ledger.closeOld(new Set(), 29 * MINUTE);
    assert.deepEqual(names(), []);
  });
});
