import { isDeepStrictEqual } from 'node:util';
import { isPaused } from '../../capacity/paused.ts';
import { CARBON_BEFORE, CARBON_STATUS } from '../../capacity/pool-memory.ts';
import { type Held, heldUpTo, MINIMUM_DWELL_MS } from '../../regions/band.ts';
import type { CapacityMode } from '../../units/capacity-mode.ts';
import { ZONE_LABEL } from '../../units/label-names.ts';
import { timeOfDay } from '../../units/moment.ts';
import { type CarbonPool, valueIn } from './carbon-pool.ts';
import { type FieldValue, formatHold, type Hold, LONGEST_HOLD } from './hold.ts';
import { fitsStatus, type PoolStatus } from './pool-status.ts';
import { refusalOf } from './refusals.ts';
import { nameField, show } from './show-field.ts';
import {
  isStillOurs,
  type OwnedPool,
  ownValueIn,
  placeOf,
  regionsOfValues,
  type Target,
  targetOf,
  type World,
} from './targets.ts';
import { CARBON_AWARE, type PoolMode, readWish } from './wish.ts';

/** Of one pool within any 24 hours; the last is kept for the way back, so that a restless grid never holds up pods for a day. */
export const MOST_CHANGES = 4;

/** What is to be written to a pool. */
export type Step =
  /** Server-side apply of the status; of a hold, too, and of what it wrote where that is or becomes ours. */
  | { readonly kind: 'apply'; readonly status: PoolStatus; readonly hold?: Hold; readonly isFieldOurs: boolean }
  /** What its owner had there; then all that is ours goes, but a status that follows on. */
  | { readonly kind: 'put-back'; readonly hold: Hold; readonly status?: PoolStatus }
  /** The field stays as it is; all that is ours goes, but a status that follows on. */
  | { readonly kind: 'release'; readonly hold?: Hold; readonly status?: PoolStatus };

/** How a pool stands: for the metric. */
export const POOL_STATES = ['as-it-was', 'changed', 'let-go', 'refused', 'left-alone'] as const;
export type PoolState = (typeof POOL_STATES)[number];

/** What keeps us from following a pool: for an Event. */
export interface Complaint {
  readonly reason:
    | 'CarbonAwareMistake'
    | 'CarbonAwareRefused'
    | 'CarbonAwareNoPlace'
    | 'CarbonAwareLetGo'
    | 'CarbonAwareResting';
  readonly note: string;
  /** What tells it from another of its reason; without it, its note does. */
  readonly key?: string;
}

export interface Decision {
  readonly mode: PoolMode | 'none';
  readonly state: PoolState;
  readonly step?: Step | undefined;
  readonly complaint?: Complaint | undefined;
}

export interface PlanInput {
  readonly mode: CapacityMode;
  /** Epoch milliseconds. */
  readonly now: number;
  readonly world: World;
  /** When this process wrote the pool's field last, epoch milliseconds: its annotations may be gone since. */
  readonly wroteAt?: number | undefined;
}

/**
 * What is to be done about a pool:
 *
 * | gridgate.dev/paused | controller | carbon-aware | can be followed | then                            |
 * | ------------------- | ---------- | ------------ | --------------- | ------------------------------- |
 * | true                | any        | any          | any             | nothing: it stays just as it is |
 * | -                   | off, audit | any          | any             | put back                        |
 * | -                   | on         | -            | any             | put back                        |
 * | -                   | on         | any          | no              | put back, and told              |
 * | -                   | on         | a mode       | yes             | followed                        |
 */
export function decidePool(pool: CarbonPool, input: PlanInput): Decision {
  if (isPaused(pool.annotations)) return { mode: 'none', state: 'left-alone' };
  const read = readPool(pool, input.world);
  const isFollowed = input.mode === 'on' && read.owned !== undefined;
  const decision = isFollowed ? follow(read.owned, input) : { ...unfollowed(read), step: endOf(pool) };
  return warnOfForgery(pool, decision);
}

/**
 * What `on` would do, for `audit`: `imagined` is what would stand in the pool's status. Nothing of it is to be written but what
 * `decidePool` puts back.
 */
export function imaginePool(pool: CarbonPool, imagined: PoolStatus | undefined, input: PlanInput): Decision {
  if (isPaused(pool.annotations)) return { mode: 'none', state: 'left-alone' };
  const read = readPool({ ...pool, status: imagined, hold: undefined }, input.world);
  return warnOfForgery(pool, read.owned ? follow(read.owned, input) : unfollowed(read));
}

function warnOfForgery(pool: CarbonPool, decision: Decision): Decision {
  const { complaint } = decision;
  if (complaint && complaint.reason !== 'CarbonAwareResting') return decision;
  return { ...decision, complaint: forgery(pool) ?? complaint };
}

