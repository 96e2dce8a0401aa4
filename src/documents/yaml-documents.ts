import type { Document } from 'yaml';
import { isNode, LineCounter, parseAllDocuments } from 'yaml';
import { parseKubectlYaml } from './kubectl-yaml.ts';
import { splitText } from './object-stream.ts';

export type YamlPath = readonly (string | number)[];

export interface YamlDocument {
  /** Counted from 1. */
  readonly number: number;
  readonly value: unknown;
  /** The line, counted from 1, of the node at a path, or of the nearest node above it. */
  readonly lineOf: (path: YamlPath) => number;
  /** What kubectl takes without a word and its author hardly meant: keys said twice, of which the last counts, unknown tags. */
  readonly oddities: readonly YamlMistake[];
}

export interface YamlMistake {
  readonly document: number;
  readonly line: number;
  readonly message: string;
}

/** How much of a stream comes before a piece of it. */
export interface Before {
  readonly documents: number;
  readonly lines: number;
}

const NOTHING_BEFORE: Before = { documents: 0, lines: 0 };

/** What a parser may hold: its events take some thirty times the text. */
const MOST_PARSED = 4 * 2 ** 20;
/** What is looked at once more, some fifty times slower, to say all that is wrong with it, and where. */
const MOST_LOCATED = 2 ** 18;
const TOO_LONG = 'is broken, or too long for YAML; give it as JSON (-o json)';

/** Of a document; what goes wrong after a first mistake is mostly its echo. */
const MOST_MISTAKES = 20;

/** Every document of a text, empty ones left out; a key said twice and a tag nobody knows are mistakes. */
export function* parseYamlDocuments(text: string): Generator<YamlDocument | YamlMistake> {
  let documents = 0;
  for (const piece of splitText(text)) {
    const found = parseYamlDocument(piece.text, { documents, lines: piece.line - 1 });
    documents += 1;
    for (const one of found) {
      if ('message' in one || one.oddities.length === 0) yield one;
      else yield* one.oddities;
    }
  }
}

/** One document as kubectl reads it: nothing where it is empty, one mistake or more where it is broken. */
export function parseYamlDocument(text: string, before = NOTHING_BEFORE): readonly (YamlDocument | YamlMistake)[] {
  const number = before.documents + 1;
  if (text.length > MOST_PARSED) return parseLong(text, before);
  try {
    const { value, source, start, itemStarts, isOdd } = parseKubectlYaml(text);
    if (value === null || value === undefined) return [];
    const lineOf = withItems(lazyLines(source, before), before.lines + lineAt(source, start), () =>
      linesAt(source, itemStarts()).map((line) => line + before.lines),
    );
    return [{ number, value, lineOf, oddities: isOdd ? findMistakes(source, before) : [] }];
  } catch (error) {
    return describeFailure(error, text, before);
  }
}

/** Parses long text as JSON, which takes no more memory than what it means. A key said twice counts once. */
function parseLong(text: string, { documents, lines }: Before): readonly (YamlDocument | YamlMistake)[] {
  const number = documents + 1;
  const line = lines + lineAt(text, text.search(/\S/));
  try {
    return [{ number, value: JSON.parse(text), lineOf: () => line, oddities: [] }];
  } catch {
    return [{ document: number, line, message: TOO_LONG }];
  }
}

/** A document's own line, and those of a List's items, which can be a hundred thousand, take no syntax tree. */
function withItems(
  lineOf: YamlDocument['lineOf'],
  begin: number,
  findItems: () => readonly number[],
): YamlDocument['lineOf'] {
  let items: readonly number[] | undefined;
  return (path) => {
    if (path.length === 0) return begin;
    const [key, index] = path;
    if (path.length !== 2 || key !== 'items' || typeof index !== 'number') return lineOf(path);
    items ??= findItems();
    return items[index] ?? begin;
  };
}

/** Most documents are without a mistake: only a mistake is worth a syntax tree. */
function lazyLines(text: string, before: Before): YamlDocument['lineOf'] {
  let composed: { readonly tree: Document.Parsed | undefined; readonly lines: LineCounter } | undefined;
  return (path) => {
    composed ??= compose(text);
    return before.lines + (composed.tree ? findLine(composed.tree, path, composed.lines) : 1);
  };
}

function compose(text: string) {
  const lines = new LineCounter();
  const all =
    text.length > MOST_LOCATED
      ? []
      : parseAllDocuments(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error', merge: true });
  return { tree: Array.isArray(all) ? all[0] : undefined, lines };
}

function findMistakes(text: string, before: Before): YamlMistake[] {
  const { tree, lines } = compose(text);
  const found = new Map<string, YamlMistake>();
  for (const problem of tree ? [...tree.errors, ...tree.warnings] : []) {
    const line = before.lines + lines.linePos(problem.pos[0]).line;
    const message = firstLine(problem.message);
    found.set(`${line} ${message}`, { document: before.documents + 1, line, message });
    if (found.size === MOST_MISTAKES) break;
  }
  return [...found.values()];
}

function findLine(parsed: Document.Parsed, path: YamlPath, lines: LineCounter): number {
  for (let length = path.length; length >= 0; length--) {
    const node: unknown = length === 0 ? parsed.contents : parsed.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
  }
  return 1;
}

/** All mistakes that `yaml` finds where js-yaml gave up, or what js-yaml said where `yaml` finds none. */
function describeFailure(error: unknown, text: string, before: Before): readonly YamlMistake[] {
  const { reason, message, mark } = error as Error & { reason?: string; mark?: { line: number } };
  const told = firstLine(reason ?? message);
  const isDeep = error instanceof RangeError || told.includes('maxDepth');
  const mistakes = isDeep ? [] : findMistakes(text, before);
  if (mistakes.length > 0) return mistakes;
  const line = before.lines + (mark?.line ?? 0) + 1;
  return [{ document: before.documents + 1, line, message: isDeep ? 'is nested too deeply' : told }];
}

function firstLine(message: string): string {
  return message.split('\n', 1)[0] ?? '';
}

function lineAt(text: string, offset: number): number {
  return linesAt(text, [offset])[0] ?? 1;
}

/** The lines, counted from 1, of offsets in ascending order. */
function linesAt(text: string, offsets: readonly number[]): readonly number[] {
  let line = 1;
  let newline = text.indexOf('\n');
  return offsets.map((offset) => {
    for (; newline >= 0 && newline < offset; newline = text.indexOf('\n', newline + 1)) line += 1;
    return line;
  });
}
