import type { ApiClient } from '../cluster/api-client.ts';
import { createApiWriter } from '../cluster/api-writer.ts';
import type { ClusterView } from '../cluster/cluster-view.ts';
import { makeIdentity } from '../cluster/election-identity.ts';
import { joinLastEvents, type LastEvents } from '../cluster/last-events.ts';
import { createLeaderElection } from '../cluster/leader-election.ts';
import { watchWebhookBundles } from '../cluster/webhook-bundles.ts';
import type { NamespaceCarbon } from '../controllers/carbon-meter/carbon-ledger.ts';
import { createCarbonMeter } from '../controllers/carbon-meter/controller.ts';
import { createCertificatesController, DEFAULT_LIFETIMES } from '../controllers/certificates/controller.ts';
import { createDenialTeller } from '../controllers/denial-teller/controller.ts';
import { type Change, type Controller, createManager } from '../controllers/manager.ts';
import { createNamespaceLabeller } from '../controllers/namespace-labeller/controller.ts';
import { createNodeLabeller } from '../controllers/node-labeller/controller.ts';
import { createOwnerNudger } from '../controllers/owner-nudger/controller.ts';
import { createPolicyReporter } from '../controllers/policy-reporter/controller.ts';
import type { NamespaceRecord } from '../decision/namespace-record.ts';
import { listKnown } from '../decision/unknown-names.ts';
import type { Band } from '../regions/band.ts';
import type { Snapshot } from '../regions/snapshot.ts';
import type { Log } from '../telemetry/log.ts';
import type { InstalledNames } from './installed-names.ts';
import type { NamespaceJudge } from './judge-namespaces.ts';
import type { LiveRefresher } from './live-refresher.ts';

interface ControllersDeps {
  readonly api: ApiClient;
  readonly view: ClusterView;
  readonly names: InstalledNames;
  readonly podName: string | undefined;
  readonly refresher: LiveRefresher;
  readonly keepsCertificates: boolean;
  readonly taintedBands: () => readonly Band[];
  readonly bandOf: (region: string) => Band | undefined;
  readonly snapshot: () => Snapshot;
  readonly judge: NamespaceJudge;
  readonly log: Log;
}

export interface Controllers {
  isLeader(): boolean;
  /** Wakes those that it concerns. `rules`: policy defaults or limits; labels and refusals may be others. */
  changed(change: Exclude<Change, 'known-regions'>): void;
  /** How many namespaces have a malformed policy; undefined while another replica leads. */
  malformedPolicies(): number | undefined;
  /** The namespaces whose `regions` match nothing that is known; undefined while another replica leads. */
  unenforceable(): readonly string[] | undefined;
  /** What pods avoid by where they run; undefined while another replica leads. */
  carbon(): readonly NamespaceCarbon[] | undefined;
  /** Of what the controllers watch beside the view. */
  lastEventAt(): LastEvents;
  /** Resolves only after `view.start()` has resolved, or `view.stop()` was called. */
  stop(): Promise<void>;
}

/** Runs for the lease; the controllers work while this replica leads, and every write asks whether it still does. */
export function startControllers(deps: ControllersDeps): Controllers {
  const { api, view, names, refresher, judge, log } = deps;
  const identity = makeIdentity(deps.podName);
  const election = createLeaderElection({
    api,
    namespace: names.namespace,
    name: names.lease,
    identity,
    log,
    onChange: (leading) => (leading ? manager.begin() : void manager.end()),
  });
  const writer = createApiWriter({ api, mayWrite: election.assertLeading });
  const namespaces = createNamespaceLabeller({
    view,
    effectiveMode: judge.modeOf,
    ownNamespace: names.namespace,
    writer,
    log,
  });
  const nodes = createNodeLabeller({ view, bandOf: deps.bandOf, taintedBands: deps.taintedBands, api, writer, log });
  const enforces = (namespace: NamespaceRecord) => judge.modeOf(namespace) === 'enforce';
  const someEnforce = () => [...view.namespaces()].some(enforces);
  let hasEnforced = false;
  const nudger = createOwnerNudger({
    api,
    writer,
    wouldAdmit: judge.wouldAdmit,
    // Once is enough: a namespace that enforces no more has owners that are stuck all the same.
    mayDeny() {
      hasEnforced ||= someEnforce();
      return hasEnforced;
    },
    now: Date.now,
    log,
  });
  const teller = createDenialTeller({
    api,
    writer,
    mayDeny: someEnforce,
    denies(name) {
      const namespace = view.namespace(name);
      return namespace !== undefined && enforces(namespace);
    },
    instance: identity,
    now: Date.now,
    log,
  });
  const reporter = createPolicyReporter({
    namespaces: view.namespaces,
    mistakesOf: judge.mistakesOf,
    unenforceableOf: judge.unenforceableOf,
    known: () => listKnown(deps.snapshot()),
    ownNamespace: names.namespace,
    instance: identity,
    writer,
    now: Date.now,
    log,
  });
  const meter = createCarbonMeter({
    api,
    namespaces: view.namespaces,
    homeOf: judge.homeOf,
    snapshot: deps.snapshot,
    now: Date.now,
    log,
  });
  const certificates = deps.keepsCertificates ? certificatesController(deps, writer) : undefined;
  // A configuration that is new or was edited by hand has its bundle back at once.
  const bundles =
    certificates &&
    watchWebhookBundles({ api, configurations: names.configurations, log, onChange: certificates.changed });
  bundles?.start().catch(() => {}); // rejected only when stopped before the first list
  const controllers: readonly Controller[] = [
    refresher.controllerFor(writer),
    namespaces,
    nodes,
    nudger,
    teller,
    reporter,
    meter,
    ...(certificates ? [certificates] : []),
  ];
  let isStopping = false;
  const manager = createManager(controllers, () => election.isLeader() && !isStopping);
  let knownRegions = '';

  function changed(change: Change): void {
    manager.changed(change);
    if (change !== 'snapshot') return;
    const names = deps.snapshot().regions.map(({ name }) => name);
    if (names.join() !== knownRegions) manager.changed('known-regions');
    knownRegions = names.join();
  }

  // What the controllers look at must be there before the first of them acts on what is missing.
  const synced = view.start().then(election.start, () => {});
  return {
    isLeader: election.isLeader,
    changed,
    malformedPolicies: reporter.malformed,
    unenforceable: reporter.unenforceable,
    carbon: meter.carbon,
    lastEventAt: () => joinLastEvents([manager.lastEventAt(), bundles?.lastEventAt()]),
    async stop() {
      isStopping = true; // the lease may still be won while the controllers end
      await manager.end();
      await synced;
      await Promise.all([election.stop(), bundles?.stop()]);
    },
  };
}

function certificatesController({ api, names, log }: ControllersDeps, writer: ReturnType<typeof createApiWriter>) {
  const { namespace, hosts, authoritySecret, leafSecret, configurations } = names;
  return createCertificatesController({
    api,
    writer,
    names: { namespace, hosts, secrets: { authority: authoritySecret, leaf: leafSecret }, configurations },
    lifetimes: DEFAULT_LIFETIMES,
    clock: Date.now,
    log,
  });
}
