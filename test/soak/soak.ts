/**
 * `npm run soak`: eight hours of real replicas on a real control plane, in twenty minutes, under load and with faults all the time. Their
 * clocks and timers run 24 times as fast as the API server's. What they hold is measured all along and must not grow.
 * `-- --smoke` is the same in two minutes, 48 of theirs: it shows that all of it works, and finds coarse leaks.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { skip as skipWithoutCluster } from '../control-plane/assets.ts';
import { readAuditLog } from '../control-plane/audit.ts';
import { createFastClock, skip as skipWithoutFakeTime } from '../process/fake-time.ts';
import { disturb } from './disturbances.ts';
import { judgeGrowth, type Limit } from './flatness.ts';
import { type Holding, inspectProcess } from './inspect-process.ts';
import { type Account, summarise, UNACCOUNTED } from './pod-accounts.ts';
import { startSoakedCluster } from './soaked-cluster.ts';
import { startSteadyPods } from './steady-pods.ts';

const RATE = 24;
const FULL_MINUTES = 20;
const SMOKE_MINUTES = 2;
const SAMPLES = { full: 40, smoke: 20 };
const PODS_PER_SECOND = 5;
/** After so long the pods of a shift are accounted for, and removed. */
const SHIFT_MS = 30_000;
/** A source is asked again after 5 minutes, and a leader renews its Lease every 2 s. */
const ASKED_EVERY_MS = 5 * 60_000;
const RENEWED_EVERY_MS = 2_000;

type Quantity = keyof Holding | 'connections';

/** What may grow so much over half of the run, and counts as flat. */
const LIMITS: Readonly<Record<Quantity, Limit>> = {
  heapMb: { share: 0.05, least: 2 },
  externalMb: { share: 0.1, least: 2 },
  rssMb: { share: 0.1, least: 10 },
  files: { share: 0.1, least: 5 },
  sockets: { share: 0.1, least: 5 },
  connections: { share: 0.1, least: 5 },
  timers: { share: 0.1, least: 8 },
  handles: { share: 0.1, least: 5 },
  signals: { share: 0.1, least: 20 },
};
/** Code is compiled and memories fill as long as a smoke test lasts. */
const SMOKE_SLACK = 5;

const { values } = parseArgs({ options: { smoke: { type: 'boolean', default: false }, minutes: { type: 'string' } } });
const skip = skipWithoutCluster || skipWithoutFakeTime;
if (skip) process.stdout.write(`skipped: ${skip}\n`);
else await soak(Number(values.minutes ?? (values.smoke ? SMOKE_MINUTES : FULL_MINUTES)) * 60_000, values.smoke);

async function soak(forMs: number, isSmoke: boolean): Promise<void> {
  const clock = createFastClock(RATE, forMs);
  await using cluster = await startSoakedCluster(clock);
  const { processes, provider, links } = cluster;
  const began = { at: performance.now(), clock: clock.now(), asked: provider.asked.length, audit: renewals() };
  say(`${minutes(forMs * RATE)} minutes of theirs in ${minutes(forMs)}, clocks ${RATE} times as fast`);

  const disturbances = disturb(cluster, clock, forMs);
  const accounts: Account[] = [];
  const series = new Map<string, { at: number; value: number }[]>();
  const count = isSmoke ? SAMPLES.smoke : SAMPLES.full;
  await Promise.all([createPods(), sampleAll()]);
  const done = await disturbances.stop();

  const passedMs = clock.now() - began.clock;
  const zones = new Set(provider.asked.map(({ zone }) => zone)).size;
  const asked = (provider.asked.length - began.asked) / zones;
  const renewed = renewals() - began.audit;
  const grown = tellGrowth(isSmoke ? SMOKE_SLACK : 1);
  say(
    `\nwhat was done meanwhile: ${Object.entries(done)
      .map(([what, times]) => `${what} ${times}`)
      .join(', ')}`,
  );
  say(`connections to the API server: ${links.map((link) => link.opened()).join(', ')} opened in all`);
  say(`pods: ${summarise(accounts)}`);
  const lost = accounts.filter(({ fate }) => UNACCOUNTED.includes(fate));
  for (const { name, fate, cause } of lost.slice(0, 10)) say(`  ${name}: ${fate}: ${cause}`);

  const problems = [
    ...grown,
    ...cluster.problems(),
    ...(lost.length > 0 ? [`${lost.length} pods are not accounted for`] : []),
    ...passed('sources asked, each zone', asked, passedMs / ASKED_EVERY_MS, passedMs / ASKED_EVERY_MS / 2),
    // The API server answers them in true time: the bar is what that alone would bring.
    ...passed('Lease renewals', renewed, passedMs / RENEWED_EVERY_MS, forMs / RENEWED_EVERY_MS),
  ];
  for (const problem of problems) say(`PROBLEM ${problem}`);
  say(problems.length === 0 ? 'flat' : 'not flat, or not what was to be seen');
  process.exitCode = problems.length === 0 ? 0 : 1;

  async function createPods(): Promise<void> {
    for (let shift = 0; elapsed() < forMs; shift++) {
      const pods = startSteadyPods({ ...cluster.shop, perSecond: PODS_PER_SECOND, prefix: `shift${shift}` });
      await sleep(Math.min(SHIFT_MS, Math.max(1_000, forMs - elapsed())));
      accounts.push(...(await pods.stop()));
      await cluster.removePods();
    }
  }

  async function sampleAll(): Promise<void> {
    const everyMs = forMs / count;
    while (elapsed() < forMs) {
      await sleep(everyMs - (elapsed() % everyMs)); // one that took long skips the next
      process.stderr.write(`${Math.round(elapsed() / 1_000)} s, ${accounts.length} pods\n`);
      for (const [index, { name, instance }] of processes.entries()) {
        const holding = await inspectProcess(instance);
        const all = { ...holding, connections: links[index]?.connections() ?? 0 };
        for (const [quantity, value] of Object.entries(all)) note(`${name} ${quantity}`, value);
      }
    }
  }

  function note(key: string, value: number): void {
    const samples = series.get(key) ?? [];
    series.set(key, [...samples, { at: elapsed(), value }]);
  }

  function tellGrowth(slack: number): string[] {
    say(`\n${row('process', 'quantity', 'first', 'mean of 2nd half', 'most', 'grew in it', 'may grow')}`);
    const quantities = Object.keys(LIMITS) as Quantity[];
    return processes.flatMap(({ name }) =>
      quantities.flatMap((quantity) => {
        const { share, least } = LIMITS[quantity];
        const limit = { share: share * slack, least: least * slack };
        const { isFlat, ...seen } = judgeGrowth(series.get(`${name} ${quantity}`) ?? [], limit);
        const figures = [seen.first, seen.mean, seen.most, seen.growth, seen.allowed].map((value) => value.toFixed(1));
        say(`${row(name, quantity, ...figures)}${isFlat ? '' : '  GROWS'}`);
        return isFlat ? [] : [`${name}: ${quantity} grew by ${figures[3]} (at most ${figures[4]})`];
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

function passed(what: string, seen: number, expected: number, least: number): string[] {
  const [count, all, bar] = [seen, expected, least].map(Math.round);
  say(`${what}: ${count} of ${all} that the time of theirs brings (at least ${bar})`);
  return seen >= least ? [] : [`${what}: too few, their time did not pass as it should`];
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
