import type { ApiClient } from '../../cluster/api-client.ts';
import { ApiError } from '../../cluster/api-error.ts';
import { isEndedPhase } from '../../cluster/kube-object.ts';
import { type LivePod, listPods, type PodPage } from '../../cluster/live-pods.ts';
import { describeReadFailure } from '../../cluster/read-failure.ts';
import { misplacedLabels } from '../../decision/misplaced-annotations.ts';
import { type Owner, ownerOf } from '../../decision/owner.ts';
import { asMadeAgain } from '../../decision/running-pod.ts';
import { type EmbodiedPerVcpu, meanEmbodied } from '../../energy/embodied.ts';
import type { Machines } from '../../energy/machines.ts';
import { note } from '../../terminal/print.ts';
import { type Progress, progressBar } from '../../terminal/progress.ts';
import type { RequestingSpec } from '../../units/requested-amounts.ts';
import type { World } from '../../world/load-world.ts';
import type { AuditItem, Workload } from './audited-workload.ts';
import { copyOf, podToJudge, resourcesOf } from './workload-of.ts';

export interface LiveWorkloads {
  readonly api: Pick<ApiClient, 'get'>;
  /** The only one to look into. */
  readonly namespace?: string | undefined;
  /** Of the pods to look at, as kubectl's `-l` has it. */
  readonly labelSelector?: string | undefined;
  readonly regionOf: (node: string) => string | undefined;
  readonly machineOf: Machines['ofNode'];
  readonly volumesOf: World['volumesOf'];
  readonly progress: Progress;
}

/** What is kept of one owner's pods. */
interface Running extends Owner {
  readonly namespace: string;
  /** Of the newest: during a rollout it has the template that the others will get. */
  newest: Pick<Workload, 'pod' | 'resources' | 'misplaced'> & { readonly createdAt: string };
  pods: number;
  readonly byRegion: Map<string, number>;
  /** Pods that have a node. */
  readonly byMachine: Map<EmbodiedPerVcpu, number>;
}

const FORBIDDEN = 403;

/**
 * The pods of a cluster, one workload for each owner, judged by its newest pod. Pods that ended are passed over; those
 * without a node yet are counted under ''. Rejects with an Error that says what to do.
 */
export async function* readLiveWorkloads(deps: LiveWorkloads): AsyncGenerator<AuditItem> {
  const owners = new Map<string, Running>();
  try {
    for await (const { pods } of readPages(deps)) {
      for (const pod of pods) {
        const { phase = '' } = pod.status ?? {};
        if (isEndedPhase(phase)) yield { type: 'passed-over', kind: `Pod (${phase.toLowerCase()})` };
        else count(pod, owners, deps);
      }
    }
  } catch (cause) {
    throw new Error(describeFailure(cause, deps.namespace), { cause });
  } finally {
    deps.progress.end();
  }
  for (const { namespace, kind, name, newest, pods, byRegion, byMachine } of owners.values()) {
    const { pod, resources, misplaced } = newest;
    const volumes = deps.volumesOf(namespace, pod);
    const workload = { namespace, kind, name, pod, pods, resources, runsIn: byRegion };
    const machine = byMachine.size > 0 && { machine: meanEmbodied(byMachine) };
    const more = { ...machine, ...(volumes.length > 0 && { volumes }), ...(misplaced && { misplaced }) };
    yield { type: 'workload', workload: { ...workload, ...more } };
  }
}

async function* readPages({ api, namespace, labelSelector, progress }: LiveWorkloads): AsyncGenerator<PodPage> {
  let read = 0;
  let isCounted = false;
  for await (const page of listPods(api, { namespace, labelSelector })) {
    read += page.pods.length;
    isCounted ||= page.remaining !== undefined; // the last page says nothing of what follows
    progress.show(isCounted ? progressBar(read, read + (page.remaining ?? 0), 'pods') : `${read} pods`);
    if (page.isResumed)
      note('listing took longer than the API server remembers: pods that came or went meanwhile may be missing');
    yield page;
  }
}

function count(pod: LivePod, owners: Map<string, Running>, { regionOf, machineOf }: LiveWorkloads): void {
  const { name, namespace = '', creationTimestamp: createdAt = '' } = pod.metadata;
  const owner = ownerOf(pod);
  const named = owner ?? { kind: 'Pod', name };
  const key = `${namespace}/${named.kind}/${named.name}`;
  const known = owners.get(key);
  const newest = known && known.newest.createdAt >= createdAt ? known.newest : toNewest(pod, createdAt, owner);
  const running = known ?? { ...named, namespace, newest, pods: 0, byRegion: new Map(), byMachine: new Map() };
  running.newest = newest;
  running.pods += 1;
  const node = pod.spec?.nodeName;
  const region = (node && regionOf(node)) || '';
  running.byRegion.set(region, (running.byRegion.get(region) ?? 0) + 1);
  const machine = node && machineOf(node);
  if (machine) running.byMachine.set(machine, (running.byMachine.get(machine) ?? 0) + 1);
  if (!known) owners.set(key, running);
}

function toNewest(pod: LivePod, createdAt: string, owner: Owner | undefined): Running['newest'] {
  const misplaced = misplacedLabels(pod.metadata.labels);
  return {
    createdAt,
    ...(misplaced.length > 0 && { misplaced: misplaced.map(copyOf) }),
    // It drops our record; `decide` itself looks past requirements of ours.
    pod: podToJudge(asMadeAgain(pod, owner)),
    resources: resourcesOf((pod.spec ?? {}) as RequestingSpec),
  };
}

function describeFailure(error: unknown, namespace: string | undefined): string {
  const where = namespace === undefined ? '' : ` of namespace ${namespace}`;
  const isForbidden = error instanceof ApiError && error.status === FORBIDDEN;
  const remedy = isForbidden && namespace === undefined ? '; name a namespace that you may read with -n' : '';
  return `cannot read the pods${where}: ${describeReadFailure(error)}${remedy}`;
}
