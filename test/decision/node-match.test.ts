import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Toleration } from '../../src/decision/pod.ts';
import { reachableRegions } from '../../src/decision/reachable.ts';
import type { Taint } from '../../src/regions/node-facts.ts';
import { decideNow, makeNode, makePod, makeRegion, makeSnapshot } from '../builders.ts';

const taint = (parts: Partial<Taint> = {}): Taint => ({ key: 'sla', value: '950', effect: 'NoSchedule', ...parts });

/** As `v1.Toleration.ToleratesTaint` has it. */
const rows: readonly [
  name: string,
  toleration: Toleration & { tolerationSeconds?: number },
  tolerates: boolean,
  taint?: Taint,
][] = [
  ['Exists', { key: 'sla', operator: 'Exists' }, true],
  ['Exists without a key', { operator: 'Exists' }, true],
  ['Exists with an empty key', { key: '', operator: 'Exists', effect: '' }, true],
  ['Exists of another effect', { operator: 'Exists', effect: 'NoExecute' }, false],
  [
    'Exists for some seconds',
    { key: 'sla', operator: 'Exists', tolerationSeconds: 60 },
    true,
    taint({ effect: 'NoExecute' }),
  ],
  ['Equal', { key: 'sla', operator: 'Equal', value: '950' }, true],
  ['no operator is Equal', { key: 'sla', value: '950', effect: 'NoSchedule' }, true],
  ['an empty operator', { key: 'sla', operator: '', value: '950' }, true],
  ['another value', { key: 'sla', value: '951' }, false],
  ['no value, as the taint', { key: 'sla' }, true, { key: 'sla', effect: 'NoSchedule' }],
  ['another key', { key: 'tier', operator: 'Exists' }, false],
  ['Gt a lower number', { key: 'sla', operator: 'Gt', value: '900' }, true],
  ['Gt the same number', { key: 'sla', operator: 'Gt', value: '950' }, false],
  ['Lt a higher number', { key: 'sla', operator: 'Lt', value: '1000', effect: 'NoSchedule' }, true],
  ['Lt a lower number', { key: 'sla', operator: 'Lt', value: '-1' }, false],
  ['Gt no number', { key: 'sla', operator: 'Gt', value: 'x' }, false],
  ['Gt of a taint without one', { key: 'sla', operator: 'Gt', value: '1' }, false, taint({ value: 'gold' })],
  ['an operator that nobody knows', { key: 'sla', operator: 'Like', value: '950' }, false],
];

describe('a taint keeps a pod away unless it tolerates it', () => {
  for (const [name, toleration, tolerates, tainted = taint()] of rows)
    it(`${name}: ${tolerates ? 'tolerated' : 'kept away'}`, () => {
      const nodes = [makeNode('n', 'a', { taints: [tainted] })];
      const { regions } = reachableRegions(makePod({ tolerations: [toleration] }), makeSnapshot({ a: 100 }, { nodes }));
      assert.equal(regions.length === 1, tolerates);
    });
});

describe('a carbon taint of no band', () => {
  for (const value of ['extreme', undefined])
    it(`${value ?? 'without a value'}: gridgate adds nothing for it, and so leads no pod there`, () => {
      const carbon = taint({ key: 'gridgate.dev/carbon', ...(value ? { value } : { value: '' }) });
      const nodes = [makeNode('n', 'clean', { taints: [carbon] }), makeNode('m', 'fair'), makeNode('d', 'dirty')];
      const snapshot = makeSnapshot([makeRegion('clean', 20), makeRegion('fair', 100), makeRegion('dirty', 500)], {
        nodes,
      });
      const { region, steps } = decideNow(makePod(), {}, snapshot);
      assert.deepEqual([region, steps?.reach.regions.map(({ name }) => name)], ['fair', ['dirty', 'fair']]);
    });
});

describe('a pod that needs just what a node offers fits', () => {
  const cpu = (...amounts: string[]) => amounts.map((amount) => ({ resources: { requests: { cpu: amount } } }));
  const reach = (parts: Parameters<typeof makePod>[0], offered: number) =>
    reachableRegions(
      makePod(parts),
      makeSnapshot({ a: 1 }, { nodes: [makeNode('n', 'a', { allocatable: { cpu: offered } })] }),
    ).regions.length;
  it('in tenths', () => assert.equal(reach({ containers: cpu('100m', '200m') }, 0.3), 1));
  it('but for one more', () => assert.equal(reach({ containers: cpu('100m', '201m') }, 0.3), 0));
});
