import { toPriorityClasses } from '../../cluster/priority-classes.ts';
import { volumesOfPod } from '../../cluster/volumes-of-pod.ts';
import type { DefaultRequests } from '../../energy/pod-requests.ts';
import type { NodeFacts } from '../../regions/node-facts.ts';
import type { NodePoolFacts } from '../../regions/node-pool.ts';
import type { RegionResource } from '../../regions/region-resource.ts';
import type { GivenObjects, World } from '../../world/load-world.ts';
import type { AuditItem, GivenNamespace, Workload } from './audited-workload.ts';

/** All of an audit's input: what counts may stand behind what it counts for. */
export interface Collected {
  /** For whoever judges them to take out. */
  readonly workloads: Workload[];
  readonly namespaces: ReadonlyMap<string, GivenNamespace>;
  readonly defaults: ReadonlyMap<string, DefaultRequests>;
  readonly beside: GivenObjects;
  readonly volumesOf: World['volumesOf'];
  readonly passedOver: ReadonlyMap<string, number>;
  readonly notJudged: ReadonlyMap<string, number>;
  readonly noObjects: ReadonlyMap<string, number>;
  readonly oddities: readonly string[];
  readonly broken: readonly string[];
}

/** Collects items until they end; `onWorkload` hears how many workloads there are. */
export async function collectItems(
  items: AsyncIterable<AuditItem>,
  onWorkload?: (count: number) => void,
): Promise<Collected> {
  const workloads: Workload[] = [];
  const namespaces = new Map<string, GivenNamespace>();
  const defaults = new Map<string, DefaultRequests>();
  const regions = new Map<string, RegionResource>();
  const nodes: NodeFacts[] = [];
  const nodePools: NodePoolFacts[] = [];
  const classes: { name: string; value: number; globalDefault: boolean }[] = [];
  const claims = new Map<string, string>();
  const volumes = new Map<string, Pick<Extract<AuditItem, { type: 'volume' }>, 'terms'>>();
  const passedOver = new Map<string, number>();
  const notJudged = new Map<string, number>();
  const noObjects = new Map<string, number>();
  const oddities: string[] = [];
  const broken: string[] = [];

  function take(item: AuditItem): void {
    switch (item.type) {
      case 'workload':
        workloads.push(item.workload);
        onWorkload?.(workloads.length);
        return;
      case 'namespace':
        namespaces.set(item.namespace.name, item.namespace);
        return;
      case 'defaults':
        defaults.set(item.namespace, { ...item.defaults, ...defaults.get(item.namespace) });
        return;
      case 'region':
        regions.set(item.region.metadata.name, item.region);
        return;
      case 'node':
        nodes.push(item.node);
        return;
      case 'node-pool':
        nodePools.push(item.nodePool);
        return;
      case 'priority-class':
        classes.push(item);
        return;
      case 'claim':
        claims.set(item.claim, item.volume);
        return;
      case 'volume':
        volumes.set(item.volume, item);
        return;
      case 'passed-over':
        count(passedOver, item.kind);
        return;
      case 'not-judged':
        count(notJudged, item.kind);
        return;
      case 'no-object':
        count(noObjects, item.what);
        return;
      case 'oddity':
        oddities.push(item.message);
        return;
      case 'broken':
        broken.push(item.message);
    }
  }

  for await (const item of items) take(item);
  return {
    workloads,
    namespaces,
    defaults,
    beside: {
      regions: [...regions.values()],
      nodes,
      nodePools,
      ...(classes.length > 0 && { priorityClasses: toPriorityClasses(classes) }),
    },
    volumesOf: (namespace, pod) => volumesOfPod(namespace, pod, { claims, volumes }),
    passedOver,
    notJudged,
    noObjects,
    oddities,
    broken,
  };
}

function count(counts: Map<string, number>, what: string): void {
  counts.set(what, (counts.get(what) ?? 0) + 1);
}
