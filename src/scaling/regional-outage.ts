import type { OutageState } from './regional-state.ts';
import type { TargetFacts } from './regional-target.ts';
import {
  type Action,
  byCleanest,
  givers,
  isUp,
  type Look,
  moveTo,
  type Rule,
  showChange,
  showGrams,
  sumOf,
  type Verdict,
} from './regional-verdict.ts';

/**
 * Regions that are down are filled up elsewhere before they are emptied:
 *
 * | elsewhere                                                     | then                                           |
 * | ------------------------------------------------------------- | ---------------------------------------------- |
 * | there is no target                                            | nothing: all regions are down                  |
 * | less than all had together, and a target has room             | the cleanest gets what is missing              |
 * | more is unready than was when it began (stuck ones aside)     | it is waited for                               |
 * | nothing at all is Ready                                       | nothing: what is down may yet serve            |
 * | still less than all had together                              | as much stays where it is down: nobody else can take it |
 * | otherwise                                                     | one that is down is emptied                    |
 */
export const moveOutOfOutage: Rule = (look) => {
  const left = look.targets.filter(isLeft);
  const up = look.targets.filter(isUp);
  const [first] = left;
  if (!first) return undefined;
  if (up.length === 0)
    return stay('AllRegionsDown', `every region is down: nothing can be moved out of ${first.region}`);
  const outage = outageOf(look, up);
  const filled = fill(look, outage, up, first);
  if (!filled && left.every(({ isHeld }) => isHeld)) return undefined;
  const verdict = filled ?? wait(outage, up, first) ?? empty(look, outage, up, left);
  return { ...verdict, region: verdict.region ?? first.region, state: { outage, moving: undefined } };
};

/** Once an outage is over for a cooldown, what was added for it and is not needed any more is taken where it is dirtiest. */
export const takeBackFill: Rule = (look) => {
  const { outage } = look.state;
  if (outage?.over === undefined || !isRested(outage.over, look)) return undefined;
  const [dirtiest] = givers(look);
  const surplus = surplusOf(look, outage);
  if (!dirtiest || surplus <= 0) return undefined;
  const action = moveTo(dirtiest, Math.max(dirtiest.least, dirtiest.level - surplus));
  const message = `${showChange(action)}: the outage is over, for which as many were added`;
  return { decision: 'MoveBack', reason: 'OutageOver', message, region: dirtiest.region, action, isUrgent: true };
};

/** What is kept of an outage: for a cooldown beyond its end, so that one that comes and goes adds nothing each time, and until what was added is taken back. */
export function outageNow(look: Look): OutageState | undefined {
  const { outage } = look.state;
  if (!outage || look.targets.some(({ isDown }) => isDown)) return outage;
  if (outage.over === undefined) return { ...outage, over: look.now };
  // A minimum that policy keeps from being healed yet is one more when it is.
  if (!isRested(outage.over, look) || look.targets.some(({ level, least }) => level < least)) return outage;
  const { cpuPercent, settings } = look;
  const isNeeded = cpuPercent !== undefined && cpuPercent > settings.scaleUp;
  return isNeeded || surplusOf(look, outage) <= 0 || givers(look).length === 0 ? undefined : outage;
}

/** Whether what an outage added may yet be taken back. */
export function isAddedTo({ outage }: Look['state']): boolean {
  return outage !== undefined && outage.extra > 0;
}

/** What an action changes of what is to be conserved, and of what was added for the outage alone: once that is over, CPU that asks for more needs it. */
export function outageAfter(outage: OutageState, { decision, reason, action }: Verdict): OutageState {
  const change = action ? action.to - action.from : 0;
  const isOfLoad = decision === 'ScaleUp' || decision === 'ScaleDown';
  const isOfMove = decision.startsWith('Move') && reason !== 'OutageOver';
  if (decision === 'ScaleUp' && outage.over !== undefined) return { ...outage, extra: 0 };
  return {
    ...outage,
    total: isOfLoad ? Math.max(0, outage.total + change) : outage.total,
    extra: decision !== 'ScaleUp' && !isOfMove ? Math.max(0, outage.extra + change) : outage.extra,
  };
}

/** Whether something is left to move out of a region that is down. */
export function isLeft({ isDown, top, empty }: TargetFacts): boolean {
  return isDown && top > empty;
}

