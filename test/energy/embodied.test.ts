import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  embodiedGramsPerHour,
  embodiedOf,
  embodiedPerVcpu,
  podEmbodiedGramsPerHour,
} from '../../src/energy/embodied.ts';
import { podGramsPerHour } from '../../src/energy/emissions.ts';
import { MACHINE_MAKING, RACK_SERVER } from '../../src/energy/machine-making.ts';
import type { NodeShape } from '../../src/energy/node-shape.ts';
import { DEFAULT_POWER_MODEL } from '../../src/energy/power-model.ts';
import { createPowerTable, DEFAULT_POWER_TABLE } from '../../src/energy/power-table.ts';

const OWN = createPowerTable({
  instances: new Map([
    ['m5.large', { manufacturingKg: 3_504, machineVcpus: 40 }],
    ['edge-box', { manufacturingKg: 350.4 }],
    ['edge-slice', { manufacturingKg: 350.4, machineVcpus: 16, vcpus: 4 }],
    ['edge-riddle', { manufacturingKg: 350.4, machineVcpus: 16 }],
  ]),
});

describe('the embodied emissions of a node', () => {
  const rows: readonly [name: string, node: NodeShape, table: typeof OWN, grams: number, how: string][] = [
    // 1610.79 kg * 1000 / 35040 h * 2 / 96
    ['of a known family', { instanceType: 'm5.large' }, DEFAULT_POWER_TABLE, 0.957709046803653, 'embedded table'],
    ['of its whole machine', { instanceType: 'm5.24xlarge' }, DEFAULT_POWER_TABLE, 45.97003424657534, 'embedded table'],
    [
      'of bare metal',
      { instanceType: 'm5.metal', vcpus: 96 },
      DEFAULT_POWER_TABLE,
      45.97003424657534,
      'embedded table',
    ],
    [
      'of more than its machine',
      { instanceType: 'm5.metal', vcpus: 192 },
      DEFAULT_POWER_TABLE,
      45.97003424657534,
      'embedded table',
    ],
    // 1510.4 * 1000 / 35040 * 4 / 96
    ['of Azure', { instanceType: 'Standard_D4s_v5' }, DEFAULT_POWER_TABLE, 1.796042618, 'embedded table'],
    // 1230.46 * 1000 / 35040 * 4 / 32
    ['of Google', { instanceType: 'e2-standard-4' }, DEFAULT_POWER_TABLE, 4.389483447, 'embedded table'],
    // 1610.79 * 1000 / 35040 * 2 / 96
    [
      'of a family in no table',
      { instanceType: 'm9z.large' },
      DEFAULT_POWER_TABLE,
      0.957709046803653,
      '2 vCPU of a rack server',
    ],
    ['with vCPUs alone', { vcpus: 0.5 }, DEFAULT_POWER_TABLE, 0.23942726170091325, '0.5 vCPU of a rack server'],
    ['that says nothing', {}, DEFAULT_POWER_TABLE, 1.915418093607306, 'default'],
    [
      'of bare metal that says nothing',
      { instanceType: 'm5.metal' },
      DEFAULT_POWER_TABLE,
      1.915418093607306,
      'default',
    ],
    // 3504 * 1000 / 35040 * 2 / 40
    ['of an own figure', { instanceType: 'm5.large' }, OWN, 5, 'own table'],
    ['of an own figure for all of a machine', { instanceType: 'edge-box', vcpus: 8 }, OWN, 10, 'own table'],
    ['of an own figure for a part of one', { instanceType: 'edge-slice' }, OWN, 2.5, 'own table'],
    ['of an own figure, by the vCPUs of the node', { instanceType: 'edge-riddle', vcpus: 8 }, OWN, 5, 'own table'],
    ['of an own figure for an unknown part', { instanceType: 'edge-riddle' }, OWN, 1.915418093607306, 'default'],
  ];
  for (const [name, node, table, grams, how] of rows)
    it(`${name} are ${grams.toFixed(3)} g an hour: ${how}`, () => {
      const embodied = embodiedOf(node, table);
      assert.ok(Math.abs(embodied.gramsPerHour - grams) < 1e-9, `${embodied.gramsPerHour}`);
      assert.equal(embodied.how, how);
      assert.equal(embodied.basis, how.endsWith('table') ? 'looked-up' : 'estimated');
    });

  it('with the operational ones are the total', () => {
    // 2 vCPU and 8 GB: (2 * 2.12 + 8 * 0.392) W / 1000 * 1.135 * 300 = 2.511528 g; half of an m5.xlarge: 0.957709 g.
    const operational = podGramsPerHour(
      { vcpu: 2, memoryGb: 8 },
      { region: 'us-east-1', gramsPerKwh: 300 },
      DEFAULT_POWER_MODEL,
    );
    const perVcpu = embodiedPerVcpu([{ instanceType: 'm5.xlarge' }], DEFAULT_POWER_TABLE);
    const embodied = podEmbodiedGramsPerHour({ vcpu: 2 }, perVcpu);
    assert.ok(Math.abs(operational + embodied - 3.469237) < 1e-6, `${operational + embodied}`);
  });

  it('of a kilogram over a life of a machine are a kilogram', () => {
    assert.equal(embodiedGramsPerHour(35.04, 1), 1);
    assert.equal(embodiedGramsPerHour(35.04, 0), 0);
  });
});

