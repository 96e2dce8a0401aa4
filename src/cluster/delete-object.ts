import type { ApiClient } from './api-client.ts';
import { ApiError } from './api-error.ts';

const IDLE_TIMEOUT_MS = 30_000;

export interface DeleteOptions {
  /** Deletes this very object: not one that came in its place. */
  readonly uid?: string | undefined;
  /** Until what it made is gone, too, the object stays, marked as going. */
  readonly isForeground?: boolean | undefined;
  /** Only asks whether it could be done. */
  readonly isDryRun?: boolean;
}

/** Deletes an object; one that is gone is fine. Rejects as `ApiClient.send` does otherwise. */
export async function deleteObject(
  api: Pick<ApiClient, 'send'>,
  path: string,
  { uid, isForeground = false, isDryRun = false }: DeleteOptions = {},
): Promise<void> {
  const body = {
    apiVersion: 'v1',
    kind: 'DeleteOptions',
    ...(uid !== undefined && { preconditions: { uid } }),
    propagationPolicy: isForeground ? 'Foreground' : 'Background',
    ...(isDryRun && { dryRun: ['All'] }),
  };
  try {
    await api.send('DELETE', path, { contentType: 'application/json', body, idleTimeoutMs: IDLE_TIMEOUT_MS });
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 404) throw error;
  }
}
