import { distance } from 'fastest-levenshtein';
import { BANDS, type Band } from '../regions/band.ts';
import { cutText } from '../units/cut-text.ts';
import { parseDuration } from '../units/duration.ts';
import { isLabelValue } from '../units/label-names.ts';
import { BESIDE_POLICY, WORKLOAD_KEYS } from './carbon-budget.ts';
import { ANNOTATION_PREFIX } from './namespace-record.ts';
import { BUILT_IN_DEFAULTS, type Factor, MODES, type Policy, type Weights } from './policy.ts';
import { ANY_REGION, parseRegionPatterns } from './region-patterns.ts';

/** What the configuration sets for every namespace that does not say otherwise. */
export type PolicyDefaults = Partial<Policy>;

/** One mistake in one annotation. `nearest` is the known key that a misspelt one resembles. */
export interface PolicyIssue {
  readonly key: string;
  readonly value: string;
  readonly allowed: string;
  readonly nearest?: string;
}

/** An annotation: what it accepts in words, and the part of a policy that a value gives (`undefined`: a mistake). */
interface Annotation {
  readonly allowed: string;
  readonly parse: (text: string) => Partial<Policy> | undefined;
  /** All that it accepts, where that is a closed list. */
  readonly words?: readonly string[];
}

/**
 * The longest name (behind the slash) that is compared with known ones: comparing takes time in proportion, and authors
 * may send megabytes.
 */
const LONGEST_NAME = 63;
/** The longest value that is read. No meaningful one is as long, and compiled policies are kept by their text. */
const LONGEST_VALUE = 4_000;
const NUMBER = /^\d+(\.\d+)?$/;

/** The closed table of namespace annotations. */
export const POLICY_ANNOTATIONS: Readonly<Record<string, Annotation>> = {
  mode: choice('mode', MODES),
  'max-intensity': {
    allowed: 'gCO2e/kWh, a number such as 300',
    parse: (text) => (NUMBER.test(text) ? { maxIntensity: Number(text), maxIntensitySetBy: 'namespace' } : undefined),
  },
  'when-all-dirty': choice('whenAllDirty', ['cleanest', 'deny']),
  regions: {
    allowed: 'region names or globs separated by commas, ! excludes, such as eu-*,!eu-south-*',
    parse: (text) => wrap('regions', parseRegionPatterns(text)),
  },
  'home-region': labelValue('homeRegion', 'the name of a region'),
  'max-latency': duration('maxLatencyMs', 'a duration such as 80ms'),
  weights: {
    allowed: 'factors carbon, cost, latency with a number each, at least one above 0, such as carbon=1,cost=0.5',
    parse: (text) => wrap('weights', parseWeights(text)),
  },
  placement: choice('placement', ['auto', 'prefer', 'require', 'none']),
  spread: {
    allowed: 'a whole number from 1 to 5: of so many of the best regions none is preferred to another',
    parse: (text) => wrap('spread', /^[1-5]$/.test(text) ? Number(text) : undefined),
  },
  'prefer-arch': labelValue('preferArch', 'an architecture such as arm64'),
  priority: choice('priority', ['none', 'flexible', 'failover']),
  tolerate: { allowed: 'none, or bands of low, medium, high', parse: (text) => wrap('tolerate', parseBands(text)) },
  defer: duration('deferMs', 'a duration such as 8h'),
  'defer-min-saving': {
    allowed: 'percent from 0 to 100',
    parse: (text) => wrap('deferMinSavingPercent', parsePercent(text)),
  },
  'defer-by': choice('deferBy', ['gate', 'suspend']),
  'pod-overrides': choice('podOverrides', ['tighten', 'allow']),
};

/** Compiles a namespace's annotations; keys outside `gridgate.dev/`, and those of it that are no part of a policy, are passed over. Every mistake is returned. */
export function parsePolicy(
  annotations: Readonly<Record<string, string>>,
  defaults: PolicyDefaults = {},
): { policy: Policy; issues: readonly PolicyIssue[] } {
  const issues: PolicyIssue[] = [];
  let policy: Policy = { ...DEFAULT_POLICY, ...defaults, ...stillDefaulted(annotations, defaults) };
  for (const [key, value] of Object.entries(annotations)) {
    if (!key.startsWith(ANNOTATION_PREFIX)) continue;
    const name = key.slice(ANNOTATION_PREFIX.length);
    if (BESIDE_POLICY.includes(name)) continue;
    const annotation = annotationNamed(name);
    const part = value.length > LONGEST_VALUE ? undefined : annotation?.parse(String(value).trim());
    if (part) policy = { ...policy, ...part };
    else issues.push(annotation ? { key, value, allowed: annotation.allowed } : unknownKey(key, value, name));
  }
  return { policy, issues };
}

