import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { SpreadConstraint } from '../../src/decision/pod.ts';
import {
  decideNow,
  expression,
  makeNode,
  makePod,
  makePolicy,
  makeRegion,
  makeSnapshot,
  REGION_LABEL,
  requires,
  term,
  ZONE_LABEL,
  zone,
} from '../builders.ts';

const REGIONS = [
  makeRegion('a', 100),
  makeRegion('b', 200),
  makeRegion('c', 500),
  makeRegion('d', 600),
  makeRegion('z', 100, { outage: 'fire' }),
];
/** `b` has two zones, the others one; nobody has told of any node of `z`. */
const NODES = ['a/1', 'b/1', 'b/2', 'c/1', 'd/1'].map((place) => makeNode(place, place));

/** 15 zones a region, each with two pools. */
const MANY_ZONES = makeSnapshot(REGIONS, {
  nodes: ['a', 'b', 'c', 'd'].flatMap((name) =>
    Array.from({ length: 30 }, (_, index) =>
      makeNode(`${name}${index}`, `${name}/${index % 15}`, { labels: { pool: index < 15 ? 'x' : 'y' } }),
    ),
  ),
});

const strict = (topologyKey: string, rest: SpreadConstraint = {}): SpreadConstraint => ({
  topologyKey,
  whenUnsatisfiable: 'DoNotSchedule',
  ...rest,
});
const overRegions = (rest?: SpreadConstraint) => strict(REGION_LABEL, rest);
const overZones = (rest?: SpreadConstraint) => strict(ZONE_LABEL, rest);

type Case = readonly [
  name: string,
  constraint: SpreadConstraint | readonly SpreadConstraint[],
  requirement: string,
  pod?: Parameters<typeof makePod>[0],
  policy?: Record<string, string>,
];

function check(rows: readonly Case[], snapshot = makeSnapshot(REGIONS, { nodes: NODES })) {
  for (const [name, constraints, expected, parts, policy = {}] of rows) {
    it(`${name}: ${expected}`, () => {
      const pod = makePod({ topologySpreadConstraints: [constraints].flat(), ...parts });
      const { requirement } = decideNow(pod, policy, snapshot).steps?.steering ?? {};
      assert.equal(requirement ? `${requirement.operator} ${requirement.values.join(' ')}` : 'none', expected);
    });
  }
}

describe('a spread that could not be met in clean regions: carbon only prefers', () => {
  check([
    ['3 regions, 2 of them clean', overRegions({ minDomains: 3 }), 'NotIn z'],
    ['4 zones, 3 of them clean', overZones({ minDomains: 4 }), 'NotIn z'],
    ['regions, affinity ignored', overRegions({ nodeAffinityPolicy: 'Ignore' }), 'NotIn z'],
    ['zones, affinity ignored', overZones({ nodeAffinityPolicy: 'Ignore' }), 'NotIn z'],
    ['one of two constraints', [overRegions(), overZones({ minDomains: 4 })], 'NotIn z'],
    ['all dirty, and the pod wants two', overRegions({ minDomains: 2 }), 'NotIn z', {}, { 'max-intensity': '50' }],
    ['sovereignty stays', overRegions({ minDomains: 3 }), 'In a b c', {}, { regions: 'a,b,c' }],
    ['placement: require', overRegions({ minDomains: 3 }), 'NotIn z', {}, { placement: 'require' }],
    [
      'placement: require gives way to the ceiling where that is enough',
      overRegions({ minDomains: 2 }),
      'NotIn c d z',
      {},
      { placement: 'require' },
    ],
    [
      'zones that the pod itself excludes are no domains',
      overZones({ minDomains: 3 }),
      'NotIn z',
      requires(term(zone('In', 'a-1', 'b-1', 'c-1'))),
    ],
  ]);

  const OLD_ZONE = 'failure-domain.beta.kubernetes.io/zone';
  describe('over the old labels of places', () => {
    const nodes = NODES.map((node) => ({ ...node, labels: { ...node.labels, [OLD_ZONE]: node.name } }));
    check(
      [['4 zones, 3 of them clean', strict(OLD_ZONE, { minDomains: 4 }), 'NotIn z']],
      makeSnapshot(REGIONS, { nodes }),
    );
  });

  describe('over so many zones that they tell no classes of nodes apart', () => {
    check([['31 zones, 30 of them clean', overZones({ minDomains: 31 }), 'NotIn z']], MANY_ZONES);
  });

  describe('regions without a node are no domains', () => {
    const nodes = NODES.filter(({ region }) => region !== 'b');
    check([['2 regions', overRegions({ minDomains: 2 }), 'NotIn z']], makeSnapshot(REGIONS, { nodes }));
    check([['2 zones', overZones({ minDomains: 2 }), 'NotIn z']], makeSnapshot(REGIONS, { nodes }));
  });

  describe('is told where sovereignty or outage leave too little', () => {
    const snapshot = makeSnapshot(REGIONS, { nodes: [...NODES, makeNode('z/1', 'z/1')] });
    const told = (constraint: SpreadConstraint, policy: Record<string, string>) =>
      decideNow(makePod({ topologySpreadConstraints: [constraint] }), policy, snapshot).warnings.join();
    const says = /too few of the regions that are left are allowed, near and healthy/;
    it('3 regions, 2 of them allowed', () =>
      assert.match(told(overRegions({ minDomains: 3 }), { regions: 'a,b' }), says));
    it('5 regions, one of them in outage', () => assert.match(told(overRegions({ minDomains: 5 }), {}), says));
    it('not where it is enough', () =>
      assert.doesNotMatch(told(overRegions({ minDomains: 2 }), { regions: 'a,b' }), says));
    it('not where there never were so many', () => assert.doesNotMatch(told(overRegions({ minDomains: 9 }), {}), says));
  });

  it('prefers the clean ones, even a single one, and warns', () => {
    const snapshot = makeSnapshot({ a: 100, c: 500 });
    const pod = makePod({ topologySpreadConstraints: [overRegions({ minDomains: 2 })] });
    const { steps, warnings, decision } = decideNow(pod, {}, snapshot);
    assert.deepEqual(steps?.steering?.preferred, [{ region: 'a', weight: 100 }]);
    assert.match(warnings.join(), /spread/);
    assert.equal(decision, 'steer');
  });
});

