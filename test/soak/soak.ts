/**
 * `npm run soak`: eight hours of real replicas on a real control plane, in twenty minutes, under load and with faults all the time. Their
 * clocks and timers run 24 times as fast as the API server's. What they hold is measured all along and must not grow.
 * `-- --smoke` is the same in two minutes, 48 of theirs: it shows that all of it works, and finds coarse leaks.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { skip as skipWithoutCluster } from '../control-plane/assets.ts';
import { readAuditLog } from '../control-plane/audit.ts';
import { createFastClock, skip as skipWithoutFakeTime } from '../process/fake-time.ts';
import type { GridgateProcess } from '../process/gridgate-process.ts';
import { disturb } from './disturbances.ts';
import { failedCalls } from './failed-calls.ts';
import { judgeGrowth, type Limit, PARTS, type Verdict } from './flatness.ts';
import { type Counted, countObjects, type Holding, inspectProcess } from './inspect-process.ts';
import { type Account, summarise, UNACCOUNTED } from './pod-accounts.ts';
import { startSoakedCluster } from './soaked-cluster.ts';
import { startSteadyPods } from './steady-pods.ts';

const RATE = 24;
const FULL_MINUTES = 20;
const SMOKE_MINUTES = 2;
const SAMPLES = { full: 40, smoke: 20 };
/** What does not answer by then is not going to. */
const MOST_SAMPLES = 60;
const PODS_PER_SECOND = 5;
/** For each pod that is judged, so many may pass while the API server does not hear a webhook that lives all the time (seen at load 30: 0.004). */
const MOST_PASSED = 0.1;
/** After so long the pods of a shift are accounted for, and removed. */
const SHIFT_MS = 30_000;
/** A source is asked again after 5 minutes, and a leader renews its Lease every 2 s. */
const ASKED_EVERY_MS = 5 * 60_000;
const RENEWED_EVERY_MS = 2_000;

type Quantity = keyof Holding | keyof Counted | 'connections' | 'series';

/**
 * What each process may grow so much over half of the run, and counts as flat. Of the heap it is what V8 compiles: snapshots after a third
 * and at the end had 0.3 MB more of code and feedback, which end with the size of the program, and less of all else. In half of a
 * full run some 700 changes of nodes go by: 2 kB kept of each change of a node is found.
 */
const LIMITS: Readonly<Record<Quantity, Limit>> = {
  heapMb: { share: 0.04, least: 1.5 },
  externalMb: { share: 0.1, least: 2 },
  rssMb: { share: 0.1, least: 10 },
  files: { share: 0.1, least: 5 },
  sockets: { share: 0.1, least: 5 },
  connections: { share: 0.1, least: 5 },
  series: { share: 0.05, least: 30 }, // of five regions that come and go: six of each
  timers: { share: 0.1, least: 8 },
  handles: { share: 0.1, least: 5 },
  signals: { share: 0.1, least: 20 },
};
const QUANTITIES = Object.keys(LIMITS) as Quantity[];
/**
 * Code is compiled and memories fill as long as a smoke test lasts, and of its half there are few samples. The API server keeps connections
 * to the webhook for 90 s, so many as it needed at once: on one processor that has hardly ended after two minutes.
 */
const SMOKE_SLACK = { all: 4, callers: 8 };
const OF_CALLERS: ReadonlySet<Quantity> = new Set(['files', 'sockets', 'connections', 'handles']);

const { values } = parseArgs({ options: { smoke: { type: 'boolean', default: false }, minutes: { type: 'string' } } });
const skip = skipWithoutCluster || skipWithoutFakeTime;
if (skip) process.stdout.write(`skipped: ${skip}\n`);
else await soak(Number(values.minutes ?? (values.smoke ? SMOKE_MINUTES : FULL_MINUTES)) * 60_000, values.smoke);

