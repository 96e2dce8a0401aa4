import type { OutageState } from './regional-state.ts';
import type { TargetFacts } from './regional-target.ts';
import {
  isUp,
  type Look,
  moveTo,
  type Rule,
  showChange,
  showGrams,
  sumOf,
  takers,
  type Verdict,
} from './regional-verdict.ts';

/**
 * Regions that are down are filled up elsewhere before they are emptied:
 *
 * | elsewhere                                                     | then                                |
 * | ------------------------------------------------------------- | ----------------------------------- |
 * | there is no target                                            | nothing: all regions are down       |
 * | less than all had together, and a target has room             | the cleanest gets what is missing   |
 * | more is unready than was when it began (stuck ones aside)     | it is waited for                    |
 * | nothing at all is Ready                                       | nothing: what is down may yet serve |
 * | otherwise                                                     | one that is down is emptied         |
 */
export const moveOutOfOutage: Rule = (look) => {
  const left = look.targets.filter(({ isDown, level, empty }) => isDown && level > empty);
  const up = look.targets.filter(isUp);
  const [first] = left.toSorted((a, b) => Number(a.isHeld) - Number(b.isHeld));
  if (!first) return undefined;
  if (up.length === 0)
    return stay('AllRegionsDown', `every region is down: nothing can be moved out of ${first.region}`);
  const outage = look.state.outage ?? beginOutage(look, up);
  return fill(look, outage, up, first) ?? settle(outage, up, first);
};

/** The state of an outage that is over, or of which nothing is left to move. */
export function outageNow({ targets, state }: Pick<Look, 'targets' | 'state'>): OutageState | undefined {
  return targets.some(({ isDown, level, empty }) => isDown && level > empty) ? state.outage : undefined;
}

function beginOutage({ targets, now }: Look, up: readonly TargetFacts[]): OutageState {
  return { since: now, total: sumOf(targets, ({ level }) => level), unready: sumOf(up, unreadyOf) };
}

function fill(look: Look, outage: OutageState, up: readonly TargetFacts[], down: TargetFacts): Verdict | undefined {
  const missing = outage.total - sumOf(up, servingOf);
  const [cleanest] = takers(look);
  if (missing <= 0 || !cleanest) return undefined;
  const action = moveTo(cleanest, Math.min(cleanest.most, cleanest.level + missing));
  const message = `${showChange(action)} (${showGrams(cleanest)}): ${down.region} is down`;
  return act('Fill', message, action, outage);
}

function settle(outage: OutageState, up: readonly TargetFacts[], down: TargetFacts): Verdict | undefined {
  if (down.isHeld) return undefined;
  const unready = sumOf(up, (one) => (one.isStuck ? 0 : unreadyOf(one)));
  if (unready > outage.unready)
    return {
      ...stay('WaitingForReady', `${down.region} is down, and is emptied when what was filled elsewhere is Ready`),
      state: { outage },
    };
  if (sumOf(up, ({ ready }) => ready) === 0)
    return {
      ...stay('NothingReadyElsewhere', `${down.region} is down, and nothing is Ready anywhere else`),
      state: { outage },
    };
  const action = moveTo(down, down.empty);
  return act('Empty', `${showChange(action)}: ${down.region} is down`, action, outage);
}

function act(
  decision: 'Fill' | 'Empty',
  message: string,
  action: ReturnType<typeof moveTo>,
  outage: OutageState,
): Verdict {
  return { decision, reason: 'RegionDown', message, region: action.region, action, isUrgent: true, state: { outage } };
}

function stay(reason: string, message: string): Verdict {
  return { decision: 'None', reason, message };
}

function unreadyOf({ level, ready }: TargetFacts): number {
  return Math.max(0, level - ready);
}

/** What counts of a target: of one that is stuck what is Ready. */
function servingOf({ isStuck, level, ready }: TargetFacts): number {
  return isStuck ? Math.min(level, ready) : level;
}
