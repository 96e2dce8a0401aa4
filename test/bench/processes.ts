import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The server under load has a processor of its own. */
export const SERVER_CPU = 0;

export interface BareServer {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

/** With the certificate of a directory. */
export async function startBareServer(
  directory: string,
  answer: string,
  { cpu }: { readonly cpu?: number } = {},
): Promise<BareServer> {
  const pinned = cpu !== undefined && { execPath: 'taskset', execArgv: ['-c', String(cpu), process.execPath] };
  const child = fork('test/bench/bare-server.ts', [join(directory, 'tls.crt'), join(directory, 'tls.key'), answer], {
    ...pinned,
  });
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  return {
    url: `https://127.0.0.1:${port}/mutate`,
    pid: child.pid ?? 0,
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

/** Processor time of a process so far, in ticks of 10 ms. */
export async function processorMs(pid: number): Promise<number> {
  const [, fields = ''] = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ');
  const [user, system] = fields.split(' ').slice(11, 13).map(Number);
  return 10 * ((user ?? 0) + (system ?? 0));
}
