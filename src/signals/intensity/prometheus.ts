import { z } from 'zod';
import type { Signal } from '../../regions/reading.ts';
import { gridZoneOf } from './cloud-zones.ts';
import { getJson } from './get-json.ts';
import type { SecretReader } from './read-secret.ts';
import { readToken } from './read-secret.ts';
import { MINUTE_MS } from './series.ts';
import type { IntensitySource, RegionZones, SourceDeps } from './source.ts';
import { SourceError } from './source-error.ts';
import { sourceUrl } from './source-url.ts';

export interface PrometheusOptions {
  readonly baseUrl: string;
  /** PromQL that finds one value in gCO2e/kWh; `{{zone}}` and `{{region}}` stand for the grid zone and the region's name. */
  readonly query: string;
  /** What the values count; a metric does not say. */
  readonly signal: Signal;
  /** How long one value of the metric lasts, milliseconds; by default five minutes. */
  readonly stepMs?: number;
  /** A bearer token. */
  readonly token?: SecretReader;
}

const sample = z.tuple([z.number(), z.string()]);

const answer = z.discriminatedUnion('status', [
  z.object({
    status: z.literal('success'),
    data: z.discriminatedUnion('resultType', [
      z.object({ resultType: z.literal('vector'), result: z.array(z.object({ value: sample })) }),
      z.object({ resultType: z.literal('scalar'), result: sample }),
    ]),
  }),
  z.object({ status: z.literal('error'), errorType: z.string(), error: z.string() }),
]);
type Answer = z.infer<typeof answer>;

/** A value of one's own in Prometheus or anything with its HTTP API. What it calls a zone is the finished query. */
export function createPrometheus(options: PrometheusOptions, deps: SourceDeps): IntensitySource {
  const { baseUrl, query: template, signal, stepMs = 5 * MINUTE_MS, token } = options;

  return {
    name: 'prometheus',

    zoneOf: (region) => fill(template, region),

    async current(query, abort) {
      const found = await getJson({
        ...deps,
        url: sourceUrl(baseUrl, '/api/v1/query', { query }),
        ...(token && { headers: { authorization: `Bearer ${await readToken(token, 'Prometheus token')}` } }),
        abort,
        schema: answer,
        explain,
      });
      const [seconds, text] = onlySample(found);
      const gramsPerKwh = readValue(text);
      // The time is that of the evaluation: how old the sample is (at most the lookback of five minutes) is not told.
      return { gramsPerKwh, signal, measuredAt: Math.round(seconds * 1000), stepMs, estimated: false };
    },
  };
}

/** `undefined` when a name is missing, or could leave the quotes that it stands in. */
function fill(template: string, region: RegionZones): string | undefined {
  const names: Readonly<Record<string, string | undefined>> = { zone: gridZoneOf(region), region: region.name };
  let missing = false;
  const query = template.replaceAll(/\{\{(zone|region)\}\}/g, (_, key: string) => {
    const value = names[key];
    if (value !== undefined && /^[\w./:-]+$/.test(value)) return value;
    missing = true;
    return '';
  });
  return missing ? undefined : query;
}

function onlySample(found: Answer): z.infer<typeof sample> {
  if (found.status === 'error') throw new SourceError('malformed', `the query fails: ${explain(found)}`);
  const { data } = found;
  if (data.resultType === 'scalar') return data.result;
  const [only, ...others] = data.result;
  if (!only) throw new SourceError('not_covered', 'the query finds nothing');
  if (others.length > 0)
    throw new SourceError('malformed', `the query must find one value, and finds ${data.result.length}`);
  return only.value;
}

/** Prometheus writes numbers as text, `NaN` and `+Inf` among them. */
function readValue(text: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (!Number.isFinite(value)) throw new SourceError('implausible', `the value is ${text.slice(0, 20) || 'empty'}`);
  return value;
}

function explain(body: unknown): string | undefined {
  const { data } = answer.safeParse(body);
  return data?.status === 'error' ? `${data.errorType}: ${data.error}` : undefined;
}
