import type { KeyPair } from '../certs/key-pair.ts';
import type { Log } from '../telemetry/log.ts';
import type { ServedTls, WebhookApp } from '../webhook/webhook-app.ts';
import type { CertificateSource } from './certificate-source.ts';
import { type ClientCa, followClientCa } from './client-ca.ts';

interface WebhookServerDeps {
  readonly certificate: CertificateSource;
  readonly create: (tls: ServedTls) => WebhookApp;
  readonly clientCa?: ClientCa | undefined;
  readonly host: string;
  readonly port: number;
  readonly log: Log;
}

/** Listens with the first certificate; a newer one counts from the next handshake on, and no connection notices. */
export function startWebhookServer(deps: WebhookServerDeps) {
  const { certificate, create, clientCa, host, port, log } = deps;
  const { promise: listening, resolve, reject } = Promise.withResolvers<string>();
  listening.catch(() => {}); // whoever awaits it hears of it
  let app: WebhookApp | undefined;
  let served: KeyPair | undefined;
  let callers = clientCa?.pem;

  function serve(pair: KeyPair): void {
    served = pair;
    if (!app) {
      const created = create(tlsOf(pair));
      app = created;
      created.listen({ host, port }).then(resolve, reject);
      return;
    }
    app.setTls(tlsOf(pair));
    const notAfter = new Date(pair.notAfter).toISOString();
    log.info({ fingerprint: pair.fingerprint, notAfter }, 'certificate reloaded');
  }

  function tlsOf({ cert, key }: KeyPair): ServedTls {
    return { cert, key, clientCa: callers };
  }

  function trust(pem: string): void {
    callers = pem;
    if (app && served) app.setTls(tlsOf(served));
  }

  const stop = certificate.follow(serve);
  const stopCallers = clientCa && followClientCa(clientCa, trust, log);
  return {
    /** Resolves with its origin as soon as there is a certificate to listen with; rejects when it cannot, or is closed. */
    listening,
    pair: (): KeyPair | undefined => served,
    bodies: () => app?.bodies(),
    async close(): Promise<void> {
      stop();
      stopCallers?.();
      reject(new Error('closed before there was a certificate'));
      await app?.close();
    },
  };
}
