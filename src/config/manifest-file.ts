import { readFile } from 'node:fs/promises';
import type { YamlDocument, YamlMistake, YamlPath } from './yaml-documents.ts';
import { parseYamlDocuments } from './yaml-documents.ts';

/** One Kubernetes object of a file; where it stands is kept for messages. */
export interface ManifestDocument {
  readonly apiVersion: string;
  readonly kind: string;
  readonly value: Readonly<Record<string, unknown>>;
  /** Counted from 1; the items of a List have their List's. */
  readonly document: number;
  readonly line: number;
}

export interface Manifests {
  readonly documents: readonly ManifestDocument[];
  /** Each names the file, the document and the line. */
  readonly issues: readonly string[];
}

export interface ManifestFile extends Manifests {
  /** The file as read, for `watchFiles`; undefined when it could not be read. */
  readonly text: string | undefined;
}

type Mapping = Readonly<Record<string, unknown>>;

const READ_ERRORS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a directory',
  EACCES: 'reading it is not permitted',
};

/** Reads a file of Kubernetes objects, YAML or JSON; a file that cannot be read is one issue, never an exception. */
export async function readManifests(path: string): Promise<ManifestFile> {
  try {
    const text = await readFile(path, 'utf8');
    return { ...parseManifests(text, path), text };
  } catch (error) {
    const { code = String(error) } = error as NodeJS.ErrnoException;
    return { documents: [], issues: [`${path}: cannot be read: ${READ_ERRORS[code] ?? code}`], text: undefined };
  }
}

/** Parses such a file's text; Lists are flattened, every mistake is reported, and an empty file is one. */
export function parseManifests(text: string, file: string): Manifests {
  const { documents, issues, isEmpty } = parsePiece(text, file, WHOLE);
  // A file caught between truncation and writing must not count as "nothing configured"; a List without items may.
  return { documents, issues: isEmpty ? [...issues, `${file}: holds no Kubernetes object`] : issues };
}

/** What of a file comes before a piece of it. */
interface Before {
  readonly documents: number;
  readonly lines: number;
}

/** Of one piece of a stream, whose author nobody knows. */
const MOST_COMPOSED = 4 * 2 ** 20;
const WHOLE: Before = { documents: 0, lines: 0 };

/** The same for one piece of a longer file; nothing in it is no mistake. */
export function parsePiece(text: string, file: string, before: Before): Manifests & { readonly isEmpty: boolean } {
  const documents: ManifestDocument[] = [];
  const issues: string[] = [];
  let isEmpty = true;
  for (const found of parseYamlDocuments(text, before === WHOLE ? undefined : MOST_COMPOSED)) {
    const source = moved(found, before);
    isEmpty = false;
    if ('message' in source) {
      issues.push(place(file, source.message, source.document, source.line));
      continue;
    }
    for (const found of flatten({ value: source.value, path: [], source })) {
      const read = readObject(found);
      if (!('mistakes' in read)) documents.push(read);
      else
        issues.push(
          ...read.mistakes.map(({ message, path }) => place(file, message, source.number, source.lineOf(path))),
        );
    }
  }
  return { documents, issues, isEmpty };
}

function moved(source: YamlDocument | YamlMistake, before: Before): YamlDocument | YamlMistake {
  if (before === WHOLE) return source;
  if (!('message' in source))
    return {
      ...source,
      number: source.number + before.documents,
      lineOf: (path) => source.lineOf(path) + before.lines,
    };
  return { ...source, document: (source.document ?? 1) + before.documents, line: (source.line ?? 1) + before.lines };
}

interface Found {
  readonly value: unknown;
  readonly path: YamlPath;
  readonly source: YamlDocument;
  /** What a typed list such as NamespaceList says of its items, which the API server does not repeat in each. */
  readonly listed?: { readonly apiVersion: unknown; readonly kind: string };
}

interface Mistake {
  readonly message: string;
  readonly path: YamlPath;
}

function flatten(found: Found): Found[] {
  const { value, path, source } = found;
  if (!isMapping(value)) return [found];
  const { kind, apiVersion, items } = value;
  if (typeof kind !== 'string' || !kind.endsWith('List') || !Array.isArray(items)) return [found];
  const listed = kind === 'List' ? undefined : { apiVersion, kind: kind.slice(0, -'List'.length) };
  return items.flatMap((item, i) =>
    flatten({ value: item, path: [...path, 'items', i], source, ...(listed && { listed }) }),
  );
}

function readObject(found: Found): ManifestDocument | { readonly mistakes: readonly Mistake[] } {
  const { value, path, source, listed } = found;
  if (!isMapping(value)) return { mistakes: [{ message: 'is not a Kubernetes object', path }] };
  const apiVersion = value['apiVersion'] ?? listed?.apiVersion;
  const kind = value['kind'] ?? listed?.kind;
  const mistakes = findUnquoted(value, path);
  if (!isText(apiVersion) || !isText(kind)) mistakes.push({ message: 'apiVersion and kind must both be given', path });
  if (mistakes.length > 0) return { mistakes };
  return {
    apiVersion: String(apiVersion),
    kind: String(kind),
    value,
    document: source.number,
    get line() {
      return source.lineOf(path);
    },
  };
}

/** Labels and annotations are text to Kubernetes: kubectl refuses `mode: off` and `max-intensity: 250` without quotes. */
function findUnquoted({ metadata }: Mapping, path: YamlPath): Mistake[] {
  if (!isMapping(metadata)) return [];
  return ['labels', 'annotations'].flatMap((section) => {
    const entries = metadata[section];
    if (!isMapping(entries)) return [];
    return Object.keys(entries)
      .filter((key) => typeof entries[key] !== 'string')
      .map((key) => ({
        message: `metadata.${section}: ${key} must be text; write its value in quotes`,
        path: [...path, 'metadata', section, key],
      }));
  });
}

function place(file: string, message: string, document?: number, line?: number): string {
  const where = document === undefined ? [file] : [file, `document ${document}`, `line ${line}`];
  return `${where.join(', ')}: ${message}`;
}

function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
