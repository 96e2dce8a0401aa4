import { freshnessOf } from '../../regions/freshness.ts';
import type { Reading, Signal } from '../../regions/reading.ts';
import { DAY_MS } from '../../units/moment.ts';
import type { Answer, Outcome } from '../asking/answer.ts';
import { createRequester, type Requester, type RequesterDeps } from '../asking/requester.ts';
import { plausibleForecast, plausibleHistory, plausibleIn, plausibleMeasurement } from './plausible.ts';
import type { ForecastPoint, IntensitySource, Measurement, SourceName } from './source.ts';
import { createZoneMemory } from './zone-memory.ts';

/** How asking one source went, for people: `message` is a sentence without secrets. */
export interface Attempt {
  readonly source: SourceName;
  readonly outcome: Outcome;
  readonly message: string;
}

/** What is to come in a zone, earliest first. */
export interface Forecast {
  readonly points: readonly ForecastPoint[];
  /** Whether these are yesterday's values instead of somebody's forecast. */
  readonly estimated: boolean;
  readonly source: SourceName;
}

/** One source with its memory, retries and checks. */
export interface Feed {
  readonly source: IntensitySource;
  /** The value of now, or the last good one while it can be used. */
  current(zone: string): Promise<{ readonly attempt: Attempt; readonly reading?: Reading; readonly stepMs?: number }>;
  /** From now on, in one signal; `undefined` where the source has neither forecast nor history. */
  forecast(zone: string, signal: Signal): Promise<Forecast | undefined>;
  /** The last days as far as the source knows them, oldest first; empty where it does not, or fails. */
  history(zone: string): Promise<readonly Measurement[]>;
}

/** Providers forecast once an hour at most: what is to come is not asked with each value of now. */
const OUTLOOK_KEPT_MS = 30 * 60_000;

export interface FeedDeps extends RequesterDeps {
  /** For how long an answer of a source counts that does not say so itself. */
  readonly keptMs?: number | undefined;
}

/** Asks a source through `requester.ts`, remembers its answers (`zone-memory.ts`) and checks them (`plausible.ts`). */
export function createFeed(source: IntensitySource, deps: FeedDeps): Feed {
  const { clock } = deps;
  const { name } = source;
  const request = createRequester(deps);

  const freshnessNow = ({ measuredAt, stepMs }: Measurement) => freshnessOf(clock() - measuredAt, stepMs);

  async function askNow(zone: string): Promise<Answer<Measurement>> {
    const answer = await request(async (abort) => plausibleMeasurement(await source.current(zone, abort), clock()));
    return answer.outcome === 'ok' && !freshnessNow(answer.value) ? tooOld(answer.value, clock()) : answer;
  }

  const currents = createZoneMemory(askNow, clock, source.keptMs ?? deps.keptMs);

  function readingOf(measurement: Measurement): Reading | undefined {
    const { gramsPerKwh, signal, measuredAt, estimated } = measurement;
    const freshness = freshnessNow(measurement);
    return freshness && { gramsPerKwh, signal, source: name, measuredAt, estimated, freshness };
  }

  return {
    source,
    async current(zone) {
      const { answer, good } = await currents(zone);
      const reading = good && readingOf(good);
      return {
        attempt: { source: name, ...outcomeOf(answer, reading) },
        ...(good && reading && { reading, stepMs: good.stepMs }),
      };
    },
    ...createOutlook(source, request, clock),
  };
}

function createOutlook(
  source: IntensitySource,
  request: Requester,
  clock: () => number,
): Pick<Feed, 'forecast' | 'history'> {
  const forecasts = createZoneMemory(
    (zone) => request(async (abort) => plausibleForecast((await source.forecast?.(zone, abort)) ?? [], clock())),
    clock,
    OUTLOOK_KEPT_MS,
  );
  const histories = createZoneMemory(
    (zone) => request(async (abort) => plausibleHistory((await source.history?.(zone, abort)) ?? [], clock())),
    clock,
    OUTLOOK_KEPT_MS,
  );

  async function announced(zone: string, signal: Signal): Promise<readonly ForecastPoint[]> {
    return source.forecast ? fromNowOn(plausibleIn(signal, (await forecasts(zone)).good ?? []), clock()) : [];
  }

  async function history(zone: string): Promise<readonly Measurement[]> {
    return source.history ? ((await histories(zone)).good ?? []) : [];
  }

  return {
    history,
    async forecast(zone, signal) {
      const points = await announced(zone, signal);
      if (points.length > 0) return { points, estimated: false, source: source.name };
      const again = yesterdayAgain(await history(zone), signal, clock());
      return again.length > 0 ? { points: again, estimated: true, source: source.name } : undefined;
    },
  };
}

function tooOld({ measuredAt }: Measurement, now: number): Answer<never> {
  return { outcome: 'too_old', message: `its last value is of ${Math.floor((now - measuredAt) / 3_600_000)} h ago` };
}

/** An answer that was good may have grown too old since it was received, or the clock may have jumped. */
function outcomeOf(answer: Answer<unknown>, reading: Reading | undefined): Pick<Attempt, 'outcome' | 'message'> {
  const { outcome } = answer;
  if (outcome !== 'ok')
    return { outcome, message: `${answer.message}${reading ? '; its last good value is used' : ''}` };
  if (!reading) return { outcome: 'too_old', message: 'its last value cannot be used any more' };
  return { outcome, message: `${reading.freshness}, ${reading.signal}` };
}

/** Of a forecast (earliest first), the point that counts now and those to come; none when it says nothing of later. */
function fromNowOn(points: readonly ForecastPoint[], now: number): readonly ForecastPoint[] {
  const next = points.findIndex(({ from }) => from > now);
  return next < 0 ? [] : points.slice(Math.max(0, next - 1));
}

/**
 * Yesterday's values (oldest first, of one signal) at today's hours: the load and the sun of one day are the best guess
 * for the next where nobody forecasts it.
 */
function yesterdayAgain(history: readonly Measurement[], signal: Signal, now: number): readonly ForecastPoint[] {
  return history
    .filter((one) => one.signal === signal && one.measuredAt + one.stepMs > now - DAY_MS)
    .map(({ measuredAt, gramsPerKwh }) => ({ from: measuredAt + DAY_MS, gramsPerKwh }));
}
