import { ZONE_LABEL } from '../units/label-names.ts';
import { type NameExpression, nameExpression } from './name-expression.ts';
import { isPlaceLabel, type NodeFacts } from './node-facts.ts';
import { zoneRegions } from './zone-regions.ts';

/** What the cluster's owner says of node groups: those whose name `match` is found in are in that region. */
export interface GroupPattern {
  readonly region: string;
  /** A regular expression, as `groupExpression` takes it. */
  readonly match: string;
}

interface Group {
  readonly name: string;
}

/**
 * The region of each node group of Cluster Autoscaler, by the first that tells:
 *
 * | tells                                     | example                                                          |
 * | ----------------------------------------- | ---------------------------------------------------------------- |
 * | the first pattern found in its name       | `{region: us-west-2, match: ^eks-batch-}`                        |
 * | its nodes, by how clouds name them        | `groupsByNodes`                                                  |
 * | the zone of a Google Cloud group          | `https://.../zones/us-central1-b/instanceGroups/gke-one-1a2b-grp` |
 * | one region or zone named in its name      | `batch-us-east-1a-spot`                                          |
 *
 * A group whose nodes are in two regions has none, whatever its name says.
 */
export function groupRegions(
  groups: readonly Group[],
  nodes: Iterable<NodeFacts>,
  regions: Iterable<string>,
  patterns: readonly GroupPattern[] = [],
): ReadonlyMap<string, string> {
  const everyNode = [...nodes];
  const regionNames = [...regions];
  const ofPattern = regionByPattern(patterns);
  const ofNodes = regionsOfNodes(groups, everyNode);
  const ofName = regionByName(everyNode, regionNames);
  const found = new Map<string, string>();
  for (const { name } of groups) {
    const seen = ofNodes.get(name);
    const region = ofPattern(name) ?? (seen === undefined ? ofName(name) : onlyOne(seen));
    if (region !== undefined) found.set(name, region);
  }
  return found;
}

const LONGEST_EXPRESSION = 200;

/** Compiles an expression on names of node groups; `undefined` where it is none, too long, or has more than `nameExpression` takes. */
export function groupExpression(text: string): NameExpression | undefined {
  return text === '' || text.length > LONGEST_EXPRESSION ? undefined : nameExpression(text);
}

function regionByPattern(patterns: readonly GroupPattern[]): (name: string) => string | undefined {
  const compiled = patterns.map(({ region, match }) => ({ region, expression: groupExpression(match) }));
  return (name) => compiled.find(({ expression }) => expression?.test(name))?.region;
}

/** The regions of a group's nodes, by its name; none of it where no node is known that is its own. */
export function regionsOfNodes(
  groups: readonly Group[],
  nodes: Iterable<NodeFacts>,
): ReadonlyMap<string, ReadonlySet<string>> {
  const groupsByTrait = Map.groupBy(
    groups.flatMap(({ name }) => traitsOfGroup(name).map((trait) => ({ name, trait }))),
    ({ trait }) => trait,
  );
  const found = new Map<string, Set<string>>();
  for (const node of nodes) {
    if (node.region === undefined) continue;
    for (const trait of traitsOfNode(node))
      for (const { name } of groupsByTrait.get(trait) ?? [])
        found.set(name, (found.get(name) ?? new Set()).add(node.region));
  }
  return found;
}

const LABEL_OF_EKS = 'eks.amazonaws.com/nodegroup';
const LABEL_OF_EKSCTL = 'alpha.eksctl.io/nodegroup-name';
const LABEL_OF_KOPS = 'kops.k8s.io/instancegroup';

/** Managed node groups made since 2021: aws/containers-roadmap#1304. Before, their names were `eks-<uuid>` and told nothing. */
const EKS = /^eks-(.+)-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** Of CloudFormation: `eksctl-<cluster>-nodegroup-<group>-NodeGroup-1LRT8H4ZKAVO9`. */
const EKSCTL = /^eksctl-.+-nodegroup-(.+)-NodeGroup-[0-9A-Za-z]+$/;
/** kOps on AWS: `nodes-us-east-1a.k8s.example.com`. */
const KOPS = /^([^./]+)\.[^/]+$/;
/** As Cluster Autoscaler builds it, gce_url.go. */
const GOOGLE = /\/zones\/([^/]+)\/instanceGroups\/([^/]+)$/;

