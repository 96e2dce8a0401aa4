import type { CarbonBook } from '../../src/capacity/carbon-of-type.ts';
import type { OverlayInput } from '../../src/capacity/plan-overlays.ts';
import type { OverlaySettings } from '../../src/capacity/price-cells.ts';
import { DEFAULT_POWER_TABLE } from '../../src/energy/power-table.ts';
import { type NodeOverlayFacts, toNodeOverlayFacts } from '../../src/regions/node-overlay.ts';
import { NODE_POOL_LABEL, type PoolRequirement } from '../../src/regions/node-pool.ts';
import type { OfferedType } from '../../src/regions/offered-type.ts';

export const TYPE_LABEL = 'node.kubernetes.io/instance-type';
export const ZONE_LABEL = 'topology.kubernetes.io/zone';
export const CAPACITY_LABEL = 'karpenter.sh/capacity-type';

export const SETTINGS: OverlaySettings = {
  carbonPrice: 0.1,
  mode: 'add',
  unknown: 'skip',
  compose: true,
  weights: [9_000, 9_999],
};
export const BOOK: CarbonBook = { table: DEFAULT_POWER_TABLE, embodied: new Map(), utilisation: 0.5 };
export const GRAMS: Readonly<Record<string, number>> = { 'us-east-1': 379.1, 'eu-north-1': 24 };

/** As `m5.large` in `us-east-1a` for 0.096. */
export function offeredType(name: string, parts: Partial<OfferedType> = {}): OfferedType {
  return {
    name,
    memoryGb: (8 * 2 ** 30) / 1e9,
    labels: {},
    knowsAllLabels: false,
    offerings: [{ zone: 'us-east-1a', capacityType: 'on-demand', price: 0.096 }],
    ...parts,
  };
}

/** A user's overlay: weight, what it makes of the price, and its lists by label. */
export function usersOverlay(
  name: string,
  spec: { weight?: number; price?: string; priceAdjustment?: string },
  lists: Readonly<Record<string, readonly string[]>> = {},
): NodeOverlayFacts {
  const requirements = Object.entries(lists).map(([key, values]): PoolRequirement => ({ key, operator: 'In', values }));
  return toNodeOverlayFacts({ metadata: { name }, spec: { ...spec, requirements } });
}

export function pool(name: string, labels: Readonly<Record<string, string>> = {}) {
  return { name, labels: { ...labels, [NODE_POOL_LABEL]: name } };
}

export function overlayInput(parts: Partial<OverlayInput> = {}): OverlayInput {
  return {
    types: [offeredType('m5.large')],
    pools: [],
    overlays: [],
    regionOfZone: (zone) => /^[a-z]+-[a-z]+-\d/.exec(zone)?.[0],
    gramsPerKwhOf: (region) => GRAMS[region],
    book: BOOK,
    settings: SETTINGS,
    ...parts,
  };
}
