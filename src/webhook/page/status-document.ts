import type { WaitingWork } from '../../decision/waiting-work.ts';
import type { RegionView } from '../../regions/snapshot.ts';
import { isoTime } from '../../units/moment.ts';
import type { RecentDecision } from '../recorder.ts';
import { rankedReading, type SourceStatus, type Status, whyWaitingUnknown } from './status.ts';

/** The document at `/status.json`: what the page shows, for programs. Times are RFC 3339, intensities gCO2e/kWh, ages seconds. */
export function statusDocument(status: Status): object {
  const { now, snapshot, thresholds, unready, sources } = status;
  let rank = 0;
  return {
    apiVersion: 'gridgate.dev/status/v1',
    kind: 'Status',
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
    regions: status.regions.map((region) => ({
      ...(rankedReading(region, status) && { rank: ++rank }),
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
