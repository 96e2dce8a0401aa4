import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { emissionsBy, type PodPower, wattsOfPods } from '../../src/scaling/component-carbon.ts';
import { makeNode, makeRegion, makeSnapshot } from '../builders.ts';
import { scaledPod, usages } from './scaled-pods.ts';

const ofNode = (watts: number, ...machines: readonly string[]) => ({ machines, watts });
const ofPod = (name: string, watts: number) => ({ pod: { namespace: 'shop', name }, machines: [], watts });

/** `name: watts how`, with three digits. */
function told(power: PodPower): readonly string[] {
  return [...power].map(
    ([key, { watts, how }]) => `${key.replace('shop/', '')}: ${Number(watts.toPrecision(3))} ${how}`,
  );
}

describe('the watts of a pod', () => {
  it('are those that were measured for it, whatever else is known', () =>
    assert.deepEqual(
      told(
        wattsOfPods({ pods: [scaledPod('x')], usages: usages({ x: 3 }), measured: [ofPod('x', 4), ofNode(90, 'a')] }),
      ),
      ['x: 4 pod'],
    ));

  it('are 0 where a meter says so', () =>
    assert.deepEqual(told(wattsOfPods({ pods: [scaledPod('x')], measured: [ofPod('x', 0)] })), ['x: 0 pod']));

  it('are else its share of what its node was measured at, by the CPU that it uses', () =>
    assert.deepEqual(
      told(
        wattsOfPods({
          pods: [scaledPod('x'), scaledPod('y', { vcpu: 30 })],
          usages: usages({ x: 3, y: 1 }),
          measured: [ofNode(80, 'a'), ofNode(500, 'another')],
        }),
      ),
      ['x: 60 node-usage', 'y: 20 node-usage'],
    ));

  it('are shared by requests where nobody knows what is used', () =>
    assert.deepEqual(
      told(wattsOfPods({ pods: [scaledPod('x'), scaledPod('y', { vcpu: 3 })], measured: [ofNode(80, 'a')] })),
      ['x: 20 node-requests', 'y: 60 node-requests'],
    ));

  it('count a pod that nobody has seen yet at the assumed load among those that were seen', () =>
    assert.deepEqual(
      told(
        wattsOfPods({
          pods: [scaledPod('x'), scaledPod('new', { vcpu: 2 })],
          usages: usages({ x: 3 }),
          measured: [ofNode(80, 'a')],
        }),
      ),
      ['x: 60 node-usage', 'new: 20 node-requests'],
    ));

  it('of an idle node are shared by requests: it draws power all the same', () =>
    assert.deepEqual(
      told(
        wattsOfPods({
          pods: [scaledPod('x'), scaledPod('y')],
          usages: usages({ x: 0, y: 0 }),
          measured: [ofNode(50, 'a')],
        }),
      ),
      ['x: 25 node-requests', 'y: 25 node-requests'],
    ));

  it('find the node by the first of its names that is one', () => {
    const nodes = [{ ...makeNode('a'), addresses: ['10.0.0.7'] }];
    const measured = [ofNode(80, 'host-7', '10.0.0.7')];
    assert.deepEqual(told(wattsOfPods({ pods: [scaledPod('x')], measured, nodes })), ['x: 80 node-requests']);
  });

  // 1 vCPU requested, 0.5 used: 1 * 0.74 + 0.5 * 2.76; 4 vCPUs used of 1 requested: 4 * 3.5.
  it('are else estimated from what it uses, above what it requests, too', () =>
    assert.deepEqual(
      told(wattsOfPods({ pods: [scaledPod('x'), scaledPod('busy')], usages: usages({ x: 0.5, busy: 4 }) })),
      ['x: 2.12 usage', 'busy: 14 usage'],
    ));

  it('are the assumed ones of its requests where nothing else is known', () =>
    assert.deepEqual(told(wattsOfPods({ pods: [scaledPod('x', { memoryGb: 10 })] })), ['x: 6.04 requests']));

  it('are not known of a pod whose requests no machine could meet, and take nothing from its neighbours', () => {
    const pods = [scaledPod('x'), scaledPod('hostile', { vcpu: 1e12 })];
    assert.deepEqual(told(wattsOfPods({ pods })), ['x: 2.12 requests']);
    assert.deepEqual(told(wattsOfPods({ pods, measured: [ofNode(80, 'a')] })), [
      'x: 80 node-requests',
      'hostile: 0 node-requests',
    ]);
  });

  it('are not known of a pod that requests more than its node offers', () => {
    const nodes = [{ ...makeNode('a'), allocatable: { cpu: 4, memory: 8e9 } }];
    const pods = [
      scaledPod('x', { vcpu: 4, memoryGb: 8 }),
      scaledPod('many', { vcpu: 4.1 }),
      scaledPod('much', { memoryGb: 9 }),
    ];
    assert.deepEqual(told(wattsOfPods({ pods, nodes })), ['x: 11.6 requests']);
    assert.deepEqual(told(wattsOfPods({ pods, nodes, usages: usages({ many: 1 }) })), [
      'x: 11.6 requests',
      'many: 3.5 usage',
    ]);
  });

  it('are not those of a pod that never started: it takes nothing from its neighbours', () => {
    const pods = [scaledPod('x'), scaledPod('bound', { vcpu: 9_000, isUnstarted: true })];
    assert.deepEqual(told(wattsOfPods({ pods, measured: [ofNode(80, 'a')] })), ['x: 80 node-requests']);
  });

  it('are never negative or no number, whatever a meter says', () =>
    assert.deepEqual(
      told(
        wattsOfPods({ pods: [scaledPod('x')], measured: [ofPod('x', -4), ofPod('x', Number.NaN), ofNode(-9, 'a')] }),
      ),
      ['x: 2.12 requests'],
    ));
});

