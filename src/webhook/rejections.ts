import type { Logger } from 'pino';

/** Why a request got no AdmissionReview for an answer. */
export type RejectionCause =
  | 'malformed'
  | 'too_large'
  | 'no_length'
  | 'wrong_type'
  | 'no_endpoint'
  | 'not_http'
  /** No TLS, none that counts, or no certificate where one is asked for. */
  | 'no_handshake'
  | 'slow_headers'
  | 'large_headers'
  /** The body took longer than its time. */
  | 'slow_body'
  /** It stopped while others waited. */
  | 'stalled_body'
  /** There was no room for it before its time was over. */
  | 'no_room'
  | 'failed';

export interface Rejection {
  /** What was answered; 0 where the connection was closed. */
  readonly status: number;
  readonly cause: RejectionCause;
  /** The path of an endpoint; absent where it asked for none. */
  readonly endpoint?: string | undefined;
  /** In words. */
  readonly problem?: string;
}

export type Reject = (rejection: Rejection) => void;

interface RejectionDeps {
  readonly log: Pick<Logger, 'warn'>;
  readonly count: (status: string, cause: RejectionCause) => void;
}

const LOG_EVERY_MS = 1_000;

/** Counts every rejection and logs one a second at most: anybody who reaches the port can cause them. */
export function createRejections({ log, count }: RejectionDeps): Reject {
  let loggedAt = Number.NEGATIVE_INFINITY;
  let unlogged = 0;
  return (rejection) => {
    const { status, cause } = rejection;
    count(status === 0 ? 'closed' : String(status), cause);
    unlogged += 1;
    const now = performance.now();
    if (now - loggedAt < LOG_EVERY_MS) return;
    log.warn({ ...rejection, count: unlogged }, 'rejected');
    loggedAt = now;
    unlogged = 0;
  };
}