/** What stands where gridgate keeps what was there before, and is not its own. */
function forgery({ annotations, hold }: CarbonPool): Complaint | undefined {
  if (hold || annotations[CARBON_BEFORE] === undefined) return undefined;
  const note = `${CARBON_BEFORE} is nothing that gridgate writes: nothing of it is put back; see what the pool should have, and remove it`;
  return complain('CarbonAwareMistake', note);
}

interface Read {
  readonly mode: PoolMode | 'none';
  /** Where it can be followed. */
  readonly owned?: OwnedPool;
  readonly complaint?: Complaint;
}

function readPool(pool: CarbonPool, { snapshot, places }: World): Read {
  const wish = readWish(pool.annotations);
  if (wish === undefined) return { mode: 'none' };
  if ('mistakes' in wish) return { mode: 'none', complaint: complain('CarbonAwareMistake', wish.mistakes.join('; ')) };
  const { mode } = wish;
  const refusal = refusalOf(pool, wish, snapshot.regionLabel);
  if (refusal !== undefined) return { mode, complaint: complain('CarbonAwareRefused', refused(mode, refusal)) };
  const regions = places.regionsOf(pool);
  if (!regions) return { mode, complaint: complain('CarbonAwareNoPlace', refused(mode, NO_PLACE)) };
  const was = pool.status?.mode === mode ? pool.status.judged : undefined;
  return { mode, owned: { pool, wish, regions, was, ownValue: ownValueIn(pool, placeOf(pool, mode)) } };
}

const NO_PLACE = `nothing tells where its nodes would be: it names no zone or region that gridgate knows, has no node, and there are several regions; add ${ZONE_LABEL} In [...] to its requirements`;

function refused(mode: PoolMode, why: string): string {
  return `${CARBON_AWARE}=${mode} does nothing: ${why}`;
}

function complain(reason: Complaint['reason'], note: string): Complaint {
  return { reason, note };
}

function unfollowed({ mode, complaint }: Read): Decision {
  return { mode, state: complaint ? 'refused' : 'as-it-was', complaint };
}

/** Takes away all that is ours; `undefined`: nothing is. */
export function endOf(pool: CarbonPool): Step | undefined {
  const { hold, annotations, fieldsOfOurs } = pool;
  if (hold) return giveBack(pool, hold, undefined);
  const isMarked = annotations[CARBON_STATUS] !== undefined || annotations[CARBON_BEFORE] !== undefined;
  return isMarked || fieldsOfOurs.length > 0 ? { kind: 'release' } : undefined;
}

function follow(owned: OwnedPool, input: PlanInput): Decision {
  const { pool, wish } = owned;
  const { hold, status } = pool;
  const place = placeOf(pool, wish.mode);
  // Of another mode, or of another label: first that is put back.
  if (hold && (hold.field !== place.field || hold.key !== place.key))
    return { mode: wish.mode, state: 'changed', step: giveBack(pool, hold, status) };
  if (isHalfGiven(pool)) {
    const step: Step = { kind: 'release', ...(hold && { hold }), ...(status && { status }) };
    return { mode: wish.mode, state: 'as-it-was', step };
  }
  const target = targetOf(owned, input.world);
  if (!isFitting(owned, target, input.world))
    return {
      ...unfollowed({ mode: wish.mode, complaint: complain('CarbonAwareRefused', refused(wish.mode, TOO_MUCH)) }),
      step: endOf(pool),
    };
  if (!status && isResting(input)) return rest(owned, target, input);
  const isBehind = !isJudged(owned, target) || isOutdated(pool, target.value);
  return isBehind && mayChange(owned, target, input) ? change(owned, target, input) : stay(owned, target, input.now);
}

/**
 * A field is ours that is not to be: its owner took our memory away, so that what stands there is theirs; or a leader ended after it
 * had put the value back.
 */
function isHalfGiven(pool: CarbonPool): boolean {
  const { hold, fieldsOfOurs } = pool;
  const isBack = hold !== undefined && !isStillOurs(pool, hold) && isDeepStrictEqual(valueIn(pool, hold), hold.value);
  return fieldsOfOurs.length > 0 && (hold === undefined || isBack);
}

const TOO_MUCH = 'what it lists is more than gridgate remembers of a pool (4,096 characters, 20 regions)';

function isFitting(owned: OwnedPool, { judged, value }: Target, world: World): boolean {
  const fits = value === undefined || formatHold(holdFor(owned, value, world)).length <= LONGEST_HOLD;
  return fits && fitsStatus(judged);
}

function isJudged({ was }: OwnedPool, { judged }: Target): boolean {
  return isDeepStrictEqual(was, judged);
}

/** The judgement is the same, and another value follows from it: its owner changed the range of weights. */
function isOutdated(pool: CarbonPool, value: FieldValue | undefined): boolean {
  const { hold } = pool;
  return value !== undefined && hold !== undefined && isStillOurs(pool, hold) && !isDeepStrictEqual(hold.wrote, value);
}

