import type { ApiClient } from '../../cluster/api-client.ts';
import { listOnce } from '../../cluster/list-watch.ts';
import { NODES_PATH } from '../../cluster/nodes.ts';
import { type Manifests, parseManifests } from '../../documents/manifest-file.ts';
import { describeReadFailure, nameOfInput, readBounded } from '../../documents/read-text.ts';
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
  const { documents, issues } = await readBoundedManifests(path);
  if (issues.length > 0) return { issues };
  const file = nameOfInput(path);
  const nodes = documents.filter(({ kind }) => kind === 'Node');
  const read = nodes.map(({ value }) => parseFleetNode(value, regionLabel));
  if (read.length === 0) return { issues: [`${file}: holds no Node; give what \`kubectl get nodes -o json\` prints`] };
  const nameless = read.filter(({ name }) => name === '').length;
  if (nameless > 0) return { issues: [`${file}: metadata.name is missing in ${nameless} of ${read.length} nodes`] };
  const byName = new Map(read.map((node) => [node.name, node]));
  const others = documents.length - read.length;
  const twice = read.length - byName.size;
  return {
    nodes: [...byName.values()],
    notes: [
      ...(others > 0 ? [`${file}: objects passed over that are no Node: ${others}`] : []),
      ...(twice > 0 ? [`${file}: nodes that stand there more than once and are counted once: ${twice}`] : []),
    ],
  };
}

async function readBoundedManifests(path: string): Promise<Manifests> {
  const file = nameOfInput(path);
  const refused = (issue: string) => ({ documents: [], issues: [issue] });
  const remedy = "leave out what takes the room: kubectl get nodes -o json | jq 'del(.items[].status.images)'";
  try {
    const text = await readBounded(path, MOST_BYTES);
    if (text !== undefined) return parseManifests(text, file);
    return refused(`${file}: is larger than ${MOST_BYTES / 2 ** 20} MiB; ${remedy}`);
  } catch (error) {
    return refused(describeReadFailure(file, error));
  }
}

/** Reads the nodes of a cluster, page by page: all, or those that a selector as kubectl's `-l` fits. */
export async function readLiveNodes(
  api: ApiClient,
  regionLabel: string,
  labelSelector?: string,
): Promise<ReadNodes | Unread> {
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
