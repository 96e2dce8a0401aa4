import type { Logger } from 'pino';
import { createEdge } from '../units/edge.ts';
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
  let failure = '';
  /** A status, or 0 for all network errors: an API server that restarts fails in several ways within a second. */
  const tell = createEdge<number | undefined>(undefined, (status) => {
    if (status === undefined) log.info({ lease }, 'reading and writing the lease again');
    else log.warn({ lease, failure }, consequenceOf(status));
  });
  return {
    succeeded: () => tell(undefined),
    failed(error) {
      failure = messageOf(error);
      const status = error instanceof ApiError ? error.status : 0;
      if (status === 409) log.debug({ lease, failure }, 'someone else was faster');
      else tell(status);
    },
  };
}

function consequenceOf(status: number): string {
  if (status !== 403) return 'cannot read or write the lease: whoever leads stops when it expires';
  return 'may not use the lease, so this replica never leads: its role needs get, create and update on leases';
}
