import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Requester } from '../../src/decision/exempt.ts';
import type { PodSpec } from '../../src/decision/pod.ts';
import {
  decideNow,
  expression,
  makePod,
  makeRegion,
  makeSnapshot,
  onNode,
  REGION_LABEL,
  region,
  requires,
  term,
} from '../builders.ts';

/** Every region is refused, so that whoever is judged is denied. */
const snapshot = makeSnapshot([makeRegion('eu-a', 100, { outage: 'fire' }), makeRegion('us-a', 100)]);
const policy = { regions: 'eu-*' };
/** Without a word of regions in the policy. */
const down = makeSnapshot([makeRegion('eu-a', 100, { outage: 'fire' }), makeRegion('us-a', 100, { outage: 'fire' })]);

const MIRROR = { 'kubernetes.io/config.mirror': '3a1f' };
const KUBELET: Requester = { username: 'system:node:n1', groups: ['system:nodes', 'system:authenticated'] };
const DAEMONSET = { apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'logs', controller: true };
const owned = (...ownerReferences: object[]) => ({ metadata: { ownerReferences } });

describe('a pod that is left alone', () => {
  const rows: readonly [name: string, pod: Parameters<typeof makePod>[0], reason: string, requester?: Requester][] = [
    ['a mirror pod of a kubelet', { annotations: MIRROR, nodeName: 'n1' }, 'mirror_pod', KUBELET],
    [
      'a DaemonSet pod, before the API server names it',
      { ...owned(DAEMONSET), ...requires(onNode('n1')) },
      'daemonset_pod',
    ],
    [
      'a DaemonSet pod of another account',
      { ...owned(DAEMONSET), ...requires(onNode('n1')) },
      'daemonset_pod',
      { username: 'root' },
    ],
    [
      'a DaemonSet pod whose template selects nodes',
      { ...owned(DAEMONSET), ...requires(onNode('n1')), nodeSelector: { [REGION_LABEL]: 'us-a' } },
      'daemonset_pod',
    ],
    [
      'a DaemonSet pod with another owner',
      { ...owned({ kind: 'X', name: 'x' }, DAEMONSET), ...requires(onNode('n1')) },
      'daemonset_pod',
    ],
  ];
  for (const [name, pod, reason, requester] of rows) {
    it(`${name}: ${reason}`, () => {
      const decision = decideNow(makePod(pod), {}, down, requester && { requester });
      assert.deepEqual(decision, { decision: 'allow', reason, warnings: [], patch: [], message: '', causes: [] });
    });
  }

  it('any pod of a namespace in mode off: mode_off', () => {
    const decision = decideNow(makePod(), { ...policy, mode: 'off' }, snapshot);
    assert.equal(decision.reason, 'mode_off');
    assert.deepEqual(decision.patch, []);
  });
});

describe('a forged exemption is judged like anyone', () => {
  const rows: readonly [name: string, pod: Parameters<typeof makePod>[0], requester?: Requester][] = [
    [
      'the mirror annotation of somebody else',
      { annotations: MIRROR },
      { username: 'eve', groups: ['system:authenticated'] },
    ],
    ['the mirror annotation of nobody known', { annotations: MIRROR }],
    ['a user named like a node', { annotations: MIRROR }, { username: 'system:node:n1', groups: [] }],
    ['a kubelet without the annotation', {}, KUBELET],
    ['a DaemonSet owner without a pin', owned(DAEMONSET)],
    [
      'a DaemonSet owner that does not control',
      { ...owned({ ...DAEMONSET, controller: false }), ...requires(onNode('n1')) },
    ],
    [
      'a DaemonSet of another group',
      { ...owned({ ...DAEMONSET, apiVersion: 'evil.io/v1' }), ...requires(onNode('n1')) },
    ],
    ['another kind', { ...owned({ ...DAEMONSET, kind: 'ReplicaSet' }), ...requires(onNode('n1')) }],
    ['a pin without an owner', requires(onNode('n1'))],
    ['a pin by hostname', { ...owned(DAEMONSET), ...requires(term(expression('kubernetes.io/hostname', 'In', 'n1'))) }],
    ['a term for each of two nodes', { ...owned(DAEMONSET), ...requires(onNode('n1'), onNode('n2')) }],
    ['a pin to two nodes', { ...owned(DAEMONSET), ...requires(onNode('n1', 'n2')) }],
    [
      'a pin beside a free term',
      { ...owned(DAEMONSET), ...requires(onNode('n1'), term(expression('a', 'DoesNotExist'))) },
    ],
    ['a pin beside an empty term', { ...owned(DAEMONSET), ...requires(onNode('n1'), {}) }],
    ['no terms at all', { ...owned(DAEMONSET), ...requires() }],
    [
      'an inverted pin',
      {
        ...owned(DAEMONSET),
        ...requires({ matchFields: [{ key: 'metadata.name', operator: 'NotIn', values: ['n1'] }] }),
      },
    ],
    [
      'a preferred pin',
      {
        ...owned(DAEMONSET),
        affinity: {
          nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, preference: onNode('n1') }] },
        },
      },
    ],
  ];
  for (const [name, pod, requester] of rows) {
    it(name, () => {
      const decision = decideNow(makePod(pod), policy, snapshot, requester && { requester });
      assert.ok(decision.steps, `left alone: ${decision.reason}`);
    });
  }
});

describe('a system PriorityClass', () => {
  const dirty = makeSnapshot({ 'eu-a': 900, 'us-a': 100 });
  const system: PodSpec = { priorityClassName: 'system-cluster-critical', priority: 2_000_000_000 };
  const rows: readonly [name: string, spec: PodSpec, reason: string][] = [
    ['system-cluster-critical', system, 'acceptable'],
    ['system-node-critical', { priorityClassName: 'system-node-critical', priority: 2_000_001_000 }, 'acceptable'],
    ['before the priority is computed', { priorityClassName: 'system-node-critical' }, 'acceptable'],
    ['with the priority of another class', { priorityClassName: 'system-node-critical', priority: 100 }, 'high_carbon'],
    [
      'a class of that prefix which Kubernetes does not have',
      { priorityClassName: 'system-mine', priority: 9 },
      'high_carbon',
    ],
    ['the priority alone', { priority: 2_000_000_000 }, 'high_carbon'],
  ];
  for (const [name, spec, reason] of rows) {
    it(`and carbon: ${name}: ${reason}`, () => {
      const pod = makePod({ ...spec, nodeSelector: { [REGION_LABEL]: 'eu-a' } });
      assert.equal(decideNow(pod, {}, dirty).reason, reason);
    });
  }

  it('adds no preference for clean electricity and no class of ours', () => {
    const pod = makePod({ ...system, annotations: { class: 'flexible' } });
    const { steering } = decideNow(pod, {}, makeSnapshot({ 'eu-a': 100, 'us-a': 200 })).steps ?? {};
    assert.deepEqual([steering?.preferred, steering?.priorityClass], [[], undefined]);
  });

  it('does not exempt from sovereignty or outage', () => {
    assert.equal(decideNow(makePod(system), policy, snapshot).decision, 'deny');
    const pinned = makePod({ ...system, ...requires(term(region('In', 'us-a'))) });
    assert.equal(decideNow(pinned, policy, snapshot).reason, 'not_allowed');
    const inOutage = makePod({ ...system, nodeSelector: { [REGION_LABEL]: 'eu-a' } });
    assert.equal(decideNow(inOutage, policy, snapshot).reason, 'outage');
  });
});
