import { z } from 'zod';
import { getJson } from './get-json.ts';
import type { SecretReader } from './read-secret.ts';
import { readToken } from './read-secret.ts';
import type { SourceDeps } from './source-deps.ts';
import { SourceError } from './source-error.ts';
import { sourceUrl } from './source-url.ts';

export interface PrometheusAddress {
  readonly baseUrl: string;
  /** A bearer token. */
  readonly token?: SecretReader;
}

const value = z.tuple([z.number(), z.string()]);
const sample = z.object({ metric: z.record(z.string(), z.string()).default({}), value });

const answer = z.discriminatedUnion('status', [
  z.object({
    status: z.literal('success'),
    data: z.discriminatedUnion('resultType', [
      z.object({ resultType: z.literal('vector'), result: z.array(sample) }),
      z.object({ resultType: z.literal('scalar'), result: value }),
    ]),
  }),
  z.object({ status: z.literal('error'), errorType: z.string(), error: z.string() }),
]);

/** Seconds since 1970 and a number as text. */
export type PrometheusValue = z.infer<typeof value>;
export type PrometheusSample = z.infer<typeof sample>;
export type PrometheusResult = Extract<z.infer<typeof answer>, { status: 'success' }>['data'];

/** Evaluates a query now, in Prometheus or anything with its HTTP API; rejects with a SourceError. */
export async function queryPrometheus(
  { baseUrl, token }: PrometheusAddress,
  query: string,
  deps: SourceDeps,
  abort: AbortSignal,
): Promise<PrometheusResult> {
  const found = await getJson({
    ...deps,
    url: sourceUrl(baseUrl, '/api/v1/query', { query }),
    ...(token && { headers: { authorization: `Bearer ${await readToken(token, 'Prometheus token')}` } }),
    abort,
    schema: answer,
    explain,
  });
  if (found.status === 'error') throw new SourceError('malformed', `the query fails: ${explain(found)}`);
  return found.data;
}

/** Prometheus writes numbers as text, `NaN` and `+Inf` among them: Number knows them, but for an empty text and `+Inf`. */
export function parseValue(text: string): number {
  return text.trim() === '' ? Number.NaN : Number(text.replace('Inf', 'Infinity'));
}

function explain(body: unknown): string | undefined {
  const { data } = answer.safeParse(body);
  return data?.status === 'error' ? `${data.errorType}: ${data.error}` : undefined;
}
