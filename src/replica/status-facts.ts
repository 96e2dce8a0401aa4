import type { GridgateConfig } from '../config/config-file.ts';
import type { BandThresholds } from '../regions/band.ts';
import { secondsBetween } from '../telemetry/region-metrics.ts';
import type { SourceRequests } from '../telemetry/source-tally.ts';
import { cutText } from '../units/cut-text.ts';
import { onOneLine } from '../units/legible.ts';
import { ROLES, type Role } from '../units/role.ts';
import type { SourceStatus, UnreadSetting } from '../webhook/page/status.ts';

const MOST_PROBLEM_CHARACTERS = 800;

/** The configured sources of intensities, as requests to them are counted; two of a kind share their name. */
export function sourceNames({ sources }: Pick<GridgateConfig, 'sources'>): readonly string[] {
  return [...new Set(sources.map(({ type }) => type))];
}

/** What the status page says of the configured sources (`names`), and what their requests came to. */
export function sourceStatuses(names: readonly string[], requests: readonly SourceRequests[]): readonly SourceStatus[] {
  return names.map((name) => {
    const ofSource = requests.filter(({ source }) => source === name);
    const [first] = ofSource;
    if (!first) return { name, outcomes: {} };
    const lastOkAt = ofSource.find(({ outcome }) => outcome === 'ok')?.lastAt;
    const last = ofSource.reduce((latest, one) => (one.lastAt > latest.lastAt ? one : latest), first);
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
  return Object.fromEntries(Object.entries(lastEventAt).map(([resource, at]) => [resource, secondsBetween(at, now)]));
}

/** The thresholds of all regions; `undefined` where each has its own. */
export function absoluteThresholds({ bands }: Pick<GridgateConfig, 'bands'>): BandThresholds | undefined {
  return bands.mode === 'absolute' ? bands.thresholds : undefined;
}

/** What a replica does: alone it answers reviews and has no controllers. */
export function rolesPlayed(servesReviews: boolean, runsForLease: boolean): readonly Role[] {
  return ROLES.filter((role) => (role === 'webhook' ? servesReviews : runsForLease));
}

/** What people wrote and gridgate cannot read, in order. */
export function settingProblems(problems: {
  readonly configFile: string | undefined;
  readonly killSwitch: string | undefined;
}): readonly UnreadSetting[] {
  const all = [
    { setting: 'gridgate.yaml', problem: problems.configFile },
    { setting: 'kill switch', problem: problems.killSwitch },
  ];
  return all.flatMap(({ setting, problem }) => (problem === undefined ? [] : [{ setting, problem: legible(problem) }]));
}

/** For people: the text comes from others, and may be long. */
export function legible(problem: string): string {
  return cutText(onOneLine(problem), MOST_PROBLEM_CHARACTERS);
}
