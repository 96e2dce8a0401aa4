import type { ApiClient } from '../cluster/api-client.ts';
import { createApiWriter } from '../cluster/api-writer.ts';
import type { ClusterView } from '../cluster/cluster-view.ts';
import { makeIdentity } from '../cluster/election-identity.ts';
import { joinLastEvents, type LastEvents } from '../cluster/last-events.ts';
import { createLeaderElection } from '../cluster/leader-election.ts';
import { watchWebhookBundles } from '../cluster/webhook-bundles.ts';
import type { BudgetConfig } from '../config/budget-config.ts';
import type { GridgateConfig } from '../config/config-file.ts';
import type { Environment } from '../config/read-options.ts';
import { createAuditTeller } from '../controllers/audit-teller/controller.ts';
import { capacityMode } from '../controllers/capacity-switch.ts';
import { type BudgetSettings, createCarbonBudgets } from '../controllers/carbon-budgets/controller.ts';
import { createCarbonMeter } from '../controllers/carbon-meter/controller.ts';
import { createCertificatesController } from '../controllers/certificates/controller.ts';
import { createDenialTeller } from '../controllers/denial-teller/controller.ts';
import { createDeniedOwners } from '../controllers/denied-owners.ts';
import { createEnforceTeller } from '../controllers/enforce-teller/controller.ts';
import { createGateReleaser } from '../controllers/gate-releaser/controller.ts';
import { type Change, createManager } from '../controllers/manager.ts';
import { createNamespaceLabeller } from '../controllers/namespace-labeller/controller.ts';
import { createNodeLabeller } from '../controllers/node-labeller/controller.ts';
import { createNodeOverlays, type NodeOverlaysDeps } from '../controllers/node-overlays/controller.ts';
import { createNodePools } from '../controllers/node-pools/controller.ts';
import { createOwnerNudger } from '../controllers/owner-nudger/controller.ts';
import { createPolicyReporter } from '../controllers/policy-reporter/controller.ts';
import { createPriorityExpander } from '../controllers/priority-expander/controller.ts';
import { createRegionMemory } from '../controllers/region-memory/controller.ts';
import { createRegionTeller } from '../controllers/region-teller/controller.ts';
import {
  createRegionalAutoscaler,
  type RegionalAutoscalerDeps,
} from '../controllers/regional-autoscaler/controller.ts';
import { createRunLengths } from '../controllers/run-lengths/controller.ts';
import { createSettingsReporter } from '../controllers/settings-reporter/controller.ts';
import type { UnreadSetting } from '../controllers/settings-reporter/plan.ts';
import { createWorkloads } from '../controllers/workloads.ts';
import type { NamespaceRecord } from '../decision/namespace-record.ts';
import type { Owner } from '../decision/owner.ts';
import type { Mode } from '../decision/policy.ts';
import { knownNames, listKnown } from '../decision/unknown-names.ts';
import type { WaitingWork } from '../decision/waiting-work.ts';
import type { Signal } from '../regions/reading.ts';
import type { Snapshot } from '../regions/snapshot.ts';
import type { IntensityChainDeps } from '../sources/intensity/chain.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metric } from '../telemetry/metric.ts';
import type { CapacityMode } from '../units/capacity-mode.ts';
import { parseDuration } from '../units/duration.ts';
import type { CapacityOption } from './capacity-options.ts';
import type { InstalledNames } from './installed-names.ts';
import type { NamespaceJudge } from './judge-namespaces.ts';
import { createLiveRefresher } from './live-refresher.ts';
import { createPodPower } from './pod-power.ts';
import { leadership } from './server-metrics.ts';
import { legible, settingProblems } from './status-facts.ts';

