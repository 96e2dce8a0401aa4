import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { pino } from 'pino';
import { type ClusterView, createClusterView } from '../../src/cluster/cluster-view.ts';
import { loadKubeConfig } from '../../src/cluster/kube-config.ts';
import type { Pod } from '../../src/decision/pod.ts';
import { applied, decideNow, HOSTNAME_LABEL, makeRegion, makeSnapshot, REGION_LABEL, ZONE_LABEL } from '../builders.ts';
import { skip } from '../control-plane/assets.ts';
import { type ControlPlane, startControlPlane } from '../control-plane/start.ts';

const USER = 'volume-reader';
/** What the watches of volumes need beside those of the base manifests. */
const RULES = [
  {
    apiGroups: [''],
    resources: ['namespaces', 'nodes', 'persistentvolumes', 'persistentvolumeclaims'],
    verbs: ['list', 'watch'],
  },
  { apiGroups: ['scheduling.k8s.io'], resources: ['priorityclasses'], verbs: ['list', 'watch'] },
];
const CLAIMS = '/api/v1/namespaces/default/persistentvolumeclaims';
const PODS = '/api/v1/namespaces/default/pods';
const STORAGE = { accessModes: ['ReadWriteOnce'], storageClassName: '' };

describe('volumes of a real API server', () => {
  let controlPlane: ControlPlane;
  let view: ClusterView;

  before(async () => {
    if (skip) return;
    // The controller manager binds claims as it does anywhere; the scheduler places pods by what their volumes ask.
    const workers = ['kube-controller-manager', 'kube-scheduler', 'kwok'] as const;
    controlPlane = await startControlPlane({ workers, users: [{ name: USER }] });
    await create('/apis/rbac.authorization.k8s.io/v1/clusterroles', { metadata: { name: USER }, rules: RULES });
    await create('/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
      metadata: { name: USER },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: USER },
      subjects: [{ kind: 'User', name: USER, apiGroup: 'rbac.authorization.k8s.io' }],
    });
    await controlPlane.addNodes(
      ['eu-north', 'us-east'].map((name) => ({
        name: `node-${name}`,
        labels: { [REGION_LABEL]: name, [ZONE_LABEL]: `${name}-1`, [HOSTNAME_LABEL]: `node-${name}` },
      })),
    );
    view = createClusterView({
      kubeConfig: loadKubeConfig({ file: controlPlane.kubeconfigFor(USER) }),
      regionLabel: REGION_LABEL,
      watchPendingPods: false,
      watchVolumes: true,
      log: pino({ level: 'silent' }),
      onChange: () => {},
    });
    await view.start();
  });
  after(async () => {
    await view?.stop();
    await controlPlane?.stop();
  });

  test('a claim holds a pod as soon as it is bound', { skip }, async () => {
    await createVolume('pv-east', 'us-east-1');
    await createClaim('data', { volumeName: 'pv-east' });
    const pod = podWith('data');
    const [held] = await controlPlane.waitFor('the volume', () => nonEmpty(view.volumesOf('default', pod)));
    assert.deepEqual(held, {
      volume: 'pv-east',
      claim: 'data',
      terms: [{ matchExpressions: [{ key: ZONE_LABEL, operator: 'In', values: ['us-east-1'] }] }],
    });
    await controlPlane.waitFor('the claim to be bound', async () => (await phaseOf('data')) === 'Bound' || undefined);
    assert.equal(view.volumesOf('default', pod).length, 1);
    assert.deepEqual(view.volumesOf('kube-system', pod), []);
  });

  test('a claim that waits for its first consumer holds nothing', { skip }, async () => {
    await create('/apis/storage.k8s.io/v1/storageclasses', {
      metadata: { name: 'late' },
      provisioner: 'example.invalid/none',
      volumeBindingMode: 'WaitForFirstConsumer',
    });
    await createClaim('waiting', { storageClassName: 'late' });
    await createVolume('pv-after', 'eu-north-1');
    await createClaim('after', { volumeName: 'pv-after' });
    await controlPlane.waitFor('a later claim', () => nonEmpty(view.volumesOf('default', podWith('after'))));
    assert.deepEqual(view.volumesOf('default', podWith('waiting')), []);
  });

  test('a claim that is deleted holds nothing any more', { skip }, async () => {
    await controlPlane.request('DELETE', `${CLAIMS}/after`);
    await controlPlane.waitFor(
      'the deletion',
      () => view.volumesOf('default', podWith('after')).length === 0 || undefined,
    );
  });

  test('a pod as the API server returns it is held, warned, patched, and runs where its volume is', {
    skip,
  }, async () => {
    const created = await create(PODS, podWith('data'));
    const regions = [makeRegion('eu-north', 50), makeRegion('us-east', 600, { outage: 'flood' })];
    const snapshot = makeSnapshot(regions, { nodes: [...view.nodes()] });
    const policy = { 'when-all-dirty': 'deny' };
    const decide = (pod: Pod) => decideNow(pod, policy, snapshot, { volumes: view.volumesOf('default', pod) });
    const decision = decide({ ...podWith('data'), metadata: { name: 'patched', namespace: 'default' } });
    assert.deepEqual([decision.decision, decision.reason], ['allow', 'outage']);
    assert.match(decision.warnings.join(), /^gridgate: volume pv-east \(claim data\) holds the pod in us-east: /);
    assert.equal(decideNow(created as Pod, policy, snapshot).steps?.steering?.requirement?.values.join(), 'us-east');

    await create(PODS, { ...applied(podWith('data', 'patched'), decision) });
    for (const name of ['held', 'patched'])
      await controlPlane.waitFor(`a node for ${name}`, async () => {
        const { spec } = (await get(`${PODS}/${name}`)) as Pod;
        return spec?.nodeName === 'node-us-east' || undefined;
      });
  });

  function podWith(claimName: string, name = 'held'): Pod & { readonly spec: object } {
    const containers = [{ name: 'main', image: 'example.invalid/main:1' }];
    const volumes = [{ name: 'data', persistentVolumeClaim: { claimName } }];
    return { metadata: { name, namespace: 'default' }, spec: { containers, volumes } as NonNullable<Pod['spec']> };
  }

  async function createVolume(name: string, zone: string): Promise<void> {
    const expressions = [{ key: ZONE_LABEL, operator: 'In', values: [zone] }];
    await create('/api/v1/persistentvolumes', {
      metadata: { name },
      spec: {
        ...STORAGE,
        capacity: { storage: '1Gi' },
        hostPath: { path: '/tmp' },
        nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: expressions }] } },
      },
    });
  }

  async function createClaim(name: string, parts: object): Promise<void> {
    const resources = { requests: { storage: '1Gi' } };
    await create(CLAIMS, { metadata: { name }, spec: { ...STORAGE, resources, ...parts } });
  }

  async function phaseOf(claim: string): Promise<unknown> {
    const { status } = (await get(`${CLAIMS}/${claim}`)) as { status?: { phase?: string } };
    return status?.phase;
  }

  async function get(path: string): Promise<unknown> {
    return (await controlPlane.request('GET', path)).body;
  }

  async function create(path: string, body: object): Promise<unknown> {
    const answer = await controlPlane.request('POST', path, body);
    assert.equal(answer.status, 201, JSON.stringify(answer.body));
    return answer.body;
  }
});

function nonEmpty<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length > 0 ? list : undefined;
}
