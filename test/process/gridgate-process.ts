import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { COMPILED } from './compiled.ts';

/** A running `gridgate serve`. */
export interface GridgateProcess {
  readonly pid: number;
  /** `https://127.0.0.1:port` of the webhook. */
  readonly webhook: string;
  /** `http://127.0.0.1:port` of metrics, probes and the status page. */
  readonly operators: string;
  /** Milliseconds from the start to listening on both. */
  readonly startedInMs: number;
  /** Every log line so far, parsed. */
  readonly log: readonly Readonly<Record<string, unknown>>[];
  /** Everything on stderr so far. */
  stderr(): string;
  /** Sends a signal and resolves with the exit code, `null` where the signal itself ended the process. */
  end(signal?: NodeJS.Signals): Promise<number | null>;
}

export interface ProcessOptions {
  /** Arguments after `serve`; ports are chosen freely unless given here. */
  readonly args: readonly string[];
  /** On the address that gridgate itself chooses. */
  readonly anyAddress?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  /** Directory of a cgroup to run in. */
  readonly cgroup?: string;
  /** Processor to run on, where the system can pin. */
  readonly cpu?: number;
  /** The compiled program, as users run it, instead of the sources. */
  readonly compiled?: boolean;
  /** Another release's `main.js`. */
  readonly program?: string | undefined;
  /** The log goes to this file instead of memory: a benchmark writes millions of lines. */
  readonly logFile?: string;
  /** Or through a pipe, and nobody looks at it once the addresses are known. */
  readonly isLogDropped?: boolean;
}

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Starts `gridgate serve`, on loopback unless told otherwise, and waits until it listens; rejects with its stderr when it does not. */
export async function startGridgate(options: ProcessOptions): Promise<GridgateProcess> {
  const started = performance.now();
  const child = spawnPinned(options);
  const exited = once(child, 'exit');
  running.add(child);
  void exited.then(() => running.delete(child));
  const log: Record<string, unknown>[] = [];
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const listening =
    options.logFile === undefined
      ? untilLogged(child, log, options.isLogDropped)
      : untilWritten(options.logFile, exited);
  const entry = await Promise.race([
    listening,
    exited.then(([code]) => Promise.reject(new Error(`gridgate ended with ${code}: ${stderr}`))),
  ]);
  return {
    pid: child.pid ?? 0,
    webhook: String(entry['webhook']),
    operators: String(entry['operators']),
    startedInMs: performance.now() - started,
    log,
    stderr: () => stderr,
    async end(signal = 'SIGTERM') {
      child.kill(signal);
      const [code] = await exited;
      return code as number | null;
    },
  };
}

/** Keeps every log line, or those up to the one that names the addresses; resolves with that one. */
function untilLogged(
  child: ChildProcess,
  log: Record<string, unknown>[],
  isDropped = false,
): Promise<Record<string, unknown>> {
  return new Promise((resolve) => {
    if (!child.stdout) return;
    const lines = createInterface({ input: child.stdout }).on('line', (line) => {
      const entry = JSON.parse(line) as Record<string, unknown>;
      log.push(entry);
      if (entry['msg'] !== 'listening') return;
      resolve(entry);
      if (isDropped) lines.close();
    });
    if (isDropped) lines.once('close', () => child.stdout?.resume());
  });
}

async function untilWritten(file: string, exited: Promise<unknown>): Promise<Record<string, unknown>> {
  let gone = false;
  void exited.then(() => {
    gone = true;
  });
  while (!gone) {
    const lines = (await readFile(file, 'utf8')).split('\n');
    const line = lines.find((text) => text.includes('"msg":"listening"') && text.endsWith('}'));
    if (line) return JSON.parse(line) as Record<string, unknown>;
    await sleep(5);
  }
  return {};
}

function spawnPinned(options: ProcessOptions): ChildProcess {
  const { args, anyAddress, env, cgroup, cpu, compiled = false, program, logFile } = options;
  const script = program ?? (compiled ? 'dist/main.js' : 'src/main.ts');
  const command = [
    process.execPath,
    script,
    'serve',
    ...(anyAddress ? [] : ['--host', '127.0.0.1']),
    ...ports(args),
    ...args,
  ];
  const pinned =
    cpu === undefined || process.platform !== 'linux' ? command : ['taskset', '-c', String(cpu), ...command];
  // From its first byte: what a process took before it joined is not counted.
  const grouped =
    cgroup === undefined ? pinned : ['sh', '-c', `echo $$ > ${cgroup}/cgroup.procs && exec "$@"`, 'sh', ...pinned];
  return spawn(grouped[0] ?? '', grouped.slice(1), {
    stdio: ['ignore', logFile === undefined ? 'pipe' : openSync(logFile, 'w'), 'pipe'],
    env: { PATH: process.env['PATH'] ?? '', ...COMPILED, ...env },
    // Ctrl-C goes to the whole foreground group: whoever started this process passes on its own signal, once.
    detached: true,
  });
}

function ports(args: readonly string[]): string[] {
  return ['--port', '--metrics-port'].flatMap((flag) => (args.includes(flag) ? [] : [flag, '0']));
}
