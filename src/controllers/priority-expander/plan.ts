import {
  type ForeignEntry,
  goExpression,
  type PriorityRange,
  type RankedGroup,
  readPriorities,
  writePriorities,
} from '../../capacity/expander-priorities.ts';
import { bandRegions, orderHolds, type RankedRegion } from '../../capacity/region-bands.ts';
import { itself, nameFew } from '../../units/tell-few.ts';
import type { Stamp } from './stamp.ts';

/** What is known of a region; without `gramsPerKwh` nothing comparable is. */
export interface RegionOutlook {
  readonly gramsPerKwh?: number | undefined;
  /** It is a yearly average: it ranks until somebody measures. */
  readonly isAverage?: boolean;
  readonly isDown: boolean;
}

export interface PlanInput {
  /** Under `priorities`, as it stands. */
  readonly text: string;
  readonly range: PriorityRange;
  /** Names of all node groups of Cluster Autoscaler. */
  readonly groups: readonly string[];
  readonly regionOfGroup: ReadonlyMap<string, string>;
  /** Where a group's nodes are, for those that are in several regions. */
  readonly nodeRegionsOf: (group: string) => readonly string[];
  readonly outlookOf: (region: string) => RegionOutlook | undefined;
  /** When we last changed the text; `undefined`: never. */
  readonly changed: Stamp | undefined;
  readonly now: number;
}

/** The priorities of the regions that have groups. */
export type RegionPriorities = ReadonlyMap<string, number>;

export interface Placed {
  readonly priorities: RegionPriorities;
  /** Groups that an entry of somebody else puts above ours, with its priority: ours says nothing there. */
  readonly outranked: readonly { readonly group: string; readonly priority: number }[];
}

/**
 * | action   | when                                                                                   |
 * | -------- | -------------------------------------------------------------------------------------- |
 * | `refuse` | the text cannot be read or added to, or a group would match nothing: it would go unused |
 * | `keep`   | the text is right, or not due yet                                                      |
 * | `write`  | it is wrong, and due                                                                   |
 */
export type Plan =
  | { readonly action: 'refuse'; readonly why: string }
  | ({ readonly action: 'keep' } & Placed)
  | ({ readonly action: 'write'; readonly text: string; readonly by: Stamp['by'] } & Placed);

/** Between two changes. */
export const REST_MS = 30 * 60_000;
/** From a change to one that must not wait: long enough that nobody who writes the text as well is fought with. */
const SHORT_REST_MS = 5 * 60_000;

const MOST_NAMED = 5;

/** Decides what the text becomes. */
export function planPriorities(input: PlanInput): Plan {
  const { text, range, groups, regionOfGroup } = input;
  const read = readPriorities(text);
  if ('problem' in read) return { action: 'refuse', why: `${WHERE} ${read.problem}` };
  const outside = read.others.find(({ priority }) => isWithin(priority, range));
  if (outside)
    return { action: 'refuse', why: `${WHERE} has ${outside.priority}, which gridgate did not write: ${MOVE}` };

  const lost = groups.filter((group) => !(regionOfGroup.has(group) && isPlain(group)));
  const byOthers = priorityByOthers(read.others);
  const unused = lost.filter((group) => byOthers(group) === undefined);
  if (unused.length > 0) return { action: 'refuse', why: tellUnused(unused, input.nodeRegionsOf) };

  const placed = groups.flatMap((group) => {
    const region = isPlain(group) ? regionOfGroup.get(group) : undefined;
    return region === undefined ? [] : [{ group, region }];
  });
  return planPlaced(input, read.ours, placed, byOthers);
}

const WHERE = 'the text under priorities';
const MOVE = 'give it a priority outside of the range that is declared as ours';

function planPlaced(
  input: PlanInput,
  ours: readonly RankedGroup[],
  placed: readonly Omit<RankedGroup, 'priority'>[],
  byOthers: (group: string) => number | undefined,
): Plan {
  const { text, range, outlookOf } = input;
  const written = new Map(ours.map(({ region, priority }) => [region, priority]));
  const regions = [...new Set(placed.map(({ region }) => region))].sort();
  const isRested = isOver(REST_MS, input);
  const by = regions.some((name) => isMeasured(outlookOf(name))) ? 'readings' : 'averages';
  const isFirstOfReadings = by === 'readings' && input.changed?.by === 'averages';
  const priorities =
    isRested || isFirstOfReadings ? inOrder(regions, written, input) : onlyWhatCannotWait(regions, written, input);
  const ranked = placed.map((one) => ({ ...one, priority: priorities.get(one.region) ?? range.from }));
  const outranked = ranked.flatMap(({ group, priority }) => {
    const above = byOthers(group);
    return above !== undefined && above > priority ? [{ group, priority: above }] : [];
  });
  const told = { priorities, outranked };
  if (isSame(ours, ranked)) return { action: 'keep', ...told };
  const mayHurry =
    input.changed?.by !== 'return' && (isFirstOfReadings || isUrgent(ours, ranked, { range, outlookOf }));
  if (!isOver(mayHurry ? SHORT_REST_MS : REST_MS, input)) return { action: 'keep', ...told };
  const result = writePriorities(text, ranked);
  return typeof result === 'string'
    ? { action: 'write', text: result, by, ...told }
    : { action: 'refuse', why: `${WHERE} ${result.problem}` };
}

