import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ApiClient } from './api-client.ts';
import { planApiServer, startApiServer } from './api-server.ts';
import type { Binary } from './assets.ts';
import { findAssets } from './assets.ts';
import type { Component, Launcher } from './component.ts';
import { startComponent } from './component.ts';
import type { IssuedUser, User } from './credentials.ts';
import { issueToken, writeKubeconfig } from './credentials.ts';
import { planEtcd, startEtcd } from './etcd.ts';
import { startGuardian } from './guardian.ts';
import { installKarpenter, type KarpenterOptions, runKarpenter } from './karpenter.ts';
import type { KubectlResult } from './kubectl.ts';
import { runKubectl } from './kubectl.ts';
import { planResourceMetrics, runMetricsServer } from './metrics-server.ts';
import type { NodeSpec } from './nodes.ts';
import { createNodes, waitUntilSchedulable } from './nodes.ts';
import type { Poll } from './poll.ts';
import { pollUntil } from './poll.ts';
import type { Image } from './process-kubelet/container.ts';
import { type Kubelet, leftToKubelet, ownImage, serveLogs, startKubelet } from './process-kubelet/kubelet.ts';
import { type Family, planPodNetwork } from './process-kubelet/pod-network.ts';
import type { Worker } from './workers.ts';
import { WORKERS, workerFlags, workerUser } from './workers.ts';

const ADMIN: User = { name: 'admin', groups: ['system:masters'] };
/** Long: what died fails at once, and an API server that starts on a busy machine takes more than a minute. */
const DEADLINE_MS = 240_000;

export type ControlPlaneOptions = {
  /** Which workers run beside etcd and the API server; all of them unless told otherwise. */
  readonly workers?: readonly Worker[];
  /** More flags by binary, after our own: lists (`--disable-admission-plugins`) and maps (`--runtime-config`) add up. */
  readonly flags?: { readonly [name in Binary]?: readonly string[] };
  /** Users besides the admin, who get a token and, through `kubeconfigFor`, a kubeconfig; what they may do is up to RBAC. */
  readonly users?: readonly User[];
  /** What `startMetricsServer` needs: KWOK also answers what pods use (see `usage`), and the API server takes aggregated APIs. */
  readonly resourceMetrics?: boolean;
  /** From when on, in epoch milliseconds, the API server's certificate is valid: others may live by an earlier clock. */
  readonly certificateFrom?: number;
  /** Pods with the label `app.kubernetes.io/name: gridgate` really run, as processes: see `process-kubelet`. Needs root and `ip`. */
  readonly pods?: PodsOptions;
  /** For each step of the start, and the default of `waitFor`. */
  readonly deadlineMs?: number;
};

export type PodsOptions = {
  /** The folder of an image (`package.json` and `dist` in it), `undefined` where there is no such image; ours for every name that ends in `gridgate:TAG`. */
  readonly imageOf?: (name: string) => Image | undefined;
  /** Of the addresses of pods, and of the cluster; IPv4 unless told otherwise. */
  readonly family?: Family;
};

export type ControlPlane = AsyncDisposable & {
  readonly url: string;
  /** The admin's kubeconfig file. */
  readonly kubeconfig: string;
  readonly adminToken: string;
  readonly caFile: string;
  /** Holds everything, the components' logs (`<binary>.log`) too; removed by `stop`. */
  readonly dir: string;
  /** The audit log's file, for `readAuditLog`. */
  readonly auditLog: string;
  readonly kubectl: (args: readonly string[], input?: string) => Promise<KubectlResult>;
  /** A request with the admin's token over kept-alive connections; see `ApiClient`. */
  readonly request: ApiClient['request'];
  /** Adds nodes and, where kwok runs, waits until they take pods. */
  readonly addNodes: (nodes: readonly NodeSpec[]) => Promise<void>;
  /** Polls until `probe` answers something else than undefined; rejects at the deadline or when a component has died. */
  readonly waitFor: <T>(what: string, probe: Poll<T>['probe'], deadlineMs?: number) => Promise<T>;
  readonly kubeconfigFor: (userName: string) => string;
  /** What really runs; only with the option `pods`. */
  readonly kubelet: Kubelet | undefined;
  /** The CRDs of Karpenter alone: what a cluster has before Karpenter runs. */
  readonly installKarpenter: () => Promise<void>;
  /** The real Karpenter with its provider of KWOK nodes; resolves once it provisions. Its end, or that of the control plane, ends it. */
  readonly startKarpenter: (options?: KarpenterOptions) => Promise<Pick<Component, 'stop'>>;
  /**
   * The real metrics-server, which scrapes every 10 s; needs `resourceMetrics`. Resolves once its API answers: pods that run by
   * then have metrics after two scrapes. Stopping it leaves its APIService, dead, and no namespace is deleted until it is started
   * again.
   */
  readonly startMetricsServer: () => Promise<Pick<Component, 'stop'>>;
  /** Same port, data and certificates; resolves when it is ready again. */
  readonly restartApiServer: () => Promise<void>;
  /** etcd is stopped for as long as the work takes; resolves when it answers again, with the same data. */
  readonly withoutEtcd: (work: () => Promise<unknown>) => Promise<void>;
  readonly stop: () => Promise<void>;
};

