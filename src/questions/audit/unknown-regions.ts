import { type Pod, preferredTerms, requiredTerms } from '../../decision/pod.ts';
import { nearestKey } from '../../decision/policy-annotations.ts';
import type { KnownNames } from '../../decision/unknown-names.ts';
import { isLabelValue, OLD_REGION_LABEL, OLD_ZONE_LABEL, REGION_LABEL, ZONE_LABEL } from '../../units/label-names.ts';
import { tellFew } from '../../units/tell-few.ts';

/** Who knows which regions there are. */
export type KnownRegions = KnownNames;

/** Besides the label that the cluster is told to use. */
const REGION_LABELS = [REGION_LABEL, OLD_REGION_LABEL];
const ZONE_LABELS = [ZONE_LABEL, OLD_ZONE_LABEL];
const REGION_ANNOTATIONS = ['gridgate.dev/region', 'cloud.google.com/region'];
const REGIONS_ANNOTATION = 'gridgate.dev/regions';
const OF_NAMESPACES = [REGIONS_ANNOTATION, 'gridgate.dev/home-region'];

const NAME_OR_GLOB = /^!?[A-Za-z0-9_.*?-]*$/;
const MOST_NAMED = 5;

/**
 * Names of regions that a pod asks for and nobody knows, and placeholders where regions and zones are named.
 *
 * | place                                                | unknown name | placeholder |
 * | ---------------------------------------------------- | ------------ | ----------- |
 * | region: nodeSelector, annotations, affinity with In  | yes          | yes         |
 * | region: affinity with NotIn                          | no           | yes         |
 * | zone, anywhere                                       | no           | yes         |
 * | annotations of its namespace                         | no           | yes         |
 */
export function unknownRegionsOf(pod: Pod, regionLabel: string, { isKnown }: KnownRegions): readonly string[] {
  const regionLabels = [regionLabel, ...REGION_LABELS];
  const { wanted, others } = namedBy(pod, regionLabels);
  const unknown = [
    ...wanted.filter((name) => !isKnown(name)),
    ...others.filter((name) => !isLabelValue(name) && !isKnown(name)),
  ];
  return [...new Set(unknown)];
}

/** Placeholders that nobody rendered in what a namespace says of regions: its policy is not what it was meant to be. */
export function placeholdersOf(annotations: Readonly<Record<string, string>>): readonly string[] {
  const parts = OF_NAMESPACES.flatMap((key) => (annotations[key] ?? '').split(',')).map((part) => part.trim());
  return parts.filter((part) => !NAME_OR_GLOB.test(part)).map((part) => part.replace(/^!/, ''));
}

function isGlob(text: string): boolean {
  return NAME_OR_GLOB.test(text) && /[*?]/.test(text);
}

/** `unknown_region: it asks for "eu-nroth-1", a region that nobody knows; did you mean eu-north-1?`. */
export function describeUnknown(unknown: readonly string[], { names }: KnownRegions): string {
  const describe = (name: string) => {
    if (name === '') return '"", a region without a name';
    if (!isLabelValue(name)) return `${JSON.stringify(name)}, a placeholder that nobody rendered`;
    const nearest = nearestKey(name, names);
    const hint = nearest === undefined ? '' : ` (did you mean ${nearest}?)`;
    return `${JSON.stringify(name)}, a region that nobody knows${hint}`;
  };
  return `unknown_region: it asks for ${tellFew(unknown, MOST_NAMED, describe).join(', and for ')}`;
}

/** Names in places where a pod asks for a region, and in others, which say where it must not be, or name zones. */
interface Named {
  readonly wanted: readonly string[];
  readonly others: readonly string[];
}

const NOTHING: Named = { wanted: [], others: [] };

function namedBy(pod: Pod, regionLabels: readonly string[]): Named {
  const all = [...inAnnotations(pod), ...inSelector(pod, regionLabels), ...inAffinity(pod, regionLabels)];
  return { wanted: all.flatMap(({ wanted }) => wanted), others: all.flatMap(({ others }) => others) };
}

function inAnnotations(pod: Pod): readonly Named[] {
  const annotations = pod.metadata?.annotations ?? {};
  const single = REGION_ANNOTATIONS.map((key) => annotations[key]).filter((name) => name !== undefined);
  const listed = (annotations[REGIONS_ANNOTATION] ?? '').split(',').map((part) => part.trim());
  const names = [...single, ...listed].filter((name) => name !== '' && !isGlob(name));
  return names.map((name) => (name.startsWith('!') ? { wanted: [], others: [name.slice(1)] } : wants([name])));
}

function inSelector(pod: Pod, regionLabels: readonly string[]): readonly Named[] {
  return Object.entries(pod.spec?.nodeSelector ?? {}).map(([key, value]) => namedAt(key, 'In', [value], regionLabels));
}

function inAffinity(pod: Pod, regionLabels: readonly string[]): readonly Named[] {
  const terms = [...(requiredTerms(pod) ?? []), ...preferredTerms(pod).map(({ preference }) => preference)];
  const requirements = terms.flatMap(({ matchExpressions }) => matchExpressions ?? []);
  return requirements.map(({ key, operator, values }) => namedAt(key, operator, values ?? [], regionLabels));
}

function namedAt(key: string, operator: string, values: readonly string[], regionLabels: readonly string[]): Named {
  const isRegion = regionLabels.includes(key);
  if (isRegion && operator === 'In') return wants(values);
  return isRegion || ZONE_LABELS.includes(key) ? { wanted: [], others: values } : NOTHING;
}

function wants(names: readonly string[]): Named {
  return { wanted: names, others: [] };
}
