import type { ApiClient, WriteMethod } from './api-client.ts';
import type { KubeObject } from './kube-object.ts';

/** The field manager of everything that gridgate applies. */
export const FIELD_MANAGER = 'gridgate';

const IDLE_TIMEOUT_MS = 10_000;

interface ApplyOptions {
  /** Takes fields over from another manager instead of failing with a 409. */
  readonly force?: boolean;
  /** Another owner's name where two controllers apply to one object: each owns its own fields. */
  readonly fieldManager?: string;
}

/** Writes to the API server; each rejects with an ApiError, as `ApiClient` does, or with what `mayWrite` throws. */
export interface ApiWriter {
  create(path: string, object: object): Promise<KubeObject>;
  /** With a resourceVersion in the object a change in between is a 409. */
  replace(path: string, object: object): Promise<KubeObject>;
  /** Server-side apply: exactly these fields are ours; a field we owned and leave out is removed. */
  apply(path: string, object: object, options?: ApplyOptions): Promise<KubeObject>;
  mergePatch(path: string, patch: object, options?: Pick<ApplyOptions, 'fieldManager'>): Promise<KubeObject>;
  jsonPatch(path: string, patch: readonly object[]): Promise<KubeObject>;
  /** Deletes the object of these preconditions: one that changed since, or came in its place, is a 409. */
  delete(path: string, preconditions: Preconditions): Promise<KubeObject>;
}

interface Preconditions {
  readonly uid: string | undefined;
  readonly resourceVersion: string | undefined;
}

/**
 * `mayWrite` throws where this process must not write (it does not lead, or not any more), and is asked just before each
 * request is sent.
 */
export function createApiWriter({ api, mayWrite }: { api: ApiClient; mayWrite: () => void }): ApiWriter {
  async function write(
    method: WriteMethod,
    path: string,
    contentType: string,
    body: unknown,
    query?: Record<string, string>,
  ): Promise<KubeObject> {
    mayWrite();
    const options = {
      contentType,
      body,
      idleTimeoutMs: IDLE_TIMEOUT_MS,
      beforeSend: mayWrite, // again: a process can be stopped for long while it fetches a token or connects
      query: { fieldManager: FIELD_MANAGER, ...query },
    };
    return (await api.send(method, path, options)) as KubeObject;
  }

  return {
    create: (path, object) => write('POST', path, 'application/json', object),
    replace: (path, object) => write('PUT', path, 'application/json', object),
    apply: (path, object, { force = false, fieldManager = FIELD_MANAGER } = {}) =>
      write('PATCH', path, 'application/apply-patch+yaml', object, { force: String(force), fieldManager }),
    mergePatch: (path, patch, { fieldManager = FIELD_MANAGER } = {}) =>
      write('PATCH', path, 'application/merge-patch+json', patch, { fieldManager }),
    jsonPatch: (path, patch) => write('PATCH', path, 'application/json-patch+json', patch),
    delete: (path, preconditions) =>
      write('DELETE', path, 'application/json', { apiVersion: 'v1', kind: 'DeleteOptions', preconditions }),
  };
}
