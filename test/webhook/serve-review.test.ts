import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, it } from 'node:test';
import { createService } from '../../src/webhook/serve-review.ts';

describe('the time that a review has left', () => {
  const rows: readonly [query: string, receivingMs: number, leftMs: number][] = [
    ['?timeout=2s', 0, 2_000],
    ['?timeout=2s', 1_900, 100],
    ['?timeout=2s', 2_500, -500],
    ['?timeout=30s', 3_000, 27_000],
    ['?timeout=500ms', 100, 400],
    ['?timeout=1m0s', 0, 60_000],
    ['?dryRun=All&timeout=3s', 0, 3_000],
    ['?timeout=1s&timeout=2s', 0, 1_000],
    ['?timeout=0s', 0, 10_000],
    ['?timeout=-1s', 0, 10_000],
    ['?timeout=1e9', 0, 10_000],
    ['?timeout=', 0, 10_000],
    ['', 4_000, 6_000],
  ];
  for (const [query, receivingMs, leftMs] of rows)
    it(`is ${leftMs} ms with ${query || 'no query'} and a body that takes ${receivingMs} ms`, (t) => {
      let now = 1_000;
      t.mock.method(performance, 'now', () => now);
      const left: number[] = [];
      const serve = createService({
        endpoints: new Map([['/mutate', (_body, ms) => left.push(ms)]]),
        receiveBody: ({ onBody }) => {
          now += receivingMs;
          onBody(Buffer.from('{}'));
          return () => {};
        },
        reject: () => {},
        isClosing: () => false,
      });
      const headers = { 'content-type': 'application/json', 'content-length': '2' };
      const request = { url: `/mutate${query}`, method: 'POST', headers, socket: {} } as IncomingMessage;
      serve(request, {} as ServerResponse);
      assert.deepEqual(left, [leftMs]);
    });
});
