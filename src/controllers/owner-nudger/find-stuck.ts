import type { ApiClient } from '../../cluster/api-client.ts';
import type { KubeObject } from '../../cluster/kube-object.ts';
import { lacksPods, type OwnerObject } from '../../cluster/lacks-pods.ts';
import { listPages } from '../../cluster/list-watch.ts';
import { denialIn } from '../../decision/denial-words.ts';
import { NEVER_MANAGED } from '../../decision/managed-label.ts';
import { podOfWorkload } from '../../decision/workload.ts';
import { deniedSince, type StuckOwner } from './plan.ts';

interface OwnerKind {
  readonly group: string;
  readonly kind: string;
  readonly plural: string;
}

const REPLICA_SETS: OwnerKind = { group: 'apps', kind: 'ReplicaSet', plural: 'replicasets' };
/** These have no condition that tells of a pod refused: only Events do, for the hour that the API server keeps them. */
const TOLD_BY_EVENTS: readonly OwnerKind[] = [
  { group: 'apps', kind: 'StatefulSet', plural: 'statefulsets' },
  { group: 'batch', kind: 'Job', plural: 'jobs' },
];

interface FailedCreate extends KubeObject {
  readonly involvedObject?: { readonly uid?: string };
  readonly message?: string;
}

/**
 * Every owner that lacks pods since gridgate denied one; in the namespaces of Kubernetes none is denied, and nothing may be
 * written, whatever Events there say. Needs `list` on the three kinds and on events.
 */
export async function findStuck(api: Pick<ApiClient, 'get'>, signal: AbortSignal): Promise<readonly StuckOwner[]> {
  const stuck = await stuckOf(REPLICA_SETS, deniedSince);
  for (const kind of TOLD_BY_EVENTS) {
    const denied = await deniedByEvents(kind);
    if (denied.size === 0) continue;
    stuck.push(
      ...(await stuckOf(kind, ({ metadata: { uid = '' } }) => (denied.has(uid) ? 'told by an event' : undefined))),
    );
  }
  return stuck;

  async function stuckOf(kind: OwnerKind, since: (owner: OwnerObject) => string | undefined): Promise<StuckOwner[]> {
    const found: StuckOwner[] = [];
    for await (const owner of list(`/apis/${kind.group}/v1/${kind.plural}`)) {
      if (NEVER_MANAGED.has(owner.metadata.namespace ?? '')) continue;
      const deniedSince = lacksPods(kind.kind, owner) ? since(owner) : undefined;
      const one = deniedSince === undefined ? undefined : toStuckOwner(kind, owner, deniedSince);
      if (one) found.push(one);
    }
    return found;
  }

  async function deniedByEvents({ kind }: OwnerKind): Promise<ReadonlySet<string>> {
    const denied = new Set<string>();
    const events = list('/api/v1/events', `reason=FailedCreate,involvedObject.kind=${kind}`);
    for await (const { involvedObject, message } of events as AsyncIterable<FailedCreate>) {
      if (involvedObject?.uid !== undefined && denialIn(message)) denied.add(involvedObject.uid);
    }
    return denied;
  }

  async function* list(path: string, fieldSelector?: string): AsyncGenerator<KubeObject> {
    const resource = { path, content: 'full', ...(fieldSelector !== undefined && { fieldSelector }) } as const;
    for await (const { items } of listPages(api, resource, signal)) yield* items ?? [];
  }
}

function toStuckOwner({ group, kind, plural }: OwnerKind, owner: OwnerObject, since: string): StuckOwner | undefined {
  const { name, namespace = '', uid = '' } = owner.metadata;
  const pod = podOfWorkload(group, kind, owner as unknown as Readonly<Record<string, unknown>>);
  const path = `/apis/${group}/v1/namespaces/${namespace}/${plural}/${encodeURIComponent(name)}`;
  return pod && { path, namespace, uid, since, pod };
}
