import { keepingAway, type NodeClass } from '../regions/node-classes.ts';
import { labelOf, type NodeFacts, type Taint } from '../regions/node-facts.ts';
import type { Snapshot } from '../regions/snapshot.ts';
import type { RegionNodes, RegionVersion, Topology } from '../regions/topology.ts';
import { HOSTNAME_LABEL } from '../units/label-names.ts';
import type { Amounts } from '../units/requested-amounts.ts';
import { type Alternative, type Asks, areMet, NODE_NAME, requirementsOf } from './asks.ts';
import { satisfies } from './node-selector.ts';
import type { Toleration } from './pod.ts';
import { createMemory, keepByName, LONGEST_NAME, remember } from './remember.ts';

const NO_TAINTS: readonly Taint[] = [];

/** Where nodes are that have what a pod asks for. */
export interface Places {
  readonly regions: ReadonlySet<string>;
  /** Nodes without a region label. */
  readonly unlabelled: boolean;
}

/**
 * How many comparisons one pod is worth. Its author may write thousands of values, and a cluster has thousands of nodes.
 * Beyond this every node counts as fitting: more regions are within reach, and refused ones are kept out all the same.
 */
const MOST_LOOKS = 2_000_000;

/**
 * The places of the nodes that kube-scheduler's filters for node affinity, taints, resources and bound volumes let a pod onto.
 * The same object as before for as long as they stay the same, whatever nodes come and go.
 */
export function placesOf(
  asks: Asks,
  topology: Topology,
  key = keyOf(asks, untolerated(asks.tolerations, topology.taints)),
): Places {
  if (key.length > LONGEST_NAME) return answer(asks, topology, undefined).places;
  const known = remember(answers, topology.lineage, () => new Map<string, Answer>());
  const before = known.get(key);
  if (before?.versions === topology.versions) return before.places;
  return keepByName(known, key, { most: MOST_ANSWERS }, answer(asks, topology, before)).places;
}

/** What the nodes of each region answered. It outlives a topology, and its nodes: only regions with a changed node are asked again. */
interface Answer {
  readonly versions: readonly RegionVersion[];
  readonly matches: readonly boolean[];
  readonly places: Places;
  /** The labels that told single nodes apart when this was answered. */
  readonly individual: ReadonlySet<string>;
  readonly way: Way;
}

/**
 * How the nodes of a region are asked: by their classes or one by one; not at all where asks name nodes, or are too many
 * to look at.
 */
type Way = 'classes' | 'nodes' | 'named' | 'unasked';

const answers = createMemory<object, Map<string, Answer>>();
/** Authors of pods may make up any number. */
const MOST_ANSWERS = 4_000;

function answer(asks: Asks, topology: Topology, before: Answer | undefined): Answer {
  const { byRegion, versions, individual } = topology;
  if (before && isAsBefore(before, asks, topology)) return { ...before, versions };
  const pinned = pinnedNodes(asks, topology);
  const way = wayOf(asks, topology, pinned);
  const named = way === 'named' && new Set(pinned?.filter((node) => isMatch(node, asks)).map(({ region }) => region));
  const matches = byRegion.map((one) => (named ? named.has(one.region) : isMatched(one, asks, way)));
  const regions = byRegion.filter((_, index) => matches[index]).map(({ region }) => region);
  const labelled = new Set(regions.filter((region) => region !== undefined));
  const places = { regions: labelled, unlabelled: labelled.size < regions.length };
  return { versions, matches, places, individual, way };
}

function wayOf(asks: Asks, topology: Topology, pinned: readonly NodeFacts[] | undefined): Way {
  const isIndividual = asksIndividually(asks, topology);
  const among = pinned ?? (isIndividual ? topology.nodes : topology.classes);
  if (requirementsCount(asks) * among.length > MOST_LOOKS) return 'unasked';
  if (pinned) return 'named';
  return isIndividual ? 'nodes' : 'classes';
}

function isMatched({ classes }: RegionNodes, asks: Asks, way: Way): boolean {
  return way === 'unasked' || classes.some((one) => hasMatch(one, asks, way === 'nodes'));
}

/** Whether all regions answer as before: most changes concern one region and alter no answer. */
function isAsBefore({ versions, matches, individual, way }: Answer, asks: Asks, topology: Topology): boolean {
  if (way === 'named' || individual !== topology.individual || versions.length !== topology.versions.length)
    return false;
  for (let index = 0; index < versions.length; index++) {
    const [before, one] = [versions[index], topology.byRegion[index]];
    if (!one || before === one.version) continue;
    if (before?.region !== one.region || isMatched(one, asks, way) !== matches[index]) return false;
  }
  return true;
}

/**
 * The asks as text. Of tolerations it holds what matters of them: the taints of known nodes that the pod does not
 * tolerate.
 */
export function keyOf({ alternatives, requests, volumes }: Asks, taints: string): string {
  const terms = volumes.length > 0 ? volumes.map(({ terms }) => terms) : 0;
  return JSON.stringify([alternatives, requests, terms]) + taints;
}

