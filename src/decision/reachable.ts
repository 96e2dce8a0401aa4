import { pictureOf } from '../regions/picture.ts';
import type { Picture, RegionView, Snapshot } from '../regions/snapshot.ts';
import type { Topology } from '../regions/topology.ts';
import { ANY_NODE, type Asks, areMet, asksNothing, asksOf, needsOf } from './asks.ts';
import { mayCome } from './new-nodes.ts';
import { keyOf, type Places, placesOf, untoleratedIn } from './node-match.ts';
import { satisfies } from './node-selector.ts';
import type { Pod, Toleration } from './pod.ts';
import { comingFor, comingLater } from './pool-match.ts';
import { createMemory, keepByName, remember, rememberByName } from './remember.ts';
import { isUsable } from './usable.ts';
import type { VolumeTerms } from './volume-terms.ts';

/** Where a pod can run before any policy. One object for equal reaches of a picture. */
export interface Reach {
  /** Whether `regions` are all regions that have nodes or may get some. */
  readonly all: boolean;
  /** Regions with a node that fits the pod, or that may get one; without a view of nodes, those that its own words admit. */
  readonly regions: readonly RegionView[];
  /** Further ones in which a node may come later, or nobody knows where; absent where there are none. No pod is denied for want of these. */
  readonly later?: readonly RegionView[];
  /** Where its needs alone, without its wishes, would let it run. */
  readonly needed: readonly RegionView[];
  /** Where its own words on regions would let it run, if there were nodes. */
  readonly possible: readonly RegionView[];
  /** The only regions that its own words name, known or not; absent where they name none. */
  readonly named?: readonly string[];
  /** Those of `regions` that have a fitting node now; absent without a view of nodes. */
  readonly seen?: ReadonlySet<string>;
  /** Whether a node without a region label fits the pod. */
  readonly unlabelled: boolean;
  /** What both would be without the target that the pod's author names; absent where it names none. */
  readonly untargeted?: Pick<Reach, 'regions' | 'unlabelled'>;
  /** Where the pod's volumes alone let it run; empty where no node tells, absent where they leave all. */
  readonly heldTo?: readonly RegionView[];
  /** The pod names a node of which nobody knows the region. */
  readonly onUnknownNode?: true;
}

export interface ReachOptions {
  readonly target?: string | undefined;
  /** Also counts requirements that gridgate added: for a final pod, which nothing can steer any more. */
  readonly asIs?: boolean;
  /** Bound volumes: where each of them is, the pod must be. */
  readonly volumes?: readonly VolumeTerms[] | undefined;
  /** Those that gridgate would add. */
  readonly tolerations?: readonly Toleration[];
}

type Parts = Omit<Reach, 'all'>;

const NO_TOLERATIONS: readonly Toleration[] = [];

/** The regions in which a node can run a pod, by what the pod itself asks for. */
export function reachableRegions(pod: Pod, snapshot: Snapshot, options: ReachOptions = {}): Reach {
  const { topology } = snapshot;
  const { target, asIs = false, volumes, tolerations = NO_TOLERATIONS } = options;
  const asks = asksOf(pod, snapshot, { asIs, volumes, tolerations });
  if (pod.spec?.nodeName) return reachOfNode(pod.spec.nodeName, asks, snapshot);
  const taints = untoleratedIn(snapshot, asks.tolerations);
  if (target === undefined && taints === '' && asksNothing(asks))
    return remember(whole, snapshot, () => shared(partsOf(asks, target, snapshot), snapshot));
  const key = keyOf(asks, taints);
  const ofPicture = remember(byAsks, pictureOf(snapshot), () => new Map<string, Known>());
  const name = target === undefined ? key : `${target}\n${key}`;
  const known = ofPicture.get(name);
  if (known && known.versions === topology?.versions) return known.reach;
  const grounds = groundsOf(asks, topology, key, taints);
  const holds = known && grounds.every((one, index) => one === known.grounds[index]);
  const reach = holds ? known.reach : shared(partsOf(asks, target, snapshot, key), snapshot);
  return keepByName(ofPicture, name, { most: MOST_ASKS }, { reach, versions: topology?.versions, grounds }).reach;
}

