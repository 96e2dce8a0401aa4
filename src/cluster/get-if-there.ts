import type { ApiClient, GetOptions } from './api-client.ts';
import { ApiError } from './api-error.ts';

/** The parsed JSON answer; undefined where there is no such object. Rejects as `ApiClient.get` does otherwise. */
export async function getIfThere(api: Pick<ApiClient, 'get'>, path: string, options: GetOptions): Promise<unknown> {
  try {
    return await api.get(path, options);
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined;
    throw error;
  }
}