const SNAPSHOT = makeSnapshot(
  [
    makeRegion('eu-west-1', 400),
    makeRegion('here', 100),
    makeRegion('dark', undefined),
    makeRegion('marginal', 900, { reading: { signal: 'marginal' } }),
  ],
  {
    nodes: [
      makeNode('a', 'eu-west-1'),
      makeNode('h', 'here'),
      makeNode('d', 'dark'),
      makeNode('m', 'marginal'),
      makeNode('n'),
    ],
  },
);

describe('what components emit', () => {
  const byNamespace = (...pods: readonly ReturnType<typeof scaledPod>[]) =>
    emissionsBy(
      pods,
      new Map(pods.map(({ name }) => [`shop/${name}`, { watts: 1_000, how: 'pod' as const }])),
      SNAPSHOT,
      ({ namespace }) => namespace,
    ).get('shop');

  // 1 kW * 1.135 * 400 g/kWh, and 1 kW * 1.135 * 100 g/kWh: AWS's PUE stands for that of a region of no cloud.
  it('is watts * PUE * g/kWh, summed up over the regions that its pods are in', () => {
    const found = byNamespace(scaledPod('x'), scaledPod('y', { node: 'h' }));
    assert.equal(found?.kgPerHour.toFixed(4), (0.454 + 0.1135).toFixed(4));
    assert.deepEqual([found?.watts, found?.pods, found?.unknown, found?.basis], [2_000, 2, 0, 'measured']);
  });

  const unknown: readonly (readonly [string, string])[] = [
    ['a node without a region', 'n'],
    ['a region without a reading', 'd'],
    ['a region with a reading of another signal', 'm'],
  ];
  for (const [where, node] of unknown)
    it(`counts a pod on ${where} as unknown, not as clean`, () => {
      const found = byNamespace(scaledPod('x'), scaledPod('y', { node }));
      assert.deepEqual([found?.kgPerHour.toFixed(3), found?.pods, found?.unknown], ['0.454', 2, 1]);
    });

  it('leaves out a pod on a node that is not there, and one that never started', () => {
    const found = byNamespace(
      scaledPod('x'),
      scaledPod('lost', { node: 'gone' }),
      scaledPod('bound', { isUnstarted: true }),
    );
    assert.deepEqual([found?.kgPerHour.toFixed(3), found?.pods, found?.unknown], ['0.454', 1, 0]);
  });

  it('counts all pods as unknown as long as no node was seen', () => {
    for (const blind of [makeSnapshot({ here: 100 }), makeSnapshot({ here: 100 }, { nodes: [] })]) {
      const found = emissionsBy([scaledPod('x')], new Map(), blind, () => 'all').get('all');
      assert.deepEqual([found?.pods, found?.unknown], [1, 1]);
    }
  });

  it('is as good as the worst of what is known of its pods, and says how many are known how', () => {
    const pods = [scaledPod('x'), scaledPod('y'), scaledPod('z')];
    const power = wattsOfPods({ pods, measured: [ofPod('x', 5)], usages: usages({ y: 1 }) });
    const found = emissionsBy(pods, power, SNAPSHOT, () => 'all').get('all');
    assert.equal(found?.basis, 'estimated');
    assert.deepEqual(
      [...(found?.known ?? [])],
      [
        ['pod', 1],
        ['usage', 1],
        ['requests', 1],
      ],
    );
  });

  it('leaves out what has no key', () =>
    assert.equal(emissionsBy([scaledPod('x')], new Map(), SNAPSHOT, () => undefined).size, 0));
});
