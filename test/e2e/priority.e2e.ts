import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { REGION_LABEL } from '../builders.ts';
import { ofKind, type Rendered } from '../cluster/rendered-manifests.ts';
import { type Cluster, skip, startCluster } from './cluster.ts';
import { addLabel, registerHooks } from './mutating-hook.ts';
import { nodesIn, pod } from './objects.ts';
import { REGIONS } from './regions-file.ts';

const CLASSES = '/apis/scheduling.k8s.io/v1/priorityclasses';
const DOWN = { ...REGIONS, 'eu-north': { gramsPerKwh: 50, outage: { active: true } } };
/** Tolerations are added for taints that there are. */
const BANDS: Readonly<Record<string, string>> = { 'eu-north-3': 'low', 'us-east-3': 'medium', 'us-west-3': 'high' };
const NODES = nodesIn(Object.keys(REGIONS)).map((node) => {
  const value = BANDS[node.name];
  return value ? { ...node, taints: [{ key: 'gridgate.dev/carbon', value, effect: 'PreferNoSchedule' }] } : node;
});
const ENFORCE = { mode: 'enforce', 'max-intensity': '1000' };
const NO_CLASS = { priorityClassName: undefined, priority: 0, preemptionPolicy: 'PreemptLowerPriority' };
const FLEXIBLE = { priorityClassName: 'gridgate-flexible', priority: -10, preemptionPolicy: 'Never' };
const FAILOVER = {
  priorityClassName: 'gridgate-failover',
  priority: 1_000_000,
  preemptionPolicy: 'PreemptLowerPriority',
};
const DEFAULT = { priorityClassName: 'normal', priority: 5, preemptionPolicy: 'Never' };
const OWN = { priorityClassName: 'own', priority: 7, preemptionPolicy: 'PreemptLowerPriority' };

