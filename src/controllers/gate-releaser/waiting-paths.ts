import type { JobRecord } from '../../cluster/jobs.ts';
import { JOB, ownersPath } from '../../cluster/owner-kinds.ts';
import type { Member } from './units.ts';

/** Where what waits is read and written. */
export function pathOf({ kind, metadata: { name, namespace = '' } }: Member): string {
  const within =
    kind === 'Job' ? ownersPath(JOB, namespace) : `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods`;
  return `${within}/${encodeURIComponent(name)}`;
}

export function jobPath({ metadata: { name, namespace = '' } }: JobRecord): string {
  return `${ownersPath(JOB, namespace)}/${encodeURIComponent(name)}`;
}
