import { isMapping } from '../units/is-mapping.ts';
import { cutList, type Listed, listOf } from './list-items.ts';
import { splitText } from './object-stream.ts';
import { describeReadFailure, nameOfInput, readText } from './read-text.ts';
import {
  type Before,
  parseYamlDocument,
  type YamlDocument,
  type YamlMistake,
  type YamlPath,
} from './yaml-documents.ts';

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

/** What stands in one document of a stream. */
type Found =
  | { readonly type: 'object'; readonly document: ManifestDocument }
  /** An object that kubectl would refuse, or text that is no YAML. */
  | ({ readonly type: 'mistake' } & YamlMistake)
  /** What kubectl takes as its author hardly meant it. */
  | ({ readonly type: 'oddity' } & YamlMistake)
  /** Data of another kind: values of a chart, a patch in JSON, a kustomization without a kind. */
  | ({ readonly type: 'other' } & YamlMistake)
  | { readonly type: 'empty-list' };

type Mapping = Readonly<Record<string, unknown>>;

/**
 * Reads a file of Kubernetes objects, YAML or JSON; a file that cannot be read is one issue, never an exception. Issues call it by its
 * path, or by the name that somebody typed.
 */
export async function readManifests(path: string, name = nameOfInput(path)): Promise<ManifestFile> {
  try {
    const text = await readText(path);
    return { ...parseManifests(text, name), text };
  } catch (error) {
    return { documents: [], issues: [describeReadFailure(name, error)], text: undefined };
  }
}

/** Parses such a file's text; Lists are flattened, every mistake is reported, and an empty file is one. */
export function parseManifests(text: string, file: string): Manifests {
  const documents: ManifestDocument[] = [];
  const issues: string[] = [];
  let isEmpty = true;
  let number = 0;
  for (const { text: piece, line } of splitText(text)) {
    const all = [...parseDocument(piece, { documents: number, lines: line - 1 })];
    const oddities = all.filter(({ type }) => type === 'oddity');
    // Whoever writes for gridgate is told what kubectl passes over; the rest of such a document would be an echo.
    for (const found of oddities.length > 0 ? oddities : all) {
      if (found.type === 'object') documents.push(found.document);
      else if (found.type !== 'empty-list') issues.push(place(file, found));
    }
    if (all.length > 0) isEmpty = false;
    number += 1;
  }
  // A file caught between truncation and writing must not count as "nothing configured"; a List without items may.
  return { documents, issues: isEmpty ? [...issues, `${file}: holds no Kubernetes object`] : issues };
}

/** A List that is longer is read member by member. */
const LONG_CHARACTERS = 2 ** 20;

/** What one document of a stream holds, as kubectl reads it; of a long List one member is held at a time. */
export function* parseDocument(text: string, before: Before): Generator<Found> {
  const list = text.length > LONG_CHARACTERS ? cutList(text) : undefined;
  if (!list) return yield* parsePiece(text, before, undefined);
  let isEmpty = true;
  for (const { text: member, line } of list.members) {
    isEmpty = false;
    yield* parsePiece(member, { documents: before.documents, lines: before.lines + line - 1 }, list.listed);
  }
  if (isEmpty) yield { type: 'empty-list' };
}

function* parsePiece(text: string, before: Before, listed: Listed | undefined): Generator<Found> {
  for (const source of parseYamlDocument(text, before)) {
    if ('message' in source) yield { type: 'mistake', ...source };
    else {
      for (const oddity of source.oddities) yield { type: 'oddity', ...oddity };
      yield* flatten({ value: source.value, path: [], source, ...(listed && { listed }) });
    }
  }
}

interface Member {
  readonly value: unknown;
  readonly path: YamlPath;
  readonly source: YamlDocument;
  readonly listed?: Listed;
}

function* flatten(member: Member): Generator<Found> {
  const list = listOf(member.value);
  if (!list) return yield* readObject(member);
  if (list.items.length === 0) yield { type: 'empty-list' };
  const { path, source } = member;
  const { apiVersion, kind } = list;
  for (const [i, value] of list.items.entries())
    yield* flatten({
      value,
      path: [...path, 'items', i],
      source,
      ...(kind !== '' && { listed: { apiVersion, kind } }),
    });
}

/**
 * | apiVersion and kind | metadata | it is                                   |
 * | ------------------- | -------- | --------------------------------------- |
 * | both                | any      | an object                               |
 * | one, none           | yes      | an object that lacks something          |
 * | one, none           | no       | something else                          |
 */
