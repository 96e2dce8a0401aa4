import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ApiClient } from '../../../src/cluster/api-client.ts';
import { ApiError } from '../../../src/cluster/api-error.ts';
import { byHand, tellReleased } from '../../../src/commands/release/tell-released.ts';
import type { WaitingUnit } from '../../../src/commands/release/waiting-units.ts';
import { NOW } from '../../builders.ts';

interface Told {
  readonly reason: string;
  readonly note: string;
  readonly regarding: { readonly kind: string; readonly name: string; readonly namespace: string };
}

function podOf(name: string, namespace = 'lab'): WaitingUnit {
  const owner = { apiVersion: 'batch/v1', kind: 'Job', name: 'train', uid: 'j1', controller: true };
  const created = new Date(NOW - 7_200_000).toISOString();
  const metadata = {
    name,
    namespace,
    uid: `${namespace}-${name}`,
    creationTimestamp: created,
    ownerReferences: [owner],
  };
  return { kind: 'Pod', object: { metadata } };
}

/** An API server that answers each request with such a status. */
function apiWith(answer: (path: string) => number | object) {
  const sent: { path: string; body: unknown }[] = [];
  const api: Pick<ApiClient, 'send'> = {
    async send(method, path, { body }) {
      sent.push({ path, body });
      const answered = answer(path);
      if (typeof answered === 'number') throw new ApiError(`${method} ${path}`, { code: answered });
      return answered;
    },
  };
  return { api, sent };
}

const tell = (units: readonly WaitingUnit[], api: Pick<ApiClient, 'send'>) =>
  tellReleased(units, { api, why: 'by hand by ana', fieldManager: 'test', now: NOW });

describe('what was let go by hand', () => {
  it('has an Event each, and one on their Job', async () => {
    const { api, sent } = apiWith(() => ({}));
    await tell([podOf('train-1'), podOf('train-2')], api);
    const told = sent.map(({ body }) => body as Told);
    assert.deepEqual(told.map(({ reason, regarding }) => `${reason} ${regarding.kind}/${regarding.name}`).sort(), [
      'Released Job/train',
      'Released Pod/train-1',
      'Released Pod/train-2',
    ]);
    assert.equal(told[0]?.note, 'let go after 2 h: by hand by ana');
    assert.equal(sent[0]?.path, '/apis/events.k8s.io/v1/namespaces/lab/events');
  });

  it('has none where the caller may create none, which is asked once in a namespace and told to nobody', async () => {
    const { api, sent } = apiWith((path) => (path.includes('/lab/') ? 403 : {}));
    await tell([...Array.from({ length: 40 }, (_, index) => podOf(`train-${index}`)), podOf('etl', 'shop')], api);
    assert.ok(sent.filter(({ path }) => path.includes('/lab/')).length <= 8);
    assert.equal(sent.filter(({ path }) => path.includes('/shop/')).length, 2);
  });

  it('is no failure where the API server is away', () => tell([podOf('train')], apiWith(() => 503).api));

  it('names who did it, as the API server calls them', async () => {
    assert.equal(await byHand(apiWith(() => ({ status: { userInfo: { username: 'ana' } } })).api), 'by hand by ana');
    assert.equal(await byHand(apiWith(() => 404).api), 'by hand');
    assert.equal(await byHand(apiWith(() => ({})).api), 'by hand');
    const long = await byHand(apiWith(() => ({ status: { userInfo: { username: `a\n${'x'.repeat(5_000)}` } } })).api);
    assert.ok(long.length < 150 && !long.includes('\n'));
  });
});