interface ControllersDeps {
  readonly api: ApiClient;
  readonly view: ClusterView;
  readonly names: InstalledNames;
  readonly env: Environment;
  readonly config: () => GridgateConfig;
  /** What people wrote and gridgate cannot read. */
  readonly problems: () => Parameters<typeof settingProblems>[0];
  readonly regionLabel: string;
  readonly policySignal: Signal;
  /** Counts requests to sources. */
  readonly onRequest: NonNullable<IntensityChainDeps['onRequest']>;
  readonly keepsCertificates: boolean;
  /** Pods a second, and percent a minute of what waits, that are let go where nothing presses. */
  readonly releaseRate: number;
  readonly releaseSharePercent: number;
  /** The controllers of capacity, each opt-in; one that is off is not started. */
  readonly capacity: Readonly<Record<CapacityOption, CapacityMode>>;
  /** What RegionalAutoscalers leave open. */
  readonly regionalDefaults: RegionalAutoscalerDeps['defaults'];
  /** How long an answer of an intensity source counts. */
  readonly carbonCacheTtlMs: number | undefined;
  /** What the kill switch says. */
  readonly modeCap: () => Mode | undefined;
  /** Of which prices of carbon are made. */
  readonly overlayInputs: NodeOverlaysDeps['overlayInputs'];
  readonly snapshot: () => Snapshot;
  readonly judge: NamespaceJudge;
  readonly log: Log;
}

export interface Controllers {
  isLeader(): boolean;
  /** Wakes those that it concerns. */
  changed(change: Exclude<Change, 'known-regions' | 'forecasts'>): void;
  /** Of what the controllers watch beside the view. */
  lastEventAt(): LastEvents;
  readonly metrics: readonly Metric[];
  /** What waits for a cleaner hour, while this replica leads; or why it does not know. */
  waiting(): readonly WaitingWork[] | { readonly unknown: string };
  /** Resolves only after `view.start()` has resolved, or `view.stop()` was called. */
  stop(): Promise<void>;
}

