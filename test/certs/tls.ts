import { once } from 'node:events';
import type { Server } from 'node:https';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { isIP } from 'node:net';
import type { TestContext } from 'node:test';
import type { ConnectionOptions, TLSSocket } from 'node:tls';
import { checkServerIdentity, connect } from 'node:tls';

/** Serves `ok` on loopback until the test is over. */
export async function serve(test: TestContext, pair: { cert: string; key: string }): Promise<Server> {
  const server = createServer({ ...pair, minVersion: 'TLSv1.3' }, (_, response) => response.end('ok'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  test.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return server;
}

/** Shakes hands as a client that knows the server by `name` and trusts `ca`; rejects as such a client would. */
export async function shakeHands(test: TestContext, server: Server, name: string, ca: string): Promise<TLSSocket> {
  const options: ConnectionOptions = {
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    ca,
    // TLS knows no server names that are addresses; a client compares those by itself.
    ...(isIP(name) === 0 && { servername: name }),
    checkServerIdentity: (_, certificate) => checkServerIdentity(name, certificate),
  };
  const socket = connect(options);
  test.after(() => socket.destroy());
  await once(socket, 'secureConnect');
  return socket;
}
