import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../../src/cluster/kube-object.ts';
import { NAMESPACES, toNamespaceRecord } from '../../src/cluster/namespaces.ts';
import { nodes } from '../../src/cluster/nodes.ts';
import { pendingPods, toPendingPod } from '../../src/cluster/pending-pods.ts';
import { PRIORITY_CLASSES, toPriorityClasses, toPriorityClassFacts } from '../../src/cluster/priority-classes.ts';
import { toNodeFacts } from '../../src/regions/node-facts.ts';

const REGION = 'topology.kubernetes.io/region';

function labelled(labels: Record<string, string>, annotations: Record<string, string> = {}): KubeObject {
  return { metadata: { name: 'x', resourceVersion: '7', labels, annotations } };
}

test('a namespace keeps only annotations of ours and its label', () => {
  const object = labelled(
    { 'gridgate.dev/managed': 'true', team: 'a' },
    { 'gridgate.dev/mode': 'warn', 'other.dev/mode': 'x' },
  );
  assert.deepEqual(toNamespaceRecord(object), {
    name: 'x',
    resourceVersion: '7',
    annotations: { 'gridgate.dev/mode': 'warn' },
    managed: true,
  });
});

const MODE = { 'gridgate.dev/mode': 'enforce' };
const entry = (time: string, key = 'gridgate.dev/mode') => ({
  time,
  fieldsV1: { 'f:metadata': { 'f:annotations': { '.': {}, [`f:${key}`]: {} } } },
});
const writtenCases: readonly [name: string, annotations: object, fields: unknown, at: string | undefined][] = [
  ['by the tool that wrote it', MODE, [entry('2026-11-22T09:00:00Z')], '2026-11-22T09:00:00Z'],
  ['with the namespace', MODE, [entry('2026-11-22T08:00:00Z')], undefined],
  [
    'by the first of two that agree',
    MODE,
    [entry('2026-11-22T10:00:00Z'), entry('2026-11-22T09:00:00Z')],
    '2026-11-22T09:00:00Z',
  ],
  ['by nobody, but another annotation', MODE, [entry('2026-11-22T09:00:00Z', 'team')], undefined],
  ['not any more', {}, [entry('2026-11-22T09:00:00Z')], undefined],
  ['nobody knows when', MODE, [{ fieldsV1: {} }, { ...entry('x'), time: undefined }], undefined],
  ['in a cluster that does not say', MODE, undefined, undefined],
];
for (const [name, annotations, managedFields, at] of writtenCases) {
  test(`when the mode of a namespace was written: ${name}`, () => {
    const metadata = { name: 'x', creationTimestamp: '2026-11-22T08:00:00Z', annotations, managedFields };
    const { modeWrittenAt } = toNamespaceRecord({ metadata } as KubeObject);
    assert.equal(modeWrittenAt, at === undefined ? undefined : Date.parse(at));
  });
}

const managedCases: readonly [string, KubeObject, boolean][] = [
  ['true', labelled({ 'gridgate.dev/managed': 'true' }), true],
  ['another value', labelled({ 'gridgate.dev/managed': 'True' }), false],
  ['no such label', labelled({}), false],
  ['no labels at all', { metadata: { name: 'x' } }, false],
];
for (const [name, object, managed] of managedCases) {
  test(`a namespace is managed only with the label "true": ${name}`, () => {
    assert.equal(toNamespaceRecord(object).managed, managed);
  });
}

test('namespaces that ask for nothing share their empty annotations', () => {
  const [one, other] = [labelled({}), labelled({}, { 'kubectl.kubernetes.io/last-applied-configuration': '{}' })];
  assert.equal(toNamespaceRecord(one).annotations, toNamespaceRecord(other).annotations);
});

const nodeCases: readonly [string, Record<string, string>, string, string | undefined][] = [
  ['the region label', { [REGION]: 'r', zone: 'z' }, REGION, 'r'],
  ['another region label', { region: 'q', [REGION]: 'r' }, 'region', 'q'],
  ['an empty label', { [REGION]: '' }, REGION, undefined],
  ['no labels', {}, REGION, undefined],
];
for (const [name, labels, regionLabel, region] of nodeCases) {
  test(`a node is where its labels say: ${name}`, () => {
    assert.equal(toNodeFacts(labelled(labels), regionLabel).region, region);
  });
}

test('a node keeps its labels, the taints that last, and what it offers', () => {
  const effect = 'NoSchedule';
  const passing = [
    'node.kubernetes.io/not-ready',
    'node.kubernetes.io/unschedulable',
    'node.cloudprovider.kubernetes.io/uninitialized',
    'karpenter.sh/disrupted',
    'cluster-autoscaler.kubernetes.io/scale-down',
    'ToBeDeletedByClusterAutoscaler',
    'DeletionCandidateOfClusterAutoscaler',
    'ebs.csi.aws.com/agent-not-ready',
  ];
  const lasting = [
    { key: 'gpu', value: 'yes', effect },
    { key: 'gridgate.dev/carbon', value: 'high', effect: 'PreferNoSchedule' },
  ];
  const object = {
    metadata: { name: 'x', uid: 'u', labels: { a: 'b' } },
    spec: { taints: [...passing.map((key) => ({ key, effect })), ...lasting] },
    status: { allocatable: { cpu: '3920m', memory: '7Gi', 'nvidia.com/gpu': '2' }, conditions: [{ type: 'Ready' }] },
  };
  assert.deepEqual(nodes(REGION).project(object), {
    name: 'x',
    uid: 'u',
    labels: { a: 'b' },
    taints: lasting,
    allocatable: { cpu: 3.92, memory: 7 * 2 ** 30, 'nvidia.com/gpu': 2 },
  });
});

