import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { findAssets } from '../control-plane/assets.ts';
import type { NodeSpec } from '../control-plane/nodes.ts';
import { startControlPlane } from '../control-plane/start.ts';

/** What people find in a checkout, and nothing that a command could spoil. */
const CHECKOUT = ['manifests', 'src', 'README.md', 'Makefile', 'package.json'];
/** No line of a page takes as long, ms. */
const PATIENCE = 150_000;

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export type PageCluster = Awaited<ReturnType<typeof startPageCluster>>;

/**
 * A fresh control plane with these nodes, on which gridgate's own pods really run, and a shell as a reader of the pages has it: a checkout,
 * `gridgate` and `kubectl` on the PATH, and the cluster as kubectl's own.
 */
export async function startPageCluster(nodes: readonly NodeSpec[]) {
  await using cleanup = new AsyncDisposableStack();
  const controlPlane = await startControlPlane({ pods: {} });
  cleanup.defer(controlPlane.stop);
  await controlPlane.addNodes(nodes);
  const { checkout, bin } = makeReader(controlPlane.dir, controlPlane.kubeconfig);
  const owned = cleanup.move();
  return {
    controlPlane,
    checkout,
    /** Runs a line of a page in bash, as it stands; each command of a pipe has to succeed. */
    async run(line: string, more: Readonly<Record<string, string>> = {}): Promise<Ran> {
      const env = {
        ...more,
        PATH: `${bin}:${process.env['PATH'] ?? ''}`,
        HOME: controlPlane.dir,
        KUBECONFIG: controlPlane.kubeconfig,
      };
      const child = spawn('bash', ['-o', 'pipefail', '-c', line], {
        cwd: checkout,
        env,
        stdio: ['ignore', 'pipe', 'pipe'],
        timeout: PATIENCE,
      });
      const [stdout, stderr, [code]] = await Promise.all([
        text(child.stdout),
        text(child.stderr),
        once(child, 'close'),
      ]);
      return { code: code as number | null, stdout, stderr };
    },
    stop: () => owned.disposeAsync(),
  };
}

function makeReader(home: string, kubeconfig: string): { readonly checkout: string; readonly bin: string } {
  const assets = findAssets();
  assert.ok('dir' in assets);
  const checkout = join(home, 'checkout');
  const bin = join(home, 'reader-bin');
  for (const folder of [checkout, bin, join(home, '.kube')]) mkdirSync(folder);
  for (const name of CHECKOUT) symlinkSync(resolve(name), join(checkout, name));
  symlinkSync(kubeconfig, join(home, '.kube/config'));
  symlinkSync(join(assets.dir, 'kubectl'), join(bin, 'kubectl'));
  writeScript(join(bin, 'gridgate'), `exec '${process.execPath}' '${resolve('dist/main.js')}' "$@"`);
  writeScript(join(bin, 'npx'), 'shift; exec gridgate "$@"');
  return { checkout, bin };
}

function writeScript(file: string, line: string): void {
  writeFileSync(file, `#!/bin/sh\n${line}\n`);
  chmodSync(file, 0o755);
}
