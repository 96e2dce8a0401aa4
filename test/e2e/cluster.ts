import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureDevCertificate } from '../../src/certs/dev-certificate.ts';
import { REGION_LABEL } from '../builders.ts';
import { ACCOUNT_KINDS, CONTROLLERS_ACCOUNT } from '../cluster/controllers-account.ts';
import { type Overlay, ofKind, type Rendered, render } from '../cluster/rendered-manifests.ts';
import { findAssets } from '../control-plane/assets.ts';
import type { NodeSpec } from '../control-plane/nodes.ts';
import { type ControlPlaneOptions, startControlPlane } from '../control-plane/start.ts';
import { type GridgateProcess, startGridgate } from '../process/gridgate-process.ts';
import { deployment, nodesIn, prefixed } from './objects.ts';
import { REGIONS, type Regions, writeRegions } from './regions-file.ts';

export const SERVICE_ACCOUNT = 'system:serviceaccount:gridgate-system:gridgate';
const MERGE_PATCH = { 'content-type': 'application/merge-patch+json' };
const WEBHOOKS = ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'];
/** What gridgate's own Deployment would run from is played by processes of ours. */
const INSTALLED = [...ACCOUNT_KINDS, 'PriorityClass'];
const REGION = { apiVersion: 'gridgate.dev/v1alpha1', kind: 'Region' };
const REGION_RESOURCES = '/apis/gridgate.dev/v1alpha1/regions';
const READY_MS = 120_000;

const assets = findAssets();
/** Why the tests of a file are skipped; `false` where there is a control plane. */
export const skip: string | false = 'missing' in assets && assets.missing;

