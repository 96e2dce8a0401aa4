import { isOfSameZone, type ObservedRegion, observedReading } from '../../regions/observed-region.ts';
import type { Signal } from '../../regions/reading.ts';
import { createFeed, type Feed } from '../../sources/intensity/feed.ts';
import { zonesOf } from '../../sources/intensity/read-regions.ts';
import { HOUR_MS } from '../../units/moment.ts';
import type { Heard } from './known-hours.ts';
import type { RegionSources } from './read-region.ts';

/** What came of asking. */
export interface Asked {
  readonly heard?: Heard | undefined;
  /** What went wrong, or is missing. */
  readonly failures: readonly Failure[];
}

export interface Failure {
  /** Whose it is. */
  readonly who: string;
  /** A sentence without secrets. */
  readonly says: string;
}

export interface AskDeps extends Omit<RegionSources, 'mistakes'> {
  readonly policySignal: Signal;
  /** Epoch milliseconds. */
  readonly clock: () => number;
  /** Ends what is still being asked. */
  readonly over: AbortSignal;
}

/** The source of a value that its Region fixes, as elsewhere. */
const FIXED = 'static';
const FIXED_HOURS = 24;

/**
 * Asks for a region's past, present and future. Only hours of one source are compared with one another, so any signal does:
 *
 * | what                                                      | counts                    |
 * | --------------------------------------------------------- | ------------------------- |
 * | a fixed value                                             | before anything           |
 * | the first source that has a past or a future of the       | next                      |
 * |   policy signal                                           |                           |
 * | the first that has one of another signal                  | where none has            |
 * | the status of the cluster's Region                        | where no source has       |
 */
export function createAsking({ region, sources, readLive, ...deps }: AskDeps): () => Promise<Asked> {
  const { clock, over } = deps;
  const deadline = (ms: number) => AbortSignal.any([AbortSignal.timeout(ms), over]);
  // What is asked when it is over is not asked again: the process would live on for it.
  const random = () => (over.aborted ? 0 : Math.random());
  const feeds = sources.map((source) => createFeed(source, { clock, onRequest() {}, deadline, random }));
  /** What the cluster knows of its zones. */
  let described = readLive ? undefined : region;

  return async function ask() {
    const failures: Failure[] = [];
    let reading: Promise<ObservedRegion | undefined> | undefined;
    async function live(): Promise<ObservedRegion | undefined> {
      over.throwIfAborted();
      reading ??= readOnce(readLive, failures);
      return reading;
    }

    if (!described || feeds.length === 0) described = (await live()) ?? described;
    const current = described ?? region;
    const heard =
      heardFixed(current, clock()) ??
      (await askFeeds(feeds, current, deps.policySignal, failures)) ??
      heardStatus(await live(), clock(), failures);
    return { heard, failures };
  };
}

async function readOnce(readLive: RegionSources['readLive'], failures: Failure[]): Promise<ObservedRegion | undefined> {
  const live = await readLive?.();
  if (!live || !('issue' in live)) return live;
  failures.push({ who: 'cluster', says: live.issue });
  return undefined;
}

async function askFeeds(
  feeds: readonly Feed[],
  region: ObservedRegion,
  policySignal: Signal,
  failures: Failure[],
): Promise<Heard | undefined> {
  let other: Heard | undefined;
  for (const feed of feeds) {
    const heard = await askFeed(feed, region, failures);
    if (heard?.signal === policySignal) return heard;
    other ??= heard;
  }
  return other;
}

async function askFeed(feed: Feed, region: ObservedRegion, failures: Failure[]): Promise<Heard | undefined> {
  const { name } = feed.source;
  const fail = (outcome: string, says: string) =>
    void failures.push({ who: name, says: `${name}: ${outcome}: ${says}` });
  const zone = feed.source.zoneOf(zonesOf(region));
  if (zone === undefined) {
    fail('not_covered', `it has no zone for ${region.metadata.name}`);
    return undefined;
  }
  const { attempt, reading } = await feed.current(zone);
  if (attempt.outcome !== 'ok') fail(attempt.outcome, attempt.message);
  if (reading?.measuredAt === undefined) return undefined;
  const { signal, measuredAt, gramsPerKwh } = reading;
  const [forecast, history] = await Promise.all([feed.forecast(zone, signal), feed.history(zone)]);
  const past = history.filter((one) => one.signal === signal);
  const announced = forecast && !forecast.estimated ? forecast.points : [];
  if (past.length === 0 && announced.length === 0) {
    fail('no_forecast', 'it tells neither a forecast nor the past');
    return undefined;
  }
  return { source: name, signal, readings: [...past, { measuredAt, gramsPerKwh }], announced };
}

function heardFixed({ spec }: ObservedRegion, now: number): Heard | undefined {
  const { gramsPerKwh, signal = 'average-lifecycle' } = spec;
  if (gramsPerKwh === undefined) return undefined;
  const from = Math.floor(now / HOUR_MS) * HOUR_MS;
  const announced = Array.from({ length: FIXED_HOURS }, (_, hour) => ({ from: from + hour * HOUR_MS, gramsPerKwh }));
  return { source: FIXED, signal, readings: [], announced };
}

/** What the leader measured, and heard of the hours to come. */
function heardStatus(region: ObservedRegion | undefined, now: number, failures: Failure[]): Heard | undefined {
  const { observed, spec } = region ?? {};
  if (!region || !observed || !spec) return undefined;
  const announced = isOfSameZone(spec, observed) ? (observed.forecast ?? []).toSorted((a, b) => a.from - b.from) : [];
  if ((announced.at(-1)?.from ?? 0) <= now) {
    const says = `the cluster knows no forecast of ${region.metadata.name} (Region.status.forecast)`;
    failures.push({ who: 'cluster', says });
    return undefined;
  }
  const { measuredAt, gramsPerKwh = 0, signal = 'average-lifecycle', source = '' } = observedReading(region, now) ?? {};
  return {
    source: source === '' ? 'Region.status' : `Region.status, ${source}`,
    signal,
    readings: measuredAt === undefined ? [] : [{ measuredAt, gramsPerKwh }],
    announced,
  };
}
