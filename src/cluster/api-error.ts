import type { Status } from './kube-object.ts';

/** An answer of the API server that is an error; its message names the request, the status and the server's own words. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  /** `GET /api/v1/nodes`. */
  readonly request: string;
  /** The server's own words. */
  readonly said: string;
  readonly retryAfterMs: number;
  /** Where a list that grew too old can be gone on with. */
  readonly continueFrom: string | undefined;

  constructor(request: string, { code = 500, reason, message, metadata }: Status, retryAfterMs = 0) {
    super(`${request} answers ${[code, reason].filter(Boolean).join(' ')}${message ? `: ${message}` : ''}`);
    this.status = code;
    this.request = request;
    this.said = message ?? '';
    this.retryAfterMs = retryAfterMs;
    this.continueFrom = metadata?.continue || undefined;
  }
}

/** An error's message, or what there is of it: Node joins failures of several addresses in one without a message. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message || (error as NodeJS.ErrnoException).code || error.name;
}
