import type { KeyPair } from '../certs/key-pair.ts';
import { createServedCertificate } from '../certs/served-certificate.ts';
import type { ApiClient } from '../cluster/api-client.ts';
import { joinLastEvents } from '../cluster/last-events.ts';
import { watchSecret } from '../cluster/watch-secret.ts';
import { watchWebhookBundles } from '../cluster/webhook-bundles.ts';
import type { Log } from '../telemetry/log.ts';
import type { CertificateSource } from './certificate-source.ts';
import type { InstalledNames } from './installed-names.ts';

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
