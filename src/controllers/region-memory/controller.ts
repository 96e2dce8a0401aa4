import type { Logger } from 'pino';
import type { ApiClient } from '../../cluster/api-client.ts';
import type { ApiWriter } from '../../cluster/api-writer.ts';
import type { LiveRegion } from '../../cluster/regions.ts';
import { inShortTurns } from '../../cluster/short-turns.ts';
import { hourOf } from '../../forecast/by-hour.ts';
import type { Signal } from '../../regions/reading.ts';
import type { ForecastPoint } from '../../regions/region-status.ts';
import type { RegionIntensity } from '../../sources/intensity/chain.ts';
import { zonesOf } from '../../sources/intensity/read-regions.ts';
import { zoneKeyOf } from '../../sources/intensity/trailing-weeks.ts';
import type { Metric } from '../../telemetry/metric.ts';
import { untilAborted } from '../../units/deadline.ts';
import { inParallel } from '../../units/in-parallel.ts';
import type { Controller } from '../manager.ts';
import { type Clock, MONOTONIC } from '../pace.ts';
import { createRounds, type Outcome } from '../rounds.ts';
import { createMemoryStore, type MemoryStore, type Remembered } from './memory-store.ts';
import { createSeriesBook, type HeardRegion, type RegionPast, type SeriesBook } from './series-book.ts';

const ROUNDS = { name: 'region-memory', on: ['regions'], resyncMs: 60_000, settleMs: 500, restMs: 1_000 } as const;
/** Sources whose history is asked for at once. */
const AT_ONCE = 8;
const LONGEST_ZONE = 253;

export interface RegionMemoryDeps {
  readonly api: Pick<ApiClient, 'get'>;
  readonly writer: Pick<ApiWriter, 'create' | 'replace'>;
  readonly ownNamespace: string;
  readonly regions: () => readonly LiveRegion[];
  readonly policySignal: Signal;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Called when the forecast of some region is another. */
  readonly forecastsChanged: () => void;
  readonly log: Logger;
  readonly clock?: Clock;
}

export interface RegionMemory extends Controller {
  /** What the sources said of a region; whatever else is heard of it until the next round takes its place. */
  heard(region: LiveRegion, what: Pick<HeardRegion, 'intensity' | 'history'>): void;
  /**
   * The hours from the current one on; `undefined` where too little is known of the region in its zone, and `not-yet` until what
   * was remembered of it, and what the sources say first, was learnt.
   */
  forecastOf(region: LiveRegion): readonly ForecastPoint[] | 'not-yet' | undefined;
  /** The hourly readings that are known of a region, of its last 60 days. */
  pastOf(region: string): RegionPast | undefined;
}

interface LastHeard {
  readonly spec: LiveRegion['spec'];
  readonly intensity: RegionIntensity;
  /** Since 1970. */
  readonly hour: number;
}

/** What is known during one term. */
interface Term {
  readonly book: SeriesBook;
  readonly store: MemoryStore;
  /** What was heard since the last round, and what was heard last. */
  readonly heard: Map<string, HeardRegion>;
  readonly last: Map<string, LastHeard>;
  /** Regions of which the sources' first words in this term were learnt: before that a forecast would be another than the last one. */
  readonly learnt: Set<string>;
}

/**
 * Learns each region's hourly readings, forecasts the hours to come, and keeps the readings of 60 days in ConfigMaps, from which the
 * next leader goes on. Fed by the region refresher, which writes what comes of it into `Region.status`.
 */