test('PriorityClasses: names and the global default', () => {
  const plain = toPriorityClassFacts({ metadata: { name: 'plain' } });
  assert.deepEqual(toPriorityClasses([]), { names: new Set() });
  assert.deepEqual(toPriorityClasses([plain]), { names: new Set(['plain']) });

  const high = toPriorityClassFacts({ metadata: { name: 'high' }, value: 100, globalDefault: true } as KubeObject);
  const low = { name: 'low', value: -5, globalDefault: true };
  assert.deepEqual(toPriorityClasses([plain, high, low]), {
    names: new Set(['plain', 'high', 'low']),
    globalDefault: 'low',
  });
});

test('a pending pod keeps what judging its binding reads', () => {
  const required = { nodeSelectorTerms: [{ matchExpressions: [{ key: REGION, operator: 'In', values: ['r'] }] }] };
  const owner = { apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'd', uid: 'u', controller: true };
  const metadata = { name: 'p', namespace: 'n', uid: '1', ownerReferences: [owner] };
  const spec = {
    nodeSelector: { a: 'b' },
    tolerations: [{ key: 'gpu', operator: 'Exists' }],
    topologySpreadConstraints: [{ topologyKey: REGION, whenUnsatisfiable: 'DoNotSchedule' }],
    priorityClassName: 'c',
    priority: 0,
    overhead: { cpu: '1' },
  };
  const resources = { requests: { cpu: '2' } };
  const nodeAffinity = { requiredDuringSchedulingIgnoredDuringExecution: required };
  const ours = { 'gridgate.dev/class': 'critical', 'cloud.google.com/region': 'r', 'kubernetes.io/config.mirror': 'm' };
  const pod = {
    metadata: { ...metadata, labels: { app: 'p' }, annotations: { ...ours, big: 'value' }, managedFields: [{}] },
    spec: {
      ...spec,
      affinity: { nodeAffinity, podAffinity: {} },
      containers: [
        { name: 'c', image: 'c' },
        { name: 'd', resources },
      ],
      initContainers: [{ name: 'e', resources, restartPolicy: 'Always' }],
      volumes: [],
    },
    status: { phase: 'Pending' },
  };
  assert.deepEqual(toPendingPod(pod), {
    metadata: { ...metadata, annotations: ours },
    spec: {
      ...spec,
      containers: [{ resources }],
      initContainers: [{ resources, restartPolicy: 'Always' }],
      affinity: { nodeAffinity },
    },
  });
});

test('a pending pod without any of it stays small', () => {
  const pod = { metadata: { name: 'p', namespace: 'n' }, spec: { containers: [], affinity: { podAffinity: {} } } };
  assert.deepEqual(toPendingPod(pod), { metadata: { name: 'p', namespace: 'n' }, spec: {} });
  assert.equal(pendingPods(() => 0).differs(toPendingPod(pod), toPendingPod(pod)), false);
});

test('only a difference that a reader can see counts', () => {
  const record = toNamespaceRecord(labelled({}, { 'gridgate.dev/mode': 'warn' }));
  assert.equal(NAMESPACES.differs(record, { ...record, resourceVersion: '8' }), false);
  assert.equal(NAMESPACES.differs(record, { ...record, managed: true }), true);
  assert.equal(NAMESPACES.differs(record, { ...record, annotations: { 'gridgate.dev/mode': 'audit' } }), true);
  assert.equal(NAMESPACES.differs(record, { ...record, annotations: {} }), true);

  const facts = { name: 'x', value: 1, globalDefault: false };
  assert.equal(PRIORITY_CLASSES.differs(facts, { ...facts }), false);
  assert.equal(PRIORITY_CLASSES.differs(facts, { ...facts, globalDefault: true }), true);
});

test('a node that only reports stays the same object', () => {
  const { project, differs } = nodes(REGION);
  const before = project(nodeObject({}));
  const rows: readonly [string, KubeObject, boolean][] = [
    ['a heartbeat', nodeObject({ status: { conditions: [{ lastHeartbeatTime: 'now' }] } }), false],
    ['a label', nodeObject({ labels: { tier: 'gold' } }), true],
    ['a taint', nodeObject({ spec: { taints: [{ key: 'gpu', effect: 'NoSchedule' }] } }), true],
    ['another size', nodeObject({ status: { allocatable: { cpu: '8' } } }), true],
  ];
  for (const [name, object, isNew] of rows) {
    const after = project(object, before);
    assert.deepEqual([after !== before, differs(before, after)], [isNew, isNew], name);
  }
});

function nodeObject({ labels, spec, status }: { labels?: object; spec?: object; status?: object }): KubeObject {
  const metadata = { name: 'x', labels: { [REGION]: 'r', ...labels } };
  return { metadata, spec, status: { allocatable: { cpu: '4' }, ...status } } as KubeObject;
}