/** The same of all taints of nodes that there are, or may come; without a view of nodes, none count. */
export function untoleratedIn({ topology, supply }: Snapshot, tolerations: readonly Toleration[]): string {
  if (!topology) return '';
  return untolerated(tolerations, topology.taints) + untolerated(tolerations, supply?.taints ?? NO_TAINTS);
}

/** Which of some taints a pod does not tolerate; empty where it tolerates all. */
export function untolerated(tolerations: readonly Toleration[], taints: readonly Taint[]): string {
  let key = '';
  for (const taint of taints)
    if (!tolerations.some((toleration) => tolerates(toleration, taint)))
      key += `\n${taint.key}=${taint.value ?? ''}:${taint.effect}`;
  return key;
}

/** Whether a node of the class fits. */
function hasMatch(one: NodeClass, asks: Asks, isIndividual: boolean): boolean {
  if (!toleratesAll(asks.tolerations, one.taints) || !fits(asks.requests, one.most)) return false;
  const isExact = !isIndividual && fits(asks.requests, one.least);
  return isExact ? meets(one.labels, undefined, asks) : one.nodes.some((node) => isMatchWithin(node, asks));
}

function isMatch(node: NodeFacts, asks: Asks): boolean {
  return toleratesAll(asks.tolerations, keepingAway(node)) && isMatchWithin(node, asks);
}

/** For a node whose taints were compared already. */
function isMatchWithin({ name, labels, allocatable }: NodeFacts, asks: Asks): boolean {
  return fits(asks.requests, allocatable) && meets(labels, name, asks);
}

function meets(labels: NodeFacts['labels'], name: string | undefined, asks: Asks): boolean {
  return areMet(asks, (one) => satisfies(one, one.key === NODE_NAME ? name : labelOf(labels, one.key)));
}

/** Room for rounding: 0.1 + 0.2 cores exceed 0.3 by less than this share; of a terabyte it is one byte. */
const ROUNDING = 1e-12;

/** A node that states no allocatable amounts has room for anything. */
function fits(requests: Amounts, offered: Amounts | undefined): boolean {
  if (!offered) return true;
  for (const resource in requests)
    if (!((requests[resource] ?? 0) <= (offered[resource] ?? 0) * (1 + ROUNDING))) return false;
  return true;
}

/** Whether none of some taints keeps the pod away. */
export function toleratesAll(tolerations: readonly Toleration[], taints: readonly Taint[]): boolean {
  return taints.every((taint) => tolerations.some((toleration) => tolerates(toleration, taint)));
}

/**
 * As `v1.Toleration.ToleratesTaint` has it: no effect means all, no key with `Exists` every taint; `Gt` and `Lt` (1.35)
 * compare integers.
 */
function tolerates({ key, operator, value, effect }: Toleration, taint: Taint): boolean {
  if (effect && effect !== taint.effect) return false;
  if (key && key !== taint.key) return false;
  if (operator === 'Exists') return true;
  if (!key) return false;
  if (operator === 'Gt' || operator === 'Lt') return satisfies({ key, operator, values: [value ?? ''] }, taint.value);
  return (!operator || operator === 'Equal') && (value ?? '') === (taint.value ?? '');
}

/**
 * The nodes that the alternatives name; `undefined` where one of them names none. A pin to one node must not cost a walk
 * over 5,000.
 */
function pinnedNodes(asks: Asks, topology: Topology): readonly NodeFacts[] | undefined {
  const lists = [asks.alternatives, ...asks.volumes.map(({ terms }) => terms.map(requirementsOf))];
  for (const alternatives of lists) {
    const named = alternatives.map((alternative) => namedNodes(alternative, topology));
    if (named.length > 0 && named.every((nodes) => nodes !== undefined)) return [...new Set(named.flat())];
  }
  return undefined;
}

function namedNodes(alternative: Alternative, topology: Topology): readonly NodeFacts[] | undefined {
  for (const { key, operator, values } of alternative) {
    if (operator !== 'In') continue;
    if (key === NODE_NAME) return (values ?? []).flatMap((value) => topology.byName.get(value) ?? []);
    if (key === HOSTNAME_LABEL) return (values ?? []).flatMap((value) => topology.byHostname.get(value) ?? []);
  }
  return undefined;
}

/** Whether the answer depends on labels that single nodes of a class do not share. */
function asksIndividually({ alternatives, volumes }: Asks, { individual }: Topology): boolean {
  const isIndividual = (alternative: Alternative) =>
    alternative.some(({ key }) => key === NODE_NAME || individual.has(key));
  return (
    alternatives.some(isIndividual) ||
    volumes.some(({ terms }) => terms.some((term) => isIndividual(requirementsOf(term))))
  );
}

/** How many requirements and values there are to compare. */
export function requirementsCount({ alternatives, volumes }: Asks): number {
  let count = 1;
  const add = (alternative: Alternative) => {
    for (const { values } of alternative) count += 1 + (values?.length ?? 0);
  };
  alternatives.forEach(add);
  for (const { terms } of volumes) for (const term of terms) add(requirementsOf(term));
  return count;
}
