/** A kind whose controller creates pods. */
export interface OwnerKind {
  readonly group: string;
  readonly kind: string;
  readonly plural: string;
}

export const REPLICA_SET: OwnerKind = { group: 'apps', kind: 'ReplicaSet', plural: 'replicasets' };
export const STATEFUL_SET: OwnerKind = { group: 'apps', kind: 'StatefulSet', plural: 'statefulsets' };
export const JOB: OwnerKind = { group: 'batch', kind: 'Job', plural: 'jobs' };
export const CRON_JOB: OwnerKind = { group: 'batch', kind: 'CronJob', plural: 'cronjobs' };

/** Where objects of the kind are, of all namespaces or of one. */
export function ownersPath({ group, plural }: OwnerKind, namespace?: string): string {
  const within = namespace === undefined ? '' : `namespaces/${encodeURIComponent(namespace)}/`;
  return `/apis/${group}/v1/${within}${plural}`;
}
