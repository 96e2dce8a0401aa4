import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { embodiedGramsPerHour, embodiedOf } from '../../src/energy/embodied.ts';
import { gramsPerHour } from '../../src/energy/emissions.ts';
import { cpuWatts, DEFAULT_POWER_MODEL, podWatts } from '../../src/energy/power-model.ts';
import { DEFAULT_POWER_TABLE } from '../../src/energy/power-table.ts';

/** To the last digit that was printed: what is left is the order in which doubles are multiplied. */
function assertPrinted(actual: number, printed: number): void {
  assert.ok(Math.abs(actual - printed) <= 1e-14 * Math.abs(printed), `${actual}, printed was ${printed}`);
}

/**
 * The calculator of the Green Software Foundation's Impact Framework for the method of Cloud Carbon Footprint; what it
 * answers for an hour is printed in
 * https://github.com/Green-Software-Foundation/if-unofficial-plugins/blob/main/src/__tests__/unit/lib/ccf/index.test.ts
 */
describe('the Impact Framework, for an hour', () => {
  /**
   * Cascade Lake in
   * https://github.com/cloud-carbon-footprint/cloud-carbon-coefficients/blob/main/output/coefficients-gcp-use.csv
   */
  const CASCADE_LAKE = { min: 0.6389493581523519, max: 3.6424520285114035 };
  const energies: readonly [utilisation: number, kwh: number][] = [
    [0.1, 0.0018785992503765141],
    [0.5, 0.004281401386663755],
    [1, 0.0072849040570228075],
  ];
  for (const [utilisation, kwh] of energies)
    it(`says ${kwh} kWh of n2-standard-2 at ${utilisation * 100}%, and so do we`, () => {
      assertPrinted(cpuWatts(2, CASCADE_LAKE, utilisation) / 1_000, kwh);
    });

  it('says of it at 50% what our requests of two vCPUs draw', () => {
    const model = { ...DEFAULT_POWER_MODEL, vcpuWatts: CASCADE_LAKE };
    assertPrinted(podWatts({ vcpu: 2, memoryGb: 0 }, model) / 1_000, 0.004281401386663755);
  });

  const embodied: readonly [instanceType: string, grams: number][] = [
    ['t2.micro', 0.8784841133942161],
    ['m5n.large', 0.9577090468036529],
    ['n2-standard-2', 0.8421000998858448],
  ];
  for (const [instanceType, grams] of embodied)
    it(`says ${grams} g embodied of ${instanceType}, and so do we`, () => {
      const ours = embodiedOf({ instanceType }, DEFAULT_POWER_TABLE);
      assertPrinted(ours.gramsPerHour, grams);
      assert.equal(ours.basis, 'looked-up');
    });
});

/** https://github.com/cloud-carbon-footprint/cloud-carbon-footprint/tree/trunk/packages/core/src, their own expectations. */
describe('Cloud Carbon Footprint, for an hour', () => {
  it('says 0.0008370625 kWh and 0.776794 g of a vCPU at 1% in af-south-1 (compute/__tests__)', () => {
    const watts = cpuWatts(1, { min: 0.71, max: 3.46 }, 0.01);
    assertPrinted((watts / 1_000) * 1.135, 0.0008370624999999999);
    assertPrinted(gramsPerHour(watts, 1.135, 928), 0.776794);
  });

  const rows: readonly [gigabytes: number, pue: number, gramsPerKwh: number, grams: number][] = [
    [90, 1.11, 479, 18.7580232],
    [80, 1.135, 415.755, 14.798217168],
  ];
  for (const [gigabytes, pue, gramsPerKwh, grams] of rows)
    it(`says ${grams} g of ${gigabytes} GB at ${gramsPerKwh} g/kWh (memory/__tests__)`, () => {
      const watts = podWatts({ vcpu: 0, memoryGb: gigabytes }, DEFAULT_POWER_MODEL);
      assertPrinted(gramsPerHour(watts, pue, gramsPerKwh), grams);
    });
});

/** https://github.com/Green-Software-Foundation/sci/blob/main/SPEC.md: M = TE * (TiR / EL) * (RR / ToR). */
describe('the Software Carbon Intensity specification', () => {
  it('spreads a machine over four years', () => {
    const hours = 4 * 365 * 24;
    assertPrinted(embodiedGramsPerHour(1_000, 1) * hours, 1_000_000);
    assertPrinted(embodiedGramsPerHour(1_000, 0.25) * hours, 250_000);
  });
});
