import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import { inspect } from 'node:util';
import { KubeConfig } from '@kubernetes/client-node';
import { createApiClient } from '../../src/cluster/api-client.ts';
import { ApiError } from '../../src/cluster/api-error.ts';
import { fetchNamespace } from '../../src/cluster/fetch-namespace.ts';

const LONG_MS = 60_000;
const OPTIONS = { accept: 'application/json', idleTimeoutMs: LONG_MS };

/** A client of a server that answers with `listener`; both end with the test. */
async function serve(listener: RequestListener, path = '') {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromClusterAndUser(
    { name: 'c', server: `http://127.0.0.1:${port}${path}`, skipTLSVerify: true },
    { name: 'u', token: 'secret' },
  );
  const api = createApiClient(kubeConfig);
  return {
    api,
    [Symbol.dispose]() {
      api.close();
      server.closeAllConnections();
      server.close();
    },
  };
}

describe('credentials that cannot be had', () => {
  const plugin = (script: string) => ({
    exec: { apiVersion: 'client.authentication.k8s.io/v1', command: 'sh', args: ['-c', script] },
  });
  const USERS: Readonly<Record<string, { readonly user: object; readonly says: RegExp }>> = {
    'a plugin that prints a bare token': { user: plugin('echo SECRET'), says: /plugin .* answers what is not JSON/ },
    'a plugin that fails, whose own words are shown': {
      user: plugin('echo log in again >&2; exit 3'),
      says: /log in again/,
    },
    'a helper with a token in its command line': {
      user: {
        authProvider: {
          name: 'gcp',
          config: { 'cmd-path': '/nowhere', 'cmd-args': 'SECRET', expiry: '2000-01-01T00:00:00Z' },
        },
      },
      says: /auth-provider .* gives no token/,
    },
  };
  for (const [name, { user, says }] of Object.entries(USERS))
    test(`${name}: told without what may be a token`, async () => {
      const kubeConfig = new KubeConfig();
      kubeConfig.loadFromClusterAndUser(
        { name: 'c', server: 'https://127.0.0.1:1', skipTLSVerify: true },
        { name: 'u', ...user },
      );
      const api = createApiClient(kubeConfig);
      await assert.rejects(api.get('/api', OPTIONS), (error: Error) => {
        assert.match(error.message, says);
        assert.doesNotMatch(inspect(error), /SECRET/);
        return true;
      });
      api.close();
    });
});

