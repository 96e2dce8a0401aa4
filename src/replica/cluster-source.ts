import type { ClusterView } from '../cluster/cluster-view.ts';
import type { NamespaceRecord } from '../decision/namespace-record.ts';
import type { SnapshotHolder } from '../regions/snapshot-holder.ts';
import type { Log } from '../telemetry/log.ts';
import type { NamespaceSource } from '../webhook/find-policy.ts';
import { type ClusterFile, type FileContents, parseClusterText } from '../world/read-files.ts';
import { followFile } from './follow-file.ts';

/** Where namespaces, nodes, PriorityClasses and pending pods come from. */
export interface ClusterSource extends NamespaceSource, Pick<ClusterView, 'pendingPod' | 'freeForMs' | 'volumesOf'> {
  /** What is not known yet, in words; empty when everything was seen once. */
  unready(): readonly string[];
  /** Epoch milliseconds of the last sign of life, by resource. */
  lastEventAt(): Readonly<Record<string, number>>;
  stop(): Promise<void>;
}

interface SourceDeps {
  readonly holder: SnapshotHolder;
  readonly log: Log;
}

/** Namespaces of a file, followed while it changes. */
export function openFileSource(
  path: string,
  regionLabel: string,
  initial: FileContents<ClusterFile>,
  { holder, log }: SourceDeps,
): ClusterSource & { namespaces(): Iterable<NamespaceRecord> } {
  let current = initial.value;
  const stop = followFile({
    path,
    initial,
    parse: (text) => parseClusterText(text, path, regionLabel),
    accept: (value) => {
      current = value;
      const { topology, nodePools, priorityClasses } = value;
      holder.setCluster({ topology, nodePools, priorityClasses });
    },
    log,
  });
  return {
    namespace: (name) => current.namespaces.get(name),
    namespaces: () => current.namespaces.values(),
    pendingPod: () => undefined,
    freeForMs: () => 0,
    volumesOf: () => [],
    unready: () => [],
    lastEventAt: () => ({}),
    stop: async () => stop(),
  };
}
