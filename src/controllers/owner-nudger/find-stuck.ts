import type { ApiClient } from '../../cluster/api-client.ts';
import type { KubeObject } from '../../cluster/kube-object.ts';
import { lacksPods, type OwnerObject } from '../../cluster/lacks-pods.ts';
import { listPages } from '../../cluster/list-watch.ts';
import { JOB, type OwnerKind, ownersPath, REPLICA_SET, STATEFUL_SET } from '../../cluster/owner-kinds.ts';
import { NEVER_MANAGED } from '../../decision/managed-label.ts';
import { podOfWorkload } from '../../decision/workload.ts';
import { type DeniedOwners, ownerKey } from '../denied-owners.ts';
import { deniedSince, type StuckOwner } from './plan.ts';

/** These have no condition that tells of a pod refused: only Events do. */
const TOLD_BY_EVENTS: readonly OwnerKind[] = [STATEFUL_SET, JOB];

/**
 * Every owner that lacks pods since gridgate denied one; in the namespaces of Kubernetes none is denied, and nothing may be
 * written, whatever Events there say. Needs `list` on the three kinds.
 */
export async function findStuck(
  api: Pick<ApiClient, 'get'>,
  deniedOwners: Pick<DeniedOwners, 'ofKind'>,
  signal: AbortSignal,
): Promise<readonly StuckOwner[]> {
  const stuck = await stuckOf(REPLICA_SET, deniedSince);
  for (const kind of TOLD_BY_EVENTS) {
    const denied = deniedOwners.ofKind(kind.kind);
    if (denied.size === 0) continue;
    const since = ({ metadata }: OwnerObject) => (denied.has(ownerKey(metadata)) ? 'told by an event' : undefined);
    stuck.push(...(await stuckOf(kind, since)));
  }
  return stuck;

  async function stuckOf(kind: OwnerKind, since: (owner: OwnerObject) => string | undefined): Promise<StuckOwner[]> {
    const found: StuckOwner[] = [];
    for await (const owner of list(ownersPath(kind))) {
      if (NEVER_MANAGED.has(owner.metadata.namespace ?? '')) continue;
      const deniedSince = lacksPods(kind.kind, owner) ? since(owner) : undefined;
      const one = deniedSince === undefined ? undefined : toStuckOwner(kind, owner, deniedSince);
      if (one) found.push(one);
    }
    return found;
  }

  async function* list(path: string): AsyncGenerator<KubeObject> {
    for await (const { items } of listPages(api, { path, content: 'full' }, signal)) yield* items ?? [];
  }
}

function toStuckOwner(ownerKind: OwnerKind, owner: OwnerObject, since: string): StuckOwner | undefined {
  const { name, namespace = '', uid = '' } = owner.metadata;
  const pod = podOfWorkload(ownerKind.group, ownerKind.kind, owner as unknown as Readonly<Record<string, unknown>>);
  const path = `${ownersPath(ownerKind, namespace)}/${encodeURIComponent(name)}`;
  return pod && { path, namespace, uid, since, pod };
}
