import { parseYamlDocument } from './yaml-documents.ts';

/** What a typed list such as PodList says of its members, which need not say it themselves. */
export interface Listed {
  readonly apiVersion: unknown;
  readonly kind: string;
}

/** The text of a member, and the line on which it begins, counted from 1 in the text of the List. */
interface ListItem {
  readonly text: string;
  readonly line: number;
}

/** Where a member stands in the text of its List. */
interface Span {
  readonly begin: number;
  readonly end: number;
  readonly line: number;
  /** In YAML its first line begins behind a dash, and the others so far in. */
  readonly indent?: number;
}

/** Where the members are, and the text without them. */
interface Cut {
  readonly members: readonly Span[];
  readonly frame: string;
}

const QUOTE = 34;
const SPACES = new Set([9, 10, 13, 32]);
const OPEN = new Set([91, 123]);
const CLOSE = new Set([93, 125]);
const ITEMS = /"items"\s*:\s*\[/y;

interface CutList {
  readonly listed?: Listed;
  readonly members: Iterable<ListItem>;
}

/**
 * Cuts a List in JSON, or in YAML as kubectl prints it, into its members, one by one: as objects all at once they take four times
 * the memory of their text. `undefined` where the text is anything else, or is broken around its members.
 */
export function cutList(text: string): CutList | undefined {
  const isJson = /^\s*\{/.test(text);
  const found = isJson ? cutJson(text) : cutBlocks(text);
  const listed = found && listOf(parseFrame(found.frame));
  if (!found || !listed) return undefined;
  const { apiVersion, kind } = listed;
  return { ...(kind !== '' && { listed: { apiVersion, kind } }), members: toItems(found.members, text) };
}

function* toItems(members: readonly Span[], text: string): Generator<ListItem> {
  for (const { begin, end, line, indent = 0 } of members)
    yield { text: ' '.repeat(indent) + text.slice(begin, end), line };
}

/**
 * The members of a value that is a list of objects, and what it says of them (an empty kind says nothing). kubectl takes every
 * object with `items` for a list, whatever its kind (`unstructuredJSONScheme`, Kubernetes 1.36).
 */
export function listOf(value: unknown): (Listed & { readonly items: readonly unknown[] }) | undefined {
  if (typeof value !== 'object' || value === null || !('items' in value)) return undefined;
  const { kind, apiVersion, items } = value as { kind?: unknown; apiVersion?: unknown; items: unknown };
  if (typeof kind !== 'string' || (items !== null && !Array.isArray(items))) return undefined;
  return { apiVersion, kind: kind.replace(/List$/, ''), items: items ?? [] };
}

function parseFrame(frame: string): unknown {
  const [document] = parseYamlDocument(frame);
  return document && !('message' in document) && document.oddities.length === 0 ? document.value : undefined;
}

function cutJson(text: string): Cut | undefined {
  const begin = findItems(text);
  const found = begin === undefined ? undefined : findMembers(text, begin);
  return found && { members: found.members, frame: `${text.slice(0, begin)}${text.slice(found.end)}` };
}

/** In block style: what has the members below it, how each of them begins, and what ends them. */
const BLOCK_ITEMS = /^(?:items|"items"|'items') *:[ \t]*(?:#.*)?\r?$/m;
const BLOCK_MEMBER = /^ *-(?=\s|$)/;
const TOP = /^[^\s#-]/;

/** What block style has below `items:`: each member begins with a dash, all of them as far in as the first. */
function cutBlocks(text: string): Cut | undefined {
  const head = BLOCK_ITEMS.exec(text);
  if (!head) return undefined;
  const from = Math.min(text.length, head.index + head[0].length + 1);
  const dashes: { readonly begin: number; readonly line: number; readonly indent: number }[] = [];
  let own: string | undefined;
  let line = 1 + countLines(text, 0, from);
  let at = from;
  for (; at < text.length; at = endOfLine(text, at)) {
    const begin = text.slice(at, at + MOST_INDENT);
    if (TOP.test(begin)) break;
    const dash = BLOCK_MEMBER.exec(begin)?.[0];
    own ??= dash;
    if (dash !== undefined && dash === own) dashes.push({ begin: at + dash.length, line, indent: dash.length });
    line += 1;
  }
  const members = dashes.map((dash, i) => ({ ...dash, end: (dashes[i + 1]?.begin ?? at + dash.indent) - dash.indent }));
  return members.length === 0 ? undefined : { members, frame: `${text.slice(0, from)}  []\n${text.slice(at)}` };
}

/** Of the list `items`. */
const MOST_INDENT = 20;

function endOfLine(text: string, from: number): number {
  const newline = text.indexOf('\n', from);
  return newline < 0 ? text.length : newline + 1;
}

/** Behind the bracket that opens the items. */
function findItems(text: string): number | undefined {
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (OPEN.has(code)) depth += 1;
    else if (CLOSE.has(code)) depth -= 1;
    else if (code === QUOTE) {
      ITEMS.lastIndex = at;
      if (depth === 1 && ITEMS.test(text)) return ITEMS.lastIndex;
      at = endOfString(text, at);
    }
  }
  return undefined;
}

/** Objects with a comma between them, up to the bracket that closes them, whose place is `end`. */
function findMembers(
  text: string,
  from: number,
): { readonly members: readonly Span[]; readonly end: number } | undefined {
  const members: Span[] = [];
  let begin = passSpace(text, from);
  let line = 1 + countLines(text, 0, begin);
  if (text[begin] === ']') return { members, end: begin };
  while (text[begin] === '{') {
    const end = endOfObject(text, begin);
    members.push({ begin, end, line });
    const behind = passSpace(text, end);
    if (text[behind] === ']') return { members, end: behind };
    if (text[behind] !== ',') return undefined;
    const next = passSpace(text, behind + 1);
    line += countLines(text, begin, next);
    begin = next;
  }
  return undefined;
}

function passSpace(text: string, from: number): number {
  let at = from;
  while (SPACES.has(text.charCodeAt(at))) at += 1;
  return at;
}

/** Looks no further than `to`: a List may be one line of 60 MB, and has a thousand members. */
function countLines(text: string, from: number, to: number): number {
  const part = text.slice(from, to);
  let count = 0;
  for (let at = part.indexOf('\n'); at >= 0; at = part.indexOf('\n', at + 1)) count += 1;
  return count;
}

/** Behind the brace that closes what one opens at `begin`. */
function endOfObject(text: string, begin: number): number {
  let depth = 0;
  for (let at = begin; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfString(text, at);
    else if (OPEN.has(code)) depth += 1;
    else if (CLOSE.has(code) && --depth === 0) return at + 1;
  }
  return text.length;
}

/** The place of the quote that ends the string, or the end of the text. No pattern: these give up within long strings. */
function endOfString(text: string, begin: number): number {
  for (let end = text.indexOf('"', begin + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let escapes = 0;
    while (text[end - 1 - escapes] === '\\') escapes += 1;
    if (escapes % 2 === 0) return end;
  }
  return text.length;
}
