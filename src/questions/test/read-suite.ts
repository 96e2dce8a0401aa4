import { dirname, resolve } from 'node:path';
import { type Mistake, readChecked } from '../../config/checked-document.ts';
import type { GridgateConfig } from '../../config/config-file.ts';
import type { NamespaceRecord } from '../../decision/namespace-record.ts';
import { ANNOTATION_PREFIX } from '../../decision/namespace-record.ts';
import { describeIssue, nearestKey, parsePolicy } from '../../decision/policy-annotations.ts';
import { type ManifestFile, parseDocument, readManifests } from '../../documents/manifest-file.ts';
import { describeReadFailure, readBounded } from '../../documents/read-text.ts';
import type { YamlPath } from '../../documents/yaml-documents.ts';
import type { ObservedRegion } from '../../regions/observed-region.ts';
import { type ManifestPod, type NoPod, readManifestPod } from '../../world/manifest-pod.ts';
import { type ClusterFile, namespaceRecord } from '../../world/read-files.ts';
import { readWorldFiles } from '../../world/world-files.ts';
import { type TestCase, type TestFile, testFile } from './test-file.ts';

/** A file of cases with all that it names, read. */
export interface Suite {
  readonly path: string;
  readonly regions: readonly ObservedRegion[];
  readonly cluster: Omit<ClusterFile, 'namespaces'>;
  readonly namespaces: ReadonlyMap<string, NamespaceRecord>;
  readonly config: GridgateConfig;
  readonly file: Pick<TestFile, 'now' | 'readings' | 'outages' | 'regionLabel' | 'defaultRegion'>;
  readonly cases: readonly SuiteCase[];
}

/** One case, and the pod that it is about. */
export interface SuiteCase
  extends Omit<ManifestPod, 'namespace'>,
    Pick<TestCase, 'now' | 'readings' | 'outages' | 'expect'> {
  readonly title: string;
  /** Only what fails is asked for it: finding lines takes time. */
  readonly lineOf: () => number;
  readonly namespace: string;
}

const MOST_BYTES = 32 * 2 ** 20;

/** Reads a file of cases and the files that it names; every mistake is told with its line and path. Never rejects. */
export async function readSuite(path: string): Promise<Suite | { readonly issues: readonly string[] }> {
  const text = await readBounded(path, MOST_BYTES).catch((error: unknown) => ({ error }));
  if (text === undefined) return { issues: [`${path}: is larger than ${MOST_BYTES / 2 ** 20} MiB`] };
  if (typeof text !== 'string') return { issues: [describeReadFailure(path, text.error)] };
  const read = readChecked(text, path, { schema: testFile });
  if ('issues' in read) return read;
  const { value: file, lineOf } = read;
  const beside = (name: string) => resolve(dirname(path), name);
  const world = await readWorldFiles({
    ...(typeof file.regions === 'string' && { regions: beside(file.regions) }),
    ...(file.cluster !== undefined && { namespaces: beside(file.cluster) }),
    ...(file.config !== undefined && { config: beside(file.config) }),
    regionLabel: file.regionLabel,
  });
  const { namespaces: ofFile, ...cluster }: ClusterFile = world.cluster?.value ?? { namespaces: new Map() };
  const inline = readNamespaces(file, ofFile);
  const regions = typeof file.regions === 'string' ? (world.regions?.value ?? []) : regionsOf(file.regions);
  const known = new Set([...regions.map(({ metadata }) => metadata.name), ...(cluster.topology?.regions ?? [])]);
  const namespaces = new Map([...ofFile, ...inline.namespaces]);
  const found = await readCases(file, { namespaces, beside, known });
  const mistakes = [...inline.mistakes, ...unknownRegions(file, known), ...found.mistakes];
  const issues = [
    ...world.issues,
    ...mistakes.map(({ at, message }) => `${path}, line ${lineOf(at)}: ${pathOf(at, file)}: ${message}`),
  ];
  if (issues.length > 0) return { issues };
  const cases = found.cases.map((one, index) => ({ ...one, lineOf: () => lineOf(['cases', index]) }));
  return { path, regions, cluster, namespaces, config: world.config, file, cases };
}

