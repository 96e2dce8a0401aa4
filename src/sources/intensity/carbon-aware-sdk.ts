import { z } from 'zod';
import type { Signal } from '../../regions/reading.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../units/moment.ts';
import { getJson, type SourceDeps, sourceUrl } from '../asking/get-json.ts';
import { SourceError } from '../asking/source-error.ts';
import { firstPlausible } from './plausible.ts';
import { checkZone, instant, notOverYet, oldestFirst, rowsOf } from './series.ts';
import type { ForecastingSource, Measurement } from './source.ts';

interface CarbonAwareSdkOptions {
  /** Of the WebApi, which everybody runs on their own. */
  readonly baseUrl: string;
  /** What its data source counts; its answers do not say. */
  readonly signal: Signal;
}

/** `null` where its own source has no value yet. */
const emissions = rowsOf(z.object({ location: z.string(), time: instant, rating: z.number().nullable() }));
type Emissions = z.infer<typeof emissions>;

const forecasts = z.tuple([
  z.object({
    location: z.string(),
    forecastData: rowsOf(
      z.object({
        timestamp: instant,
        /** Minutes. */
        duration: z.number().positive(),
        value: z.number(),
      }),
    ),
  }),
]);

/** .NET's ProblemDetails (RFC 9457). */
const problem = z.object({ title: z.string(), detail: z.string().nullish() });

/** The Green Software Foundation's Carbon Aware SDK (WebApi), gCO2/kWh; zones are its locations, such as `eastus`. */
export function createCarbonAwareSdk(options: CarbonAwareSdkOptions, deps: SourceDeps): ForecastingSource {
  const { baseUrl, signal } = options;

  type Query = Readonly<Record<string, string>>;

  function ask<T>(path: string, query: Query, schema: z.ZodType<T>, abort: AbortSignal): Promise<T> {
    return getJson({ ...deps, url: sourceUrl(baseUrl, path, query), abort, schema, explain });
  }

  async function askEmissions(query: Query, abort: AbortSignal): Promise<readonly Measurement[]> {
    return measure(await ask('/emissions/bylocation', query, emissions, abort), signal);
  }

  return {
    name: 'carbon-aware-sdk',

    zoneOf: ({ carbonAwareSdk }) => carbonAwareSdk,

    async current(location, abort) {
      const rows = await askEmissions({ location }, abort);
      return firstPlausible(rows.toReversed(), location, deps.clock());
    },

    async history(location, abort) {
      const now = deps.clock();
      const [time, toTime] = [new Date(now - DAY_MS).toISOString(), new Date(now).toISOString()];
      return askEmissions({ location, time, toTime }, abort);
    },

    async forecast(location, abort) {
      const [answer] = await ask('/emissions/forecasts/current', { location }, forecasts, abort);
      checkZone(answer.location, location);
      const points = answer.forecastData.map(({ timestamp, value }) => ({ from: timestamp, gramsPerKwh: value }));
      return notOverYet(points, (answer.forecastData[0]?.duration ?? 0) * MINUTE_MS, deps.clock());
    },
  };
}

function measure(rows: Emissions, signal: Signal): readonly Measurement[] {
  // A row names the zone of the SDK's own source (`IE`), not the location (`northeurope`): only their unity can be seen.
  const other = rows.find(({ location }) => location !== rows[0]?.location);
  if (other) throw new SourceError('wrong_zone', `the answer is for ${rows[0]?.location} and ${other.location}`);
  const stepMs = findStep(rows);
  return oldestFirst(
    rows.flatMap(({ time, rating }) =>
      rating === null ? [] : [{ gramsPerKwh: rating, signal, measuredAt: time, stepMs, estimated: false }],
    ),
  );
}

/**
 * The step of a series: the distance that at least half of its rows keep, so that neither a gap nor two rows a second apart
 * change it; an hour where a row stands alone.
 */
function findStep(rows: Emissions): number {
  const times = rows.map(({ time }) => time).toSorted((one, other) => one - other);
  const distances = times.slice(1).map((time, i) => time - (times[i] ?? 0));
  const steps = distances.filter((distance) => distance >= MINUTE_MS).toSorted((one, other) => one - other);
  return steps[Math.floor((steps.length - 1) / 2)] ?? HOUR_MS;
}

function explain(body: unknown): string | undefined {
  const { data } = problem.safeParse(body);
  return data && [data.title, data.detail].filter(Boolean).join(': ');
}
