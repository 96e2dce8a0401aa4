import { z } from 'zod';
import { gridZoneOf } from '../../regions/cloud-zones.ts';
import { HOUR_MS } from '../../units/moment.ts';
import { getJson, type SourceDeps, sourceUrl } from '../asking/get-json.ts';
import { readToken, type SecretReader } from '../asking/read-secret.ts';
import { SourceError } from '../asking/source-error.ts';
import { firstPlausible } from './plausible.ts';
import { checkZone, instant, notOverYet, oldestFirst, rowsOf } from './series.ts';
import type { ForecastingSource, Measurement } from './source.ts';

const FACTORS = { 'average-lifecycle': 'lifecycle', 'average-direct': 'direct' } as const;
type AverageSignal = keyof typeof FACTORS;

export interface ElectricityMapsOptions {
  readonly baseUrl?: string | undefined;
  /** The token of every zone that `zoneTokens` does not name. */
  readonly token?: SecretReader | undefined;
  /** A free token is good for one zone only. */
  readonly zoneTokens?: ReadonlyMap<string, SecretReader>;
  /** Which emission factors the provider calculates with. */
  readonly signal?: AverageSignal | undefined;
  /** Values of now and before that were measured alone: hours that the provider only estimates have none. */
  readonly disableEstimations?: boolean | undefined;
}

const row = z.object({
  zone: z.string(),
  carbonIntensity: z.number().nullable(),
  /** The hour's start. */
  datetime: instant,
  emissionFactorType: z.enum(['lifecycle', 'direct']),
  isEstimated: z.boolean(),
  temporalGranularity: z.literal('hourly').optional(),
});
const history = z.object({ zone: z.string(), history: rowsOf(row) });
const forecast = z.object({
  zone: z.string(),
  forecast: rowsOf(z.object({ carbonIntensity: z.number(), datetime: instant })),
});

/** Electricity Maps API v3 (https://portal.electricitymaps.com/developer-hub/api/reference), hourly averages. */
export function createElectricityMaps(options: ElectricityMapsOptions, deps: SourceDeps): ForecastingSource {
  const { baseUrl = 'https://api.electricitymaps.com', token, zoneTokens, signal = 'average-lifecycle' } = options;

  async function ask<T extends { readonly zone: string }>(
    what: 'latest' | 'history' | 'forecast',
    zone: string,
    schema: z.ZodType<T>,
    abort: AbortSignal,
  ): Promise<T> {
    const read = zoneTokens?.get(zone) ?? token;
    if (!read) throw new SourceError('unauthorized', `there is no Electricity Maps token for ${zone}`);
    // Without disableCallerLookup a zone that it does not know is answered with that of the caller's address.
    const query = {
      zone,
      emissionFactorType: FACTORS[signal],
      disableCallerLookup: 'true',
      ...(what !== 'forecast' && options.disableEstimations && { disableEstimations: 'true' }),
    };
    const answer = await getJson({
      ...deps,
      url: sourceUrl(baseUrl, `/v3/carbon-intensity/${what}`, query),
      headers: { 'auth-token': await readToken(read, 'Electricity Maps token') },
      abort,
      schema,
    });
    checkZone(answer.zone, zone);
    return answer;
  }

  return {
    name: 'electricity-maps',

    zoneOf(region) {
      const gridZone = gridZoneOf(region);
      if (gridZone === undefined || token || zoneTokens?.has(gridZone)) return gridZone;
      return undefined;
    },

    async current(zone, abort) {
      const measured = measure(await ask('latest', zone, row, abort), zone, signal);
      return firstPlausible(measured ? [measured] : [], zone, deps.clock());
    },

    async history(zone, abort) {
      const answer = await ask('history', zone, history, abort);
      return oldestFirst(answer.history.map((one) => measure(one, zone, signal)).filter((one) => one !== undefined));
    },

    async forecast(zone, abort) {
      const answer = await ask('forecast', zone, forecast, abort);
      const points = answer.forecast.map((one) => ({ from: one.datetime, gramsPerKwh: one.carbonIntensity }));
      return notOverYet(points, HOUR_MS, deps.clock());
    },
  };
}

function measure(
  { zone, carbonIntensity, datetime, emissionFactorType, isEstimated }: z.infer<typeof row>,
  asked: string,
  signal: AverageSignal,
): Measurement | undefined {
  checkZone(zone, asked);
  if (emissionFactorType !== FACTORS[signal])
    throw new SourceError('malformed', `the answer has ${emissionFactorType} emission factors, not ${FACTORS[signal]}`);
  if (carbonIntensity === null) return undefined;
  return { gramsPerKwh: carbonIntensity, signal, measuredAt: datetime, stepMs: HOUR_MS, estimated: isEstimated };
}