export interface ClusterOptions {
  readonly overlay?: Overlay;
  readonly regions?: Regions;
  /** Regions as resources, with what a leader that is not there has written to their status, instead of a file of them. */
  readonly observed?: Readonly<Record<string, object>>;
  readonly nodes?: readonly NodeSpec[];
  /** More arguments of every `gridgate serve`. */
  readonly args?: readonly string[];
  /** Of every `gridgate serve`. */
  readonly env?: Readonly<Record<string, string>>;
  readonly flags?: NonNullable<ControlPlaneOptions['flags']>;
  /** Namespaces from before gridgate came, with their annotations. */
  readonly earlier?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** A pod's review as gridgate logged it. */
export interface LoggedReview {
  readonly endpoint: string;
  readonly namespace: string;
  /** The pod's controller, or the pod: `ReplicaSet/web-5d7f`. */
  readonly owner: string;
  readonly decision: string;
  readonly reason: string;
  readonly dryRun?: boolean;
}

/** A control plane, its nodes, and gridgate as its real manifests register it. */
export type Cluster = Awaited<ReturnType<typeof startCluster>>;

/** Starts everything and waits until the API server calls gridgate; leaves nothing running when a part does not start. */
export async function startCluster(options: ClusterOptions = {}) {
  const {
    overlay = 'base',
    regions = REGIONS,
    observed,
    nodes = nodesIn(Object.keys(observed ?? regions)),
    args = [],
    earlier = {},
  } = options;
  await using cleanup = new AsyncDisposableStack();
  const instances: GridgateProcess[] = [];
  let probes = 0;
  // The API server goes first: nothing is to be drained then.
  cleanup.defer(async () => void (await Promise.all(instances.map((instance) => instance.end()))));
  const users = [{ name: SERVICE_ACCOUNT }, { name: CONTROLLERS_ACCOUNT }];
  const controlPlane = await startControlPlane({ users, flags: options.flags ?? {} });
  cleanup.defer(controlPlane.stop);
  const { waitFor } = controlPlane;
  const kubeconfig = controlPlane.kubeconfigFor(SERVICE_ACCOUNT);

  const certDir = join(controlPlane.dir, 'webhook-certs');
  const { caFile } = await ensureDevCertificate({ dir: certDir, clock: Date.now });
  const caBundle = readFileSync(caFile).toString('base64');
  const regionsFile = join(controlPlane.dir, 'regions.yaml');
  writeRegions(regionsFile, regions);
  const manifests = await render(controlPlane, overlay);
  await apply(...ofKind(manifests, ...INSTALLED));
  if (observed) await createRegions(observed);
  await controlPlane.addNodes(nodes);
  for (const [name, annotations] of Object.entries(earlier)) await createNamespace(name, annotations);

  const gridgate = await startInstance();
  await pointWebhooksAt(gridgate.webhook, gridgate);

  async function send(method: string, path: string, body?: unknown, headers?: Record<string, string>) {
    const answer = await controlPlane.request(method, path, body, headers);
    assert.ok(answer.status < 300, `${method} ${path} answers ${answer.status}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  async function apply(...objects: readonly Rendered[]): Promise<void> {
    const input = objects.map((object) => JSON.stringify(object)).join('\n---\n');
    const { code, stderr } = await controlPlane.kubectl(['apply', '-f', '-'], input);
    assert.equal(code, 0, stderr);
  }

  async function createRegions(statuses: Readonly<Record<string, object>>): Promise<void> {
    await apply(...ofKind(manifests, 'CustomResourceDefinition'));
    await waitFor('the Region resource', async () => {
      return (await controlPlane.request('GET', REGION_RESOURCES)).status === 200 || undefined;
    });
    for (const [name, status] of Object.entries(statuses)) {
      await send('POST', REGION_RESOURCES, { ...REGION, metadata: { name }, spec: {} });
      await send('PATCH', `${REGION_RESOURCES}/${name}/status`, { status }, MERGE_PATCH);
    }
  }

  /** One more gridgate, ready; an argument given here wins over the usual one. */
  async function startInstance(...more: readonly string[]): Promise<GridgateProcess> {
    const files = {
      ...{ '--kubeconfig': kubeconfig, '--cert-dir': certDir },
      ...(!observed && { '--regions': regionsFile }),
    };
    const strict = overlay === 'strict' ? ['--check-bindings'] : [];
    const instance = await startGridgate({
      ...(options.env && { env: options.env }),
      args: [
        '--roles',
        'webhook',
        ...Object.entries(files).flat(),
        '--shutdown-delay',
        '0',
        ...strict,
        ...args,
        ...more,
      ],
    });
    instances.push(instance);
    await waitFor('gridgate to be ready', () => isReady(instance), READY_MS);
    return instance;
  }

  /** Registers the real configurations with this origin in place of the Service, and waits until it leads to one of `reached`. */
  async function pointWebhooksAt(origin: string, ...reached: readonly GridgateProcess[]): Promise<void> {
    const heardBefore = new Map(reached.map(({ log }) => [log, log.length]));
    const hasHeard = (path: string) =>
      [...heardBefore].some(([log, from]) => log.slice(from).some(({ endpoint }) => endpoint === path)) || undefined;
    const configurations = structuredClone(ofKind(manifests, ...WEBHOOKS));
    for (const hook of configurations.flatMap(({ webhooks }) => webhooks))
      hook.clientConfig = { url: `${origin}${hook.clientConfig.service.path}`, caBundle };
    await apply(...configurations);

    const name = `probe-${probes++}`;
    const namespace = { metadata: { name, annotations: prefixed({ mode: 'audit' }) } };
    await waitFor('the mutating webhooks to count', async () => {
      await send('POST', '/api/v1/namespaces?dryRun=All', namespace);
      return hasHeard('/namespaces');
    });
    await send('POST', '/api/v1/namespaces', namespace);
    await waitFor('the validating webhooks to count', async () => {
      await send('POST', `/apis/apps/v1/namespaces/${name}/deployments?dryRun=All`, deployment('probe', 1));
      return hasHeard('/validate');
    });
    await send('DELETE', `/api/v1/namespaces/${name}`);
  }

  /** Creates a namespace (annotations without their prefix) and waits until pods may come. */
  async function createNamespace(name: string, annotations: Readonly<Record<string, string>> = {}) {
    const created = await send('POST', '/api/v1/namespaces', {
      metadata: { name, annotations: prefixed(annotations) },
    });
    await waitFor(`the account of ${name}`, async () => {
      const { status } = await controlPlane.request('GET', `/api/v1/namespaces/${name}/serviceaccounts/default`);
      return status === 200 || undefined;
    });
    return created;
  }

  /** Replaces the regions file, as an operator would, and waits until every instance has read it. */
  async function setRegions(next: Regions): Promise<void> {
    const reloads = () => instances.map(({ log }) => log.filter(({ msg }) => msg === 'file reloaded').length);
    const before = reloads();
    if (!writeRegions(regionsFile, next)) return;
    await waitFor(
      'gridgate to reload the regions',
      () => instances.every((instance, i) => hasEnded(instance) || (reloads()[i] ?? 0) > (before[i] ?? 0)) || undefined,
    );
  }

  const owned = cleanup.move();
  return {
    controlPlane,
    waitFor,
    kubectl: controlPlane.kubectl,
    /** Rejects on an error status. */
    send,
    gridgate,
    startInstance,
    pointWebhooksAt,
    createNamespace,
    setRegions,
    apply,
    manifests,
    caFile,
    stop: () => owned.disposeAsync(),

    patch: (path: string, body: unknown) => send('PATCH', path, body, MERGE_PATCH),

    /** What `kubectl create`, or another command that takes `-f`, says of an object. */
    submit: (object: Rendered, command: string, ...args: readonly string[]) =>
      controlPlane.kubectl([command, '-f', '-', ...args], JSON.stringify(object)),

    /** The answer, whatever its status. */
    createPod: (namespace: string, pod: object, headers?: Record<string, string>) =>
      controlPlane.request('POST', `/api/v1/namespaces/${namespace}/pods`, pod, headers),

    createDeployment: (namespace: string, ...parts: Parameters<typeof deployment>) =>
      send('POST', `/apis/apps/v1/namespaces/${namespace}/deployments`, deployment(...parts)),

    podsOf: async (namespace: string): Promise<Rendered[]> =>
      (await send('GET', `/api/v1/namespaces/${namespace}/pods`)).items,

    /** How many pods of a namespace are in which region, once this many have a node. */
    async regionsOf(namespace: string, count: number): Promise<Record<string, number>> {
      const regionOf = new Map(nodes.map(({ name, labels }) => [name, labels?.[REGION_LABEL] ?? labels?.['region']]));
      return waitFor(`${count} pods of ${namespace} to be scheduled`, async () => {
        const pods: Rendered[] = (await send('GET', `/api/v1/namespaces/${namespace}/pods`)).items;
        const placed = pods.filter(({ spec }) => spec.nodeName);
        if (placed.length < count) return undefined;
        const groups = Object.groupBy(placed, ({ spec }) => regionOf.get(spec.nodeName) ?? 'nowhere');
        return Object.fromEntries(Object.entries(groups).map(([region, group]) => [region, group?.length ?? 0]));
      });
    },

    /** The reviews of a namespace that gridgate logged so far. */
    reviews: (namespace: string, endpoint = '/mutate'): LoggedReview[] =>
      instances
        .flatMap(({ log }) => log as unknown as LoggedReview[])
        .filter((line) => line.endpoint === endpoint && line.namespace === namespace),

    /** The lines of one metric. */
    async metric(name: string): Promise<string[]> {
      const text = await (await fetch(`${gridgate.operators}/metrics`)).text();
      return text.split('\n').filter((line) => line.startsWith(name));
    },
  };
}

function hasEnded({ pid }: GridgateProcess): boolean {
  try {
    return !process.kill(pid, 0);
  } catch {
    return true;
  }
}

async function isReady({ operators }: GridgateProcess): Promise<true | undefined> {
  return (await fetch(`${operators}/readyz`)).ok || undefined;
}
