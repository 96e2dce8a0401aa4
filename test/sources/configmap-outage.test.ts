import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ReadConfigMap } from '../../src/sources/outage/configmap-outage.ts';
import { createConfigMapOutage } from '../../src/sources/outage/configmap-outage.ts';
import { rejection } from './failure-rows.ts';
import { PATIENT } from './fake-provider.ts';

function read(data: Record<string, string> | ReadConfigMap) {
  const source = createConfigMapOutage(typeof data === 'function' ? data : async () => data);
  return source.read(['eu-west-2'], PATIENT);
}

describe('outages by a ConfigMap', () => {
  const texts: readonly [text: string, verdict: { down: boolean; reason?: string }][] = [
    ['up', { down: false }],
    ['down', { down: true }],
    ['down: power loss', { down: true, reason: 'power loss' }],
    ['down:power loss: all zones', { down: true, reason: 'power loss: all zones' }],
    ['down:', { down: true }],
    ['down: \n', { down: true }],
    [' down : flood\n', { down: true, reason: 'flood' }],
    ['up\n', { down: false }],
    ['down: two\nlines', { down: true, reason: 'two\nlines' }],
  ];
  for (const [text, verdict] of texts)
    it(`understand ${JSON.stringify(text)}`, async () => {
      assert.deepEqual([...(await read({ 'eu-west-2': text }))], [['eu-west-2', verdict]]);
    });

  it('are none where it is empty', async () => {
    assert.equal((await read({})).size, 0);
  });

  for (const text of ['', 'Down', 'true', 'downtown', 'up: again', 'down power loss', 'yes: down'])
    it(`refuse ${JSON.stringify(text)} and name its key`, async () => {
      const error = await rejection(read({ 'eu-west-2': text, 'eu-west-3': 'up', x: text }));
      assert.equal(error.failure, 'malformed');
      assert.match(error.message, /^must be "up", "down" or "down: REASON": eu-west-2, x$/);
    });

  it('are unknown without it', async () => {
    const error = await rejection(read(async () => undefined));
    assert.deepEqual([error.failure, error.message], ['not_covered', 'the ConfigMap does not exist']);
  });

  it('are unknown where it cannot be read, with the reason', async () => {
    const forbidden = new Error('GET /api/v1/.. answers 403 Forbidden: configmaps "outages" is forbidden');
    const error = await rejection(read(() => Promise.reject(forbidden)));
    assert.equal(error.failure, 'unavailable');
    assert.match(error.message, /^the ConfigMap cannot be read: GET .* 403 Forbidden/);
  });
});
