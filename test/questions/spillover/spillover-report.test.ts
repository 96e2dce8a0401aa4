import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PolicyRules } from '../../../src/decision/policy-rules.ts';
import { parseRegionPatterns } from '../../../src/decision/region-patterns.ts';
import { type FailoverWishes, failoverPolicy } from '../../../src/questions/spillover/failover-plan.ts';
import type { Flow } from '../../../src/questions/spillover/flow.ts';
import { reportSpillover, type SpilloverInput } from '../../../src/questions/spillover/report.ts';
import type { RegionView } from '../../../src/regions/snapshot.ts';
import { AVERAGE, makeRegion, makeSnapshot, NO_RULES, NOW } from '../../builders.ts';

/** The reference intensities of the incident. */
const REGIONS = [
  makeRegion('us-west-2', 120.5),
  makeRegion('eu-central-1', 338.2, { latencyMs: { 'us-west-2': 142 } }),
  makeRegion('us-east-1', 379.1, { latencyMs: { 'us-west-2': 62 } }),
];
const FLOW: Flow = { from: 'us-west-2', to: 'eu-central-1', bytes: 1e12 };

interface Case extends Partial<SpilloverInput> {
  readonly regions?: readonly RegionView[];
  readonly wishes?: Omit<FailoverWishes, 'from'>;
  readonly rules?: PolicyRules;
}

function report({ regions = REGIONS, wishes = {}, rules = NO_RULES, ...input }: Case = {}) {
  return reportSpillover({
    flows: [FLOW],
    snapshot: makeSnapshot(regions),
    policyFrom: (from) => failoverPolicy({ from, ...wishes }, rules),
    bytesFrom: { kind: 'bytes', name: null, query: null },
    factor: { value: 12, source: 'default' },
    kwhPerGb: { value: 0.000_15, source: 'default' },
    baselineKg: 4.2,
    notes: [],
    ...input,
  });
}

function near(actual: number | null | undefined, expected: number): void {
  assert.ok(Math.abs((actual ?? Number.NaN) - expected) <= Math.abs(expected) * 1e-12, `${actual} is not ${expected}`);
}

describe('the carbon of spillover', () => {
  it('of 1 TB x 12 to eu-central-1 is 0.60876 kgCO2e, 14.5% of 4.2 kg', () => {
    const { total, otherwise } = report();
    near(total.kgCO2e, 0.608_76);
    near(total.kwh, 1.8);
    assert.equal(total.percentOfBaseline.toFixed(1), '14.5');
    near(otherwise[0]?.kgCO2e, 4.0584);
    assert.match(otherwise[0]?.source ?? '', /^Cloud Carbon Footprint/);
  });

  it('to us-east-1 would have been 0.68238 kgCO2e, and in us-west-2 0.2169', () => {
    const flows = [
      { ...FLOW, to: 'us-east-1' },
      { from: 'us-east-1', to: 'us-west-2', bytes: 1e12 },
    ];
    const [first, second] = report({ flows }).flows;
    near(first?.kgCO2e, 0.682_38);
    near(second?.kgCO2e, 0.216_9);
  });

  it('names the usual energy where another one is given', () => {
    const { otherwise } = report({ kwhPerGb: { value: 0.001, source: 'given' } });
    assert.deepEqual(
      otherwise.map(({ value, source }) => [value, source]),
      [[0.000_15, 'what one failover was measured at']],
    );
    near(otherwise[0]?.kgCO2e, 0.608_76);
  });

  it('of 10,000 flows is the sum of theirs, also beyond 2^53 bytes', () => {
    const flows = Array.from({ length: 10_000 }, () => ({ ...FLOW, bytes: 1e20 }));
    const { total, plans } = report({ flows });
    assert.equal(total.flows, 10_000);
    assert.ok(Math.abs(total.kgCO2e / (0.608_76 * 1e12) - 1) < 1e-9, `${total.kgCO2e}`);
    assert.ok(Math.abs((plans[0]?.bytes ?? 0) / 1e24 - 1) < 1e-9, `${plans[0]?.bytes}`);
  });
});

interface Planned {
  readonly of: Case;
  readonly chosen: string | null;
  /** In the plan's order, refused ones with their reason. */
  readonly order: readonly string[];
}

const CLEAN = makeRegion('ca-central-1', 31, { latencyMs: { 'us-west-2': 90 } });

