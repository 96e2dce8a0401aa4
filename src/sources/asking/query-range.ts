import { z } from 'zod';
import { getJson } from './get-json.ts';
import type { SourceDeps } from './source-deps.ts';
import { SourceError } from './source-error.ts';
import { sourceUrl } from './source-url.ts';

export interface RangeQuery {
  readonly query: string;
  /** Seconds since 1970: the first and the last moment. */
  readonly start: number;
  readonly end: number;
  readonly stepSeconds: number;
}

const series = z.object({
  metric: z.record(z.string(), z.string()).default({}),
  values: z.array(z.tuple([z.number(), z.string()])),
});

const answer = z.discriminatedUnion('status', [
  z.object({
    status: z.literal('success'),
    data: z.object({ resultType: z.literal('matrix'), result: z.array(series) }),
    warnings: z.array(z.string()).optional(),
  }),
  z.object({ status: z.literal('error'), errorType: z.string(), error: z.string() }),
]);

export type PrometheusSeries = z.infer<typeof series>;

/** Evaluates a query over a range, in Prometheus or anything with its HTTP API; rejects with a SourceError. */
export async function queryRange(
  baseUrl: string,
  { query, start, end, stepSeconds }: RangeQuery,
  deps: SourceDeps,
  abort: AbortSignal,
): Promise<{ readonly series: readonly PrometheusSeries[]; readonly warnings: readonly string[] }> {
  const parameters = { query, start: String(start), end: String(end), step: String(stepSeconds) };
  const found = await getJson({
    ...deps,
    url: sourceUrl(baseUrl, '/api/v1/query_range', parameters),
    abort,
    schema: answer,
    explain,
  });
  if (found.status === 'error') throw new SourceError('malformed', `the query fails: ${explain(found)}`);
  return { series: found.data.result, warnings: found.warnings ?? [] };
}

function explain(body: unknown): string | undefined {
  const { data } = answer.safeParse(body);
  return data?.status === 'error' ? `${data.errorType}: ${data.error}` : undefined;
}