/** A reach, the versions of the nodes that it was worked out for, and the parts of them that it depends on. */
interface Known {
  readonly reach: Reach;
  readonly versions: Topology['versions'] | undefined;
  readonly grounds: readonly object[];
}

/**
 * What a reach depends on beside the picture: equal grounds make equal reaches. Most changes of nodes leave them as they
 * are.
 */
function groundsOf(asks: Asks, topology: Topology | undefined, key: string, taints: string): readonly object[] {
  if (!topology) return [];
  if (asks.volumes.length > 0) return [topology.versions];
  const needs = needsOf(asks);
  return [topology.places, placesOf(asks, topology, key), placesOf(needs, topology, keyOf(needs, taints))];
}

/** Pods of a cluster share few reaches, most of them the whole one: what was judged for one serves the next. */
const whole = createMemory<Snapshot, Reach>();
/** Kept by picture, since few reaches depend on which nodes come and go. */
const byAsks = createMemory<Picture, Map<string, Known>>();
const byContent = createMemory<Picture, Map<string, Reach>>();
const MOST_ASKS = 4_000;
const MOST_REACHES = 500;
/** Room for 200 regions in each list; authors of pods may name any number. */
const LONGEST_CONTENT = 65_536;
/** The longest label value that the API server accepts. */
const LONGEST_VALUE = 63;

function shared(parts: Parts, snapshot: Snapshot): Reach {
  const ofPicture = remember(byContent, pictureOf(snapshot), () => new Map<string, Reach>());
  const { regions, later, needed, possible, untargeted, heldTo, named, seen, unlabelled, onUnknownNode } = parts;
  const lists = [regions, needed, possible, untargeted?.regions ?? [], ...(heldTo ? [heldTo] : [])].map((views) =>
    views === snapshot.regions ? '*' : views.map(({ name }) => name),
  );
  const ofLater = later?.map(({ name }) => name);
  const open = [unlabelled, untargeted?.unlabelled, onUnknownNode];
  const key = JSON.stringify([lists, ofLater, named, seen && [...seen], ...open]);
  return rememberByName(ofPicture, key, { most: MOST_REACHES, longest: LONGEST_CONTENT }, () => ({
    all: regions.length === snapshot.regions.filter((region) => isUsable(region, snapshot)).length,
    ...parts,
  }));
}

function partsOf(asks: Asks, target: string | undefined, snapshot: Snapshot, key?: string): Parts {
  const { topology } = snapshot;
  const places = topology && placesOf(asks, topology, key);
  const fitting = within(asks, snapshot, places);
  const unlabelled = places?.unlabelled ?? false;
  const named = target === undefined ? namedRegions(asks, snapshot.regionLabel) : [target];
  const held = heldBy(asks, snapshot);
  const isMeant = ({ name }: RegionView) => target === undefined || name === target;
  const later = laterBeside(fitting, asks, snapshot).filter(isMeant);
  return {
    regions: target === undefined ? fitting : fitting.filter(isMeant),
    ...(later.length > 0 && { later }),
    needed: within(needsOf(asks), snapshot),
    possible: possibleRegions(asks, target, snapshot),
    ...(named && { named }),
    ...(places && {
      seen: target === undefined ? places.regions : new Set([target].filter((one) => places.regions.has(one))),
    }),
    unlabelled: target === undefined && unlabelled,
    ...(target !== undefined && { untargeted: { regions: fitting, unlabelled } }),
    ...(held && { heldTo: held }),
  };
}

/** The known regions with a node that fits, or that may get one; the same array as all regions where that is all of them. */
export function within(
  asks: Asks,
  snapshot: Snapshot,
  places: Places | undefined = snapshot.topology && placesOf(asks, snapshot.topology),
): readonly RegionView[] {
  const { regions } = snapshot;
  if (!places && asksNothing(asks)) return regions;
  const found = regions.filter(
    places ? isReachedBy(asks, snapshot, places) : (region) => speaksFor(region.name, asks, snapshot.regionLabel),
  );
  return found.length === regions.length ? regions : found;
}

