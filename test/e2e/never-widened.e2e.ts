import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { HOSTNAME_LABEL, REGION_LABEL, ZONE_LABEL } from '../builders.ts';
import type { Rendered } from '../cluster/rendered-manifests.ts';
import { type Node, nodesFor } from '../decision/scheduler-model.ts';
import { type Cluster, skip, startCluster } from './cluster.ts';
import { nodesIn, pod } from './objects.ts';
import { REGIONS } from './regions-file.ts';

const UNLABELLED = { name: 'nowhere-1', labels: { number: '9' } };
const NODES = [...nodesIn(Object.keys(REGIONS)), UNLABELLED];
const KUBELET = { 'impersonate-user': 'system:node:us-east-1', 'impersonate-group': 'system:nodes' };
const MIRROR = { 'kubernetes.io/config.mirror': 'abc' };

/** Policies that add each kind of requirement, and none. */
const POLICIES = {
  ceiling: { mode: 'enforce' },
  sovereign: { mode: 'enforce', regions: 'eu-*' },
  best: { mode: 'enforce', placement: 'require' },
  warned: { mode: 'warn', placement: 'require' },
  preferring: { mode: 'enforce', 'max-intensity': '1000' },
};

const on = (key: string, operator: string, ...values: string[]) => ({
  key,
  operator,
  ...(values.length > 0 && { values }),
});
const inRegions = (...values: string[]) => ({ matchExpressions: [on(REGION_LABEL, 'In', ...values)] });
const field = (operator: string, name: string) => ({ matchFields: [on('metadata.name', operator, name)] });

/** Required terms as their authors may write them; they are ORed. */
const TERMS: Record<string, object[]> = {
  'two terms, one clean': [inRegions('eu-north'), inRegions('us-east')],
  'two terms, both partly clean': [inRegions('eu-north', 'us-west'), inRegions('eu-west', 'us-east')],
  'an empty term alone': [{}],
  'an empty term beside another': [{}, inRegions('eu-west')],
  'a term of empty lists': [{ matchExpressions: [], matchFields: [] }, inRegions('eu-west', 'us-west')],
  'one field': [field('In', 'eu-north-2')],
  'an excluded node': [field('NotIn', 'eu-north-2')],
  'a field beside an expression': [{ ...field('In', 'eu-west-1'), ...inRegions('eu-west') }],
  'a field or an expression': [field('In', 'us-west-3'), { matchExpressions: [on('number', 'Gt', '2')] }],
  'a zone or nothing': [{ matchExpressions: [on(ZONE_LABEL, 'In', 'eu-north-z1', 'us-east-z2')] }, {}],
  'a host or no region': [
    { matchExpressions: [on(HOSTNAME_LABEL, 'In', 'eu-west-3')] },
    { matchExpressions: [on(REGION_LABEL, 'DoesNotExist')] },
  ],
  'excluded regions': [{ matchExpressions: [on(REGION_LABEL, 'NotIn', 'eu-north'), on('number', 'Lt', '3')] }],
  contradiction: [{ matchExpressions: [on(REGION_LABEL, 'In', 'eu-north'), on(REGION_LABEL, 'NotIn', 'eu-north')] }],
};

