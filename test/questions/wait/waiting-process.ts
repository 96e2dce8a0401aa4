import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { TestContext } from 'node:test';
import { COMPILED } from '../../process/compiled.ts';

/** A `gridgate wait` that runs. */
export interface WaitingProcess {
  readonly child: ChildProcess;
  /** Resolves once stdout or stderr holds this; rejects where it ends without. */
  until(pattern: RegExp): Promise<void>;
  /** Resolves when it has ended: its exit code, `null` where a signal ended it, and all that it wrote. */
  readonly ended: Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }>;
}

/** Starts it; it is killed, with what it runs, when the test is over. */
export function startWait(
  test: TestContext,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): WaitingProcess {
  const child = spawn(process.execPath, ['src/main.ts', 'wait', '--region', 'eu-west-1', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'] ?? '', MAPS_TOKEN: 'a-token', ...COMPILED, ...env },
    detached: true, // in a group of its own, to end all of it
  });
  test.after(() => {
    try {
      process.kill(-(child.pid ?? 0), 'SIGKILL');
    } catch {} // it has ended
  });
  const written = { stdout: '', stderr: '' };
  const listeners = new Set<() => void>();
  for (const name of ['stdout', 'stderr'] as const)
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      written[name] += text;
      for (const listen of listeners) listen();
    });
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, ...written }));
  return {
    child,
    ended,
    until(pattern) {
      const seen = new Promise<void>((resolve) => {
        const look = () => void (pattern.test(written.stdout + written.stderr) && resolve());
        listeners.add(look);
        look();
      });
      const gone = ended.then(({ code }) => {
        throw new Error(`ended with ${code} without ${pattern}: ${written.stdout}${written.stderr}`);
      });
      return Promise.race([seen, gone]);
    },
  };
}
