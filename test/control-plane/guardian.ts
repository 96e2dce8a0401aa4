import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export type Guardian = {
  watch(pid: number): void;
  forget(pid: number): void;
  /** Kills what is still watched, removes the folder, and resolves when that is done. */
  end(): Promise<void>;
};

/**
 * Starts a process that outlives ours by a moment, to kill the watched processes and remove the folder.
 * Handlers for 'exit' and signals inside the test process would miss SIGKILL and the default SIGINT, and would change what
 * a signal does to the test; the end of a pipe misses nothing.
 */
export function startGuardian(dir: string): Guardian {
  const script = fileURLToPath(new URL('guardian-process.ts', import.meta.url));
  const guardian = spawn(process.execPath, [script, dir], {
    stdio: ['pipe', 'ignore', 'inherit'],
    detached: true, // a session of its own: Ctrl-C in the terminal must not reach it
    env: {},
  });
  guardian.unref();
  guardian.stdin.on('error', () => {}); // a guardian that died cannot be told anything; its stderr has said why
  const closed = once(guardian, 'close');

  return {
    watch: (pid) => void guardian.stdin.write(`+${pid}\n`),
    forget: (pid) => void guardian.stdin.write(`-${pid}\n`),
    async end() {
      guardian.ref();
      guardian.stdin.end();
      await closed;
    },
  };
}
