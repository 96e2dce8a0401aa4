import {
  type Announced,
  anchorAnnounced,
  announcedByHour,
  type HeardForecast,
  hourOf,
  isEnough,
  JUDGED_AFTER,
  meansByHour,
} from '../../forecast/by-hour.ts';
import { createForecaster, type Forecaster, MOST_HOURS } from '../../forecast/forecaster.ts';
import {
  createPastHours,
  gramsOf,
  type KeptHours,
  MOST_PAST_HOURS,
  type PastHours,
} from '../../forecast/past-hours.ts';
import type { TimedValue } from '../../regions/reading.ts';
import type { ForecastPoint } from '../../regions/region-status.ts';
import type { SeriesIdentity } from '../../regions/remembered-hours.ts';
import { HOUR_MS, MINUTE_MS } from '../../units/moment.ts';
import { differsFrom, forecastPoints } from './forecast-points.ts';

/** A reading, and how long one value of its series lasts. */
export interface HeardReading extends TimedValue {
  readonly stepMs: number;
}

/** What is known of one region in one zone, of one source and in one signal, and what follows from it. */
export interface RegionSeries {
  readonly identity: SeriesIdentity;
  readonly past: Pick<PastHours, 'from' | 'until' | 'known' | 'kept'>;
  /** Another one when the past is another. */
  version(): number;
  /** A reading of now, and the source's own forecast. What is heard last of a moment counts, until its hour is over. */
  hear(reading: HeardReading, announced: readonly Announced[], now: number): void;
  /** Hours that were kept; those that have a reading keep it. */
  restore(kept: KeptHours): void;
  /** What a source's history says, in any order; hours that have a reading keep it. */
  fill(values: Iterable<TimedValue>, now: number): void;
  /** Whether a source that has a history is to be asked for it, once an hour: less than a day is known, or an hour is missing. */
  takeHistoryDue(now: number): boolean;
  /** Hours that are over, and of which nothing more is to come, become part of the past. */
  closeHours(now: number): void;
  /** Teaches the forecaster the next hour of the past; false where there is none. A series of which hours were put in begins anew. */
  learnNext(now: number): boolean;
  /** Makes the forecast of the current hour where that is due; whether it did. */
  makeForecast(now: number): boolean;
  /** The hours from the current one (when it was made) on, to a tenth of a gram; `undefined` where too little is known. */
  forecast(): readonly ForecastPoint[] | undefined;
}

/** A value of the last hour that is not here by then is late. */
const LATE_AFTER_MS = 15 * MINUTE_MS;
const HISTORY_HOURS = 24;
/** Of an hour that is not over; a source that has another value each second is heard no further. */
const MOST_VALUES_AN_HOUR = 120;

/** The forecast that is told, and what it was made of. */
interface Made {
  readonly hour: number;
  readonly points: readonly ForecastPoint[] | undefined;
  readonly announced: readonly Announced[];
}