describe('a spread that can be met: carbon requires as ever', () => {
  check([
    ['2 regions are clean', overRegions({ minDomains: 2 }), 'NotIn c d z'],
    ['3 zones are clean', overZones({ minDomains: 3 }), 'NotIn c d z'],
    ['no minDomains: only admitted domains count', overRegions(), 'NotIn c d z'],
    ['affinity honoured', overRegions({ nodeAffinityPolicy: 'Honor' }), 'NotIn c d z'],
    [
      'ScheduleAnyway',
      overRegions({ whenUnsatisfiable: 'ScheduleAnyway', nodeAffinityPolicy: 'Ignore' }),
      'NotIn c d z',
    ],
    [
      'over host names',
      strict('kubernetes.io/hostname', { minDomains: 9, nodeAffinityPolicy: 'Ignore' }),
      'NotIn c d z',
    ],
    ['over another label', strict('rack', { nodeAffinityPolicy: 'Ignore' }), 'NotIn c d z'],
    ['more regions than there are', overRegions({ minDomains: 9 }), 'NotIn c d z'],
  ]);
  check([['30 zones are clean', overZones({ minDomains: 30 }), 'NotIn c d z']], MANY_ZONES);
});

describe('of pods that are decided one after the other, each counts its own domains', () => {
  const over3Zones = { topologySpreadConstraints: [overZones({ minDomains: 3 })] };
  const over4Zones = { topologySpreadConstraints: [overZones({ minDomains: 4 })] };
  const elsewhere = zone('NotIn', 'x-9');
  const ours = expression('gridgate.dev/placed', 'DoesNotExist');
  const pods = {
    'asks for nothing: 3 zones are clean': [makePod(over3Zones), 'NotIn c d z'],
    'leaves out one of them': [makePod({ ...over3Zones, ...requires(term(zone('NotIn', 'b-2'))) }), 'NotIn z'],
    'wants one more': [makePod(over4Zones), 'NotIn z'],
    'has a policy that nobody knows, written like a second constraint': [
      makePod({
        topologySpreadConstraints: [
          overZones({ minDomains: 3, nodeAffinityPolicy: `undefined\n${REGION_LABEL} 3 undefined` }),
        ],
      }),
      'NotIn c d z',
    ],
    'wants it of another label as well': [
      makePod({ topologySpreadConstraints: [overZones({ minDomains: 3 }), overRegions({ minDomains: 3 })] }),
      'NotIn z',
    ],
    'asks for nearly all, and for more zones than are clean': [
      makePod({ ...over4Zones, ...requires(term(elsewhere)) }),
      'NotIn z',
    ],
    'asks for the same, with a forged requirement of ours that leads to dirty regions alone': [
      makePod({ ...over4Zones, ...requires(term(elsewhere, expression(REGION_LABEL, 'In', 'd'), ours)) }),
      'NotIn c d z',
    ],
    'asks for the same, with a forged one that leads to no node, decided once and again': [
      makePod({
        ...over4Zones,
        ...requires(
          term(
            elsewhere,
            expression(REGION_LABEL, 'In', 'e'),
            ours,
            expression(REGION_LABEL, 'NotIn', 'c', 'd', 'z'),
            ours,
          ),
        ),
      }),
      'NotIn c d z',
    ],
  } as const;
  const rows = Object.entries(pods);
  for (const [order, some] of Object.entries({ once: rows, back: rows.toReversed() }))
    it(order, () => {
      const snapshot = makeSnapshot(REGIONS, { nodes: NODES });
      const policy = makePolicy({});
      for (const [name, [pod, expected]] of [...some, ...some]) {
        const { requirement } = decideNow(pod, policy, snapshot).steps?.steering ?? {};
        assert.equal(`${requirement?.operator} ${requirement?.values.join(' ')}`, expected, `one that ${name}`);
      }
    });
});

describe('the record of a decision', () => {
  it('tells the reason of its own pod, whoever was decided before', () => {
    const snapshot = makeSnapshot({ a: 100, c: 500 });
    const policy = makePolicy({ placement: 'none' });
    decideNow(makePod(), policy, snapshot);
    const pod = makePod({ topologySpreadConstraints: [overRegions({ minDomains: 2 })] });
    const { reason, patch } = decideNow(pod, policy, snapshot);
    const record = JSON.stringify(patch.find(({ path }) => path.startsWith('/metadata'))?.value);
    assert.match(record, new RegExp(`\\\\"reason\\\\":\\\\"${reason}\\\\"`));
  });
});
