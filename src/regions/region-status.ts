import { z } from 'zod';
import { BANDS, type Band, type BandThresholds } from './band.ts';
import { MAX_GRAMS_PER_KWH, type Reading, SIGNALS } from './reading.ts';

/** A reading with what it takes to judge its age again later. */
export interface ObservedReading extends Reading {
  /** How long one value of its series lasts, milliseconds; absent where nobody said. */
  readonly stepMs?: number;
}

/** A value of the future from `from` (epoch milliseconds) until the next one's. */
export interface ForecastPoint {
  readonly from: number;
  readonly gramsPerKwh: number;
  /** Yesterday's value of the same hour, where nobody forecasts. */
  readonly standIn?: boolean;
}

/** Whether a region is down, and since when (epoch milliseconds). */
export interface OutageState {
  readonly active: boolean;
  readonly reason?: string;
  readonly sources: readonly string[];
  readonly since?: number;
  /** Since when no automatic source calls it down any more. */
  readonly quietSince?: number;
}

export interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly observedGeneration?: number;
  /** Epoch milliseconds. */
  readonly lastTransitionTime: number;
  readonly reason: string;
  readonly message: string;
}

/** What the leader writes of a region, and every replica reads; all times are epoch milliseconds here, RFC 3339 there. */
export interface RegionStatus {
  readonly reading?: ObservedReading;
  readonly forecast?: readonly ForecastPoint[];
  readonly band?: Band;
  readonly bandSince?: number;
  readonly bandChanges?: readonly number[];
  /** gCO2e/kWh: what the band was judged by. */
  readonly bandThresholds?: BandThresholds;
  readonly outage?: OutageState;
  readonly gridZone?: string;
  readonly conditions?: readonly Condition[];
}

/** As many as the CRD takes. */
export const MAX_FORECAST_POINTS = 400;
export const MAX_REASON_CHARACTERS = 200;

const time = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));
const grams = z.number().nonnegative().max(MAX_GRAMS_PER_KWH);

/** A field that makes no sense is as if it were not there: another version of gridgate may have written it. */
const status = z.object({
  reading: z
    .object({
      gramsPerKwh: grams,
      signal: z.enum(SIGNALS),
      source: z.string(),
      measuredAt: time.optional(),
      stepSeconds: z.number().nonnegative().optional(),
      estimated: z.boolean(),
      freshness: z.enum(['fresh', 'stale', 'embedded']),
    })
    .transform(({ stepSeconds, ...rest }) => ({ ...rest, stepMs: stepSeconds && stepSeconds * 1000 }))
    .optional()
    .catch(undefined),
  forecast: z
    .array(z.object({ from: time, gramsPerKwh: grams, standIn: z.boolean().optional() }))
    .optional()
    .catch(undefined),
  band: z.enum(BANDS).optional().catch(undefined),
  bandSince: time.optional().catch(undefined),
  bandChanges: z.array(time).optional().catch(undefined),
  bandThresholds: z
    .tuple([grams, grams])
    .refine(([low, high]) => low <= high)
    .optional()
    .catch(undefined),
  outage: z
    .object({
      active: z.boolean(),
      reason: z.string().optional(),
      sources: z.array(z.string()).default([]),
      since: time.optional(),
      quietSince: time.optional(),
    })
    .optional()
    .catch(undefined),
  gridZone: z.string().optional().catch(undefined),
  conditions: z
    .array(
      z.object({
        type: z.string(),
        status: z.enum(['True', 'False', 'Unknown']),
        observedGeneration: z.number().optional(),
        lastTransitionTime: time,
        reason: z.string(),
        message: z.string(),
      }),
    )
    .optional()
    .catch(undefined),
});

/** Reads `status` of a Region as the API server gives it; never throws. */
export function parseStatus(document: unknown): RegionStatus {
  const parsed = status.safeParse(document);
  return parsed.success ? (withoutGaps(parsed.data) as RegionStatus) : {};
}

/** `undefined` and absent are the same in JSON, but not to those who compare. */
function withoutGaps(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutGaps);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return Object.fromEntries(entries.map(([key, inner]) => [key, withoutGaps(inner)]));
}

const TIMES = new Set(['measuredAt', 'from', 'bandSince', 'since', 'quietSince', 'lastTransitionTime']);

/** The status as JSON for the API server, what is absent left out. */
export function writeStatus({ reading, bandChanges, ...rest }: RegionStatus): Readonly<Record<string, unknown>> {
  const { stepMs, ...written } = reading ?? {};
  const stepSeconds = stepMs === undefined ? undefined : stepMs / 1000;
  return withTimes({
    ...(reading && { reading: { ...written, ...(stepSeconds !== undefined && { stepSeconds }) } }),
    ...rest,
    ...(bandChanges && { bandChanges: bandChanges.map(toTime) }),
  }) as Readonly<Record<string, unknown>>;
}

function withTimes(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) return value.map((inner) => withTimes(inner));
  if (typeof value === 'number' && TIMES.has(key)) return toTime(value);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, withTimes(inner, name)]));
}

function toTime(ms: number): string {
  return new Date(ms).toISOString();
}
