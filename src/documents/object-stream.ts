import { createTextPieces } from './decode-text.ts';

/** One document of a stream, as text; `text` is absent where it is too long to be held. */
export interface StreamedDocument {
  readonly text?: string;
  /** Of its first character, counted from 1 in the stream. */
  readonly line: number;
}

/** What may be held at once: 64 MB of ASCII. A document above it is passed over, and told. */
export const MOST_DOCUMENT_CHARACTERS = 64 * 2 ** 20;

/**
 * Cuts a stream of bytes into its YAML documents and top-level JSON objects, holding one at a time. Cuts only; whoever parses a
 * piece tells what is wrong with it, and a piece that is broken costs no other one. What comes before a first `---` and
 * is comment alone belongs to the document behind it.
 */
export async function* splitDocuments(
  chunks: AsyncIterable<Uint8Array>,
  mostCharacters = MOST_DOCUMENT_CHARACTERS,
): AsyncGenerator<StreamedDocument> {
  const pieces = createTextPieces();
  const splitter = createSplitter(mostCharacters);
  for await (const chunk of chunks) yield* splitter.push(pieces.decode(chunk));
  yield* splitter.push(pieces.end());
  yield* splitter.end();
}

/** The documents of a text that is in memory anyway. */
export function* splitText(text: string): Generator<StreamedDocument & { readonly text: string }> {
  const splitter = createSplitter(Number.POSITIVE_INFINITY);
  const found = [...splitter.push(text), ...splitter.end()];
  for (const { text: piece = '', line } of found) yield { text: piece, line };
}

/**
 * What the splitter is inside of. `before`: nothing but blank lines, comments and directives so far; `json`: within braces
 * or brackets; `after`: behind `...`.
 */
type Inside = 'before' | 'yaml' | 'json' | 'after';

