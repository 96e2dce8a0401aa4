import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DEFAULT_POWER_TABLE, type PowerTable } from '../../../src/energy/power-table.ts';
import type { ToldPolicy } from '../../../src/questions/preflight/cpu-manager-policy.ts';
import type { FleetNode } from '../../../src/questions/preflight/fleet-node.ts';
import { AVERAGE } from '../../builders.ts';
import { assessFleet, fleetNode, fleetOf, X86 } from './fleet.ts';

/** A table in which every machine of this type draws so much. */
function tableWith(instanceType: string, idleWatts: number): PowerTable {
  return {
    ...DEFAULT_POWER_TABLE,
    instances: new Map([...DEFAULT_POWER_TABLE.instances, [instanceType, { idleWatts, isOwn: true }]]),
  };
}

/** The idle power of the incident report's fleet before its upgrade. */
const INCIDENT = { baselineWatts: 4200 };

describe('the verdict', () => {
  const ROWS: readonly [name: string, nodes: number, each: number, increase: number, verdict: string][] = [
    ['4,968 W are 18.3% above 4,200 W', 1, 4968, 18.285714, 'IDLE POWER SPIKE'],
    ['exactly 15% is safe', 1, 4830, 15, 'SAFE TO UPGRADE'],
    ['exactly 15% in sums of tenths is safe', 48_300, 0.1, 15, 'SAFE TO UPGRADE'],
    ['exactly 15% in sums of thirds is safe', 4830 * 3, 1 / 3, 15, 'SAFE TO UPGRADE'],
    ['0.001% more is not', 1, 4830.042, 15.001, 'IDLE POWER SPIKE'],
    ['the baseline itself is safe', 1, 4200, 0, 'SAFE TO UPGRADE'],
    ['less is safe', 1, 2100, -50, 'SAFE TO UPGRADE'],
  ];
  for (const [name, nodes, each, increase, verdict] of ROWS)
    it(name, () => {
      const fleet = fleetOf(nodes, { name: 'n', type: 'own' });
      const report = assessFleet(fleet, { policy: 'none', table: tableWith('own', each), ...INCIDENT });
      assert.deepEqual([report.total.increasePercent, report.verdict], [increase, verdict]);
    });

  it('336 m7g.large under static are 4,956 W, 18.0% above the baseline', () => {
    const { total, verdict } = assessFleet(fleetOf(336, { name: 'arm' }), INCIDENT);
    assert.deepEqual(
      [total.watts, total.wattsUnderNone, total.increasePercent, verdict],
      [4956, 4200, 18, 'IDLE POWER SPIKE'],
    );
  });

  it('a limit of 0 percent allows the baseline and nothing above it', () => {
    const spike = (watts: number) =>
      assessFleet(fleetOf(1, { name: 'n', type: 'own' }), {
        policy: 'none',
        table: tableWith('own', watts),
        maxIncreasePercent: 0,
        ...INCIDENT,
      }).verdict;
    assert.deepEqual([spike(4200), spike(4201)], ['SAFE TO UPGRADE', 'IDLE POWER SPIKE']);
  });
});

