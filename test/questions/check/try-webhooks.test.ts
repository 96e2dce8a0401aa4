import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ApiClient, SendOptions } from '../../../src/cluster/api-client.ts';
import { ApiError } from '../../../src/cluster/api-error.ts';
import { CHECK_KEY, writeCheckAnswer } from '../../../src/decision/check-answer.ts';
import { tryNamespaces, tryPods } from '../../../src/questions/check/try-webhooks.ts';
import { readWarnings } from '../../../src/questions/check/warnings.ts';
import { NOW } from '../../builders.ts';
import { NOT_READ, namespaceOf } from './facts-of.ts';

interface Created {
  readonly path: string;
  readonly dryRun: string | undefined;
  readonly id: string;
}

type Reply = {
  readonly warning?: (id: string) => string;
  readonly error?: { readonly code: number; readonly message: string };
};

/** An API server that answers each creation so, by its path. */
function apiThat(reply: (path: string) => Reply) {
  const created: Created[] = [];
  const api: Pick<ApiClient, 'send'> = {
    async send(method, path, { body, query, onHeaders }: SendOptions) {
      const { metadata } = body as { metadata: { annotations: Record<string, string> } };
      const id = metadata.annotations[CHECK_KEY] ?? '';
      created.push({ path, dryRun: query?.['dryRun'], id });
      const { warning, error } = reply(path);
      onHeaders?.(warning ? { warning: warning(id) } : {});
      if (error) throw new ApiError(`${method} ${path}`, error);
      return {};
    },
  };
  return { api, created };
}

const answerTo = (id: string) =>
  writeCheckAnswer({ id, version: '0.1.0', mode: 'enforce', reason: 'steered', regions: 3, clock: NOW });
const quoted = (text: string) => `299 - "${text}"`;

describe('a dry run that asks who answers', () => {
  const rows: readonly [name: string, reply: Reply, outcome: string][] = [
    ['is answered by the warning for it', { warning: (id) => quoted(answerTo(id)) }, 'answered'],
    [
      'is answered beside other warnings',
      { warning: (id) => `${quoted('a, \\"b\\"')}, ${quoted(answerTo(id))}` },
      'answered',
    ],
    [
      'is answered where the pod is denied',
      {
        warning: (id) => quoted(answerTo(id)),
        error: { code: 403, message: 'admission webhook "pods.gridgate.dev" denied' },
      },
      'answered',
    ],
    ['is silent where nobody answers', {}, 'silent'],
    ['takes no answer to another', { warning: () => quoted(answerTo('another')) }, 'silent'],
    [
      'is answered by a gridgate that does not know the question',
      {
        error: {
          code: 422,
          message: 'admission webhook "namespaces.gridgate.dev" denied the request: gridgate refuses these annotations',
        },
      },
      'older',
    ],
    [
      'fails where the API server cannot call it',
      { error: { code: 500, message: 'Internal error occurred: failed calling webhook "pods.gridgate.dev": x509' } },
      'failed',
    ],
    [
      'is refused by others',
      { error: { code: 403, message: 'admission webhook "policy.example.com" denied the request: no' } },
      'refused',
    ],
  ];
  for (const [name, reply, outcome] of rows)
    it(name, async () => {
      const { api, created } = apiThat(() => reply);
      assert.equal((await tryNamespaces(api)).outcome, outcome);
      assert.deepEqual(
        created.map(({ path, dryRun }) => [path, dryRun]),
        [['/api/v1/namespaces', 'All']],
      );
    });
});

describe('a pod is tried', () => {
  const all = [
    namespaceOf('a', {}, false),
    namespaceOf('b', { mode: 'audit' }, true),
    namespaceOf('c', { mode: 'audit' }, true),
  ];
  const answers = apiThat(() => ({ warning: (id) => quoted(answerTo(id)) }));

  async function triedIn(seen: Parameters<typeof tryPods>[1], named?: string, { api, created } = answers) {
    created.length = 0;
    const found = await tryPods(api, seen, named);
    assert.ok(created.every(({ dryRun }) => dryRun === 'All'));
    return [found.outcome, created.map(({ path }) => path.split('/')[4])];
  }

  it('in the first namespace that opted in', async () =>
    assert.deepEqual(await triedIn({ value: all }), ['answered', ['b']]));
  it('in the one that is named', async () => assert.deepEqual(await triedIn({ value: all }, 'c'), ['answered', ['c']]));
  it('in the one that is named where none can be listed', async () =>
    assert.deepEqual(await triedIn(NOT_READ, 'c'), ['answered', ['c']]));
  it('in none that did not opt in', async () => assert.deepEqual(await triedIn({ value: all }, 'a'), ['untried', []]));
  it('in none where none opted in', async () =>
    assert.deepEqual(await triedIn({ value: all.slice(0, 1) }), ['untried', []]));
  it('in none where nobody says which', async () => assert.deepEqual(await triedIn(NOT_READ), ['untried', []]));
  it('in the next where one takes no pods', async () => {
    const picky = apiThat((path) =>
      path.includes('/b/')
        ? { error: { code: 403, message: 'namespace b is being terminated' } }
        : { warning: (id) => quoted(answerTo(id)) },
    );
    assert.deepEqual(await triedIn({ value: all }, undefined, picky), ['answered', ['b', 'c']]);
  });
});

describe('Warning headers', () => {
  const rows: readonly [header: string, texts: readonly string[]][] = [
    ['', []],
    ['299 - "one"', ['one']],
    ['299 - "one", 299 gridgate "two, with a comma"', ['one', 'two, with a comma']],
    ['299 - "say \\"x\\" and \\\\"', ['say "x" and \\']],
    ['nonsense', []],
  ];
  for (const [header, texts] of rows) it(JSON.stringify(header), () => assert.deepEqual(readWarnings(header), texts));
});
