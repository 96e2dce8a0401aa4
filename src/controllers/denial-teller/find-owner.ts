import type { ApiClient } from '../../cluster/api-client.ts';
import type { KubeObject } from '../../cluster/kube-object.ts';
import { lacksPods, type OwnerObject } from '../../cluster/lacks-pods.ts';
import { listPages } from '../../cluster/list-watch.ts';
import type { Regarding } from '../warning-event.ts';
import type { Denial } from './plan.ts';

interface OwnedObject extends OwnerObject {
  readonly metadata: KubeObject['metadata'] & {
    readonly ownerReferences?: readonly (Required<Regarding> & { readonly controller?: boolean })[];
  };
}

const COLLECTIONS: ReadonlyMap<string, { readonly apiVersion: string; readonly plural: string }> = new Map([
  ['ReplicaSet', { apiVersion: 'apps/v1', plural: 'replicasets' }],
  ['StatefulSet', { apiVersion: 'apps/v1', plural: 'statefulsets' }],
  ['Job', { apiVersion: 'batch/v1', plural: 'jobs' }],
]);
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
  const collection = COLLECTIONS.get(kind);
  if (!collection || !NAME.test(name)) return undefined;
  const { apiVersion, plural } = collection;
  const path = `/apis/${apiVersion}/namespaces/${encodeURIComponent(namespace)}/${plural}`;
  const resource = { path, content: 'full', fieldSelector: `metadata.name=${name}` } as const;
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
