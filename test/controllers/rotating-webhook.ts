import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import type { KeyPair } from '../../src/certs/key-pair.ts';

/** A webhook that allows everything over TLS 1.3 and closes each connection, so that every review is a new handshake. */
export async function startRotatingWebhook(first: KeyPair) {
  let reviews = 0;
  const serials = new Set<string>([first.fingerprint]);
  const server = createServer(
    { cert: first.cert, key: first.key, minVersion: 'TLSv1.3' },
    async (request, response) => {
      const { uid } = ((await json(request)) as { request: { uid: string } }).request;
      reviews++;
      const answer = { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: { uid, allowed: true } };
      response.setHeader('connection', 'close');
      response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
    },
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    reviews: () => reviews,
    /** How many certificates it has served. */
    served: () => serials.size,
    renew({ cert, key, fingerprint }: KeyPair) {
      server.setSecureContext({ cert, key, minVersion: 'TLSv1.3' });
      serials.add(fingerprint);
    },
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}
