import { findExpiry, type KeyPair, type KeyPairFiles } from '../certs/key-pair.ts';
import { createServedCertificate } from '../certs/served-certificate.ts';
import { watchKeyPair } from '../certs/watch-key-pair.ts';
import type { ApiClient } from '../cluster/api-client.ts';
import { joinLastEvents, type LastEvents } from '../cluster/last-events.ts';
import { watchSecret } from '../cluster/watch-secret.ts';
import { watchWebhookBundles } from '../cluster/webhook-bundles.ts';
import type { Log } from '../telemetry/log.ts';
import type { InstalledNames } from './installed-names.ts';

export interface CertificateSource {
  /** Hands over the pair that there is, as soon as there is one, and each newer one; answers a function that stops it. */
  follow(onPair: (pair: KeyPair) => void): () => void;
  /** Why replicas must not be called yet, in words; empty when nothing is wrong. */
  unready(): readonly string[];
  /** Of what is watched in a cluster for it. */
  lastEventAt?(): LastEvents;
}

/** A pair of files, loaded already and followed while they change. */
export function certificateFromFiles(files: KeyPairFiles, pair: KeyPair, log: Log): CertificateSource {
  return {
    unready: () => [],
    follow(onPair) {
      const expiry = findExpiry(pair, Date.now(), files.certFile);
      if (expiry) log.error({ err: expiry }, 'certificate');
      onPair(pair);
      return watchKeyPair({
        ...files,
        current: pair,
        clock: Date.now,
        onChange: onPair,
        onError: (error) => log.error({ err: error }, 'certificate'),
      });
    },
  };
}

interface SecretDeps {
  readonly api: ApiClient;
  readonly names: InstalledNames;
  readonly log: Log;
}

/** The certificate that the controllers keep in a Secret; ready only when every caBundle of the cluster verifies it. */
export function certificateFromSecret({ api, names, log }: SecretDeps): CertificateSource {
  const { namespace, secrets, serviceHost, configurations } = names;
  let tell: (pair: KeyPair) => void = () => {};
  const served = createServedCertificate({
    origin: `Secret ${namespace}/${secrets.leaf}`,
    dnsName: serviceHost,
    clock: Date.now,
    onChange: (pair) => tell(pair),
    onError: (error) => log.error({ err: error }, 'certificate'),
  });
  const secret = watchSecret({ api, namespace, name: secrets.leaf, log, onChange: served.offer });
  const bundles = watchWebhookBundles({ api, configurations, log, onChange: () => {} });
  return {
    follow(onPair) {
      tell = onPair;
      for (const one of [secret, bundles]) one.start().catch(() => {}); // rejected only when stopped before the first list
      return () => void Promise.all([secret.stop(), bundles.stop()]);
    },
    unready: () => [
      ...(bundles.synced() ? [] : ['the webhook configurations are not seen yet']),
      ...served.unready(bundles.bundles()),
    ],
    lastEventAt: () => joinLastEvents([secret.lastEvents(), bundles.lastEventAt()]),
  };
}
