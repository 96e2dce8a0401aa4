import type { Snapshot } from '../regions/snapshot.ts';
import { isLabelValue } from '../units/label-names.ts';
import { itself, nameFew } from '../units/tell-few.ts';
import { ANNOTATION_PREFIX } from './namespace-record.ts';
import { nearestKey, quoted } from './policy-annotations.ts';
import { ANY_REGION, parseRegionPatterns, type RegionPatterns } from './region-patterns.ts';

type Annotations = Readonly<Record<string, string>>;

export const REGIONS_KEY = `${ANNOTATION_PREFIX}regions`;
export const HOME_KEY = `${ANNOTATION_PREFIX}home-region`;
/** Of pods: the one region that their author binds them to. */
export const REGION_KEY = `${ANNOTATION_PREFIX}region`;
const MOST_NAMED = 3;

/** Which regions there are. */
export interface KnownNames {
  readonly isKnown: (name: string) => boolean;
  /** For globs and suggestions. */
  readonly names: readonly string[];
}

/** The names of Region resources and those on nodes. */
export function knownNames({ byName }: Snapshot): KnownNames {
  return { isKnown: (name) => byName.has(name), names: [...byName.keys()] };
}

/**
 * What `regions`, `home-region` and `region` name that nothing here is called, a sentence for each of the annotations `keys`;
 * nothing of what is no name or pattern at all, which is a mistake of another kind:
 *
 * | in `regions`  | is told where                             |
 * | ------------- | ----------------------------------------- |
 * | `eu-north-1`  | no region has the name                    |
 * | `eu-*`        | no region's name matches                  |
 * | `!us-east-1`  | no region has the name: it excludes none  |
 * | `!us-*`       | never: it may be there for regions to come |
 */
export function unknownNames(annotations: Annotations, keys: readonly string[], known: KnownNames): readonly string[] {
  const { [REGIONS_KEY]: regions } = annotations;
  const patterns = regions !== undefined && keys.includes(REGIONS_KEY) ? unknownPatterns(regions, known) : [];
  const named = [HOME_KEY, REGION_KEY]
    .filter((key) => keys.includes(key))
    .flatMap((key) => {
      const name = annotations[key]?.trim();
      return name === undefined || !isLabelValue(name) || known.isKnown(name)
        ? []
        : [`${key}: no region that is known here is called ${quoted(name)}${hintFor(name, known)}`];
    });
  return [...patterns, ...named];
}

/** Whether a policy says where data may live and no known region is among it: `enforce` then denies every pod. */
export function matchesNothing(regions: RegionPatterns, snapshot: Snapshot): boolean {
  return regions !== ANY_REGION && !snapshot.regions.some(({ name }) => regions.matches(name));
}

/** `known: eu-north, eu-west and 5 more`. */
export function listKnown({ names }: Pick<KnownNames, 'names'>): string {
  return names.length === 0 ? 'no region is known' : `known: ${nameFew(names, MOST_NAMED, itself)}`;
}

function unknownPatterns(text: string, known: KnownNames): readonly string[] {
  if (!parseRegionPatterns(text)) return [];
  const unknown = text
    .split(',')
    .map((pattern) => pattern.trim())
    .filter((pattern) => isUnknown(pattern, known));
  const [first, ...others] = unknown;
  if (first === undefined) return [];
  const nor = others.length > 0 ? `, nor ${nameFew(others, MOST_NAMED - 1, quoted)}` : '';
  return [
    `${REGIONS_KEY}: no region that is known here matches ${quoted(first)}${nor}${hintFor(first.replace(/^!/, ''), known)}`,
  ];
}

function isUnknown(pattern: string, { isKnown, names }: KnownNames): boolean {
  const isGlob = /[*?]/.test(pattern);
  if (pattern.startsWith('!')) return !isGlob && !isKnown(pattern.slice(1));
  if (!isGlob) return !isKnown(pattern);
  const compiled = parseRegionPatterns(pattern);
  return compiled !== undefined && !names.some((name) => compiled.matches(name));
}

/** What was probably meant by a name that nothing is called, or what there is: the end of a sentence. */
export function hintFor(name: string, known: Pick<KnownNames, 'names'>): string {
  const nearest = nearestKey(name, known.names);
  return nearest === undefined ? ` (${listKnown(known)})` : `; did you mean ${nearest}?`;
}
