import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { COMPILED } from './compiled.ts';

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
  /** What stands on its stdin; nothing otherwise. */
  readonly input?: string;
}

const LONGEST_MS = 60_000;

/** Runs `gridgate` with these arguments until it ends; kills it after a minute. */
export async function runGridgate(
  args: readonly string[],
  { env = {}, node = process.execPath, script = 'src/main.ts', input = '' }: RunOptions = {},
): Promise<Finished> {
  const child = spawn(node, [script, ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'] ?? '', ...COMPILED, ...env },
    timeout: LONGEST_MS,
    killSignal: 'SIGKILL',
  });
  child.stdin.on('error', () => {}); // it may end before it has read all of it
  child.stdin.end(input);
  const [[code], stdout, stderr] = await Promise.all([once(child, 'close'), text(child.stdout), text(child.stderr)]);
  return { code, stdout, stderr, complaints: stderr.split('\n').filter((line) => line !== '') };
}
