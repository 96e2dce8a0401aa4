import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ApiClient } from './api-client.ts';
import { type Component, type Launcher, startComponent } from './component.ts';
import { hostAddress } from './host-address.ts';
import { pollUntil } from './poll.ts';
import { findFreePort } from './ports.ts';

/** What a control plane must have from its start on, so that metrics-server finds something to measure and is listened to. */
export type ResourceMetricsPlan = {
  /** This machine's own: Kubernetes takes no loopback address for an endpoint. */
  readonly address: string;
  readonly apiServerFlags: readonly string[];
  readonly kwokFlags: readonly string[];
};

export type PodUsage = {
  /** Such as `250m`; of each of the pod's containers. */
  readonly cpu?: string;
  /** Such as `64Mi`; of each of the pod's containers. */
  readonly memory?: string;
};

const RESOLUTION_MS = 10_000;
export const POD_METRICS_PATH = '/apis/metrics.k8s.io/v1beta1/pods';
export const METRICS_API_SERVICE_PATH = '/apis/apiregistration.k8s.io/v1/apiservices/v1beta1.metrics.k8s.io';

const KWOK_CONFIG = fileURLToPath(new URL('kwok/resource-metrics.yaml', import.meta.url));
const SERVICE = { name: 'metrics-server', namespace: 'kube-system' } as const;
const PORT = { name: 'https', port: 443, protocol: 'TCP' } as const;
const IN_NAMESPACE = `namespaces/${SERVICE.namespace}`;
export const METRICS_SLICE_PATH = `/apis/discovery.k8s.io/v1/${IN_NAMESPACE}/endpointslices/${SERVICE.name}`;
const LIFETIME_MS = 24 * 3_600_000;

/**
 * Annotations by which a pod uses so much from the next scrape on, at any time (`kubectl annotate --overwrite`); 1m and 1Mi without
 * them. metrics-server shows a new pod after two scrapes, a change after one.
 */
export function usage({ cpu, memory }: PodUsage): Record<string, string> {
  return {
    ...(cpu !== undefined && { 'kwok.x-k8s.io/usage-cpu': cpu }),
    ...(memory !== undefined && { 'kwok.x-k8s.io/usage-memory': memory }),
  };
}

/** Where metrics-server asks KWOK about a node. */
export function resourceMetricsAnnotation(nodeName: string): Record<string, string> {
  return { 'metrics.k8s.io/resource-metrics-path': `/metrics/nodes/${nodeName}/metrics/resource` };
}

/** Writes the certificate by which aggregated API servers know ours, and chooses where KWOK's kubelets listen. */
export async function planResourceMetrics(dir: string): Promise<ResourceMetricsPlan> {
  const address = hostAddress();
  const kubeletPort = await findFreePort(address);
  const { certFile, keyFile } = await writeProxyCertificate(dir);
  return {
    address,
    apiServerFlags: [
      `--requestheader-client-ca-file=${certFile}`,
      '--requestheader-username-headers=X-Remote-User',
      '--requestheader-group-headers=X-Remote-Group',
      '--requestheader-extra-headers-prefix=X-Remote-Extra-',
      `--proxy-client-cert-file=${certFile}`,
      `--proxy-client-key-file=${keyFile}`,
      '--enable-aggregator-routing', // to endpoints: nothing here routes a cluster IP
    ],
    kwokFlags: [
      `--config=${KWOK_CONFIG}`,
      `--server-address=${address}:${kubeletPort}`,
      `--node-ip=${address}`,
      `--node-port=${kubeletPort}`,
    ],
  };
}

