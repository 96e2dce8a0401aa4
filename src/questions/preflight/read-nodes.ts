import { stat } from 'node:fs/promises';
import type { ApiClient } from '../../cluster/api-client.ts';
import { decodeText } from '../../documents/decode-text.ts';
import { type ManifestDocument, type Manifests, parseManifests, readManifests } from '../../documents/manifest-file.ts';
import { nameOfInput, STANDARD_INPUT } from '../../documents/read-text.ts';
import { createProgress } from '../../terminal/progress.ts';
import { readFromCluster, type Unread } from '../../world/open-cluster.ts';
import { type FleetNode, parseFleetNode } from './fleet-node.ts';

export interface ReadNodes {
  readonly nodes: readonly FleetNode[];
  /** What was passed over, a sentence each. */
  readonly notes: readonly string[];
}

const TIMEOUT_MS = 60_000;
/** 10,000 nodes with 50 images each are 200 MiB, and far more in memory; a text of 512 MiB does not fit into a string. */
const MOST_BYTES = 384 * 2 ** 20;

/** Reads nodes as `kubectl get nodes -o json` prints them, YAML too; `-` is standard input. */
export async function readNodesFile(
  path: string,
  regionLabel: string,
): Promise<ReadNodes | { readonly issues: readonly string[] }> {
  const { documents, issues } = await readFileOrInput(path);
  if (issues.length > 0) return { issues };
  const file = nameOfInput(path);
  const isNode = ({ kind }: ManifestDocument) => kind === 'Node';
  const read = documents.filter(isNode).map(({ value }) => parseFleetNode(value, regionLabel));
  if (read.length === 0) return { issues: [`${file}: holds no Node; give what \`kubectl get nodes -o json\` prints`] };
  const nameless = read.filter(({ name }) => name === '').length;
  if (nameless > 0) return { issues: [`${file}: metadata.name is missing in ${nameless} of ${read.length} nodes`] };
  const byName = new Map(read.map((node) => [node.name, node]));
  return {
    nodes: [...byName.values()],
    notes: passedOver(file, documents.length - read.length, read.length - byName.size),
  };
}

function passedOver(file: string, others: number, twice: number): readonly string[] {
  return [
    ...(others > 0 ? [`${file}: objects passed over that are no Node: ${others}`] : []),
    ...(twice > 0 ? [`${file}: nodes that stand there more than once and are counted once: ${twice}`] : []),
  ];
}

async function readFileOrInput(path: string): Promise<Manifests> {
  if (path === STANDARD_INPUT) {
    const input = await readInput();
    return input === undefined ? tooLarge(path) : parseManifests(input, nameOfInput(path));
  }
  const { size } = await stat(path).catch(() => ({ size: 0 })); // reading it says what is wrong with it
  return size > MOST_BYTES ? tooLarge(path) : readManifests(path);
}

async function readInput(): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES) return undefined;
    chunks.push(chunk);
  }
  return decodeText(Buffer.concat(chunks));
}

function tooLarge(path: string): Manifests {
  const remedy = "leave out what takes the room: kubectl get nodes -o json | jq 'del(.items[].status.images)'";
  return { documents: [], issues: [`${nameOfInput(path)}: is larger than ${MOST_BYTES / 2 ** 20} MiB; ${remedy}`] };
}

/** Reads the nodes of a cluster, page by page: all, or those that a selector as kubectl's `-l` fits. */
export async function readLiveNodes(
  api: ApiClient,
  regionLabel: string,
  labelSelector?: string,
): Promise<ReadNodes | Unread> {
  const [{ listOnce }, { NODES_PATH }] = await Promise.all([
    import('../../cluster/list-once.ts'),
    import('../../cluster/nodes.ts'),
  ]);
  const progress = createProgress();
  let count = 0;
  const project = (object: object): FleetNode => {
    count += 1;
    progress.show(`reading nodes: ${count}`);
    return parseFleetNode(object, regionLabel);
  };
  const what = { name: 'nodes', path: NODES_PATH, content: 'full', labelSelector } as const;
  const resource = { ...what, project, differs: () => false };
  const read = await readFromCluster('the nodes', (timeoutMs) => listOnce(api, resource, timeoutMs), TIMEOUT_MS);
  progress.end();
  return 'issues' in read ? read : { nodes: read.value, notes: [] };
}
