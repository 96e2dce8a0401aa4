import { createEdge } from '../units/edge.ts';
import { ApiError, messageOf } from './api-error.ts';

interface Listener {
  again(): void;
  /** `status` is 0 for all network errors. */
  failing(failure: string, status: number): void;
}

/**
 * Tells when requests that are made again and again begin to fail, fail in another way, and work again; retries in between are
 * silent. All network errors are one way: an API server that restarts shows several of them within a second. Only messages are
 * passed on: a network error object can carry the request's headers, and with them a token.
 */
export function createRequestHealth({ again, failing }: Listener) {
  let failure: string | undefined;
  const tell = createEdge<number | undefined>(undefined, (status) => {
    if (status === undefined) again();
    else failing(failure ?? '', status);
  });
  return {
    succeeded() {
      failure = undefined;
      tell(undefined);
    },
    /** `words` stand for the error's own where those say too little. */
    failed(error: unknown, words?: string) {
      failure = words ?? messageOf(error);
      tell(error instanceof ApiError ? error.status : 0);
    },
    /** Why they fail now; undefined while they do not. */
    failure: () => failure,
  };
}
