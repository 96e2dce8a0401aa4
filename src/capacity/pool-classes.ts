import type { NodeOverlayFacts } from '../regions/node-overlay.ts';
import { compareText } from '../units/compare-text.ts';
import type { PoolClass } from './overlay-cells.ts';
import type { MatchedSpots, MatchIn, Pool } from './overlay-matches.ts';

/** What an overlay is to the offerings that it is for. */
export type Role =
  /** Of a user, and it counts. */
  | 'counts'
  /** Of a user, and Karpenter refuses it now. */
  | 'refused'
  /** Of ours, and left as it is: on request, or because people applied it. */
  | 'paused'
  | 'by_hand';

export interface RoledOverlay {
  readonly overlay: NodeOverlayFacts;
  readonly role: Role;
}

/** What overlays that do the same do in the NodePools of a class. */
export interface Layer {
  readonly role: Role;
  readonly matches: MatchedSpots;
  /** One of them: they say the same of the price. */
  readonly price: Pick<NodeOverlayFacts, 'price' | 'priceAdjustment'>;
  readonly names: ReadonlySet<string>;
  /** That of the heaviest. */
  readonly weight: number;
}

/** NodePools in which everything has the same price, and why. */
export interface LayeredClass extends PoolClass {
  /** In the order in which they count, up to the first that leaves nothing to others. */
  readonly layers: readonly Layer[];
}

interface Classified {
  readonly pools: readonly Pool[];
  /** In their order, those of ours first. */
  readonly overlays: readonly RoledOverlay[];
  readonly matchIn: MatchIn;
  /** What tells prices apart; overlays that say the same there may stand for one another. */
  readonly priceText: (overlay: RoledOverlay) => string;
}

/** Puts NodePools together for which users' overlays come to the same; the class of most NodePools first. A step for each overlay. */
export function* classifyPools({ pools, ...rest }: Classified): Generator<void, readonly LayeredClass[]> {
  if (pools.length === 0) return [{ names: undefined, layers: (yield* layersIn(undefined, rest)).map(toLayer) }];
  const classes = new Map<string, { readonly names: string[]; readonly layers: OpenLayer[] }>();
  for (const pool of pools) {
    const layers = yield* layersIn(pool, rest);
    const key = layers.map(({ text }) => text).join('\n');
    const alike = classes.get(key);
    if (alike) join(alike, pool.name, layers);
    else classes.set(key, { names: [pool.name], layers });
  }
  const all = [...classes.values()].map(({ names, layers }) => ({
    names: names.sort(compareText),
    layers: layers.map(toLayer),
  }));
  if (all.length === 1) return all.map(({ layers }) => ({ names: undefined, layers }));
  return all.sort((a, b) => b.names.length - a.names.length || compareText(a.names[0] ?? '', b.names[0] ?? ''));
}

interface OpenLayer {
  readonly text: string;
  readonly role: Role;
  readonly overlay: NodeOverlayFacts;
  readonly matches: MatchedSpots;
  readonly names: Set<string>;
  weight: number;
}

function* layersIn(
  pool: Pool | undefined,
  { overlays, matchIn, priceText }: Omit<Classified, 'pools'>,
): Generator<void, OpenLayer[]> {
  const layers: OpenLayer[] = [];
  for (const { overlay, role } of overlays) {
    const matches = matchIn(overlay, pool);
    yield;
    if (!matches) continue;
    const { name, weight } = overlay;
    const text = `${role} ${matches.id} ${priceText({ overlay, role })}`;
    layers.push({ text, role, overlay, matches, names: new Set([name]), weight });
    if (matches.isAll && role !== 'refused') break;
  }
  return layers;
}

function join(
  { names, layers }: { readonly names: string[]; readonly layers: readonly OpenLayer[] },
  name: string,
  others: readonly OpenLayer[],
): void {
  names.push(name);
  for (const [i, layer] of layers.entries()) {
    const other = others[i];
    if (!other) continue;
    layer.names.add(other.overlay.name);
    layer.weight = Math.max(layer.weight, other.weight);
  }
}

function toLayer({ role, matches, overlay, names, weight }: OpenLayer): Layer {
  return { role, matches, price: overlay, names, weight };
}
