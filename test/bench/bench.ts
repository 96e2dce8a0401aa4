/**
 * `make bench`: throughput, latency and memory of the real server, as ratios against a bare `https` server in the same
 * run. With --smoke everything runs briefly and only wrong answers and failed requests count.
 */
import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureDevCertificate } from '../../src/certs/dev-certificate.ts';
import { findAssets } from '../control-plane/assets.ts';
import { type GridgateProcess, startGridgate } from '../process/gridgate-process.ts';
import { measureAuditPace } from './audit-pace.ts';
import { countWrongAnswers } from './check-answers.ts';
import { measureClusterMemory } from './cluster-memory.ts';
import { measureClusterScale } from './cluster-scale.ts';
import { type Figure, keepsLimit, median, report } from './figures.ts';
import { measureHostileMemory } from './hostile-memory.ts';
import { inTurns } from './in-turns.ts';
import type { LoadRequest, LoadResult } from './load.ts';
import { measureDecide } from './measure-decide.ts';
import { measureNodeScale } from './node-scale.ts';
import { residentMb, SERVER_CPU, startBareServer, startLoadProcess } from './processes.ts';
import { type CapturedReview, writeNamespaces, writeRegions, writeReviews } from './workload.ts';

const smoke = process.argv.includes('--smoke');
/** Many short rounds: on a machine shared with others the noise lasts for seconds, and then falls on both sides. */
const ROUNDS = smoke ? 1 : 25;
const WARM_UP = smoke ? 1 : 8;
const STARTS = smoke ? 1 : 7;
const SECONDS = 1;
const CONNECTIONS = 32;
const REVIEWS = smoke ? 3_000 : 100_000;

const figures: Figure[] = [];
let failures = 0;
const loadProcess = startLoadProcess();
const directory = await mkdtemp(join(tmpdir(), 'gridgate-bench-'));
try {
  await measureAll();
} finally {
  await loadProcess.stop();
  await rm(directory, { recursive: true, force: true });
}
const over = figures.filter((figure) => !keepsLimit(figure));
process.stdout.write(
  `${figures.length} figures, ${over.length} over their limit, ${failures} failed or wrong answers\n`,
);
process.exitCode = failures > 0 || (over.length > 0 && !smoke) ? 1 : 0;

async function measureAll(): Promise<void> {
  await ensureDevCertificate({ dir: directory, clock: Date.now });
  const oneReview = await writeReviews(directory, 1, 1);
  const regions = await writeRegions(directory, 8);
  const namespaces = await writeNamespaces(directory, 10, 10);

  await measureDecide(figures, smoke);
  await measureStart(regions, namespaces);
  const single = await startServer(regions, namespaces);
  await compareWithBare('captured review', single, { bodiesFile: oneReview });
  await measureScale(single);
  await single.end();
  await measureChangingSnapshot();
  await measureMemory(regions, namespaces, oneReview);
  await measureNodeScale(figures, { directory, smoke, rounds: ROUNDS, warmUp: WARM_UP, load });
  failures += await measureAuditPace(figures, { directory, regions, smoke });
  failures += await measureHostileMemory(figures, { directory, smoke });
  const assets = findAssets();
  if ('missing' in assets) process.stdout.write(`skip what needs a cluster: ${assets.missing}\n`);
  else {
    await measureClusterMemory(figures, { bodiesFile: oneReview, regions, directory, reviews: REVIEWS, load });
    await measureClusterScale(figures, { directory, smoke, rounds: ROUNDS, warmUp: WARM_UP, load });
  }
}

/** Alternating rounds against the bare server, medians of the rounds' ratios. */
async function compareWithBare(
  name: string,
  server: GridgateProcess,
  request: Pick<LoadRequest, 'bodiesFile'>,
): Promise<LoadResult[]> {
  const url = `${server.webhook}/mutate?timeout=2s`;
  const [sample] = (await load({ ...request, url, amount: CONNECTIONS, sampledPerThousand: 1000 })).answers;
  const bare = await startBareServer(join(directory, 'tls.crt'), join(directory, 'tls.key'), sample?.length ?? 0);
  const rounds: { bare: LoadResult; gridgate: LoadResult }[] = [];
  for (let round = -WARM_UP; round < ROUNDS; round++) {
    const [ofBare, ofGridgate] = await inTurns(
      round,
      () => load({ ...request, url: bare.url, seconds: SECONDS }),
      () => load({ ...request, url, seconds: SECONDS, sampledPerThousand: 5 }),
    );
    if (round >= 0) rounds.push({ bare: ofBare, gridgate: ofGridgate });
  }
  await bare.stop();
  const detail = `bare ${Math.round(median(rounds.map((round) => round.bare.requestsPerSecond)))}/s, gridgate ${Math.round(median(rounds.map((round) => round.gridgate.requestsPerSecond)))}/s`;
  const throughput = median(rounds.map((round) => round.gridgate.requestsPerSecond / round.bare.requestsPerSecond));
  const p99 = median(rounds.map((round) => round.gridgate.p99Ms / round.bare.p99Ms));
  report(
    figures,
    { name: `throughput, ${name}`, value: throughput, unit: 'of bare https', limit: 0.8, keep: 'at least' },
    detail,
  );
  report(figures, { name: `p99 latency, ${name}`, value: p99, unit: 'of bare https', limit: 1.5, keep: 'at most' });
  return rounds.map((round) => round.gridgate);
}

