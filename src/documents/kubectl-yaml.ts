import {
  constructFromEvents,
  defineMappingTag,
  defineScalarTag,
  defineSequenceTag,
  EVENT_ID,
  type Event,
  getScalarValue,
  NOT_RESOLVED,
  parseEvents,
  Schema,
  strTag,
  type YAMLException,
} from 'js-yaml';
import { isMapping } from '../units/is-mapping.ts';

/** One YAML document as kubectl reads it. */
interface KubectlYaml {
  readonly value: unknown;
  /** The text, with such lines further in as stand further out than js-yaml takes them. */
  readonly source: string;
  /** Where the document's value begins, and each member of the list `items` at its top: offsets in `source`. */
  readonly start: number;
  readonly itemStarts: () => readonly number[];
  /** Whether it holds what kubectl takes without a word and its author hardly meant: a key said twice, a tag nobody knows. */
  readonly isOdd: boolean;
}

type Mapping = Record<string, unknown>;

/** kubectl follows 10,000 levels; no Kubernetes object has more than some thirty. */
const MOST_DEPTH = 500;
/** Keys that merges write, and values that aliases stand for, in one document (the limit of sigs.k8s.io/yaml). */
const MOST_REPEATED = 400_000;
const TOO_MANY_ALIASES = 'uses too many aliases';

/** The words of YAML 1.1 that sigs.k8s.io/yaml takes for something else than text. */
const WORDS: ReadonlyMap<string, boolean | null | number> = new Map<string, boolean | null | number>([
  ...['', '~', 'null', 'Null', 'NULL'].map((word) => [word, null] as const),
  ...['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON'].map((word) => [word, true] as const),
  ...['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF'].map((word) => [word, false] as const),
  ...['.nan', '.NaN', '.NAN'].map((word) => [word, Number.NaN] as const),
  ...['', '+'].flatMap((sign) => ['inf', 'Inf', 'INF'].map((word) => [`${sign}.${word}`, Infinity] as const)),
  ...['inf', 'Inf', 'INF'].map((word) => [`-.${word}`, -Infinity] as const),
]);
const FIRST_CHARACTERS = ['', ...'~+-.0123456789<yYnNtTfFoO'];

