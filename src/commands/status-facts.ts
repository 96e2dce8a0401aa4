import { ROLES, type Role } from '../config/options.ts';
import type { SourceRequests } from '../telemetry/source-tally.ts';
import type { SourceStatus } from '../webhook/page/status.ts';

/** What the status page says of each source that was asked. */
export function sourceStatuses(requests: readonly SourceRequests[]): readonly SourceStatus[] {
  const bySource = Map.groupBy(requests, ({ source }) => source);
  return [...bySource].map(([name, ofSource]) => {
    const lastOkAt = ofSource.find(({ outcome }) => outcome === 'ok')?.lastAt;
    const last = ofSource.reduce((latest, one) => (one.lastAt > latest.lastAt ? one : latest));
    return {
      name,
      outcomes: Object.fromEntries(ofSource.map(({ outcome, count }) => [outcome, count])),
      ...(lastOkAt !== undefined && { lastOkAt }),
      ...(last.outcome !== 'ok' && { problem: `the last answer was ${last.outcome}` }),
    };
  });
}

/** Seconds since the last event of each watch. */
export function idleSeconds(lastEventAt: Readonly<Record<string, number>>, now: number): Record<string, number> {
  return Object.fromEntries(
    Object.entries(lastEventAt).map(([resource, at]) => [resource, Math.max(0, (now - at) / 1_000)]),
  );
}

/** What a replica does: alone it answers reviews and has no controllers. */
export function rolesPlayed(servesReviews: boolean, runsForLease: boolean): readonly Role[] {
  return ROLES.filter((role) => (role === 'webhook' ? servesReviews : runsForLease));
}
