import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { COMPILED } from './compiled.ts';
import { type Finished, finished } from './finished.ts';

interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly node?: string;
  readonly script?: string;
  /** What stands on its stdin; nothing otherwise. */
  readonly input?: string;
  /** After so long it is killed. */
  readonly longestMs?: number;
}

const LONGEST_MS = 60_000;

/** Runs `gridgate` with these arguments until it ends; kills it after a minute, unless it may take longer. */
export async function runGridgate(
  args: readonly string[],
  { env = {}, node = process.execPath, script = 'src/main.ts', input = '', longestMs = LONGEST_MS }: RunOptions = {},
): Promise<Finished> {
  const child = spawn(node, [script, ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'] ?? '', ...COMPILED, ...env },
    timeout: longestMs,
    killSignal: 'SIGKILL',
  });
  child.stdin.on('error', () => {}); // it may end before it has read all of it
  child.stdin.end(input);
  const [[code], stdout, stderr] = await Promise.all([once(child, 'close'), text(child.stdout), text(child.stderr)]);
  return finished(code, stdout, stderr);
}
