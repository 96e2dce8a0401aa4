import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { applyObjects, CONTROLLERS_ACCOUNT, untilGuarded } from '../cluster/controllers-account.ts';
import { type Component, type Rendered, renderWith } from '../cluster/rendered-manifests.ts';
import { hostAddress } from '../control-plane/host-address.ts';
import type { NodeSpec } from '../control-plane/nodes.ts';
import { type ControlPlaneOptions, startControlPlane } from '../control-plane/start.ts';
import { type GridgateProcess, startGridgate } from '../process/gridgate-process.ts';
import { nodesIn, prefixed } from './objects.ts';

export const ACCOUNTS = {
  webhook: 'system:serviceaccount:gridgate-system:gridgate',
  controllers: CONTROLLERS_ACCOUNT,
} as const;
export type Role = keyof typeof ACCOUNTS;

export const SYSTEM = '/api/v1/namespaces/gridgate-system';
export const REGIONS_PATH = '/apis/gridgate.dev/v1alpha1/regions';
export const SLICES = '/apis/discovery.k8s.io/v1/namespaces/gridgate-system/endpointslices';
const MERGE_PATCH = { 'content-type': 'application/merge-patch+json' };
const READY_MS = 120_000;
const LONGEST_ANSWER_MS = 10_000;

export interface LiveOptions {
  /** Specs by region. */
  readonly regions: Readonly<Record<string, object>>;
  /** Three in each region unless told otherwise. */
  readonly nodes?: readonly NodeSpec[];
  /** The contents of gridgate.yaml. */
  readonly config?: object;
  readonly env?: Readonly<Record<string, string>>;
  readonly flags?: NonNullable<ControlPlaneOptions['flags']>;
  readonly resourceMetrics?: boolean;
  /** Accounts beside those of the replicas that `controlPlane.kubeconfigFor` knows. */
  readonly users?: readonly string[];
  readonly certificateFrom?: number;
  /** The compiled program, as users run it, instead of the sources. */
  readonly compiled?: boolean;
  /** How many replicas of each role. */
  readonly replicas?: Partial<Record<Role, number>>;
  /** Of the opt-in components, beside the base. */
  readonly components?: readonly Component[];
  /** What is installed and runs first: this one unless told otherwise. */
  readonly release?: Release;
}

/** One of gridgate's releases: its program (`main.js`) and the folder of its manifests. */
export interface Release {
  readonly program?: string;
  readonly manifests?: string;
}

export type LiveCluster = Awaited<ReturnType<typeof startLiveCluster>>;

/**
 * A control plane with gridgate installed from its real base manifests, as after `kubectl apply -k`: real accounts, its own
 * certificates, the real Service. What its two Deployments would run is played by processes of ours.
 */
