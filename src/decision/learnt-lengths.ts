import { isMapping } from '../units/is-mapping.ts';
import type { Owner } from './owner.ts';
import type { WaitingFacts } from './waiting.ts';

/** The ConfigMap of what earlier runs took, in gridgate's own namespace, and its one key. */
export const LENGTHS_NAME = 'gridgate-lengths';
export const LENGTHS_KEY = 'lengths.json';

export const MOST_RUNS = 20;
export const MOST_OWNERS = 2_000;
export const MOST_NAMESPACES = 1_000;
/** Of the whole text; a ConfigMap takes 1 MiB. */
export const MOST_CHARACTERS = 900_000;
const VERSION = 1;

/** What runs of a namespace took: their mean, and of how many. */
export interface NamespaceRuns {
  readonly seconds: number;
  readonly runs: number;
}

/** What earlier runs took. Owners go by `ownerKey`. */
export interface LearntLengths {
  /** The latest runs of each owner, in seconds, oldest first; at least one. */
  readonly owners: ReadonlyMap<string, readonly number[]>;
  readonly namespaces: ReadonlyMap<string, NamespaceRuns>;
  /** When the newest run ended that is counted, epoch seconds, by owner and by namespace: no run counts twice. */
  readonly newest: ReadonlyMap<string, number>;
}

export const NOTHING_LEARNT: LearntLengths = { owners: new Map(), namespaces: new Map(), newest: new Map() };

/** `NAMESPACE/KIND/NAME` */
export function ownerKey(namespace: string, { kind, name }: Owner): string {
  return `${namespace}/${kind}/${name}`;
}

export function writeLearntLengths({ owners, namespaces, newest }: LearntLengths): string {
  return JSON.stringify({
    version: VERSION,
    owners: Object.fromEntries(owners),
    namespaces: Object.fromEntries(namespaces),
    newest: Object.fromEntries(newest),
  });
}

/** Reads them; `undefined` where the text is of something else, or of more than gridgate writes. */
export function readLearntLengths(text: string): LearntLengths | undefined {
  const written = text.length <= MOST_CHARACTERS ? parseJson(text) : undefined;
  if (!isMapping(written) || written['version'] !== VERSION) return undefined;
  const { owners, namespaces, newest = {} } = written;
  if (!isTableOf(owners, MOST_OWNERS, isRuns) || !isTableOf(namespaces, MOST_NAMESPACES, isNamespaceRuns))
    return undefined;
  if (!isTableOf(newest, MOST_OWNERS + MOST_NAMESPACES, isCount)) return undefined;
  return {
    owners: new Map(Object.entries(owners)),
    namespaces: new Map(Object.entries(namespaces)),
    newest: new Map(Object.entries(newest)),
  };
}

/** Answers from them: the mean of the owner's own runs, else that of its namespace. */
export function lookUpLengths({ owners, namespaces }: LearntLengths): NonNullable<WaitingFacts['learntLength']> {
  const means = new Map([...owners].map(([key, runs]) => [key, runs.reduce((a, b) => a + b, 0) / runs.length]));
  return (namespace, owner) => {
    const ofOwner = owner && means.get(ownerKey(namespace, owner));
    if (ofOwner !== undefined) return { ms: toMs(ofOwner), from: 'owner' };
    const ofNamespace = namespaces.get(namespace);
    return ofNamespace && { ms: toMs(ofNamespace.seconds), from: 'namespace' };
  };
}

/** Kubernetes counts in seconds: a run that took none took some of one. */
function toMs(seconds: number): number {
  return Math.max(1, Math.round(seconds)) * 1_000;
}

function isTableOf<T>(
  value: unknown,
  most: number,
  isOne: (value: unknown) => value is T,
): value is Readonly<Record<string, T>> {
  if (!isMapping(value)) return false;
  const all = Object.values(value);
  return all.length <= most && all.every(isOne);
}

function isRuns(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.length > 0 && value.length <= MOST_RUNS && value.every(isCount);
}

function isNamespaceRuns(value: unknown): value is NamespaceRuns {
  return isMapping(value) && isCount(value['seconds']) && isCount(value['runs']);
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
