import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sharesOf } from '../../src/decision/decide.ts';
import { explain } from '../../src/decision/explain.ts';
import {
  decideNow,
  expression,
  makeNode,
  makePod,
  makePolicy,
  makeRegion,
  makeSnapshot,
  NOW,
  requires,
  term,
} from '../builders.ts';

const GPU = 'nvidia.com/gpu';
const DEDICATED = { key: 'dedicated', value: 'gpu', effect: 'NoSchedule' };
const small = { cpu: 4, memory: 16 * 2 ** 30 };
const OS = 'kubernetes.io/os';
/** Only the dirty region has GPUs, Windows, large nodes and the pool. */
const NODES = [
  makeNode('n-clean', 'clean', { allocatable: small, labels: { [OS]: 'linux' } }),
  makeNode('n-dirty', 'dirty', {
    allocatable: { cpu: 64, memory: 2 ** 39, [GPU]: 8 },
    labels: { [OS]: 'windows', pool: 'gpu', 'csi.hetzner.cloud/location': 'ash' },
  }),
  makeNode('n-dirtier', 'dirtier', { allocatable: { ...small, [GPU]: 8 } }),
  makeNode('bare', undefined, { allocatable: small, labels: { pool: 'bare' } }),
];
const REGIONS = [makeRegion('clean', 20), makeRegion('dirty', 379), makeRegion('dirtier', 500)];
const requests = (amounts: Record<string, unknown>) => ({ containers: [{ resources: { requests: amounts } }] });
const held = [{ volume: 'v1', claim: 'data', terms: [term(expression('csi.hetzner.cloud/location', 'In', 'ash'))] }];

type Row = readonly [
  name: string,
  pod: Parameters<typeof makePod>[0],
  expected: string,
  says: RegExp,
  more?: { readonly policy?: Record<string, string>; readonly volumes?: typeof held; readonly elastic?: boolean },
];

const rows: readonly Row[] = [
  [
    'a wish',
    { nodeSelector: { pool: 'gpu' } },
    'deny high_carbon',
    /its node selector pool=gpu leaves only dirty; cleanest allowed now: clean at 20/,
  ],
  [
    'a wish by affinity',
    requires(term(expression('pool', 'In', 'gpu'))),
    'deny high_carbon',
    /its node affinity leaves only dirty/,
  ],
  [
    'a wish that an elastic region meets',
    { nodeSelector: { pool: 'gpu' } },
    'steer steered',
    /no node of clean has now what.*counts on new ones: now its node selector pool=gpu leaves only dirty/,
    { elastic: true },
  ],
  [
    'a wish that nobody meets',
    { nodeSelector: { pool: 'x' } },
    'allow unreachable',
    /no node has what the pod asks for, and none is known to come; it waits: its node selector pool=x leaves no region/,
  ],
  [
    'two wishes that no single node meets',
    { nodeSelector: { pool: 'gpu', [OS]: 'linux' } },
    'allow unreachable',
    /pool=gpu leaves only dirty, its node selector kubernetes.io\/os=linux leaves only clean; no single node has all/,
  ],
  [
    'a wish that only a node without a region meets: it does not wait',
    { nodeSelector: { pool: 'bare' } },
    'allow unreachable',
    /the nodes that have what the pod asks for carry no label topology.kubernetes.io\/region: nothing is known/,
  ],
  [
    'an extended resource',
    requests({ [GPU]: 1 }),
    'steer all_dirty',
    /request of 1 nvidia.com\/gpu leaves only dirtier, dirty.*cleanest: dirty at 379/,
  ],
  [
    'an extended resource, when-all-dirty: deny',
    requests({ [GPU]: 1 }),
    'deny high_carbon',
    /request of 1 nvidia.com\/gpu leaves only dirtier, dirty; no region that is acceptable now has what it needs/,
    { policy: { 'when-all-dirty': 'deny' } },
  ],
  [
    'an extended resource, where data may not live there',
    requests({ [GPU]: 1 }),
    'deny not_allowed',
    /dirtier is not among the regions clean.*request of 1 nvidia.com\/gpu leaves only dirtier, dirty; no region/,
    { policy: { regions: 'clean' } },
  ],
  [
    'a sum of tenths',
    { containers: ['0.1', '0.2', '31'].map((cpu) => ({ resources: { requests: { cpu } } })) },
    'steer all_dirty',
    /request of 31.3 cpu leaves only dirty/,
  ],
  ['size', requests({ cpu: 32 }), 'steer all_dirty', /request of 32 cpu leaves only dirty/],
  [
    'an operating system',
    { nodeSelector: { [OS]: 'windows' } },
    'steer all_dirty',
    /kubernetes.io\/os=windows leaves only dirty/,
  ],
  [
    'a volume',
    {},
    'allow all_dirty',
    /volume v1 \(claim data\) holds the pod in dirty: dirty is at 379/,
    { volumes: held },
  ],
  [
    'a volume, when-all-dirty: deny',
    {},
    'allow all_dirty',
    /holds the pod/,
    { volumes: held, policy: { 'when-all-dirty': 'deny' } },
  ],
  [
    'a need and a wish',
    { ...requests({ [GPU]: 1 }), nodeSelector: { pool: 'gpu' } },
    'steer all_dirty',
    /cleanest: dirty/,
  ],
];

