import { INSTANCE_TYPE_LABELS } from '../energy/node-shape.ts';
import { labelOf, type NodeFacts } from '../regions/node-facts.ts';
import { NODE_POOL_LABEL, type NodePoolFacts } from '../regions/node-pool.ts';
import { acceleratorsIn, type OfferedType, type Offering } from '../regions/offered-type.ts';
import { valuesLeft } from '../regions/pool-places.ts';
import { compareText } from '../units/compare-text.ts';
import { ZONE_LABEL } from '../units/label-names.ts';

export const INSTANCE_TYPE_LABEL = INSTANCE_TYPE_LABELS[0];
/** Labels that providers of Karpenter give nodes by their type. */
const LABEL_OF_TYPE =
  /^(?:kubernetes\.io\/(?:arch|os)|(?:[a-z0-9.-]*\.)?karpenter\.[a-z0-9.-]+\/.+|eks\.amazonaws\.com\/instance-.+)$/;
const NO_LABEL_OF_TYPE = /^karpenter\.sh\//;

/**
 * The types of a cluster's nodes, and those that NodePools name, each in all zones that nodes are in or NodePools name: of prices,
 * of other types and of other zones a cluster says nothing.
 */
export function offeredTypesOf(nodes: Iterable<NodeFacts>, pools: Iterable<NodePoolFacts>): readonly OfferedType[] {
  const allNodes = [...nodes];
  const allPools = [...pools];
  const nodesOfType = Map.groupBy(allNodes, ({ labels }) => labelOf(labels, INSTANCE_TYPE_LABEL) ?? '');
  nodesOfType.delete('');
  const named = allPools.flatMap((pool) => valuesLeft(pool, INSTANCE_TYPE_LABEL) ?? []);
  const offerings = zonesOf(allNodes, allPools);
  return [...new Set([...nodesOfType.keys(), ...named])]
    .sort(compareText)
    .map((name) => ({ ...typeOf(name, nodesOfType.get(name) ?? []), offerings }));
}

function zonesOf(nodes: readonly NodeFacts[], pools: readonly NodePoolFacts[]): readonly Offering[] {
  const ofNodes = nodes.map(({ labels, region }) => [labelOf(labels, ZONE_LABEL), region] as const);
  const ofPools = pools.flatMap((pool) => valuesLeft(pool, ZONE_LABEL) ?? []).map((zone) => [zone, undefined] as const);
  const regions = new Map<string, string | undefined>();
  for (const [zone, region] of [...ofPools, ...ofNodes]) if (zone) regions.set(zone, region ?? regions.get(zone));
  return [...regions]
    .map(([zone, region]) => ({ zone, ...(region !== undefined && { region }) }))
    .sort((a, b) => compareText(a.zone, b.zone));
}

/** What the largest node of a type says, rounded up: its system keeps a part of each for itself. */
function typeOf(name: string, nodes: readonly NodeFacts[]): Omit<OfferedType, 'offerings'> {
  const amounts = nodes.map(({ allocatable = {} }) => allocatable);
  const largest = (resource: string) => {
    const told = amounts.map((one) => one[resource]).filter((amount) => amount !== undefined);
    return told.length === 0 ? undefined : Math.max(...told);
  };
  const [cpu, memory] = [largest('cpu'), largest('memory')];
  const accelerators = amounts.map(acceleratorsIn).filter((count) => count !== undefined);
  return {
    name,
    vcpus: cpu === undefined ? undefined : Math.ceil(cpu),
    memoryGb: memory === undefined ? undefined : (Math.ceil(memory / 2 ** 30) * 2 ** 30) / 1e9,
    accelerators: accelerators.length === 0 ? undefined : Math.max(...accelerators),
    labels: labelsOfType(nodes),
    knowsAllLabels: false,
  };
}

/** Labels of the type that all of its nodes have, with their values. */
function labelsOfType([first, ...others]: readonly NodeFacts[]): OfferedType['labels'] {
  const isOfType = (key: string) => LABEL_OF_TYPE.test(key) && !NO_LABEL_OF_TYPE.test(key);
  const same = Object.entries(first?.labels ?? {}).filter(
    ([key, value]) => isOfType(key) && key !== NODE_POOL_LABEL && others.every(({ labels }) => labels[key] === value),
  );
  return Object.fromEntries(same.map(([key, value]) => [key, [value]]));
}
