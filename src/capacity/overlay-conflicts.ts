import type { NodeOverlayFacts } from '../regions/node-overlay.ts';
import { isPriced } from '../regions/node-overlay.ts';
import { compareText } from '../units/compare-text.ts';
import { addAll, type Bits, createBits, firstOfBoth, hasBit } from './bits.ts';
import type { Spot } from './overlay-cells.ts';
import type { MatchedSpots, MatchIn, Pool } from './overlay-matches.ts';

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

interface Offered {
  readonly spots: readonly Spot[];
  /** One `undefined` where none is known. */
  readonly pools: readonly (Pool | undefined)[];
  readonly matchIn: MatchIn;
}

/**
 * The conflicts over prices that Karpenter would call out (`nodeoverlay/store.go`, 1.14), among these overlays and offerings; a step
 * for each overlay.
 */
export function* findConflicts(
  overlays: readonly NodeOverlayFacts[],
  offered: Offered,
): Generator<void, readonly OverlayConflict[]> {
  const conflicts: OverlayConflict[] = [];
  for (const alike of Map.groupBy(inOrder(overlays.filter(isPriced)), ({ weight }) => weight).values())
    if (alike.length > 1) conflicts.push(...(yield* conflictsAmong(alike, offered)));
  return conflicts;
}

/** An overlay that counts, and for what in each NodePool. */
interface Applied {
  readonly overlay: NodeOverlayFacts;
  readonly matches: readonly (MatchedSpots | undefined)[];
}

/** Among overlays of one weight, in their order. */
function* conflictsAmong(
  overlays: readonly NodeOverlayFacts[],
  { spots, pools, matchIn }: Offered,
): Generator<void, readonly OverlayConflict[]> {
  const priced = pools.map((): Bits => createBits(spots.length));
  const applied: Applied[] = [];
  const conflicts: OverlayConflict[] = [];
  for (const overlay of overlays) {
    const matches = pools.map((pool) => matchIn(overlay, pool));
    const clash = firstClash(matches, priced);
    const spot = clash && spots[clash.at];
    if (clash && spot) {
      const other = applied.find(({ matches }) => isFor(matches[clash.pool], clash.at))?.overlay;
      conflicts.push(conflictAt(spot, other?.name ?? '', overlay));
    } else {
      applied.push({ overlay, matches });
      for (const [pool, bits] of priced.entries()) {
        const match = matches[pool];
        if (match) addAll(bits, match.certain);
      }
    }
    yield;
  }
  return conflicts;
}

function isFor(match: MatchedSpots | undefined, at: number): boolean {
  return match !== undefined && hasBit(match.certain, at);
}

/** The first offering that has its price already in some NodePool. */
function firstClash(
  matches: readonly (MatchedSpots | undefined)[],
  priced: readonly Bits[],
): { readonly at: number; readonly pool: number } | undefined {
  let first: { readonly at: number; readonly pool: number } | undefined;
  for (const [pool, bits] of priced.entries()) {
    const match = matches[pool];
    const at = match && firstOfBoth(match.certain, bits);
    if (at !== undefined && (first === undefined || at < first.at)) first = { at, pool };
  }
  return first;
}

function conflictAt({ type, offering }: Spot, applied: string, { name, weight }: Weighed): OverlayConflict {
  return { applied, refused: name, weight, at: { type: type.name, zone: offering.zone } };
}