/** Runs for the lease; the controllers work while this replica leads, and every write asks whether it still does. */
export function startControllers(deps: ControllersDeps): Controllers {
  const { api, view, names, keepsCertificates, capacity, snapshot, judge, log } = deps;
  const identity = makeIdentity(deps.env['POD_NAME']);
  const election = createLeaderElection({
    api,
    namespace: names.namespace,
    name: names.lease,
    identity,
    log,
    onChange: (leading) => (leading ? manager.begin() : void manager.end()),
  });

  const modeOf = (controller: keyof typeof capacity) => () => capacityMode(capacity[controller], deps.modeCap());
  const enforces = (namespace: NamespaceRecord) => judge.modeOf(namespace) === 'enforce';

  const common = {
    ...deps,
    ...judge,
    writer: createApiWriter({ api, mayWrite: election.assertLeading }),
    namespaces: view.namespaces,
    regions: view.regions,
    ownNamespace: names.namespace,
    instance: identity,
    bandOf: (region: string) => snapshot().byName.get(region)?.band,
    taintedBands: () => deps.config().nodes.taintedBands,
    known: () => listKnown(knownNames(snapshot())),
    mayHoldIn(name: string) {
      const namespace = view.namespace(name);
      return namespace !== undefined && judge.mayHold(namespace);
    },
    mayDeny: () => [...view.namespaces()].some(enforces),
    mayHoldAny: () => [...view.namespaces()].some(judge.mayHold),
    denies(name: string) {
      const namespace = view.namespace(name);
      return namespace !== undefined && enforces(namespace);
    },
    unreadSettings: () => settingProblems(deps.problems()).map((one) => ({ ...one, ...placeOf(one, names) })),
    now: Date.now,
  };
  const deniedOwners = createDeniedOwners(common);
  const memory = createRegionMemory({ ...common, forecastsChanged: () => manager.changed('forecasts') });
  /** What controllers are made of; each takes of it what it declares. */
  const lengths = createRunLengths(common);
  const parts = {
    ...common,
    deniedOwners,
    memory,
    pastOf: memory.pastOf,
    learntLength: (namespace: string, owner: Owner | undefined) => lengths.learntLength(namespace, owner),
  };
  const releaser = createGateReleaser(parts);
  const expanding = {
    settings: () => deps.config().nodes.clusterAutoscaler,
    mode: modeOf('priorityExpander'),
  };
  const workloads = createWorkloads(common);
  const isScaling = capacity.regionalAutoscaler !== 'off' || capacity.carbonBudgets !== 'off';
  const scaling = { ...parts, workloads };
  const regional = { defaults: deps.regionalDefaults, mode: modeOf('regionalAutoscaler') };
  const budgeting = {
    settings: () => budgetSettings(deps.config().budgets),
    readPower: createPodPower({
      energy: () => deps.config().budgets.energy,
      env: deps.env,
      workloads,
      topology: () => snapshot().topology,
      now: common.now,
    }),
    mode: modeOf('carbonBudgets'),
  };
  const controllers = [
    memory,
    createLiveRefresher(parts),
    releaser,
    createNamespaceLabeller(parts),
    createNodeLabeller(parts),
    deniedOwners,
    createOwnerNudger(parts),
    createDenialTeller(parts),
    createPolicyReporter(parts),
    createEnforceTeller(parts),
    createAuditTeller(parts),
    createRegionTeller(parts),
    createSettingsReporter(parts),
    createCarbonMeter(parts),
    lengths,
    ...(capacity.priorityExpander === 'off' ? [] : [createPriorityExpander({ ...parts, ...expanding })]),
    ...(capacity.nodeOverlays === 'off' ? [] : [createNodeOverlays({ ...parts, mode: modeOf('nodeOverlays') })]),
    ...(keepsCertificates ? [createCertificatesController(parts)] : []),
    ...(capacity.nodePools === 'off' ? [] : [createNodePools(parts)]),
    ...(isScaling ? [workloads] : []),
    ...(capacity.regionalAutoscaler === 'off' ? [] : [createRegionalAutoscaler({ ...scaling, ...regional })]),
    ...(capacity.carbonBudgets === 'off' ? [] : [createCarbonBudgets({ ...scaling, ...budgeting })]),
  ];
  let isStopping = false;
  const manager = createManager(controllers, () => election.isLeader() && !isStopping);
  // A configuration that is new or was edited by hand has its bundle back at once.
  const { configurations } = names;
  const onChange = () => manager.changed('mutatingwebhookconfigurations');
  const bundles = keepsCertificates ? watchWebhookBundles({ api, configurations, log, onChange }) : undefined;
  bundles?.start().catch(() => {}); // rejected only when stopped before the first list
  let knownRegions = '';

  function changed(change: Change): void {
    manager.changed(change);
    if (change !== 'snapshot') return;
    const names = snapshot().regions.map(({ name }) => name);
    if (names.join() !== knownRegions) manager.changed('known-regions');
    knownRegions = names.join();
  }

  // What the controllers look at must be there before the first of them acts on what is missing.
  const synced = view.start().then(election.start, () => {});
  return {
    isLeader: election.isLeader,
    changed,
    waiting() {
      const unknown = releaser.whyUnknown();
      return unknown === undefined ? releaser.waiting() : { unknown: legible(unknown) };
    },
    lastEventAt: () => joinLastEvents([manager.lastEventAt(), bundles?.lastEventAt()]),
    metrics: [leadership(election.isLeader), ...manager.metrics],
    async stop() {
      isStopping = true; // the lease may still be won while the controllers end
      await manager.end();
      await synced;
      await Promise.all([election.stop(), bundles?.stop()]);
    },
  };
}

function budgetSettings({ holdCycles, loop }: BudgetConfig): BudgetSettings {
  return { holdCycles, loopMs: parseDuration(loop) ?? 0 };
}

/** Which ConfigMap gridgate.yaml was mounted from, nobody here knows. */
function placeOf(
  { setting }: Pick<UnreadSetting, 'setting'>,
  { namespace: own, killSwitch: { namespace, name } }: InstalledNames,
): Pick<UnreadSetting, 'namespace' | 'regarding'> {
  if (setting === 'kill switch') return { namespace, regarding: { apiVersion: 'v1', kind: 'ConfigMap', name } };
  return { namespace: own, regarding: { apiVersion: 'v1', kind: 'Namespace', name: own } };
}
