import { z } from 'zod';
import { BANDS } from './band.ts';
import { MAX_GRAMS_PER_KWH, SIGNALS } from './reading.ts';

/** As many as the CRD takes. */
export const MAX_FORECAST_POINTS = 400;

const time = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));
const grams = z.number().nonnegative().max(MAX_GRAMS_PER_KWH);

/** A field that makes no sense is as if it were not there: another version of gridgate may have written it. */
const optional = <T extends z.ZodType>(schema: T) => schema.optional().catch(undefined);

/** `status` of a Region as the API server gives it, with times in RFC 3339; manifests/crd/regions.yaml says the same. */
export const regionStatus = z.object({
  reading: optional(
    z
      .object({
        gramsPerKwh: grams,
        signal: z.enum(SIGNALS),
        source: z.string(),
        measuredAt: time.optional(),
        stepSeconds: z.number().nonnegative().optional(),
        estimated: z.boolean(),
        freshness: z.enum(['fresh', 'stale', 'embedded']),
      })
      .transform(({ stepSeconds, ...rest }) => ({
        ...rest,
        /** How long one value of its series lasts; absent where nobody said. */
        ...(stepSeconds !== undefined && { stepMs: stepSeconds * 1000 }),
      })),
  ),
  forecast: optional(
    z.array(
      z.object({
        /** Until the next one's. */
        from: time,
        gramsPerKwh: grams,
        /** About four readings of five come between them; absent where the value was measured, or nobody says. */
        low: grams.optional(),
        high: grams.optional(),
        /** Yesterday's value of the same hour, where nobody forecasts. */
        standIn: z.boolean().optional(),
      }),
    ),
  ),
  band: optional(z.enum(BANDS)),
  bandSince: optional(time),
  bandChanges: optional(z.array(time)),
  /** gCO2e/kWh: what the band was judged by. */
  bandThresholds: optional(z.tuple([grams, grams]).refine(([low, high]) => low <= high)),
  outage: optional(
    z.object({
      active: z.boolean(),
      reason: z.string().optional(),
      sources: z.array(z.string()).default([]),
      since: time.optional(),
      /** Since when no automatic source calls it down any more. */
      quietSince: time.optional(),
    }),
  ),
  gridZone: optional(z.string()),
  conditions: optional(
    z.array(
      z.object({
        type: z.string(),
        status: z.enum(['True', 'False', 'Unknown']),
        observedGeneration: z.number().optional(),
        lastTransitionTime: time,
        reason: z.string(),
        message: z.string(),
      }),
    ),
  ),
});

/** What the leader writes of a region, and every replica reads; all times are epoch milliseconds here. */
export type RegionStatus = WithoutGaps<z.output<typeof regionStatus>>;
/** A reading with what it takes to judge its age again later. */
export type ObservedReading = NonNullable<RegionStatus['reading']>;
export type ForecastPoint = NonNullable<RegionStatus['forecast']>[number];
export type OutageState = NonNullable<RegionStatus['outage']>;
export type Condition = NonNullable<RegionStatus['conditions']>[number];

/** Reads `status` of a Region as the API server gives it; never throws. */
export function parseStatus(document: unknown): RegionStatus {
  const parsed = regionStatus.safeParse(document);
  return parsed.success ? withoutGaps(parsed.data) : {};
}

/** Optional fields may be absent, but not `undefined`. */
type WithoutGaps<T> = T extends object ? { readonly [K in keyof T]: WithoutGaps<Exclude<T[K], undefined>> } : T;

/** `undefined` and absent are the same in JSON, but not to those who compare. */
function withoutGaps<T>(value: T): WithoutGaps<T> {
  if (typeof value !== 'object' || value === null) return value as WithoutGaps<T>;
  if (Array.isArray(value)) return value.map(withoutGaps) as WithoutGaps<T>;
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return Object.fromEntries(entries.map(([key, inner]) => [key, withoutGaps(inner)])) as WithoutGaps<T>;
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
