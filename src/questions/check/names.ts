import { shellCommand } from '../../units/shell-command.ts';

/** What the manifests call the Service, the Lease and the webhook configurations. */
export const SERVICE = 'gridgate';

/** Lets go what is overdue where nobody leads. */
export const OVERDUE_CRON_JOB = 'gridgate-release-overdue';

/** Puts back what is missing, where Helm did not install it. */
export const APPLY = 'kubectl apply -k manifests/base';

/** What the controllers have to say. */
export function controllersLog(systemNamespace: string): string | undefined {
  return shellCommand`kubectl logs -n ${systemNamespace} -l app.kubernetes.io/component=controllers --tail=50`;
}
