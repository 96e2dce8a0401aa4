import { z } from 'zod';
import { DAY_MS } from '../../units/moment.ts';
import { gramsOfPounds } from '../../units/pounds-per-mwh.ts';
import { getJson, type SourceDeps, sourceUrl } from '../asking/get-json.ts';
import type { SecretReader } from '../asking/read-secret.ts';
import { firstPlausible } from './plausible.ts';
import { checkZone, instant, notOverYet, oldestFirst, rowsOf } from './series.ts';
import type { ForecastingSource, Measurement } from './source.ts';
import { createWattTimeSession } from './watttime-session.ts';

interface WattTimeOptions {
  readonly baseUrl?: string | undefined;
  readonly username: SecretReader;
  readonly password: SecretReader;
}

const SIGNAL_TYPE = 'co2_moer';

const answer = z.object({
  data: rowsOf(z.object({ point_time: instant, value: z.number() })),
  meta: z.object({
    region: z.string(),
    // /v3/signal-index has the same shape with the unit `percentile`, of its own region alone.
    units: z.literal('lbs_co2_per_mwh'),
    signal_type: z.literal(SIGNAL_TYPE),
    data_point_period_seconds: z.number().positive().default(300),
  }),
});

const refusal = z.object({ message: z.string() });

/** WattTime API v3 (https://docs.watttime.org): marginal operating emissions rate, in steps of five minutes. */
export function createWattTime(options: WattTimeOptions, deps: SourceDeps): ForecastingSource {
  const { baseUrl = 'https://api.watttime.org', username, password } = options;
  const withToken = createWattTimeSession({ baseUrl, username, password }, deps);

  async function ask(what: 'forecast' | 'historical', zone: string, query: Record<string, string>, abort: AbortSignal) {
    const url = sourceUrl(baseUrl, `/v3/${what}`, { region: zone, signal_type: SIGNAL_TYPE, ...query });
    const { data, meta } = await withToken(
      (token) =>
        getJson({ ...deps, url, headers: { authorization: `Bearer ${token}` }, abort, schema: answer, explain }),
      abort,
    );
    checkZone(meta.region, zone);
    const stepMs = meta.data_point_period_seconds * 1000;
    return data.map(({ point_time: measuredAt, value }): Measurement => {
      // A marginal rate is modelled, never metered.
      return { gramsPerKwh: gramsOfPounds(value), signal: 'marginal', measuredAt, stepMs, estimated: true };
    });
  }

  return {
    name: 'watttime',

    zoneOf: ({ wattTime }) => wattTime,

    /** Its documentation asks for the forecast's first point: /v3/historical comes late and with gaps. */
    async current(zone, abort) {
      const rows = oldestFirst(await ask('forecast', zone, { horizon_hours: '0' }, abort));
      return firstPlausible(rows, zone, deps.clock());
    },

    /** A week, for relative bands; it is not asked for stand-ins of a forecast, which this provider has. */
    async history(zone, abort) {
      const now = deps.clock();
      const query = { start: new Date(now - 7 * DAY_MS).toISOString(), end: new Date(now).toISOString() };
      return oldestFirst(await ask('historical', zone, query, abort));
    },

    async forecast(zone, abort) {
      const measurements = await ask('forecast', zone, { horizon_hours: '24' }, abort);
      const points = measurements.map(({ measuredAt, gramsPerKwh }) => ({ from: measuredAt, gramsPerKwh }));
      return notOverYet(points, measurements[0]?.stepMs ?? 0, deps.clock());
    },
  };
}

/** Says, for example, which regions the account's plan holds. */
function explain(body: unknown): string | undefined {
  return refusal.safeParse(body).data?.message;
}