/**
 * What tells a group's nodes from others:
 *
 * | group                                                 | its nodes                                               |
 * | ----------------------------------------------------- | ------------------------------------------------------- |
 * | `eks-<group>-<uuid>` (EKS)                            | label `eks.amazonaws.com/nodegroup: <group>`            |
 * | `eksctl-<cluster>-nodegroup-<group>-NodeGroup-<id>`   | label `alpha.eksctl.io/nodegroup-name: <group>`         |
 * | `<group>.<cluster>` (kOps)                            | label `kops.k8s.io/instancegroup: <group>`              |
 * | `https://.../instanceGroups/<base>-grp` (Google)      | named `<base>-x7dk`                                     |
 * | `aks-pool-17816125-vmss`, `akspool` (Azure)           | named `aks-pool-17816125-vmss00000a`, `akspool000000`   |
 * | any, such as an id of DigitalOcean or Scaleway        | a label of the owner's or the cloud's has it for value  |
 */
function traitsOfGroup(group: string): readonly string[] {
  const base = GOOGLE.exec(group)?.[2]?.replace(/-grp$/, '');
  const labels: readonly [label: string, value: string | undefined][] = [
    [LABEL_OF_EKS, EKS.exec(group)?.[1]],
    [LABEL_OF_EKSCTL, EKSCTL.exec(group)?.[1]],
    [LABEL_OF_KOPS, KOPS.exec(group)?.[1]],
  ];
  return [
    ...labels.flatMap(([label, value]) => (value === undefined ? [] : [labelTrait(label, value)])),
    ...(base === undefined ? [] : [`google ${base}`]),
    `azure ${group.toLowerCase()}`,
    `value ${group}`,
  ];
}

/** Kubernetes' own labels say what a node is, never which group made it. */
const NOT_OF_A_GROUP = /(^|\.)kubernetes\.io\//;

function* traitsOfNode({ name, labels }: NodeFacts): Iterable<string> {
  for (const label of [LABEL_OF_EKS, LABEL_OF_EKSCTL, LABEL_OF_KOPS]) {
    const value = labels[label];
    if (value) yield labelTrait(label, value);
  }
  if (/-[a-z0-9]{4}$/.test(name)) yield `google ${name.slice(0, -5)}`;
  if (/[a-z0-9]{6}$/.test(name)) yield `azure ${name.slice(0, -6)}`;
  for (const [label, value] of Object.entries(labels))
    if (value && !NOT_OF_A_GROUP.test(label) && !isPlaceLabel(label)) yield `value ${value}`;
}

function labelTrait(label: string, value: string): string {
  return `label ${label}=${value}`;
}

/** Zones named `1` or `b` are in too many names. */
const SHORTEST_ZONE = 3;

function regionByName(nodes: readonly NodeFacts[], regions: readonly string[]): (group: string) => string | undefined {
  const ofZone = zoneRegions(nodes, regions);
  const zones = new Set(
    nodes.map(({ labels }) => labels[ZONE_LABEL] ?? '').filter((zone) => zone.length >= SHORTEST_ZONE),
  );
  const places = [
    ...regions.map((region) => ({ place: region, region, found: standsIn(region, '[a-z]?') })),
    ...[...zones].flatMap((zone) => {
      const region = ofZone(zone);
      return region === undefined ? [] : [{ place: zone, region, found: standsIn(zone, '') }];
    }),
  ].sort((a, b) => b.place.length - a.place.length);
  return (group) => {
    const zone = GOOGLE.exec(group)?.[1];
    if (zone !== undefined) return ofZone(zone);
    const named = new Set<string>();
    let rest = group.toLowerCase();
    for (const { region, found } of places) {
      const without = rest.replace(found, '$<before>/');
      if (without !== rest) named.add(region);
      rest = without;
    }
    return onlyOne(named);
  };
}

/** Finds a name between what is neither letter nor digit; AWS's zones have one letter more than their region. */
function standsIn(name: string, more: string): RegExp {
  const escaped = name.toLowerCase().replaceAll(/[.*+?^${}()|[\]\\/-]/g, String.raw`\$&`);
  return new RegExp(`(?<before>^|[^a-z0-9])${escaped}${more}(?![a-z0-9])`, 'g');
}

function onlyOne(names: ReadonlySet<string>): string | undefined {
  const [name] = names;
  return names.size === 1 ? name : undefined;
}