const NEWLINE = 10;
const QUOTE = 34;
/** What a single quote stands behind where it begins a text of YAML in braces. */
const BEFORE_TEXT = new Set(['{', '[', ',', ':']);
const BACKSLASH = 92;
const SPACES = new Set([9, 10, 13, 32]);
const DASH = 45;
const DOT = 46;
const BRACE = 123;
/** As much of a line as is looked at to see what it begins; it may come in pieces. */
const MOST_TOLD = 80;
/** No real text is indented further. */
const MOST_INDENTED = 4_096;
const OPEN_ENDED = /[[,:{]$/;
const MARKER = /^---(?:\s|$)/;
const CONTENT_BEHIND_MARKER = /^---[ \t]+[^\s#]/;
const END = /^\.\.\.(?:\s|$)/;
const BLANK = /^\s*(?:#|$)/;

interface Splitter {
  push(text: string): readonly StreamedDocument[];
  end(): readonly StreamedDocument[];
}

function createSplitter(mostCharacters: number): Splitter {
  let found: StreamedDocument[] = [];
  let inside: Inside = 'before';
  let held: string[] = [];
  /** What is being taken, and the part of it that belongs to the document and is not among `held` yet. */
  let taken = '';
  let heldBegin = 0;
  let heldEnd = 0;
  let heldCharacters = 0;
  let isTooLong = false;
  /** Of the document, and of where the splitter is. */
  let firstLine = 1;
  let line = 1;
  let depth = 0;
  /** The quotation mark that ends the string. */
  let string: number | undefined;
  let isEscaped = false;
  /** The last character of JSON that is no space. */
  let last = '';
  /** The beginning of a line that came without its rest. */
  let carried = '';
  let atLineStart = true;
  /** One JSON value may follow another in one line. */
  let isBehindValue = false;
  let hasMarker = false;

  /** Holds the text that was taken up to `end`. */
  function hold(end: number): void {
    heldCharacters += end - heldEnd;
    heldEnd = end;
    if (heldCharacters > mostCharacters) {
      isTooLong = true;
      held = [];
    }
  }

  /** Text is not held line by line: the positions of four million lines would take more room than the text. */
  function settle(): void {
    if (!isTooLong && heldEnd > heldBegin) held.push(taken.slice(heldBegin, heldEnd));
    heldBegin = heldEnd;
  }

  function flush(): void {
    settle();
    const text = held.join('');
    if (isTooLong) found.push({ line: firstLine });
    else if (hasMarker || text.trim() !== '') found.push({ text, line: firstLine });
    held = [];
    heldCharacters = 0;
    isTooLong = hasMarker = isEscaped = false;
    string = undefined;
    inside = 'before';
    depth = 0;
    last = '';
    firstLine = line;
  }

  /** What a new line means for the document so far; `rest` is its beginning. */
  function beginLine(rest: string): void {
    if (MARKER.test(rest)) beginMarked(rest);
    else if (inside === 'json') {
      // Nothing but a new value begins like this, behind one that never ended.
      if (!rest.startsWith('{') || OPEN_ENDED.test(last)) return;
      flush();
      beginContent(rest);
    } else if (END.test(rest)) inside = 'after';
    else if (!BLANK.test(rest)) beginContent(rest);
  }

  function beginMarked(rest: string): void {
    if (hasMarker || inside !== 'before') flush();
    hasMarker = true;
    if (CONTENT_BEHIND_MARKER.test(rest)) inside = 'yaml';
  }

  function beginContent(rest: string): void {
    if (inside === 'after') flush();
    if (inside === 'before' && !rest.startsWith('%')) inside = beginsJson(rest) ? 'json' : 'yaml';
  }

  /** Consumes the rest of a line, or of the text, that is no JSON; answers where it ends. */
  function passLine(text: string, from: number): number {
    const newline = text.indexOf('\n', from);
    const end = newline < 0 ? text.length : newline + 1;
    if (newline >= 0) line += 1;
    atLineStart = newline >= 0;
    hold(end);
    return end;
  }

  /** Consumes JSON up to the end of its value, of its line, or of the text. */
  function passJson(text: string, from: number): number {
    let at = from;
    while (at < text.length && !atLineStart) {
      const code = text.charCodeAt(at);
      at += 1;
      if (code === NEWLINE) passNewline();
      else if (string !== undefined) passInString(code);
      else if (!SPACES.has(code) && endsWith(code)) {
        hold(at);
        flush();
        isBehindValue = true;
        return at;
      }
    }
    hold(at);
    return at;
  }

  /** No string of JSON goes over a line: one that is open was never closed. */
  function passNewline(): void {
    string = undefined;
    isEscaped = false;
    line += 1;
    atLineStart = true;
  }

  function passInString(code: number): void {
    if (isEscaped) isEscaped = false;
    else if (code === BACKSLASH && string === QUOTE) isEscaped = true;
    else if (code === string) string = undefined;
  }

  /** Whether a character outside of strings ends the value. */
  function endsWith(code: number): boolean {
    const before = last;
    last = String.fromCharCode(code);
    if (last === '"' || (last === "'" && BEFORE_TEXT.has(before))) string = code;
    else if (last === '{' || last === '[') depth += 1;
    else if (last === '}' || last === ']') depth -= 1;
    return depth === 0;
  }

  function take(text: string, isLast: boolean): void {
    let at = 0;
    taken = text;
    heldBegin = heldEnd = 0;
    while (at < text.length) {
      if (mayBeginSomething(text, at)) {
        const { rest, isWhole } = restOfLine(text, at);
        if (!isWhole && !isLast && !tells(rest)) break;
        beginLine(rest);
      }
      atLineStart = isBehindValue = false;
      at = inside === 'json' ? passJson(text, at) : passLine(text, at);
    }
    settle();
    carried = text.slice(at);
  }

  /** Most lines are in the middle of a document, and most of these cannot end it. */
  function mayBeginSomething(text: string, at: number): boolean {
    if (!atLineStart) return isBehindValue;
    if (inside === 'before' || inside === 'after') return true;
    const code = text.charCodeAt(at);
    return code === DASH || (inside === 'json' ? code === BRACE : code === DOT);
  }

  function push(text: string): readonly StreamedDocument[] {
    found = [];
    take(carried + text, false);
    return found;
  }

  function end(): readonly StreamedDocument[] {
    found = [];
    take(carried, true);
    flush();
    return found;
  }

  return { push, end };
}

/**
 * As much of a line as tells what it begins, indented by one space where it is; `isWhole`: its end has come. A line may be
 * all of the text, and have no end.
 */
function restOfLine(text: string, from: number): { readonly rest: string; readonly isWhole: boolean } {
  let begin = from;
  while (begin - from < MOST_INDENTED && (text[begin] === ' ' || text[begin] === '\t')) begin += 1;
  const told = text.slice(begin, begin + MOST_TOLD);
  const newline = told.indexOf('\n');
  const isWhole = newline >= 0;
  return { rest: (begin > from ? ' ' : '') + (isWhole ? told.slice(0, newline) : told), isWhole };
}

/** Whether a line that came without its rest shows what it begins. */
function tells(beginning: string): boolean {
  return beginning.length >= MOST_TOLD || /^\s*(?:[^\s.{-]|\{.|.{5})/.test(beginning);
}

/** A template that nobody rendered begins with two braces. */
function beginsJson(line: string): boolean {
  return /^\s*(?:\{(?!\{)|\[)/.test(line);
}
