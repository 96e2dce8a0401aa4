import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ApiClient } from '../../../src/cluster/api-client.ts';
import { ApiError } from '../../../src/cluster/api-error.ts';
import { whatRemains } from '../../../src/commands/uninstall/what-remains.ts';

interface Group {
  readonly metadata?: { readonly name: string };
  readonly versions: readonly object[];
}

function served(resource: string, kind: string): object {
  return { resource, scope: 'Namespaced', verbs: ['list'], responseKind: { kind } };
}

const CORE: Group = { versions: [{ version: 'v1', resources: [served('secrets', 'Secret'), served('pods', 'Pod')] }] };
const APPS: Group = {
  metadata: { name: 'apps' },
  versions: [{ version: 'v1', resources: [served('replicasets', 'ReplicaSet')] }],
};

/** What remains in gridgate-system where a cluster serves these groups and has these lists; what it does not have is a 404. */
function remainsOf(groups: readonly Group[], lists: Readonly<Record<string, readonly object[]>>) {
  const api: Pick<ApiClient, 'get'> = {
    async get(path, { query = {} }) {
      if (path === '/api') return { items: [CORE] };
      if (path === '/apis') return { items: groups };
      const all = lists[path.replace('/namespaces/gridgate-system', '')];
      if (!all) throw new ApiError(`GET ${path}`, { code: 404 });
      const limit = Number(query['limit']);
      const items = all.slice(0, limit).map((metadata) => ({ metadata }));
      return { metadata: { ...(all.length > limit && { continue: 'more' }) }, items };
    },
  };
  return whatRemains(api, 'gridgate-system', () => false);
}

const owned = (name: string, ...ownerReferences: readonly object[]) => ({ name, ownerReferences });
const BY_REPLICA_SET = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'gridgate-1' };
const BY_TENANT = { apiVersion: 'tenants.example.com/v1', kind: 'Tenant', name: 'a' };

describe('what is in the namespace beside gridgate', () => {
  const rows: readonly [name: string, groups: readonly Group[], lists: Record<string, object[]>, others: string[]][] = [
    ['with an owner in the namespace: it goes along', [APPS], { '/api/v1/pods': [owned('a', BY_REPLICA_SET)] }, []],
    [
      'with an owner in the namespace, of the core',
      [],
      { '/api/v1/secrets': [owned('key', { apiVersion: 'v1', kind: 'Pod' })] },
      [],
    ],
    ['with an owner outside of it', [APPS], { '/api/v1/secrets': [owned('tls', BY_TENANT)] }, ['Secret tls']],
    ['with an owner of each', [APPS], { '/api/v1/secrets': [owned('tls', BY_REPLICA_SET, BY_TENANT)] }, ['Secret tls']],
    [
      'with an owner outside of it, of a kind whose name another group has in namespaces',
      [APPS],
      { '/api/v1/secrets': [owned('tls', { ...BY_REPLICA_SET, apiVersion: 'example.com/v1' })] },
      ['Secret tls'],
    ],
    [
      'more than a page, of which the first goes along',
      [APPS],
      { '/api/v1/pods': Array.from({ length: 501 }, (_, index) => owned(`a-${index}`, BY_REPLICA_SET)) },
      ['more than 500 of Pod'],
    ],
    [
      'in several versions, of which the last is not stored any more: the preferred one counts',
      [
        {
          metadata: { name: 'example.com' },
          versions: ['v1', 'v1beta1'].map((version) => ({ version, resources: [served('boards', 'Board')] })),
        },
      ],
      { '/apis/example.com/v1/boards': [{ name: 'sales' }] },
      ['Board sales'],
    ],
  ];
  for (const [name, groups, lists, others] of rows)
    it(name, async () => assert.deepEqual(await remainsOf(groups, lists), { others, unread: [] }));

  it('is not known of an aggregated API that does not answer, which the API server lists as stale', async () => {
    const stale = { metadata: { name: 'example.com' }, versions: [{ version: 'v1', freshness: 'Stale' }] };
    const { unread } = await remainsOf([stale], {});
    assert.deepEqual(unread, ['example.com/v1 (who serves it does not answer)']);
  });

  for (const name of ['metrics.k8s.io', 'external.metrics.k8s.io'])
    it(`is known without ${name}, which only measures, though that does not answer`, async () => {
      const stale = { metadata: { name }, versions: [{ version: 'v1beta1', freshness: 'Stale' }] };
      assert.deepEqual(await remainsOf([stale], {}), { others: [], unread: [] });
    });
});
