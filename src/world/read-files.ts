import type { KubeObject } from '../cluster/kube-object.ts';
import { toNamespaceRecord } from '../cluster/namespaces.ts';
import { type PriorityClassFacts, toPriorityClasses, toPriorityClassFacts } from '../cluster/priority-classes.ts';
import type { NamespaceRecord } from '../decision/namespace-record.ts';
import { describeIssue, parsePolicy } from '../decision/policy-annotations.ts';
import {
  type ManifestDocument,
  type ManifestFile,
  parseManifests,
  place,
  placeIn,
  readManifests,
} from '../documents/manifest-file.ts';
import { nameOfInput } from '../documents/read-text.ts';
import { type NodeFacts, toNodeFacts } from '../regions/node-facts.ts';
import { type NodePoolFacts, toNodePoolFacts } from '../regions/node-pool.ts';
import type { ObservedRegion } from '../regions/observed-region.ts';
import { parseRegion, type RegionResource } from '../regions/region-resource.ts';
import { parseStatus } from '../regions/region-status.ts';
import type { PriorityClasses } from '../regions/snapshot.ts';
import { buildTopology, type Topology } from '../regions/topology.ts';
import { HOSTNAME_LABEL } from '../units/label-names.ts';
import { mistakesInNodePool } from './node-pool-shape.ts';
import { mistakesInNode } from './node-shape.ts';

/** What a file held; `issues` name the file, the document and the path of every mistake. */
export interface FileContents<T> {
  readonly value: T;
  readonly issues: readonly string[];
  /** As read, to watch it for changes. */
  readonly text: string | undefined;
}

/** What stands for a cluster where there is none: Namespaces, and Nodes, NodePools and PriorityClasses if the file has them. */
export interface ClusterFile {
  readonly namespaces: ReadonlyMap<string, NamespaceRecord>;
  readonly topology?: Topology;
  readonly nodePools?: readonly NodePoolFacts[];
  readonly priorityClasses?: PriorityClasses;
}

/** With what its status forecasts, where it says something; all else there is what a leader measured some time ago. */
export type DescribedRegion = RegionResource & Pick<ObservedRegion, 'observed'>;

/** Reads the Region resources of a file. */
export async function readRegions(path: string): Promise<FileContents<readonly DescribedRegion[]>> {
  return parseRegions(await readManifests(path), nameOfInput(path));
}

/** Parses text that was read already, as a watch hands it over. */
export function parseRegionsText(text: string, path: string): FileContents<readonly DescribedRegion[]> {
  return parseRegions({ ...parseManifests(text, path), text }, path);
}

/** Reads the Namespaces of a file; Nodes, NodePools and PriorityClasses may stand among them. */
export async function readCluster(path: string, regionLabel: string): Promise<FileContents<ClusterFile>> {
  return parseCluster(await readManifests(path), nameOfInput(path), regionLabel);
}

export function parseClusterText(text: string, path: string, regionLabel: string): FileContents<ClusterFile> {
  return parseCluster({ ...parseManifests(text, path), text }, path, regionLabel);
}

function parseRegions(file: ManifestFile, path: string): FileContents<readonly DescribedRegion[]> {
  const issues = [...file.issues];
  const regions = new Map<string, DescribedRegion>();
  for (const document of file.documents) {
    const parsed = parseRegion(document.value);
    if ('issues' in parsed) {
      issues.push(...parsed.issues.map((message) => place(path, { ...document, message })));
    } else if (regions.has(parsed.region.metadata.name))
      issues.push(place(path, { ...document, message: `region ${parsed.region.metadata.name} is there twice` }));
    else regions.set(parsed.region.metadata.name, { ...parsed.region, ...forecastIn(parsed.region) });
  }
  if (issues.length === 0 && regions.size === 0) issues.push(`${path}: holds no Region`);
  return { value: [...regions.values()], issues, text: file.text };
}

function forecastIn({ status }: RegionResource): Pick<ObservedRegion, 'observed'> {
  const { forecast } = parseStatus(status);
  return forecast ? { observed: { forecast } } : {};
}

function parseCluster(file: ManifestFile, path: string, regionLabel: string): FileContents<ClusterFile> {
  const issues = [...file.issues];
  const namespaces = new Map<string, NamespaceRecord>();
  const nodes: NodeFacts[] = [];
  const nodePools: NodePoolFacts[] = [];
  const classes: PriorityClassFacts[] = [];
  for (const document of file.documents) {
    const mistakes = (MISTAKES_IN[document.kind] ?? mistakesInName)(document.value);
    issues.push(...mistakes.map((mistake) => `${placeIn(path, document)}: ${document.kind}: ${mistake}`));
    if (mistakes.length === 0) take(document);
  }

  function take(document: ManifestDocument): void {
    switch (document.kind) {
      case 'Namespace': {
        const record = namespaceRecord(document);
        issues.push(...mistakesInPolicy(record, placeIn(path, document)));
        namespaces.set(record.name, record);
        return;
      }
      case 'Node':
        nodes.push(nodeFacts(document, regionLabel));
        return;
      case 'NodePool':
        nodePools.push(nodePoolFacts(document));
        return;
      case 'PriorityClass':
        classes.push(toPriorityClassFacts(document.value as unknown as KubeObject));
        return;
      default:
        issues.push(`${placeIn(path, document)}: ${document.kind} is not Namespace, Node, NodePool or PriorityClass`);
    }
  }

  const value = {
    namespaces,
    ...(nodes.length > 0 && { topology: buildTopology(nodes) }),
    ...(nodePools.length > 0 && { nodePools }),
    ...(classes.length > 0 && { priorityClasses: toPriorityClasses(classes) }),
  };
  return { value, issues, text: file.text };
}

function mistakesInPolicy({ name, annotations }: NamespaceRecord, where: string): readonly string[] {
  return parsePolicy(annotations).issues.map((issue) => `${where}, namespace ${name}: ${describeIssue(issue)}`);
}

const MISTAKES_IN: Readonly<Record<string, (value: ManifestDocument['value']) => readonly string[]>> = {
  Node: mistakesInNode,
  NodePool: mistakesInNodePool,
};

function mistakesInName(value: ManifestDocument['value']): readonly string[] {
  const { name } = (value['metadata'] ?? {}) as { name?: unknown };
  return typeof name === 'string' ? [] : ['metadata.name must be given, as text'];
}

/** A Namespace as policies are compiled from it: in files only what it says tells one version from another. */
export function namespaceRecord({ value }: ManifestDocument): NamespaceRecord {
  const record = toNamespaceRecord(value as unknown as KubeObject);
  return { ...record, resourceVersion: JSON.stringify(record.annotations) };
}

/** A Node as a file has it: its host is often left out, and is its name then. */
export function nodeFacts({ value }: ManifestDocument, regionLabel: string): NodeFacts {
  const { metadata, ...rest } = value as unknown as Parameters<typeof toNodeFacts>[0];
  const labels = { [HOSTNAME_LABEL]: metadata.name, ...metadata.labels };
  return toNodeFacts({ ...rest, metadata: { ...metadata, labels } }, regionLabel);
}

/** A NodePool as a file has it. */
export function nodePoolFacts({ value }: ManifestDocument): NodePoolFacts {
  return toNodePoolFacts(value as unknown as Parameters<typeof toNodePoolFacts>[0]);
}
