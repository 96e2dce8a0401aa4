import { isPriced, type NodeOverlayFacts } from '../regions/node-overlay.ts';
import type { NodePoolFacts, PoolRequirement } from '../regions/node-pool.ts';
import type { OfferedType } from '../regions/offered-type.ts';
import type { RegionOfZone } from '../regions/zone-regions.ts';
import { compareText } from '../units/compare-text.ts';
import type { CarbonBook } from './carbon-of-type.ts';
import { groupCells } from './group-cells.ts';
import { type Cell, cellsOf } from './overlay-cells.ts';
import { findConflicts, inOrder, type OverlayConflict } from './overlay-conflicts.ts';
import { isOwn, isPaused } from './own-overlay.ts';
import {
  type CellPrice,
  createCellPricer,
  type LeftAloneReason,
  type OverlaySettings,
  type PriceGroup,
} from './price-cells.ts';

/** What prices of carbon are made from. */
export interface OverlayInput {
  readonly types: readonly OfferedType[];
  readonly pools: readonly Pick<NodePoolFacts, 'name' | 'labels'>[];
  /** All that there are, ours among them. */
  readonly overlays: readonly NodeOverlayFacts[];
  readonly regionOfZone: RegionOfZone;
  /** gCO2e/kWh of the policy signal, now. */
  readonly gramsPerKwhOf: (region: string) => number | undefined;
  readonly book: CarbonBook;
  readonly settings: OverlaySettings;
}

/** An overlay that there should be. */
export interface WantedOverlay
  extends Pick<PriceGroup, 'term' | 'carbonPrice' | 'users' | 'includesUsers' | 'leastWeight'> {
  /** Which offerings it is for and what their price is made of, but not the price of carbon: its name comes from that. */
  readonly content: string;
  readonly requirements: readonly PoolRequirement[];
}

/** Offerings of a type without a price of ours. */
export interface LeftAlone {
  readonly reason: LeftAloneReason;
  readonly type: string;
  /** A user's, where that is the reason. */
  readonly overlay?: string;
  readonly why?: string;
  readonly offerings: number;
}

export interface OverlayPlan {
  readonly wanted: readonly WantedOverlay[];
  /** Each offering that was looked at, and what was decided. */
  readonly cells: readonly (readonly [Cell, CellPrice])[];
  readonly leftAlone: readonly LeftAlone[];
  /** Among the overlays of users. */
  readonly conflicts: readonly OverlayConflict[];
}

/** As many as one loop is measured with. */
export const MOST_OVERLAYS = 2_000;
/** Offerings times kinds of NodePools: far more than a cloud has types in zones. */
const MOST_CELLS = 200_000;

/**
 * The overlays that price carbon, and what is left alone and why. Each offering is matched by one of them at most, whatever their
 * weights; where a user's overlay prices it too, ours has the higher weight and the user's price in it.
 */
export function planOverlays(input: OverlayInput): OverlayPlan {
  const { overlays, types, pools, settings } = input;
  const priced = inOrder(overlays.filter((one) => !isOwn(one) && isPriced(one)));
  const paused = overlays.filter((one) => isOwn(one) && isPaused(one));
  const all = take(cellsOf(types, pools, [...priced, ...paused]), MOST_CELLS);
  const conflicts = findConflicts(priced, all.taken);
  const refused = new Set(conflicts.map(({ refused }) => refused));
  const users = priced.filter((one) => !refused.has(one.name) && !isInvalid(one));
  const priceOf = createCellPricer({ ...input, users, allUsers: priced, paused });
  const cells = all.taken.map((cell) => [cell, priceOf(cell)] as const);
  const priceAt = new Map(cells);
  const groups = groupCells(all.taken, (cell) => {
    const price = priceAt.get(cell);
    return price && 'group' in price ? price.group : undefined;
  });
  const wanted = groups
    .map(({ group, requirements, types }) => ({ types, overlay: toWanted(group, requirements) }))
    .sort((a, b) => b.types - a.types || compareText(a.overlay.content, b.overlay.content));
  const beyond = wanted.slice(MOST_OVERLAYS).flatMap(({ overlay }) => overlay.requirements[0]?.values ?? []);
  return {
    wanted: wanted.slice(0, MOST_OVERLAYS).map(({ overlay }) => overlay),
    cells,
    leftAlone: [
      ...sumUp(cells),
      ...[...new Set([...beyond, ...all.left])].map((type) => ({ reason: 'too_many' as const, type, offerings: 1 })),
    ],
    conflicts,
  };

  function toWanted(group: PriceGroup, requirements: readonly PoolRequirement[]): WantedOverlay {
    const { term, carbonPrice, users, includesUsers, leastWeight } = group;
    const content = JSON.stringify([settings.mode, term.kind, term.amount, users ?? '', requirements]);
    return { content, requirements, term, carbonPrice, users, includesUsers, leastWeight };
  }
}

/** Refused by Karpenter for something that is no matter of weights: that may end by itself, and is judged anew. */
function isInvalid({ verdict }: NodeOverlayFacts): boolean {
  return verdict !== undefined && !verdict.isValid && verdict.reason !== 'Conflict';
}

function take(
  cells: Iterable<Cell>,
  most: number,
): { readonly taken: readonly Cell[]; readonly left: readonly string[] } {
  const taken: Cell[] = [];
  const left = new Set<string>();
  for (const cell of cells) {
    if (taken.length < most) taken.push(cell);
    else left.add(cell.type.name);
    if (left.size > MOST_OVERLAYS) break;
  }
  return { taken, left: [...left] };
}

function sumUp(cells: OverlayPlan['cells']): readonly LeftAlone[] {
  const sums = new Map<string, LeftAlone>();
  for (const [{ type }, price] of cells) {
    if ('group' in price) continue;
    const { leftAlone: reason, overlay, why } = price;
    const key = JSON.stringify([reason, type.name, overlay, why]);
    const offerings = (sums.get(key)?.offerings ?? 0) + 1;
    sums.set(key, { reason, type: type.name, ...(overlay && { overlay }), ...(why && { why }), offerings });
  }
  return [...sums.values()];
}