describe('what leaves only dirty regions', () => {
  for (const [name, parts, expected, says, { policy = {}, volumes, elastic = false } = {}] of rows)
    it(`${name}: ${expected}`, () => {
      const regions = REGIONS.map((view) => ({ ...view, elastic: elastic && view.name === 'clean' }));
      const decision = decideNow(makePod(parts), policy, makeSnapshot(regions, { nodes: NODES }), { volumes });
      assert.equal(`${decision.decision} ${decision.reason}`, expected);
      assert.match([decision.message, ...decision.warnings].join(' '), says);
    });

  it('a taint that the pod does not tolerate: all_dirty', () => {
    const nodes = [makeNode('n1', 'clean', { taints: [DEDICATED] }), makeNode('n2', 'dirty')];
    const { reason, warnings } = decideNow(makePod(), {}, makeSnapshot(REGIONS, { nodes }));
    assert.equal(reason, 'all_dirty');
    assert.match(warnings.join(), /taints that it does not tolerate leaves? only dirty/);
  });
});

it('a cluster without a node is told as one', () => {
  const { warnings } = decideNow(makePod(), {}, makeSnapshot(REGIONS, { nodes: [] }));
  assert.match(warnings.join(), /it waits: no region has a node/);
});

describe('the steps of a decision say', () => {
  const found = (parts: Parameters<typeof makePod>[0], regions = REGIONS) => {
    const [pod, snapshot, policy] = [makePod(parts), makeSnapshot(regions, { nodes: NODES }), makePolicy()];
    const input = { pod, snapshot, policy, now: NOW };
    return explain(pod, decideNow(pod, policy, snapshot), policy, sharesOf(input)).find(
      ({ step }) => step === 'reachable',
    )?.finding;
  };
  it('which region counts on nodes that may come, where that makes them all', () => {
    const elastic = REGIONS.map((view) => ({ ...view, elastic: view.name !== 'dirty' }));
    const pods = { nodeSelector: { pool: 'gpu' } };
    assert.equal(found(pods, elastic), 'all 3 regions; by nodes that may come: clean, dirtier');
  });
  it('that nodes without a region label would do', () =>
    assert.match(
      found({ nodeSelector: { pool: 'bare' } }) ?? '',
      /^0 of 3: none; and nodes without a region label; wish/,
    ));
  it('where the node is that a pod names', () =>
    assert.equal(found({ nodeName: 'n-dirty' }), '1 of 3: dirty; wish: node name n-dirty leaves dirty'));
});

describe('what nothing asks for is not added', () => {
  it('a pod that may run everywhere gets no patch', () => {
    const { decision, patch } = decideNow(
      makePod(),
      { placement: 'none' },
      makeSnapshot({ a: 100, b: 100 }, { nodes: [makeNode('n', 'a')] }),
    );
    assert.deepEqual([decision, patch], ['allow', []]);
  });

  const carbon = (value: string) => ({ key: 'gridgate.dev/carbon', value, effect: 'PreferNoSchedule' });
  const tolerationsOf = (taints: readonly ReturnType<typeof carbon>[], parts = {}) => {
    const snapshot = makeSnapshot(
      { a: 100, b: 200 },
      { nodes: [makeNode('n', 'a', { taints }), makeNode('m', 'b')], ...parts },
    );
    return decideNow(makePod(), {}, snapshot).steps?.steering?.toleratedBands;
  };
  it('no toleration without a taint', () => assert.deepEqual(tolerationsOf([]), []));
  it('those of the bands that some node carries', () => assert.deepEqual(tolerationsOf([carbon('high')]), ['high']));
  it('all where nodes are not known', () => {
    const { steps } = decideNow(makePod(), {}, makeSnapshot({ a: 100 }));
    assert.deepEqual(steps?.steering?.toleratedBands, ['low', 'medium', 'high']);
  });
});

describe('nodes without a region label', () => {
  const nodes = [
    makeNode('n1', 'dirty', { labels: { pool: 'x' } }),
    makeNode('bare', undefined, { labels: { pool: 'x' } }),
  ];
  const snapshot = makeSnapshot([makeRegion('clean', 20, { elastic: true }), makeRegion('dirty', 379)], { nodes });
  const pod = makePod({ nodeSelector: { pool: 'x' } });

  it('stay usable where the pod reaches no other that is acceptable', () => {
    const only = makeSnapshot([makeRegion('dirty', 379)], { nodes });
    const { decision, warnings, steps } = decideNow(pod, {}, only);
    assert.deepEqual([decision, warnings], ['steer', []]);
    assert.deepEqual(steps?.steering?.requirement, { operator: 'NotIn', values: ['dirty'] });
  });
  it('count beside nodes that may come', () => {
    assert.deepEqual(decideNow(pod, {}, snapshot).warnings, []);
  });
});