describe('the API client', () => {
  test('sends path, query, accept and credentials, below the path of the server address', async () => {
    using served = await serve((request, response) => {
      const { accept, authorization } = request.headers;
      response.end(JSON.stringify({ url: request.url, accept, authorization }));
    }, '/k8s/clusters/c-1/');
    const answer = await served.api.get('/api/v1/nodes', { ...OPTIONS, query: { limit: '5', continue: undefined } });
    assert.deepEqual(answer, {
      url: '/k8s/clusters/c-1/api/v1/nodes?limit=5',
      accept: 'application/json',
      authorization: 'Bearer secret',
    });
  });

  const errors: readonly [string, number, string, RegExp][] = [
    [
      'a Status',
      403,
      '{"kind":"Status","reason":"Forbidden","message":"nodes is forbidden"}',
      /^GET \/x answers 403 Forbidden: nodes is forbidden$/,
    ],
    ['a page of a proxy', 502, '<html>Bad gateway</html>', /^GET \/x answers 502: <html>Bad gateway<\/html>$/],
    ['nothing', 500, '', /^GET \/x answers 500$/],
    ['JSON that is no object', 500, 'null', /^GET \/x answers 500/],
  ];
  for (const [name, status, body, message] of errors) {
    test(`words an error that comes with ${name}`, async () => {
      using served = await serve((_, response) => response.writeHead(status, { 'retry-after': '2' }).end(body));
      await assert.rejects(served.api.get('/x', OPTIONS), (error: ApiError) => {
        assert.ok(error instanceof ApiError);
        assert.match(error.message, message);
        assert.deepEqual([error.status, error.retryAfterMs], [status, 2_000]);
        return true;
      });
    });
  }

  test('sends the body of every method whole, and the next request after it', async () => {
    using served = await serve(async (request, response) => {
      response.end(JSON.stringify({ method: request.method, body: await text(request) }));
    });
    const options = { contentType: 'application/json', body: { name: 'grün' }, idleTimeoutMs: LONG_MS };
    for (const method of ['DELETE', 'POST', 'PUT', 'PATCH', 'DELETE'] as const)
      assert.deepEqual(await served.api.send(method, '/x', options), { method, body: '{"name":"grün"}' });
  });

  test('says where a list that grew too old goes on', async () => {
    const body = { kind: 'Status', code: 410, reason: 'Expired', metadata: { continue: 'later' } };
    using served = await serve((_, response) => response.writeHead(410).end(JSON.stringify(body)));
    await assert.rejects(served.api.get('/x', OPTIONS), { status: 410, continueFrom: 'later' });
  });

  test('rejects what is not JSON', async () => {
    using served = await serve((_, response) => response.end('<html>'));
    await assert.rejects(served.api.get('/x', OPTIONS), /GET \/x answers something that is not JSON/);
  });

  test('gives up on a server that never answers', async () => {
    using served = await serve(() => {});
    await assert.rejects(
      served.api.get('/x', { ...OPTIONS, idleTimeoutMs: 20 }),
      /nothing arrives from 127.0.0.1 for 20 ms/,
    );
  });

  test('gives up on a watch that falls silent', async () => {
    using served = await serve((_, response) => response.write('{}\n'));
    const body = await served.api.open('/x', { ...OPTIONS, idleTimeoutMs: 500 });
    await assert.rejects(readAll(body), /nothing arrives from 127.0.0.1 for 500 ms/);
  });

  test('a watch whose connection breaks rejects', async () => {
    using served = await serve((_, response) => response.write('{}\n', () => response.destroy()));
    await assert.rejects(readAll(await served.api.open('/x', OPTIONS)), /aborted/);
  });

  test('an aborted watch rejects', async () => {
    using served = await serve((_, response) => response.write('{}\n'));
    const stopping = new AbortController();
    const body = await served.api.open('/x', { ...OPTIONS, signal: stopping.signal });
    const read = readAll(body);
    stopping.abort();
    await assert.rejects(read);
  });
});

describe('fetching a namespace', () => {
  test('asks for metadata only', async () => {
    using served = await serve((request, response) => {
      assert.equal(request.url, '/api/v1/namespaces/shop');
      assert.match(request.headers.accept ?? '', /^application\/json;as=PartialObjectMetadata;/);
      response.end(JSON.stringify({ metadata: { name: 'shop', resourceVersion: '3' } }));
    });
    const record = await fetchNamespace(served.api, 'shop', LONG_MS);
    assert.deepEqual(record, { name: 'shop', resourceVersion: '3', annotations: {}, managed: false });
  });

  test('a name cannot lead elsewhere', async () => {
    using served = await serve((request, response) => {
      assert.equal(request.url, '/api/v1/namespaces/..%2Fnodes%3Fx');
      response.writeHead(404).end();
    });
    assert.equal(await fetchNamespace(served.api, '../nodes?x', LONG_MS), undefined);
  });

  test('rejects at its deadline', async () => {
    using served = await serve(() => {});
    await assert.rejects(fetchNamespace(served.api, 'shop', 20), /the API server does not answer within 20 ms/);
  });

  test('rejects when its caller hangs up, also before it began', async () => {
    using served = await serve(() => {});
    const caller = new AbortController();
    const fetching = fetchNamespace(served.api, 'shop', LONG_MS, caller.signal);
    caller.abort(new Error('caller left'));
    await assert.rejects(fetching);
    await assert.rejects(fetchNamespace(served.api, 'shop', LONG_MS, caller.signal), /caller left/);
  });
});

async function readAll(chunks: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of chunks);
}
