import type { z } from 'zod';
import { type Failure, SourceError } from './source-error.ts';

export interface SourceDeps {
  readonly fetch: typeof globalThis.fetch;
  readonly clock: () => number;
}

interface JsonRequest<T> {
  readonly fetch: typeof globalThis.fetch;
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly abort: AbortSignal;
  readonly schema: z.ZodType<T>;
  /** Epoch milliseconds, for a Retry-After that names a date. */
  readonly clock: () => number;
  /** Finds the sentence in the JSON that a provider sends with an error status. */
  readonly explain?: (body: unknown) => string | undefined;
}

/** An answer with an error status; what to do about it can depend on the very number. */
export class StatusError extends SourceError {
  readonly status: number;

  constructor(status: number, failure: Failure, message: string, retryAfterMs?: number) {
    super(failure, message, { retryAfterMs });
    this.status = status;
  }
}

const MAX_BODY_BYTES = 8 * 1024 * 1024;
const MAX_ERROR_BYTES = 64 * 1024;
/** Characters. */
const MAX_WORDS = 200;

/** Gets and validates one JSON document; whatever goes wrong is a SourceError. Redirects are not followed with a token. */
export async function getJson<T>(request: JsonRequest<T>): Promise<T> {
  const { fetch, url, headers = {}, abort, schema } = request;
  const response = await answerOf(abort, () =>
    fetch(url, { headers: { accept: 'application/json', ...headers }, signal: abort, redirect: 'error' }),
  );
  if (!response.ok) throw errorOf(response, await findWords(response, request), request.clock());
  if (response.status === 204)
    throw new StatusError(204, 'not_covered', 'HTTP 204: the source has nothing for this zone');
  const text = await answerOf(abort, () => readAtMost(response, MAX_BODY_BYTES));
  const parsed = schema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue?.path.join('.') || 'it';
  throw new SourceError('malformed', `the answer has another shape: ${where}: ${issue?.message}`);
}

async function answerOf<T>(abort: AbortSignal, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof SourceError) throw error;
    if (abort.aborted) throw new SourceError('unavailable', 'no answer in time');
    // Not the error itself: that of an odd header or address quotes it, secrets included. Its cause is the system's.
    const cause: unknown = error instanceof Error ? error.cause : undefined;
    throw new SourceError('unavailable', describe(cause), { cause });
  }
}

async function readAtMost(response: Response, bytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > bytes) throw new SourceError('malformed', `the answer is larger than ${bytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    const start = text.trimStart().slice(0, 1);
    throw new SourceError('malformed', start === '<' ? 'the answer is HTML, not JSON' : 'the answer is not JSON');
  }
}

function errorOf({ status, headers }: Response, words: string | undefined, now: number): StatusError {
  const say = (sentence?: string) => [`HTTP ${status}`, sentence, words].filter(Boolean).join(': ');
  if (status === 401 || status === 403)
    return new StatusError(status, 'unauthorized', say('the credentials are refused'));
  if (status === 404) return new StatusError(status, 'not_covered', say('the source has nothing for this zone'));
  if (status === 429) {
    const retryAfterMs = readRetryAfter(headers.get('retry-after'), now);
    const when = retryAfterMs === undefined ? '' : `, again in ${Math.ceil(retryAfterMs / 1000)} s`;
    return new StatusError(status, 'rate_limited', say(`too many requests${when}`), retryAfterMs);
  }
  return new StatusError(status, status >= 500 ? 'unavailable' : 'malformed', say());
}

/** The status says enough where the words are missing, endless or no JSON. */
async function findWords<T>(response: Response, { explain }: JsonRequest<T>): Promise<string | undefined> {
  try {
    if (explain)
      return explain(JSON.parse(await readAtMost(response, MAX_ERROR_BYTES)))
        ?.replaceAll(/\s+/g, ' ')
        .slice(0, MAX_WORDS);
    await response.body?.cancel();
  } catch {}
  return undefined;
}

/** Seconds or an HTTP date (RFC 9110, 10.2.3), as milliseconds from now. */
function readRetryAfter(text: string | null, now: number): number | undefined {
  if (text === null) return undefined;
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  // Date.parse makes a date of nearly anything, "-5" included.
  const ms = text.endsWith('GMT') ? Date.parse(text) - now : Number.NaN;
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

const CAUSES: Readonly<Record<string, string>> = {
  ENOTFOUND: 'its host name does not resolve',
  EAI_AGAIN: 'its host name does not resolve now',
  ECONNREFUSED: 'the connection is refused',
  ECONNRESET: 'the connection broke',
  UND_ERR_SOCKET: 'the connection broke',
};

/** fetch hides what happened in a cause. */
function describe(cause: unknown): string {
  if (!(cause instanceof Error)) return 'it cannot be reached';
  if (cause.message === 'unexpected redirect') return 'it redirects, which is not followed';
  const { code } = cause as { code?: unknown };
  return (typeof code === 'string' ? (CAUSES[code] ?? code) : undefined) ?? 'it cannot be reached';
}

/** The address of a path below a base address, which may itself have a path. */
export function sourceUrl(baseUrl: string, path: string, query: Readonly<Record<string, string>> = {}): URL {
  const url = new URL(baseUrl);
  url.pathname = `${url.pathname.replace(/\/+$/, '')}${path}`;
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return url;
}
