import type { Document, ScalarTag } from 'yaml';
import { Composer, isNode, LineCounter, Parser } from 'yaml';
import { parsePlainJson } from './plain-json.ts';

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

/** Of one document; what goes wrong after a first mistake is mostly its echo. */
const MAX_MISTAKES = 20;

/** kubectl reads these words without quotes as booleans (YAML 1.1); a file has to mean the same here and there. */
const YAML_1_1_BOOLEAN: ScalarTag = {
  tag: 'tag:yaml.org,2002:bool',
  default: true,
  test: /^(?:yes|Yes|YES|on|On|ON|no|No|NO|off|Off|OFF)$/,
  resolve: (source) => /^(?:yes|on)$/i.test(source),
};

/** Parses one document after the other, empty ones left out; instead of one with mistakes (duplicate keys too), those. */
export function* parseYamlDocuments(text: string): Generator<YamlDocument | YamlMistake> {
  const json = parsePlainJson(text);
  if (json !== undefined) yield { number: 1, value: json, lineOf: lazyLines(text) };
  else yield* composeAndCheck(text);
}

/** Files of ten thousand objects are mostly JSON without a mistake: only a mistake is worth a syntax tree. */
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
