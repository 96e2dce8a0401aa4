import type { NodeFacts } from '../regions/node-facts.ts';
import type { Topology } from '../regions/topology.ts';
import { type EmbodiedPerVcpu, embodiedPerVcpu, meanEmbodied } from './embodied.ts';
import { shapeOf } from './node-shape.ts';
import type { PowerTable } from './power-table.ts';

const MEAN = 'mean of the nodes there';

export interface Machines {
  /** The machine under a pod on this node; a machine of unknown type where the node is not in view. */
  readonly ofNode: (name: string) => EmbodiedPerVcpu;
  /**
   * Of pods that no node has yet, by how many are expected in which region: the mean of the nodes there, of a region
   * without nodes a machine that says nothing. Always an estimate.
   */
  readonly expectedIn: (regions: ReadonlyMap<string, number>) => EmbodiedPerVcpu;
}

/** The machines of a cluster's nodes; without a view of them every machine is assumed. */
export function createMachines(topology: Topology | undefined, table: PowerTable): Machines {
  const byShape = new Map<string, EmbodiedPerVcpu>();
  const byRegion = new Map<string, EmbodiedPerVcpu>();
  const unknown: EmbodiedPerVcpu = embodiedPerVcpu([], table);

  function ofNodes(nodes: readonly NodeFacts[]): EmbodiedPerVcpu {
    return embodiedPerVcpu(nodes.map(shapeOf), table);
  }

  function ofRegion(name: string): EmbodiedPerVcpu {
    const classes = topology?.byRegion.find(({ region }) => region === name)?.classes;
    if (!classes) return unknown;
    return keep(byRegion, name, () => ({ ...ofNodes(classes.flatMap(({ nodes }) => nodes)), how: MEAN }));
  }

  return {
    ofNode(name) {
      const node = topology?.byName.get(name);
      return node ? keep(byShape, JSON.stringify(shapeOf(node)), () => ofNodes([node])) : unknown;
    },
    expectedIn(regions) {
      const parts = [...regions].map(([name, pods]) => [ofRegion(name), pods] as const);
      const mean = parts.some(([, pods]) => pods > 0) ? meanEmbodied(parts) : unknown;
      return { ...mean, basis: 'estimated' };
    },
  };
}

function keep<V>(known: Map<string, V>, key: string, make: () => V): V {
  const found = known.get(key) ?? make();
  known.set(key, found);
  return found;
}
