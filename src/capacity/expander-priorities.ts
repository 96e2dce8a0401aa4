import { parseDocument, type YAMLMap } from 'yaml';
import { nameExpression } from '../regions/name-expression.ts';

/** Priorities from the first to the second, both included. */
export interface PriorityRange {
  readonly from: number;
  readonly to: number;
}

/** A group by its whole name at a priority, with the region that put it there. */
export interface RankedGroup {
  readonly group: string;
  readonly region: string;
  readonly priority: number;
}

/** What somebody else wrote: groups in whose name one of the expressions (Go's RE2) is found. */
export interface ForeignEntry {
  readonly priority: number;
  readonly expressions: readonly string[];
}

export interface Priorities {
  /** In the order in which they stand. */
  readonly ours: readonly RankedGroup[];
  readonly others: readonly ForeignEntry[];
}

export interface Unreadable {
  /** Why, as the end of a sentence about the text. */
  readonly problem: string;
}

/** Where Cluster Autoscaler's priority expander looks, in Cluster Autoscaler's own namespace. */
export const EXPANDER_CONFIG_MAP = 'cluster-autoscaler-priority-expander';
export const EXPANDER_KEY = 'priorities';

/** The end of every line of ours. It tells them from those of people, so that these stay byte for byte. */
const MARK = ' # gridgate.dev';
const OUR_KEY = /^ *(\d+): # gridgate\.dev$/;
const OUR_GROUP = /^ *- '\^(.+)\$' # (\S+) # gridgate\.dev$/;

/** Reading and writing it takes the leader some 100 ms. */
const MOST_CHARACTERS = 128 * 1_024;
/** Of people: each of their expressions is tried on each group. */
const MOST_OF_PEOPLE = 32 * 1_024;

/** Fewer priorities have no room for what is down, for what nobody knows and for one band. */
const FEWEST_PRIORITIES = 3;
const MOST_PRIORITY = 1_000_000_000;

/** Reads `100-199`; `undefined` where it is none, or has fewer than three priorities. */
export function parsePriorityRange(text: string): PriorityRange | undefined {
  const [, from, to] = (/^ *(\d{1,10}) *- *(\d{1,10}) *$/.exec(text) ?? []).map(Number);
  if (from === undefined || to === undefined || to > MOST_PRIORITY || to - from + 1 < FEWEST_PRIORITIES)
    return undefined;
  return { from, to };
}

/** What stands under `priorities`, as Cluster Autoscaler reads it: YAML 1.1, a map from numbers to lists. */
export function readPriorities(text: string): Priorities | Unreadable {
  if (text.length > MOST_CHARACTERS) return { problem: `is longer than ${MOST_CHARACTERS} characters` };
  const others = readRest(withoutOurs(text));
  if ('problem' in others) return others;
  const ours: RankedGroup[] = [];
  let priority: number | undefined;
  for (const line of text.split('\n').filter(isOurs)) {
    const [, key] = OUR_KEY.exec(line) ?? [];
    const [, expression, region] = OUR_GROUP.exec(line) ?? [];
    if (key !== undefined) priority = Number(key);
    else if (expression && region && priority !== undefined)
      ours.push({ group: unquote(expression), region, priority });
    else return { problem: `has a line that ends like those of gridgate and is none: ${line.trim()}` };
  }
  return { ours, others: others.entries };
}

/**
 * The text with `ranked` in the place of what was ours. It stands before everything else: so it takes no comment from the entry below
 * it, and leaves no trace when it goes, whatever the last line ends with.
 */