/** `cases.3 (a batch job waits), object`. */
function pathOf(at: YamlPath, { cases }: TestFile): string {
  const [section, index, ...rest] = at;
  if (section !== 'cases' || typeof index !== 'number') return at.join('.');
  return [`cases.${index} (${cases[index]?.name})`, ...(rest.length > 0 ? [rest.join('.')] : [])].join(', ');
}

function regionsOf(given: Exclude<TestFile['regions'], string>): readonly ObservedRegion[] {
  return Object.entries(given).map(([name, spec]) => ({ metadata: { name }, spec }));
}

function readNamespaces({ namespaces = {} }: TestFile, ofFile: ReadonlyMap<string, NamespaceRecord>) {
  const mistakes: Mistake[] = [];
  const read = new Map<string, NamespaceRecord>();
  for (const [name, given] of Object.entries(namespaces)) {
    const annotations = Object.fromEntries(
      Object.entries(given).map(([key, value]) => [ANNOTATION_PREFIX + key, String(value)]),
    );
    for (const issue of parsePolicy(annotations).issues)
      mistakes.push({
        at: ['namespaces', name, issue.key.slice(ANNOTATION_PREFIX.length)],
        message: describeIssue(issue),
      });
    if (ofFile.has(name)) mistakes.push({ at: ['namespaces', name], message: 'is in the file of cluster, too' });
    const value = { apiVersion: 'v1', kind: 'Namespace', metadata: { name, annotations } };
    read.set(name, namespaceRecord({ apiVersion: 'v1', kind: 'Namespace', value, document: 1, line: 1 }));
  }
  return { namespaces: read, mistakes };
}

/** Regions that nobody describes: a case about them would say nothing. */
function unknownRegions(file: TestFile, known: ReadonlySet<string>): readonly Mistake[] {
  const mistakes: Mistake[] = [];
  const look = (names: readonly string[], at: YamlPath, isList: boolean) => {
    for (const [index, name] of names.entries())
      if (!known.has(name))
        mistakes.push({ at: [...at, isList ? index : name], message: unknown('region', name, known) });
  };
  const lookAt = ({ readings = {}, outages = [] }: Pick<TestCase, 'readings' | 'outages'>, at: YamlPath) => {
    look(Object.keys(readings), [...at, 'readings'], false);
    look(outages, [...at, 'outages'], true);
  };
  lookAt(file, []);
  for (const [index, { expect, ...one }] of file.cases.entries()) {
    const at = ['cases', index];
    lookAt(one, at);
    for (const key of ['best', 'includes', 'excludes'] as const) look(expect[key] ?? [], [...at, 'expect', key], true);
    look(Object.keys(expect.refused ?? {}), [...at, 'expect', 'refused'], false);
  }
  return mistakes;
}

function unknown(what: string, name: string, known: Iterable<string>): string {
  const all = [...known];
  const nearest = nearestKey(name, all);
  const rest =
    nearest === undefined
      ? all.length <= 10
        ? `; there are ${all.sort().join(', ') || 'none'}`
        : ''
      : `, did you mean ${nearest}?`;
  return `there is no ${what} ${name}${rest}`;
}

interface Surroundings {
  readonly namespaces: ReadonlyMap<string, NamespaceRecord>;
  readonly beside: (name: string) => string;
  readonly known: ReadonlySet<string>;
}

async function readCases({ cases }: TestFile, { namespaces, beside }: Surroundings) {
  const mistakes: Mistake[] = [];
  const found: Omit<SuiteCase, 'lineOf'>[] = [];
  const names = new Set<string>();
  const files = new Map<string, Promise<FileOfPods>>();
  const open = (name: string) => {
    const opened = files.get(name) ?? readManifests(beside(name)).then(podsOfFile);
    files.set(name, opened);
    return opened;
  };
  for (const [index, given] of cases.entries()) {
    const at = ['cases', index];
    if (names.has(given.name)) mistakes.push({ at: [...at, 'name'], message: 'is the name of another case, too' });
    names.add(given.name);
    const read = readCase(given, given.file === undefined ? undefined : await open(given.file), namespaces);
    if ('messages' in read)
      mistakes.push(
        ...read.messages.map((message) => ({ at: read.key === undefined ? at : [...at, read.key], message })),
      );
    else found.push(read.case);
  }
  return { cases: found, mistakes };
}