/** Whether so much time went by since the last change; one at a time to come is that of a clock that was set back. */
export function isOver(restMs: number, { changed, now }: Pick<PlanInput, 'changed' | 'now'>): boolean {
  return changed === undefined || changed.at > now || now - changed.at >= restMs;
}

function isMeasured(outlook: RegionOutlook | undefined): boolean {
  return outlook?.gramsPerKwh !== undefined && !outlook.isAverage && !outlook.isDown;
}

/**
 * Who has which priority of the range:
 *
 * | region                     | priority                                             |
 * | -------------------------- | ---------------------------------------------------- |
 * | in the best band           | the highest                                          |
 * | in each band below         | one less; the last bands share the third from below  |
 * | nobody knows its intensity | the second from below                                |
 * | in an outage               | the lowest: named still, or its groups would go unused where all others are full |
 */
function inOrder(
  regions: readonly string[],
  written: RegionPriorities,
  { range, outlookOf }: Pick<PlanInput, 'range' | 'outlookOf'>,
): RegionPriorities {
  const ranked = regions.flatMap((name): readonly RankedRegion[] => {
    const { gramsPerKwh, isDown = false } = outlookOf(name) ?? {};
    return isDown || gramsPerKwh === undefined ? [] : [{ name, gramsPerKwh }];
  });
  const isRanked = (priority: number | undefined) =>
    priority !== undefined && priority >= range.from + 2 && priority <= range.to;
  const holds =
    ranked.every(({ name }) => isRanked(written.get(name))) && orderHolds(ranked, (name) => written.get(name));
  const bands = bandRegions(ranked);
  const inBands = new Map(
    bands.flatMap((band, index) => band.map(({ name }) => [name, Math.max(range.from + 2, range.to - index)] as const)),
  );
  return new Map(
    regions.map((name) => {
      const ofBand = holds ? written.get(name) : inBands.get(name);
      const isOfBand = ranked.some((one) => one.name === name);
      return [name, isOfBand && ofBand !== undefined ? ofBand : outlookOf(name)?.isDown ? range.from : range.from + 1];
    }),
  );
}

/** What is written stays, but of what is new, down, or outside of the range. */
function onlyWhatCannotWait(
  regions: readonly string[],
  written: RegionPriorities,
  input: Pick<PlanInput, 'range' | 'outlookOf'>,
): RegionPriorities {
  const { range, outlookOf } = input;
  const fresh = inOrder(regions, written, input);
  return new Map(
    regions.map((name) => {
      const before = written.get(name);
      const stays = before !== undefined && isWithin(before, range) && !outlookOf(name)?.isDown;
      return [name, (stays ? before : fresh.get(name)) ?? range.from];
    }),
  );
}

/** A group that nothing names goes unused, a region in an outage takes nodes that do not come, and the range is the owner's to say. */
function isUrgent(
  ours: readonly RankedGroup[],
  ranked: readonly RankedGroup[],
  { range, outlookOf }: Pick<PlanInput, 'range' | 'outlookOf'>,
): boolean {
  const named = new Set(ours.map(({ group }) => group));
  return (
    ranked.some(({ group }) => !named.has(group)) ||
    ours.some(({ region, priority }) => priority > range.from && outlookOf(region)?.isDown) ||
    ours.some(({ priority }) => !isWithin(priority, range))
  );
}

function isWithin(priority: number, { from, to }: PriorityRange): boolean {
  return priority >= from && priority <= to;
}

/** Names that can stand in one line of YAML. */
function isPlain(group: string): boolean {
  return /^[\x21-\x7e]{1,500}$/.test(group);
}

/** The highest priority that somebody else gives a group, by its name. */
function priorityByOthers(entries: readonly ForeignEntry[]): (group: string) => number | undefined {
  const sorted = entries.toSorted((a, b) => b.priority - a.priority);
  const compiled = sorted.map(({ priority, expressions }) => ({ priority, finders: expressions.map(goExpression) }));
  return (group) => compiled.find(({ finders }) => finders.some((finds) => finds?.(group)))?.priority;
}

function isSame(ours: readonly RankedGroup[], ranked: readonly RankedGroup[]): boolean {
  const key = ({ group, region, priority }: RankedGroup) => `${priority} ${region} ${group}`;
  const [before, after] = [ours.map(key).sort(), ranked.map(key).sort()];
  return before.join('\n') === after.join('\n');
}

function tellUnused(groups: readonly string[], nodeRegionsOf: PlanInput['nodeRegionsOf']): string {
  const named = nameFew(groups, MOST_NAMED, (group) => {
    const regions = nodeRegionsOf(group);
    return (
      group.slice(0, 100) + (regions.length > 1 ? ` (its nodes are in ${nameFew(regions, MOST_NAMED, itself)})` : '')
    );
  });
  const they = groups.length === 1 ? 'it' : 'they';
  return `nobody can tell the region of ${named}, and no other entry matches: ${they} would go unused. Say where in cluster-autoscaler.groups of gridgate.yaml, or give an entry of your own`;
}
