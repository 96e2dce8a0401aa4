/** Loads from a process of its own: reads LoadRequests over IPC, one after the other, and answers each with a LoadResult. */
import { readFile } from 'node:fs/promises';
import autocannon, { type Client, type Options, type Request, type Result } from 'autocannon';

export interface LoadRequest {
  readonly url: string;
  /** A file of AdmissionReviews, one a line; the connections share them out. */
  readonly bodiesFile: string;
  readonly connections: number;
  /** Either a time or a number of requests ends the load. */
  readonly seconds?: number;
  readonly amount?: number;
  /** How many answers of each thousand come back for checking. */
  readonly sampledPerThousand?: number;
}

export interface LoadResult {
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly requests: number;
  readonly failures: number;
  readonly answers: readonly string[];
}

process.on('message', (request: LoadRequest) => {
  void load(request).then((result) => process.send?.(result));
});

/** Handing over an answer costs the load more than sending a request: only one in so many is looked at. */
const LISTENED = 20;

async function load(request: LoadRequest): Promise<LoadResult> {
  const { url, connections, seconds, amount, sampledPerThousand = 0 } = request;
  const bodies = (await readFile(request.bodiesFile, 'utf8')).split('\n').filter((line) => line !== '');
  const answers: string[] = [];
  let seen = 0;
  const latenciesMs: number[] = [];
  const done = Promise.withResolvers<Result>();
  const keep = (_status: number, answer: string) => {
    if (seen++ % 1000 < sampledPerThousand * LISTENED) answers.push(answer);
  };
  const copies = Math.ceil((connections * LISTENED) / bodies.length);
  const requests = Array.from({ length: copies }, () => bodies)
    .flat()
    .map((body, index) => ({ body, ...(sampledPerThousand > 0 && index % LISTENED === 0 && { onResponse: keep }) }));
  let clients = 0;
  const options = {
    url,
    connections,
    ...(amount === undefined ? { duration: seconds ?? 1 } : { amount }),
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    requests: requests.slice(0, 1),
    setupClient: (client: Client) => {
      // Each request is written once. Given whole, every connection would write all of them before it begins.
      const own = requests.filter((_, index) => index % connections === clients % connections);
      clients += 1;
      if (own.length > 1) client.setRequests(own as Request[]);
    },
  } as const;
  const run = autocannon(options as unknown as Options, (error, result) =>
    error ? done.reject(error) : done.resolve(result),
  );
  run.on('response', (_client, _status, _bytes, responseTimeMs) => latenciesMs.push(responseTimeMs));
  const result = await done.promise;
  latenciesMs.sort((a, b) => a - b);
  const percentile = (share: number) => latenciesMs[Math.floor(latenciesMs.length * share)] ?? 0;
  return {
    requestsPerSecond: latenciesMs.length / result.duration,
    p50Ms: percentile(0.5),
    p99Ms: percentile(0.99),
    requests: latenciesMs.length,
    failures: result.non2xx + result.errors + result.timeouts,
    answers,
  };
}