type ReadCase =
  | { readonly case: Omit<SuiteCase, 'lineOf'> }
  | { readonly key?: keyof TestCase; readonly messages: readonly string[] };

function readCase(
  given: TestCase,
  file: FileOfPods | undefined,
  namespaces: ReadonlyMap<string, NamespaceRecord>,
): ReadCase {
  const found = file ? findPod(file, given) : podOfCase(given);
  if ('mistakes' in found) {
    const key = !file ? 'pod' : given.object === undefined ? 'file' : 'object';
    return { key, messages: found.mistakes };
  }
  const namespace = given.namespace ?? found.namespace ?? onlyOne(namespaces);
  if (namespace === undefined) return { messages: ['namespace: is missing, and there is not just one'] };
  if (!namespaces.has(namespace)) {
    const messages = [unknown('namespace', namespace, namespaces.keys())];
    return given.namespace === undefined ? { messages } : { key: 'namespace', messages };
  }
  const { name: title, now, readings, outages, expect } = given;
  return { case: { title, ...found, namespace, now, readings, outages, expect } };
}

function onlyOne(namespaces: ReadonlyMap<string, NamespaceRecord>): string | undefined {
  const [only, second] = namespaces.keys();
  return second === undefined ? only : undefined;
}

type FoundPod = ManifestPod | NoPod;

/** Read as kubectl reads it: what it would refuse is a mistake. */
function podOfCase({ pod = {} }: TestCase): FoundPod {
  const value = { ...(pod['kind'] === undefined && { apiVersion: 'v1', kind: 'Pod' }), ...pod };
  const [found] = parseDocument(JSON.stringify(value), { documents: 0, lines: 0 });
  if (!found || found.type === 'empty-list') return { mistakes: ['is no object'] };
  return found.type === 'object' ? readManifestPod(found.document) : { mistakes: [found.message] };
}

interface FileOfPods {
  readonly pods: ReadonlyMap<string, readonly FoundPod[]>;
  /** Objects that have no pod. */
  readonly others: ReadonlySet<string>;
  readonly issues: readonly string[];
}

function podsOfFile({ documents, issues }: ManifestFile): FileOfPods {
  const found = documents.map((document) => {
    const { name = '?' } = (document.value['metadata'] ?? {}) as { name?: string };
    return { called: `${document.kind}/${name}`, read: readManifestPod(document) };
  });
  const isOther = ({ read }: (typeof found)[number]) => 'isOther' in read;
  const withPods = found.filter((one) => !isOther(one));
  const grouped = Map.groupBy(withPods, ({ called }) => called);
  return {
    pods: new Map([...grouped].map(([called, all]) => [called, all.map(({ read }) => read)])),
    others: new Set(found.filter(isOther).map(({ called }) => called)),
    issues,
  };
}

function findPod({ pods, others, issues }: FileOfPods, { object, file }: TestCase): FoundPod {
  if (issues.length > 0) return { mistakes: issues };
  const [only] = pods.keys();
  if (object === undefined && pods.size > 1)
    return { mistakes: [`${file} holds ${[...pods.keys()].join(', ')}: name one as object`] };
  const asked = object ?? only;
  if (asked === undefined) return { mistakes: [`${file} holds no pod`] };
  const [found, second] = pods.get(asked) ?? [];
  if (second) return { mistakes: [`${file} holds ${asked} more than once`] };
  if (found) return found;
  if (others.has(asked)) return { mistakes: [`${asked} has no pod to decide about`] };
  return { mistakes: [unknown('object', asked, pods.keys())] };
}
