/** Load by wrk, on one processor while the server has the other: it costs a fraction of what any server does. */
import { execFile, spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { processorMs } from './processes.ts';

export interface LoadRequest {
  readonly url: string;
  /** Process of the server. */
  readonly pid: number;
  /** A file of AdmissionReviews, one a line. */
  readonly bodiesFile: string;
  readonly seconds: number;
}

export interface LoadResult {
  readonly requestsPerSecond: number;
  readonly p99Ms: number;
  readonly requests: number;
  /** No connection, no answer, or none of 2xx. */
  readonly failures: number;
  /** Processor time of the server a review. */
  readonly microseconds: number;
  /** Shares of a processor that were used, by the server and on the load's. */
  readonly serverBusy: number;
  readonly loadBusy: number;
}

export type Load = (request: LoadRequest) => Promise<LoadResult>;

const CONNECTIONS = 32;
const LOAD_CPU = 1;

/** What wrk is missing for, if it is. */
export function missingWrk(): string | undefined {
  return spawnSync('wrk', ['-v']).error ? 'wrk is not installed' : undefined;
}

export async function load({ url, pid, bodiesFile, seconds }: LoadRequest): Promise<LoadResult> {
  const ofServer = await processorMs(pid);
  const ofLoad = await busyTicks();
  const options = ['-t1', `-c${CONNECTIONS}`, `-d${seconds}s`, '-s', 'test/bench/reviews.lua'];
  const { stdout } = await promisify(execFile)('taskset', [
    '-c',
    String(LOAD_CPU),
    'wrk',
    ...options,
    url,
    '--',
    bodiesFile,
  ]);
  const result = /^RESULT (.*)$/m.exec(stdout)?.[1];
  if (!result) throw new Error(`wrk said ${stdout}`);
  const { requests, microseconds, p99, failures } = JSON.parse(result);
  const usedMs = (await processorMs(pid)) - ofServer;
  const { busy, all } = await busyTicks();
  return {
    requestsPerSecond: (requests * 1e6) / microseconds,
    p99Ms: p99 / 1_000,
    requests,
    failures,
    microseconds: (usedMs * 1_000) / requests,
    serverBusy: (usedMs * 1_000) / microseconds,
    loadBusy: (busy - ofLoad.busy) / (all - ofLoad.all),
  };
}

/** Of the processor that the load has, since the machine's start. */
async function busyTicks(): Promise<{ readonly busy: number; readonly all: number }> {
  const line = new RegExp(`^cpu${LOAD_CPU} (.*)$`, 'm').exec(await readFile('/proc/stat', 'utf8'))?.[1] ?? '';
  const ticks = line.split(' ').map(Number);
  const [, , , idle = 0, waiting = 0] = ticks;
  const all = ticks.reduce((sum, count) => sum + count, 0);
  return { busy: all - idle - waiting, all };
}
