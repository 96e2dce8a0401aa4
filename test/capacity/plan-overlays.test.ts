import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type Cell, cellsOf, matchCell } from '../../src/capacity/overlay-cells.ts';
import { findConflicts } from '../../src/capacity/overlay-conflicts.ts';
import { type OverlayPlan, planOverlays, type WantedOverlay } from '../../src/capacity/plan-overlays.ts';
import type { PriceGroup } from '../../src/capacity/price-cells.ts';
import { priceUnder, withCarbon } from '../../src/capacity/price-term.ts';
import { type NodeOverlayFacts, toNodeOverlayFacts } from '../../src/regions/node-overlay.ts';
import { NODE_POOL_LABEL } from '../../src/regions/node-pool.ts';
import type { OfferedType } from '../../src/regions/offered-type.ts';
import {
  CAPACITY_LABEL,
  offeredType,
  overlayInput,
  pool,
  SETTINGS,
  TYPE_LABEL,
  usersOverlay,
  ZONE_LABEL,
} from './overlays-world.ts';

/** What each asks for, and its price: `m5.large us-east-1a: +0.0004231`. */
function told({ wanted }: OverlayPlan): readonly string[] {
  return wanted
    .map(({ requirements, term, carbonPrice = Number.NaN, users }) => {
      const lists = requirements.map(({ values = [] }) => values.join('|')).join(' ');
      const price = withCarbon(term, carbonPrice);
      const text = 'price' in price ? price.price : price.priceAdjustment;
      return `${lists}: ${text}${users === undefined ? '' : ` with ${users}`}`;
    })
    .sort();
}

function leftAlone({ leftAlone }: OverlayPlan): readonly string[] {
  return leftAlone.map(({ reason, type, overlay = '-', offerings }) => `${type} ${reason} ${overlay} ${offerings}`);
}

const OFFERED = [
  { zone: 'us-east-1a', capacityType: 'on-demand', price: 0.096 },
  { zone: 'us-east-1a', capacityType: 'spot', price: 0.04 },
  { zone: 'us-east-1b', capacityType: 'on-demand', price: 0.096 },
  { zone: 'eu-north-1a', capacityType: 'on-demand', price: 0.102 },
];
const M5 = offeredType('m5.large', { offerings: OFFERED });