/** Octal numbers with and without an `o`; what has an eight or a nine behind its zero is decimal, as in Go. */
const INTEGER = /^([-+]?)(?:(0[xX][\da-fA-F]+|0[bB][01]+)|0[oO]?([0-7]+)|(?:0|[1-9]\d*))$/;
/** go-yaml's own way to binary numbers takes a sign behind the `0b`. */
const SIGN_INSIDE = /^0b([-+])(?=[01])/;
const LEAST_INTEGER = -(2n ** 63n);
const MOST_INTEGER = 2n ** 64n - 1n;
const FLOAT = /^[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?$/;

const POINT_FIRST = /^\.\d+(?:_\d+)*(?:[eE][-+]?\d+(?:_\d+)*)?$/;

/** A merge key without quotes; behind a colon it is text. */
const MERGE = Symbol('<<');

/** What plain text means: `1_0` is 10, `010` 8, `12e4567`, which no number can hold, text. No base 60, no times. */
function readScalar(text: string): boolean | null | number | typeof MERGE | undefined {
  const word = WORDS.get(text);
  if (word !== undefined) return word;
  if (text === '<<') return MERGE;
  const plain = withoutUnderscores(text);
  const digits = plain.startsWith('0b') ? plain.replace(SIGN_INSIDE, '$10b') : plain;
  const [, sign, based, octal] = INTEGER.exec(digits) ?? [];
  const size = based ?? (octal === undefined ? undefined : `0o${octal}`);
  return (size === undefined ? undefined : integerOf(sign === '-', size)) ?? decimalOf(digits);
}

/** `undefined` where Go's integers end: an octal number without an `o` is decimal then, any other is text. */
function integerOf(isNegative: boolean, size: string): number | undefined {
  const integer = isNegative ? -BigInt(size) : BigInt(size);
  return integer >= LEAST_INTEGER && integer <= MOST_INTEGER ? Number(integer) : undefined;
}

function decimalOf(digits: string): number | undefined {
  const value = FLOAT.test(digits) ? Number(digits) : Number.NaN;
  return Number.isFinite(value) ? value : undefined;
}

/** Go looks past underscores; behind a leading point only past those between two digits. */
function withoutUnderscores(text: string): string {
  if (!text.includes('_') || text.startsWith('_')) return text;
  return text.startsWith('.') && !POINT_FIRST.test(text) ? text : text.replaceAll('_', '');
}

/** Parses one document; throws what js-yaml throws, and an Error of one sentence where aliases multiply. */
export const parseKubectlYaml = createParser();

function createParser() {
  // Of the document at hand: parsing is synchronous.
  let repeated = 0;
  let isOdd = false;
  /** Keys that a merge wrote: saying them again is no mistake. */
  let merged = new WeakMap<Mapping, Set<string>>();

  function write(mapping: Mapping, key: string, value: unknown): void {
    // Assigning `__proto__` would change what the mapping inherits.
    if (key === '__proto__')
      Object.defineProperty(mapping, key, { value, enumerable: true, configurable: true, writable: true });
    else mapping[key] = value;
  }

  /** A merge that stands behind a key overrides it, as in go-yaml; of a list of mappings the first counts. */
  function merge(mapping: Mapping, value: unknown): string {
    const sources = Array.isArray(value) ? value.toReversed() : [value];
    const keys = merged.get(mapping) ?? new Set();
    merged.set(mapping, keys);
    for (const source of sources) {
      if (!isMapping(source)) return 'a merge key needs a mapping, or a list of mappings';
      for (const [key, inner] of Object.entries(source)) {
        repeated += 1;
        if (repeated > MOST_REPEATED) throw new Error(TOO_MANY_ALIASES);
        write(mapping, key, inner);
        keys.add(key);
      }
    }
    return '';
  }

  function addPair(mapping: Mapping, key: unknown, value: unknown): string {
    if (key === MERGE) return merge(mapping, value);
    const name = keyOf(key);
    if (name === undefined) return 'a key must be text';
    if (Object.hasOwn(mapping, name) && !merged.get(mapping)?.delete(name)) isOdd = true;
    write(mapping, name, inValue(value));
    return '';
  }

  function addItem(list: unknown[], item: unknown): string {
    list.push(inValue(item));
    return '';
  }

  function odd<T>(value: T): T {
    isOdd = true;
    return value;
  }

  const never = () => false;
  // With `finalize`, which changes nothing, js-yaml refuses an alias within what it stands for.
  const mapping = {
    addPair,
    has: never,
    keys: Object.keys,
    get: (from: Mapping, key: unknown) => from[String(key)],
    finalize: same<Mapping>,
    identify: never,
  };
  const sequence = { addItem, finalize: same<unknown[]>, identify: never };
  const byPrefix = { matchByTagPrefix: true } as const;
  const unknownTags = ['!', 'tag:'].flatMap((prefix) => [
    defineScalarTag(prefix, { ...byPrefix, resolve: (text: string) => odd(text), identify: never }),
    defineMappingTag(prefix, { ...byPrefix, ...mapping, create: () => odd({}) }),
    defineSequenceTag(prefix, { ...byPrefix, ...sequence, create: () => odd([]) }),
  ]);
  const typed = (type: string, isOne: (value: unknown) => boolean) =>
    defineScalarTag(`tag:yaml.org,2002:${type}`, {
      resolve: (text) => {
        const value = readScalar(text);
        return isOne(value) ? value : NOT_RESOLVED;
      },
      identify: never,
    });
  const schema = new Schema([
    strTag,
    defineMappingTag('tag:yaml.org,2002:map', { ...mapping, create: () => ({}) }),
    defineSequenceTag('tag:yaml.org,2002:seq', { ...sequence, create: () => [] }),
    defineScalarTag('!plain', {
      implicit: true,
      implicitFirstChars: FIRST_CHARACTERS,
      resolve: (text) => readScalar(text) ?? (WORDS.has(text) ? null : NOT_RESOLVED),
      identify: never,
    }),
    typed('null', (value) => value === null),
    typed('bool', (value) => typeof value === 'boolean'),
    typed('int', Number.isInteger),
    typed('float', (value) => typeof value === 'number'),
    defineScalarTag('tag:yaml.org,2002:binary', {
      resolve: (text) => Buffer.from(text, 'base64').toString(),
      identify: never,
    }),
    defineScalarTag('tag:yaml.org,2002:timestamp', { resolve: (text) => text, identify: never }),
    ...unknownTags,
  ]);

  return function parseDocument(text: string): KubectlYaml {
    repeated = 0;
    isOdd = false;
    merged = new WeakMap();
    const { events, source } = parseLoosely(text);
    const [value] = constructFromEvents(events, { source, schema });
    if (events.some(({ type }) => type === EVENT_ID.ALIAS)) limitAliases(value);
    return {
      value: inValue(value),
      source,
      start: startOf(events[1]),
      itemStarts: () => findItems(events, source),
      isOdd,
    };
  };
}

/**
 * Within braces, brackets and quotes kubectl takes lines that stand as far out as they like, where YAML wants them further
 * in than what they belong to; there a line may be moved without a change of meaning.
 */
function parseLoosely(text: string): { readonly events: Event[]; readonly source: string } {
  let source = text;
  let spent = 0;
  let last = -1;
  for (;;) {
    try {
      return { events: parseEvents(source, { maxDepth: MOST_DEPTH }), source };
    } catch (error) {
      const { reason, mark } = error as YAMLException;
      spent += source.length;
      // A line that was moved already, or more than anybody would wait for: it is broken.
      if (reason !== TOO_FAR_OUT || !mark || mark.line <= last || spent > MOST_REREAD) throw error;
      last = mark.line;
      const begin = source.lastIndexOf('\n', mark.position - 1) + 1;
      source = `${source.slice(0, begin)}${FURTHER_IN}${source.slice(begin)}`;
    }
  }
}

const TOO_FAR_OUT = 'deficient indentation';
const FURTHER_IN = ' '.repeat(200);
/** Characters: each line that is moved costs another look at the document. */
const MOST_REREAD = 16 * 2 ** 20;

function inValue(value: unknown): unknown {
  return value === MERGE ? '<<' : value;
}

function same<T>(value: T): T {
  return value;
}

/** Numbers and booleans are their own names, as kubectl makes JSON of them. */
function keyOf(key: unknown): string | undefined {
  if (typeof key === 'string') return key;
  if (typeof key === 'boolean') return String(key);
  if (typeof key !== 'number') return undefined;
  return Number.isFinite(key) ? String(key) : `${key < 0 ? '-' : ''}.${Number.isNaN(key) ? 'nan' : 'inf'}`;
}

/** Few lines can stand for billions of values, which cost nothing until somebody looks at each. */
function limitAliases(value: unknown): void {
  const sizes = new Map<object, number>();
  function sizeOf(node: unknown): number {
    if (typeof node !== 'object' || node === null) return 1;
    let size = sizes.get(node);
    if (size === undefined) {
      size = Object.values(node).reduce<number>((sum, inner) => sum + sizeOf(inner), 1);
      sizes.set(node, size);
    }
    return size;
  }
  if (sizeOf(value) > MOST_REPEATED + 10 * sizes.size) throw new Error(TOO_MANY_ALIASES);
}

function startOf(event: Event | undefined): number {
  if (!event) return 0;
  if ('start' in event) return event.start;
  return 'valueStart' in event ? Math.max(0, event.valueStart) : 0;
}

/** Where the members of the list `items` begin, which stands in the mapping that is the document. */
function findItems(events: readonly Event[], source: string): readonly number[] {
  const starts: number[] = [];
  // The first two open the document and its mapping, whose keys and values take turns.
  for (let at = 2; at < events.length; ) {
    const behindKey = behindNode(events, at);
    const key = events[at];
    const behindValue = behindNode(events, behindKey);
    if (key?.type === EVENT_ID.SCALAR && getScalarValue(source, key) === 'items')
      for (let item = behindKey + 1; item < behindValue - 1; item = behindNode(events, item))
        starts.push(startOf(events[item]));
    at = behindValue;
  }
  return starts;
}

/** Behind the events of one node: of a list or a mapping up to the one that closes it. */
function behindNode(events: readonly Event[], from: number): number {
  let depth = 0;
  for (let at = from; at < events.length; at += 1) {
    const type = events[at]?.type;
    if (type === EVENT_ID.POP) depth -= 1;
    else if (type === EVENT_ID.MAPPING || type === EVENT_ID.SEQUENCE) depth += 1;
    if (depth <= 0) return at + 1;
  }
  return events.length;
}
