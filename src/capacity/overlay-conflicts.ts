import type { NodeOverlayFacts } from '../regions/node-overlay.ts';
import { isPriced } from '../regions/node-overlay.ts';
import { compareText } from '../units/compare-text.ts';
import { type Cell, matchCell, mayMatchType } from './overlay-cells.ts';

/** Two overlays that price one offering with the same weight: Karpenter applies nothing at all of the second. */
export interface OverlayConflict {
  readonly applied: string;
  readonly refused: string;
  readonly weight: number;
  /** An offering that both price. */
  readonly at: { readonly type: string; readonly zone: string };
}

type Weighed = Pick<NodeOverlayFacts, 'name' | 'weight' | 'requirements'>;

/** As Karpenter looks at overlays: the heaviest first, of equal weights the later name. */
export function inOrder<T extends Weighed>(overlays: readonly T[]): readonly T[] {
  return [...overlays].sort((a, b) => b.weight - a.weight || compareText(b.name, a.name));
}

/** The conflicts over prices that Karpenter would call out (`nodeoverlay/store.go`, 1.14), among these overlays and offerings. */
export function findConflicts(
  overlays: readonly NodeOverlayFacts[],
  cells: readonly Cell[],
): readonly OverlayConflict[] {
  const priced = overlays.filter(isPriced);
  const cellsOfType = Map.groupBy(cells, ({ type }) => type);
  const lightest = new Map<Cell, NodeOverlayFacts>();
  const conflicts: OverlayConflict[] = [];
  for (const overlay of inOrder(priced)) {
    const types = [...cellsOfType].filter(([type]) => mayMatchType(overlay, type));
    const matched = types.flatMap(([, ofType]) => ofType.filter((cell) => matchCell(overlay, cell) === 'yes'));
    const clash = matched.find((cell) => lightest.get(cell)?.weight === overlay.weight);
    if (clash) conflicts.push(conflictAt(clash, lightest.get(clash)?.name ?? '', overlay));
    else for (const cell of matched) lightest.set(cell, overlay);
  }
  return conflicts;
}

function conflictAt({ type, offering }: Cell, applied: string, { name, weight }: Weighed): OverlayConflict {
  return { applied, refused: name, weight, at: { type: type.name, zone: offering.zone } };
}