/** One sentence for one mistake. */
export function describeIssue({ key, value, allowed, nearest }: PolicyIssue): string {
  const elsewhere = isOfWorkloads(key.slice(ANNOTATION_PREFIX.length))
    ? ' of namespaces: it belongs on a Deployment or StatefulSet'
    : '';
  const hint = nearest === undefined ? elsewhere : `, did you mean ${nearest}?`;
  return nearest === undefined && allowed !== ''
    ? `${key}: ${quoted(value)} is not ${allowed}`
    : `${key}: no such annotation${hint}`;
}

/** A value as messages show it: whoever wrote 200 KB knows what they wrote. */
export function quoted(value: string): string {
  return JSON.stringify(cutText(value, 81));
}

/** The known key nearest to a misspelt one, when it is near enough to be meant. */
export function nearestKey(name: string, known: readonly string[]): string | undefined {
  if (name.length > LONGEST_NAME) return undefined;
  const ranked = known.map((key) => ({ key, edits: distance(name, key) })).sort((a, b) => a.edits - b.edits);
  const best = ranked[0];
  return best && best.edits <= Math.max(2, Math.floor(name.length / 3)) ? best.key : undefined;
}

/** Defaults as they are written, by annotation without its prefix; one with a mistake is passed over. */
export function compileDefaults(texts: Readonly<Record<string, string>>): PolicyDefaults {
  const parts = Object.entries(texts).map(([name, text]) => annotationNamed(name)?.parse(text.trim()));
  const defaults: PolicyDefaults = Object.assign({}, ...parts);
  return defaults.maxIntensity === undefined ? defaults : { ...defaults, maxIntensitySetBy: 'default' };
}

/** By default any region will do, and nodes without a region label, too. */
const DEFAULT_POLICY = { ...compileDefaults(BUILT_IN_DEFAULTS), regions: ANY_REGION } as Policy;

function annotationNamed(name: string): Annotation | undefined {
  return Object.hasOwn(POLICY_ANNOTATIONS, name) ? POLICY_ANNOTATIONS[name] : undefined;
}

/** The configuration's defaults that the namespace leaves as they are. */
function stillDefaulted(
  annotations: Readonly<Record<string, string>>,
  { defaulted }: PolicyDefaults,
): Pick<Policy, 'defaulted'> {
  if (!defaulted) return {};
  return { defaulted: new Set([...defaulted].filter((name) => !Object.hasOwn(annotations, ANNOTATION_PREFIX + name))) };
}

function isOfWorkloads(name: string): boolean {
  return WORKLOAD_KEYS.includes(name) && !BESIDE_POLICY.includes(name);
}

function unknownKey(key: string, value: string, name: string): PolicyIssue {
  const nearest = isOfWorkloads(name)
    ? undefined
    : nearestKey(name, [...Object.keys(POLICY_ANNOTATIONS), ...BESIDE_POLICY]);
  return { key, value, allowed: '', ...(nearest !== undefined && { nearest: ANNOTATION_PREFIX + nearest }) };
}

function wrap<K extends keyof Policy>(field: K, value: Policy[K] | undefined): Partial<Policy> | undefined {
  return value === undefined ? undefined : ({ [field]: value } as Partial<Policy>);
}

function choice<K extends keyof Policy>(field: K, values: readonly (Policy[K] & string)[]): Annotation {
  return {
    allowed: `one of ${values.join(', ')}`,
    words: values,
    parse: (text) =>
      wrap(
        field,
        values.find((value) => value === text),
      ),
  };
}

function labelValue(field: 'homeRegion' | 'preferArch', allowed: string): Annotation {
  return { allowed, parse: (text) => wrap(field, isLabelValue(text) ? text : undefined) };
}

function duration(field: 'maxLatencyMs' | 'deferMs', allowed: string): Annotation {
  return { allowed, parse: (text) => wrap(field, parseDuration(text)) };
}

function parsePercent(text: string): number | undefined {
  const number = text.endsWith('%') ? text.slice(0, -1) : text;
  return NUMBER.test(number) && Number(number) <= 100 ? Number(number) : undefined;
}

function parseBands(text: string): readonly Band[] | undefined {
  if (text === 'none') return [];
  const bands = text.split(',').map((part) => BANDS.find((band) => band === part.trim()));
  return bands.every((band) => band !== undefined) ? bands : undefined;
}

/** A factor that is not named has weight 0. */
function parseWeights(text: string): Weights | undefined {
  const weights: Record<Factor, number> = { carbon: 0, cost: 0, latency: 0 };
  const named = new Set<string>();
  for (const part of text.split(',')) {
    const [factor = '', number = '', ...rest] = part.split('=').map((piece) => piece.trim());
    if (!Object.hasOwn(weights, factor) || !NUMBER.test(number) || rest.length > 0 || named.has(factor))
      return undefined;
    named.add(factor);
    weights[factor as Factor] = Number(number);
  }
  const sum = weights.carbon + weights.cost + weights.latency;
  return sum > 0 && Number.isFinite(sum) ? weights : undefined;
}
