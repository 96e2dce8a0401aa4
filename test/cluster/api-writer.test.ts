import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server as HttpsServer } from 'node:https';
import { type AddressInfo, connect, createServer as createTcpServer } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { KubeConfig } from '@kubernetes/client-node';
import { generate } from 'selfsigned';
import { createApiClient } from '../../src/cluster/api-client.ts';
import { createApiWriter } from '../../src/cluster/api-writer.ts';
import { NotLeadingError } from '../../src/cluster/leadership.ts';

const PATH = '/api/v1/namespaces/default/configmaps';

describe('a guarded writer', () => {
  let server: HttpsServer;
  const arrived: string[] = [];

  before(async () => {
    const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }]);
    server = createServer({ key, cert }, async (request, response) => {
      const body = await request.toArray();
      arrived.push(`${request.method} ${body.join('')}`);
      response.end('{"metadata":{"name":"x"}}');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  /** A writer on a connection and credentials that come when these resolve, and a switch for whether it may write. */
  async function stage({ credentials = Promise.resolve(), connection = Promise.resolve() } = {}) {
    arrived.length = 0;
    const relay = createTcpServer(async (client) => {
      client.on('error', () => {});
      await connection;
      const upstream = connect((server.address() as AddressInfo).port, '127.0.0.1').on('error', () => {});
      client.pipe(upstream).pipe(client);
    }).listen(0, '127.0.0.1');
    await once(relay, 'listening');
    const kubeConfig = new KubeConfig();
    const address = `https://127.0.0.1:${(relay.address() as AddressInfo).port}`;
    kubeConfig.loadFromClusterAndUser({ name: 'c', server: address, skipTLSVerify: true }, { name: 'u', token: 't' });
    const apply = kubeConfig.applyToHTTPSOptions.bind(kubeConfig);
    kubeConfig.applyToHTTPSOptions = async (options) => {
      await credentials;
      await apply(options);
    };
    const api = createApiClient(kubeConfig);
    const guard = { leading: true, asked: 0 };
    function mayWrite(): void {
      guard.asked += 1;
      if (!guard.leading) throw new NotLeadingError('no');
    }
    return {
      writer: createApiWriter({ api, mayWrite }),
      guard,
      relay,
      [Symbol.dispose]() {
        api.close();
        relay.close();
      },
    };
  }

  test('writes on a new connection and on one that is kept', async () => {
    using staged = await stage();
    await staged.writer.create(PATH, { a: 1 });
    await staged.writer.mergePatch(`${PATH}/x`, { b: 2 });
    assert.deepEqual(arrived, ['POST {"a":1}', 'PATCH {"b":2}']);
    assert.equal(staged.guard.asked, 4);
  });

  test('sends nothing and connects nowhere where it may not write', async () => {
    using staged = await stage();
    staged.guard.leading = false;
    staged.relay.on('connection', () => assert.fail('connected'));
    await assert.rejects(staged.writer.create(PATH, {}), NotLeadingError);
  });

  for (const what of ['credentials', 'connection']) {
    test(`sends nothing when the lead ends while it waits for its ${what}`, async () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      using staged = await stage({ [what]: promise });
      const writing = assert.rejects(staged.writer.create(PATH, { a: 1 }), NotLeadingError);
      if (what === 'connection') await once(staged.relay, 'connection');
      staged.guard.leading = false;
      resolve();
      await writing;
      assert.deepEqual(arrived, []);
    });
  }
});
