import { shellCommand } from '../../units/shell-command.ts';

/** What the manifests call the Service, the Lease and the webhook configurations. */
export const SERVICE = 'gridgate';

export const APPLY = 'kubectl apply -k manifests/base';

/** What the controllers have to say. */
export function controllersLog(systemNamespace: string): string | undefined {
  return shellCommand`kubectl logs -n ${systemNamespace} -l app.kubernetes.io/component=controllers --tail=50`;
}
