/**
 * `npm run bench-replicas`: how many replicas a rate of pods takes. Measured is processor time, of the webhook and of the API server, for each
 * pod: it hardly depends on who else uses the machine, as rates do. The rest is arithmetic, and printed with it.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { skip } from '../control-plane/assets.ts';
import { type BenchCluster, benchPod, podsPath, type SteeredBy, startBenchCluster } from './api-cluster.ts';
import { median, round } from './figures.ts';
import { missingWrk } from './load.ts';
import { processorMs, residentMb } from './processes.ts';
import { writeReviews } from './workload.ts';

/** Of a processor, by a replica: above it reviews wait for each other. */
const UTILISATION = 0.5;
/** One may be away: a rollout, a node that is drained. */
const SPARE = 1;
/** Calls a pod: a mutating one; strict judges the final pod and its binding, too. */
const CALLS = { base: 1, strict: 3 } as const;
const RATES = [500, 1_000, 5_000];
const ROUNDS = 5;
const SECONDS = 3;
const WARM_UP_ROUNDS = 4;
const CREATIONS = 1_500;
const CLIENTS = 16;
const IDLE_MS = 5_000;

if (skip) process.stdout.write('skipped: no control plane here; make control-plane builds one\n');
else {
  await using cleanup = new AsyncDisposableStack();
  const cluster = await startBenchCluster(cleanup);
  const api = await measureApiServer(cluster);
  const review = missingWrk() ? api.webhookMs : await measureReviews(cluster);
  tellReplicas(review, api);
}

interface PodCost {
  /** Processor milliseconds of each pod. */
  readonly apiServerMs: number;
  readonly webhookMs: number;
  readonly clientMs: number;
}

/** Milliseconds of the webhook for a review, sent by wrk, which costs less than any server. */
async function measureReviews({ gridgate }: BenchCluster): Promise<number> {
  const directory = await mkdtemp(join(tmpdir(), 'gridgate-bench-'));
  try {
    const bodiesFile = await writeReviews(directory, 1, 1);
    const url = `${gridgate.webhook}/mutate?timeout=2s`;
    for (let i = 0; i < WARM_UP_ROUNDS; i++) await sendReviews(url, bodiesFile, gridgate.pid);
    const rounds = [];
    for (let i = 0; i < ROUNDS; i++) rounds.push(await sendReviews(url, bodiesFile, gridgate.pid));
    const [server, load] = [median(rounds.map((one) => one.serverMs)), median(rounds.map((one) => one.loadMs))];
    say(`a review sent by wrk: webhook ${round(server * 1_000)} us of processor, wrk ${round(load * 1_000)} us`);
    say(`  ${server > load ? 'the webhook' : 'wrk'} was the busier one: it is what such a rate measures`);
    say(`  memory of the webhook afterwards: ${round(await residentMb(gridgate.pid))} MB`);
    return server;
  } finally {
    await rm(directory, { recursive: true });
  }
}

async function sendReviews(url: string, bodiesFile: string, pid: number) {
  const before = await processorMs(pid);
  const wrk = `wrk -t1 -c16 -d${SECONDS}s -s test/bench/reviews.lua '${url}' -- '${bodiesFile}'`;
  // The shell's own clock of its children: user and system seconds.
  const { stdout, stderr } = await promisify(execFile)('bash', ['-c', `TIMEFORMAT='USED %U %S'; time ${wrk}`]);
  const { requests, failures } = JSON.parse(/^RESULT (.*)$/m.exec(stdout)?.[1] ?? '{}');
  const used = /^USED ([\d.]+) ([\d.]+)$/m.exec(stderr);
  if (!requests || failures > 0 || !used) throw new Error(`wrk said ${stdout} ${stderr}`);
  return {
    serverMs: ((await processorMs(pid)) - before) / requests,
    loadMs: (1_000 * (Number(used[1]) + Number(used[2]))) / requests,
  };
}

/** What a pod costs the API server with nobody to ask, and with gridgate; the second is answered. */
async function measureApiServer(cluster: BenchCluster): Promise<PodCost> {
  const idle = await processorOfApiServer(cluster, () => new Promise((resolve) => setTimeout(resolve, IDLE_MS)));
  await measurePods(cluster, 'gridgate', 0); // warms up
  const none = await measurePods(cluster, 'none', idle);
  const steered = await measurePods(cluster, 'gridgate', idle);
  say(`a pod through the API server, dry run, ${CLIENTS} at once, processor time:`);
  say(`  API server ${round(none.apiServerMs)} ms alone, ${round(steered.apiServerMs)} ms with gridgate`);
  say(`  webhook ${round(steered.webhookMs)} ms, client ${round(steered.clientMs)} ms`);
  say(`  of the API server's, gridgate's call is ${round(steered.apiServerMs / none.apiServerMs)} of a pod without it`);
  return steered;
}

async function measurePods(cluster: BenchCluster, steeredBy: SteeredBy, idle: number): Promise<PodCost> {
  const { client, gridgate } = cluster;
  const body = await benchPod();
  let left = CREATIONS;
  const webhookBefore = await processorMs(gridgate.pid);
  const clientBefore = process.cpuUsage();
  const startedAt = performance.now();
  const used = await processorOfApiServer(cluster, async () => {
    await Promise.all(
      Array.from({ length: CLIENTS }, async () => {
        while (left-- > 0) {
          const { status, body: answer } = await client.post(podsPath(steeredBy), body);
          if (status !== 201 || answer.includes('gridgate.dev/decision') !== (steeredBy === 'gridgate'))
            throw new Error(`${status} ${answer}`);
        }
      }),
    );
  });
  const { user, system } = process.cpuUsage(clientBefore);
  const others = (idle * (performance.now() - startedAt)) / IDLE_MS;
  return {
    apiServerMs: (used - others) / CREATIONS,
    webhookMs: ((await processorMs(gridgate.pid)) - webhookBefore) / CREATIONS,
    clientMs: (user + system) / 1_000 / CREATIONS,
  };
}

/** Milliseconds that the API server took from its processors meanwhile, as it counts itself. */
async function processorOfApiServer({ controlPlane }: BenchCluster, work: () => Promise<unknown>): Promise<number> {
  const read = async () => {
    const { body } = await controlPlane.request('GET', '/metrics');
    return 1_000 * Number(/^process_cpu_seconds_total ([\d.e+]+)$/m.exec(String(body))?.[1]);
  };
  const before = await read();
  await work();
  return (await read()) - before;
}

/** Planned is by what a review costs on its way through the API server: few at once, over many connections. A flood costs less. */
function tellReplicas(floodMs: number, { apiServerMs, webhookMs }: PodCost): void {
  say(
    `\nreplicas = pods/s x calls x ms / 1000 / ${UTILISATION}, rounded up, and ${SPARE} that may be away; at least 2`,
  );
  for (const rate of RATES) {
    const told = Object.entries(CALLS).map(([layout, calls]) => {
      const [planned, least] = [webhookMs, floodMs].map((ms) => replicasFor(rate, calls, ms));
      return `${layout} ${planned} replicas (${least} by the figure of wrk)`;
    });
    say(`${rate} pods/s: ${told.join(', ')}; API servers ${round((rate * apiServerMs) / 1_000)} processors`);
  }
}

function replicasFor(podsPerSecond: number, calls: number, reviewMs: number): number {
  return Math.max(2, Math.ceil((podsPerSecond * calls * reviewMs) / 1_000 / UTILISATION) + SPARE);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
