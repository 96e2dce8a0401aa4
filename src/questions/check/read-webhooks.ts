import { parseCertificates } from '../../certs/parsed-certificate.ts';
import type { LabelSelector, WebhookFacts } from './facts.ts';

/** A webhook configuration, as far as it is read. */
export interface ConfigurationObject {
  readonly webhooks?: readonly {
    readonly name: string;
    readonly namespaceSelector?: LabelSelector;
    readonly clientConfig: { readonly caBundle?: string };
  }[];
}

/** What stands in one configuration, with its caBundles as text for whoever verifies by them. */
export function toWebhooks(kind: WebhookFacts['kind'], { webhooks = [] }: ConfigurationObject) {
  return webhooks.map(({ name, namespaceSelector = {}, clientConfig }) => {
    const bundle = Buffer.from(clientConfig.caBundle ?? '', 'base64').toString('utf8');
    const certificates = parseCertificates(bundle);
    const facts: WebhookFacts = {
      kind,
      name,
      selector: namespaceSelector,
      authorities: certificates.length,
      trustedUntil: Math.max(0, ...certificates.map(({ notAfter }) => notAfter)),
      bundle: certificates.map(({ fingerprint }) => fingerprint).join(' '),
    };
    return { facts, bundle };
  });
}