/** Starts a real Kubernetes control plane on loopback; rejects, with nothing left running, when a part does not come up. */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const {
    workers = WORKERS,
    flags = {},
    users = [],
    resourceMetrics = false,
    pods,
    deadlineMs = DEADLINE_MS,
  } = options;
  const podFamily = pods && (pods.family ?? 'IPv4');
  await using cleanup = new AsyncDisposableStack();
  const launcher = prepare(cleanup);
  const admin = issueToken(ADMIN);
  const issuedUsers = [admin, ...[...workers.map(workerUser), ...users].map(issueToken)];

  const etcdPlan = await planEtcd(launcher.dir, flags.etcd ?? []);
  let etcd = await startEtcd(launcher, etcdPlan, deadlineMs);
  cleanup.defer(() => etcd.stop());

  const metrics = resourceMetrics ? await planResourceMetrics(launcher.dir) : undefined;
  const plan = await planApiServer(launcher.dir, {
    etcdUrl: etcdPlan.url,
    users: issuedUsers,
    hasControllerManager: workers.includes('kube-controller-manager'),
    certificateFrom: options.certificateFrom,
    podFamily,
    extraFlags: [...(metrics?.apiServerFlags ?? []), ...(flags['kube-apiserver'] ?? [])],
  });
  let { apiServer, client } = await startApiServer(launcher, plan, admin, deadlineMs);
  cleanup.defer(() => {
    client.disconnect();
    return apiServer.stop();
  });

  const logServer = pods && (await serveLogs(() => kubelet?.pods() ?? []));
  cleanup.defer(() => logServer?.close());
  const kubeconfigFor = writeKubeconfigs(launcher.dir, issuedUsers, plan);
  const running = workers.map((worker) =>
    startComponent(launcher, worker, [
      ...workerFlags(worker, kubeconfigFor(workerUser(worker).name), plan.caFile),
      ...((worker === 'kwok' && logServer && leftToKubelet(logServer)) || []),
      ...((worker === 'kwok' && metrics?.kwokFlags) || []),
      ...(flags[worker] ?? []),
    ]),
  );
  cleanup.defer(async () => void (await Promise.all(running.map((component) => component.stop()))));

  const kubelet =
    podFamily &&
    startKubelet({
      launcher,
      request: (...args) => client.request(...args),
      network: planPodNetwork(podFamily, plan.port),
      apiServerPort: plan.port,
      imageOf: pods?.imageOf ?? ownImage,
    });
  cleanup.defer(async () => void (await kubelet?.stop()));

  const failure = () => firstFailure([etcd, apiServer, ...running]);
  const kubeconfig = kubeconfigFor(ADMIN.name);
  const crds = () => installKarpenter(client, launcher.binDir, { deadlineMs, failure });
  const waitFor: ControlPlane['waitFor'] = (what, probe, ms = deadlineMs) =>
    pollUntil({ what, probe, deadlineMs: ms, failure });
  if (workers.includes('kube-controller-manager')) await waitForDefaultServiceAccount(waitFor, client);

  const owned = cleanup.move();
  const stop = () => owned.disposeAsync();
  return {
    url: plan.url,
    kubeconfig,
    adminToken: admin.token,
    caFile: plan.caFile,
    dir: launcher.dir,
    auditLog: plan.auditLog,
    kubectl: (args, input) => runKubectl(launcher, kubeconfig, args, input),
    request: (...args) => client.request(...args),
    async addNodes(nodes) {
      await createNodes(client, nodes);
      if (workers.includes('kwok')) await waitUntilSchedulable(client, nodes, { deadlineMs, failure });
    },
    waitFor,
    kubeconfigFor,
    kubelet,
    installKarpenter: crds,
    async startKarpenter(options = {}) {
      await crds();
      const karpenter = await runKarpenter(launcher, kubeconfig, options);
      running.push(karpenter);
      return karpenter;
    },
    async startMetricsServer() {
      if (!metrics) throw new Error('metrics-server needs a control plane started with resourceMetrics: true');
      const metricsServer = await runMetricsServer(launcher, kubeconfig, metrics, client, { deadlineMs, failure });
      running.push(metricsServer);
      return metricsServer;
    },
    async restartApiServer() {
      client.disconnect();
      await apiServer.stop();
      ({ apiServer, client } = await startApiServer(launcher, plan, admin, deadlineMs));
    },
    async withoutEtcd(work) {
      await etcd.stop();
      try {
        await work();
      } finally {
        etcd = await startEtcd(launcher, etcdPlan, deadlineMs);
      }
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** The folder, and the guardian that removes it and kills what is left, whatever becomes of this process. */
function prepare(cleanup: AsyncDisposableStack): Launcher {
  const assets = findAssets();
  if ('missing' in assets) throw new Error(`cannot start a control plane: ${assets.missing}`);
  const dir = mkdtempSync(join(tmpdir(), 'gridgate-control-plane-'));
  const guardian = startGuardian(dir);
  cleanup.defer(guardian.end);
  return { binDir: assets.dir, dir, guardian };
}

function writeKubeconfigs(dir: string, users: readonly IssuedUser[], cluster: { url: string; caFile: string }) {
  const files = new Map(users.map((user) => [user.name, writeKubeconfig(dir, user, cluster)]));
  return (userName: string): string => {
    const file = files.get(userName);
    if (file === undefined)
      throw new Error(`no user ${userName}; the control plane knows ${[...files.keys()].join(', ')}`);
    return file;
  };
}

function firstFailure(components: readonly Component[]): Error | undefined {
  return components.map((component) => component.failure()).find((failure) => failure !== undefined);
}

/** A pod that comes before its namespace's account is refused. */
async function waitForDefaultServiceAccount(waitFor: ControlPlane['waitFor'], client: ApiClient): Promise<void> {
  await waitFor('the default service account', async () => {
    const { status } = await client.request('GET', '/api/v1/namespaces/default/serviceaccounts/default');
    return status === 200 ? true : undefined;
  });
}