async function soak(forMs: number, isSmoke: boolean): Promise<void> {
  const clock = createFastClock(RATE, forMs);
  await using cluster = await startSoakedCluster(clock);
  const { processes, provider, links } = cluster;
  // Replicas of a role together: who leads has 30 timers and 60 signals more than who does not, and they take turns.
  const roles = Object.groupBy(
    processes.keys(),
    (index) => processes[index]?.name.replace(/ \d+$/, '') ?? '',
  ) as Record<string, number[]>;
  const began = { at: performance.now(), clock: clock.now(), asked: provider.asked.length, audit: renewals() };
  say(`${minutes(forMs * RATE)} minutes of theirs in ${minutes(forMs)}, clocks ${RATE} times as fast`);

  const disturbances = disturb(cluster, clock, forMs);
  const accounts: Account[] = [];
  const series = new Map<string, { at: number; value: number }[]>();
  const count = isSmoke ? SAMPLES.smoke : SAMPLES.full;
  let isMeasured = false;
  const measuring = sampleAll().finally(() => {
    isMeasured = true;
  });
  await Promise.all([createPods(), measuring]);
  const done = await disturbances.stop();

  const passedMs = clock.now() - began.clock;
  const zones = new Set(provider.asked.map(({ zone }) => zone)).size;
  const asked = (provider.asked.length - began.asked) / zones;
  const renewed = renewals() - began.audit;
  const grown = tellGrowth(isSmoke ? SMOKE_SLACK : { all: 1, callers: 1 });
  say(
    `\nwhat was done meanwhile: ${Object.entries(done)
      .map(([what, times]) => `${what} ${times}`)
      .join(', ')}`,
  );
  say(`connections to the API server: ${links.map((link) => link.opened()).join(', ')} opened in all`);
  say(`pods: ${summarise(accounts)}`);
  const failures = failedCalls(readFileSync(join(cluster.controlPlane.dir, 'kube-apiserver.log'), 'utf8'));
  say(`reviews that the API server got no answer to: ${failures.map((one) => one.join(' ')).join('; ') || 'none'}`);
  const lost = accounts.filter(({ fate }) => UNACCOUNTED.includes(fate));
  for (const { name, fate, cause } of lost.slice(0, 10)) say(`  ${name}: ${fate}: ${cause}`);

  const judged = accounts.filter(({ fate }) => fate === 'steered' || fate === 'refused');
  const passedBy = accounts.filter(({ fate }) => fate === 'passed');
  const missed = Object.keys(done).filter((what) => done[what] === 0);
  const problems = [
    ...grown,
    ...cluster.problems(),
    ...(lost.length > 0 ? [`${lost.length} pods are not accounted for`] : []),
    ...(passedBy.length > judged.length * MOST_PASSED
      ? [`${passedBy.length} pods passed unjudged, ${judged.length} were judged`]
      : []),
    ...missed.map((what) => `${what}: never`),
    // Their time brings 24 times what true time does; they fail half of the time, and a busy machine is late.
    ...passed('sources asked, each zone', asked, passedMs / ASKED_EVERY_MS, passedMs / ASKED_EVERY_MS / 4),
    // The API server answers them in true time: the bar is what that alone would bring.
    ...passed('Lease renewals', renewed, passedMs / RENEWED_EVERY_MS, forMs / RENEWED_EVERY_MS),
  ];
  for (const problem of problems) say(`PROBLEM ${problem}`);
  say(problems.length === 0 ? 'flat' : 'not flat, or not what was to be seen');
  process.exitCode = problems.length === 0 ? 0 : 1;

  async function createPods(): Promise<void> {
    for (let shift = 0; !isMeasured; shift++) {
      const pods = startSteadyPods({ ...cluster.shop, perSecond: PODS_PER_SECOND, prefix: `shift${shift}` });
      await Promise.race([measuring, sleep(SHIFT_MS)]);
      accounts.push(...(await pods.stop()));
      await cluster.removePods();
    }
  }

  /** A machine that is slow to tell takes longer: fewer samples of the second half say nothing. */
  async function sampleAll(): Promise<void> {
    const everyMs = forMs / count;
    for (let taken = 0; elapsed() < forMs || (fewestJudged() < PARTS && taken < MOST_SAMPLES); taken++) {
      await sleep(everyMs - (elapsed() % everyMs)); // one that took long skips the next
      process.stderr.write(`${Math.round(elapsed() / 1_000)} s, ${accounts.length} pods\n`);
      const isLater = elapsed() >= forMs / 2;
      // At once: on a machine that others use, three get more of it than one.
      const held = await Promise.all(
        processes.map(({ name }, index) => sample(index, taken === 0 || isLater).catch(noteUntold(name))),
      );
      if (held.includes(undefined) || !(await isServing())) continue; // they hold less while nobody answers them
      for (const [role, indices] of Object.entries(roles))
        for (const quantity of QUANTITIES)
          note(`${role} ${quantity}`, sumOf(indices.map((index) => held[index]?.[quantity])));
    }
  }

  /** The others still tell what became of them, and a process that has ended is a problem anyway. */
  function noteUntold(name: string) {
    return (error: unknown): undefined => void say(`${name} could not be looked into: ${error}`);
  }

  async function isServing(): Promise<boolean> {
    const answer = await cluster.request('GET', '/readyz').catch(() => undefined);
    return answer?.status === 200;
  }

  /** Samples of the second half, of the quantity that was told least often. */
  function fewestJudged(): number {
    if (series.size < Object.keys(roles).length * QUANTITIES.length) return 0;
    return Math.min(...[...series.values()].map((samples) => samples.filter(({ at }) => at >= forMs / 2).length));
  }

  /** What takes long is counted only where it is judged. */
  async function sample(index: number, isCounted: boolean): Promise<Partial<Record<Quantity, number>>> {
    const { instance } = processes[index] as (typeof processes)[number];
    const series = await seriesOf(instance).catch(() => undefined);
    return {
      ...(await inspectProcess(instance)),
      ...(isCounted && (await countObjects(instance))),
      connections: links[index]?.connections() ?? 0,
      ...(series !== undefined && { series }),
    };
  }

  function note(key: string, value: number | undefined): void {
    if (value === undefined) return;
    const samples = series.get(key) ?? [];
    series.set(key, [...samples, { at: elapsed(), value }]);
  }

  function tellGrowth(slack: typeof SMOKE_SLACK): string[] {
    say(`\n${row('process', 'quantity', 'first', 'mean of 2nd half', 'most', 'grew in it', 'may grow')}`);
    return Object.entries(roles).flatMap(([role, { length }]) =>
      QUANTITIES.flatMap((quantity) => {
        const { share, least } = LIMITS[quantity];
        const slackOf = role === 'webhook' && OF_CALLERS.has(quantity) ? slack.callers : slack.all;
        const limit = { share, least: least * slackOf * length };
        const verdict = judgeGrowth(series.get(`${role} ${quantity}`) ?? [], forMs / 2, limit);
        const { first, mean, most, growth, allowed } = verdict;
        const mark = markOf(verdict);
        say(`${row(role, quantity, ...[first, mean, most, growth, allowed].map((value) => value.toFixed(1)))}${mark}`);
        return mark === '' ? [] : [`${role} ${quantity}:${mark}`];
      }),
    );
  }

  function elapsed(): number {
    return performance.now() - began.at;
  }

  /** So many writes of Leases that the API server has seen. */
  function renewals(): number {
    return readAuditLog(cluster.controlPlane.auditLog, '"leases"').filter(({ verb }) => verb === 'update').length;
  }
}

