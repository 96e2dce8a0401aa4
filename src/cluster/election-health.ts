import type { Logger } from 'pino';
import { ApiError, messageOf } from './api-error.ts';

export interface ElectionHealth {
  succeeded(): void;
  failed(error: unknown): void;
}

/**
 * Logs when the Lease begins to be out of reach, is so in another way, and is within reach again. Only messages are
 * logged: a network error object can carry the request's headers, and with them a token.
 */
export function createElectionHealth(lease: string, log: Logger): ElectionHealth {
  let current: string | undefined;
  return {
    succeeded() {
      if (current) log.info({ lease }, 'reading and writing the lease again');
      current = undefined;
    },
    failed(error) {
      const failure = messageOf(error);
      const status = error instanceof ApiError ? error.status : undefined;
      if (status === 409) return log.debug({ lease, failure }, 'someone else was faster');
      const kind = String(status ?? 'unreachable'); // an API server that restarts fails in several ways within a second
      if (current !== kind) log.warn({ lease, failure }, consequenceOf(status));
      current = kind;
    },
  };
}

function consequenceOf(status: number | undefined): string {
  if (status !== 403) return 'cannot read or write the lease: whoever leads stops when it expires';
  return 'may not use the lease, so this replica never leads: its role needs get, create and update on leases';
}
