import type { Snapshot } from '../regions/snapshot.ts';
import { nameFew, nameOf } from '../units/tell-few.ts';
import { ANNOTATION_PREFIX } from './namespace-record.ts';
import { nearestKey, quoted } from './policy-annotations.ts';
import { ANY_REGION, parseRegionPatterns, type RegionPatterns } from './region-patterns.ts';

type Annotations = Readonly<Record<string, string>>;

export const REGIONS_KEY = `${ANNOTATION_PREFIX}regions`;
export const HOME_KEY = `${ANNOTATION_PREFIX}home-region`;
const MOST_NAMED = 3;

/**
 * What `regions` and `home-region` name that nothing here is called, a sentence for each of the annotations `keys`; known
 * are the names of Region resources and those on nodes:
 *
 * | in `regions`  | is told where                             |
 * | ------------- | ----------------------------------------- |
 * | `eu-north-1`  | no region has the name                    |
 * | `eu-*`        | no region's name matches                  |
 * | `!us-east-1`  | no region has the name: it excludes none  |
 * | `!us-*`       | never: it may be there for regions to come |
 */
export function unknownNames(annotations: Annotations, keys: readonly string[], snapshot: Snapshot): readonly string[] {
  const { [REGIONS_KEY]: regions, [HOME_KEY]: home } = annotations;
  const told: string[] = [];
  if (regions !== undefined && keys.includes(REGIONS_KEY)) told.push(...unknownPatterns(regions, snapshot));
  if (home !== undefined && keys.includes(HOME_KEY) && !snapshot.byName.has(home.trim()))
    told.push(
      `${HOME_KEY}: no region that is known here is called ${quoted(home.trim())}${hintFor(home.trim(), snapshot)}`,
    );
  return told;
}

/** Whether a policy says where data may live and nothing that is known here is among it: `enforce` then denies every pod. */
export function matchesNothing(regions: RegionPatterns, snapshot: Snapshot): boolean {
  return regions !== ANY_REGION && !snapshot.regions.some(({ name }) => regions.matches(name));
}

/** `known: eu-north, eu-west and 5 more`. */
export function listKnown({ regions }: Snapshot): string {
  if (regions.length === 0) return 'no region is known';
  return `known: ${nameFew(regions, MOST_NAMED, nameOf)}`;
}

function unknownPatterns(text: string, snapshot: Snapshot): readonly string[] {
  const unknown = text
    .split(',')
    .map((pattern) => pattern.trim())
    .filter((pattern) => isUnknown(pattern, snapshot));
  const [first, ...others] = unknown;
  if (first === undefined) return [];
  const nor = others.length > 0 ? `, nor ${nameFew(others, MOST_NAMED - 1, quoted)}` : '';
  return [
    `${REGIONS_KEY}: no region that is known here matches ${quoted(first)}${nor}${hintFor(first.replace(/^!/, ''), snapshot)}`,
  ];
}

function isUnknown(pattern: string, { regions, byName }: Snapshot): boolean {
  const isGlob = /[*?]/.test(pattern);
  if (pattern.startsWith('!')) return !isGlob && !byName.has(pattern.slice(1));
  if (!isGlob) return !byName.has(pattern);
  const compiled = parseRegionPatterns(pattern);
  return compiled !== undefined && !regions.some(({ name }) => compiled.matches(name));
}

function hintFor(name: string, snapshot: Snapshot): string {
  const nearest = nearestKey(name, [...snapshot.byName.keys()]);
  return nearest === undefined ? ` (${listKnown(snapshot)})` : `; did you mean ${nearest}?`;
}
