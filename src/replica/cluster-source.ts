import type { NamespaceRecord } from '../decision/namespace-record.ts';
import type { Pod } from '../decision/pod.ts';
import type { VolumeTerms } from '../decision/volume-terms.ts';
import type { SnapshotHolder } from '../regions/snapshot-holder.ts';
import type { Log } from '../telemetry/log.ts';
import type { NamespaceSource } from '../webhook/find-policy.ts';
import { type ClusterFile, type FileContents, parseClusterText } from '../world/read-files.ts';
import { followFile } from './follow-file.ts';

/** Where namespaces, nodes, PriorityClasses and pending pods come from. */
export interface ClusterSource extends NamespaceSource {
  pendingPod(namespace: string, name: string): Pod | undefined;
  /** Milliseconds for which a pending pod has been seen without a scheduling gate. */
  freeForMs(namespace: string, name: string): number;
  /** The bound volumes of a pod that say where they are. */
  volumesOf(namespace: string, pod: Pod): readonly VolumeTerms[];
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

/** A source of which all is known. */
export interface FileSource extends ClusterSource {
  namespaces(): Iterable<NamespaceRecord>;
}

/** Namespaces of a file, followed while it changes. */
export function openFileSource(
  path: string,
  regionLabel: string,
  initial: FileContents<ClusterFile>,
  { holder, log }: SourceDeps,
): FileSource {
  let current = initial.value;
  const stop = followFile({
    path,
    initial,
    parse: (text) => parseClusterText(text, path, regionLabel),
    accept: (value) => {
      current = value;
      holder.setCluster({ topology: value.topology, priorityClasses: value.priorityClasses });
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
