import { announcedByHour } from '../forecast/by-hour.ts';
import { type Outlook, outlookOf } from '../forecast/outlook.ts';
import { type Place, planStart, type StartPlan } from '../forecast/plan-start.ts';
import type { Reading } from '../regions/reading.ts';
import type { RegionView } from '../regions/snapshot.ts';
import { parseDuration } from '../units/duration.ts';
import { KUEUE_PREFIX } from '../units/label-names.ts';
import { DAY_MS, HOUR_MS } from '../units/moment.ts';
import { groupOf } from './exempt.ts';
import type { Judgement } from './judge.ts';
import { ANNOTATION_PREFIX } from './namespace-record.ts';
import { type Owner, ownerOf } from './owner.ts';
import { annotationOf, controllerOf, neverEnds, type Pod } from './pod.ts';
import type { Policy } from './policy.ts';
import { comparableReading } from './refuse.ts';
import { createMemory, remember } from './remember.ts';
import type { Treatment } from './treatment.ts';
import { isUsable } from './usable.ts';

/** How long a run is expected to take, and who says so. */
export interface RunLength {
  readonly ms: number;
  /** The pod's annotation; the mean of earlier runs of its owner, or of its namespace; nobody. */
  readonly from: 'pod' | 'owner' | 'namespace' | 'default';
}

/** What is known beside the pod where pods may wait. */
export interface WaitingFacts {
  /** Whether somebody is alive who lets go what waits: nothing is held that nobody would. */
  readonly isReleaserAlive: boolean;
  /** What is held back: the pod itself, behind a gate, as where nothing is said; or its Job, of whose template it is one. */
  readonly by?: Policy['deferBy'] | undefined;
  /** What earlier runs took; absent: nobody learns that. */
  readonly learntLength?: ((namespace: string, owner: Owner | undefined) => RunLength | undefined) | undefined;
  /** Since when it waits, epoch milliseconds; absent: it comes now. */
  readonly since?: number | undefined;
}

/** Of who cannot ask whether somebody is there, nor what earlier runs took. */
export const ASSUMED_FACTS: WaitingFacts = { isReleaserAlive: true };

/** A start that is planned, now or later. */
export interface Wait {
  readonly start: StartPlan;
  readonly length: RunLength;
}

/** Why a start is not planned at all: `no-wait-words.ts` has a sentence for each. */
export type WaitObstacle =
  | 'system_priority'
  | 'not_flexible'
  | 'no_defer'
  | 'waived'
  | 'never_ends'
  | 'has_node'
  | 'queued'
  | 'other_kind'
  | 'other_way'
  | 'nobody_releases';

/** No longer wait is a date that can be written down, whatever a namespace or a pod asks for. */
const LONGEST_WAIT_MS = 366 * DAY_MS;
const DEFAULT_LENGTH: RunLength = { ms: HOUR_MS, from: 'default' };
const JOB = 'batch/Job';
const OWN_DEFER = `${ANNOTATION_PREFIX}defer`;

/**
 * What keeps a pod from waiting, whatever is forecast; `undefined` where it is of the kind that can wait, and its policy lets it. Kueue has a
 * queue and gates of its own for what it manages. The first that applies:
 *
 * | pod                                                            | obstacle                          |
 * | -------------------------------------------------------------- | --------------------------------- |
 * | of a system priority, or not `flexible`                        | `system_priority`, `not_flexible` |
 * | its namespace, or the pod, leaves it no time                   | `no_defer`, `waived`              |
 * | restarted for ever, with a node, Kueue's                       | `never_ends`, `has_node`, `queued` |
 * | of a controller that is neither a Job nor one of `defer.kinds` | `other_kind`                      |
 * | of a Job under `defer-by: suspend`: its Job waits instead      | `other_way`                       |
 *
 * `by: 'suspend'` asks of a pod of a Job's template whether that Job may wait: the same, under `defer-by: suspend` and there alone.
 */
function obstacleTo(
  pod: Pod,
  { policy, podClass, systemPod }: Treatment,
  by: Policy['deferBy'] = 'gate',
): WaitObstacle | undefined {
  if (podClass !== 'flexible') return systemPod ? 'system_priority' : 'not_flexible';
  if (longestWaitMs(pod, policy) === 0)
    return parseDuration(annotationOf(pod, OWN_DEFER) ?? '') === 0 ? 'waived' : 'no_defer';
  if (neverEnds(pod)) return 'never_ends';
  if (pod.spec?.nodeName) return 'has_node';
  return isQueued(pod) ? 'queued' : obstacleOfOwner(pod, policy, by);
}

function obstacleOfOwner(pod: Pod, policy: Policy, by: Policy['deferBy']): WaitObstacle | undefined {
  const owner = controllerOf(pod);
  if (!owner) return by === 'gate' ? undefined : 'other_way';
  const kind = `${groupOf(owner.apiVersion ?? '')}/${owner.kind}`;
  if (kind === JOB) return policy.deferBy === by ? undefined : 'other_way';
  return by === 'gate' && policy.deferKinds?.includes(kind) ? undefined : 'other_kind';
}

export function mayWait(pod: Pod, treatment: Treatment, by?: Policy['deferBy']): boolean {
  return obstacleTo(pod, treatment, by) === undefined;
}

