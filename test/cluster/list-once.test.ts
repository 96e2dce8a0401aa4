import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { ApiClient } from '../../src/cluster/api-client.ts';
import { listOnce } from '../../src/cluster/list-watch.ts';
import { REGIONS } from '../../src/cluster/regions.ts';

const TEN_MINUTES = 600_000;

it('a list that is given up ends at once, long before its time is up', { timeout: 60_000 }, async () => {
  const over = new AbortController();
  const asked = Promise.withResolvers<void>();
  const api: Pick<ApiClient, 'get'> = {
    get: (_path, { signal }) =>
      new Promise((_, reject) => {
        signal?.addEventListener('abort', () => reject(signal.reason));
        asked.resolve();
      }),
  };
  const listed = listOnce(api as ApiClient, REGIONS, TEN_MINUTES, over.signal);
  await asked.promise;
  over.abort(new Error('the command was ended'));
  await assert.rejects(listed, /the command was ended/);
});