describe('what a pod itself asks for', () => {
  let cluster: Cluster;
  let nodes: Node[];
  let pods = 0;

  before(async () => {
    if (skip) return;
    cluster = await startCluster({
      nodes: NODES,
      flags: { 'kube-apiserver': ['--enable-admission-plugins=NodeRestriction'] },
    });
    const { items } = await cluster.send('GET', '/api/v1/nodes');
    nodes = items.map(({ metadata }: Rendered) => ({ name: metadata.name, labels: metadata.labels }));
    for (const [name, policy] of Object.entries(POLICIES)) await cluster.createNamespace(name, policy);
  });
  after(() => cluster?.stop());

  for (const [name, nodeSelectorTerms] of Object.entries(TERMS)) {
    for (const nodeSelector of [undefined, { number: '1' }]) {
      test(`is never widened: ${name}${nodeSelector ? ' and a node selector' : ''}`, { skip }, async () => {
        const required = { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } };
        pods += 1;
        const object = pod(`p${pods}`, { affinity: { nodeAffinity: required }, ...(nodeSelector && { nodeSelector }) });
        const before = nodesFor(object, nodes);
        for (const namespace of Object.keys(POLICIES)) {
          const path = `/api/v1/namespaces/${namespace}/pods`;
          const { status, body } = await cluster.controlPlane.request('POST', path, object);
          if (status === 403) {
            assert.match(body.message, /gridgate refuses/);
            continue;
          }
          assert.equal(status, 201, JSON.stringify(body));
          const stored = await cluster.send('GET', `${path}/p${pods}`);
          const after = nodesFor(stored, nodes);
          const widened = after.filter((node) => !before.includes(node));
          assert.deepEqual(widened, [], `${namespace}: ${JSON.stringify(stored.spec.affinity)}`);
          assert.equal(isAnnotated(stored), isPatched(stored), JSON.stringify(stored));
          await cluster.send('DELETE', `${path}/p${pods}?gracePeriodSeconds=0`);
        }
      });
    }
  }

  test("a DaemonSet's pods run on every node, untouched", { skip }, async () => {
    const labels = { app: 'agent' };
    const template = { metadata: { labels }, spec: pod('agent').spec };
    const daemonSet = { metadata: { name: 'agent' }, spec: { selector: { matchLabels: labels }, template } };
    await cluster.createNamespace('agents', POLICIES.best);
    await cluster.send('POST', '/apis/apps/v1/namespaces/agents/daemonsets', daemonSet);
    const pods = await cluster.waitFor('a pod on every node', async () => {
      const running = (await cluster.podsOf('agents')).filter(({ status }) => status.phase === 'Running');
      return running.length === NODES.length ? running : undefined;
    });
    assert.deepEqual(pods.map(({ spec }) => spec.nodeName).toSorted(), NODES.map(({ name }) => name).toSorted());
    for (const { metadata, spec } of pods) {
      assert.deepEqual(metadata.annotations, undefined);
      assert.deepEqual(spec.affinity, {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [field('In', spec.nodeName)] },
        },
      });
      assert.ok(!spec.tolerations.some(({ key }: Rendered) => key.startsWith('gridgate')));
    }
    const reviews = await cluster.waitFor('a review of each', () => {
      const logged = cluster.reviews('agents');
      return logged.length >= NODES.length ? logged : undefined;
    });
    assert.ok(reviews.every(({ reason }) => reason === 'daemonset_pod'));
  });

  test('a static pod that a kubelet mirrors is untouched, also on a dirty node', { skip }, async () => {
    const { metadata } = await cluster.send('GET', '/api/v1/nodes/us-east-1');
    const owner = { apiVersion: 'v1', kind: 'Node', name: 'us-east-1', uid: metadata.uid, controller: true };
    const mirror = pod('etcd-us-east-1', { nodeName: 'us-east-1' }, MIRROR);
    mirror.metadata.ownerReferences = [owner];
    const { status, body } = await cluster.createPod('ceiling', mirror, KUBELET);
    assert.equal(status, 201, JSON.stringify(body));
    assert.deepEqual([body.metadata.annotations, body.spec.affinity], [MIRROR, undefined]);
    await cluster.waitFor(
      'its review',
      () => cluster.reviews('ceiling').some(({ reason }) => reason === 'mirror_pod') || undefined,
    );
  });

  test('a forged mirror annotation changes nothing', { skip }, async () => {
    const pinned = await cluster.createPod('ceiling', pod('forged', { nodeName: 'us-east-1' }, MIRROR));
    assert.deepEqual([pinned.status, pinned.body.details.causes[0].reason], [403, 'high_carbon']);
    const free = await cluster.createPod('ceiling', pod('forged-free', {}, MIRROR));
    // The API server itself wants a node of a mirror pod, or else it is steered like any other.
    if (free.status === 201) assert.ok(free.body.metadata.annotations['gridgate.dev/decision']);
    else assert.match(free.body.message, /mirror/);
  });

  test('a forged DaemonSet owner gains nothing but the one node that its pod names', { skip }, async () => {
    const ownerReferences = [
      { apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'agent', uid: 'forged', controller: true },
    ];
    const forged = (name: string, spec: object = {}) => ({ ...pod(name, spec), metadata: { name, ownerReferences } });
    const terms = (...nodeSelectorTerms: object[]) => ({
      affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } },
    });
    for (const [name, spec] of Object.entries({
      'by-selector': { nodeSelector: { [REGION_LABEL]: 'us-east' } },
      'by-one-field-of-two': terms(field('In', 'us-east-2'), inRegions('us-east')),
      'by-exclusion': terms({ ...field('NotIn', 'eu-north-1'), ...inRegions('us-east') }),
    })) {
      const { status, body } = await cluster.createPod('ceiling', forged(name, spec));
      assert.deepEqual([status, body.reason], [403, 'Forbidden'], `${name}: ${JSON.stringify(body)}`);
    }
    const { status, body } = await cluster.createPod('ceiling', forged('free'));
    assert.equal(status, 201);
    assert.ok(body.spec.affinity.nodeAffinity, 'steered');
    const byNodeName = forged('by-node-name', { nodeName: 'us-east-2' });
    assert.equal((await cluster.createPod('ceiling', byNodeName)).status, 201);
    const abroad = await cluster.createPod('sovereign', byNodeName);
    assert.deepEqual([abroad.status, abroad.body.details.causes[0].reason], [403, 'not_allowed']);
  });
});

/** Whether it carries a requirement or a preference of ours. */
function isPatched({ spec }: Rendered): boolean {
  const { preferredDuringSchedulingIgnoredDuringExecution: preferred = [] } = spec.affinity.nodeAffinity;
  return preferred.length > 0 || JSON.stringify(spec.affinity).includes('gridgate.dev/placed');
}

function isAnnotated({ metadata }: Rendered): boolean {
  return metadata.annotations?.['gridgate.dev/decision'] !== undefined;
}