/** Whether the pool was changed within the last 30 minutes, and nothing on it says so any more. */
function isResting({ now, wroteAt }: PlanInput): boolean {
  return wroteAt !== undefined && Math.abs(now - wroteAt) < MINIMUM_DWELL_MS;
}

/** It is told what would stand there: somebody who mended an annotation waits for it. */
function rest(owned: OwnedPool, target: Target, { now, wroteAt = now }: PlanInput): Decision {
  const { pool, wish, ownValue } = owned;
  const decision = stay(owned, target, now);
  const { value, reason } = target;
  if (pool.hold || value === undefined || isDeepStrictEqual(value, ownValue)) return decision;
  const what = `${nameField(placeOf(pool, wish.mode))} would be ${show(value)} (${reason})`;
  const at = wroteAt + MINIMUM_DWELL_MS;
  const note = `${what}; at the earliest at ${timeOfDay(at)}Z, 30 minutes after its last change`;
  return { ...decision, complaint: { reason: 'CarbonAwareResting', note, key: String(at) } };
}

function mayChange({ pool: { status }, wish }: OwnedPool, { value }: Target, { now }: PlanInput): boolean {
  if (!status) return true;
  const { since, changes } = heldUpTo(now, status);
  const most = value === undefined || wish.mode === 'weight' ? MOST_CHANGES : MOST_CHANGES - 1;
  return now - since >= MINIMUM_DWELL_MS && changes.length < most;
}

function change(owned: OwnedPool, target: Target, { now, world }: PlanInput): Decision {
  const { pool, wish, ownValue } = owned;
  const { hold, status: before } = pool;
  const { judged, value, reason, readings } = target;
  const changes = before ? [...heldUpTo(now, before).changes, now] : [];
  const status: PoolStatus = { mode: wish.mode, judged, since: now, changes, reason, readings };
  if (value === undefined || isDeepStrictEqual(value, ownValue)) {
    const step: Step = hold ? giveBack(pool, hold, status) : { kind: 'apply', status, isFieldOurs: false };
    return { mode: wish.mode, state: 'as-it-was', step };
  }
  const step: Step = { kind: 'apply', status, hold: holdFor(owned, value, world), isFieldOurs: true };
  return { mode: wish.mode, state: 'changed', step };
}

/** What is kept while this value of ours stands in the field. */
function holdFor(owned: OwnedPool, wrote: FieldValue, world: World): Hold {
  const { hold } = owned.pool;
  const { regions, ...captured } = capture(owned, wrote, world);
  const isOurs = hold !== undefined && isStillOurs(owned.pool, hold);
  return { ...(isOurs ? { ...hold, wrote } : captured), ...(regions && { regions }) };
}

/** What is kept of a field that becomes ours. */
function capture({ pool, wish, ownValue: value }: OwnedPool, wrote: FieldValue, world: World): Hold {
  const place = placeOf(pool, wish.mode);
  const hadNoLimits = place.field === 'limits.cpu' && pool.limits === undefined;
  const regions = place.field === 'requirements' ? regionsOfValues(pool, value, world) : undefined;
  return {
    ...{ ...place, value, owners: pool.owners[place.field], wrote },
    ...(hadNoLimits && { hadNoLimits }),
    ...(regions && { regions }),
  };
}

/** What somebody else wrote meanwhile stays. */
function giveBack(pool: CarbonPool, hold: Hold, status: PoolStatus | undefined): Step {
  const kind = isStillOurs(pool, hold) ? 'put-back' : 'release';
  return { kind, hold, ...(status && { status }) };
}

function stay(owned: OwnedPool, target: Target, now: number): Decision {
  const { pool, wish } = owned;
  const { hold, status } = pool;
  const { mode } = wish;
  // A leader that ended in between had judged it, and not yet given all of it back.
  if (hold && status && target.value === undefined && isJudged(owned, target))
    return { mode, state: 'as-it-was', step: giveBack(pool, hold, status) };
  const isOurs = hold !== undefined && isStillOurs(pool, hold);
  const step = status && isAhead(status, now) ? setBack(status, hold, isOurs, now) : undefined;
  if (!hold) return { mode, state: 'as-it-was', step };
  return isOurs ? { mode, state: 'changed', step } : { mode, state: 'let-go', step, complaint: letGo(hold) };
}

/** Whether the clock was set back since: time would stand still for the pool until it has caught up. */
function isAhead({ since, changes }: Required<Held>, now: number): boolean {
  return Math.max(since, ...changes) > now;
}

function setBack(status: PoolStatus, hold: Hold | undefined, isFieldOurs: boolean, now: number): Step {
  return { kind: 'apply', status: { ...status, ...heldUpTo(now, status) }, ...(hold && { hold }), isFieldOurs };
}

function letGo({ field, key }: Hold): Complaint {
  const what = key === undefined ? `spec.${field}` : `the values of ${key}`;
  return complain(
    'CarbonAwareLetGo',
    `somebody else wrote ${what} while it was gridgate's: that counts, and gridgate leaves it until the grid changes next`,
  );
}
