import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Launcher } from './component.ts';
import { componentEnv } from './component.ts';

export type KubectlResult = { readonly code: number; readonly stdout: string; readonly stderr: string };

/** Runs our kubectl, with `input` on its stdin; resolves whatever its exit code. A kubectl ended by a signal has code -1. */
export async function runKubectl(
  { binDir, dir, guardian }: Launcher,
  kubeconfig: string,
  args: readonly string[],
  input = '',
): Promise<KubectlResult> {
  const child = spawn(join(binDir, 'kubectl'), [`--kubeconfig=${kubeconfig}`, ...args], { env: componentEnv(dir) });
  const { pid } = child;
  if (pid !== undefined) guardian.watch(pid);
  child.stdin.on('error', () => {}); // kubectl may end before it has read all of it, and its exit code says what came of it
  child.stdin.end(input);
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  if (pid !== undefined) guardian.forget(pid);
  return { code: (code as number | null) ?? -1, stdout, stderr };
}

/** What kubectl printed; fails the test, with its own words, where its exit code is another than 0. */
export async function kubectlOutput(
  { kubectl }: { readonly kubectl: (args: readonly string[]) => Promise<KubectlResult> },
  ...args: readonly string[]
): Promise<string> {
  const { code, stdout, stderr } = await kubectl(args);
  assert.equal(code, 0, stderr);
  return stdout;
}
