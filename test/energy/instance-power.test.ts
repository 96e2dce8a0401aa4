import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type IdlePower, idlePowerOf } from '../../src/energy/instance-power.ts';
import type { NodeShape } from '../../src/energy/node-shape.ts';
import { createPowerTable, DEFAULT_POWER_TABLE, IDLE_WATTS, type OwnInstance } from '../../src/energy/power-table.ts';

function ownTable(instances: Readonly<Record<string, OwnInstance>>) {
  return createPowerTable({ instances: new Map(Object.entries(instances)) });
}

function assertPower(actual: IdlePower, watts: number, basis: string, how: string): void {
  assert.ok(Math.abs(actual.watts - watts) < 1e-9, `${actual.watts} W, not ${watts}`);
  assert.deepEqual([actual.basis, actual.how], [basis, how]);
}

describe('the idle power of a node', () => {
  const rows: readonly [name: string, node: NodeShape, watts: number, basis: string, how: string][] = [
    ['of a type in the table', { instanceType: 'm7g.large' }, 12.5, 'looked-up', 'embedded table'],
    ['of another', { instanceType: 'c7g.2xlarge' }, 28.3, 'looked-up', 'embedded table'],
    ['of an x86 one', { instanceType: 'm6i.xlarge' }, 21.7, 'looked-up', 'embedded table'],
    // 12.5 W / 2 vCPU * 4
    ['of a larger size', { instanceType: 'm7g.xlarge' }, 25, 'estimated', 'family m7g by vCPU'],
    // 12.5 / 2 * 1
    ['of a smaller size', { instanceType: 'm7g.medium' }, 6.25, 'estimated', 'family m7g by vCPU'],
    // 28.3 / 8 * 64
    [
      'of bare metal that says its vCPUs',
      { instanceType: 'c7g.metal', vcpus: 64 },
      226.4,
      'estimated',
      'family c7g by vCPU',
    ],
    // (12.5 + 28.3) / (2 + 8) * 2
    ['of another ARM family', { instanceType: 'r8g.large' }, 8.16, 'estimated', '2 vCPU'],
    // 21.7 / 4 * 2
    ['of another x86 family', { instanceType: 'c5.large' }, 10.85, 'estimated', '2 vCPU'],
    ['of Azure', { instanceType: 'Standard_D4s_v5' }, 21.7, 'estimated', '4 vCPU'],
    ['of Google', { instanceType: 'n2-standard-4' }, 21.7, 'estimated', '4 vCPU'],
    ['of ARM at Azure', { instanceType: 'Standard_D4ps_v5' }, 16.32, 'estimated', '4 vCPU'],
    [
      'that is labelled otherwise than its name',
      { instanceType: 'c5.large', arch: 'arm64' },
      8.16,
      'estimated',
      '2 vCPU',
    ],
    ['with vCPUs and architecture alone', { vcpus: 8, arch: 'arm64' }, 32.64, 'estimated', '8 vCPU'],
    // All entries: (12.5 + 28.3 + 21.7) / (2 + 8 + 4) * 8
    ['with vCPUs alone', { vcpus: 8 }, (62.5 / 14) * 8, 'estimated', '8 vCPU'],
    ['of an architecture in no entry', { vcpus: 14, arch: 'riscv64' }, 62.5, 'estimated', '14 vCPU'],
    ['with a part of a vCPU', { vcpus: 3.92, arch: 'amd64' }, 21.266, 'estimated', '3.92 vCPU'],
    ['of constrained vCPUs', { instanceType: 'Standard_E16-4as_v4', vcpus: 4 }, 86.8, 'estimated', '16 vCPU'],
    [
      'of a name that is not telling',
      { instanceType: 'edge-box', vcpus: 4, arch: 'amd64' },
      21.7,
      'estimated',
      '4 vCPU',
    ],
    ['of bare metal that says nothing', { instanceType: 'm7g.metal' }, 15, 'estimated', 'default'],
    ['that says nothing', {}, 15, 'estimated', 'default'],
    ['with no vCPUs', { vcpus: 0, arch: 'arm64' }, 15, 'estimated', 'default'],
    ['with vCPUs below zero', { vcpus: -4 }, 15, 'estimated', 'default'],
    ['with vCPUs that are no number', { vcpus: Number.NaN }, 15, 'estimated', 'default'],
    ['with endless vCPUs', { vcpus: Number.POSITIVE_INFINITY }, 15, 'estimated', 'default'],
    ['of a hostile name', { instanceType: '__proto__', arch: 'constructor' }, 15, 'estimated', 'default'],
  ];
  for (const [name, node, watts, basis, how] of rows)
    it(`${name} is ${Number(watts.toFixed(2))} W: ${how}`, () => {
      assertPower(idlePowerOf(node, DEFAULT_POWER_TABLE), watts, basis, how);
    });

  it('comes with a source and a year for each value', () => {
    for (const { source, year } of IDLE_WATTS) assert.ok(source !== '' && year > 2000);
  });
});

