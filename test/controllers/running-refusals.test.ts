import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createPace } from '../../src/controllers/pace.ts';
import { findRefused } from '../../src/controllers/running-refusals.ts';
import type { PodSpec } from '../../src/decision/pod.ts';
import { decideForKind } from '../../src/decision/running-pod.ts';
import { createMachines } from '../../src/energy/machines.ts';
import { DEFAULT_POWER_MODEL } from '../../src/energy/power-model.ts';
import { DEFAULT_POWER_TABLE } from '../../src/energy/power-table.ts';
import { judgeWorkload } from '../../src/questions/audit/judge-workload.ts';
import { readLiveWorkloads } from '../../src/questions/audit/live-workloads.ts';
import { makePolicy, makeSnapshot, NOW, onNode, REGION_LABEL, requires } from '../builders.ts';
import { clusterOfPods, type OwnerParts, podsOf } from './cluster-of-pods.ts';
import { fakeClock } from './fake-clock.ts';

const SNAPSHOT = makeSnapshot({ clean: 50, middle: 250, dirty: 900 });
const KINDS = ['Deployment', 'StatefulSet', 'Job', 'DaemonSet', 'CloneSet', 'Node', 'Pod'];
const inRegion = (name: string): PodSpec => ({ nodeSelector: { [REGION_LABEL]: name } });
const SPECS: readonly PodSpec[] = [
  {},
  ...['clean', 'middle', 'dirty', 'nowhere'].map(inRegion),
  requires(onNode('node-1')),
  { ...inRegion('dirty'), priorityClassName: 'system-cluster-critical' },
];
const POLICIES = [
  {},
  { 'max-intensity': '100' },
  { regions: 'clean' },
  { regions: 'mars' },
  { 'when-all-dirty': 'deny', 'max-intensity': '10' },
].map((annotations) => makePolicy({ mode: 'enforce', ...annotations }));

const workload: fc.Arbitrary<readonly [name: string, parts: OwnerParts]> = fc.tuple(
  fc.constantFrom('web', 'api', 'night-29384756'),
  fc.record({
    kind: fc.constantFrom(...KINDS),
    pods: fc.integer({ min: 1, max: 3 }),
    spec: fc.constantFrom(...SPECS),
    createdAt: fc.constantFrom('2026-11-22T08:00:00Z', '2026-11-22T08:30:00Z'),
    phase: fc.constantFrom('Running', 'Pending', 'Succeeded'),
  }),
);

test('what the leader tells of running pods is what gridgate audit --live finds', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(workload, { maxLength: 8 }), fc.constantFrom(...POLICIES), async (workloads, policy) => {
      const cluster = clusterOfPods();
      const pods = workloads.flatMap(([name, parts]) => podsOf(name, parts));
      cluster.pods.set('shop', pods);
      const found = await findRefused('shop', {
        api: cluster.deps.api,
        judge: (pod, kind) => decideForKind('shop', kind, { pod, policy, snapshot: SNAPSHOT, now: NOW }),
        pace: createPace({ perSecond: 1, clock: fakeClock() }),
        signal: new AbortController().signal,
      });
      const told = found.refused.map(({ kind, name, pods, reason, message }) => [kind, name, pods, reason, message]);
      const audited = await auditLive(cluster.deps.api, policy);
      assert.equal(found.workloads, audited.length);
      const denied = audited.filter((one) => one.denied);
      assert.deepEqual(
        told.sort(),
        denied.map(({ kind, name, pods, reason, message }) => [kind, name, pods, reason, message]).sort(),
      );
    }),
    { numRuns: 300 },
  );
});

async function auditLive(api: Parameters<typeof readLiveWorkloads>[0]['api'], policy: (typeof POLICIES)[number]) {
  const machines = createMachines(SNAPSHOT.topology, DEFAULT_POWER_TABLE);
  const items = readLiveWorkloads({
    api,
    namespace: 'shop',
    regionOf: () => 'clean',
    machineOf: machines.ofNode,
    volumesOf: () => [],
    progress: { show() {}, end() {} },
  });
  const audited = [];
  for await (const item of items) {
    if (item.type !== 'workload') continue;
    // The API server names the namespace in each pod; a list of one namespace need not.
    const context = {
      snapshot: SNAPSHOT,
      policyOf: () => ({ policy, isDescribed: true }),
      defaultsOf: () => ({}),
      model: DEFAULT_POWER_MODEL,
      machines,
      volumesOf: () => [],
      now: NOW,
    };
    audited.push(judgeWorkload({ ...item.workload, namespace: 'shop' }, context).audited);
  }
  return audited;
}
