import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { isatty } from 'node:tty';

/** Those that end a command, and of these those that a terminal's keys send to all that run in it. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;
const KEYS: ReadonlySet<string> = new Set(['SIGINT', 'SIGQUIT']);

/** What shells answer for a command that cannot be started. */
const NOT_FOUND = 127;
const NOT_EXECUTABLE = 126;

/** Signals that this process gets, from now until `stop`. */
export interface Signals {
  /** Aborts with a signal's exit code at the first one that comes while no command runs. */
  readonly ended: AbortSignal;
  /** From now on they are the command's. */
  passTo(command: Pick<ChildProcess, 'kill'>): void;
  stop(): void;
}

/**
 * | where                                        | the command gets                                   |
 * | -------------------------------------------- | -------------------------------------------------- |
 * | no terminal (CI, cron, a service)            | every signal, passed on                            |
 * | a terminal: SIGTERM, SIGHUP                  | the signal, passed on                              |
 * | a terminal: SIGINT, SIGQUIT (Ctrl-C, Ctrl-\) | the terminal's own: many tools take a second one   |
 * |                                              |   for "at once, without cleaning up"               |
 */
export function receiveSignals(hasTerminal = [0, 1, 2].some((fd) => isatty(fd))): Signals {
  const ended = new AbortController();
  let running: Pick<ChildProcess, 'kill'> | undefined;
  function receive(signal: NodeJS.Signals): void {
    if (!running) ended.abort(exitCodeOf(signal));
    else if (!hasTerminal || !KEYS.has(signal)) running.kill(signal);
  }
  for (const signal of SIGNALS) process.on(signal, receive);
  return {
    ended: ended.signal,
    passTo(command) {
      running = command;
    },
    stop() {
      for (const signal of SIGNALS) process.off(signal, receive);
    },
  };
}

/** 128 and the signal's number, as shells answer for a command that a signal ended. */
function exitCodeOf(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal];
}

/** How a command ended: `problem` says why it could not be started. */
export interface Ended {
  readonly exitCode: number;
  readonly problem?: string;
}

/** Runs words as they are, without a shell, with our own standard streams, environment and directory. */
export async function runCommand(words: readonly string[], signals: Pick<Signals, 'passTo'>): Promise<Ended> {
  const [file = '', ...args] = words;
  try {
    const child = spawn(file, args, { stdio: 'inherit' });
    signals.passTo(child);
    const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    return { exitCode: code ?? (signal ? exitCodeOf(signal) : NOT_EXECUTABLE) };
  } catch (error) {
    return notStarted(file, error as NodeJS.ErrnoException);
  }
}

function notStarted(file: string, { code = '' }: NodeJS.ErrnoException): Ended {
  if (code === 'ENOENT' || file === '') return { exitCode: NOT_FOUND, problem: `${file}: there is no such command` };
  const why = code === 'EACCES' ? 'is not executable' : `cannot be started (${code})`;
  return { exitCode: NOT_EXECUTABLE, problem: `${file}: ${why}` };
}
