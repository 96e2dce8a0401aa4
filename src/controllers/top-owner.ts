import type { ApiClient } from '../cluster/api-client.ts';
import type { KubeObject } from '../cluster/kube-object.ts';
import type { OwnerObject } from '../cluster/lacks-pods.ts';
import { listPages } from '../cluster/list-watch.ts';
import { JOB, type OwnerKind, ownersPath, REPLICA_SET, STATEFUL_SET } from '../cluster/owner-kinds.ts';
import type { Regarding } from './event.ts';

/** What wanted a pod, as the pod or an Event names it. */
export interface Wanting {
  readonly namespace: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
}

/** It as the API server has it. */
export interface OwnedObject extends OwnerObject {
  readonly metadata: KubeObject['metadata'] & {
    readonly ownerReferences?: readonly (Required<Regarding> & { readonly controller?: boolean })[];
  };
}

export interface Found {
  readonly object: OwnedObject;
  /** The owner that people look at, a Deployment rather than its ReplicaSet and a CronJob rather than its Job. */
  readonly top: Regarding;
}

const KINDS: readonly OwnerKind[] = [REPLICA_SET, STATEFUL_SET, JOB];
/** A name that needs no escape in a field selector, as all that exist are. */
const NAME = /^[a-z0-9.-]{1,253}$/;

/** Looks for a ReplicaSet, a StatefulSet or a Job; `undefined` where it is gone, or of another kind. Needs no more than `list`. */
export async function findOwned(
  api: Pick<ApiClient, 'get'>,
  { namespace, kind, name, uid }: Wanting,
  signal: AbortSignal,
): Promise<Found | undefined> {
  const ownerKind = KINDS.find((one) => one.kind === kind);
  if (!ownerKind || !NAME.test(name)) return undefined;
  const apiVersion = `${ownerKind.group}/v1`;
  const resource = {
    path: ownersPath(ownerKind, namespace),
    content: 'full',
    fieldSelector: `metadata.name=${name}`,
  } as const;
  for await (const { items } of listPages(api, resource, signal)) {
    const object = items?.find(({ metadata }) => metadata.uid === uid) as OwnedObject | undefined;
    if (object) return { object, top: topOf(object, { apiVersion, kind, name, uid }) };
  }
  return undefined;
}

function topOf({ metadata }: OwnedObject, itself: Regarding): Regarding {
  const controller = metadata.ownerReferences?.find((reference) => reference.controller);
  if (!controller || itself.kind === 'StatefulSet') return itself;
  const { apiVersion, kind, name, uid } = controller;
  return { apiVersion, kind, name, uid };
}
