import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import type { Cluster } from './cluster.ts';

/**
 * Stands between gridgate and the API server, and hands on what a watch says only after `delayMs`; all else passes at
 * once. Answers a kubeconfig that leads here.
 */
export async function startLateWatch({ controlPlane, caFile }: Cluster, user: string, delayMs: number) {
  const dir = dirname(caFile);
  const tls = { cert: readFileSync(join(dir, 'tls.crt')), key: readFileSync(join(dir, 'tls.key')) };
  const ca = readFileSync(controlPlane.caFile);
  const server = createServer(tls, (incoming, outgoing) => {
    const { method = 'GET', url = '/', headers } = incoming;
    const { host: _, ...passedOn } = headers;
    const upstream = request(new URL(url, controlPlane.url), { method, headers: passedOn, ca });
    upstream.on('response', (answer) => {
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers).flushHeaders();
      const later = (act: () => void) => (url.includes('watch=true') ? setTimeout(act, delayMs).unref() : act());
      answer.on('data', (chunk) => later(() => outgoing.write(chunk)));
      answer.on('end', () => later(() => outgoing.end()));
    });
    upstream.on('error', () => outgoing.destroy());
    outgoing.on('close', () => upstream.destroy());
    incoming.pipe(upstream);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  const config = JSON.parse(readFileSync(controlPlane.kubeconfigFor(user), 'utf8'));
  const { port } = server.address() as AddressInfo;
  config.clusters[0].cluster = { server: `https://127.0.0.1:${port}`, 'certificate-authority': caFile };
  const kubeconfig = join(dir, 'late-watch.kubeconfig');
  writeFileSync(kubeconfig, JSON.stringify(config), { mode: 0o600 });
  return {
    kubeconfig,
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}