const PLANS: Readonly<Record<string, Planned>> = {
  'the failed region is no destination, however clean': {
    of: {},
    chosen: 'eu-central-1',
    order: ['eu-central-1', 'us-east-1'],
  },
  'the cleanest allowed region': {
    of: { regions: [...REGIONS, CLEAN] },
    chosen: 'ca-central-1',
    order: ['ca-central-1', 'eu-central-1', 'us-east-1'],
  },
  'what is not allowed stays last': {
    of: { regions: [...REGIONS, CLEAN], wishes: { allow: 'us-*,eu-*' } },
    chosen: 'eu-central-1',
    order: ['eu-central-1', 'us-east-1', 'ca-central-1 not_allowed'],
  },
  'so does what is too far; on the limit is near enough': {
    of: { regions: [...REGIONS, CLEAN], wishes: { maxLatencyMs: 62 } },
    chosen: 'us-east-1',
    order: ['us-east-1', 'ca-central-1 too_far', 'eu-central-1 too_far'],
  },
  'and what is in outage itself': {
    of: { regions: [...REGIONS, makeRegion('ca-central-1', 31, { outage: 'ice' })] },
    chosen: 'eu-central-1',
    order: ['eu-central-1', 'us-east-1', 'ca-central-1 outage'],
  },
  'no ceiling: traffic has to go somewhere': {
    of: { regions: [...REGIONS.slice(0, 2), makeRegion('pl', 900)], wishes: { allow: 'pl' } },
    chosen: 'pl',
    order: ['pl', 'eu-central-1 not_allowed'],
  },
  'unknown intensity comes after all known ones': {
    of: {
      regions: [...REGIONS, makeRegion('aa', undefined), makeRegion('ab', 5, { reading: { signal: 'marginal' } })],
    },
    chosen: 'eu-central-1',
    order: ['eu-central-1', 'us-east-1', 'aa', 'ab'],
  },
  'a yearly average ranks like any reading': {
    of: { regions: [...REGIONS, makeRegion('aa', 20, { reading: { ...AVERAGE, gramsPerKwh: 20 } })] },
    chosen: 'aa',
    order: ['aa', 'eu-central-1', 'us-east-1'],
  },
  'nothing allowed: nowhere': {
    of: { wishes: { allow: 'ap-*' } },
    chosen: null,
    order: ['eu-central-1 not_allowed', 'us-east-1 not_allowed'],
  },
  "the configuration's limits count": {
    of: { rules: { defaults: {}, limits: { regions: patterns('us-*') } } },
    chosen: 'us-east-1',
    order: ['us-east-1', 'eu-central-1 not_allowed'],
  },
};

function patterns(text: string) {
  const parsed = parseRegionPatterns(text);
  assert.ok(parsed);
  return parsed;
}

describe('where the traffic should have gone', () => {
  for (const [name, { of, chosen, order }] of Object.entries(PLANS)) {
    it(name, () => {
      const [plan] = report(of).plans;
      assert.equal(plan?.chosen, chosen);
      assert.deepEqual(
        plan?.regions.map(({ region, refusal }) => (refusal ? `${region} ${refusal}` : region)),
        order,
      );
      assert.deepEqual(
        plan?.regions.flatMap((one) => (one.chosen ? [one.region] : [])),
        chosen === null ? [] : [chosen],
      );
    });
  }

  it('says what each would have emitted, and how far and old its reading is', () => {
    const [plan] = report({ regions: [...REGIONS, CLEAN] }).plans;
    const [clean, went] = plan?.regions ?? [];
    near(clean?.kgCO2e, 0.055_8);
    near(clean?.differenceKgCO2e, 0.055_8 - 0.608_76);
    assert.deepEqual([clean?.latencyMs, clean?.source, clean?.ageSeconds, clean?.bytes], [90, 'static', 600, 0]);
    assert.deepEqual([went?.differenceKgCO2e, went?.bytes], [0, 1e12]);
  });

  it('is planned for each failed region, the one with most traffic first', () => {
    const flows = [{ from: 'us-east-1', to: 'eu-central-1', bytes: 1.5e12 }, FLOW, { ...FLOW, to: 'us-east-1' }];
    const { plans } = report({ flows });
    assert.deepEqual(
      plans.map(({ from, bytes, chosen }) => [from, bytes, chosen]),
      [
        ['us-west-2', 2e12, 'eu-central-1'],
        ['us-east-1', 1.5e12, 'us-west-2'],
      ],
    );
    near(plans[0]?.kgCO2e, 0.608_76 + 0.682_38);
  });

  it('leaves no field out and knows no time but that of the snapshot', () => {
    const { takenAt, plans, start, flows } = report({ regions: [...REGIONS, makeRegion('aa', undefined)] });
    assert.equal(takenAt, new Date(NOW).toISOString());
    assert.deepEqual([start, flows[0]?.start, flows[0]?.end], [null, null, null]);
    assert.deepEqual(plans[0]?.regions.at(-1), {
      region: 'aa',
      latencyMs: null,
      gramsPerKwh: null,
      source: null,
      freshness: null,
      estimated: null,
      measuredAt: null,
      ageSeconds: null,
      kgCO2e: null,
      differenceKgCO2e: null,
      refusal: null,
      chosen: false,
      bytes: 0,
    });
  });
});