/**
 * The one that goes on, the one that comes back, or a new one. While nothing is filled what there is counts, a person's doing included; what a move
 * has added and not taken yet is filled for it.
 */
function outageOf({ targets, now, state: { outage, moving } }: Look, up: readonly TargetFacts[]): OutageState {
  const isOpen = outage !== undefined && outage.over === undefined;
  if (isOpen && outage.extra > 0) return outage;
  const twice = moving?.step ?? 0;
  const extra = (outage?.extra ?? 0) + twice;
  const there = sumOf(targets, ({ ran }) => ran);
  const known = outage ? Math.min(outage.total, there) : 0;
  const unready = outage && outage.extra > 0 ? outage.unready : Math.max(0, sumOf(up, unreadyOf) - twice);
  return { since: isOpen ? outage.since : now, total: Math.max(0, known, there - extra), unready, extra };
}

function fill(look: Look, outage: OutageState, up: readonly TargetFacts[], down: TargetFacts): Verdict | undefined {
  const missing = missingOf(outage, up);
  const [cleanest] = byCleanest(
    up.filter((one) => !one.isHeld && !one.isStuck && !look.denied.has(one.deployment) && one.ran < one.maxTop),
  );
  if (missing <= 0 || !cleanest) return undefined;
  const action = moveTo(cleanest, Math.min(cleanest.maxTop, cleanest.ran + missing));
  return act('Fill', `${showChange(action)} (${showGrams(cleanest)}): ${down.region} is down`, action);
}

function wait(outage: OutageState, up: readonly TargetFacts[], { region }: TargetFacts): Verdict | undefined {
  const unready = sumOf(up, (one) => (one.isStuck ? 0 : unreadyOf(one)));
  if (unready > outage.unready)
    return stay('WaitingForReady', `${region} is down, and is emptied when what was filled elsewhere is Ready`);
  if (sumOf(up, ({ ready }) => ready) === 0)
    return stay('NothingReadyElsewhere', `${region} is down, and nothing is Ready anywhere else`);
  return undefined;
}

function empty(look: Look, outage: OutageState, up: readonly TargetFacts[], left: readonly TargetFacts[]): Verdict {
  const missing = Math.max(0, missingOf(outage, up));
  const spare = sumOf(left, ({ ran }) => ran) - missing;
  const isWindow = look.settings.mode === 'bounds';
  // Of a window that serves nothing else is lowered: it is closed as a whole.
  const down = left.find(({ isHeld, ran }) => !isHeld && (isWindow ? spare >= ran : spare > 0));
  if (!down) {
    const regions = left.map(({ region }) => region).join(', ');
    return stay('NoRoomElsewhere', `${regions} is down, and keeps ${missing} that no region that is up can take`);
  }
  const action = moveTo(down, isWindow ? down.empty : Math.max(down.empty, down.level - spare));
  const rest = action.to > down.empty ? `, and nobody else can take the rest` : '';
  return act('Empty', `${showChange(action)}: ${down.region} is down${rest}`, action);
}

function act(decision: 'Fill' | 'Empty', message: string, action: Action): Verdict {
  return { decision, reason: 'RegionDown', message, region: action.region, action, isUrgent: true };
}

function stay(reason: string, message: string): Verdict {
  return { decision: 'None', reason, message };
}

function missingOf({ total }: OutageState, up: readonly TargetFacts[]): number {
  return total - sumOf(up, servingOf);
}

/** What was added for an outage, as far as it is more than there was before; replicas of windows are not ours to count. */
function surplusOf({ targets, settings }: Look, { extra, total }: OutageState): number {
  const spare = sumOf(targets, ({ level }) => level) - settings.minReplicas;
  const more = settings.mode === 'bounds' ? extra : sumOf(targets, ({ level }) => level) - total;
  return Math.min(extra, more, spare);
}

function isRested(since: number, { settings, now }: Look): boolean {
  return Math.abs(now - since) >= settings.cooldownMs;
}

function unreadyOf({ ran, ready }: TargetFacts): number {
  return Math.max(0, ran - ready);
}

/** What counts of a target: of one that is stuck what is Ready. */
function servingOf({ isStuck, ran, ready }: TargetFacts): number {
  return isStuck ? Math.min(ran, ready) : ran;
}