describe('the baseline', () => {
  const ARM = fleetOf(8, { name: 'arm' });
  const INTEL = fleetOf(2, { name: 'x86', ...X86 });
  const STATIC_ARM = fleetOf(1, { name: 'static' });
  const NONE_ARM = fleetOf(3, { name: 'none' });
  const mute = fleetOf(3, { name: 'mute' });
  /** The fleet is under static; of the compared nodes the names say it. */
  const policyOf = ({ name }: FleetNode): ToldPolicy => ({
    policy: name.startsWith('none') ? 'none' : 'static',
    origin: name.startsWith('mute') ? 'assumed' : 'annotation',
  });

  const SIZES: readonly [nodes: number, increase: number][] = [
    [1, 18],
    [8, 18],
    [1_000, 18],
  ];
  for (const [nodes, increase] of SIZES)
    it(`is the same nodes under none, be they ${nodes}`, () => {
      const { total, verdict } = assessFleet(fleetOf(nodes, { name: 'arm' }));
      assert.deepEqual(
        [total.baselineFrom, total.baselineWatts, total.increasePercent, verdict],
        ['none', 12.5 * nodes, increase, 'IDLE POWER SPIKE'],
      );
    });

  it('is what the fleet draws where nothing is static', () => {
    const { total, verdict } = assessFleet(ARM, { policy: 'none' });
    assert.deepEqual([total.increasePercent, verdict], [0, 'SAFE TO UPGRADE']);
  });

  const COMPARED: readonly [name: string, staging: readonly FleetNode[], baseline: number, counterparts: number][] = [
    ['no node of the type: none', INTEL, 8 * 12.5, 0],
    ['a node of the type under static: static', STATIC_ARM, 8 * 14.75, 8],
    ['one of four under static: a quarter of the difference', [...STATIC_ARM, ...NONE_ARM], 8 * 13.0625, 8],
    ['a policy that nobody told: none', mute, 8 * 12.5, 0],
    ['nodes without a type: none', fleetOf(1, { name: 'n', type: '' }), 8 * 12.5, 0],
  ];
  for (const [name, staging, baseline, counterparts] of COMPARED)
    it(`compared with ${name}`, () => {
      const { total, staging: found } = assessFleet(ARM, { staging, policyOf });
      assert.deepEqual(
        [total.baselineFrom, total.baselineWatts, found?.counterparts],
        [counterparts > 0 ? 'compared' : 'none', baseline, counterparts],
      );
    });

  it('that is given wins over a compared fleet, which still tells what it lacks', () => {
    const { total, staging } = assessFleet(ARM, { staging: INTEL, policyOf, ...INCIDENT });
    assert.deepEqual([total.baselineFrom, total.baselineWatts], ['given', 4200]);
    assert.ok(staging && staging.lacks.length > 0);
  });
});

describe('the watts of a node', () => {
  const ROWS: readonly [name: string, parts: Parameters<typeof fleetNode>[0], none: number, now: number][] = [
    ['m7g.large 12.5 -> 14.75', { name: 'n' }, 12.5, 14.75],
    ['m6i.xlarge 21.7 -> 23.89', { name: 'n', ...X86 }, 21.7, 23.892],
    ['c7g.2xlarge 28.3 -> 33.39', { name: 'n', type: 'c7g.2xlarge', cpu: '8' }, 28.3, 33.394],
    ['an architecture without a factor stays', { name: 'n', arch: 'riscv64', type: 'm6i.xlarge' }, 21.7, 21.7],
  ];
  for (const [name, parts, none, now] of ROWS)
    it(name, () => {
      const { total } = assessFleet([fleetNode(parts)]);
      assert.deepEqual([total.wattsUnderNone, total.watts], [none, now]);
    });

  it('own factors count', () => {
    const { total } = assessFleet([fleetNode({ name: 'n' })], { factors: new Map([['arm64', 2]]) });
    assert.equal(total.watts, 25);
  });

  it('under none the factor only shows in what static would draw', () => {
    const { total } = assessFleet([fleetNode({ name: 'n' })], { policy: 'none' });
    assert.deepEqual([total.watts, total.wattsUnderNone, total.wattsUnderStatic], [12.5, 12.5, 14.75]);
  });

  it('a measurement has static in it already', () => {
    const { total, nodes, bases } = assessFleet([fleetNode({ name: 'n' })], { measured: new Map([['n', 118]]) });
    assert.deepEqual([total.watts, total.wattsUnderNone, total.wattsUnderStatic], [118, 100, 118]);
    assert.deepEqual([nodes[0]?.basis, bases], ['measured', { measured: 1, 'looked-up': 0, estimated: 0 }]);
  });

  it('a measurement under none shows what static would make of it', () => {
    const { total } = assessFleet([fleetNode({ name: 'n' })], { policy: 'none', measured: new Map([['n', 100]]) });
    assert.deepEqual([total.watts, total.wattsUnderNone, total.wattsUnderStatic], [100, 100, 118]);
  });
});

