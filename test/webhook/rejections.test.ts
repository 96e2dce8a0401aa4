import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createLog } from '../../src/telemetry/log.ts';
import { createRejections } from '../../src/webhook/rejections.ts';
import { send } from './client.ts';
import { useWebhook } from './start-webhook.ts';

describe('requests that get no AdmissionReview', () => {
  it('are each counted, and logged once a second at most, with how many there were', (t) => {
    let now = 1e6;
    t.mock.method(performance, 'now', () => now);
    const counted: string[] = [];
    const lines: Record<string, unknown>[] = [];
    const log = createLog({ level: 'info', destination: { write: (line) => void lines.push(JSON.parse(line)) } });
    const reject = createRejections({ log, count: (status, cause) => counted.push(`${status} ${cause}`) });
    for (let i = 0; i < 1_000; i++) reject({ status: 400, cause: 'malformed', endpoint: '/mutate', problem: 'no uid' });
    now += 1_001;
    reject({ status: 0, cause: 'slow_body', endpoint: '/mutate' });
    assert.equal(counted.length, 1_001);
    assert.deepEqual([...new Set(counted)], ['400 malformed', 'closed slow_body']);
    assert.deepEqual(
      lines.map(({ level, msg, status, cause, count }) => [level, msg, status, cause, count]),
      [
        ['warn', 'rejected', 400, 'malformed', 1],
        ['warn', 'rejected', 0, 'slow_body', 1_000],
      ],
    );
  });

  describe('over TLS are', () => {
    const webhook = useWebhook();
    const rows: readonly [counted: string, path: string, body: string, headers?: Record<string, string>][] = [
      ['400 malformed', '/mutate', '{'],
      ['400 malformed', '/namespaces', '{"kind":"AdmissionReview"}'],
      ['413 too_large', '/mutate', ' '.repeat(20 * 1024 * 1024 + 1)],
      ['411 no_length', '/mutate', '{}', { 'content-type': 'application/json', 'transfer-encoding': 'chunked' }],
      ['415 wrong_type', '/mutate', '{}', { 'content-type': 'text/plain' }],
      ['404 no_endpoint', '/', '{}'],
    ];
    for (const [counted, path, body, headers] of rows)
      it(`${counted} at ${path}`, async () => {
        await send(webhook, path, body, headers ? { headers } : {});
        assert.equal(webhook.rejected.at(-1), counted);
      });

    it('and one of them in the log', () => {
      const [line] = webhook.log.filter(({ msg }) => msg === 'rejected');
      assert.partialDeepStrictEqual(line, {
        level: 'warn',
        status: 400,
        cause: 'malformed',
        endpoint: '/mutate',
        problem: 'the body is not JSON',
      });
    });
  });
});