describe('what one vCPU has of the making of nodes', () => {
  const rows: readonly [name: string, nodes: readonly NodeShape[], table: typeof OWN, grams: number, basis: string][] =
    [
      // 1610.79 kg * 1000 / 35040 h / 96
      ['of a rack server, without a node', [], DEFAULT_POWER_TABLE, 0.478_854_523, 'estimated'],
      ['of a node that says nothing', [{}], DEFAULT_POWER_TABLE, 0.478_854_523, 'estimated'],
      ['of a type in no table', [{ instanceType: 'x', vcpus: 8 }], DEFAULT_POWER_TABLE, 0.478_854_523, 'estimated'],
      // 1333.12 * 1000 / 35040 / 64, whatever the size
      ['of a type', [{ instanceType: 'm6g.large' }], DEFAULT_POWER_TABLE, 0.594_463_47, 'looked-up'],
      ['of its large size', [{ instanceType: 'm6g.8xlarge' }], DEFAULT_POWER_TABLE, 0.594_463_47, 'looked-up'],
      // (2 * 0.478854523 + 4 * 0.594463470) / 6
      [
        'of two types, by their vCPUs',
        [{ instanceType: 'm5.large' }, { instanceType: 'm6g.xlarge' }],
        DEFAULT_POWER_TABLE,
        0.555_927_155,
        'looked-up',
      ],
      // (2 * 0.594463470 + 6 * 0.478854523) / 8
      [
        'of a type and a node that does not say its own',
        [{ instanceType: 'm6g.large' }, { vcpus: 6 }],
        DEFAULT_POWER_TABLE,
        0.507_756_76,
        'estimated',
      ],
      // 350.4 * 1000 / 35040 / 8
      ['of an own figure', [{ instanceType: 'edge-box', vcpus: 8 }], OWN, 1.25, 'looked-up'],
      // The same by 4, which are assumed.
      ['of an own figure, in parts that nobody knows', [{ instanceType: 'edge-box' }], OWN, 2.5, 'estimated'],
    ];
  for (const [name, nodes, table, grams, basis] of rows)
    it(`${name} is ${grams} g an hour, ${basis}`, () => {
      const found = embodiedPerVcpu(nodes, table);
      assert.ok(Math.abs(found.gramsPerHour - grams) < 1e-8, `${found.gramsPerHour}`);
      assert.equal(found.basis, basis);
    });
});

describe('the embedded table of machines', () => {
  for (const [family, { manufacturingKg, machineVcpus, source, year }] of MACHINE_MAKING)
    it(`has a plausible ${family} with its source and year`, () => {
      assert.ok(manufacturingKg >= 1_000 && manufacturingKg <= 5_000);
      const kgPerVcpu = manufacturingKg / machineVcpus;
      assert.ok(kgPerVcpu > 5 && kgPerVcpu < 100, `${kgPerVcpu} kg a vCPU`);
      assert.ok(source.includes('Cloud Carbon Footprint') && year >= 2021 && year <= 2023);
    });

  it('has a rack server like the general-purpose ones', () => {
    assert.equal(RACK_SERVER.manufacturingKg, MACHINE_MAKING.get('m5')?.manufacturingKg);
  });
});
