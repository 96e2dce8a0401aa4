import type { KeyPair } from '../certs/key-pair.ts';
import type { Log } from '../telemetry/log.ts';
import type { WebhookApp } from '../webhook/webhook-app.ts';
import type { CertificateSource } from './certificate-source.ts';

interface WebhookServerDeps {
  readonly certificate: CertificateSource;
  readonly create: (pair: KeyPair) => WebhookApp;
  readonly host: string;
  readonly port: number;
  readonly log: Log;
}

export interface WebhookServer {
  /** Resolves with its origin as soon as there is a certificate to listen with; rejects when it cannot, or is closed. */
  readonly listening: Promise<string>;
  /** What it serves. */
  pair(): KeyPair | undefined;
  close(): Promise<void>;
}

/** Listens with the first certificate; a newer one counts from the next handshake on, and no connection notices. */
export function startWebhookServer({ certificate, create, host, port, log }: WebhookServerDeps): WebhookServer {
  const { promise: listening, resolve, reject } = Promise.withResolvers<string>();
  listening.catch(() => {}); // whoever awaits it hears of it
  let app: WebhookApp | undefined;
  let served: KeyPair | undefined;

  function serve(pair: KeyPair): void {
    served = pair;
    if (!app) {
      const created = create(pair);
      app = created;
      created.listen({ host, port }).then(() => resolve(created.listeningOrigin), reject);
      return;
    }
    app.server.setSecureContext({ cert: pair.cert, key: pair.key, minVersion: 'TLSv1.3' });
    const notAfter = new Date(pair.notAfter).toISOString();
    log.info({ fingerprint: pair.fingerprint, notAfter }, 'certificate reloaded');
  }

  const stop = certificate.follow(serve);
  return {
    listening,
    pair: () => served,
    async close() {
      stop();
      reject(new Error('closed before there was a certificate'));
      await app?.close();
    },
  };
}
