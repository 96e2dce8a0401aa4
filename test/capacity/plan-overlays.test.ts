import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Cell } from '../../src/capacity/overlay-cells.ts';
import { inOrder } from '../../src/capacity/overlay-conflicts.ts';
import { type OverlayPlan, planOverlays, type WantedOverlay } from '../../src/capacity/plan-overlays.ts';
import type { CellPrice } from '../../src/capacity/price-cells.ts';
import { withCarbon } from '../../src/capacity/price-term.ts';
import { isPriced, type NodeOverlayFacts, toNodeOverlayFacts } from '../../src/regions/node-overlay.ts';
import { NODE_POOL_LABEL } from '../../src/regions/node-pool.ts';
import type { OfferedType } from '../../src/regions/offered-type.ts';
import { conflictsIn, type FinestCell, finestCells, matchCell, priceOf } from './brute-force.ts';
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
      return `${lists}: ${text}${users.length === 0 ? '' : ` with ${users.join(' and ')}`}`;
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
    it('take one for none that Karpenter refuses because of the resources that it also gives', () => {
      const said = { isValid: false, reason: 'Conflict', message: 'over capacity' };
      const both = {
        ...usersOverlay('both', { weight: 5, price: '5' }),
        resources: ['example.com/fpga'],
        verdict: said,
      };
      const told = (overlays: NodeOverlayFacts[]) =>
        planOverlays(overlayInput({ overlays })).wanted.map(({ users }) => users);
      assert.deepEqual(told([both]), [[]]);
      // Of prices alone the reason may have gone since.
      assert.deepEqual(told([{ ...usersOverlay('price', { weight: 5, price: '5' }), verdict: said }]), [['price']]);
    });
    it('of many NodePools with overlays of their own that come to the same are one, and name some of these', () => {
      const pools = Array.from({ length: 500 }, (_, i) => pool(`p${i}`));
      const overlays = pools.map(({ name }, i) =>
        usersOverlay(`u${i}`, { weight: 1 + i, priceAdjustment: '-0.01' }, { [NODE_POOL_LABEL]: [name] }),
      );
      const plan = planOverlays(overlayInput({ types: [M5], pools, overlays }));
      assert.equal(plan.cells.length, OFFERED.length);
      assert.deepEqual(
        plan.wanted.map(({ requirements, users, leastWeight }) => [requirements.length, users.length, leastWeight]),
        [
          [2, 500, 9_000],
          [2, 500, 9_000],
        ],
      );
    });
    it('of NodePools whose overlays differ in anything that counts are not one', () => {
      const pools = [pool('a'), pool('b'), pool('c')];
      const overlays = [
        usersOverlay('on-a', { weight: 1, priceAdjustment: '-0.01' }, { [NODE_POOL_LABEL]: ['a'] }),
        usersOverlay('on-b', { weight: 1, priceAdjustment: '-0.02' }, { [NODE_POOL_LABEL]: ['b'] }),
        usersOverlay('on-c', { weight: 9_999, priceAdjustment: '-0.01' }, { [NODE_POOL_LABEL]: ['c'] }),
      ];
      const plan = planOverlays(overlayInput({ pools, overlays }));
      assert.deepEqual(told(plan), [
        'm5.large us-east-1a a: -0.0095769 with on-a',
        'm5.large us-east-1a b: -0.0195769 with on-b',
      ]);
      assert.deepEqual(leftAlone(plan), ['m5.large heavier on-c 1']);
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

describe('where there would be too many overlays', () => {
  const zones = ['us-east-1a', 'us-east-1b', 'us-east-1c'];
  const offeringsAt = (price: number) =>
    zones.flatMap((zone, z) => [
      { zone, capacityType: 'on-demand', price },
      { zone, capacityType: 'spot', price: price + z / 1_000 },
    ]);

  it('percentages of users are rounded to steps of 1%, and each offering is still priced', () => {
    const types = Array.from({ length: 700 }, (_, i) =>
      offeredType(`m5x${i}.large`, { vcpus: 2 + (i % 50), offerings: offeringsAt(0.05 + i / 1_000) }),
    );
    const savings = usersOverlay('savings', { weight: 10, priceAdjustment: '-10%' });
    const plan = planOverlays(overlayInput({ types, overlays: [savings] }));
    assert.ok(plan.isRounded);
    assert.deepEqual(plan.percentages, ['savings']);
    assert.ok(plan.wanted.length <= 2_000);
    assert.deepEqual(plan.leftAlone, []);
    for (const [{ offering }, price] of plan.cells) {
      assert.ok('group' in price && offering.price !== undefined);
      // Half a step of a tenth of the price.
      assert.ok(Math.abs(price.group.term.amount + offering.price / 10) < offering.price * 0.0006);
    }
  });

  it('whole NodePools are left out, so that within each all types have a price of carbon or none', () => {
    const types = Array.from({ length: 60 }, (_, i) => offeredType(`box-${i}`, { vcpus: 2 + i }));
    const pools = Array.from({ length: 50 }, (_, i) => pool(`p${i}`));
    const overlays = pools.map(({ name }, i) =>
      usersOverlay(`u${i}`, { weight: 1, priceAdjustment: `-0.0${10 + i}` }, { [NODE_POOL_LABEL]: [name] }),
    );
    const plan = planOverlays(overlayInput({ types, pools, overlays }));
    assert.ok(plan.wanted.length <= 2_000 && plan.wanted.length > 1_600);
    const priced = Map.groupBy(plan.cells, ([{ pools }]) => pools.names?.join() ?? '');
    assert.ok([...priced.values()].every((cells) => cells.length === types.length));
    const beyond = plan.leftAlone.filter(({ reason }) => reason === 'too_many');
    assert.equal(beyond.length, types.length);
    assert.match(beyond[0]?.why ?? '', /^in NodePools p\d+, .* and \d+ more$/);
  });

  it('whole sizes are left out where one NodePool alone needs too many', () => {
    const types = Array.from({ length: 700 }, (_, i) =>
      offeredType(`box-${i}`, {
        vcpus: 2 + (i % 7),
        offerings: Array.from({ length: 5 }, (_, z) => ({
          zone: `us-east-1${'abcde'[z]}`,
          price: 0.1 * 1.03 ** (i + z * 150),
        })),
      }),
    );
    const overlays = [usersOverlay('savings', { weight: 10, priceAdjustment: '-10%' })];
    const plan = planOverlays(overlayInput({ types, overlays }));
    const beyond = new Set(plan.leftAlone.map(({ type }) => type));
    assert.ok(plan.wanted.length <= 2_000 && beyond.size > 0 && beyond.size < types.length);
    for (const alike of Map.groupBy(types, ({ vcpus }) => vcpus).values())
      assert.equal(new Set(alike.map(({ name }) => beyond.has(name))).size, 1);
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
        const conflicts = conflictsIn([...ours, ...input.overlays], cells);
        const amongUsers = conflictsIn(input.overlays, cells);
        assert.deepEqual(
          conflicts.map(({ refused }) => refused),
          amongUsers.map(({ refused }) => refused),
        );
        assert.deepEqual(
          planOverlays(input).conflicts.map(({ applied, refused }) => ({ applied, refused })),
          amongUsers,
        );
        assert.ok(conflicts.every(({ applied }) => !applied.startsWith('gridgate-')));
      }),
    ));

  it('each offering costs what it cost before, and carbon on top', () =>
    fc.assert(
      fc.property(inputs, (input) => {
        const plan = planOverlays(input);
        const ours = written(plan.wanted);
        const cells = finestCells(input);
        const refused = new Set(conflictsIn(input.overlays, cells).map(({ refused }) => refused));
        const theirs = inOrder(input.overlays.filter((one) => isPriced(one) && !refused.has(one.name)));
        for (const cell of cells) {
          const matched = ours.filter((one) => matchCell(one, cell) === 'yes');
          const [, decided] = plan.cells.find(([one]) => isWithin(cell, one)) ?? [];
          assert.ok(decided);
          assert.equal(matched.length, 'group' in decided ? 1 : 0);
          if (!('group' in decided)) continue;
          const before = theirs.find((one) => matchCell(one, cell) === 'yes');
          assert.equal(decided.users.has(before?.name ?? ''), before !== undefined);
          assertOnTop(decided, cell.offering.price, before, matched[0]);
        }
      }),
    ));

  function isWithin(finest: FinestCell, { type, offering, pools }: Cell): boolean {
    return (
      type === finest.type &&
      offering.zone === finest.offering.zone &&
      offering.capacityType === finest.offering.capacityType &&
      (pools.names?.includes(finest.pool?.name ?? '') ?? true)
    );
  }

  function assertOnTop(
    { group: { carbonPrice = Number.NaN } }: Extract<CellPrice, { readonly group: unknown }>,
    price: number | undefined,
    theirs: NodeOverlayFacts | undefined,
    mine: NodeOverlayFacts | undefined,
  ): void {
    const before = theirs ? priceOf(theirs, price) : price;
    assert.ok(mine);
    const after = priceOf(mine, price);
    if (before === undefined || after === undefined) return;
    assert.ok(Math.abs(after - before - carbonPrice) < 1e-6, `${before} + ${carbonPrice} is ${after}`);
  }
});
