import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { carbonOfType, gramsInRegion } from '../../src/capacity/carbon-of-type.ts';
import { BOOK, offeredType } from './overlays-world.ts';

const GIB = 2 ** 30 / 1e9;

function close(actual: number | undefined, expected: number): void {
  assert.ok(actual !== undefined && Math.abs(actual / expected - 1) < 5e-4, `${actual} is not ${expected}`);
}

describe('what an instance emits in an hour', () => {
  it('m5.large: 7.607 W, 0.958 g of having been made, 4.231 g in us-east-1 at 379.1 g/kWh', () => {
    const carbon = carbonOfType(offeredType('m5.large'), BOOK);
    assert.ok(!('unknown' in carbon));
    // 2 vCPU * (0.74 + 50% * 2.76) = 4.24 W, 8 GiB = 8.59 GB * 0.392 = 3.367 W
    close(carbon.watts, 7.6073);
    // 1,610.79 kg / 35,040 h * 2 / 96
    close(carbon.embodiedGramsPerHour, 0.95772);
    assert.equal(carbon.embodiedBasis, 'looked-up');
    // 7.6073 Wh * 1.135 * 379.1 g/kWh = 3.2733 g
    close(gramsInRegion(carbon, { region: 'us-east-1', gramsPerKwh: 379.1 }, BOOK), 4.231);
  });

  it('a type of no family that is known: parts of a rack server by vCPU, memory and accelerator', () => {
    const carbon = carbonOfType(offeredType('x', { vcpus: 4, memoryGb: 32 * GIB, accelerators: 1 }), BOOK);
    assert.ok(!('unknown' in carbon));
    // 4 * (1,100 - 16 * 533/384) / 96 + 32 * 533/384 + 150 kg = 44.908 + 44.417 + 150 = 239.33 kg / 35,040 h
    close(carbon.embodiedGramsPerHour, 6.83);
    // 8.48 W, 34.36 GB * 0.392 = 13.469 W, 300 W * (11.6% + 50% * 88.4%) = 167.4 W
    close(carbon.watts, 189.349);
    assert.equal(carbon.embodiedBasis, 'estimated');
  });

  it('with 4 GiB a vCPU the parts come to the rack server', () => {
    const carbon = carbonOfType(offeredType('x', { vcpus: 96, memoryGb: 384 * GIB }), BOOK);
    assert.ok(!('unknown' in carbon));
    close(carbon.embodiedGramsPerHour, 45.97); // 1,610.79 kg / 35,040 h
  });

  it('p4d.24xlarge draws most with its eight A100 of 400 W', () => {
    const carbon = carbonOfType(offeredType('p4d.24xlarge', { memoryGb: 1_152 * GIB, accelerators: 8 }), BOOK);
    assert.ok(!('unknown' in carbon));
    // 96 * 2.12 + 1,236.95 GB * 0.392 + 8 * 400 * 55.8%
    close(carbon.watts, 203.52 + 484.88 + 1_785.6);
  });

  const assumed: readonly [name: string, gib: number][] = [
    ['c5.large', 4],
    ['m5.large', 8],
    ['r5.large', 16],
    ['Standard_E2s_v5', 16],
    ['n2-highcpu-2', 4],
    ['n2-standard-2', 8],
  ];
  for (const [name, gib] of assumed)
    it(`${name} is taken to have ${gib} GiB where nobody says`, () => {
      const carbon = carbonOfType(offeredType(name, { memoryGb: undefined }), BOOK);
      assert.ok(!('unknown' in carbon) && carbon.size.isMemoryAssumed);
      close(carbon.size.memoryGb, gib * GIB);
    });

  it('an own table of embodied carbon counts first', () => {
    const carbon = carbonOfType(offeredType('m5.large'), { ...BOOK, embodied: new Map([['m5.large', 0.5]]) });
    assert.ok(!('unknown' in carbon));
    assert.deepEqual([carbon.embodiedGramsPerHour, carbon.embodiedHow], [0.5, 'own table']);
  });

  const unknown: readonly [name: string, why: string][] = [
    ['k8s-worker', 'vCPUs not known'],
    ['g5.xlarge', 'accelerators not counted'],
    ['trn1.2xlarge', 'accelerators not counted'],
  ];
  for (const [name, why] of unknown)
    it(`nobody knows of ${name}: ${why}`, () =>
      assert.deepEqual(carbonOfType(offeredType(name), BOOK), { unknown: why }));
});
