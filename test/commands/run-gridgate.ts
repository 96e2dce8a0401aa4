import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

export interface Finished {
  /** `null` where it had to be killed. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The lines on stderr. */
  readonly complaints: readonly string[];
}

interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly node?: string;
  readonly script?: string;
}

const LONGEST_MS = 10_000;

/** Runs `gridgate` with these arguments until it ends; kills it after 10 s. */
export async function runGridgate(
  args: readonly string[],
  { env = {}, node = process.execPath, script = 'src/main.ts' }: RunOptions = {},
): Promise<Finished> {
  const child = spawn(node, [script, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'] ?? '', ...env },
    timeout: LONGEST_MS,
    killSignal: 'SIGKILL',
  });
  const [[code], stdout, stderr] = await Promise.all([once(child, 'close'), text(child.stdout), text(child.stderr)]);
  return { code, stdout, stderr, complaints: stderr.split('\n').filter((line) => line !== '') };
}
