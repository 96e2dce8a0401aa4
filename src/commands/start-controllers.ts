import type { ApiClient } from '../cluster/api-client.ts';
import { createApiWriter } from '../cluster/api-writer.ts';
import type { ClusterView } from '../cluster/cluster-view.ts';
import { makeIdentity } from '../cluster/election-identity.ts';
import { createLeaderElection } from '../cluster/leader-election.ts';
import { watchWebhookBundles } from '../cluster/webhook-bundles.ts';
import { createCertificatesController, DEFAULT_LIFETIMES } from '../controllers/certificates/controller.ts';
import { createNamespaceLabeller } from '../controllers/namespace-labeller/controller.ts';
import { createNodeLabeller } from '../controllers/node-labeller/controller.ts';
import { createOwnerNudger } from '../controllers/owner-nudger/controller.ts';
import type { NamespaceRecord } from '../decision/namespace-record.ts';
import type { Pod } from '../decision/pod.ts';
import type { Mode } from '../decision/policy.ts';
import type { Band } from '../regions/band.ts';
import type { Log } from '../telemetry/log.ts';
import type { InstalledNames } from './installed-names.ts';
import type { LiveRefresher } from './live-refresher.ts';

interface ControllersDeps {
  readonly api: ApiClient;
  readonly view: ClusterView;
  readonly names: InstalledNames;
  readonly podName: string | undefined;
  readonly refresher: LiveRefresher;
  readonly keepsCertificates: boolean;
  readonly taintsNodes: boolean;
  readonly bandOf: (region: string) => Band | undefined;
  /** What a namespace's annotations come to, whatever the kill switch says. */
  readonly modeOf: (namespace: NamespaceRecord) => Mode;
  readonly wouldAdmit: (pod: Pod, namespace: string) => boolean;
  readonly log: Log;
}

export interface Controllers {
  isLeader(): boolean;
  namespacesChanged(): void;
  nodesChanged(): void;
  regionsChanged(): void;
  /** After each new snapshot: bands and refusals may be others. */
  snapshotChanged(): void;
  stop(): Promise<void>;
}

interface Controller {
  start(): void;
  stop(): Promise<void>;
}

/** Runs for the lease; the controllers work while this replica leads, and every write asks whether it still does. */
export function startControllers(deps: ControllersDeps): Controllers {
  const { api, view, names, refresher, log } = deps;
  const election = createLeaderElection({
    api,
    namespace: names.namespace,
    name: names.lease,
    identity: makeIdentity(deps.podName),
    log,
    onChange: (leading) => (leading ? begin() : void end()),
  });
  const writer = createApiWriter({ api, mayWrite: election.assertLeading });
  const namespaces = createNamespaceLabeller({
    view,
    effectiveMode: deps.modeOf,
    ownNamespace: names.namespace,
    writer,
    log,
  });
  const nodes = createNodeLabeller({ view, bandOf: deps.bandOf, taint: deps.taintsNodes, api, writer, log });
  const nudger = createOwnerNudger({
    api,
    writer,
    wouldAdmit: deps.wouldAdmit,
    mayDeny: () => [...view.namespaces()].some((namespace) => deps.modeOf(namespace) === 'enforce'),
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
    ...(certificates ? [certificates] : []),
  ];
  /** One change after the other: what ends has ended before it begins again. */
  let changing = Promise.resolve();

  function begin(): void {
    changing = changing.then(() => {
      if (election.isLeader()) for (const controller of controllers) controller.start();
    });
  }

  function end(): Promise<void> {
    changing = changing.then(async () => void (await Promise.all(controllers.map((one) => one.stop()))));
    return changing;
  }

  // What the controllers look at must be there before the first of them acts on what is missing.
  const synced = view.start().then(election.start, () => {});
  return {
    isLeader: election.isLeader,
    namespacesChanged: namespaces.changed,
    nodesChanged: nodes.changed,
    regionsChanged: refresher.regionsChanged,
    snapshotChanged() {
      nodes.changed();
      nudger.changed();
    },
    async stop() {
      await end();
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
