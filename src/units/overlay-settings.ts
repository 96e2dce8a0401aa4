/** Whether a price of carbon comes on top of a price, or stands instead of it. */
export const OVERLAY_MODES = ['add', 'replace'] as const;
export type OverlayMode = (typeof OVERLAY_MODES)[number];

/** What becomes of instance types of which nobody knows the carbon: no price of ours, or one above all others. */
export const UNKNOWN_TYPES = ['skip', 'high'] as const;
export type UnknownTypes = (typeof UNKNOWN_TYPES)[number];

/** Weights of NodeOverlays, as Karpenter takes them. */
export const LEAST_WEIGHT = 1;
export const MOST_WEIGHT = 10_000;

/** What counts where nobody says: carbon alone makes no sense of a type without it, whose price of money would be the higher one anyway. */
export function unknownByDefault(mode: OverlayMode): UnknownTypes {
  return mode === 'replace' ? 'high' : 'skip';
}