/** metrics-server as a process beside the control plane; resolves once the API server takes its API for available. */
export async function runMetricsServer(
  launcher: Launcher,
  kubeconfig: string,
  { address }: ResourceMetricsPlan,
  client: ApiClient,
  wait: { readonly deadlineMs: number; readonly failure: () => Error | undefined },
): Promise<Component> {
  const port = await findFreePort(address);
  const metricsServer = startComponent(launcher, 'metrics-server', [
    `--kubeconfig=${kubeconfig}`,
    `--authentication-kubeconfig=${kubeconfig}`,
    `--authorization-kubeconfig=${kubeconfig}`,
    `--bind-address=${address}`,
    `--secure-port=${port}`,
    `--cert-dir=${join(launcher.dir, 'metrics-server-certs')}`,
    `--metric-resolution=${RESOLUTION_MS / 1000}s`, // it takes nothing shorter
    '--kubelet-request-timeout=5s', // must be shorter than that
    '--kubelet-insecure-tls',
    '--kubelet-use-node-status-port',
    '--kubelet-preferred-address-types=InternalIP',
  ]);
  const until = (what: string, probe: () => Promise<true | undefined>) =>
    pollUntil({ ...wait, what, probe, failure: () => metricsServer.failure() ?? wait.failure() });
  try {
    await until('metrics-server to listen', () => isListening(address, port));
    // The API server looks at once when an endpoint changes, and else, after failures, up to half a minute later.
    await register(client, address, port);
    await until('the API of metrics-server to be available', async () => (await isAvailable(client)) || undefined);
    return metricsServer;
  } catch (error) {
    await metricsServer.stop();
    throw error;
  }
}

async function isListening(address: string, port: number): Promise<true> {
  const socket = connect(port, address);
  await once(socket, 'connect');
  socket.destroy();
  return true;
}

async function isAvailable(client: ApiClient): Promise<boolean> {
  const { body } = await client.request('GET', METRICS_API_SERVICE_PATH);
  const conditions: readonly { type: string; status: string }[] = body.status?.conditions ?? [];
  return conditions.some(({ type, status }) => type === 'Available' && status === 'True');
}

/** As its own manifests do, with an endpoint that is a process in the place of a pod. */
async function register(client: ApiClient, address: string, port: number): Promise<void> {
  await apply(client, `/api/v1/${IN_NAMESPACE}/services/${SERVICE.name}`, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: SERVICE,
    spec: { ports: [PORT] },
  });
  await apply(client, METRICS_SLICE_PATH, {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { ...SERVICE, labels: { 'kubernetes.io/service-name': SERVICE.name } },
    addressType: 'IPv4',
    endpoints: [{ addresses: [address], conditions: { ready: true } }],
    ports: [{ ...PORT, port }],
  });
  await apply(client, METRICS_API_SERVICE_PATH, {
    apiVersion: 'apiregistration.k8s.io/v1',
    kind: 'APIService',
    metadata: { name: 'v1beta1.metrics.k8s.io' },
    spec: {
      service: { ...SERVICE, port: PORT.port },
      group: 'metrics.k8s.io',
      version: 'v1beta1',
      insecureSkipTLSVerify: true,
      groupPriorityMinimum: 100,
      versionPriority: 100,
    },
  });
}

async function apply(client: ApiClient, path: string, object: object): Promise<void> {
  const { status, body } = await client.request('PATCH', `${path}?fieldManager=test&force=true`, object, {
    'content-type': 'application/apply-patch+yaml',
  });
  if (status !== 200 && status !== 201) throw new Error(`applying ${path} answers ${status}: ${JSON.stringify(body)}`);
}

/** One certificate is the authority and what it issued. */
async function writeProxyCertificate(dir: string): Promise<{ certFile: string; keyFile: string }> {
  const certFile = join(dir, 'front-proxy.crt');
  const keyFile = join(dir, 'front-proxy.key');
  const now = Date.now();
  const { generate } = (await import('selfsigned')).default; // 85 ms that a control plane without metrics need not wait for
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'front-proxy-client' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notBeforeDate: new Date(now - LIFETIME_MS),
    notAfterDate: new Date(now + LIFETIME_MS),
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, digitalSignature: true, critical: true },
      { name: 'extKeyUsage', clientAuth: true },
    ],
  });
  writeFileSync(certFile, cert);
  writeFileSync(keyFile, key, { mode: 0o600 });
  return { certFile, keyFile };
}
