import { isLeft } from './regional-outage.ts';
import type { TargetFacts } from './regional-target.ts';
import { givers, isUp, moveTo, type Rule, showChange, sumOf, takers, type Verdict } from './regional-verdict.ts';

/** A target above its own maximum goes down at once, whatever else is so: a budget may have lowered it. */
export const lowerCeiling: Rule = ({ targets }) => {
  const over = targets.find(({ top, maxTop }) => top > maxTop);
  if (!over) return undefined;
  const action = moveTo(over, Math.max(over.empty, Math.min(over.level, over.maxTop)));
  const isWindow = action.to === over.level;
  const change = isWindow
    ? `the window of ${over.deployment} in ${over.region} from ${over.top} to ${over.maxTop} at most`
    : showChange(action);
  const message = `${change}: its maximum is ${over.maxTop}`;
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
  const { deployment, region, top, level } = narrow;
  const message = `the window of ${deployment} in ${region} from ${top} to ${widestTop(narrow)} at most: it is as wide as it was`;
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
    return raise(cleanest, to, 'BelowTotalMinimum', `all targets have at least ${settings.minReplicas}`);
  }
  const tooMany = Math.min(-room, spare);
  const [dirtiest] = givers(look);
  if (!(tooMany > 0) || !dirtiest) return undefined;
  const action = moveTo(dirtiest, Math.max(dirtiest.least, dirtiest.level - tooMany));
  const message = `${showChange(action)}: all targets have at most ${settings.maxReplicas}`;
  const reason = 'AboveTotalMaximum';
  return { decision: 'LowerCeiling', reason, message, region: dirtiest.region, action, isUrgent: true };
};

function raise(target: TargetFacts, to: number, reason: string, why: string): Verdict {
  const action = moveTo(target, to);
  const message = `${showChange(action)}: ${why}`;
  return { decision: 'HealFloor', reason, message, region: target.region, action, isUrgent: true };
}
