import { formatDuration } from '../units/duration.ts';
import { givers, type Look, moveTo, showChange, showGrams, sumOf, takers, type Verdict } from './regional-verdict.ts';

/** What is known of how long CPU has been where it is, and of the rest after the last action. */
interface LoadLook extends Look {
  readonly above: number;
  readonly below: number;
  readonly missed: number;
  /** Milliseconds for which nothing that can wait is done. */
  readonly restMs: number;
}

/**
 * | CPU of all targets                          | then                                        |
 * | ------------------------------------------- | ------------------------------------------- |
 * | unknown                                     | nothing; said after `holdCycles` loops      |
 * | above `scaleUp` for `holdCycles` loops      | more in the cleanest that can have more     |
 * | below `scaleDown` for `holdCycles` loops    | less in the dirtiest that can have less     |
 * | either, and the last action's rest goes on  | nothing yet                                 |
 */
export function followLoad(look: LoadLook): Verdict {
  const { cpuPercent, settings, above, below, missed, restMs } = look;
  if (cpuPercent === undefined && missed < settings.holdCycles)
    return rest('Holding', `CPU unknown for ${missed} of ${settings.holdCycles} loops`);
  if (cpuPercent === undefined)
    return rest('MetricsMissing', 'the CPU of no target is known: only limits and outages are looked at');
  const isAbove = cpuPercent > settings.scaleUp;
  const isBelow = cpuPercent < settings.scaleDown;
  if (!isAbove && !isBelow) return rest('Steady', `CPU between ${settings.scaleDown}% and ${settings.scaleUp}%`);
  const loops = isAbove ? above : below;
  const where = isAbove ? `above ${settings.scaleUp}%` : `below ${settings.scaleDown}%`;
  if (loops < settings.holdCycles) return rest('Holding', `CPU ${where} for ${loops} of ${settings.holdCycles} loops`);
  if (restMs > 0)
    return rest('CoolingDown', `CPU ${where}; ${formatDuration(settings.cooldownMs)} after each action it is acted on`);
  return isAbove ? scaleUp(look, cpuPercent) : scaleDown(look, cpuPercent);
}

function scaleUp(look: LoadLook, cpuPercent: number): Verdict {
  const { settings, targets, denied } = look;
  const room = settings.maxReplicas - sumOf(targets, ({ top }) => top);
  const [cleanest] = takers(look);
  if (!cleanest || room <= 0) {
    const refused =
      denied.size > 0 ? `; the policy of the namespace would refuse pods of ${[...denied].join(', ')}` : '';
    const budgeted = targets.filter(({ isBudgeted }) => isBudgeted).map(({ deployment }) => deployment);
    const held = budgeted.length > 0 ? `; a carbon budget holds the maximum of ${budgeted.join(', ')}` : '';
    return rest('NoRoom', `CPU above ${settings.scaleUp}%, and no region that is up can have more${refused}${held}`);
  }
  const action = moveTo(cleanest, cleanest.level + Math.min(settings.stepLimit, room, cleanest.most - cleanest.level));
  const message = `${showChange(cleanest, action.to)}: CPU ${Math.round(cpuPercent)}% is above ${settings.scaleUp}%, and it is the cleanest that can have more (${showGrams(cleanest)})`;
  return { decision: 'ScaleUp', reason: 'AboveScaleUp', message, region: cleanest.region, action };
}

function scaleDown(look: LoadLook, cpuPercent: number): Verdict {
  const { settings, targets } = look;
  const spare = sumOf(targets, ({ level }) => level) - settings.minReplicas;
  const [dirtiest] = givers(look);
  if (!dirtiest || spare <= 0)
    return rest('AtMinimum', `CPU below ${settings.scaleDown}%, and no region has more than it must`);
  const action = moveTo(
    dirtiest,
    dirtiest.level - Math.min(settings.stepLimit, spare, dirtiest.level - dirtiest.least),
  );
  const message = `${showChange(dirtiest, action.to)}: CPU ${Math.round(cpuPercent)}% is below ${settings.scaleDown}%, and it is the dirtiest that can have less (${showGrams(dirtiest)})`;
  return { decision: 'ScaleDown', reason: 'BelowScaleDown', message, region: dirtiest.region, action };
}

function rest(reason: string, message: string): Verdict {
  return { decision: 'None', reason, message };
}
