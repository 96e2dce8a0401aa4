import { savingPercent } from '../forecast/plan-start.ts';
import { formatDuration, parseDuration } from '../units/duration.ts';
import { isoTime, MINUTE_MS } from '../units/moment.ts';
import { toTenth } from '../units/to-tenth.ts';
import { ANNOTATION_PREFIX } from './namespace-record.ts';
import type { PatchOperation } from './patch.ts';
import { annotationOf, type Pod } from './pod.ts';
import type { RunLength, Wait } from './waiting.ts';

/** When a waiting pod is to start, as it is planned now; RFC 3339. */
export const NOT_BEFORE = `${ANNOTATION_PREFIX}not-before`;
/** Why it waits, as JSON. */
export const WAITS = `${ANNOTATION_PREFIX}waits`;
/** When it was let go; RFC 3339. */
export const RELEASED = `${ANNOTATION_PREFIX}released`;

/** On a Job: how gridgate made it wait. Only a Job that says so is ever resumed. */
export const DEFERRED = `${ANNOTATION_PREFIX}deferred`;
export const SUSPEND = 'suspend';

/** What a waiting pod says of its wait. For people and reports; nothing trusts it. */
export interface WaitRecord {
  /** Epoch milliseconds. */
  readonly notBefore: number;
  /** The last moment at which it is let go, epoch milliseconds. */
  readonly latestStart: number;
  readonly lengthMs: number;
  readonly lengthFrom: RunLength['from'];
  readonly region?: string;
  /** Means over its run, gCO2e/kWh, had it started at once, and as it is planned. */
  readonly now?: number;
  readonly planned?: number;
}

/** The annotations of a pod that waits. */
export function waitAnnotations({ start, length }: Wait): Readonly<Record<string, string>> {
  const { grams, place, latestStart, startAt } = start;
  return {
    [NOT_BEFORE]: isoTime(startAt),
    [WAITS]: JSON.stringify({
      latestStart: isoTime(latestStart),
      duration: formatDuration(length.ms),
      durationFrom: length.from,
      ...(place !== undefined && { region: place }),
      ...(grams && {
        now: toTenth(grams.now),
        expected: toTenth(grams.planned),
        savingPercent: toTenth(savingPercent(grams)),
      }),
    }),
  };
}

/** Reads what a waiting pod says; `undefined` where that is nothing, or makes no sense. */
export function readWait(annotations: Readonly<Record<string, string>> | null | undefined): WaitRecord | undefined {
  const notBefore = Date.parse(annotations?.[NOT_BEFORE] ?? '');
  const written = parseJson(annotations?.[WAITS]);
  const latestStart = Date.parse(textOf(written['latestStart']));
  const lengthMs = parseDuration(textOf(written['duration']));
  if (Number.isNaN(notBefore) || Number.isNaN(latestStart) || lengthMs === undefined) return undefined;
  const [lengthFrom = 'default'] = (['pod', 'owner', 'namespace'] as const).filter(
    (one) => one === written['durationFrom'],
  );
  const { region, now, expected } = written;
  return {
    notBefore,
    latestStart,
    lengthMs,
    lengthFrom,
    ...(typeof region === 'string' && { region }),
    ...(typeof now === 'number' && typeof expected === 'number' && { now, planned: expected }),
  };
}

/** Its author may have written anything. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function parseJson(text: string | undefined): Readonly<Record<string, unknown>> {
  if (text === undefined || text.length > LONGEST) return {};
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

const LONGEST = 1_024;

/** As near as a plan of a moment before comes. */
const NEAR = { ms: MINUTE_MS, grams: 0.25 };

/** Whether a pod says of its wait what it would be told now; what its author made up it does not. */
export function saysAlready(pod: Pod, { start, length }: Wait): boolean {
  const said = readWait(pod.metadata?.annotations);
  if (!said || said.lengthMs !== length.ms || said.lengthFrom !== length.from || said.region !== start.place)
    return false;
  const { now = 0, planned = 0 } = start.grams ?? {};
  const isNear = (one = Number.NaN, other: number, by: number) => Math.abs(one - other) <= by;
  return (
    isNear(said.lengthMs, length.ms, NEAR.ms) &&
    isNear(said.notBefore, start.startAt, NEAR.ms) &&
    isNear(said.latestStart, start.latestStart, NEAR.ms) &&
    isNear(said.now, now, NEAR.grams) &&
    isNear(said.planned, planned, NEAR.grams)
  );
}

/** Takes annotations away where they are. */
export function forgetOperations(pod: Pick<Pod, 'metadata'>, keys: readonly string[]): readonly PatchOperation[] {
  return keys
    .filter((key) => annotationOf(pod, key) !== undefined)
    .map((key) => ({ op: 'remove', path: `/metadata/annotations/${key.replace('/', '~1')}` }));
}
