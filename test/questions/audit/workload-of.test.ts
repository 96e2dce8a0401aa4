import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ownerOf } from '../../../src/decision/owner.ts';
import type { OwnerReference, Pod } from '../../../src/decision/pod.ts';
import { podToJudge, resourcesOf } from '../../../src/questions/audit/workload-of.ts';
import { decideNow, makeNode, makePod, makeSnapshot, region, requires, term } from '../../builders.ts';

function ownedBy(owner: OwnerReference, labels: Record<string, string> = {}): Pod {
  return makePod({ metadata: { name: 'web-abc-xyz', labels, ownerReferences: [{ controller: true, ...owner }] } });
}

describe('ownerOf', () => {
  const CASES: Record<string, { pod: Pod; owner: object | undefined }> = {
    'the Deployment of a ReplicaSet': {
      pod: ownedBy({ kind: 'ReplicaSet', name: 'web-abc' }, { 'pod-template-hash': 'abc' }),
      owner: { kind: 'Deployment', name: 'web' },
    },
    'a ReplicaSet that no Deployment made': {
      pod: ownedBy({ kind: 'ReplicaSet', name: 'web-abc' }),
      owner: { kind: 'ReplicaSet', name: 'web-abc' },
    },
    'a ReplicaSet with another hash': {
      pod: ownedBy({ kind: 'ReplicaSet', name: 'web-abc' }, { 'pod-template-hash': 'bc' }),
      owner: { kind: 'ReplicaSet', name: 'web-abc' },
    },
    'the CronJob of a Job': {
      pod: ownedBy({ kind: 'Job', name: 'nightly-29012345' }),
      owner: { kind: 'CronJob', name: 'nightly' },
    },
    'a Job of its own': {
      pod: ownedBy({ kind: 'Job', name: 'import-2025' }),
      owner: { kind: 'Job', name: 'import-2025' },
    },
    'any other controller': { pod: ownedBy({ kind: 'Rollout', name: 'web' }), owner: { kind: 'Rollout', name: 'web' } },
    'nobody, for a static pod': { pod: ownedBy({ kind: 'Node', name: 'node-1' }), owner: undefined },
    'nobody, for a bare pod': { pod: makePod(), owner: undefined },
    'nobody, for an owner that is no controller': {
      pod: ownedBy({ kind: 'Job', name: 'x', controller: false }),
      owner: undefined,
    },
  };
  for (const [name, { pod, owner }] of Object.entries(CASES))
    it(`names ${name}`, () => assert.deepEqual(ownerOf(pod), owner));
});

describe('podToJudge', () => {
  const PARTS = {
    ...requires(term(region('In', 'eu-west', 'us-west'))),
    nodeSelector: { disk: 'fast' },
    tolerations: [{ key: 'a', operator: 'Exists' }],
    topologySpreadConstraints: [{ topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule', labelSelector: { a: 'b' } }],
    volumes: [{ name: 'token' }, { name: 'data', persistentVolumeClaim: { claimName: 'data-0' } }],
    priorityClassName: 'high',
    annotations: { class: 'flexible', regions: 'eu-*,us-*' },
  };

  it('is decided about as the whole pod is', () => {
    const pod = makePod(PARTS);
    const snapshot = makeSnapshot({ 'eu-west': 100, 'us-west': 350, 'us-east': 50 });
    const [judged, whole] = [podToJudge(pod), pod].map((one) => {
      const { decision, reason, region, patch, warnings } = decideNow(one, {}, snapshot);
      return { decision, reason, region, patch: patch.filter(({ path }) => path.startsWith('/spec')), warnings };
    });
    assert.deepEqual(judged, whole);
  });

  it('is decided about by what its containers ask for, too', () => {
    const nodes = [
      makeNode('a', 'eu-west', { allocatable: { cpu: 4 } }),
      makeNode('b', 'us-west', { allocatable: { cpu: 4, 'nvidia.com/gpu': 1 } }),
    ];
    const snapshot = makeSnapshot({ 'eu-west': 100, 'us-west': 350 }, { nodes });
    const gpu = [{ resources: { limits: { 'nvidia.com/gpu': '1' } } }];
    const big = { ...{ image: 'x' }, restartPolicy: 'Always', resources: { requests: { cpu: '64' } } };
    for (const [pod, reason] of [
      [makePod({ containers: gpu }), 'all_dirty'],
      [makePod({ initContainers: [big] }), 'unreachable'],
      [makePod({ containers: [null, {}] as never }), 'steered'],
    ] as const)
      assert.deepEqual(
        [pod, podToJudge(pod)].map((one) => decideNow(one, {}, snapshot).reason),
        [reason, reason],
      );
    assert.doesNotMatch(JSON.stringify(podToJudge(makePod({ initContainers: [big] }))), /image/);
  });

  it('keeps one object for equal parts, and nothing that no decision reads', () => {
    const [one, other] = [1, 2].map((number) =>
      podToJudge({
        ...makePod({
          ...PARTS,
          annotations: { ...PARTS.annotations, decision: `{"number":${number}}`, 'example.com/x': `${number}` },
        }),
      }),
    );
    assert.ok(one?.spec === other?.spec && one?.metadata?.annotations === other?.metadata?.annotations);
    assert.deepEqual(Object.keys(one?.metadata?.annotations ?? {}), ['gridgate.dev/class', 'gridgate.dev/regions']);
    assert.doesNotMatch(JSON.stringify(one), /token|labelSelector/);
  });

  it('is bound to no node that a scheduler chose, only to one that its author wrote', () => {
    const pod = makePod({ nodeName: 'node-1' });
    assert.equal(podToJudge(pod).spec?.nodeName, 'node-1');
    assert.equal(podToJudge({ ...pod, metadata: { ...pod.metadata, uid: '1' } }).spec?.nodeName, undefined);
  });
});

describe('resourcesOf', () => {
  it('keeps requests and limits of cpu and memory, one object for equal ones', () => {
    const spec = (image: string) => ({
      containers: [{ image, resources: { requests: { cpu: '1', 'example.com/gpu': 1 }, limits: { memory: '1Gi' } } }],
      initContainers: [{ image, restartPolicy: 'Always' }],
    });
    assert.deepEqual(resourcesOf(spec('a')), {
      containers: [{ resources: { requests: { cpu: '1' }, limits: { memory: '1Gi' } } }],
      initContainers: [{ restartPolicy: 'Always' }],
    });
    assert.equal(resourcesOf(spec('a')), resourcesOf(spec('b')));
  });
});
