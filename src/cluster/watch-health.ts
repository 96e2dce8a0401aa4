import type { Logger } from 'pino';
import { ApiError, messageOf } from './api-error.ts';
import type { Watched } from './watched-resource.ts';

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
export function createWatchHealth(resource: Watched, log: Logger): WatchHealth {
  let current: { readonly kind: string; readonly message: string } | undefined;
  return {
    succeeded() {
      if (current) log.info({ resource }, `watching ${resource} again`);
      current = undefined;
    },
    failed(error, words) {
      const failure = { kind: kindOf(error), message: words ?? messageOf(error) };
      if (current?.kind !== failure.kind) {
        log.warn({ resource, failure: failure.message }, `cannot watch ${resource}, the last view of it stays`);
      }
      current = failure;
    },
    failure: () => current?.message,
  };
}

/** All network errors are one kind: an API server that restarts shows several of them within a second. */
function kindOf(error: unknown): string {
  return error instanceof ApiError ? String(error.status) : 'unreachable';
}