export function createRegionMemory(deps: RegionMemoryDeps): RegionMemory {
  const { regions, policySignal, now, forecastsChanged, log, clock = MONOTONIC } = deps;
  let term: Term | undefined;

  function beginTerm(): Term {
    const book = createSeriesBook(policySignal);
    const store = createMemoryStore({ ...deps, book, clock });
    return { book, store, heard: new Map(), last: new Map(), learnt: new Set() };
  }

  function* restore(book: SeriesBook, remembered: Iterable<Remembered>) {
    const names = namesNow();
    for (const { region, hours } of remembered) {
      if (names.has(region)) book.restore(region, hours);
      yield;
    }
  }

  const namesNow = () => new Set(regions().map(({ metadata }) => metadata.name));

  function takeHeard({ book, heard, last }: Term): readonly HeardRegion[] {
    const all = [...heard.values()];
    heard.clear();
    for (const one of all) book.hear(one, now());
    const names = namesNow();
    book.keepOnly(names);
    for (const name of last.keys()) if (!names.has(name)) last.delete(name);
    return all;
  }

  /** Asks for the past of those of which too little is known. */
  async function askHistories({ book }: Term, heard: readonly HeardRegion[], signal: AbortSignal): Promise<void> {
    await inParallel(heard, AT_ONCE, async ({ name, history }) => {
      const series = book.get(name);
      if (!series?.takeHistoryDue(now())) return;
      const { source, signal: counted } = series.identity;
      const values = await untilAborted(signal, () => history(source));
      series.fill(
        values.filter((one) => one.signal === counted),
        now(),
      );
    });
  }

  function* learn({ book }: Term, onForecast: () => void) {
    for (const name of book.names()) {
      const series = book.get(name);
      series?.closeHours(now());
      while (series?.learnNext(now())) yield;
      if (series?.makeForecast(now())) onForecast();
      yield;
    }
  }

  async function round(signal: AbortSignal): Promise<Outcome> {
    if (!term) return 'done';
    const { book, store, learnt } = term;
    const turns = { clock, signal };
    let failure: unknown;
    // What was remembered comes late where it cannot be read now: readings are learnt all the same.
    await store
      .load((remembered) => inShortTurns(restore(book, remembered), turns), signal)
      .catch((error: unknown) => {
        failure = error;
      });
    signal.throwIfAborted();
    const heard = takeHeard(term);
    await askHistories(term, heard, signal);
    let hasChanged = heard.some(({ name }) => !learnt.has(name));
    const onForecast = () => {
      hasChanged = true;
    };
    await inShortTurns(learn(term, onForecast), turns);
    for (const { name } of heard) learnt.add(name);
    if (hasChanged) forecastsChanged();
    const outcome = await store.write(signal);
    if (failure) throw failure;
    return outcome;
  }

  const rounds = createRounds({ ...ROUNDS, round, clock, log });

  return {
    ...rounds,
    start() {
      term ??= beginTerm();
      rounds.start();
    },
    async stop() {
      await rounds.stop();
      term = undefined;
    },
    heard(region, what) {
      if (!term) return;
      const { name } = region.metadata;
      const said = { spec: region.spec, intensity: what.intensity, hour: hourOf(now()) };
      if (isSame(term.last.get(name), said)) return;
      term.last.set(name, said);
      if (term.heard.size === 0) rounds.changed();
      term.heard.set(name, { name, zone: zoneOf(region), ...what });
    },
    forecastOf(region) {
      const { name } = region.metadata;
      if (!term?.learnt.has(name)) return 'not-yet';
      const series = term.book.get(name);
      return series?.identity.zone === zoneOf(region) ? series.forecast() : undefined;
    },
    pastOf: (region) => term?.book.pastOf(region),
    metrics: [memoryHours(() => term?.book)],
  };
}

/** Sources are asked every minute, and most say the same for 5 minutes or an hour. */
function isSame(before: LastHeard | undefined, said: LastHeard): boolean {
  const [one, other] = [before?.intensity, said.intensity];
  return (
    before?.spec === said.spec &&
    before?.hour === said.hour &&
    one?.reading?.measuredAt === other.reading?.measuredAt &&
    one?.reading?.gramsPerKwh === other.reading?.gramsPerKwh &&
    one?.reading?.source === other.reading?.source &&
    one?.forecast?.points.at(-1) === other.forecast?.points.at(-1)
  );
}

export function memoryHours(book: () => SeriesBook | undefined): Metric {
  return {
    type: 'gauge',
    name: 'gridgate_region_memory_hours',
    help: 'Hours of a region that its forecast is learnt from, of 1,440 at most; on the leader',
    labelNames: ['region'],
    *read() {
      const known = book();
      for (const region of known?.names() ?? []) yield [{ region }, known?.get(region)?.past.known() ?? 0];
    },
  };
}

function zoneOf(region: LiveRegion): string {
  return zoneKeyOf(zonesOf(region)).slice(0, LONGEST_ZONE);
}
