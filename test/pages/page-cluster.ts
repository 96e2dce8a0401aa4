import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { CONTROLLERS_ACCOUNT, untilGuarded } from '../cluster/controllers-account.ts';
import { findAssets } from '../control-plane/assets.ts';
import { hostAddress } from '../control-plane/host-address.ts';
import type { NodeSpec } from '../control-plane/nodes.ts';
import { startControlPlane } from '../control-plane/start.ts';
import { type GridgateProcess, startGridgate } from '../process/gridgate-process.ts';

const WEBHOOK_ACCOUNT = 'system:serviceaccount:gridgate-system:gridgate';
const SYSTEM = '/api/v1/namespaces/gridgate-system';
const SLICES = '/apis/discovery.k8s.io/v1/namespaces/gridgate-system/endpointslices';
const MERGE_PATCH = { 'content-type': 'application/merge-patch+json' };
/** What people find in a checkout, and nothing that a command could spoil. */
const CHECKOUT = ['manifests', 'src', 'README.md', 'Makefile', 'package.json'];

type Role = 'webhook' | 'controllers';

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export type PageCluster = Awaited<ReturnType<typeof startPageCluster>>;

/**
 * A fresh control plane with these nodes, and a shell as a reader of the pages has it: a checkout, `gridgate` and `kubectl` on the PATH,
 * and the cluster as kubectl's own.
 */
export async function startPageCluster(nodes: readonly NodeSpec[]) {
  await using cleanup = new AsyncDisposableStack();
  const controlPlane = await startControlPlane({
    users: [WEBHOOK_ACCOUNT, CONTROLLERS_ACCOUNT].map((name) => ({ name })),
    flags: { 'kube-apiserver': ['--enable-aggregator-routing=true'] },
  });
  cleanup.defer(controlPlane.stop);
  const { request, waitFor } = controlPlane;
  await controlPlane.addNodes(nodes);
  const checkout = join(controlPlane.dir, 'checkout');
  const bin = join(controlPlane.dir, 'reader-bin');
  mkdirSync(checkout);
  mkdirSync(bin);
  for (const name of CHECKOUT) symlinkSync(resolve(name), join(checkout, name));
  const assets = findAssets();
  assert.ok('dir' in assets);
  symlinkSync(join(assets.dir, 'kubectl'), join(bin, 'kubectl'));
  mkdirSync(join(controlPlane.dir, '.kube'));
  symlinkSync(controlPlane.kubeconfig, join(controlPlane.dir, '.kube/config'));
  writeScript(join(bin, 'gridgate'), `exec '${process.execPath}' '${resolve('dist/main.js')}' "$@"`);
  writeScript(join(bin, 'npx'), 'shift; exec gridgate "$@"');
  const processes: { readonly role: Role; readonly instance: GridgateProcess }[] = [];
  cleanup.defer(async () => void (await Promise.all(processes.map(({ instance }) => instance.end('SIGKILL')))));

  async function send(method: string, path: string, body?: unknown, headers?: Record<string, string>) {
    const answer = await request(method, path, body, headers);
    assert.ok(answer.status < 300, `${method} ${path} answers ${answer.status}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  async function startReplica(role: Role, account: string): Promise<void> {
    const instance = await startGridgate({
      args: [
        ...['--roles', role, '--kubeconfig', controlPlane.kubeconfigFor(account)],
        ...['--host', hostAddress(), '--metrics-host', '127.0.0.1', '--shutdown-delay', '0'],
      ],
      compiled: true,
    });
    processes.push({ role, instance });
    await waitFor(`${role} to be ready`, async () => (await fetch(`${instance.operators}/readyz`)).ok || undefined);
  }

  const owned = cleanup.move();
  return {
    controlPlane,
    checkout,
    send,
    waitFor,
    /** Runs a line of a page in bash, as it stands; ends it after two minutes. */
    async run(line: string, more: Readonly<Record<string, string>> = {}): Promise<Ran> {
      const env = {
        ...more,
        PATH: `${bin}:${process.env['PATH'] ?? ''}`,
        HOME: controlPlane.dir,
        KUBECONFIG: controlPlane.kubeconfig,
      };
      const child = spawn('bash', ['-c', line], {
        cwd: checkout,
        env,
        stdio: ['ignore', 'pipe', 'pipe'],
        timeout: 120_000,
      });
      const [stdout, stderr, [code]] = await Promise.all([
        text(child.stdout),
        text(child.stderr),
        once(child, 'close'),
      ]);
      return { code: code as number | null, stdout, stderr };
    },
    /** Plays what the two Deployments would run: their own pods run nothing here, and are no endpoint of the Service. */
    async playDeployments(): Promise<void> {
      await untilGuarded(controlPlane);
      await send('PATCH', `${SYSTEM}/services/gridgate`, { spec: { selector: null } }, MERGE_PATCH);
      await waitFor('the endpoints of pods that run nothing to be gone', async () => {
        await request('DELETE', `${SYSTEM}/endpoints/gridgate`); // slices are made of it where a Service has no selector
        const { items } = await send('GET', SLICES);
        for (const { metadata } of items) await send('DELETE', `${SLICES}/${metadata.name}`);
        return items.length === 0 || undefined;
      });
      if (processes.length === 0) {
        await startReplica('controllers', CONTROLLERS_ACCOUNT);
        await startReplica('webhook', WEBHOOK_ACCOUNT);
      }
      for (const { role, instance } of processes)
        if (role === 'webhook') await send('POST', SLICES, sliceFor(instance));
    },
    stop: () => owned.disposeAsync(),
  };
}

function writeScript(file: string, line: string): void {
  writeFileSync(file, `#!/bin/sh\n${line}\n`);
  chmodSync(file, 0o755);
}

function sliceFor({ webhook, pid }: GridgateProcess) {
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
