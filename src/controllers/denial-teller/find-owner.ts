import type { ApiClient } from '../../cluster/api-client.ts';
import type { KubeObject } from '../../cluster/kube-object.ts';
import { lacksPods, type OwnerObject } from '../../cluster/lacks-pods.ts';
import { listPages } from '../../cluster/list-watch.ts';
import { JOB, type OwnerKind, ownersPath, REPLICA_SET, STATEFUL_SET } from '../../cluster/owner-kinds.ts';
import type { Denial } from '../denial.ts';
import type { Regarding } from '../event.ts';

interface OwnedObject extends OwnerObject {
  readonly metadata: KubeObject['metadata'] & {
    readonly ownerReferences?: readonly (Required<Regarding> & { readonly controller?: boolean })[];
  };
}

const KINDS: readonly OwnerKind[] = [REPLICA_SET, STATEFUL_SET, JOB];
/** A name that needs no escape in a field selector, as all that exist are. */
const NAME = /^[a-z0-9.-]{1,253}$/;

/**
 * The owner that people look at, a Deployment rather than its ReplicaSet and a CronJob rather than its Job; `undefined`
 * where it has its pods meanwhile, or is gone. Events can be written by anybody: the owner itself must lack pods. Needs
 * no more than `list`.
 */
export async function findOwner(
  api: Pick<ApiClient, 'get'>,
  { namespace, kind, name, uid }: Denial,
  signal: AbortSignal,
): Promise<Regarding | undefined> {
  const ownerKind = KINDS.find((one) => one.kind === kind);
  if (!ownerKind || !NAME.test(name)) return undefined;
  const apiVersion = `${ownerKind.group}/v1`;
  const resource = {
    path: ownersPath(ownerKind, namespace),
    content: 'full',
    fieldSelector: `metadata.name=${name}`,
  } as const;
  for await (const { items } of listPages(api, resource, signal)) {
    const found = items?.find(({ metadata }) => metadata.uid === uid) as OwnedObject | undefined;
    if (found) return lacksPods(kind, found) ? topOf(found, { apiVersion, kind, name, uid }) : undefined;
  }
  return undefined;
}

function topOf({ metadata }: OwnedObject, itself: Regarding): Regarding {
  const controller = metadata.ownerReferences?.find((reference) => reference.controller);
  if (!controller || itself.kind === 'StatefulSet') return itself;
  const { apiVersion, kind, name, uid } = controller;
  return { apiVersion, kind, name, uid };
}
