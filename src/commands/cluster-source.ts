import type { Pod } from '../decision/pod.ts';
import type { SnapshotHolder } from '../regions/snapshot-holder.ts';
import { buildTopology } from '../regions/topology.ts';
import type { Log } from '../telemetry/log.ts';
import type { NamespaceSource } from '../webhook/find-policy.ts';
import { followFile } from './follow-file.ts';
import { type ClusterFile, type FileContents, parseClusterText } from './read-files.ts';

/** Where namespaces, nodes, PriorityClasses and pending pods come from. */
export interface ClusterSource extends NamespaceSource {
  pendingPod(namespace: string, name: string): Pod | undefined;
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

/** A rollout touches many nodes within a moment: one snapshot serves them all. */
const COALESCE_MS = 100;

/** Namespaces of a file, followed while it changes. */
export function openFileSource(
  path: string,
  regionLabel: string,
  initial: FileContents<ClusterFile>,
  { holder, log }: SourceDeps,
): ClusterSource {
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
    pendingPod: () => undefined,
    unready: () => [],
    lastEventAt: () => ({}),
    stop: async () => stop(),
  };
}

interface ClusterOptions {
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
  readonly regionLabel: string;
  readonly checkBindings: boolean;
}

/** Namespaces, Nodes and PriorityClasses of a cluster. Throws when the kubeconfig cannot be used. */
export async function openClusterSource(
  { kubeconfig, context, regionLabel, checkBindings }: ClusterOptions,
  { holder, log }: SourceDeps,
): Promise<ClusterSource> {
  // Importing the Kubernetes client costs 88 MB and half a second: only those pay who use a cluster.
  const [{ loadKubeConfig }, { createClusterView }] = await Promise.all([
    import('../cluster/kube-config.ts'),
    import('../cluster/cluster-view.ts'),
  ]);
  let timer: NodeJS.Timeout | undefined;
  const view = createClusterView({
    kubeConfig: loadKubeConfig({ file: kubeconfig, context }),
    regionLabel,
    watchPendingPods: checkBindings,
    log,
    onChange: (resource) => {
      if (resource !== 'namespaces') timer ??= setTimeout(renew, COALESCE_MS).unref();
    },
  });

  function renew(): void {
    clearTimeout(timer);
    timer = undefined;
    holder.setCluster({ topology: buildTopology(view.nodes()), priorityClasses: view.priorityClasses() });
  }

  // Stopping before the first sync rejects the start: nothing is lost by that.
  view.start().then(renew, (error: unknown) => log.debug({ err: error }, 'cluster view stopped'));
  return {
    namespace: view.namespace,
    fetchNamespace: (name, timeoutMs) => view.fetchNamespace(name, timeoutMs),
    pendingPod: view.pendingPod,
    unready: () =>
      Object.entries(view.syncState()).flatMap(([resource, { synced, failure }]) =>
        synced ? [] : [`${resource} not seen yet${failure ? `: ${failure}` : ''}`],
      ),
    lastEventAt: () => view.lastEventAt(),
    async stop() {
      clearTimeout(timer);
      await view.stop();
    },
  };
}
