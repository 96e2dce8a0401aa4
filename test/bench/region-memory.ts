/**
 * `npm run bench-memory`: what the leader's learning of 200 regions takes: processor time in an hour of polls every minute, memory,
 * and how long it takes to learn 60 days after a restart, with its longest turn.
 */
import type { TestContext } from 'node:test';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { MONOTONIC } from '../../src/controllers/pace.ts';
import { fakeClock } from '../controllers/fake-clock.ts';
import { HOUR_MS, liveRegion, MINUTE_MS, NOW } from '../controllers/live-regions.ts';
import { fakeMemory, lead } from '../controllers/memory-world.ts';
import { madeUpSeries } from '../forecast/series.ts';
import { type Figure, keepsLimit, report } from './figures.ts';

const REGIONS = Array.from({ length: 200 }, (_, index) => liveRegion(`region-${index}`));
const DAYS = 60;
const SERIES = Array.from({ length: 20 }, (_, seed) => madeUpSeries(DAYS + 30, seed));
const FIRST_HOUR = NOW / HOUR_MS - DAYS * 24;
const HOURS = 24;

const said = new Map<
  string,
  { readonly hour: number; readonly points: readonly { from: number; gramsPerKwh: number }[] }
>();
const figures: Figure[] = [];
const kept = fakeMemory();
await measureHours();
await measureRestart();
const over = figures.filter((figure) => !keepsLimit(figure));
process.exitCode = over.length > 0 ? 1 : 0;

/** A value of 5 minutes and a forecast of the source, heard every minute. */
async function measureHours(): Promise<void> {
  const before = memoryMb();
  const world = leadAll(fakeClock());
  hearAll(world);
  await world.time.advance(MINUTE_MS);
  await hours(world, 1);
  // What the fake clock takes, and to make up what is heard, is no part of it.
  const idle = leadAll(fakeClock(), []);
  const ofClock = await cpuMs(() => hours(idle, HOURS, false));
  await idle.memory.stop();
  const ofHearing = await cpuMs(() => hours(idle, HOURS));
  const ms = await cpuMs(() => hours(world, HOURS));
  const perHour = (ms - ofClock - ofHearing) / HOURS;
  report(figures, {
    name: '200 regions: processor time an hour',
    value: perHour,
    unit: 'ms',
    limit: 50,
    keep: 'at most',
  });
  const value = memoryMb() - before;
  report(figures, { name: '200 regions: memory', value, unit: 'MB', limit: 40, keep: 'at most' });
  await world.memory.stop();
}

async function hours(world: ReturnType<typeof leadAll>, count: number, hears = true): Promise<void> {
  for (let minute = 0; minute < 60 * count; minute++) {
    if (hears) hearAll(world);
    await world.time.advance(MINUTE_MS);
  }
}

/** On the clock of the machine, beside others that want their turn. */
async function measureRestart(): Promise<void> {
  const world = leadAll({ ...MONOTONIC, pauses: [], advance: sleep });
  hearAll(world);
  const began = performance.now();
  const turns: number[] = [];
  while (REGIONS.some(({ metadata }) => world.forecastOf(metadata.name) === 'not-yet')) turns.push(await turnMs());
  const seconds = (performance.now() - began) / 1_000;
  report(figures, {
    name: '200 regions: learnt again after a restart',
    value: seconds,
    unit: 's',
    limit: 60,
    keep: 'at most',
  });
  const longest = turns.toSorted((a, b) => a - b).at(-1 - Math.floor(turns.length / 100)) ?? 0;
  report(figures, {
    name: '200 regions: longest turn of 99 in 100',
    value: longest,
    unit: 'ms',
    limit: 5,
    keep: 'at most',
  });
  await world.memory.stop();
}

function leadAll(time: ReturnType<typeof fakeClock>, regions = REGIONS) {
  const test = { after() {} } as unknown as TestContext;
  return lead(test, { regions, kept, time, historyHours: DAYS * 24, history: (hour, region) => gramsAt(hour, region) });
}

function hearAll(world: ReturnType<typeof leadAll>): void {
  const now = world.now();
  const measuredAt = Math.floor(now / (5 * MINUTE_MS)) * 5 * MINUTE_MS;
  const hour = Math.floor(now / HOUR_MS);
  for (const { metadata } of REGIONS) {
    const region = metadata.name;
    const forecast = { points: announced(hour, region), estimated: false, source: 'electricity-maps' as const };
    world.hear(gramsAt(hour, region), { region, measuredAt, intensity: { stepMs: 5 * MINUTE_MS, forecast } });
  }
}

/** Another one each hour, as a source's that is remembered. */
function announced(hour: number, region: string) {
  const known = said.get(region);
  if (known?.hour === hour) return known.points;
  const points = Array.from({ length: 72 }, (_, lead) => {
    return { from: (hour + lead) * HOUR_MS, gramsPerKwh: gramsAt(hour + lead + 1, region) };
  });
  said.set(region, { hour, points });
  return points;
}

function gramsAt(hour: number, region: string): number {
  const series = SERIES[Number(region.split('-')[1]) % SERIES.length] ?? [];
  return series[(hour - FIRST_HOUR) % series.length] ?? 0;
}

/** Of the thread that answers reviews, too. */
async function cpuMs(run: () => Promise<void>): Promise<number> {
  const before = process.threadCpuUsage();
  await run();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1_000;
}

/** How long whoever comes now waits for its turn. */
async function turnMs(): Promise<number> {
  const asked = performance.now();
  await nextTurn();
  return performance.now() - asked;
}

function memoryMb(): number {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 1e6;
}
