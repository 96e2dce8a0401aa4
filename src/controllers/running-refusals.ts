import type { ApiClient } from '../cluster/api-client.ts';
import type { ClusterView } from '../cluster/cluster-view.ts';
import type { KubeObject } from '../cluster/kube-object.ts';
import { listPages } from '../cluster/list-watch.ts';
import type { Decision } from '../decision/decide.ts';
import type { NamespaceRecord } from '../decision/namespace-record.ts';
import { type Owner, ownerOf } from '../decision/owner.ts';
import { controllerOf, type OwnerReference, type Pod } from '../decision/pod.ts';
import type { Mode } from '../decision/policy.ts';
import { asMadeAgain } from '../decision/running-pod.ts';
import type { EventTellerDeps, Regarding } from './event.ts';
import type { Pace } from './pace.ts';

/** A workload of which enforce would refuse the newest pod, were it made again. */
export interface RefusedWorkload extends Owner, Pick<Decision, 'reason' | 'message'> {
  readonly pods: number;
  /** What wanted its newest pod: a ReplicaSet rather than its Deployment; of a bare pod the pod itself. */
  readonly wantedBy: Regarding;
}

export interface RunningRefusals {
  /** How many run or wait. */
  readonly workloads: number;
  /** Those with most pods first. */
  readonly refused: readonly RefusedWorkload[];
  /** Whether there are more pods than were looked at. */
  readonly isPart: boolean;
}

export interface LookDeps {
  readonly api: Pick<ApiClient, 'get'>;
  /** What enforce would say of a pod whose owner is of this kind. */
  readonly judge: (pod: Pod, kind: string) => Decision;
  /** Of which each request takes a turn, but the first: whoever looks at one namespace after the other has taken that. */
  readonly pace: Pace;
  readonly signal: AbortSignal;
}

/** What controllers that tell such refusals are made of. */
export interface RefusalTellerDeps extends EventTellerDeps {
  readonly api: Pick<ApiClient, 'get'>;
  /** The namespaces as they are known now. */
  readonly view: Pick<ClusterView, 'namespaces' | 'namespace'>;
  /** As far as the kill switch lets it. */
  readonly modeInEffect: (namespace: NamespaceRecord) => Mode;
  /** What enforce would say of running pods. */
  readonly judgeOf: (namespace: NamespaceRecord) => LookDeps['judge'];
  readonly ownNamespace?: string | undefined;
}

interface RunningPod extends KubeObject {
  readonly metadata: KubeObject['metadata'] & Pick<NonNullable<Pod['metadata']>, 'ownerReferences'> & Created;
  readonly spec?: NonNullable<Pod['spec']>;
}

interface Created {
  readonly creationTimestamp?: string;
}

interface Workload extends Owner {
  pods: number;
  createdAt: string;
  refusal: Pick<RefusedWorkload, 'reason' | 'message' | 'wantedBy'> | undefined;
}

/** Those that have not ended. */
const RUNNING = 'status.phase!=Succeeded,status.phase!=Failed';
/** With 500 pods each, some 100 MB of JSON, of which a page at a time is in memory. */
const MOST_PAGES = 100;

/**
 * The workloads of a namespace that enforce would refuse, each by its newest pod as `gridgate audit --live` has it. Reads the
 * pods page by page and keeps a line for each workload.
 */
export async function findRefused(namespace: string, { api, judge, pace, signal }: LookDeps): Promise<RunningRefusals> {
  const workloads = new Map<string, Workload>();
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods`;
  let pages = 0;
  for await (const { metadata, items } of listPages(api, { path, content: 'full', fieldSelector: RUNNING }, signal)) {
    for (const pod of items ?? []) count(pod as RunningPod, workloads, judge);
    pages += 1;
    if (!metadata.continue) break;
    if (pages === MOST_PAGES) return summaryOf(workloads, true);
    await pace.take(signal);
  }
  return summaryOf(workloads, false);
}

function count(pod: RunningPod, workloads: Map<string, Workload>, judge: LookDeps['judge']): void {
  const { name, creationTimestamp: createdAt = '' } = pod.metadata;
  const owner = ownerOf(pod);
  const named = owner ?? { kind: 'Pod', name };
  const key = `${named.kind}/${named.name}`;
  const known = workloads.get(key);
  const workload = known ?? { ...named, pods: 0, createdAt: '', refusal: undefined };
  workload.pods += 1;
  if (known && known.createdAt >= createdAt) return;
  const { decision, reason, message } = judge(asMadeAgain(pod, owner), named.kind);
  workload.createdAt = createdAt;
  workload.refusal = decision === 'deny' ? { reason, message, wantedBy: wantedBy(pod) } : undefined;
  workloads.set(key, workload);
}

function wantedBy(pod: RunningPod): Regarding {
  const { name, uid } = pod.metadata;
  const controller = controllerOf(pod) as (OwnerReference & { readonly uid?: string }) | undefined;
  const found = ownerOf(pod) ? controller : { apiVersion: 'v1', kind: 'Pod', name, uid };
  return {
    apiVersion: found?.apiVersion ?? '',
    kind: found?.kind ?? '',
    name: found?.name ?? '',
    ...(found?.uid !== undefined && { uid: found.uid }),
  };
}

function summaryOf(workloads: ReadonlyMap<string, Workload>, isPart: boolean): RunningRefusals {
  const refused = [...workloads.values()].flatMap(({ kind, name, pods, refusal }) =>
    refusal ? [{ kind, name, pods, ...refusal }] : [],
  );
  refused.sort((a, b) => b.pods - a.pods || (`${a.kind}/${a.name}` < `${b.kind}/${b.name}` ? -1 : 1));
  return { workloads: workloads.size, refused, isPart };
}
