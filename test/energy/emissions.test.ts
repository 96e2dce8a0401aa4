import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { avoidedGramsPerHour, gramsPerHour, type Place, podGramsPerHour } from '../../src/energy/emissions.ts';
import { DEFAULT_POWER_MODEL, podWatts } from '../../src/energy/power-model.ts';
import { createPowerTable } from '../../src/energy/power-table.ts';

const SMALL = { vcpu: 1, memoryGb: 0 };
const LARGE = { vcpu: 4, memoryGb: 16 };

function assertClose(actual: number, expected: number): void {
  assert.ok(Math.abs(actual - expected) <= 1e-9 * Math.max(1, Math.abs(expected)), `${actual}, not ${expected}`);
}

describe('what a pod draws', () => {
  const rows: readonly [name: string, requests: { vcpu: number; memoryGb: number }, watts: number][] = [
    // 0.74 + 50% * (3.5 - 0.74) = 2.12
    ['of one vCPU', SMALL, 2.12],
    // 1 * 0.392
    ['of one GB', { vcpu: 0, memoryGb: 1 }, 0.392],
    // 4 * 2.12 + 16 * 0.392 = 8.48 + 6.272
    ['of four vCPUs and 16 GB', LARGE, 14.752],
    // 0.1 * 2.12 + 0.128 * 0.392 = 0.212 + 0.050176
    ['of 100m and 128 MB', { vcpu: 0.1, memoryGb: 0.128 }, 0.262176],
    ['of nothing', { vcpu: 0, memoryGb: 0 }, 0],
  ];
  for (const [name, requests, watts] of rows)
    it(`${name} is ${watts} W`, () => {
      assertClose(podWatts(requests, DEFAULT_POWER_MODEL), watts);
    });
});

describe('what a pod emits in an hour', () => {
  const rows: readonly [place: Place, grams: number][] = [
    // 14.752 W / 1000 * 1.135 * 379.1 g/kWh = 0.01674352 kWh * 379.1
    [{ region: 'us-east-1', gramsPerKwh: 379.1 }, 6.347468432],
    // 0.014752 * 1.135 * 120.5
    [{ region: 'us-west-2', gramsPerKwh: 120.5 }, 2.01759416],
    // 0.014752 * 1.185 * 300 = 0.01748112 * 300
    [{ region: 'northeurope', gramsPerKwh: 300 }, 5.244336],
    // 0.014752 * 1.1 * 300 = 0.0162272 * 300
    [{ region: 'europe-west4', gramsPerKwh: 300 }, 4.86816],
    // No public cloud's: 0.014752 * 1.135 * 300 = 0.01674352 * 300
    [{ region: 'basement', gramsPerKwh: 300 }, 5.023056],
    [{ region: 'us-east-1', gramsPerKwh: 0 }, 0],
  ];
  for (const [place, grams] of rows)
    it(`in ${place.region} at ${place.gramsPerKwh} g/kWh is ${grams} g`, () => {
      assertClose(podGramsPerHour(LARGE, place, DEFAULT_POWER_MODEL), grams);
    });

  it('of a kilowatt at 100 g/kWh in a perfect data centre is 100 g', () => {
    assert.equal(gramsPerHour(1_000, 1, 100), 100);
  });

  it('counts with an own model where there is one', () => {
    const { model } = createPowerTable({
      vcpuWatts: { min: 1, max: 3 },
      memoryWattsPerGb: 0.5,
      pue: { aws: 1.5, default: 2 },
      instances: new Map(),
    });
    // (4 * 2 + 16 * 0.5) / 1000 * 1.5 * 100
    assertClose(podGramsPerHour(LARGE, { region: 'us-east-1', gramsPerKwh: 100 }, model), 2.4);
    assertClose(podGramsPerHour(LARGE, { region: 'basement', gramsPerKwh: 100 }, model), 3.2);
    // The embedded 1.1 of Google: 16 / 1000 * 1.1 * 100
    assertClose(podGramsPerHour(LARGE, { region: 'us-east1', gramsPerKwh: 100 }, model), 1.76);
    assert.deepEqual(model.pue('aws'), { value: 1.5, basis: 'looked-up' });
    assert.deepEqual(model.pue(undefined), { value: 2, basis: 'looked-up' });
  });
});

describe('what a pod avoids in an hour', () => {
  const home: Place = { region: 'us-east-1', gramsPerKwh: 379.1 };
  const clean: Place = { region: 'us-west-2', gramsPerKwh: 120.5 };

  it('is what it emits at home less what it emits where it runs', () => {
    // 0.014752 kWh * 1.135 * (379.1 - 120.5) = 0.01674352 * 258.6
    assertClose(avoidedGramsPerHour(LARGE, { home, actual: clean }, DEFAULT_POWER_MODEL), 4.329874272);
  });

  it('counts the data centre: a grid as clean saves nothing in one that wastes more', () => {
    // 0.00212 kWh * (1.1 - 1.185) * 100
    const places = { home: { region: 'us-east1', gramsPerKwh: 100 }, actual: { region: 'eastus', gramsPerKwh: 100 } };
    assertClose(avoidedGramsPerHour(SMALL, places, DEFAULT_POWER_MODEL), -0.01802);
  });

  it('at home is nothing', () => {
    assert.equal(avoidedGramsPerHour(LARGE, { home, actual: home }, DEFAULT_POWER_MODEL), 0);
  });

  it('the other way round is as much added', () => {
    const place = fc.record({
      region: fc.constantFrom('us-east-1', 'eastus', 'us-east1', 'basement'),
      gramsPerKwh: fc.double({ min: 0, max: 2_000, noNaN: true }),
    });
    fc.assert(
      fc.property(place, place, (home, actual) => {
        const there = avoidedGramsPerHour(LARGE, { home, actual }, DEFAULT_POWER_MODEL);
        const back = avoidedGramsPerHour(LARGE, { home: actual, actual: home }, DEFAULT_POWER_MODEL);
        // Not `-there`: 0 and -0 are the same grams.
        assert.equal(there + back, 0);
      }),
    );
  });
});