describe('overlays of carbon', () => {
  it('m5.large in two regions: 0.000423 where a kWh is 379.1 g, 0.000117 where it is 24 g', () => {
    const plan = planOverlays(overlayInput({ types: [M5] }));
    // 4.2310 g and 0.95772 + 7.6073 Wh * 1.135 * 24 g/kWh = 1.16494 g, at 0.1 a kilogram
    assert.deepEqual(told(plan), ['m5.large eu-north-1a: +0.0001165', 'm5.large us-east-1a|us-east-1b: +0.0004231']);
    assert.deepEqual(leftAlone(plan), []);
    assert.deepEqual(
      plan.wanted.map(({ leastWeight }) => leastWeight),
      [9_000, 9_000],
    );
  });

  it('types that always emit the same are one overlay', () => {
    const types = ['m5.large', 'm5a.large', 'm6g.large'].map((name) => offeredType(name));
    assert.deepEqual(told(planOverlays(overlayInput({ types }))), [
      'm5.large|m5a.large us-east-1a: +0.0004231',
      'm6g.large us-east-1a: +0.0004462', // 1,333.12 kg for 64 vCPUs: 1.18893 g + 3.27327 g
    ]);
  });

  it('in mode replace stand alone', () => {
    const plan = planOverlays(overlayInput({ settings: { ...SETTINGS, mode: 'replace' } }));
    assert.deepEqual(told(plan), ['m5.large us-east-1a: 0.0004231']);
  });

  describe('of types without data', () => {
    const types = [offeredType('box'), offeredType('m5.large')];
    it('are none, and those are listed', () => {
      const plan = planOverlays(overlayInput({ types }));
      assert.deepEqual(told(plan), ['m5.large us-east-1a: +0.0004231']);
      assert.deepEqual(leftAlone(plan), ['box unknown_size - 1']);
    });
    it('are above all others on request', () => {
      const plan = planOverlays(overlayInput({ types, settings: { ...SETTINGS, mode: 'replace', unknown: 'high' } }));
      assert.deepEqual(told(plan), ['box us-east-1a: 1000000', 'm5.large us-east-1a: 0.0004231']);
    });
  });

  it('are none where the region of a zone is not known', () => {
    const types = [offeredType('m5.large', { offerings: [{ zone: 'rack-7' }] })];
    assert.deepEqual(leftAlone(planOverlays(overlayInput({ types }))), ['m5.large unknown_region - 1']);
  });

  it('are there without a price where the intensity is not known', () => {
    const plan = planOverlays(overlayInput({ gramsPerKwhOf: () => undefined }));
    assert.deepEqual(
      plan.wanted.map(({ carbonPrice }) => carbonPrice),
      [undefined],
    );
  });

  describe('beside those of users', () => {
    const discount = usersOverlay(
      'spot-discount',
      { weight: 10, priceAdjustment: '-10%' },
      { [CAPACITY_LABEL]: ['spot'] },
    );
    it('have a discount in them, and stand above it', () => {
      const plan = planOverlays(overlayInput({ types: [M5], overlays: [discount] }));
      assert.deepEqual(told(plan), [
        'm5.large eu-north-1a: +0.0001165',
        'm5.large us-east-1a on-demand: +0.0004231',
        'm5.large us-east-1a spot: -0.0035769 with spot-discount', // 10% of 0.04 less
        'm5.large us-east-1b: +0.0004231',
      ]);
    });
    it('are left away where people want their own alone', () => {
      const plan = planOverlays(
        overlayInput({ types: [M5], overlays: [discount], settings: { ...SETTINGS, compose: false } }),
      );
      assert.equal(told(plan).length, 3);
      assert.deepEqual(leftAlone(plan), ['m5.large users_overlay spot-discount 1']);
    });
    it('are left away where a percentage is of a price that nobody knows', () => {
      const types = [offeredType('m5.large', { offerings: [{ zone: 'us-east-1a', capacityType: 'spot' }] })];
      const plan = planOverlays(overlayInput({ types, overlays: [discount] }));
      assert.deepEqual(leftAlone(plan), ['m5.large unknown_price spot-discount 1']);
    });
    it('are of capacity types where a cluster does not say which there are', () => {
      const types = [offeredType('m5.large', { offerings: [{ zone: 'us-east-1a' }] })];
      const overlays = [usersOverlay('fixed', { weight: 10, price: '0.01' }, { [CAPACITY_LABEL]: ['spot'] })];
      assert.deepEqual(told(planOverlays(overlayInput({ types, overlays }))), [
        'm5.large us-east-1a on-demand: +0.0004231',
        'm5.large us-east-1a reserved: +0.0004231',
        'm5.large us-east-1a spot: 0.0104231 with fixed',
      ]);
    });
    it('are of NodePools where theirs are', () => {
      const overlays = [usersOverlay('licences', { weight: 9_500, priceAdjustment: '+0.2' }, { team: ['dev'] })];
      const pools = [pool('a', { team: 'dev' }), pool('b', { team: 'ops' }), pool('c')];
      const plan = planOverlays(overlayInput({ overlays, pools }));
      assert.deepEqual(told(plan), [
        'm5.large us-east-1a a: +0.2004231 with licences',
        'm5.large us-east-1a b|c: +0.0004231',
      ]);
      assert.deepEqual(plan.wanted.map(({ leastWeight }) => leastWeight).sort(), [9_000, 9_501]);
    });
    it('take the heaviest of theirs, and what Karpenter refuses of theirs for none', () => {
      const overlays = [
        usersOverlay('light', { weight: 1, priceAdjustment: '+1' }),
        usersOverlay('heavy', { weight: 2, priceAdjustment: '+2' }),
        usersOverlay('clash', { weight: 2, priceAdjustment: '+3' }), // an earlier name comes later
        usersOverlay('resources', { weight: 9_999 }),
        {
          ...usersOverlay('broken', { weight: 50, price: '5' }),
          verdict: { isValid: false, reason: 'RuntimeValidation', message: '' },
        },
      ];
      const plan = planOverlays(overlayInput({ overlays }));
      assert.deepEqual(told(plan), ['m5.large us-east-1a: +2.0004231 with heavy']);
      assert.deepEqual(plan.conflicts, [
        { applied: 'heavy', refused: 'clash', weight: 2, at: { type: 'm5.large', zone: 'us-east-1a' } },
      ]);
    });
    it('are left away where theirs is heavier than any of ours', () => {
      const overlays = [usersOverlay('mine', { weight: 9_999, price: '5' })];
      assert.deepEqual(leftAlone(planOverlays(overlayInput({ overlays }))), ['m5.large heavier mine 1']);
    });
    const onFamily = [usersOverlay('family', { price: '5' }, { 'karpenter.k8s.aws/instance-family': ['m5'] })];
    it('are left away where nobody knows whether theirs is meant', () =>
      assert.deepEqual(leftAlone(planOverlays(overlayInput({ overlays: onFamily }))), [
        'm5.large unknown_labels family 1',
      ]));
    it('have it in them where the label is known', () => {
      const types = [offeredType('m5.large', { labels: { 'karpenter.k8s.aws/instance-family': ['m5'] } })];
      assert.deepEqual(told(planOverlays(overlayInput({ types, overlays: onFamily }))), [
        'm5.large us-east-1a: 5.0004231 with family',
      ]);
    });
    it('stand before theirs where the type is above all others', () => {
      const settings = { ...SETTINGS, unknown: 'high' as const };
      const overlays = [usersOverlay('mine', { weight: 5, price: '3' })];
      const plan = planOverlays(overlayInput({ types: [offeredType('box')], overlays, settings }));
      assert.deepEqual(told(plan), ['box us-east-1a: 1000000 with mine']);
      assert.deepEqual(
        plan.wanted.map(({ includesUsers }) => includesUsers),
        [false],
      );
    });
    it('say which of theirs they stand before in mode replace', () => {
      const settings = { ...SETTINGS, mode: 'replace' as const };
      const overlays = [usersOverlay('mine', { weight: 5, priceAdjustment: '-50%' })];
      assert.deepEqual(told(planOverlays(overlayInput({ overlays, settings }))), [
        'm5.large us-east-1a: 0.0004231 with mine',
      ]);
    });
  });

  it('leave to one of ours that is paused what it prices', () => {
    const paused = toNodeOverlayFacts({
      metadata: {
        name: 'gridgate-1',
        labels: { 'app.kubernetes.io/managed-by': 'gridgate', 'gridgate.dev/overlay': 'carbon' },
        annotations: { 'gridgate.dev/paused': 'true' },
      },
      spec: { price: '1', requirements: [{ key: ZONE_LABEL, operator: 'In', values: ['us-east-1a'] }] },
    });
    const plan = planOverlays(overlayInput({ types: [M5], overlays: [paused] }));
    assert.deepEqual(told(plan), ['m5.large eu-north-1a: +0.0001165', 'm5.large us-east-1b: +0.0004231']);
    assert.deepEqual(leftAlone(plan), ['m5.large paused - 2']);
  });

  it('have at most 100 values in a list, and are 2,000 at most', () => {
    const many = Array.from({ length: 650 }, (_, i) => offeredType(`box-${i}`, { vcpus: 2 }));
    const lists = planOverlays(overlayInput({ types: many })).wanted.map(
      ({ requirements }) => requirements[0]?.values?.length,
    );
    assert.deepEqual(lists, [100, 100, 100, 100, 100, 100, 50]);
    const different = Array.from({ length: 2_005 }, (_, i) => offeredType(`box-${i}`, { vcpus: 2 + i / 1_000 }));
    const plan = planOverlays(overlayInput({ types: different }));
    assert.equal(plan.wanted.length, 2_000);
    assert.equal(plan.leftAlone.filter(({ reason }) => reason === 'too_many').length, 5);
  });
});

