import { type Demands, demandsOf, type Match, meets, type ValuesOf } from '../../src/capacity/match-overlay.ts';
import { type Spot, spotsOf } from '../../src/capacity/overlay-cells.ts';
import { inOrder, type OverlayConflict } from '../../src/capacity/overlay-conflicts.ts';
import type { Asking, Pool } from '../../src/capacity/overlay-matches.ts';
import type { OverlayInput } from '../../src/capacity/plan-overlays.ts';
import { priceUnder, termOf } from '../../src/capacity/price-term.ts';
import { isPriced, type NodeOverlayFacts } from '../../src/regions/node-overlay.ts';
import { CAPACITY_LABEL, TYPE_LABEL, ZONE_LABEL } from './overlays-world.ts';

/** An offering in one NodePool, or in any where none is known. */
export interface FinestCell extends Spot {
  readonly pool: Pool | undefined;
}

export function finestCells({
  types,
  pools,
  overlays,
}: Pick<OverlayInput, 'types' | 'pools' | 'overlays'>): readonly FinestCell[] {
  const spots = spotsOf(types, overlays.filter(isPriced));
  return (pools.length > 0 ? pools : [undefined]).flatMap((pool) => spots.map((spot) => ({ ...spot, pool })));
}

/** Whether an overlay applies where labels have these values, as Karpenter decides it (`scheduling.Requirements`, 1.14). */
export function matchDemands(demands: Demands, valuesOf: ValuesOf): Match {
  let match: Match = 'yes';
  for (const [key, demand] of demands) {
    const answer = meets(demand, valuesOf(key));
    if (answer === 'no') return 'no';
    if (answer === 'unknown') match = 'unknown';
  }
  return match;
}

/** Whether an overlay is for a cell, label by label. */
export function matchCell({ requirements }: Asking, { type, offering, pool }: FinestCell): Match {
  const ofOffering: Readonly<Record<string, string | undefined>> = {
    [TYPE_LABEL]: type.name,
    [ZONE_LABEL]: offering.zone,
    [CAPACITY_LABEL]: offering.capacityType,
  };
  return matchDemands(demandsOf(requirements), (key) => {
    const value = ofOffering[key] ?? pool?.labels[key];
    return value === undefined ? (type.labels[key] ?? (pool ? 'absent' : 'unknown')) : [value];
  });
}

/** Every overlay against every cell, as Karpenter does it. */
export function conflictsIn(
  overlays: readonly NodeOverlayFacts[],
  cells: readonly FinestCell[],
): readonly Pick<OverlayConflict, 'applied' | 'refused'>[] {
  const lightest = new Map<FinestCell, NodeOverlayFacts>();
  return inOrder(overlays.filter(isPriced)).flatMap((overlay) => {
    const matched = cells.filter((cell) => matchCell(overlay, cell) === 'yes');
    const clash = matched.find((cell) => lightest.get(cell)?.weight === overlay.weight);
    if (clash) return [{ applied: lightest.get(clash)?.name ?? '', refused: overlay.name }];
    for (const cell of matched) lightest.set(cell, overlay);
    return [];
  });
}

/** What an overlay makes of the provider's price; `undefined` where that must be known and is not. */
export function priceOf(
  overlay: Pick<NodeOverlayFacts, 'price' | 'priceAdjustment'>,
  providersPrice: number | undefined,
): number | undefined {
  const term = termOf(overlay, providersPrice);
  return term && priceUnder(term, providersPrice);
}