export function writePriorities(text: string, ranked: readonly RankedGroup[]): string | Unreadable {
  const rest = withoutOurs(text);
  const read = readRest(rest);
  if ('problem' in read) return read;
  const taken = read.entries.find((entry) => ranked.some(({ priority }) => priority === entry.priority));
  if (taken) return { problem: `has ${taken.priority} already, which is not by gridgate` };
  const indent = /^( *)[^\s#-]/m.exec(afterStart(rest))?.[1] ?? '';
  const byPriority = [...Map.groupBy(ranked, ({ priority }) => priority)].sort(([a], [b]) => b - a);
  const lines = byPriority.flatMap(([priority, groups]) => [
    `${indent}${priority}:${MARK}`,
    ...groups.map(({ group, region }) => `${indent}  - '^${quote(group)}$' # ${region}${MARK}`),
  ]);
  const head = rest.slice(0, rest.length - afterStart(rest).length);
  const written = `${head}${lines.map((line) => `${line}\n`).join('')}${afterStart(rest)}`;
  return isWhatWasMeant(written, read.entries, ranked) ? written : { problem: 'is in a form that cannot be added to' };
}

/** The text as people wrote it; nothing of theirs may hang on a line of ours, nor end like one. */
export function takeBack(text: string): string | Unreadable {
  const read = readPriorities(text);
  return 'problem' in read ? read : withoutOurs(text);
}

function withoutOurs(text: string): string {
  if (!hasOurs(text)) return text;
  return text
    .split(/(?<=\n)/)
    .filter((line) => !isOurs(line.replace(/\n$/, '')))
    .join('');
}

export function hasOurs(text: string): boolean {
  return text.split('\n').some(isOurs);
}

function isOurs(line: string): boolean {
  return line.endsWith(MARK);
}

/** What comes after `---`, where it stands before anything else. */
function afterStart(text: string): string {
  return text.replace(/^---(?: *| +#.*)\n/, '');
}

type Entries = { readonly entries: readonly ForeignEntry[] };

function readRest(text: string): Entries | Unreadable {
  if (text.length <= MOST_OF_PEOPLE) return readMap(text);
  return { problem: `is longer than ${MOST_OF_PEOPLE} characters without the lines of gridgate` };
}

function readMap(text: string): Entries | Unreadable {
  // Numbers as yaml.v2 of Cluster Autoscaler reads them. That a key is there once takes yaml a second to see, of 20,000.
  const document = parseDocument(text, { version: '1.1', uniqueKeys: false });
  const [error] = document.errors;
  if (error) return { problem: `is no YAML: ${error.message.split('\n')[0]?.replace(/:$/, '')}` };
  if ((document.contents as Partial<YAMLMap> | null)?.flow) return { problem: 'is written in one line, in braces' };
  let map: unknown;
  try {
    map = document.toJS({ mapAsMap: true });
  } catch {
    return { problem: 'repeats itself by too many aliases' };
  }
  if (map === null || map === undefined) return { entries: [] };
  if (!(map instanceof Map)) return { problem: 'is no map from priorities to lists' };
  const keys = (document.contents as YAMLMap).items.length;
  if (map.size < keys) return { problem: 'has a priority twice' };
  const entries = [...map].map(([priority, list]) => toEntry(priority, list));
  const broken = entries.find((entry) => 'problem' in entry);
  return broken ?? { entries: entries as readonly ForeignEntry[] };
}

function toEntry(priority: unknown, list: unknown): ForeignEntry | Unreadable {
  if (!Number.isInteger(priority)) return { problem: `has ${String(priority)} where a priority belongs` };
  const items: readonly unknown[] = list === null ? [] : Array.isArray(list) ? list : [list];
  if (!(list === null || Array.isArray(list)) || items.some((item) => typeof item === 'object'))
    return { problem: `has no list of expressions at ${String(priority)}` };
  return { priority: Number(priority), expressions: items.map(String) };
}

function isWhatWasMeant(text: string, others: readonly ForeignEntry[], ranked: readonly RankedGroup[]): boolean {
  const read = text.length > MOST_CHARACTERS ? undefined : readMap(text);
  if (!read || 'problem' in read) return false;
  const meant = new Map(others.map(({ priority, expressions }) => [priority, expressions]));
  for (const { priority, group } of ranked)
    meant.set(priority, [...(meant.get(priority) ?? []), `^${escapeForGo(group)}$`]);
  const isMeant = ({ priority, expressions }: ForeignEntry) =>
    meant.get(priority)?.join('\n') === expressions.join('\n');
  return read.entries.length === meant.size && read.entries.every(isMeant);
}

/** What Go's regexp.QuoteMeta escapes. */
const SPECIAL = /[\\.+*?()|[\]{}^$]/g;

function escapeForGo(name: string): string {
  return name.replaceAll(SPECIAL, String.raw`\$&`);
}

/** An escaped name between single quotes of YAML, and back. */
function quote(name: string): string {
  return escapeForGo(name).replaceAll("'", "''");
}

function unquote(text: string): string {
  return text.replaceAll("''", "'").replaceAll(/\\(.)/g, '$1');
}

const LONGEST_EXPRESSION = 500;

/** Finds an expression of Go's in names; `undefined` where `nameExpression` cannot tell what Go would find. */
export function goExpression(text: string): ((name: string) => boolean) | undefined {
  const expression = text.length > LONGEST_EXPRESSION ? undefined : nameExpression(text);
  return expression && ((name) => expression.test(name));
}