export async function startLiveCluster(options: LiveOptions) {
  const {
    regions,
    config = { sources: [] },
    env = {},
    replicas = {},
    flags = {},
    resourceMetrics = false,
    users = [],
    compiled = false,
  } = options;
  const { nodes = nodesIn(Object.keys(regions)), components = [], release = {} } = options;
  await using cleanup = new AsyncDisposableStack();
  const processes: { readonly role: Role; readonly instance: GridgateProcess }[] = [];
  cleanup.defer(async () => void (await Promise.all(processes.map(({ instance }) => instance.end('SIGKILL')))));
  const controlPlane = await startControlPlane({
    users: [...Object.values(ACCOUNTS), ...users].map((name) => ({ name })),
    resourceMetrics,
    ...(options.certificateFrom !== undefined && { certificateFrom: options.certificateFrom }),
    // Services lead to their endpoints without a network of pods.
    flags: {
      ...flags,
      'kube-apiserver': ['--enable-aggregator-routing=true', ...(flags['kube-apiserver'] ?? [])],
    },
  });
  cleanup.defer(controlPlane.stop);
  const { request, waitFor } = controlPlane;
  const configFile = join(controlPlane.dir, 'gridgate.yaml');
  writeFileSync(configFile, stringify(config));

  await install(release);
  for (const [name, spec] of Object.entries(regions))
    await send('POST', REGIONS_PATH, { apiVersion: 'gridgate.dev/v1alpha1', kind: 'Region', metadata: { name }, spec });
  await controlPlane.addNodes(nodes);

  /** One more replica, ready; the Service leads to it where it answers reviews, and the API server reaches one by then. */
  async function startReplicaOf(
    { program }: Release,
    role: Role,
    ...more: readonly string[]
  ): Promise<GridgateProcess> {
    const instance = await startGridgate({
      program,
      args: [
        ...['--roles', role, '--kubeconfig', controlPlane.kubeconfigFor(ACCOUNTS[role]), '--config', configFile],
        ...['--host', hostAddress(), '--metrics-host', '127.0.0.1', '--shutdown-delay', '0', ...more],
      ],
      env,
      compiled,
    });
    processes.push({ role, instance });
    await waitFor(`a replica of ${role} to be ready`, () => isReady(instance), READY_MS);
    if (role === 'webhook') {
      await send('POST', SLICES, sliceFor(instance));
      await waitFor('the API server to reach a webhook', isReached);
    }
    return instance;
  }

  /** It hears of an EndpointSlice by a watch: until then nobody is asked, and a namespace gets its label later. */
  async function isReached(): Promise<true | undefined> {
    const metadata = { name: 'asks', annotations: prefixed({ mode: 'audit' }) };
    const { body } = await request('POST', '/api/v1/namespaces?dryRun=All', { metadata });
    return body.metadata?.labels?.['gridgate.dev/managed'] === 'true' || undefined;
  }

  const startReplica = (role: Role, ...more: readonly string[]) => startReplicaOf(release, role, ...more);

  /** All of a release but what has pods, as `kubectl apply -k` sends it. */
  async function install({ manifests }: Release): Promise<void> {
    const objects = await renderWith(controlPlane, 'base', components, manifests);
    await applyObjects(
      controlPlane,
      objects.filter(({ kind }) => kind !== 'Deployment' && kind !== 'CronJob'),
    );
    await untilGuarded(controlPlane);
    await waitFor('the Region resource', async () => (await request('GET', REGIONS_PATH)).status === 200 || undefined);
  }

  /** Those that were started, also when they have ended since. */
  function replicasOf(role: Role): readonly GridgateProcess[] {
    return processes.filter((one) => one.role === role).map(({ instance }) => instance);
  }

  /** That of the controllers that leads, once one does. */
  function leader(): Promise<GridgateProcess> {
    return waitFor('a leader', async () => {
      for (const one of replicasOf('controllers')) if (await leads(one)) return one;
      return undefined;
    });
  }

  async function send(method: string, path: string, body?: unknown, headers?: Record<string, string>) {
    const answer = await request(method, path, body, headers);
    assert.ok(answer.status < 300, `${method} ${path} answers ${answer.status}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  for (let i = 0; i < (replicas.controllers ?? 1); i++) await startReplica('controllers');
  for (let i = 0; i < (replicas.webhook ?? 1); i++) await startReplica('webhook');

  const owned = cleanup.move();
  return {
    controlPlane,
    configFile,
    request,
    waitFor,
    kubectl: controlPlane.kubectl,
    /** Rejects on an error status. */
    send,
    patch: (path: string, body: unknown) => send('PATCH', path, body, MERGE_PATCH),
    startReplica,
    startReplicaOf,
    /** Of another release, over the one that is there. */
    install,
    replicas: replicasOf,
    leader,
    /** Of two controllers. */
    async leaderFirst(): Promise<readonly [GridgateProcess, GridgateProcess]> {
      const first = await leader();
      const other = replicasOf('controllers').find((one) => one !== first);
      assert.ok(other);
      return [first, other];
    },
    /** Creates a namespace (annotations without their prefix) and waits until pods may come. */
    async createNamespace(name: string, annotations: Readonly<Record<string, string>> = {}): Promise<Rendered> {
      const metadata = { name, annotations: prefixed(annotations) };
      const created = await send('POST', '/api/v1/namespaces', { metadata });
      await waitFor(`the account of ${name}`, async () => {
        const { status } = await request('GET', `/api/v1/namespaces/${name}/serviceaccounts/default`);
        return status === 200 || undefined;
      });
      return created;
    },
    region: (name: string): Promise<Rendered> => send('GET', `${REGIONS_PATH}/${name}`),
    stop: () => owned.disposeAsync(),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Whether it says that it leads; one that has ended or is stopped leads no more. */
export async function leads({ operators }: Pick<GridgateProcess, 'operators'>): Promise<boolean> {
  const signal = AbortSignal.timeout(LONGEST_ANSWER_MS);
  const text = await fetch(`${operators}/metrics`, { signal })
    .then((answer) => answer.text())
    .catch(() => '');
  return /^gridgate_leader 1$/m.test(text);
}

export function sliceFor({ webhook, pid }: Pick<GridgateProcess, 'webhook' | 'pid'>): Rendered {
  const { hostname, port } = new URL(webhook);
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: `gridgate-${pid}`, labels: { 'kubernetes.io/service-name': 'gridgate' } },
    addressType: 'IPv4',
    endpoints: [{ addresses: [hostname], conditions: { ready: true } }],
    ports: [{ name: 'https', port: Number(port), protocol: 'TCP' }],
  };
}

async function isReady({ operators }: GridgateProcess): Promise<true | undefined> {
  return (await fetch(`${operators}/readyz`)).ok || undefined;
}
