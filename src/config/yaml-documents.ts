import type { Document, ScalarTag } from 'yaml';
import { Composer, isNode, LineCounter, Parser } from 'yaml';
import { itemLines, parsePlainJson } from './plain-json.ts';
import { parsePlainYaml } from './plain-yaml.ts';

export type YamlPath = readonly (string | number)[];

/** One document of a YAML or JSON stream that parsed. */
export interface YamlDocument {
  /** Counted from 1. */
  readonly number: number;
  readonly value: unknown;
  /** The line, counted from 1, of the node at a path, or of the nearest node above it. */
  readonly lineOf: (path: YamlPath) => number;
}

export interface YamlMistake {
  /** Absent when the file as a whole could not be parsed. */
  readonly document?: number;
  readonly line?: number;
  readonly message: string;
}

/** Far above what people write by hand, far below what makes a small file fill the memory. */
const MAX_ALIASES = 100;

const TOO_LONG = 'is broken, or too long for YAML that is not in plain block style; give it as JSON (-o json)';

/** Of one document; what goes wrong after a first mistake is mostly its echo. */
const MAX_MISTAKES = 20;

/** kubectl reads these words without quotes as booleans (YAML 1.1); a file has to mean the same here and there. */
const YAML_1_1_BOOLEAN: ScalarTag = {
  tag: 'tag:yaml.org,2002:bool',
  default: true,
  test: /^(?:yes|Yes|YES|on|On|ON|no|No|NO|off|Off|OFF)$/,
  resolve: (source) => /^(?:yes|on)$/i.test(source),
};

/**
 * Parses one document after the other, empty ones left out; instead of one with mistakes (duplicate keys too), those. Text
 * above `mostComposed` characters that takes a syntax tree is refused: the tree is some hundred times as large.
 */
export function* parseYamlDocuments(
  text: string,
  mostComposed = Number.POSITIVE_INFINITY,
): Generator<YamlDocument | YamlMistake> {
  const isTooLong = text.length > mostComposed;
  const json = parsePlainJson(text);
  if (json !== undefined) {
    const begin = text.slice(0, text.indexOf('{')).split('\n').length;
    yield {
      number: 1,
      value: json,
      lineOf: withItems(isTooLong ? () => begin : lazyLines(text), begin, () => itemLines(text)),
    };
    return;
  }
  const plain = parsePlainYaml(text);
  if (plain) {
    const { value, line, itemLines: lines } = plain;
    yield { number: 1, value, lineOf: withItems(isTooLong ? () => line : lazyLines(text), line, () => lines) };
  } else if (isTooLong) yield { document: 1, line: 1, message: TOO_LONG };
  else yield* composeAndCheck(text);
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
function lazyLines(text: string): YamlDocument['lineOf'] {
  let composed: YamlDocument | YamlMistake | undefined;
  return (path) => {
    composed ??= [...composeAndCheck(text)][0];
    return composed && 'lineOf' in composed ? composed.lineOf(path) : 1;
  };
}

function* composeAndCheck(text: string): Generator<YamlDocument | YamlMistake> {
  const lines = new LineCounter();
  let number = 0;
  try {
    // Not parseAllDocuments: the syntax trees of 10,000 namespaces, alive all at once, take 35 MB more.
    for (const parsed of composeDocuments(text, lines)) {
      number += 1;
      const mistakes = findMistakes(parsed, number, lines);
      if (mistakes.length > 0) yield* mistakes;
      else if (!isEmpty(parsed)) yield toDocument(parsed, number, lines);
    }
  } catch (error) {
    yield { message: describeFailure(error) };
  }
}

function composeDocuments(text: string, lines: LineCounter): Generator<Document.Parsed> {
  const parser = new Parser(lines.addNewLine);
  const composer = new Composer({
    prettyErrors: false,
    logLevel: 'error',
    merge: true,
    customTags: (tags) => [YAML_1_1_BOOLEAN, ...tags],
  });
  return composer.compose(parser.parse(text)) as Generator<Document.Parsed>;
}

function toDocument(parsed: Document.Parsed, number: number, lines: LineCounter): YamlDocument | YamlMistake {
  const lineOf = (path: YamlPath) => findLine(parsed, path, lines);
  try {
    return { number, value: parsed.toJS({ maxAliasCount: MAX_ALIASES }), lineOf };
  } catch (error) {
    return { document: number, line: lineOf([]), message: describeFailure(error) };
  }
}

function findMistakes(parsed: Document.Parsed, document: number, lines: LineCounter): YamlMistake[] {
  const found = new Map<string, YamlMistake>();
  for (const problem of [...parsed.errors, ...parsed.warnings]) {
    const { line } = lines.linePos(problem.pos[0]);
    const message = describeFailure(problem);
    found.set(`${line} ${message}`, { document, line, message });
    if (found.size === MAX_MISTAKES) break;
  }
  return [...found.values()];
}

function isEmpty({ contents }: Document.Parsed): boolean {
  return contents === null || ('value' in contents && contents.value === null);
}

function findLine(parsed: Document.Parsed, path: YamlPath, lines: LineCounter): number {
  for (let length = path.length; length >= 0; length--) {
    const node: unknown = length === 0 ? parsed.contents : parsed.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
  }
  return 1;
}

function describeFailure(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof RangeError || message.includes('call stack')) return 'is nested too deeply';
  if (message.startsWith('Excessive alias count')) return 'uses too many aliases';
  return message.split('\n', 1)[0] ?? '';
}
