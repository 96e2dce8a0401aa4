import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Binary } from './assets.ts';
import type { Guardian } from './guardian.ts';

const GRACE_MS = 5_000;
const LOG_TAIL_LINES = 25;

/** A running process of the control plane. */
export type Component = {
  /** Why it ended, with the tail of its log, when it ended without being asked to. */
  failure(): Error | undefined;
  /** SIGTERM, then SIGKILL after a grace period; resolves when the process is gone. */
  stop(): Promise<void>;
};

export type Launcher = {
  readonly binDir: string;
  readonly dir: string;
  readonly guardian: Guardian;
};

/** Starts a binary with its output appended to `<dir>/<name>.log`. */
export function startComponent(
  { binDir, dir, guardian }: Launcher,
  name: Binary,
  flags: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Component {
  const logFile = join(dir, `${name}.log`);
  const log = openSync(logFile, 'a');
  const child = spawn(join(binDir, name), flags, {
    stdio: ['ignore', log, log],
    env: { ...componentEnv(dir), ...env },
  });
  closeSync(log);
  child.unref(); // a test that fails to stop us must still be able to end; the guardian then cleans up
  const { pid } = child;
  if (pid !== undefined) guardian.watch(pid);

  let ending: string | undefined;
  let isStopping = false;
  const ended = new Promise<void>((resolve) => {
    const end = (how: string) => {
      ending = how;
      if (pid !== undefined) guardian.forget(pid);
      resolve();
    };
    child.once('error', (error) => end(`could not run: ${error.message}`));
    child.once('exit', (code, signal) => end(`ended with ${signal ?? `exit code ${code}`}`));
  });

  return {
    failure() {
      if (ending === undefined || isStopping) return undefined;
      return new Error(`${name} ${ending}; the end of its log:\n${tail(logFile)}`);
    },
    async stop() {
      isStopping = true;
      if (ending !== undefined) return;
      child.ref();
      child.kill('SIGTERM');
      const killTimer = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
      await ended;
      clearTimeout(killTimer);
    },
  };
}

/**
 * Hermetic: kwok and kubectl would read and write the developer's home, and the API server would call webhooks through a
 * proxy found in the environment.
 */
export function componentEnv(dir: string): NodeJS.ProcessEnv {
  return { HOME: dir, PATH: process.env['PATH'] };
}

function tail(logFile: string): string {
  return readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-LOG_TAIL_LINES).join('\n');
}
