import { z } from 'zod';
import { keptOwners, readKept } from './kept-owners.ts';
import { MOST_REPLICAS } from './regional-autoscaler.ts';

/** On a HorizontalPodAutoscaler whose bounds a RegionalAutoscaler moves: what they were. */
export const BOUNDS_BEFORE = 'gridgate.dev/bounds-before';
/** What the guard lets through, in characters. */
export const LONGEST_BOUNDS_BEFORE = 4_096;

const least = z.int().min(0).max(MOST_REPLICAS);
const most = z.int().min(1).max(MOST_REPLICAS);

/** What no HorizontalPodAutoscaler can have was written by nobody but a forger. */
const isWindow = ({ min, max }: { readonly min: number; readonly max: number }) => min <= max;

const boundsBefore = z
  .object({
    version: z.literal(1),
    min: least, // 0 where the cluster allows it: HPAScaleToZero
    max: most,
    owners: z.object({ min: keptOwners, max: keptOwners }),
    wrote: z.object({ min: least.min(1), max: most }).refine(isWindow),
  })
  .refine(isWindow);

/** What its owner had, whose both fields were, and what we wrote last: other values there are somebody else's. */
export type BoundsBefore = Omit<z.infer<typeof boundsBefore>, 'version'>;

/** The annotation's text. Its order is fixed: what stands before the owners is what the guard compares. */
export function formatBoundsBefore({ min, max, owners, wrote }: BoundsBefore): string {
  return JSON.stringify({
    version: 1,
    min,
    max,
    owners: { min: owners.min, max: owners.max },
    wrote: { min: wrote.min, max: wrote.max },
  });
}

/** Reads it; `undefined` where there is none, or what gridgate never writes: that is put back nowhere. */
export function parseBoundsBefore(text: string | undefined): BoundsBefore | undefined {
  const read = readKept(boundsBefore, text, LONGEST_BOUNDS_BEFORE);
  if (!read) return undefined;
  const { version, ...kept } = read;
  return kept;
}

interface Bounds {
  readonly min: number;
  readonly max: number;
}

/** What an owner's bounds are by now: each is what was kept where what we wrote still stands, else theirs as it is; as they are where those do not fit together. */
export function boundsOfOwner(kept: BoundsBefore, is: Bounds): Bounds {
  const of = (bound: keyof Bounds) => (is[bound] === kept.wrote[bound] ? kept[bound] : is[bound]);
  const owner = { min: of('min'), max: of('max') };
  return owner.min <= owner.max ? owner : { min: is.min, max: is.max };
}
