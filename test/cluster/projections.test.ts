import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../../src/cluster/kube-object.ts';
import { NAMESPACES, toNamespaceRecord } from '../../src/cluster/namespaces.ts';
import { nodes, toNodeFacts } from '../../src/cluster/nodes.ts';
import { pendingPods, toPendingPod } from '../../src/cluster/pending-pods.ts';
import { PRIORITY_CLASSES, toPriorityClasses, toPriorityClassFacts } from '../../src/cluster/priority-classes.ts';

const REGION = 'topology.kubernetes.io/region';
const ZONE = 'topology.kubernetes.io/zone';
const OLD_ZONE = 'failure-domain.beta.kubernetes.io/zone';
const HOSTNAME = 'kubernetes.io/hostname';

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

const nodeCases: readonly [string, Record<string, string>, string, object][] = [
  ['all labels', { [REGION]: 'r', [ZONE]: 'z', [HOSTNAME]: 'h' }, REGION, { region: 'r', zone: 'z', hostname: 'h' }],
  ['another region label', { region: 'q', [REGION]: 'r' }, 'region', { region: 'q' }],
  ['the old zone label', { [OLD_ZONE]: 'z' }, REGION, { zone: 'z' }],
  ['both zone labels', { [OLD_ZONE]: 'old', [ZONE]: 'new' }, REGION, { zone: 'new' }],
  ['empty labels', { [REGION]: '', [ZONE]: '', [HOSTNAME]: '' }, REGION, {}],
  ['no labels', {}, REGION, {}],
  ['our own label', { 'gridgate.dev/carbon': 'high' }, REGION, { carbonBand: 'high' }],
  ['our own label, emptied', { 'gridgate.dev/carbon': '' }, REGION, { carbonBand: '' }],
];
for (const [name, labels, regionLabel, facts] of nodeCases) {
  test(`a node is where its labels say: ${name}`, () => {
    assert.deepEqual(toNodeFacts(labelled(labels), regionLabel), { name: 'x', ...facts });
  });
}

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

  const node = { name: 'x', region: 'r' };
  assert.equal(nodes(REGION).differs(node, { ...node }), false);
  assert.equal(nodes(REGION).differs(node, { ...node, zone: 'z' }), true);
  assert.equal(nodes(REGION).differs(node, { ...node, carbonBand: 'low', uid: '2' }), false);

  const facts = { name: 'x', value: 1, globalDefault: false };
  assert.equal(PRIORITY_CLASSES.differs(facts, { ...facts }), false);
  assert.equal(PRIORITY_CLASSES.differs(facts, { ...facts, globalDefault: true }), true);
});
