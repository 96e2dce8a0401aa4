import { createApiClient } from '../cluster/api-client.ts';
import { createClusterView } from '../cluster/cluster-view.ts';
import { createKillSwitch } from '../cluster/kill-switch.ts';
import { loadKubeConfig } from '../cluster/kube-config.ts';
import type { Environment } from '../config/read-options.ts';
import { decide } from '../decision/decide.ts';
import { effectivePolicy } from '../decision/effective-policy.ts';
import type { NamespaceRecord } from '../decision/namespace-record.ts';
import type { Mode } from '../decision/policy.ts';
import type { SnapshotHolder } from '../regions/snapshot-holder.ts';
import { buildTopology } from '../regions/topology.ts';
import type { Log } from '../telemetry/log.ts';
import type { SourceTally } from '../telemetry/source-tally.ts';
import { certificateFromSecret } from './certificate-from-secret.ts';
import type { CertificateSource } from './certificate-source.ts';
import type { ClusterSource } from './cluster-source.ts';
import { installedNames } from './installed-names.ts';
import type { LiveConfig } from './live-config.ts';
import { createLiveRefresher } from './live-refresher.ts';
import type { ServeValues } from './serve-options.ts';
import { type Controllers, startControllers } from './start-controllers.ts';

interface ReplicaDeps {
  readonly values: ServeValues;
  readonly env: Environment;
  readonly config: LiveConfig;
  /** From files; without it the webhook serves what the controllers keep in a Secret. */
  readonly certificate: CertificateSource | undefined;
  readonly holder: SnapshotHolder;
  readonly tally: SourceTally;
  readonly log: Log;
}

/** What a replica in a cluster has beside its servers. */
export interface Replica {
  readonly source: ClusterSource;
  /** Absent for controllers alone. */
  readonly certificate: CertificateSource | undefined;
  readonly modeCap: () => Mode | undefined;
  /** Absent where it does not run for the lease. */
  readonly isLeader: (() => boolean) | undefined;
  readonly configChanged: () => void;
  readonly snapshotChanged: () => void;
}

/** A rollout touches many nodes within a moment: one snapshot serves them all. */
const COALESCE_MS = 100;

/** Follows a cluster and, with the role for it, works in it. Throws when the kubeconfig cannot be used. */
export function openReplica(deps: ReplicaDeps): Replica {
  const { values, env, config, holder, tally, log } = deps;
  const { regionLabel, policySignal, checkBindings, roles } = values;
  const kubeConfig = loadKubeConfig({ file: values.kubeconfig, context: values.context });
  const api = createApiClient(kubeConfig);
  const names = installedNames(values);
  const isWebhook = roles.includes('webhook');
  let timer: NodeJS.Timeout | undefined;
  let controllers: Controllers | undefined;

  const view = createClusterView({
    kubeConfig,
    regionLabel,
    watchPendingPods: isWebhook && checkBindings,
    watchRegions: values.regions === undefined,
    watchVolumes: true,
    log,
    onChange(resource) {
      if (resource === 'regions') {
        holder.setRegions(view.regions());
        controllers?.regionsChanged();
      } else if (resource === 'namespaces') controllers?.namespacesChanged();
      else timer ??= setTimeout(renew, COALESCE_MS).unref();
      if (resource === 'nodes') controllers?.nodesChanged();
    },
  });

  function renew(): void {
    clearTimeout(timer);
    timer = undefined;
    holder.setCluster({ topology: buildTopology(view.nodes()), priorityClasses: view.priorityClasses() });
  }

  const killSwitch = isWebhook ? openKillSwitch() : undefined;
  function openKillSwitch() {
    const [namespace = '', name = ''] = values.killSwitch.split('/');
    const opened = createKillSwitch({ api, namespace, name, log });
    opened.start().catch(() => {}); // rejected only when stopped before the first list
    return opened;
  }

  const modeOf = ({ name, annotations }: NamespaceRecord) =>
    effectivePolicy(name, annotations, config.rules()).policy.mode;
  const refresher = createLiveRefresher({
    config: config.current,
    env,
    api,
    regions: view.regions,
    regionLabel,
    policySignal,
    onRequest: tally.count,
    log,
  });
  if (roles.includes('controllers'))
    controllers = startControllers({
      api,
      view,
      names,
      podName: env['POD_NAME'],
      refresher,
      keepsCertificates: values.manageCertificates ?? values.certFile === undefined,
      taintsNodes: values.taintNodes,
      bandOf: (region) => holder.current().byName.get(region)?.band,
      modeOf,
      wouldAdmit(pod, name) {
        const namespace = view.namespace(name);
        if (!namespace) return true;
        const { policy } = effectivePolicy(name, namespace.annotations, config.rules());
        const volumes = view.volumesOf(name, pod);
        return decide({ pod, policy, snapshot: holder.current(), now: Date.now(), volumes }).decision !== 'deny';
      },
      log,
    });

  // Stopping before the first sync rejects the start: nothing is lost by that.
  view.start().then(renew, (error: unknown) => log.debug({ err: error }, 'cluster view stopped'));
  return {
    source: {
      namespace: view.namespace,
      fetchNamespace: (name, timeoutMs) => view.fetchNamespace(name, timeoutMs),
      pendingPod: view.pendingPod,
      volumesOf: view.volumesOf,
      unready: () => [
        ...Object.entries(view.syncState()).flatMap(([resource, { synced, failure }]) =>
          synced ? [] : [`${resource} not seen yet${failure ? `: ${failure}` : ''}`],
        ),
        ...(killSwitch && !killSwitch.synced() ? [`kill switch not seen yet: ${killSwitch.failure() ?? ''}`] : []),
      ],
      lastEventAt: () => view.lastEventAt(),
      async stop() {
        clearTimeout(timer);
        await controllers?.stop();
        await Promise.all([view.stop(), killSwitch?.stop()]);
        api.close();
      },
    },
    certificate: isWebhook ? (deps.certificate ?? certificateFromSecret({ api, names, log })) : undefined,
    modeCap: () => killSwitch?.cap(),
    isLeader: controllers?.isLeader,
    configChanged: refresher.configChanged,
    snapshotChanged: () => controllers?.snapshotChanged(),
  };
}