/** How long a pod may wait at most, milliseconds: it can shorten what its namespace allows, and no more. */
export function longestWaitMs(pod: Pod, policy: Policy): number {
  const own = parseDuration(annotationOf(pod, OWN_DEFER) ?? '');
  const { deferMs = 0, podOverrides } = policy;
  const most = podOverrides === 'allow' ? LONGEST_WAIT_MS : Math.min(deferMs, LONGEST_WAIT_MS);
  return Math.min(own ?? deferMs, most);
}

/** What the pod says, else what earlier runs took, else an hour. */
export function runLength(pod: Pod, { learntLength }: Pick<WaitingFacts, 'learntLength'>): RunLength {
  const own = parseDuration(annotationOf(pod, `${ANNOTATION_PREFIX}duration`) ?? '');
  if (own !== undefined && own > 0) return { ms: own, from: 'pod' };
  return learntLength?.(pod.metadata?.namespace ?? '', ownerOf(pod)) ?? DEFAULT_LENGTH;
}

/** The last moment at which a pod may start so that it keeps to its policy and has run before its own deadline; epoch milliseconds. */
export function latestStart(pod: Pod, policy: Policy, createdAt: number, lengthMs: number): number {
  const deadline = Date.parse(annotationOf(pod, `${ANNOTATION_PREFIX}deadline`) ?? '');
  const latest = createdAt + longestWaitMs(pod, policy);
  return Number.isNaN(deadline) ? latest : Math.min(latest, deadline - lengthMs);
}

/** When a pod is to start that is asked for `now`, or why no later start is looked for. */
export function planWait(pod: Pod, judgement: Judgement, facts: WaitingFacts, now: number): Wait | WaitObstacle {
  const { treatment } = judgement;
  const obstacle = obstacleTo(pod, treatment, facts.by);
  if (obstacle) return obstacle;
  if (!facts.isReleaserAlive) return 'nobody_releases';
  const length = runLength(pod, facts);
  const start = planStart({
    places: placesToWaitFor(judgement),
    now,
    durationMs: length.ms,
    latestStart: latestStart(pod, treatment.policy, facts.since ?? now, length.ms),
    minSavingPercent: treatment.policy.deferMinSavingPercent,
  });
  return { start, length };
}

const placesOfJudgement = createMemory<Judgement, readonly Place[]>();

/**
 * Where a pod could run now or later: the acceptable regions, and, once they are below the ceiling, those that are above it now. Regions
 * whose intensity nobody knows are none.
 */
export function placesToWaitFor(judgement: Judgement): readonly Place[] {
  return remember(placesOfJudgement, judgement, () => {
    const { candidates, refused, snapshot, treatment } = judgement;
    const dirty = refused.filter(({ refusal }) => refusal === 'high_carbon').map(({ region }) => region);
    const ceiling = treatment.carbonExempt ? undefined : treatment.maxIntensity;
    return [...candidates, ...dirty]
      .filter((region) => isUsable(region, snapshot))
      .flatMap((region) => {
        const reading = comparableReading(region, snapshot);
        if (!reading) return [];
        const outlook = outlookOfRegion(region, reading, snapshot.takenAt);
        return [{ name: region.name, outlook, ceiling, isOpen: candidates.includes(region) }];
      });
  });
}

/** What is expected of a region's hours, by its forecast and a comparable reading of it. */
export function outlookOfRegion(region: RegionView, reading: Reading, takenAt: number): Outlook {
  return remember(outlooks, region, () => outlookOf(expected(region, reading, takenAt)));
}

const outlooks = createMemory<RegionView, Outlook>();
const DAY = 24;

/**
 * | a region's forecast | its reading            | then                                   |
 * | ------------------- | ---------------------- | -------------------------------------- |
 * | some                | any                    | the forecast, with the reading's hour  |
 * | none                | fixed, yearly average  | it, for ever                           |
 * | none                | measured               | it, for this hour alone                |
 */
function expected(
  { forecast = [] }: RegionView,
  { gramsPerKwh, measuredAt, source, freshness }: Reading,
  takenAt: number,
) {
  const [first] = forecast;
  const last = forecast.at(-1);
  if (!first || !last) {
    const hours = source === 'static' || freshness === 'embedded' ? DAY : 1;
    return { from: Math.floor(takenAt / HOUR_MS) * HOUR_MS, gramsPerKwh: Array<number>(hours).fill(gramsPerKwh) };
  }
  const from = Math.floor(first.from / HOUR_MS);
  const hours = announcedByHour(forecast, from, Math.floor(last.from / HOUR_MS) - from + 1);
  const gap = hours.findIndex(Number.isNaN);
  const known = gap < 0 ? hours : hours.slice(0, gap);
  const readAt = measuredAt === undefined ? -1 : Math.floor(measuredAt / HOUR_MS) - from;
  if (readAt in known) known[readAt] = gramsPerKwh;
  return { from: from * HOUR_MS, gramsPerKwh: known };
}

/** Whether Kueue says when a pod, or a Job, runs. */
export function isQueued({ metadata }: Pick<Pod, 'metadata'>): boolean {
  return [metadata?.labels, metadata?.annotations].some((map) =>
    Object.keys(map ?? {}).some((key) => key.startsWith(KUEUE_PREFIX)),
  );
}
