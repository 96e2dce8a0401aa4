import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { LoadRequest, LoadResult } from './load.ts';

/** The server under load and the load each have a processor of their own. */
export const SERVER_CPU = 0;
const LOAD_CPU = 1;

export interface LoadProcess {
  run(request: LoadRequest): Promise<LoadResult>;
  stop(): Promise<void>;
}

/** A load generator, warm after its first load, pinned beside the server's processor. */
export function startLoadProcess(): LoadProcess {
  const child = forkPinned('test/bench/load.ts', [], LOAD_CPU);
  return {
    async run(request) {
      const answered = once(child, 'message');
      child.send(request);
      const [result] = (await answered) as [LoadResult];
      return result;
    },
    stop: () => stopChild(child),
  };
}

export interface BareServer {
  readonly url: string;
  stop(): Promise<void>;
}

export async function startBareServer(certFile: string, keyFile: string, answerBytes: number): Promise<BareServer> {
  const child = forkPinned('test/bench/bare-server.ts', [certFile, keyFile, String(answerBytes)], SERVER_CPU);
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  return {
    url: `https://127.0.0.1:${port}/mutate`,
    stop: () => stopChild(child),
  };
}

async function stopChild(child: ChildProcess): Promise<void> {
  child.kill();
  await once(child, 'exit');
}

/** Resident memory of a process, MB (10^6 bytes). */
export async function residentMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return (Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024) / 1e6;
}

function forkPinned(script: string, args: readonly string[], cpu: number): ChildProcess {
  if (process.platform !== 'linux') return fork(script, args);
  return fork(script, args, { execPath: 'taskset', execArgv: ['-c', String(cpu), process.execPath] });
}