describe('whatever types, NodePools and overlays of users there are', () => {
  const zones = ['us-east-1a', 'us-east-1b', 'eu-north-1a'];
  const names = ['m5.large', 'm5.xlarge', 'm6g.large', 'c5.large', 'box'];
  const price = fc.double({ min: 0.01, max: 5, noNaN: true });
  const offering = fc.record(
    {
      zone: fc.constantFrom(...zones),
      capacityType: fc.constantFrom('on-demand', 'spot'),
      price,
    },
    { requiredKeys: ['zone'] },
  );
  const types: fc.Arbitrary<readonly OfferedType[]> = fc
    .subarray(names, { minLength: 1 })
    .chain((chosen) =>
      fc.tuple(
        ...chosen.map((name) =>
          fc.array(offering, { minLength: 1, maxLength: 4 }).map((offerings) => offeredType(name, { offerings })),
        ),
      ),
    );
  const pools = fc.uniqueArray(
    fc.record({ name: fc.constantFrom('a', 'b', 'c'), team: fc.constantFrom('dev', 'ops') }),
    { maxLength: 3, selector: ({ name }) => name },
  );
  const lists = fc.record(
    {
      [TYPE_LABEL]: fc.subarray(names, { minLength: 1 }),
      [ZONE_LABEL]: fc.subarray(zones, { minLength: 1 }),
      [CAPACITY_LABEL]: fc.subarray(['on-demand', 'spot'], { minLength: 1 }),
      [NODE_POOL_LABEL]: fc.subarray(['a', 'b', 'c'], { minLength: 1 }),
      team: fc.subarray(['dev', 'ops'], { minLength: 1 }),
    },
    { requiredKeys: [] },
  );
  const spec = fc.oneof(
    price.map((value) => ({ price: value.toFixed(4) })),
    price.map((value) => ({ priceAdjustment: `+${value.toFixed(4)}` })),
    fc.integer({ min: 0, max: 100 }).map((value) => ({ priceAdjustment: `-${value}%` })),
    fc.constant({}),
  );
  const overlays = fc
    .array(fc.tuple(fc.constantFrom(1, 2, 9_000, 9_001, 9_999), spec, lists), { maxLength: 5 })
    .map((all) =>
      all.map(([weight, price, asks], i) =>
        usersOverlay(`user-${i}`, { weight, ...price }, asks as Record<string, string[]>),
      ),
    );
  const inputs = fc
    .record({ types, pools, overlays })
    .map(({ pools, ...rest }) => overlayInput({ ...rest, pools: pools.map(({ name, team }) => pool(name, { team })) }));

  /** Ours as they are written, each with the weight that it needs. */
  function written(wanted: readonly WantedOverlay[]): readonly NodeOverlayFacts[] {
    return wanted.map(({ requirements, leastWeight, term, carbonPrice = 0 }, i) =>
      toNodeOverlayFacts({
        metadata: { name: `gridgate-${i}` },
        spec: { requirements, weight: leastWeight, ...withCarbon(term, carbonPrice) },
      }),
    );
  }

  /** Every single NodePool by itself, and every capacity type. */
  function finestCells({ types, pools }: ReturnType<typeof overlayInput>): readonly Cell[] {
    return pools.length === 0
      ? [...cellsOf(types, [], [])]
      : pools.flatMap((one) =>
          [...cellsOf(types, [], [])].map((cell) => ({ ...cell, pools: { names: [one.name], labels: one.labels } })),
        );
  }

  it('no offering is matched by two of ours', () =>
    fc.assert(
      fc.property(inputs, (input) => {
        const ours = written(planOverlays(input).wanted);
        for (const cell of finestCells(input))
          assert.ok(ours.filter((one) => matchCell(one, cell) === 'yes').length <= 1);
      }),
    ));

  it('ours are in conflict with nothing, and keep no overlay of a user from counting that would count without them', () =>
    fc.assert(
      fc.property(inputs, (input) => {
        const ours = written(planOverlays(input).wanted);
        const cells = finestCells(input);
        const conflicts = findConflicts([...ours, ...input.overlays], cells);
        assert.deepEqual(
          conflicts.map(({ refused }) => refused),
          findConflicts(input.overlays, cells).map(({ refused }) => refused),
        );
        assert.ok(conflicts.every(({ applied }) => !applied.startsWith('gridgate-')));
      }),
    ));

  it('each offering costs what it cost before, and carbon on top', () =>
    fc.assert(
      fc.property(inputs, (input) => {
        const plan = planOverlays(input);
        const ours = written(plan.wanted);
        for (const [cell, decided] of plan.cells) {
          const matched = ours.filter((one) => matchCell(one, cell) === 'yes');
          assert.equal(matched.length, 'group' in decided ? 1 : 0);
          if ('group' in decided) assertOnTop(decided.group, cell, matched[0], input.overlays);
        }
      }),
    ));

  function assertOnTop(
    { users: name, carbonPrice = Number.NaN }: PriceGroup,
    { offering: { price } }: Cell,
    mine: NodeOverlayFacts | undefined,
    overlays: readonly NodeOverlayFacts[],
  ): void {
    const users = overlays.find((one) => one.name === name);
    const before = users ? priceUnder(users as { price: string }, price) : price;
    const after = priceUnder(mine as unknown as { price: string }, price);
    if (before === undefined || after === undefined) return;
    assert.ok(Math.abs(after - before - carbonPrice) < 1e-6, `${before} + ${carbonPrice} is ${after}`);
  }
});
