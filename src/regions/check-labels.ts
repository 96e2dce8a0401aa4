import { itself, nameFew, nameOf } from '../units/tell-few.ts';
import type { NodeFacts } from './node-facts.ts';
import type { NodePoolFacts } from './node-pool.ts';
import { regionsOfPools } from './node-supply.ts';
import type { ObservedRegion } from './observed-region.ts';

const MOST_NAMES = 3;

/** Where the region labels of nodes and the Regions do not fit together, a sentence each, sorted by region. */
export function checkLabels(
  regions: readonly ObservedRegion[],
  nodes: readonly NodeFacts[],
  regionLabel: string,
  nodePools: readonly NodePoolFacts[] = [],
): readonly string[] {
  const labelled = Map.groupBy(nodes, ({ region }) => region);
  labelled.delete(undefined);
  const known = new Map(regions.map((region) => [region.metadata.name, region]));
  const names = [...new Set([...labelled.keys(), ...known.keys()])].filter((name) => name !== undefined).sort();
  const { now: served } = regionsOfPools(nodePools, nodes, { regionLabel, regions: names });
  return names.flatMap((name) => {
    const there = labelled.get(name) ?? [];
    const region = known.get(name);
    if (!region) return [`no Region is named ${name}, the label ${regionLabel} of ${listed(there)}`];
    if (there.length > 0 || region.spec.elastic || served.has(name)) return [];
    const noPool = nodePools.length > 0 ? ', nor may a NodePool create one' : '';
    return [
      `no node has the label ${regionLabel}=${name}${noPool}, and Region ${name} is not elastic: no pod can run there`,
    ];
  });
}

/** Regions called elastic without a node, and to which no NodePool brings any, now or later; none where there is no NodePool. */
export function elasticWithoutPools(
  regions: readonly ObservedRegion[],
  nodes: readonly NodeFacts[],
  regionLabel: string,
  nodePools: readonly NodePoolFacts[],
): readonly string[] {
  if (nodePools.length === 0) return [];
  const names = regions.map(({ metadata }) => metadata.name).sort();
  const { now, later } = regionsOfPools(nodePools, nodes, { regionLabel, regions: names });
  const served = new Set([...now, ...later, ...nodes.map(({ region }) => region)]);
  return regions.flatMap(({ metadata, spec }) => (spec.elastic && !served.has(metadata.name) ? [metadata.name] : []));
}

function listed(nodes: readonly NodeFacts[]): string {
  const names = nodes.map(nameOf).sort();
  return `${names.length === 1 ? 'node' : 'nodes'} ${nameFew(names, MOST_NAMES, itself)}`;
}
