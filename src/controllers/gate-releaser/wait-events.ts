import { createHash } from 'node:crypto';
import type { Decision } from '../../decision/decide.ts';
import { controllerOf } from '../../decision/pod.ts';
import { formatAge, isoTime } from '../../units/moment.ts';
import { nameFew } from '../../units/tell-few.ts';
import { type Regarding, toEvent } from '../event.ts';
import type { PlannedUnit, PlanReason } from './plan.ts';
import type { Member } from './units.ts';

/** The `reason` of our Events of waiting. */
export const WAITING = 'Waiting';
const RELEASED_EVENT = 'Released';
const RELEASED_REFUSED = 'ReleasedRefused';
const WAITING_FILLS_QUOTA = 'WaitingFillsQuota';

/** An Event that is to be told; of equal keys one is enough. */
export interface WaitEvent {
  readonly key: string;
  readonly namespace: string;
  readonly event: object;
}

export interface Telling {
  /** Who reports, for people. */
  readonly instance: string;
  /** Epoch milliseconds. */
  readonly now: number;
}

const WHY: Readonly<Record<PlanReason, string>> = {
  not_placed: 'gridgate places no pods of its namespace now: its mode, or the kill switch, says so',
  begun: 'a part of what it belongs to went before',
  may_not_wait: 'its policy lets it wait no longer',
  latest_start: 'its latest start has come',
  refused: 'its latest start has come',
  cleaner_later: 'its hour has come',
  cleanest_now: 'no later start is expected to be noticeably cleaner',
  plan_failed: 'gridgate could not plan its wait',
};

/** On what waits and on its owner. */
export function waitingEvents(planned: PlannedUnit, telling: Telling): readonly WaitEvent[] {
  const { startAt, latestStart, start, unit } = planned;
  const { grams, place } = start ?? {};
  const gain = grams
    ? `: ${Math.round(grams.planned)} instead of ${Math.round(grams.now)} gCO2e/kWh are expected${place === undefined ? '' : ` in ${place}`}`
    : '';
  const note = `waits until ${isoTime(startAt)}${gain}; it starts by ${isoTime(latestStart)} at the latest; gridgate release lets it go now`;
  return unit.members.flatMap((member) => tell(member, { type: 'Normal', reason: WAITING, note }, telling));
}

/** On what was let go and on its owner. */
export function releasedEvents({ reason }: PlannedUnit, member: Member, telling: Telling): readonly WaitEvent[] {
  const [itself, ...owners] = releasedByOthers(WHY[reason], member, telling);
  // Of a Job only what went first is news.
  return [...(itself ? [itself] : []), ...(reason === 'begun' ? [] : owners)];
}

/** The same where somebody else let it go; `why` says who. */
export function releasedByOthers(why: string, member: Told, telling: Telling): readonly WaitEvent[] {
  const waitedMs = telling.now - Date.parse(member.metadata.creationTimestamp ?? '');
  return tell(
    member,
    { type: 'Normal', reason: RELEASED_EVENT, note: `let go after ${formatAge(waitedMs)}: ${why}` },
    telling,
  );
}

/** On what was let go though its policy refuses it by now. */
export function refusedEvents(member: Member, { message }: Decision, telling: Telling): readonly WaitEvent[] {
  const note = `let go at its latest start although its policy refuses it now: ${message}`;
  return tell(member, { type: 'Warning', reason: RELEASED_REFUSED, note }, telling);
}

const WINDOW_MS = 10 * 60_000;
const MOST_NAMED = 5;

/** On a namespace whose quota refuses pods while others wait in it: a pod behind a gate is charged as one that runs. */
export function quotaEvent(namespace: string, waiting: readonly Member[], { instance, now }: Telling): WaitEvent {
  const named = nameFew(waiting, MOST_NAMED, ({ metadata }) => metadata.name);
  const key = `quota/${namespace}/${Math.floor(now / WINDOW_MS)}`;
  const parts = {
    type: 'Warning' as const,
    name: eventName('waiting-fills-quota', key),
    namespace,
    reason: WAITING_FILLS_QUOTA,
    action: 'Wait',
    note: `a quota refuses pods while others are charged that wait for a cleaner hour: ${named}; with gridgate.dev/defer-by: suspend Jobs wait without being charged`,
    regarding: { apiVersion: 'v1', kind: 'Namespace', name: namespace },
    instance,
  };
  return { key, namespace, event: toEvent(parts, now) };
}

/** What an Event is about, and who owns it. */
type Told = Pick<Member, 'kind' | 'metadata' | 'pod'>;

function tell(
  member: Told,
  { type, reason, note }: { readonly type: 'Normal' | 'Warning'; readonly reason: string; readonly note: string },
  { instance, now }: Telling,
): readonly WaitEvent[] {
  const { namespace = '' } = member.metadata;
  return regardedIn(member).map((regarding) => {
    const key = `${reason}/${regarding.uid}`;
    const name = eventName(reason.toLowerCase(), key);
    const action = reason === WAITING ? 'Wait' : 'Release';
    return {
      key,
      namespace,
      event: toEvent({ type, name, namespace, reason, action, note, regarding, instance }, now),
    };
  });
}

/** Itself, and of a pod its Job. */
function regardedIn({ kind, metadata, pod }: Told): readonly Regarding[] {
  const { name, uid } = metadata;
  const itself = {
    ...(kind === 'Job' ? { apiVersion: 'batch/v1' } : { apiVersion: 'v1' }),
    kind,
    name,
    ...(uid !== undefined && { uid }),
  };
  const owner = kind === 'Pod' ? controllerOf(pod) : undefined;
  if (owner?.kind !== 'Job' || !owner.uid || !owner.name) return [itself];
  return [itself, { apiVersion: 'batch/v1', kind: 'Job', name: owner.name, uid: owner.uid }];
}

/** The same for whoever tells the same: a leader that does not know that another has told it gets a 409. */
function eventName(what: string, key: string): string {
  return `gridgate-${what}-${createHash('sha256').update(key).digest('hex').slice(0, 16)}`;
}
