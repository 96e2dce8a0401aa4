/** A document in the plain block style that templates and kubectl print, and the line on which it begins. */
export interface PlainYaml {
  readonly value: unknown;
  /** Counted from 1, as are those of `itemLines`: of each member of the list `items` at its top. */
  readonly line: number;
  readonly itemLines: readonly number[];
}

const KEY = /([A-Za-z_.0-9$][\w./$-]{0,199}|"[^"\\]{0,200}"|'[^']{0,200}'):(?= |$)/y;
const COMMENT = /^ *(?:#.*)?$/;
const DOUBLE_QUOTED = /^"([^"\\]*)" *(?: #.*)?$/;
const ESCAPED = /^("(?:[^"\\]|\\["\\/bfnrt])*") *(?: #.*)?$/;
const SINGLE_QUOTED = /^'((?:[^']|'')*)' *(?: #.*)?$/;
const EMPTY_FLOW = /^(\{\}|\[\]) *(?: #.*)?$/;
const WORDS_IN_FLOW = /^(\["[^"\\]*"(?:, ?"[^"\\]*")*\]) *(?: #.*)?$/;
const LITERAL = /^\|(-?) *(?: #.*)?$/;
/** What begins something other than plain text. */
const INDICATOR = /^[&*!|>%@`#,[\]{}"']|^[-?:](?: |$)/;
const INTEGER = /^-?(?:0|[1-9]\d{0,14})$/;
const DECIMAL = /^-?\d+\.\d+$/;
/** Everything else that may be a number, and words that YAML 1.1 or 1.2 takes for something. */
const ODD_SCALAR = /^[-+.]?[\d.][\d_.]*(?:[eE][-+]?\d*)?$|^0[xob]|^[-+]?\.(?:inf|nan)$|^(?:yes|no|on|off|<<)$/i;
const WORDS: ReadonlyMap<string, boolean | null> = new Map<string, boolean | null>([
  ['', null],
  ['~', null],
  ...['null', 'Null', 'NULL'].map((word) => [word, null] as const),
  ...['true', 'True', 'TRUE'].map((word) => [word, true] as const),
  ...['false', 'False', 'FALSE'].map((word) => [word, false] as const),
]);

/** That JavaScript takes for space, or for the end of a line, and YAML does not; and CR. */
const ODD_SPACE = /[^\S\n\t ]/;

/** Thrown and caught here alone: the text is for the real parser. */
const OTHERWISE = Symbol('otherwise');
const MOST_DEPTH = 100;
const TAB = 9;
const HASH = 35;
/** Of a document, or a directive. */
const BOUNDARY = /^(?:---|\.\.\.|%)/;

/**
 * What one plain YAML document means, ten times faster than through a syntax tree; `undefined` where it holds anything
 * else (anchors, tags, folded text, keys said twice, mistakes), which a full parser tells the meaning and the place of.
 */
export function parsePlainYaml(text: string): PlainYaml | undefined {
  if (ODD_SPACE.test(text)) return undefined;
  try {
    return createReader(text.split('\n')).document();
  } catch (error) {
    // A RangeError: of a pattern, in a string of some ten million characters.
    if (error === OTHERWISE || error instanceof RangeError) return undefined;
    throw error;
  }
}

function createReader(lines: readonly string[]) {
  /** The line to be read, its indent, and where its content begins: behind the dash, within a list. */
  let index = 0;
  let indent = 0;
  let column = 0;
  /** Of the last list in the top mapping, and of its `items`. */
  let lastLines: readonly number[] = [];
  let itemLines: readonly number[] = [];

  function document(): PlainYaml {
    passMarker();
    if (!find()) throw OTHERWISE;
    const line = index + 1;
    const value = block(0);
    if (find()) throw OTHERWISE;
    return { value, line, itemLines };
  }

  function passMarker(): void {
    while (index < lines.length && COMMENT.test(lineAt(index))) index += 1;
    if (/^---(?: +#.*| *)$/.test(lineAt(index))) index += 1;
  }

  /** Goes to the next line with content, unless it stands on one. */
  function find(): boolean {
    for (; index < lines.length; index += 1) {
      const line = lineAt(index);
      const at = column + countSpaces(line, column);
      const code = line.charCodeAt(at);
      if (at < line.length && code !== HASH) {
        if (code === TAB || (at === 0 && BOUNDARY.test(line))) throw OTHERWISE;
        indent = column = at;
        return true;
      }
      column = 0;
    }
    return false;
  }

  function lineAt(at: number): string {
    return lines[at] ?? '';
  }

  function next(): void {
    index += 1;
    column = 0;
  }

  /** A mapping or a list that begins where the reader stands. */
  function block(depth: number): unknown {
    if (depth > MOST_DEPTH) throw OTHERWISE;
    return isDash() ? list(indent, depth) : mapping(indent, depth);
  }

  function isDash(): boolean {
    const line = lineAt(index);
    return line.charCodeAt(column) === 45 && (column + 1 === line.length || line.charCodeAt(column + 1) === 32);
  }

  function mapping(own: number, depth: number): Record<string, unknown> {
    const value: Record<string, unknown> = {};
    do {
      const key = readKey();
      if (Object.hasOwn(value, key)) throw OTHERWISE;
      value[key] = after(own, depth, true);
      if (depth === 0 && key === 'items') itemLines = lastLines;
    } while (find() && indent === own && !isDash());
    // A block ends at a line further out; one further in, or between, is a mistake.
    if (index < lines.length && indent > own) throw OTHERWISE;
    return value;
  }

  /** The key at which the reader stands, which then stands behind its colon. */
  function readKey(): string {
    KEY.lastIndex = column;
    const written = KEY.exec(lineAt(index))?.[1];
    if (written === undefined) throw OTHERWISE;
    column = KEY.lastIndex;
    const key = keyOf(written);
    if (key === '__proto__') throw OTHERWISE;
    return key;
  }

  function list(own: number, depth: number): unknown[] {
    const value: unknown[] = [];
    const begun: number[] = [];
    do {
      begun.push(index + 1);
      const line = lineAt(index);
      column += 1;
      KEY.lastIndex = column + countSpaces(line, column);
      if (KEY.test(line)) {
        column = indent = column + countSpaces(line, column);
        value.push(mapping(indent, depth + 1));
      } else if (/^ +-(?: |$)/.test(line.slice(column))) throw OTHERWISE;
      else value.push(after(own, depth, false));
    } while (find() && indent === own && isDash());
    if (depth === 1) lastLines = begun;
    return value;
  }

  /** What stands behind a key or a dash: a value in the same line, or a block below it. */
  function after(own: number, depth: number, isKey: boolean): unknown {
    const rest = lineAt(index).slice(column);
    next();
    if (COMMENT.test(rest) && !rest.startsWith('#')) return below(own, depth, isKey);
    const written = rest.trim();
    const literal = LITERAL.exec(written);
    if (literal) return literalText(own, literal[1] === '-');
    const value = scalar(written);
    // Text that goes on in the next line, or a mistake.
    if (find() && indent > own) throw OTHERWISE;
    return value;
  }

  /** A list may stand as far out as the key that it belongs to. */
  function below(own: number, depth: number, isKey: boolean): unknown {
    if (!find()) return null;
    if (indent > own) return block(depth + 1);
    return isKey && indent === own && isDash() ? list(own, depth + 1) : null;
  }

  function literalText(own: number, isStripped: boolean): string {
    const texts: string[] = [];
    for (; isBlank(index); index += 1) {
      // Before the first text only the parser knows what more spaces than it has mean.
      if (lineAt(index).length > own + 1) throw OTHERWISE;
      texts.push('');
    }
    const width = countSpaces(lineAt(index), 0);
    if (index === lines.length || width <= own) throw OTHERWISE;
    for (; isWithin(width); index += 1) texts.push(lineAt(index).slice(width));
    while (texts.at(-1) === '') texts.pop();
    return texts.join('\n') + (isStripped ? '' : '\n');
  }

  function isWithin(width: number): boolean {
    return index < lines.length && (isBlank(index) || countSpaces(lineAt(index), 0) >= width);
  }

  function isBlank(at: number): boolean {
    const line = lines[at];
    return line !== undefined && countSpaces(line, 0) === line.length;
  }

  return { document };
}

function keyOf(written: string): string {
  if (/^["']/.test(written)) return written.slice(1, -1);
  if (typeof plain(written) !== 'string') throw OTHERWISE;
  return written;
}

function scalar(written: string): unknown {
  if (/\p{Cc}/u.test(written)) throw OTHERWISE;
  const quoted = DOUBLE_QUOTED.exec(written);
  if (quoted) return quoted[1];
  const single = SINGLE_QUOTED.exec(written);
  if (single) return (single[1] ?? '').replaceAll("''", "'");
  const flow = EMPTY_FLOW.exec(written) ?? WORDS_IN_FLOW.exec(written) ?? ESCAPED.exec(written);
  if (flow) return JSON.parse(flow[1] ?? '');
  if (INDICATOR.test(written)) throw OTHERWISE;
  const comment = written.indexOf(' #');
  const text = comment < 0 ? written : written.slice(0, comment).trimEnd();
  if (text.includes(': ') || text.endsWith(':')) throw OTHERWISE;
  return plain(text);
}

/** The meaning of text without quotes. */
function plain(text: string): unknown {
  if (INTEGER.test(text) || DECIMAL.test(text)) return Number(text);
  const word = WORDS.get(text);
  if (word !== undefined) return word;
  if (ODD_SCALAR.test(text)) throw OTHERWISE;
  return text;
}

function countSpaces(line: string, from: number): number {
  let at = from;
  while (line.charCodeAt(at) === 32) at += 1;
  return at - from;
}
