import { parsePlainJson } from './plain-json.ts';

/** A member of a List, as JSON text, and the line on which it begins, counted from 1 in the text of the List. */
export interface ListItem {
  readonly text: string;
  readonly line: number;
}

/** Where a member stands in the text of its List. */
interface Span {
  readonly begin: number;
  readonly end: number;
  readonly line: number;
}

const QUOTE = 34;
const SPACES = new Set([9, 10, 13, 32]);
const OPEN = new Set([91, 123]);
const CLOSE = new Set([93, 125]);
const ITEMS = /"items"\s*:\s*\[/y;

/**
 * The members of a JSON List one by one: as objects all at once they take four times the memory of their text. `undefined`
 * where the text is anything else: a typed list too, whose members do not say what they are, and what is broken around
 * its members.
 */
export function cutList(text: string): Iterable<ListItem> | undefined {
  if (!/^\s*\{/.test(text)) return undefined;
  const begin = findItems(text);
  const found = begin === undefined ? undefined : findMembers(text, begin);
  if (begin === undefined || !found) return undefined;
  const frame = parsePlainJson(`${text.slice(0, begin)}${text.slice(found.end)}`);
  return (frame as { kind?: unknown } | undefined)?.kind === 'List' ? cut(text, found.members) : undefined;
}

function* cut(text: string, members: readonly Span[]): Generator<ListItem> {
  for (const { begin, end, line } of members) yield { text: text.slice(begin, end), line };
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

function countLines(text: string, from: number, to: number): number {
  let count = 0;
  for (let at = text.indexOf('\n', from); at >= 0 && at < to; at = text.indexOf('\n', at + 1)) count += 1;
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