function* readObject({ value, path, source, listed }: Member): Generator<Found> {
  const tell = (message: string, at: YamlPath = path): YamlMistake => ({
    document: source.number,
    line: source.lineOf(at),
    message,
  });
  if (!isMapping(value)) return yield { type: 'other', ...tell('is not a Kubernetes object') };
  const apiVersion = value['apiVersion'] ?? listed?.apiVersion;
  const kind = value['kind'] ?? listed?.kind;
  const isPlain = holdsNoOddValue(value);
  const endless = isPlain ? undefined : findEndless(value, path);
  const mistakes = findUnquoted(value, path).map(({ message, path }) => tell(message, path));
  if (endless) mistakes.push(tell(`${endless.slice(path.length).join('.')}: ${ENDLESS}`, endless));
  if (!isText(apiVersion) || !isText(kind)) {
    const lacking = tell('apiVersion and kind must both be given');
    if (!isMapping(value['metadata'])) return yield { type: 'other', ...lacking };
    mistakes.push(lacking);
  }
  for (const mistake of mistakes) yield { type: 'mistake', ...mistake };
  if (mistakes.length > 0) return;
  const document = {
    apiVersion: String(apiVersion),
    kind: String(kind),
    value: isPlain ? value : (withoutNulls(value) as Mapping),
    document: source.number,
    get line() {
      return source.lineOf(path);
    },
  };
  yield { type: 'object', document };
}

/** Most objects hold no null and no endless number: to see that takes neither copies nor paths. */
function holdsNoOddValue(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object') return true;
  return value !== null && Object.values(value).every(holdsNoOddValue);
}

const ENDLESS = 'Kubernetes knows no infinite numbers, and none that is not a number';

/** The path of a number that JSON cannot hold: kubectl refuses it. */
function findEndless(value: unknown, path: YamlPath): YamlPath | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : path;
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, inner] of Object.entries(value)) {
    if (typeof inner !== 'object' && typeof inner !== 'number') continue;
    const found = findEndless(inner, [...path, Array.isArray(value) ? Number(key) : key]);
    if (found) return found;
  }
  return undefined;
}

/** What an entry that is null says in maps whose entries are all texts, or all amounts: Go reads the zero of its type. */
const ZEROS: ReadonlyMap<string, string> = new Map([
  ...['labels', 'annotations', 'nodeSelector', 'matchLabels'].map((name) => [name, ''] as const),
  ...['requests', 'limits', 'overhead'].map((name) => [name, '0'] as const),
]);

/** What is null was not given: so the API server reads it. Answers the same value where nothing is. */
function withoutNulls(value: unknown, zero?: string): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return Array.isArray(value) ? listWithoutNulls(value) : mapWithoutNulls(value, zero);
}

function listWithoutNulls(list: readonly unknown[]): readonly unknown[] {
  const members = list.map((member) => withoutNulls(member));
  return members.every((member, i) => member === list[i]) ? list : members;
}

/** `zero`: what a null of it stands for. */
function mapWithoutNulls(map: object, zero: string | undefined): object {
  let copy: Record<string, unknown> | undefined;
  for (const [key, inner] of Object.entries(map)) {
    const cleaned = inner === null ? (zero ?? null) : withoutNulls(inner, ZEROS.get(key));
    if (cleaned === inner && inner !== null) continue;
    copy ??= { ...map };
    if (cleaned === null) delete copy[key];
    else copy[key] = cleaned;
  }
  return copy ?? map;
}

/** Labels and annotations are text to Kubernetes: kubectl refuses `mode: off` and `max-intensity: 250` without quotes. */
function findUnquoted({ metadata }: Mapping, path: YamlPath): { readonly message: string; readonly path: YamlPath }[] {
  if (!isMapping(metadata)) return [];
  return ['labels', 'annotations'].flatMap((section) => {
    const entries = metadata[section];
    if (!isMapping(entries)) return [];
    return Object.keys(entries)
      .filter((key) => typeof entries[key] !== 'string' && entries[key] !== null)
      .map((key) => ({
        message: `metadata.${section}: ${key} must be text; write its value in quotes`,
        path: [...path, 'metadata', section, key],
      }));
  });
}

/** A sentence with its place in a file. */
export function place(file: string, mistake: YamlMistake): string {
  return `${placeIn(file, mistake)}: ${mistake.message}`;
}

export function placeIn(file: string, { document, line }: Pick<YamlMistake, 'document' | 'line'>): string {
  return `${file}, document ${document}, line ${line}`;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
