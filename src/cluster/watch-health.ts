import { createEdge } from '../units/edge.ts';
import { ApiError, messageOf } from './api-error.ts';
import type { Watched } from './watched-resource.ts';

/** What of a log watching needs. */
export type WatchLog = {
  readonly [level in 'debug' | 'info' | 'warn']: (fields: Readonly<Record<string, unknown>>, text: string) => void;
};

export interface WatchHealth {
  succeeded(): void;
  /** `words` stand for the error's own where those say too little. */
  failed(error: unknown, words?: string): void;
  /** Why the resource cannot be watched now; undefined while it can. */
  failure(): string | undefined;
}

/**
 * Logs when watching a resource begins to fail, fails in another way, and works again; retries in between are silent. Only
 * messages are logged: a network error object can carry the request's headers, and with them a token.
 */
export function createWatchHealth(resource: Watched, log: Pick<WatchLog, 'info' | 'warn'>): WatchHealth {
  let failure: string | undefined;
  const tell = createEdge<string | undefined>(undefined, (kind) => {
    if (kind === undefined) log.info({ resource }, `watching ${resource} again`);
    else log.warn({ resource, failure }, `cannot watch ${resource}, the last view of it stays`);
  });
  return {
    succeeded() {
      failure = undefined;
      tell(undefined);
    },
    failed(error, words) {
      failure = words ?? messageOf(error);
      tell(kindOf(error));
    },
    failure: () => failure,
  };
}

/** All network errors are one kind: an API server that restarts shows several of them within a second. */
function kindOf(error: unknown): string {
  return error instanceof ApiError ? String(error.status) : 'unreachable';
}
