import { comparableReading } from '../../decision/refuse.ts';
import type { WaitingWork } from '../../decision/waiting-work.ts';
import { BANDS, type Band } from '../../regions/band.ts';
import type { RegionView } from '../../regions/snapshot.ts';
import { isoTime } from '../../units/moment.ts';
import type { RecentDecision } from '../recorder.ts';
import { AHEAD_MS, ahead, cleanest } from './forecast-ahead.ts';
import { rankedReading, type SourceStatus, type Status, whyWaitingUnknown } from './status.ts';

/** Grows when something that programs read is gone or means something else; what is added leaves it as it is. */
const VERSION = 1;

/** The document at `/status.json`: what the page shows, for programs. Times are RFC 3339, intensities gCO2e/kWh, ages seconds. */
export function statusDocument(status: Status): object {
  const { now, snapshot, thresholds, unready, sources } = status;
  const ranked = status.regions.filter((region) => rankedReading(region, status));
  const rankOf = new Map(ranked.map(({ name }, index) => [name, index + 1]));
  return {
    apiVersion: 'gridgate.dev/status/v1',
    kind: 'Status',
    version: VERSION,
    time: isoTime(now),
    replica: {
      ready: unready.length === 0,
      unready,
      roles: status.roles,
      leader: status.leader,
      certificateEnd: status.certificateEnd === undefined ? undefined : isoTime(status.certificateEnd),
      modeCap: status.modeCap,
      unreadSettings: status.unreadSettings,
    },
    policySignal: snapshot.policySignal,
    thresholds: thresholds && { lowUpTo: thresholds[0], highAbove: thresholds[1] },
    snapshot: { takenAt: isoTime(snapshot.takenAt), ageSeconds: secondsSince(snapshot.takenAt, now) },
    forecastWindowSeconds: AHEAD_MS / 1_000,
    byRegion: Object.fromEntries(
      status.regions.map((region) => [region.name, numbersOf(region, status, rankOf.get(region.name))]),
    ),
    regions: status.regions.map((region) => ({
      ...(rankOf.has(region.name) && { rank: rankOf.get(region.name) }),
      ...regionOf(region, now),
    })),
    sources: sources?.map((source) => sourceOf(source)),
    watches:
      status.watches && Object.entries(status.watches).map(([resource, idleSeconds]) => ({ resource, idleSeconds })),
    waiting: Array.isArray(status.waiting) ? status.waiting.map(waitingOf) : undefined,
    waitingUnknown: whyWaitingUnknown(status.waiting),
    decisions: status.decisions.map(decisionOf),
  };
}

/** Of a region, what scalers read by a path: every key is always there, `null` where nobody knows. */
interface RegionNumbers {
  /** That counts now: of the policy signal, as bands and ranks. */
  readonly gramsPerKwh: number | null;
  readonly ageSeconds: number | null;
  readonly band: { readonly name: Band; readonly number: number } | null;
  /** 1 is the cleanest of those where pods can run. */
  readonly rank: number | null;
  readonly outage: 0 | 1;
  /** The cleanest that is expected within `forecastWindowSeconds`, and when. */
  readonly forecastMinimum: { readonly gramsPerKwh: number; readonly at: string; readonly inSeconds: number } | null;
}

function numbersOf(region: RegionView, { now, snapshot }: Status, rank: number | undefined): RegionNumbers {
  const { band, outage, forecast = [] } = region;
  const reading = comparableReading(region, snapshot);
  const best = cleanest(ahead(forecast, now));
  return {
    gramsPerKwh: reading?.gramsPerKwh ?? null,
    ageSeconds: reading?.measuredAt === undefined ? null : secondsSince(reading.measuredAt, now),
    band: band === undefined ? null : { name: band, number: BANDS.indexOf(band) },
    rank: rank ?? null,
    outage: outage?.active ? 1 : 0,
    forecastMinimum: best
      ? { gramsPerKwh: best.gramsPerKwh, at: isoTime(best.from), inSeconds: Math.round((best.from - now) / 1_000) }
      : null,
  };
}

function regionOf({ name, reading, band, outage, elastic, pricePerHour, forecast }: RegionView, now: number): object {
  return {
    name,
    reading: reading && {
      ...reading,
      measuredAt: reading.measuredAt === undefined ? undefined : isoTime(reading.measuredAt),
      ageSeconds: reading.measuredAt === undefined ? undefined : secondsSince(reading.measuredAt, now),
    },
    band,
    outage,
    elastic,
    pricePerHour,
    forecast: forecast?.map((point) => ({ ...point, from: isoTime(point.from) })),
  };
}

function sourceOf({ lastOkAt, ...source }: SourceStatus): object {
  return { ...source, lastOkAt: lastOkAt === undefined ? undefined : isoTime(lastOkAt) };
}

function waitingOf({ since, notBefore, latestStart, lengthMs, planned, ...work }: WaitingWork): object {
  return {
    ...work,
    expected: planned,
    since: isoTime(since),
    notBefore: isoTime(notBefore),
    latestStart: isoTime(latestStart),
    durationSeconds: lengthMs / 1_000,
  };
}

function decisionOf({ at, endpoint, namespace, outcome }: RecentDecision): object {
  const { owner, mode, decision, reason, region, message } = outcome;
  return { time: isoTime(at), endpoint, namespace, owner, mode, decision, reason, region, message };
}

function secondsSince(then: number, now: number): number {
  return Math.max(0, Math.floor((now - then) / 1000));
}
