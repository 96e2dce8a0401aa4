import { createApiClient } from '../cluster/api-client.ts';
import { followAutoscalerStatus } from '../cluster/autoscaler-status.ts';
import { createClusterView } from '../cluster/cluster-view.ts';
import { createKillSwitch } from '../cluster/kill-switch.ts';
import { loadKubeConfig } from '../cluster/kube-config.ts';
import { joinLastEvents } from '../cluster/last-events.ts';
import type { GridgateConfig } from '../config/config-file.ts';
import type { Environment } from '../config/read-options.ts';
import type { ClusterAutoscalerRules } from '../regions/node-rules.ts';
import type { SnapshotHolder } from '../regions/snapshot-holder.ts';
import { buildTopology } from '../regions/topology.ts';
import type { Log } from '../telemetry/log.ts';
import type { SourceTally } from '../telemetry/source-tally.ts';
import { atMostEvery } from './at-most-every.ts';
import { switchedOn } from './capacity-options.ts';
import { type CertificateSource, certificateFromSecret } from './certificate-source.ts';
import { followOverlayInputs } from './follow-overlay-inputs.ts';
import { followWaiting } from './follow-waiting.ts';
import { installedNames } from './installed-names.ts';
import { createNamespaceJudge } from './judge-namespaces.ts';
import { changesRules, type LiveConfig } from './live-config.ts';
import { regionalDefaults } from './regional-defaults.ts';
import type { Served } from './run-servers.ts';
import type { ServeValues } from './serve-options.ts';
import { showRegions } from './show-regions.ts';
import { type Controllers, startControllers } from './start-controllers.ts';
import { sourceNames } from './status-facts.ts';

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
interface Replica extends Omit<Served, 'stop'> {
  readonly configChanged: (next: GridgateConfig, previous: GridgateConfig) => void;
  readonly snapshotChanged: () => void;
  /** Called when what of gridgate.yaml cannot be read has changed. */
  readonly problemChanged: () => void;
}

/** A rollout touches many nodes within a moment: each snapshot costs all plans that were made for the last. */
const RENEW_EVERY_MS = 500;

