import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { pino } from 'pino';
import { type SecretPair, watchSecret } from '../../src/cluster/watch-secret.ts';
import { toWebhookBundles, watchWebhookBundles, webhookConfigurationPath } from '../../src/cluster/webhook-bundles.ts';
import { fakeApi } from './fake-api.ts';

const log = pino({ level: 'silent' });

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

function secret(resourceVersion: string, data?: Record<string, string>): object {
  return { metadata: { name: 'gridgate-tls', namespace: 'ours', resourceVersion }, ...(data && { data }) };
}

function line(type: string, object: object): string {
  return `${JSON.stringify({ type, object })}\n`;
}

function configuration(caBundle?: string): object {
  const webhooks = [
    { name: 'a', clientConfig: { ...(caBundle !== undefined && { caBundle: base64(caBundle) }) } },
    { name: 'b', clientConfig: { caBundle: base64('second') } },
  ];
  return { metadata: { name: 'gridgate', resourceVersion: '2' }, webhooks };
}

describe('the watch of a Secret', () => {
  test('tells the pair, each change of it, and its deletion', async () => {
    const pair = { 'tls.crt': base64('cert'), 'tls.key': base64('key') };
    const heard: (SecretPair | undefined)[] = [];
    const deleted = Promise.withResolvers<void>();
    const api = fakeApi([
      { page: { metadata: { resourceVersion: '1' }, items: [secret('1', pair)] } },
      {
        lines: [
          line('MODIFIED', secret('2', { ...pair, 'ca.crt': base64('more') })),
          line('MODIFIED', secret('3', { ...pair, 'tls.key': base64('new') })),
          line('MODIFIED', secret('4')),
          line('DELETED', secret('5')),
        ],
        hang: true,
      },
    ]);
    const watch = watchSecret({
      api,
      namespace: 'ours',
      name: 'gridgate-tls',
      log,
      onChange(pair) {
        heard.push(pair);
        if (pair === undefined) deleted.resolve();
      },
    });
    await watch.start();
    await deleted.promise;
    await watch.stop();
    assert.deepEqual(heard, [
      { cert: 'cert', key: 'key' },
      { cert: 'cert', key: 'new' },
      { cert: '', key: '' },
      undefined,
    ]);
    assert.deepEqual([...new Set(api.asked.map(({ fieldSelector }) => fieldSelector))], ['metadata.name=gridgate-tls']);
  });
});

describe('the bundles of webhook configurations', () => {
  test('are read with their owners', () => {
    const object = configuration() as Parameters<typeof toWebhookBundles>[1];
    assert.deepEqual(toWebhookBundles('MutatingWebhookConfiguration', object), [
      { owner: 'MutatingWebhookConfiguration gridgate, a', webhook: 'a', caBundle: '' },
      { owner: 'MutatingWebhookConfiguration gridgate, b', webhook: 'b', caBundle: 'second' },
    ]);
  });

  test('have the paths of the API', () => {
    assert.equal(
      webhookConfigurationPath({ kind: 'ValidatingWebhookConfiguration', name: 'gridgate' }),
      '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/gridgate',
    );
  });

  test('are followed by name, and a change of a bundle is told', async () => {
    const api = fakeApi([
      { page: { metadata: { resourceVersion: '1' }, items: [configuration('first')] } },
      { lines: [line('MODIFIED', configuration('first')), line('MODIFIED', configuration('other'))], hang: true },
    ]);
    let changes = 0;
    const changed = Promise.withResolvers<void>();
    const watch = watchWebhookBundles({
      api,
      configurations: [{ kind: 'MutatingWebhookConfiguration', name: 'gridgate' }],
      log,
      onChange() {
        changes++;
        if (changes === 2) changed.resolve();
      },
    });
    assert.equal(watch.synced(), false);
    assert.deepEqual(watch.lastEventAt(), {});
    await watch.start();
    assert.equal(watch.synced(), true);
    assert.deepEqual(Object.keys(watch.lastEventAt()), ['mutatingwebhookconfigurations']);
    await changed.promise;
    assert.deepEqual(
      [...watch.bundles()].map(({ caBundle }) => caBundle),
      ['other', 'second'],
    );
    await watch.stop();
    assert.deepEqual([...new Set(api.asked.map(({ fieldSelector }) => fieldSelector))], ['metadata.name=gridgate']);
  });
});
