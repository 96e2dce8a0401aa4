import { z } from 'zod';
import { MOST_REPLICAS } from './regional-autoscaler.ts';

/** What is done to a target, or that nothing is. */
export const DECISIONS = [
  'ScaleUp',
  'ScaleDown',
  'HealFloor',
  'LowerCeiling',
  'Fill',
  'Empty',
  'MoveUp',
  'MoveDown',
  'MoveBack',
  'None',
] as const;
export type RegionalDecision = (typeof DECISIONS)[number];

const time = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));
const count = z.int().min(0).max(MOST_REPLICAS);
const name = z.string().min(1).max(253);

/** Written before it is done: whoever comes next knows by the target whether it was. Times are epoch milliseconds here. */
const lastAction = z.object({
  target: name,
  region: z.string(),
  from: count,
  to: count,
  at: time,
  /** Of the target, when it was decided: another one means that somebody has changed it since. */
  uid: z.string(),
  generation: z.int().min(0),
  decision: z.enum(DECISIONS),
  reason: z.string(),
  message: z.string(),
  /** Absent: announced, and not seen to be done yet. */
  done: z.literal(true).optional(),
});

/** While regions are down, and for a while after that. */
const outage = z.object({
  since: time,
  /** What all targets had together when it began: as much is to be had elsewhere. */
  total: z.int().min(0),
  /** Elsewhere, when it began: what was not Ready then is not waited for. */
  unready: z.int().min(0),
  /** Levels that were added for it, and not taken anywhere else yet. */
  extra: z.int().min(0).catch(0),
  /** Since when no region is down any more. */
  over: time.optional().catch(undefined),
});

/** A replica that was added in a cleaner region, and is taken from a dirtier one when it is Ready. */
const moving = z.object({ from: name, to: name, step: count, since: time });

const state = z.object({
  lastAction: lastAction.optional().catch(undefined),
  outage: outage.optional().catch(undefined),
  moving: moving.optional().catch(undefined),
});

export type LastAction = z.infer<typeof lastAction>;
export type OutageState = z.infer<typeof outage>;
export type Moving = z.infer<typeof moving>;

/** What the status keeps from one loop to the next, and from one leader to the next. */
export interface RegionalState {
  readonly lastAction?: LastAction | undefined;
  readonly outage?: OutageState | undefined;
  readonly moving?: Moving | undefined;
}

/** Reads it of a status; what makes no sense is left out. */
export function parseState(status: unknown): RegionalState {
  const parsed = state.safeParse(status ?? {});
  return parsed.success ? parsed.data : {};
}

/** As the status has it; `null` where a merge patch is to remove it. */
export function formatState({ lastAction, outage, moving }: RegionalState): object {
  return {
    lastAction: lastAction ? { ...lastAction, at: iso(lastAction.at), done: lastAction.done ?? null } : null,
    outage: outage
      ? { ...outage, since: iso(outage.since), over: outage.over === undefined ? null : iso(outage.over) }
      : null,
    moving: moving ? { ...moving, since: iso(moving.since) } : null,
  };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
