import { isLeft } from './regional-outage.ts';
import type { TargetFacts } from './regional-target.ts';
import { givers, isUp, moveTo, type Rule, showChange, sumOf, takers, type Verdict } from './regional-verdict.ts';

/** A target above its own maximum goes down at once, whatever else is so: a budget may have lowered it. */
export const lowerCeiling: Rule = ({ targets }) => {
  const over = targets.find(({ top, maxTop }) => top > maxTop);
  if (!over) return undefined;
  const action = moveTo(over, Math.max(over.empty, Math.min(over.level, over.maxTop)));
  const budget = over.isBudgeted ? ', which a carbon budget holds' : '';
  const message = `${showChange(over, action.to)}: its maximum is ${over.maxTop}${budget}`;
  return { decision: 'LowerCeiling', reason: 'AboveMaximum', message, region: over.region, action, isUrgent: true };
};

/** A target below its own minimum is healed at once; one in an outage has none. */
export const healFloor: Rule = ({ targets, denied }) => {
  const under = targets.find((one) => isUp(one) && one.level < one.least && !denied.has(one.deployment));
  return under && raise(under, under.least, 'BelowMinimum', `its minimum is ${under.least}`);
};

/** A window that an outage or a ceiling has narrowed is as wide again as its owner had it. */
export const widenWindow: Rule = ({ targets }) => {
  const narrow = targets.find((one) => isUp(one) && !one.isHeld && one.top < widestTop(one));
  if (!narrow) return undefined;
  const { region, level } = narrow;
  const message = `${showChange(narrow, level)}: it is as wide as it was`;
  const action = moveTo(narrow, level);
  return { decision: 'HealFloor', reason: 'NarrowWindow', message, region, action, isUrgent: true };
};

function widestTop({ level, width, maxTop }: TargetFacts): number {
  return Math.min(level + width, maxTop);
}

/**
 * All targets together; not while some are there twice for a moment, because others are emptied after they were filled. In bounds mode minimums
 * count below and maximums above: neither limit is kept at the price of the other.
 */
export const keepTotals: Rule = (look) => {
  const { settings, targets, state } = look;
  if (state.moving || targets.some(isLeft)) return undefined;
  const spare = sumOf(targets, ({ level }) => level) - settings.minReplicas;
  const room = settings.maxReplicas - sumOf(targets, ({ top }) => top);
  const missing = Math.min(-spare, room);
  const [cleanest] = takers(look);
  if (missing > 0 && cleanest) {
    const to = Math.min(cleanest.most, cleanest.level + missing);
    return raise(cleanest, to, 'BelowTotalMinimum', `all targets together have at least ${settings.minReplicas}`);
  }
  const tooMany = Math.min(-room, spare);
  const [dirtiest] = givers(look);
  if (!(tooMany > 0) || !dirtiest) return undefined;
  const action = moveTo(dirtiest, Math.max(dirtiest.least, dirtiest.level - tooMany));
  const message = `${showChange(dirtiest, action.to)}: all targets together have at most ${settings.maxReplicas}`;
  const reason = 'AboveTotalMaximum';
  return { decision: 'LowerCeiling', reason, message, region: dirtiest.region, action, isUrgent: true };
};

function raise(target: TargetFacts, to: number, reason: string, why: string): Verdict {
  const action = moveTo(target, to);
  const message = `${showChange(target, to)}: ${why}`;
  return { decision: 'HealFloor', reason, message, region: target.region, action, isUrgent: true };
}
