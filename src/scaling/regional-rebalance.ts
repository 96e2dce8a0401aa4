import { createMover } from '../forecast/mover.ts';
import { isAddedTo } from './regional-outage.ts';
import type { Moving } from './regional-state.ts';
import type { TargetFacts } from './regional-target.ts';
import {
  givers,
  isUp,
  type Look,
  moveTo,
  type Rule,
  showChange,
  showGrams,
  takers,
  UNFINISHED_MS,
} from './regional-verdict.ts';

/** Regions within so much of each other are as good: what they differ by now changes with every reading. */
const AS_GOOD = 0.05;

/** One replica more in the cleanest; one less in the dirtiest follows when it is Ready: at no moment there are fewer. */
export const beginMove: Rule = (look) => {
  const { settings, targets, now } = look;
  if (!settings.rebalance || isAddedTo(look.state)) return undefined;
  const [to] = takers(look);
  const from = to && givers({ targets }).find((one) => pays(one, to, look));
  if (!to || !from) return undefined;
  const step = Math.min(settings.stepLimit, to.most - to.level, from.level - from.least);
  const action = moveTo(to, to.level + step);
  const message = `${showChange(action)}: it is cleaner (${showGrams(to)}) than ${from.region} (${showGrams(from)}), and moving pays`;
  const moving = { from: from.deployment, to: to.deployment, step, since: now };
  return {
    decision: 'MoveUp',
    reason: 'CleanerRegion',
    message,
    region: to.region,
    action,
    isUrgent: true,
    state: { moving },
  };
};

/**
 * | what was added                | then                                         |
 * | ----------------------------- | -------------------------------------------- |
 * | is Ready                      | as many are taken in the dirtier             |
 * | is Ready, and the dirtier has no more to give | it is taken back             |
 * | stays unready                 | it is taken back                             |
 * | cannot be taken back, is of a target that is gone, or an outage counts it | the move is over |
 */
export const endMove: Rule = ({ targets, state: { moving } }) => {
  if (!moving) return undefined;
  const [to, from] = endsOf(moving, targets);
  if (!to || !from || !isUp(to) || to.isUnfinished) return undefined;
  const isReady = to.ready >= to.level;
  const over = { isUrgent: true, state: { moving: undefined } } as const;
  if (isReady && canGive(from, moving)) {
    const action = moveTo(from, from.level - moving.step);
    const message = `${showChange(action)}: as many are Ready in ${to.region}, which is cleaner`;
    return { decision: 'MoveDown', reason: 'CleanerRegion', message, region: from.region, action, ...over };
  }
  if (!isReady && !to.isStuck)
    return {
      decision: 'None',
      reason: 'WaitingForReady',
      message: `moving from ${from.region} to ${to.region}: what was added is not Ready yet`,
      region: to.region,
    };
  const action = moveTo(to, to.level - moving.step);
  const [reason, why] = isReady
    ? ['NothingToTake', `${from.region} has no more to give for it`]
    : ['NotReady', 'what was moved there does not become Ready'];
  const message = `${showChange(action)}: ${why}`;
  return { decision: 'MoveBack', reason, message, region: to.region, action, ...over };
};

/** A move, until nothing is left to be done about it. */
export function movingNow({ targets, now, state: { moving } }: Look): Moving | undefined {
  if (!moving) return undefined;
  const [to, from] = endsOf(moving, targets);
  if (!to || !from || (to.isUnfinished && Math.abs(now - moving.since) > UNFINISHED_MS)) return undefined;
  const isReady = to.ready >= to.level;
  const isWaiting = isReady ? canGive(from, moving) : !to.isStuck;
  return isWaiting || canGive(to, moving) ? moving : undefined;
}

function endsOf({ to, from }: Moving, targets: readonly TargetFacts[]) {
  return [to, from].map((name) => targets.find(({ deployment }) => deployment === name));
}

function canGive({ level, least }: TargetFacts, { step }: Moving): boolean {
  return level - step >= least;
}

/** Whether the hours to come, as far as both are known, are worth a move (forecast/README.md). */
function pays(from: TargetFacts, to: TargetFacts, { hoursOf }: Look): boolean {
  if (from === to || from.gramsPerKwh === undefined || to.gramsPerKwh === undefined) return false;
  if (from.gramsPerKwh <= to.gramsPerKwh * (1 + AS_GOOD)) return false;
  const both = [hoursOf(from.region), hoursOf(to.region)];
  const known = Math.min(...both.map(({ length }) => length));
  return createMover({ home: 0, current: 0 }).next(both.map((hours) => hours.slice(0, known))) === 1;
}
