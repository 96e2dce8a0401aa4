import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { REGION_LABEL, ZONE_LABEL } from '../builders.ts';
import { skip } from '../e2e/cluster.ts';
import {
  type GuardedPools,
  NODE_POOLS_PATH,
  nodePool,
  type PoolParts,
  startGuardedPools,
} from '../e2e/following-pools.ts';
import type { Rendered } from './rendered-manifests.ts';

const STATUS = 'gridgate.dev/carbon-status';
const BEFORE = 'gridgate.dev/carbon-before';
const POLICY = '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies/gridgate-node-pools';
const GUARDED = /ValidatingAdmissionPolicy 'gridgate-node-pools' .* denied request: the controllers of gridgate /;
const AMD = { key: 'kubernetes.io/arch', operator: 'In', values: ['amd64'] };
const zones = (...values: readonly string[]) => ({ key: ZONE_LABEL, operator: 'In', values });
const DISRUPTION = { budgets: [{ nodes: '1', reasons: ['Drifted'] }], consolidateAfter: '1m' };

const asked = (mode: string): PoolParts => ({
  annotations: { 'carbon-aware': mode },
  requirements: [AMD, zones('eua', 'usa')],
  spec: { weight: 7, limits: { cpu: '100', memory: '1Ti' }, disruption: DISRUPTION },
});
const POOLS = ['pause', 'weight', 'hardware', 'requirement'].map((mode) => [mode, asked(mode)] as const);

const held = (field: string, value: unknown, rest: object = {}) => ({
  [BEFORE]: JSON.stringify({ version: 1, field, ...rest, value, owners: [], wrote: 'x' }),
});
const HELD_ZONES = held('requirements', ['eua', 'usa'], { key: ZONE_LABEL });
const withSpec = (spec: object, annotations: object = {}) => ({ metadata: { annotations }, spec });
const narrowed = (...values: readonly string[]) => ({ template: { spec: { requirements: [AMD, zones(...values)] } } });
const requirements = (...items: readonly object[]) => ({ template: { spec: { requirements: items } } });
const cores = (cpu: unknown) => ({ limits: { cpu } });
const KEEP_CORES = held('limits.cpu', '100');
const KEEP_WEIGHT = held('weight', 7);

/** A write that is allowed; what it leaves is where `then` begins. */
type Allowed = readonly [name: string, pool: string, patch: object, then?: object];

const ALLOWED: readonly Allowed[] = [
  ['no cores, and back', 'pause', withSpec(cores('0'), KEEP_CORES), withSpec(cores('100'))],
  ['a weight, and back', 'weight', withSpec({ weight: 60 }, KEEP_WEIGHT), withSpec({ weight: 7 }, { [BEFORE]: null })],
  ['another weight once it is kept', 'hardware', withSpec({ weight: 60 }, KEEP_WEIGHT), withSpec({ weight: 55 })],
  ['fewer zones, and back', 'requirement', withSpec(narrowed('usa'), HELD_ZONES), withSpec(narrowed('eua', 'usa'))],
  ['fewer zones, and others of those', 'requirement', withSpec(narrowed('usa'), HELD_ZONES), withSpec(narrowed('eua'))],
  ['the status alone', 'free', { metadata: { annotations: { [STATUS]: '{}' } } }],
  ['who owns what', 'pause', { metadata: { managedFields: [{}] } }],
];

/** A write that is not. */
type Refused = readonly [name: string, pool: string, patch: object, first?: object];

