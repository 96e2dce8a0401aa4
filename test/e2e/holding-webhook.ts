import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { issueCertificate } from '../../src/certs/dev-certificate.ts';

const HOUR_MS = 3_600_000;

/** A webhook that allows everything once it is let go: what it holds was read and decided, and is not written yet. */
export async function startHoldingWebhook() {
  let seen = 0;
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const now = Date.now();
  const names = ['127.0.0.1'];
  const { ca, cert, key } = await issueCertificate({ names, notBefore: now - HOUR_MS, notAfter: now + HOUR_MS });
  const server = createServer({ cert, key }, async (request, response) => {
    const { uid } = ((await json(request)) as { readonly request: { readonly uid: string } }).request;
    seen += 1;
    await released;
    const answer = { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: { uid, allowed: true } };
    response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    /** How many came so far. */
    seen: () => seen,
    release,
    clientConfig: { url: `https://127.0.0.1:${port}/`, caBundle: Buffer.from(ca).toString('base64') },
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}