describe('the priority of a pod', () => {
  let cluster: Cluster;
  let pods = 0;

  before(async () => {
    if (skip) return;
    cluster = await startCluster({ regions: DOWN, nodes: NODES });
    await cluster.createNamespace('batch', ENFORCE);
    await cluster.createNamespace('failover', { ...ENFORCE, 'pod-overrides': 'allow', priority: 'failover' });
    await cluster.createNamespace('none', { ...ENFORCE, 'pod-overrides': 'allow', priority: 'none' });
    await cluster.send('POST', CLASSES, { metadata: { name: 'own' }, value: 7 });
  });
  after(() => cluster?.stop());

  test('is that of its class, computed by the API server', { skip }, async () => {
    await assertPriorities(NO_CLASS);
  });

  test('is that of its class where a globalDefault class would have given another', { skip }, async () => {
    await cluster.send('POST', CLASSES, {
      metadata: { name: 'normal' },
      value: 5,
      globalDefault: true,
      preemptionPolicy: 'Never',
    });
    await untilPriority('none', {}, DEFAULT); // the API server has seen it, ...
    await untilPriority('batch', { class: 'flexible' }, FLEXIBLE); // ... and gridgate
    await assertPriorities(DEFAULT);
  });

  for (const [how, byDefault] of [
    ['with', DEFAULT],
    ['without', NO_CLASS],
  ] as const) {
    test(`stays right when the API server asks again, ${how} a globalDefault class`, { skip }, async () => {
      if (byDefault === NO_CLASS) {
        await cluster.send('DELETE', `${CLASSES}/normal`);
        await untilPriority('none', {}, NO_CLASS);
      }
      for (const [namespace, podClass, expected] of [
        ['batch', 'flexible', FLEXIBLE],
        ['batch', 'standard', byDefault],
        ['failover', 'critical', FAILOVER],
      ] as const) {
        const remove = await registerHooks(cluster, namespace, [{ mutate: addLabel }]);
        try {
          await untilTouched(namespace);
          const asked = await countReviews(namespace);
          const created = await create(namespace, { class: podClass });
          await cluster.waitFor('both reviews', () => cluster.reviews(namespace).length === asked + 2 || undefined);
          assert.deepEqual(priorityOf(created), expected);
          assertAddedOnce(created);
        } finally {
          await remove();
        }
      }
    });
  }

  test('a pod decided again under other readings carries no term twice', { skip }, async () => {
    await cluster.createNamespace('shifting', { mode: 'enforce' });
    await cluster.setRegions(REGIONS);
    let flips = 0;
    const shift = async (object: Rendered) => {
      const patch = await addLabel(object);
      if (object.metadata.name === 'shifted' && patch.length > 0) {
        flips += 1;
        await cluster.setRegions({ ...DOWN, 'us-east': 90, 'eu-west': 60 });
      }
      return patch;
    };
    const remove = await registerHooks(cluster, 'shifting', [{ mutate: shift }]);
    try {
      await untilTouched('shifting');
      const { status, body } = await cluster.createPod('shifting', pod('shifted', {}, { class: 'flexible' }));
      assert.deepEqual([status, flips], [201, 1], JSON.stringify(body));
      assert.deepEqual(priorityOf(body), FLEXIBLE);
      assertAddedOnce(body);
      const refused = requiredOf(body).filter(({ operator }: Rendered) => operator === 'NotIn');
      assert.deepEqual(
        refused.map(({ values }: Rendered) => values),
        [
          ['us-east', 'us-west'],
          ['eu-north', 'us-west'],
        ],
      );
      assert.deepEqual(await cluster.regionsOf('shifting', 1), { 'eu-west': 1 });
    } finally {
      await remove();
    }
  });

  test('is left alone where the class does not exist', { skip }, async () => {
    await cluster.send('DELETE', `${CLASSES}/gridgate-flexible`);
    await untilPriority('batch', { class: 'flexible' }, NO_CLASS);
    const created = await create('batch', { class: 'flexible' });
    assert.deepEqual(priorityOf(created), NO_CLASS);
    assert.ok(created.metadata.annotations['gridgate.dev/decision'], 'steered all the same');
    await cluster.apply(...ofKind(cluster.manifests, 'PriorityClass'));
    await untilPriority('batch', { class: 'flexible' }, FLEXIBLE);
  });

  /** What every kind of pod gets; a pod that gridgate gives no class has the priority `byDefault`. */
  async function assertPriorities(byDefault: object): Promise<void> {
    const cases: [namespace: string, podClass: string, spec: object, expected: object][] = [
      ['batch', 'flexible', {}, FLEXIBLE],
      ['batch', 'standard', {}, byDefault],
      ['batch', 'critical', {}, byDefault], // nobody may claim it here
      ['batch', 'flexible', { priorityClassName: 'own' }, OWN],
      ['failover', 'critical', {}, FAILOVER],
      ['failover', 'critical', { nodeSelector: { [REGION_LABEL]: 'eu-west' } }, byDefault], // none of its regions is down
      ['failover', 'critical', { priorityClassName: 'own' }, OWN],
      ['failover', 'flexible', {}, FLEXIBLE],
      ['none', 'flexible', {}, byDefault],
      ['none', 'critical', {}, byDefault],
    ];
    for (const [namespace, podClass, spec, expected] of cases) {
      const created = await create(namespace, { class: podClass }, spec);
      assert.deepEqual(priorityOf(created), expected, `${podClass} in ${namespace} with ${JSON.stringify(spec)}`);
    }
  }

  async function create(namespace: string, annotations: Record<string, string>, spec = {}): Promise<Rendered> {
    pods += 1;
    const { status, body } = await cluster.createPod(namespace, pod(`p${pods}`, spec, annotations));
    assert.equal(status, 201, JSON.stringify(body));
    return body;
  }

  /** Until gridgate and the API server have seen a change of PriorityClasses. */
  async function untilPriority(namespace: string, annotations: Record<string, string>, expected: object) {
    await cluster.waitFor(`priority ${JSON.stringify(expected)}`, async () => {
      const path = `/api/v1/namespaces/${namespace}/pods?dryRun=All`;
      const { status, body } = await cluster.controlPlane.request('POST', path, pod('probe', {}, annotations));
      return (status === 201 && isDeepStrictEqual(priorityOf(body), expected)) || undefined;
    });
  }

  async function untilTouched(namespace: string): Promise<void> {
    await cluster.waitFor('the other webhook to count', async () => {
      const path = `/api/v1/namespaces/${namespace}/pods?dryRun=All`;
      const { body } = await cluster.controlPlane.request('POST', path, pod('probe'));
      return body.metadata?.labels?.touched;
    });
  }

  /** The reviews so far: the log follows at most 200 ms behind, so a pod of its own marks the end. */
  async function countReviews(namespace: string): Promise<number> {
    const path = `/api/v1/namespaces/${namespace}/pods?dryRun=All`;
    const mark = `mark${pods}`;
    await cluster.send('POST', path, pod(mark));
    const isMark = (line: object) => 'owner' in line && line.owner === `Pod/${mark}`;
    await cluster.waitFor('the log', () => cluster.reviews(namespace).filter(isMark).length === 2 || undefined);
    return cluster.reviews(namespace).length;
  }
});

function priorityOf({ spec }: Rendered): object {
  const { priorityClassName, priority, preemptionPolicy } = spec ?? {};
  return { priorityClassName, priority, preemptionPolicy };
}

function requiredOf({ spec }: Rendered): Rendered[] {
  const required = spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution;
  return (required?.nodeSelectorTerms ?? []).flatMap(({ matchExpressions }: Rendered) => matchExpressions);
}

/** One preferred term a region, no toleration and no requirement twice. */
function assertAddedOnce(created: Rendered): void {
  const { affinity, tolerations } = created.spec;
  const preferred = affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution;
  const regions = preferred.map(({ preference }: Rendered) => preference.matchExpressions[0].values[0]);
  assert.ok(regions.length > 1);
  for (const list of [regions, tolerations.map((one: object) => JSON.stringify(one))])
    assert.equal(new Set(list).size, list.length, JSON.stringify(list));
  const ours = tolerations.filter(({ key }: Rendered) => key === 'gridgate.dev/carbon');
  const isFlexible = created.metadata.annotations['gridgate.dev/class'] === 'flexible';
  assert.deepEqual(
    ours.map(({ value }: Rendered) => value),
    isFlexible ? ['low', 'medium'] : [undefined],
  );
}
