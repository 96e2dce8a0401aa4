import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Binary } from './assets.ts';
import { findAssets } from './assets.ts';
import type { KubectlResult } from './kubectl.ts';

const LONGEST_MS = 300_000;

/** Runs the real Helm, with a home of its own; resolves whatever its exit code. */
export async function runHelm(args: readonly string[]): Promise<KubectlResult> {
  const home = mkdtempSync(join(tmpdir(), 'gridgate-helm-'));
  try {
    return await runTool('helm', args, { HOME: home });
  } finally {
    rmSync(home, { recursive: true });
  }
}

/** Runs a binary that needs no control plane, or is told of one by an argument. */
export async function runTool(
  name: Binary,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  input = '',
): Promise<KubectlResult> {
  const assets = findAssets();
  if ('missing' in assets) throw new Error(assets.missing);
  const child = spawn(join(assets.dir, name), args, {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    timeout: LONGEST_MS,
    killSignal: 'SIGKILL',
  });
  child.stdin.on('error', () => {}); // it may end before it has read all of it
  child.stdin.end(input);
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code: (code as number | null) ?? -1, stdout, stderr };
}