const REFUSED: readonly Refused[] = [
  ['no cores, keeping nothing', 'pause', withSpec(cores('0'))],
  ['no cores, keeping what was not there', 'pause', withSpec(cores('0'), held('limits.cpu', '999'))],
  ['no cores, keeping a number for a text', 'pause', withSpec(cores('0'), held('limits.cpu', 100))],
  ['no cores of a pool in another mode', 'weight', withSpec(cores('0'), KEEP_CORES)],
  ['no cores of a pool that nobody asked about', 'free', withSpec(cores('0'), KEEP_CORES)],
  [
    'no cores, and the annotation that asks for it',
    'free',
    withSpec(cores('0'), { ...KEEP_CORES, 'gridgate.dev/carbon-aware': 'pause' }),
  ],
  ['more cores', 'pause', withSpec(cores('1000'), KEEP_CORES)],
  ['no limit at all', 'pause', withSpec({ limits: null }, KEEP_CORES)],
  ['a limit of something else', 'pause', withSpec({ limits: { cpu: '0', memory: '0' } }, KEEP_CORES)],
  ['back to what was never there', 'pause', withSpec(cores('1000')), withSpec(cores('0'), KEEP_CORES)],
  [
    'a forged memory once it is kept',
    'pause',
    withSpec(cores('0'), held('limits.cpu', '999')),
    withSpec(cores('0'), KEEP_CORES),
  ],
  [
    'a memory with another behind it',
    'pause',
    withSpec(cores('999')),
    withSpec(cores('0'), {
      [BEFORE]: `${KEEP_CORES[BEFORE]}{"version":1,"field":"limits.cpu","value":"999","owners":[]}`,
    }),
  ],
  ['a weight, keeping nothing', 'weight', withSpec({ weight: 60 })],
  ['a weight of a pool in another mode', 'pause', withSpec({ weight: 60 }, KEEP_WEIGHT)],
  ['no weight', 'weight', withSpec({ weight: null }, KEEP_WEIGHT)],
  ['back to another weight', 'free', withSpec({ weight: 9 }), { metadata: { annotations: { [STATUS]: '{}' } } }],
  ['fewer zones, keeping nothing', 'requirement', withSpec(narrowed('usa'))],
  [
    'fewer zones, keeping others',
    'requirement',
    withSpec(narrowed('usa'), held('requirements', ['x'], { key: ZONE_LABEL })),
  ],
  ['fewer zones of a pool in another mode', 'pause', withSpec(narrowed('usa'), HELD_ZONES)],
  ['a new zone', 'requirement', withSpec(narrowed('usa', 'x'), HELD_ZONES)],
  ['a new zone once it is kept', 'requirement', withSpec(narrowed('usa', 'x')), withSpec(narrowed('usa'), HELD_ZONES)],
  [
    'fewer architectures',
    'requirement',
    withSpec(requirements({ ...AMD, values: ['arm64'] }, zones('eua', 'usa')), HELD_ZONES),
  ],
  [
    'a requirement more',
    'requirement',
    withSpec(requirements(AMD, zones('usa'), { key: 'x', operator: 'Exists' }), HELD_ZONES),
  ],
  ['a requirement less', 'requirement', withSpec(requirements(zones('usa')), HELD_ZONES)],
  [
    'a label of ours',
    'requirement',
    withSpec(requirements(AMD, { key: 'gridgate.dev/carbon', operator: 'In', values: ['low'] }), HELD_ZONES),
  ],
  ['zones excluded', 'requirement', withSpec(requirements(AMD, { ...zones('eua'), operator: 'NotIn' }), HELD_ZONES)],
  ['other minValues', 'requirement', withSpec(requirements(AMD, { ...zones('usa'), minValues: 1 }), HELD_ZONES)],
  [
    'regions in place of zones',
    'requirement',
    withSpec(requirements(AMD, { ...zones('usa'), key: REGION_LABEL }), HELD_ZONES),
  ],
  ['labels of its nodes', 'pause', withSpec({ template: { metadata: { labels: { team: 'x' } } } })],
  [
    'taints of its nodes',
    'hardware',
    withSpec({ template: { spec: { taints: [{ key: 'x', effect: 'NoSchedule' }] } } }),
  ],
  ['its node class', 'hardware', withSpec({ template: { spec: { nodeClassRef: { name: 'evil' } } } })],
  ['when its nodes expire', 'hardware', withSpec({ template: { spec: { expireAfter: '1h' } } })],
  ['its disruption budgets', 'requirement', withSpec({ disruption: { budgets: [{ nodes: '100%' }] } })],
  ['a label', 'pause', { metadata: { labels: { team: 'x' } } }],
  ['a finalizer', 'pause', { metadata: { finalizers: ['example.com/stays'] } }],
  ['an annotation of its owner', 'pause', { metadata: { annotations: { 'gridgate.dev/threshold': '1' } } }],
  ['the annotation that asks for it', 'free', { metadata: { annotations: { 'gridgate.dev/carbon-aware': 'pause' } } }],
  ['an annotation of Karpenter', 'pause', { metadata: { annotations: { 'karpenter.sh/nodepool-hash': '1' } } }],
  ['a long annotation', 'pause', { metadata: { annotations: { [STATUS]: 'x'.repeat(4_097) } } }],
  ['anything of one that is paused', 'left', { metadata: { annotations: { [STATUS]: '{}' } } }],
  ['no cores of one that is paused', 'left', withSpec(cores('0'), KEEP_CORES)],
];