/** 1,000 distinct pods over 100 policies while the regions change every second; sampled answers are checked. */
async function measureChangingSnapshot(): Promise<void> {
  const namespaces = await writeNamespaces(directory, 100, 100);
  const bodiesFile = await writeReviews(directory, 1_000, 100);
  const versions = [join(directory, 'version-0.json'), join(directory, 'version-1.json')] as const;
  for (const [shift, version] of versions.entries()) await copyFile(await writeRegions(directory, 30, shift), version);
  const regions = join(directory, 'regions-30.json');
  const server = await startServer(regions, namespaces);
  let turn = 0;
  const replacing = setInterval(() => void copyFile(versions[turn++ % 2 === 0 ? 0 : 1], regions), 1_000);
  const results = await compareWithBare('1,000 pods, 100 policies, snapshot replaced every second', server, {
    bodiesFile,
  });
  clearInterval(replacing);
  await server.end();
  const reviews = (await readFile(bodiesFile, 'utf8')).split('\n').map((line) => JSON.parse(line) as CapturedReview);
  const answers = results.flatMap((result) => result.answers);
  const wrong = await countWrongAnswers(answers, reviews, versions, namespaces);
  failures += wrong;
  process.stdout.write(`     ${answers.length} answers checked against decide(), ${wrong} wrong\n`);
}

/** 10,000 namespaces and 200 regions against 10 and 8. */
async function measureScale(small: GridgateProcess): Promise<void> {
  const large = await startServer(await writeRegions(directory, 200), await writeNamespaces(directory, 10_000, 500));
  const many = await writeReviews(directory, 2_000, 10_000);
  const few = await writeReviews(directory, 2_001, 10);
  const ratios: number[] = [];
  for (let round = -WARM_UP; round < ROUNDS; round++) {
    const [one, other] = await inTurns(
      round,
      () => load({ url: `${small.webhook}/mutate`, bodiesFile: few, seconds: SECONDS }),
      () => load({ url: `${large.webhook}/mutate`, bodiesFile: many, seconds: SECONDS }),
    );
    if (round >= 0) ratios.push(other.requestsPerSecond / one.requestsPerSecond);
  }
  await large.end();
  report(figures, {
    name: 'throughput, 10,000 namespaces and 200 regions',
    value: median(ratios),
    unit: 'of 10 and 8',
    limit: 0.9,
    keep: 'at least',
  });
}

async function measureMemory(regions: string, namespaces: string, bodiesFile: string): Promise<void> {
  const server = await startServer(regions, namespaces);
  const url = `${server.webhook}/mutate?timeout=2s`;
  await load({ url, bodiesFile, amount: REVIEWS });
  const early = await residentMb(server.pid);
  await load({ url, bodiesFile, amount: 2 * REVIEWS });
  const late = await residentMb(server.pid);
  await server.end();
  const name = `memory stand-alone after ${3 * REVIEWS} reviews`;
  report(figures, { name, value: late, unit: 'MB resident', limit: 160, keep: 'at most' });
  report(figures, {
    name: `${name}, against ${REVIEWS}`,
    value: late / early,
    unit: 'times',
    limit: 1.05,
    keep: 'at most',
  });
}

async function measureStart(regions: string, namespaces: string): Promise<void> {
  const times: number[] = [];
  for (let round = 0; round < STARTS; round++) {
    const server = await startServer(regions, namespaces);
    times.push(server.startedInMs);
    await server.end();
  }
  report(figures, {
    name: 'start to ready, stand-alone',
    value: median(times),
    unit: 'ms',
    limit: 1_000,
    keep: 'at most',
  });
}

function startServer(regions: string, namespaces: string): Promise<GridgateProcess> {
  const args = ['--regions', regions, '--namespaces', namespaces, '--cert-dir', directory];
  return startGridgate({ args, cpu: SERVER_CPU, compiled: true, logFile: join(directory, 'gridgate.log') });
}

async function load(request: Omit<LoadRequest, 'connections'>): Promise<LoadResult> {
  const result = await loadProcess.run({ connections: CONNECTIONS, ...request });
  failures += result.failures;
  return result;
}
