import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { CARBON_BEFORE } from '../../capacity/pool-memory.ts';
import { HOUR_MS } from '../../units/moment.ts';
import { toTenth } from '../../units/to-tenth.ts';
import { HOME_OF_EVENTS, toEvent } from '../event.ts';
import type { Notice } from '../notices.ts';
import { type CarbonPool, valueIn } from './carbon-pool.ts';
import type { Hold, PoolField } from './hold.ts';
import type { Complaint, Decision } from './plan.ts';
import type { PoolStatus } from './pool-status.ts';
import { narrowedKey } from './refusals.ts';
import { cleanAgainAt } from './regions-now.ts';
import { nameField, show } from './show-field.ts';
import { placeOf } from './targets.ts';
import { CARBON_AWARE, type PoolMode, readWish } from './wish.ts';

/** Who tells, and whether it was done or would be. */
export interface Telling {
  readonly instance: string;
  readonly now: number;
  readonly isAudit: boolean;
}

/** What there is of ours on a pool, or would be. */
export interface Ours {
  readonly status?: PoolStatus | undefined;
  readonly hold?: Hold | undefined;
}

/** After so long a change is no news: the API server keeps Events for an hour. */
const NEWS_FOR_MS = HOUR_MS;

interface Words {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly note: string;
  /** What tells this one from another of its kind. */
  readonly key: string;
}

/** What of a pool's status is news. */
export function changeNotices(pool: CarbonPool, { status, hold }: Ours, telling: Telling): readonly Notice[] {
  if (!status || telling.now - status.since >= NEWS_FOR_MS) return [];
  const reason = reasonOf(status);
  const note = tellChange(pool, status, hold, telling.isAudit);
  const key = `${status.since}${telling.isAudit ? ' audit' : ''}`;
  return [noticeOf(pool, { type: 'Normal', reason, note, key }, telling)];
}

export function complaintNotice(pool: CarbonPool, complaint: Complaint, telling: Telling): Notice {
  const { reason, note, key = note } = complaint;
  const type = reason === 'CarbonAwareResting' ? 'Normal' : 'Warning';
  return noticeOf(pool, { type, reason, note, key }, telling);
}

/**
 * Told where a field was ours and nothing keeps what its owner had: what we wrote stands there on, and is nobody's. `undefined`: that is
 * not so.
 */
export function orphanNotice(pool: CarbonPool, hold: Hold | undefined, telling: Telling): Notice | undefined {
  const { name, fieldsOfOurs } = pool;
  if (hold || fieldsOfOurs.length === 0) return undefined;
  const stands = fieldsOfOurs.map((field) => tellStanding(pool, field)).join(', ');
  const note = `${CARBON_BEFORE} no longer keeps what its owner had: ${stands}, as gridgate wrote it, and stays so until somebody writes what it is to be: ${mend(name, fieldsOfOurs)}`;
  return noticeOf(pool, { type: 'Warning', reason: 'CarbonAwareForgotten', note, key: String(telling.now) }, telling);
}

function tellStanding(pool: CarbonPool, field: PoolField): string {
  if (field !== 'requirements') return `spec.${field} is ${show(valueIn(pool, { field }))}`;
  const key = narrowedKey(pool.facts);
  return key === undefined ? 'its requirements' : `${key} is ${show(valueIn(pool, { field, key }))}`;
}

/** The command of a person; without the field a pool has no limit of cores, and the weight 0. */
function mend(name: string, fields: readonly PoolField[]): string {
  if (fields.includes('requirements')) return `kubectl edit nodepool ${name}`;
  const spec = {
    ...(fields.includes('weight') && { weight: null }),
    ...(fields.includes('limits.cpu') && { limits: { cpu: null } }),
  };
  return `kubectl patch nodepool ${name} --type=merge -p '${JSON.stringify({ spec })}' (null: none; or a value)`;
}

const ENDED_BY: Partial<Readonly<Record<Complaint['reason'], string>>> = {
  CarbonAwareMistake: 'because its gridgate.dev annotations are mistaken (CarbonAwareMistake)',
  CarbonAwareRefused: 'because it cannot be followed as they ask (CarbonAwareRefused)',
  CarbonAwareNoPlace: 'because nothing tells where its nodes would be (CarbonAwareNoPlace)',
};

/** Why a pool is followed no more; `switchedBy`: what says that none is to be. */
export function tellEnd({ complaint }: Pick<Decision, 'complaint'>, switchedBy: string | undefined): string {
  if (switchedBy !== undefined) return `because ${switchedBy}`;
  return (complaint && ENDED_BY[complaint.reason]) ?? `because the annotation ${CARBON_AWARE} is gone`;
}

/** Told once all that was ours is gone. */
export function putBackNotice(pool: CarbonPool, hold: Hold, why: string, telling: Telling): Notice {
  const value = valueIn(pool, hold);
  const field = nameField(hold);
  const is = value === null ? 'absent' : show(value);
  const note = isDeepStrictEqual(value, hold.value)
    ? `put back: ${field} is ${is} again, ${why}`
    : `let go: ${field} stays ${is}, as somebody else wrote it, ${why}`;
  return noticeOf(pool, { type: 'Normal', reason: 'CarbonAwarePutBack', note, key: String(telling.now) }, telling);
}

function noticeOf(pool: CarbonPool, { type, reason, note, key }: Words, { instance, now }: Telling): Notice {
  const hash = createHash('sha256').update(`${pool.uid}\n${reason}\n${key}`).digest('hex');
  const name = `gridgate-nodepool-${hash.slice(0, 16)}`;
  const regarding = { apiVersion: 'karpenter.sh/v1', kind: 'NodePool', name: pool.name, uid: pool.uid };
  const about = { ...regarding, namespace: undefined };
  const parts = {
    type,
    reason,
    note,
    name,
    namespace: HOME_OF_EVENTS,
    action: 'FollowGrid',
    regarding: about,
    instance,
  };
  return { namespace: HOME_OF_EVENTS, name, event: () => toEvent(parts, now) };
}

function reasonOf({ mode, judged }: PoolStatus): string {
  if (mode === 'weight') return 'CarbonAwareRanked';
  const isDirty = Array.isArray(judged) ? judged.length > 0 : judged === true;
  return isDirty ? 'CarbonAwareDirty' : 'CarbonAwareClean';
}

function tellChange(pool: CarbonPool, { mode, reason }: PoolStatus, hold: Hold | undefined, isAudit: boolean): string {
  const place = placeOf(pool, mode);
  const [is, stays] = isAudit ? ['would be', 'would stay'] : ['is', 'is'];
  const field = nameField(place);
  if (!hold) return `${field} ${stays} as its owner has it (${show(valueIn(pool, place))}): ${reason}`;
  const means = mode === 'weight' ? '' : `; ${MEANS[mode]} until ${tellUntil(pool)}`;
  return `${field} ${is} ${show(hold.wrote)}, its owner has ${show(hold.value)}: ${reason}${means}`;
}

/** What a pool's nodes have of it while it is dirty. */
const MEANS: Readonly<Record<Exclude<PoolMode, 'weight'>, string>> = {
  pause: 'no new nodes',
  hardware: 'tried before pools of less weight',
  requirement: 'no new nodes in the places left out',
};

function tellUntil({ annotations }: CarbonPool): string {
  const wish = readWish(annotations);
  const threshold = wish && 'threshold' in wish ? wish.threshold : undefined;
  if (threshold === undefined) return 'the grid is not in the band high any more';
  return `the grid is at ${toTenth(cleanAgainAt(threshold))} gCO2e/kWh or below`;
}
