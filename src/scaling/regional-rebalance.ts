import { createMover } from '../forecast/mover.ts';
import type { TargetFacts } from './regional-target.ts';
import { givers, isUp, type Look, moveTo, type Rule, showChange, showGrams, takers } from './regional-verdict.ts';

/** Regions within so much of each other are as good: what they differ by now changes with every reading. */
const AS_GOOD = 0.05;

/** One replica more in the cleanest; one less in the dirtiest follows when it is Ready: at no moment there are fewer. */
export const beginMove: Rule = (look) => {
  const { settings, targets, now } = look;
  if (!settings.rebalance) return undefined;
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
 * | what was added                | then                            |
 * | ----------------------------- | ------------------------------- |
 * | is Ready                      | as many are taken in the dirtier |
 * | stays unready                 | it is taken back                |
 * | of a target that is gone, or in a region that is down | the move is over |
 */
export const endMove: Rule = ({ targets, state: { moving } }) => {
  if (!moving) return undefined;
  const [to, from] = [moving.to, moving.from].map((name) => targets.find(({ deployment }) => deployment === name));
  if (!to || !from || !isUp(to)) return undefined;
  const over = { isUrgent: true, state: { moving: undefined } } as const;
  if (to.ready >= to.level) {
    if (from.level - moving.step < from.least) return undefined;
    const action = moveTo(from, from.level - moving.step);
    const message = `${showChange(action)}: as many are Ready in ${to.region}, which is cleaner`;
    return { decision: 'MoveDown', reason: 'CleanerRegion', message, region: from.region, action, ...over };
  }
  if (!to.isStuck)
    return {
      decision: 'None',
      reason: 'WaitingForReady',
      message: `moving from ${from.region} to ${to.region}: what was added is not Ready yet`,
      region: to.region,
    };
  if (to.level - moving.step < to.least) return undefined;
  const action = moveTo(to, to.level - moving.step);
  const message = `${showChange(action)}: what was moved there does not become Ready`;
  return { decision: 'MoveBack', reason: 'NotReady', message, region: to.region, action, ...over };
};

/** Whether the hours to come, as far as both are known, are worth a move (forecast/README.md). */
function pays(from: TargetFacts, to: TargetFacts, { hoursOf }: Look): boolean {
  if (from === to || from.gramsPerKwh === undefined || to.gramsPerKwh === undefined) return false;
  if (from.gramsPerKwh <= to.gramsPerKwh * (1 + AS_GOOD)) return false;
  const both = [hoursOf(from.region), hoursOf(to.region)];
  const known = Math.min(...both.map(({ length }) => length));
  return createMover({ home: 0, current: 0 }).next(both.map((hours) => hours.slice(0, known))) === 1;
}
