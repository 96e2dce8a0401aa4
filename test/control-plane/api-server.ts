import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { issueCertificate } from '../../src/certs/dev-certificate.ts';
import type { ApiClient } from './api-client.ts';
import { createApiClient } from './api-client.ts';
import { writeAuditPolicy } from './audit.ts';
import type { Component, Launcher } from './component.ts';
import { startComponent } from './component.ts';
import type { IssuedUser } from './credentials.ts';
import { writeServiceAccountKeys, writeTokenFile } from './credentials.ts';
import { pollUntil } from './poll.ts';
import { findFreePort } from './ports.ts';
import type { Family } from './process-kubelet/pod-network.ts';

export type ApiServerSetup = {
  readonly etcdUrl: string;
  readonly users: readonly IssuedUser[];
  readonly hasControllerManager: boolean;
  /** Pods of ours have networks of their own, of this family, and reach the API server from there. */
  readonly podFamily?: Family | undefined;
  readonly extraFlags: readonly string[];
  /** Epoch milliseconds; an hour ago where it is left out. */
  readonly certificateFrom?: number | undefined;
};

/** Everything that stays the same when the API server restarts. */
export type ApiServerPlan = {
  readonly url: string;
  readonly port: number;
  /** Written by the API server at its first start, kept over restarts. */
  readonly caFile: string;
  readonly auditLog: string;
  readonly flags: readonly string[];
};

const DAY_MS = 86_400_000;
// Without the controller manager nobody creates service accounts (a pod without one is refused) and nobody takes the
// not-ready taint off a node.
const PLUGINS_NEEDING_CONTROLLERS = 'ServiceAccount,TaintNodesByCondition';

/** Writes the API server's files and chooses its port and flags. */
export async function planApiServer(dir: string, setup: ApiServerSetup): Promise<ApiServerPlan> {
  const { podFamily } = setup;
  const loopback = podFamily === 'IPv6' ? '::1' : '127.0.0.1';
  const port = await findFreePort();
  const certDir = join(dir, 'api-server-certs');
  const auditLog = join(dir, 'audit.log');
  if (setup.certificateFrom !== undefined) await writeCertificate(certDir, setup.certificateFrom);
  const { publicKeyFile, privateKeyFile } = writeServiceAccountKeys(dir);
  const flags = [
    `--etcd-servers=${setup.etcdUrl}`,
    `--bind-address=${podFamily ? '::' : loopback}`,
    `--advertise-address=${loopback}`,
    `--secure-port=${port}`,
    `--cert-dir=${certDir}`,
    `--token-auth-file=${writeTokenFile(dir, setup.users)}`,
    '--authorization-mode=Node,RBAC',
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${publicKeyFile}`,
    `--service-account-signing-key-file=${privateKeyFile}`,
    `--service-cluster-ip-range=${podFamily === 'IPv6' ? 'fd00:96::/112' : '10.96.0.0/16'}`,
    `--audit-policy-file=${writeAuditPolicy(dir)}`,
    `--audit-log-path=${auditLog}`,
    '--allow-privileged',
    // Otherwise a stop waits for the workers' watches, and only SIGKILL ends it.
    '--shutdown-watch-termination-grace-period=1s',
    // An endpoint on a loopback address is refused, and nothing here calls the `kubernetes` service.
    '--endpoint-reconciler-type=none',
    ...(podFamily ? ['--enable-aggregator-routing=true'] : []), // Services lead to their endpoints: nothing here routes a cluster IP
    ...(setup.hasControllerManager ? [] : [`--disable-admission-plugins=${PLUGINS_NEEDING_CONTROLLERS}`]),
    ...setup.extraFlags,
  ];
  const url = `https://${podFamily === 'IPv6' ? `[${loopback}]` : loopback}:${port}`;
  return { url, port, caFile: join(certDir, 'apiserver.crt'), auditLog, flags };
}

/** What the API server finds it serves, and does not make anew. */
async function writeCertificate(certDir: string, notBefore: number): Promise<void> {
  const names = ['localhost', '127.0.0.1', 'kubernetes.default.svc'];
  const { cert, key, ca } = await issueCertificate({ names, notBefore, notAfter: Date.now() + DAY_MS });
  mkdirSync(certDir);
  writeFileSync(join(certDir, 'apiserver.crt'), cert + ca);
  writeFileSync(join(certDir, 'apiserver.key'), key, { mode: 0o600 });
}

/** Starts the API server and waits for /readyz; a foreign server on its port would fail the certificate check. */
export async function startApiServer(
  launcher: Launcher,
  plan: ApiServerPlan,
  admin: IssuedUser,
  deadlineMs: number,
): Promise<{ apiServer: Component; client: ApiClient }> {
  const apiServer = startComponent(launcher, 'kube-apiserver', plan.flags);
  try {
    const client = await pollUntil({
      what: `kube-apiserver to be ready on ${plan.url}`,
      probe: () => connectWhenReady(plan, admin),
      deadlineMs,
      failure: apiServer.failure,
    });
    return { apiServer, client };
  } catch (error) {
    await apiServer.stop();
    throw error;
  }
}

async function connectWhenReady({ url, caFile }: ApiServerPlan, { token }: IssuedUser): Promise<ApiClient> {
  const client = createApiClient({ url, ca: readFileSync(caFile, 'utf8'), token });
  const { status, body } = await client.request('GET', '/readyz');
  if (status === 200) return client;
  client.disconnect();
  throw new Error(`GET /readyz answers ${status}: ${typeof body === 'string' ? body : JSON.stringify(body)}`);
}
