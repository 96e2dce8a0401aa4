import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { z } from 'zod';
import { getJson } from '../../src/sources/asking/get-json.ts';
import { rejection } from './failure-rows.ts';
import { deps, PATIENT, startProvider } from './fake-provider.ts';

const MIB = 1024 * 1024;

function get(baseUrl: string, abort = PATIENT, fetch = globalThis.fetch) {
  return getJson({
    ...deps('2026-11-22T09:00:00Z'),
    fetch,
    url: new URL(baseUrl),
    abort,
    schema: z.array(z.string()),
    explain: (body) => JSON.stringify(body),
  });
}

describe('an answer', () => {
  it('of 8 MiB is read', async (t) => {
    const { baseUrl } = await startProvider(t, { body: `["${'x'.repeat(8 * MIB - 4)}"]` });
    assert.equal((await get(baseUrl))[0]?.length, 8 * MIB - 4);
  });

  it('of more is not', async (t) => {
    const { baseUrl } = await startProvider(t, { body: `["${'x'.repeat(8 * MIB - 3)}"]` });
    const error = await rejection(get(baseUrl));
    assert.deepEqual([error.failure, error.message], ['malformed', 'the answer is larger than 8388608 bytes']);
  });

  it('with an error status is explained in its own words, on one short line', async (t) => {
    const { baseUrl } = await startProvider(t, { status: 500, body: `["a", "${'x'.repeat(300)}"]` });
    assert.equal((await rejection(get(baseUrl))).message, `HTTP 500: ["a","${'x'.repeat(194)}`);
  });

  const speechless: readonly [name: string, body: string][] = [
    ['too many words', `["${'x'.repeat(64 * 1024)}"]`],
    ['words that are no JSON', '<html>'],
    ['no words', ''],
  ];
  for (const [name, body] of speechless)
    it(`with an error status and ${name} keeps its status`, async (t) => {
      const { baseUrl } = await startProvider(t, { status: 429, headers: { 'retry-after': '3' }, body });
      const error = await rejection(get(baseUrl));
      const expected = ['rate_limited', 3000, 'HTTP 429: too many requests, again in 3 s'];
      assert.deepEqual([error.failure, error.retryAfterMs, error.message], expected);
    });

  it('with an error status whose words do not end in time keeps its status', async (t) => {
    const patience = new AbortController();
    const { baseUrl } = await startProvider(t, (_, response) => {
      response.writeHead(429).write('{"message":');
      return undefined;
    });
    const error = await rejection(
      get(baseUrl, patience.signal, async (url, options) => {
        const response = await fetch(url, options);
        patience.abort();
        return response;
      }),
    );
    assert.equal(error.failure, 'rate_limited');
  });

  it('that sends elsewhere is not followed', async (t) => {
    const { baseUrl, asked } = await startProvider(t, { status: 307, headers: { location: '/other' } });
    assert.equal((await rejection(get(baseUrl))).message, 'it redirects, which is not followed');
    assert.equal(asked.length, 1);
  });
});
