import type { NodeOverlayFacts } from '../regions/node-overlay.ts';

/** What every overlay of ours is labelled with. */
export const OWN_LABELS = { 'app.kubernetes.io/managed-by': 'gridgate', 'gridgate.dev/overlay': 'carbon' } as const;
/** The same as a selector. */
export const OWN_SELECTOR = Object.entries(OWN_LABELS)
  .map(([key, value]) => `${key}=${value}`)
  .join();

/** The part of the price that is carbon's, an hour, as it is written; the whole of it where nothing else is priced. */
export const CARBON_PRICE = 'gridgate.dev/carbon-price';
/** When the controller wrote that, RFC 3339. */
export const PRICED_AT = 'gridgate.dev/priced-at';
/** Overlays of users whose price is in ours, to which carbon was added. */
export const INCLUDES = 'gridgate.dev/includes';
/** Overlays of users that ours, of carbon alone, stands before. */
export const OVERRIDES = 'gridgate.dev/overrides';

export function isOwn({ labels }: Pick<NodeOverlayFacts, 'labels'>): boolean {
  return Object.entries(OWN_LABELS).every(([key, value]) => labels[key] === value);
}

/** Whether the controller wrote it; else somebody applied what the command printed, and it is theirs. */
export function isKept(overlay: Pick<NodeOverlayFacts, 'labels' | 'annotations'>): boolean {
  return isOwn(overlay) && overlay.annotations[PRICED_AT] !== undefined;
}

/** The carbon price that is written on one of ours; `undefined` where nobody can read it. */
export function writtenCarbonPrice({ annotations }: Pick<NodeOverlayFacts, 'annotations'>): number | undefined {
  const text = annotations[CARBON_PRICE];
  return text !== undefined && /^\d+(\.\d+)?$/.test(text) ? Number(text) : undefined;
}