/** Follows a cluster and, with the role for it, works in it. Throws when the kubeconfig cannot be used. */
export function openReplica(deps: ReplicaDeps): Replica {
  const { values, env, config, holder, tally, log } = deps;
  const { regionLabel, policySignal, checkBindings, roles } = values;
  const kubeConfig = loadKubeConfig({ file: values.kubeconfig, context: values.context });
  const api = createApiClient(kubeConfig);
  const names = installedNames(values);
  const isWebhook = roles.includes('webhook');
  let controllers: Controllers | undefined;

  const view = createClusterView({
    kubeConfig,
    regionLabel,
    watchPendingPods: isWebhook && checkBindings,
    watchRegions: values.regions === undefined,
    watchNodePools: true,
    watchVolumes: true,
    log,
    onChange(resource) {
      if (resource === 'regions') regions.changed();
      else if (resource !== 'namespaces') nodes.ask();
      controllers?.changed(resource);
    },
  });

  const regions = showRegions({ regions: view.regions, show: holder.setRegions });
  const nodes = atMostEvery(RENEW_EVERY_MS, () => {
    const topology = buildTopology(view.nodes(), holder.current().topology);
    const seen = { nodePools: view.nodePools(), nodeGroups: autoscaler.groups() };
    holder.setCluster({ topology, priorityClasses: view.priorityClasses(), ...seen });
  });

  function followAutoscaler() {
    const at = config.current().nodes.clusterAutoscaler;
    const followed = followAutoscalerStatus({ api, at, clock: Date.now, log, onChange: () => nodes.ask() });
    followed.start().catch(() => {}); // rejected only when stopped before the first list
    return followed;
  }
  let autoscaler = followAutoscaler();

  function autoscalerMoved(to: ClusterAutoscalerRules, from: ClusterAutoscalerRules): void {
    if (to.namespace === from.namespace && to.status === from.status) return;
    void autoscaler.stop();
    autoscaler = followAutoscaler();
    nodes.ask();
  }

  /** Changes that still wait for their turn must count before this replica calls itself ready. */
  function showAll(): void {
    if (values.regions === undefined) regions.flush();
    nodes.flush();
  }

  const certificate = isWebhook ? (deps.certificate ?? certificateFromSecret({ api, names, log })) : undefined;
  // The controllers read it too: when it lifts a mode, refusals end.
  const killSwitch = createKillSwitch({ api, ...names.killSwitch, log, onChange: () => controllers?.changed('rules') });
  killSwitch.start().catch(() => {}); // rejected only when stopped before the first list
  const { namespace } = names;
  const monotonicNow = () => performance.now();
  const waiting = isWebhook ? followWaiting({ api, namespace, log, monotonicNow }) : undefined;

  const overlays =
    roles.includes('controllers') && values.nodeOverlays !== 'off'
      ? followOverlayInputs({
          section: () => config.current().overlays,
          log,
          onChange: () => controllers?.changed('overlay-inputs'),
        })
      : undefined;

  if (roles.includes('controllers')) {
    log.info(Object.fromEntries(switchedOn(values)), 'what these controllers may scale and steer, beside placement');
    controllers = startControllers({
      api,
      view,
      names,
      env,
      config: config.current,
      problems: () => ({ configFile: config.problem(), killSwitch: killSwitch.problem() }),
      regionLabel,
      policySignal,
      onRequest: tally.count,
      releaseRate: values.releaseRate,
      releaseSharePercent: values.releaseShare,
      capacity: {
        nodePools: values.nodePools,
        nodeOverlays: values.nodeOverlays,
        priorityExpander: values.priorityExpander,
        regionalAutoscaler: values.regionalAutoscaler,
        carbonBudgets: values.carbonBudgets,
      },
      regionalDefaults: regionalDefaults(values),
      carbonCacheTtlMs: values.carbonCacheTtl,
      modeCap: killSwitch.cap,
      overlayInputs: () => overlays?.current() ?? { problem: 'prices of carbon are off' },
      keepsCertificates: values.manageCertificates ?? values.certFile === undefined,
      snapshot: holder.current,
      judge: createNamespaceJudge({ view, config, holder, modeCap: killSwitch.cap, clock: Date.now }),
      log,
    });
  }

  // Stopping before the first sync rejects the start: nothing is lost by that.
  view.start().then(showAll, (error: unknown) => log.debug({ err: error }, 'cluster view stopped'));
  return {
    source: {
      namespace: view.namespace,
      fetchNamespace: (name, timeoutMs) => view.fetchNamespace(name, timeoutMs),
      pendingPod: view.pendingPod,
      freeForMs: view.freeForMs,
      volumesOf: view.volumesOf,
      unready: () => [
        ...Object.entries(view.syncState()).flatMap(([resource, { synced, failure }]) =>
          unseen(resource, synced, failure),
        ),
        ...unseen('kill switch', killSwitch.synced(), killSwitch.failure()),
      ],
      lastEventAt: () =>
        joinLastEvents([
          view.lastEventAt(),
          killSwitch.lastEvents(),
          certificate?.lastEventAt?.(),
          waiting?.lastEventAt(),
          autoscaler.lastEvents(),
          controllers?.lastEventAt(),
        ]),
      async stop() {
        regions.stop();
        nodes.stop();
        overlays?.stop();
        // Together: until the first view is there or given up, the controllers cannot end.
        await Promise.all([controllers?.stop(), view.stop(), killSwitch.stop(), waiting?.stop(), autoscaler.stop()]);
        api.close();
      },
    },
    certificate,
    waitingFacts: waiting?.facts,
    waiting: controllers && waitingOf(controllers),
    modeCap: killSwitch.cap,
    killSwitchProblem: killSwitch.problem,
    isLeader: controllers?.isLeader,
    metrics: controllers?.metrics ?? [],
    askedSources: () => (controllers?.isLeader() ? sourceNames(config.current()) : undefined),
    configChanged(next, previous) {
      if (next.sources !== previous.sources || next.outage !== previous.outage || next.bands !== previous.bands)
        controllers?.changed('sources');
      if (changesRules(next, previous)) controllers?.changed('rules');
      if (next.nodes !== previous.nodes) {
        controllers?.changed('nodes');
        autoscalerMoved(next.nodes.clusterAutoscaler, previous.nodes.clusterAutoscaler);
      }
      if (next.overlays !== previous.overlays) overlays?.changed();
    },
    snapshotChanged: () => controllers?.changed('snapshot'),
    problemChanged: () => controllers?.changed('settings'),
  };
}

/** What waits, as the leader knows it; `undefined` while another replica leads. */
function waitingOf({ isLeader, waiting }: Controllers): () => ReturnType<Controllers['waiting']> | undefined {
  return () => (isLeader() ? waiting() : undefined);
}

function unseen(what: string, synced: boolean, failure: string | undefined): readonly string[] {
  return synced ? [] : [`${what} not seen yet${failure ? `: ${failure}` : ''}`];
}
