import { serviceNames } from '../certs/authority.ts';
import type { ServeValues } from './serve-options.ts';

const CONFIGURATION_KINDS = ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'] as const;

export type InstalledNames = ReturnType<typeof installedNames>;

/** What the manifests install, by the names of their namespace and Service. */
export function installedNames({
  systemNamespace: namespace,
  serviceName: service,
  killSwitch = `${namespace}/gridgate-kill-switch`,
}: Pick<ServeValues, 'systemNamespace' | 'serviceName' | 'killSwitch'>) {
  const [switchNamespace = '', switchName = ''] = killSwitch.split('/');
  return {
    namespace,
    /** What the API server calls: the name that every caBundle must verify. */
    serviceHost: `${service}.${namespace}.svc`,
    /** Every name that the certificate is for. */
    hosts: serviceNames(service, namespace),
    secrets: { authority: `${service}-ca`, leaf: `${service}-tls` },
    lease: service,
    killSwitch: { namespace: switchNamespace, name: switchName },
    configurations: CONFIGURATION_KINDS.map((kind) => ({ kind, name: service })),
  };
}
