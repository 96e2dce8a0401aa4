import type { ApiClient } from '../../cluster/api-client.ts';
import type { ApiWriter } from '../../cluster/api-writer.ts';
import type { KubeObject } from '../../cluster/kube-object.ts';
import { listPages } from '../../cluster/list-watch.ts';
import { NODES_PATH } from '../../cluster/nodes.ts';
import type { Band } from '../../regions/band.ts';
import { planTaints, type Taint } from './plan.ts';

const IDLE_TIMEOUT_MS = 10_000;

interface NodeObject extends KubeObject {
  readonly spec?: { readonly taints?: readonly Taint[] };
}

export interface TaintWriter {
  /** The nodes whose taint of ours is wrong: a paged list of all nodes, taints being in no watch of ours. */
  findWrong(signal: AbortSignal): Promise<readonly string[]>;
  put(name: string, band: Band | undefined): Promise<void>;
}

export interface TaintWriterDeps {
  readonly api: Pick<ApiClient, 'get'>;
  readonly writer: Pick<ApiWriter, 'mergePatch'>;
  /** The band that a node should show. */
  readonly bandOf: (name: string) => Band | undefined;
  readonly taintedBands: () => readonly Band[];
}

/**
 * Taints are one atomic list, which server-side apply would take over whole, with everybody's entries. So: read, change our
 * entry, and write the list with the version that was read; a change in between is a 409, never somebody's lost taint.
 */
export function createTaintWriter({ api, writer, bandOf, taintedBands }: TaintWriterDeps): TaintWriter {
  return {
    async findWrong(signal) {
      const wrong: string[] = [];
      for await (const { items } of listPages(api, { path: NODES_PATH, content: 'full' }, signal)) {
        for (const node of items ?? []) {
          if (planTaints(taintsOf(node), bandOf(node.metadata.name), taintedBands())) wrong.push(node.metadata.name);
        }
      }
      return wrong;
    },
    async put(name, band) {
      const path = `${NODES_PATH}/${encodeURIComponent(name)}`;
      const node = (await api.get(path, { accept: 'application/json', idleTimeoutMs: IDLE_TIMEOUT_MS })) as NodeObject;
      const taints = planTaints(taintsOf(node), band, taintedBands());
      if (!taints) return;
      const { resourceVersion } = node.metadata;
      await writer.mergePatch(path, { metadata: { resourceVersion }, spec: { taints } });
    },
  };
}

function taintsOf({ spec }: NodeObject): readonly Taint[] {
  return spec?.taints ?? [];
}
