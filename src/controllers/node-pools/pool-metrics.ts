import type { Metric } from '../../telemetry/metric.ts';
import { type Decision, POOL_STATES } from './plan.ts';
import type { Replaced } from './replaced-nodes.ts';
import { POOL_MODES } from './wish.ts';

interface Told {
  /** Of all pools at the last look; nothing while this does not run. */
  readonly decisions: () => Iterable<Pick<Decision, 'mode' | 'state'>> | undefined;
  readonly changes: ReadonlyMap<string, number>;
  readonly replaced: () => ReadonlyMap<string, Replaced>;
}

/** As a key of `changes`. */
export function changeKey(mode: string, outcome: 'done' | 'would'): string {
  return `${mode}/${outcome}`;
}

export function poolMetrics({ decisions, changes, replaced }: Told): readonly Metric[] {
  const ofPools = (read: (one: Replaced) => number) => () =>
    Array.from(replaced(), ([nodepool, one]) => [{ nodepool }, read(one)] as const);
  return [
    {
      type: 'gauge',
      name: 'gridgate_node_pools',
      help: 'NodePools by their mode (gridgate.dev/carbon-aware) and by how they stand',
      labelNames: ['mode', 'state'],
      read() {
        const all = decisions();
        if (!all) return [];
        const counts = new Map<string, number>(
          POOL_MODES.flatMap((mode) => POOL_STATES.map((state) => [`${mode}/${state}`, 0] as const)),
        );
        for (const { mode, state } of all) counts.set(`${mode}/${state}`, (counts.get(`${mode}/${state}`) ?? 0) + 1);
        return Array.from(counts, ([key, count]) => {
          const [mode = '', state = ''] = key.split('/');
          return [{ mode, state }, count] as const;
        });
      },
    },
    {
      type: 'counter',
      name: 'gridgate_node_pool_changes_total',
      help: 'Changes of NodePools that follow the grid; outcome "would" in audit, where nothing is written',
      labelNames: ['mode', 'outcome'],
      read: () =>
        Array.from(changes, ([key, count]) => {
          const [mode = '', outcome = ''] = key.split('/');
          return [{ mode, outcome }, count] as const;
        }),
    },
    {
      type: 'counter',
      name: 'gridgate_node_pool_replaced_nodes_total',
      help: 'Nodes that Karpenter replaced because gridgate narrowed the zones or regions of their NodePool',
      labelNames: ['nodepool'],
      read: ofPools(({ nodes }) => nodes),
    },
    {
      type: 'counter',
      name: 'gridgate_node_pool_replaced_grams_total',
      help: 'Embodied grams of CO2e of those nodes for the time that they stood beside what replaced them',
      labelNames: ['nodepool'],
      read: ofPools(({ grams }) => grams),
    },
  ];
}
