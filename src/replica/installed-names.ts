import { serviceNames } from '../certs/authority.ts';
import type { WebhookConfigurationRef } from '../cluster/webhook-bundles.ts';
import type { ServeValues } from './serve-options.ts';

/** What the manifests install, by the names of their namespace and Service. */
export interface InstalledNames {
  readonly namespace: string;
  /** What the API server calls: the name that every caBundle must verify. */
  readonly serviceHost: string;
  /** Every name that the certificate is for. */
  readonly hosts: readonly string[];
  readonly secrets: { readonly authority: string; readonly leaf: string };
  readonly lease: string;
  readonly killSwitch: { readonly namespace: string; readonly name: string };
  readonly configurations: readonly WebhookConfigurationRef[];
}

export function installedNames({
  systemNamespace: namespace,
  serviceName: service,
  killSwitch = `${namespace}/gridgate-kill-switch`,
}: Pick<ServeValues, 'systemNamespace' | 'serviceName' | 'killSwitch'>): InstalledNames {
  const [switchNamespace = '', switchName = ''] = killSwitch.split('/');
  return {
    namespace,
    serviceHost: `${service}.${namespace}.svc`,
    hosts: serviceNames(service, namespace),
    secrets: { authority: `${service}-ca`, leaf: `${service}-tls` },
    lease: service,
    killSwitch: { namespace: switchNamespace, name: switchName },
    configurations: [
      { kind: 'MutatingWebhookConfiguration', name: service },
      { kind: 'ValidatingWebhookConfiguration', name: service },
    ],
  };
}