describe('with an own table the idle power of a node', () => {
  const table = ownTable({
    'm7g.large': { idleWatts: 10 },
    'm7g.2xlarge': { idleWatts: 32 },
    'edge-box': { idleWatts: 40, vcpus: 8, arch: 'amd64' },
    'c7g.2xlarge': { manufacturingKg: 1_200 },
    'c7g.large': { idleWatts: 6 },
  });

  const rows: readonly [name: string, node: NodeShape, watts: number, basis: string, how: string][] = [
    ['is its own first', { instanceType: 'm7g.large' }, 10, 'looked-up', 'own table'],
    ['is its own for names of no cloud', { instanceType: 'edge-box' }, 40, 'looked-up', 'own table'],
    ['is the embedded one otherwise', { instanceType: 'm6i.xlarge' }, 21.7, 'looked-up', 'embedded table'],
    [
      'is the embedded one where its own says other things',
      { instanceType: 'c7g.2xlarge' },
      28.3,
      'looked-up',
      'embedded table',
    ],
    // (10 + 32) / (2 + 8) * 4: the embedded m7g.large is not in it.
    [
      'is estimated by its own sizes of a family',
      { instanceType: 'm7g.xlarge' },
      16.8,
      'estimated',
      'family m7g by vCPU',
    ],
    // 6 / 2 * 4: the embedded c7g.2xlarge is not in it.
    ['is estimated by its own sizes alone', { instanceType: 'c7g.xlarge' }, 12, 'estimated', 'family c7g by vCPU'],
    // 40 / 8 * 2
    ['is estimated by its own types of an architecture', { instanceType: 'c5.large' }, 10, 'estimated', '2 vCPU'],
  ];
  for (const [name, node, watts, basis, how] of rows)
    it(name, () => {
      assertPower(idlePowerOf(node, table), watts, basis, how);
    });

  it('is 15 W where the table has nothing to compare with', () => {
    const empty = { ...DEFAULT_POWER_TABLE, instances: new Map() };
    assertPower(idlePowerOf({ instanceType: 'm7g.large', vcpus: 2 }, empty), 15, 'estimated', 'default');
  });

  it('leaves the embedded table as it was', () => {
    assert.equal(idlePowerOf({ instanceType: 'm7g.large' }, DEFAULT_POWER_TABLE).watts, 12.5);
    assert.equal(DEFAULT_POWER_TABLE.instances.has('edge-box'), false);
  });

  it('has ten thousand types and as many nodes in no time', { timeout: 300_000 }, () => {
    const names = Array.from({ length: 10_000 }, (_, index) => `box${index}`);
    const large = ownTable(Object.fromEntries(names.map((name) => [name, { idleWatts: 20, vcpus: 4 }])));
    for (const name of names) assert.equal(idlePowerOf({ instanceType: `${name}-x`, vcpus: 4 }, large).watts, 20);
  });
});
