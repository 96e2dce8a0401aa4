import { createReadStream } from 'node:fs';
import { type ManifestDocument, parseDocument, place } from '../../documents/manifest-file.ts';
import { MOST_DOCUMENT_CHARACTERS, splitDocuments } from '../../documents/object-stream.ts';
import { nameOfInput, STANDARD_INPUT } from '../../documents/read-text.ts';
import type { YamlMistake } from '../../documents/yaml-documents.ts';
import { programName } from '../../terminal/program-name.ts';
import { cutText } from '../../units/cut-text.ts';
import { onOneLine } from '../../units/legible.ts';
import { tellFew } from '../../units/tell-few.ts';
import type { AuditItem } from './audited-workload.ts';
import { describePathFailure, findManifestFiles } from './find-manifest-files.ts';
import { type ManifestSettings, readManifest } from './manifest-items.ts';
import { createOwnedWorkloads, type OwnedWorkloads } from './owned-workloads.ts';

export interface FileSettings extends ManifestSettings {
  /** Whether what is no Kubernetes object is a mistake. */
  readonly strict?: boolean | undefined;
}

export interface WorkloadFiles extends FileSettings {
  readonly stdin: AsyncIterable<Uint8Array>;
  /** Hears of every piece that was read, and of what. */
  readonly onBytes?: ((bytes: number, file: string) => void) | undefined;
}

const MOST_MISTAKES_TOLD = 5;
/** What a parser says of garbage holds the garbage. */
const MOST_TOLD_CHARACTERS = 300;
const CHUNK_BYTES = 256 * 1024;
const TOO_LONG = `is longer than ${MOST_DOCUMENT_CHARACTERS / 2 ** 20} MB and was not read; audit the cluster with --live, or give the objects one by one: kubectl get ... -o json | jq -c '.items[]' | ${programName()} audit -f -`;
const UNRENDERED = 'holds a template that nobody rendered, {{ }}; audit what helm template prints';

/**
 * Everything that files hold, in order, and last the workloads that controllers made and nobody in the input stands for.
 * One document is held at a time. Never rejects for bad input, which becomes an item too.
 */
export async function* readWorkloads(paths: readonly string[], deps: WorkloadFiles): AsyncGenerator<AuditItem> {
  const owned = createOwnedWorkloads();
  for await (const found of findManifestFiles(paths)) {
    if ('issue' in found) yield { type: 'broken', message: found.issue };
    else if (found.instead !== undefined) yield passOver(found.path, found.instead, deps);
    else yield* readFile(found.path, owned, deps);
  }
  for (const workload of owned.rest()) yield { type: 'workload', workload };
}

function passOver(path: string, what: string, { strict }: FileSettings): AuditItem {
  return strict
    ? { type: 'broken', message: `${path}: is a ${what}, and no Kubernetes object` }
    : { type: 'no-object', what };
}

async function* readFile(path: string, owned: OwnedWorkloads, deps: WorkloadFiles): AsyncGenerator<AuditItem> {
  const file = nameOfInput(path);
  const bytes = path === STANDARD_INPUT ? deps.stdin : createReadStream(path, { highWaterMark: CHUNK_BYTES });
  try {
    let documents = 0;
    for await (const { text, line } of splitDocuments(tellBytes(bytes, file, deps))) {
      if (text === undefined) yield brokenObject(file, { document: documents + 1, line, message: TOO_LONG });
      else yield* readDocument(text, { documents, lines: line - 1, file }, owned, deps);
      documents += 1;
    }
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error;
    yield { type: 'broken', message: describePathFailure(file, error) };
  }
}

interface Before {
  readonly documents: number;
  readonly lines: number;
  readonly file: string;
}

function* readDocument(
  text: string,
  before: Before,
  owned: OwnedWorkloads,
  settings: FileSettings,
): Generator<AuditItem> {
  const mistakes: YamlMistake[] = [];
  const { file } = before;
  for (const found of parseDocument(text, before)) {
    if (found.type === 'mistake') mistakes.push(found);
    else if (found.type === 'oddity') yield { type: 'oddity', message: shorten(place(file, found)) };
    else if (found.type === 'other') yield settings.strict ? brokenObject(file, found) : NO_OBJECT;
    else if (found.type === 'object') yield* readObject(found.document, before, owned, settings);
  }
  for (const message of tell(mistakes, text, before)) yield { type: 'broken', message };
}

const NO_OBJECT: AuditItem = { type: 'no-object', what: 'document' };

function brokenObject(file: string, found: YamlMistake): AuditItem {
  return { type: 'broken', message: place(file, found) };
}

function* readObject(
  document: ManifestDocument,
  { file }: Before,
  owned: OwnedWorkloads,
  settings: FileSettings,
): Generator<AuditItem> {
  const item = readManifest({ document, file, settings });
  if (item.type === 'owned') {
    owned.stand(item.workload);
    owned.keep(item);
  } else if (item.type === 'no-object' && settings.strict) {
    yield brokenObject(file, { ...document, message: `${document.kind}: is a patch, which is no whole object` });
  } else {
    if (item.type === 'workload') owned.stand(item.workload);
    yield item;
  }
}

/** What is wrong with one document; most of many mistakes is an echo of the first. */
function tell(issues: readonly YamlMistake[], text: string, { file, documents, lines }: Before): readonly string[] {
  const [first] = issues;
  if (first === undefined) return [];
  const template = findTemplate(text);
  if (template !== undefined) {
    const line = lines + text.slice(0, template).split('\n').length;
    return [place(file, { document: documents + 1, line, message: UNRENDERED })];
  }
  const tellIssue = (issue: YamlMistake) => shorten(place(file, issue));
  const tellRest = (more: number) => `${file}, document ${first.document}: and ${more} more mistakes`;
  return tellFew(issues, MOST_MISTAKES_TOLD, tellIssue, tellRest);
}

function shorten(message: string): string {
  return cutText(onOneLine(message.slice(0, 4 * MOST_TOLD_CHARACTERS).toWellFormed()), MOST_TOLD_CHARACTERS);
}

/** Where the first `{{` is whose line has a `}}` behind it. Not by a pattern, which would look at a long line for each `{{`. */
function findTemplate(text: string): number | undefined {
  for (let open = text.indexOf('{{'); open >= 0; ) {
    const newline = text.indexOf('\n', open);
    const end = newline < 0 ? text.length : newline;
    if (text.slice(open, end).includes('}}')) return open;
    open = text.indexOf('{{', end);
  }
  return undefined;
}

async function* tellBytes(
  chunks: AsyncIterable<Uint8Array>,
  file: string,
  { onBytes }: Pick<WorkloadFiles, 'onBytes'>,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    onBytes?.(chunk.length, file);
    yield chunk;
  }
}