describe('the report', () => {
  const mixed = [
    ...fleetOf(3, { name: 'arm' }),
    ...fleetOf(2, { name: 'x86', ...X86 }),
    ...fleetOf(4, { name: 'old', version: 'v1.32.9' }),
    fleetNode({ name: 'odd', version: 'soon' }),
    fleetNode({ name: 'mute', version: '' }),
  ];

  it('counts the nodes of the target version and says what it passed over', () => {
    const { total, skipped, nodes } = assessFleet(mixed);
    assert.equal(total.nodes, 5);
    assert.equal(nodes.length, 5);
    assert.deepEqual(skipped, [
      { version: '1.32', nodes: 4 },
      { version: null, nodes: 1 },
      { version: 'soon', nodes: 1 },
    ]);
  });

  it('tells ARM and x86 apart', () => {
    const { architectures } = assessFleet(mixed);
    assert.deepEqual(
      architectures.map(({ arch, nodes, wattsUnderNone, watts, increasePercent }) => [
        ...[arch, nodes, wattsUnderNone, watts, increasePercent],
      ]),
      [
        ['arm64', 3, 37.5, 44.25, 18],
        ['amd64', 2, 43.4, 47.783, 10.1],
      ],
    );
  });

  it('keeps one instance type of two architectures apart, and says where figures come from', () => {
    const odd = fleetNode({ name: 'odd', arch: 'amd64', type: 'm7g.large' });
    const { instanceTypes } = assessFleet([fleetNode({ name: 'n' }), odd]);
    assert.deepEqual(
      instanceTypes.map(({ instanceType, arch, how }) => [instanceType, arch, how]),
      [
        ['m7g.large', 'arm64', ['embedded table']],
        ['m7g.large', 'amd64', ['embedded table']],
      ],
    );
  });

  it('counts who told the policy of nodes', () => {
    const told: Readonly<Record<string, ToldPolicy>> = {
      'arm-0': { policy: 'none', origin: 'configz' },
      'arm-1': { policy: 'static', origin: 'annotation' },
    };
    const policyOf = ({ name }: FleetNode): ToldPolicy => told[name] ?? { policy: 'static', origin: 'assumed' };
    const fleet = fleetOf(3, { name: 'arm' });
    const report = assessFleet(fleet, { policyOf });
    assert.deepEqual(report.policiesFrom, { configz: 1, annotation: 1, assumed: 1 });
    assert.deepEqual(report.policies, { none: 1, static: 2 });
    assert.equal(report.total.watts, 12.5 + 2 * 14.75);
  });

  it('takes names for names, whatever they are', () => {
    const hostile = ['__proto__', 'constructor', 'a\u001b[31m', 'x'.repeat(253)].map((name) =>
      fleetNode({ name, type: name, region: name, arch: name, version: 'v1.33.0' }),
    );
    const report = assessFleet(hostile);
    assert.deepEqual([report.total.nodes, report.architectures.length, report.instanceTypes.length], [4, 4, 4]);
    assert.ok(Number.isFinite(report.total.watts));
  });

  it('sums carbon by region with the PUE of its provider, and leaves out what nobody knows', () => {
    const fleet = [
      ...fleetOf(2, { name: 'w' }),
      fleetNode({ name: 'nowhere', region: '' }),
      fleetNode({ name: 'atlantis', region: 'atlantis-1' }),
      fleetNode({ name: 'gcp', region: 'europe-north1' }),
    ];
    const intensities = new Map([
      ['us-west-2', { ...AVERAGE, gramsPerKwh: 120.5 }],
      ['europe-north1', { ...AVERAGE, gramsPerKwh: 100 }],
    ]);
    const { carbon } = assessFleet(fleet, { intensities });
    // 29.5 W * 6 h / 1000 * 1.135 * 120.5 / 1000 and 14.75 W * 6 h / 1000 * 1.1 * 100 / 1000
    const byHand = { west: 0.024208, north: 0.009735 };
    assert.deepEqual(
      carbon.regions.map(({ region, watts, kgCo2e, pue }) => [region, watts, kgCo2e, pue.value]),
      [
        ['us-west-2', 29.5, byHand.west, 1.135],
        ['europe-north1', 14.75, byHand.north, 1.1],
        ['atlantis-1', 14.75, null, 1.135],
      ],
    );
    assert.deepEqual([carbon.hours, carbon.nodesLeftOut, carbon.kgCo2e], [6, 2, 0.033943]);
    assert.ok(carbon.kgCo2eUnderNone < carbon.kgCo2e && carbon.kgCo2eUnderStatic === carbon.kgCo2e);
  });
});
