import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import type { ControlPlane } from '../control-plane/start.ts';

/**
 * A way of its own to the API server for one process: its connections can be counted, and cut as a network does. Nobody looks
 * into them: TLS goes through.
 */
export async function startBreakableLink({ url, dir, kubeconfigFor }: ControlPlane, user: string) {
  const { hostname, port } = new URL(url);
  const open = new Set<Socket>();
  let opened = 0;
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    opened += 1;
    open.add(client);
    client.setNoDelay().pipe(upstream).pipe(client);
    upstream.setNoDelay();
    client.on('error', () => upstream.destroy());
    upstream.on('error', () => client.destroy());
    client.on('close', () => {
      open.delete(client);
      upstream.destroy();
    });
    upstream.on('close', () => client.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const own = (server.address() as AddressInfo).port;
  const kubeconfig = join(dir, `link-${own}.kubeconfig`);
  writeFileSync(kubeconfig, readFileSync(kubeconfigFor(user), 'utf8').replaceAll(url, `https://127.0.0.1:${own}`), {
    mode: 0o600,
  });
  return {
    kubeconfig,
    connections: () => open.size,
    /** How many there have been. */
    opened: () => opened,
    cut() {
      for (const client of open) client.resetAndDestroy();
    },
    stop() {
      for (const client of open) client.destroy();
      server.close();
    },
  };
}