describe('a token of the controllers, of NodePools', () => {
  let guarded: GuardedPools;

  before(async () => {
    if (skip) return;
    guarded = await startGuardedPools();
    const left = asked('pause');
    const free = { ...asked('pause'), annotations: {} };
    const paused = { ...left, annotations: { ...left.annotations, paused: 'true' } };
    for (const [name, parts] of [...POOLS, ['free', free] as const, ['left', paused] as const])
      await guarded.cluster.createPool(name, parts);
  });
  after(() => guarded?.stop());

  /** A pool of its own for each row: nothing is left of the row before. */
  async function fresh(pool: string): Promise<string> {
    const { metadata, spec } = await guarded.cluster.pool(pool);
    const { name } = await guarded.cluster
      .send('POST', NODE_POOLS_PATH, {
        ...nodePool(pool),
        metadata: { generateName: `${pool}-`, annotations: metadata.annotations },
        spec,
      })
      .then((created: Rendered) => created.metadata);
    return name;
  }

  for (const [name, pool, patch, then] of ALLOWED)
    test(`may write ${name}`, { skip }, async () => {
      const one = await fresh(pool);
      for (const write of then ? [patch, then] : [patch]) {
        const { status, body } = await guarded.patch(one, write);
        assert.equal(status, 200, JSON.stringify(body));
      }
    });

  for (const [name, pool, patch, first] of REFUSED)
    test(`may not write ${name}`, { skip }, async () => {
      const one = await fresh(pool);
      if (first) assert.equal((await guarded.patch(one, first)).status, 200);
      const before = await guarded.cluster.pool(one);
      const { status, body } = await guarded.patch(one, patch);
      assert.equal(status, 403, JSON.stringify(body));
      assert.match(body.message, GUARDED);
      assert.deepEqual(await guarded.cluster.pool(one), before);
    });

  const BEYOND: readonly [name: string, method: string, path: string, body?: object][] = [
    ['create a NodePool', 'POST', NODE_POOLS_PATH, nodePool('new')],
    ['remove one', 'DELETE', `${NODE_POOLS_PATH}/pause`],
    ['replace one', 'PUT', `${NODE_POOLS_PATH}/pause`, nodePool('pause')],
    ['write its status', 'PATCH', `${NODE_POOLS_PATH}/pause/status`, { status: { nodes: 7 } }],
    ['scale one', 'PATCH', `${NODE_POOLS_PATH}/pause/scale`, { spec: { replicas: 7 } }],
    ['remove NodeClaims', 'DELETE', '/apis/karpenter.sh/v1/nodeclaims'],
    ['read its node classes', 'GET', '/apis/karpenter.kwok.sh/v1alpha1/kwoknodeclasses'],
  ];
  for (const [name, method, path, body] of BEYOND)
    test(`has no right to ${name}`, { skip }, async () => {
      const answer = await guarded.asControllers.request(
        method,
        path,
        body,
        method === 'PATCH' ? { 'content-type': 'application/merge-patch+json' } : {},
      );
      assert.equal(answer.status, 403, JSON.stringify(answer.body));
      assert.match(answer.body.message, / cannot (create|delete|update|patch|deletecollection|list) /);
    });

  test('makes none by server-side apply of what is gone', { skip }, async () => {
    const { status, body } = await guarded.asControllers.request(
      'PATCH',
      `${NODE_POOLS_PATH}/gone?fieldManager=x&force=true`,
      nodePool('gone'),
      {
        'content-type': 'application/apply-patch+yaml',
      },
    );
    assert.equal(status, 403, JSON.stringify(body));
  });

  test('is held by a policy whose expressions the API server finds nothing wrong with', { skip }, async () => {
    const { spec } = await guarded.cluster.send('GET', POLICY);
    assert.ok(spec.validations.length >= 9);
    const large = Array.from({ length: 98 }, (_, i) => ({
      key: `example.com/k${i}`,
      operator: 'In',
      values: ['a', 'b', 'c'],
    }));
    const many = Array.from({ length: 60 }, (_, i) => `zone-${i}`);
    const parts = { ...asked('requirement'), requirements: [...large, AMD, zones(...many)] };
    await guarded.cluster.createPool('large', parts);
    const kept = held('requirements', many, { key: ZONE_LABEL });
    const write = withSpec(requirements(...large, AMD, zones(...many.slice(30))), kept);
    const { status, body } = await guarded.patch('large', write);
    assert.equal(status, 200, JSON.stringify(body));
    assert.equal((await guarded.patch('large', withSpec(requirements(...large, AMD, zones(...many))))).status, 200);
  });
});
