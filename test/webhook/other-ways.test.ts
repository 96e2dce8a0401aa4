import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makePod } from '../builders.ts';
import { send } from './client.ts';
import { toReview } from './reviews.ts';
import { useWebhook } from './start-webhook.ts';

const JSON_TYPE = { 'content-type': 'application/json' };

describe('a review sent in another way gets the same answer', () => {
  const webhook = useWebhook();
  const review = JSON.stringify(toReview({ object: makePod() }));

  const rows: readonly [name: string, path: string, headers: Record<string, string>, body: string][] = [
    ['with a charset', '/mutate', { 'content-type': 'application/json; charset=utf-8' }, review],
    ['with another query first', '/mutate?a=b&timeout=2s', JSON_TYPE, review],
    ['without a timeout', '/mutate', JSON_TYPE, review],
  ];
  for (const [name, path, headers, body] of rows)
    it(name, async () => {
      const [bare = ''] = path.split('?');
      const usual = await send(webhook, `${bare}?timeout=2s`, body);
      const other = await send(webhook, path, body, { headers });
      assert.deepEqual([other.status, other.body], [usual.status, usual.body]);
      assert.equal(other.headers['content-type'], usual.headers['content-type']);
    });
});