function isReachedBy(asks: Asks, snapshot: Snapshot, places: Places): (region: RegionView) => boolean {
  const coming = comingFor(asks, snapshot);
  return (region) =>
    places.regions.has(region.name) ||
    (coming.regions.has(region.name) && !region.isClosed) ||
    (region.elastic && mayCome(asks, region, snapshot));
}

/** Where a node for the pod may come that nobody can count on now. */
function laterBeside(within: readonly RegionView[], asks: Asks, snapshot: Snapshot): readonly RegionView[] {
  const { topology, regions } = snapshot;
  if (!topology || within.length === regions.length) return [];
  const coming = comingLater(asks, snapshot);
  return regions.filter((region) => coming.regions.has(region.name) && !region.isClosed && !within.includes(region));
}

/**
 * Whether the requirements of a pod and its volumes on the region label admit a region; all other requirements are
 * ignored.
 */
function speaksFor(name: string, asks: Asks, regionLabel: string): boolean {
  return areMet(asks, (one) => one.key !== regionLabel || satisfies(one, name));
}

function possibleRegions(
  { alternatives }: Asks,
  target: string | undefined,
  snapshot: Snapshot,
): readonly RegionView[] {
  const { regions, regionLabel } = snapshot;
  const ofPod = { ...ANY_NODE, alternatives };
  if (target === undefined && asksNothing(ofPod)) return regions;
  const possible = regions.filter(
    ({ name }) => (target === undefined || name === target) && speaksFor(name, ofPod, regionLabel),
  );
  return possible.length === regions.length ? regions : possible;
}

/** The regions that the pod itself names; `undefined` unless each of its alternatives names some. */
function namedRegions({ alternatives }: Asks, regionLabel: string): readonly string[] | undefined {
  const names = alternatives.map((alternative) => {
    const onRegion = alternative.filter(({ key }) => key === regionLabel);
    const listed = onRegion.find(({ operator }) => operator === 'In')?.values;
    return listed?.filter((name) => name.length <= LONGEST_VALUE && onRegion.every((one) => satisfies(one, name)));
  });
  return names.every((some) => some !== undefined) ? [...new Set(names.flat())].sort() : undefined;
}

/**
 * Where the volumes alone leave a pod; `undefined` where that is everywhere that has nodes. Nowhere where no node tells:
 * they lie somewhere all the same, and only nodes that come there can run the pod, so that no region may be closed.
 */
function heldBy(asks: Asks, snapshot: Snapshot): readonly RegionView[] | undefined {
  if (asks.volumes.length === 0) return undefined;
  const alone = { ...ANY_NODE, volumes: asks.volumes };
  const places = snapshot.topology && placesOf(alone, snapshot.topology);
  const left = within(alone, snapshot, places);
  const saysRegion = () => snapshot.regions.some(({ name }) => !speaksFor(name, alone, snapshot.regionLabel));
  if (places?.regions.size === 0 && left.length > 1 && !saysRegion()) return [];
  return left.length < within(ANY_NODE, snapshot).length ? left : undefined;
}

/**
 * No scheduler asks anything of a pod that names its node: whatever else it claims, this is where it runs. A volume that
 * cannot be reached from there holds nothing.
 */
function reachOfNode(nodeName: string, asks: Asks, snapshot: Snapshot): Reach {
  const node = snapshot.topology?.byName.get(nodeName);
  const region = node?.region === undefined ? undefined : snapshot.byName.get(node.region);
  const regions = region ? [region] : [];
  const heldTo = heldBy(asks, snapshot);
  return shared(
    {
      regions,
      needed: within(needsOf(asks), snapshot),
      possible: regions,
      named: regions.map(({ name }) => name),
      ...(snapshot.topology && { seen: new Set(regions.map(({ name }) => name)) }),
      unlabelled: node !== undefined && node.region === undefined,
      ...(!node && { onUnknownNode: true as const }),
      ...(region && heldTo?.includes(region) && { heldTo }),
    },
    snapshot,
  );
}