export function createRegionSeries(identity: SeriesIdentity): RegionSeries {
  let past = createPastHours();
  let forecaster: Forecaster | undefined;
  /** The first hour that changed since the forecaster learnt it. */
  let changedFrom = Number.POSITIVE_INFINITY;
  /** Of how many forecasts of the source the forecaster knows. */
  let judged = 0;
  /** Values of hours that are not part of the past yet, by hour and moment. */
  const open = new Map<number, Map<number, HeardReading>>();
  let said: HeardForecast = { announced: [], hour: 0 };
  let version = 0;
  /** The last of what the source said as the forecaster knows it. */
  let learntSaid: Announced | undefined;
  let made: Made | undefined;
  /** In which hour history was asked for last, up to which it told all that it knows, and when that was looked at last. */
  let historyAskedIn: number | undefined;
  let historyToldUntil = 0;
  let lookedAt = '';

  function add(hour: number, gramsPerKwh: number): void {
    if (!past.add(hour, gramsPerKwh)) return;
    changedFrom = Math.min(changedFrom, hour);
    version += 1;
  }

  function forgetAll(): void {
    past = createPastHours();
    forecaster = undefined;
  }

  function meanOf(hour: number): number | undefined {
    return past.of(hour) ?? meansByHour(open.get(hour)?.values() ?? []).get(hour);
  }

  function hasValue(hour: number): boolean {
    return open.has(hour) || past.of(hour) !== undefined;
  }

  function isComplete(hour: number, now: number): boolean {
    const end = (hour + 1) * HOUR_MS;
    if (now < end) return false;
    const reached = [...(open.get(hour)?.values() ?? [])].some(({ measuredAt, stepMs }) => measuredAt + stepMs >= end);
    return reached || now >= end + LATE_AFTER_MS || [...open.keys()].some((other) => other > hour);
  }

  function isKnownEnough(now: number): boolean {
    return isEnough(past.known(), hourOf(now) - past.from()) && hourOf(now) - past.until() < MOST_HOURS;
  }

  /** A clock that was set may have heard it in an hour to come. */
  function saidLately(current: number): HeardForecast | undefined {
    const { announced, hour } = said;
    return announced.length > 0 && hour <= current && current - hour < MOST_HOURS ? said : undefined;
  }

  function mustBeginAnew(learnt: Forecaster, current: number): boolean {
    const next = learnt.nextHour();
    return changedFrom < next || next < past.from() || next > current + 1;
  }

  function pointsFrom(current: number, ours: Forecaster): readonly ForecastPoint[] {
    const heard = judged > JUDGED_AFTER ? undefined : saidLately(current);
    const unjudged = heard && anchorAnnounced(heard, meanOf, current, MOST_HOURS);
    return forecastPoints({ current, forecaster: ours, measuredOf: meanOf, unjudged });
  }

  return {
    identity,
    version: () => version,
    past: {
      from: () => past.from(),
      until: () => past.until(),
      known: () => past.known(),
      kept: (most) => past.kept(most),
    },

    hear(reading, announced, now) {
      if (announced.length > 0) said = { announced, hour: hourOf(now) };
      const hour = hourOf(reading.measuredAt);
      if (past.known() > 0 && hour < past.until() - MOST_PAST_HOURS) forgetAll();
      if (past.of(hour) !== undefined) return;
      const values = open.get(hour) ?? new Map();
      if (values.size < MOST_VALUES_AN_HOUR || values.has(reading.measuredAt)) values.set(reading.measuredAt, reading);
      open.set(hour, values);
    },

    restore({ firstHour, tenths }) {
      for (const [index, grams] of gramsOf(tenths).entries()) if (!Number.isNaN(grams)) add(firstHour + index, grams);
    },

    fill(values, now) {
      const current = hourOf(now);
      const means = [...meansByHour(values)].filter(([hour]) => hour < current).sort(([a], [b]) => a - b);
      for (const [hour, gramsPerKwh] of means) add(hour, gramsPerKwh);
      if (means.length > 0) historyToldUntil = current;
    },

    takeHistoryDue(now) {
      const current = hourOf(now);
      const look = `${current}/${version}/${open.size}`;
      if (historyAskedIn === current || lookedAt === look) return false;
      lookedAt = look;
      const newest = Math.min(Math.max(past.until(), ...open.keys()), current);
      const isMissing = (hour: number) => hour >= historyToldUntil && !hasValue(hour);
      const lacks =
        !isEnough(past.known(), current - past.from()) ||
        Array.from({ length: HISTORY_HOURS }, (_, index) => newest - HISTORY_HOURS + index).some(isMissing);
      if (lacks) historyAskedIn = current;
      return lacks;
    },

    closeHours(now) {
      const current = hourOf(now);
      for (const hour of [...open.keys()].sort((a, b) => a - b)) {
        const mean = isComplete(hour, now) ? meanOf(hour) : undefined;
        if (mean !== undefined) add(hour, mean);
        if (past.of(hour) !== undefined || Math.abs(current - hour) > MOST_PAST_HOURS) open.delete(hour);
      }
    },

    learnNext(now) {
      const current = hourOf(now);
      if (past.known() === 0) return false;
      if (!forecaster || mustBeginAnew(forecaster, current)) {
        forecaster = createForecaster(past.from());
        judged = 0;
      }
      changedFrom = Number.POSITIVE_INFINITY;
      const [hour, until] = [forecaster.nextHour(), Math.min(past.until(), current)];
      if (hour >= until) return false;
      const theirs = hour === until - 1 ? saidLately(current) : undefined;
      forecaster.learn(past.of(hour), theirs && announcedByHour(theirs.announced, hour + 1, MOST_HOURS));
      if (theirs) judged += 1;
      learntSaid = theirs?.announced.at(-1);
      return true;
    },

    makeForecast(now) {
      const current = hourOf(now);
      const isReady = !made || hasValue(current) || now - current * HOUR_MS >= LATE_AFTER_MS;
      const isOfAnotherHour = made?.hour !== current && isReady;
      const ours = isKnownEnough(now) ? forecaster : undefined;
      const isFirst = ours !== undefined && made?.points === undefined;
      const isRevised = () => made !== undefined && differsFrom(made.announced, said.announced, current);
      if (!isOfAnotherHour && !isFirst && !isRevised()) return false;
      if (ours && learntSaid !== said.announced.at(-1)) {
        ours.revise(announcedByHour(said.announced, ours.nextHour(), MOST_HOURS));
        learntSaid = said.announced.at(-1);
      }
      const points = ours && pointsFrom(current, ours);
      made = { hour: current, points: points?.length ? points : undefined, announced: said.announced };
      return true;
    },

    forecast: () => made?.points,
  };
}
