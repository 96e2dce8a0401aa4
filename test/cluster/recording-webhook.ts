import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { issueCertificate } from '../../src/certs/dev-certificate.ts';

const HOUR_MS = 3_600_000;

interface Review {
  readonly request: {
    readonly uid: string;
    readonly operation: string;
    readonly resource: { readonly resource: string };
  };
}

/** A webhook that allows everything and notes each call as `path operation resource`. */
export async function startRecordingWebhook() {
  const calls: string[] = [];
  const names = ['127.0.0.1'];
  const now = Date.now();
  const { ca, cert, key } = await issueCertificate({ names, notBefore: now - HOUR_MS, notAfter: now + HOUR_MS });
  const server = createServer({ cert, key }, async (request, response) => {
    const { uid, operation, resource } = ((await json(request)) as Review).request;
    calls.push(`${request.url?.split('?')[0]} ${operation} ${resource.resource}`);
    const answer = { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: { uid, allowed: true } };
    response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    /** The calls since the last time it was asked. */
    takeCalls: () => calls.splice(0),
    clientConfig: (path: string) => ({
      url: `https://127.0.0.1:${port}${path}`,
      caBundle: Buffer.from(ca).toString('base64'),
    }),
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}
