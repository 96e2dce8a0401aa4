import type { ApiClient } from '../../cluster/api-client.ts';
import { lacksPods } from '../../cluster/lacks-pods.ts';
import type { Denial } from '../denial.ts';
import type { Regarding } from '../event.ts';
import { findOwned } from '../top-owner.ts';

/**
 * The owner that people look at; `undefined` where it has its pods meanwhile, or is gone. Events can be written by anybody:
 * the owner itself must lack pods.
 */
export async function findOwner(
  api: Pick<ApiClient, 'get'>,
  denial: Denial,
  signal: AbortSignal,
): Promise<Regarding | undefined> {
  const found = await findOwned(api, denial, signal);
  return found && lacksPods(denial.kind, found.object) ? found.top : undefined;
}
