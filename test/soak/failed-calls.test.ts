import assert from 'node:assert/strict';
import { it } from 'node:test';
import { failedCalls } from './failed-calls.ts';

const failed = (error: string, webhook = 'pods.gridgate.dev') =>
  `W1129 23:36:02.432860    7029 dispatcher.go:210] Failed calling webhook, failing open ${webhook}: failed calling webhook "${webhook}": failed to call webhook: Post "https://gridgate.gridgate-system.svc:443/mutate?timeout=30s": ${error}`;

it('why the API server did not hear the webhook is counted, whatever the addresses', () =>
  assert.deepEqual(
    failedCalls(
      [
        failed('context deadline exceeded'),
        failed('read tcp 192.0.2.2:38042->192.0.2.2:35307: read: connection reset by peer'),
        failed('read tcp 192.0.2.2:41000->192.0.2.2:35307: read: connection reset by peer'),
        failed('EOF', 'namespaces.gridgate.dev'),
        'E1129 23:36:02.432907    7029 dispatcher.go:214] "Unhandled Error" err="failed calling webhook"',
      ].join('\n'),
    ),
    [
      ['read tcp: read: connection reset by peer', 2],
      ['context deadline exceeded', 1],
    ],
  ));
