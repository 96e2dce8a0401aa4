import { z } from 'zod';
import { getJson, type SourceDeps, sourceUrl } from './get-json.ts';
import { readToken, type SecretReader } from './read-secret.ts';
import { SourceError } from './source-error.ts';

/** Prometheus, or anything with its HTTP API. */
export interface PrometheusAddress {
  readonly baseUrl: string;
  readonly token?: SecretReader | undefined;
}

const value = z.tuple([z.number(), z.string()]);
const metric = z.record(z.string(), z.string()).default({});
const sample = z.object({ metric, value });
const series = z.object({ metric, values: z.array(value) });
const moment = z.discriminatedUnion('resultType', [
  z.object({ resultType: z.literal('vector'), result: z.array(sample) }),
  z.object({ resultType: z.literal('scalar'), result: value }),
]);
const matrix = z.object({ resultType: z.literal('matrix'), result: z.array(series) });
const failed = z.object({ status: z.literal('error'), errorType: z.string(), error: z.string() });

/** Seconds since 1970 and a number as text. */
export type PrometheusValue = z.infer<typeof value>;
export type PrometheusSample = z.infer<typeof sample>;
export type PrometheusSeries = z.infer<typeof series>;
export type PrometheusResult = z.infer<typeof moment>;

/** Evaluates a query now, or at a moment in epoch milliseconds; rejects with a SourceError. */
export async function queryPrometheus(
  address: PrometheusAddress,
  { query, at }: { readonly query: string; readonly at?: number | undefined },
  deps: SourceDeps,
  abort: AbortSignal,
): Promise<PrometheusResult> {
  const parameters = { query, ...(at !== undefined && { time: String(at / 1_000) }) };
  return (await ask(address, '/api/v1/query', parameters, moment, { ...deps, abort })).data;
}

/** Evaluates a query over a range, in seconds since 1970: the first and the last moment; rejects with a SourceError. */
export async function queryRange(
  baseUrl: string,
  range: { readonly query: string; readonly start: string; readonly end: string; readonly step: string },
  deps: SourceDeps,
  abort: AbortSignal,
): Promise<{ readonly series: readonly PrometheusSeries[]; readonly warnings: readonly string[] }> {
  const { data, warnings = [] } = await ask({ baseUrl }, '/api/v1/query_range', range, matrix, { ...deps, abort });
  return { series: data.result, warnings };
}

async function ask<T>(
  { baseUrl, token }: PrometheusAddress,
  path: string,
  parameters: Readonly<Record<string, string>>,
  data: z.ZodType<T>,
  asking: SourceDeps & { readonly abort: AbortSignal },
): Promise<{ readonly data: T; readonly warnings?: readonly string[] | undefined }> {
  const found = z.object({ status: z.literal('success'), data, warnings: z.array(z.string()).optional() });
  const answer = await getJson({
    ...asking,
    url: sourceUrl(baseUrl, path, parameters),
    ...(token && { headers: { authorization: `Bearer ${await readToken(token, 'Prometheus token')}` } }),
    schema: z.discriminatedUnion('status', [found, failed]),
    explain,
  });
  if (answer.status === 'error') throw new SourceError('malformed', `the query fails: ${explain(answer)}`);
  return answer;
}

/** Prometheus writes numbers as text, `NaN` and `+Inf` among them: Number knows them, but for an empty text and `+Inf`. */
export function parseValue(text: string): number {
  return text.trim() === '' ? Number.NaN : Number(text.replace('Inf', 'Infinity'));
}

function explain(body: unknown): string | undefined {
  const { data } = failed.safeParse(body);
  return data && `${data.errorType}: ${data.error}`;
}