/** Unknown where one of them is. */
function sumOf(values: readonly (number | undefined)[]): number | undefined {
  return values.some((value) => value === undefined)
    ? undefined
    : values.reduce<number>((sum, value) => sum + (value ?? 0), 0);
}

function markOf({ isFlat, isEnough }: Verdict): string {
  if (!isEnough) return '  TOO FEW SAMPLES';
  return isFlat ? '' : '  GROWS';
}

function passed(what: string, seen: number, expected: number, least: number): string[] {
  const [count, all, bar] = [seen, expected, least].map(Math.round);
  say(`${what}: ${count} of ${all} that the time of theirs brings (at least ${bar})`);
  return seen >= least ? [] : [`${what}: too few, their time did not pass as it should`];
}

/** How many series of metrics it has: one for each label that it ever saw would be a leak. */
async function seriesOf({ operators }: GridgateProcess): Promise<number> {
  const answer = await fetch(`${operators}/metrics`, { signal: AbortSignal.timeout(10_000) });
  const text = await answer.text();
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length;
}

function minutes(ms: number): number {
  return Math.round(ms / 60_000);
}

function row(...cells: readonly string[]): string {
  return cells.map((cell, index) => (index < 2 ? cell.padEnd(14) : cell.padStart(17))).join('');
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
