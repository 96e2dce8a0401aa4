import type { RegionView } from '../../src/regions/snapshot.ts';
import { HOSTNAME_LABEL, makeRegion, REGION_LABEL, ZONE_LABEL } from '../builders.ts';
import type { Rendered } from '../cluster/rendered-manifests.ts';
import { isCarbonExempt, isGood, type Verdict, verdictOn } from '../decision/policy-model.ts';
import { type Node, nodesFor } from '../decision/scheduler-model.ts';

export interface World {
  readonly regions: readonly RegionView[];
  readonly nodes: readonly Node[];
}

/** What should become of a pod: refused, for this reason, or run on one of these nodes (on none: wait). */
export type Expectation = { readonly denied: string } | { readonly nodes: readonly string[] };

type Policy = Readonly<Record<string, string>>;

/** Labels by which gridgate knows where a constraint leads; it does not look at others. */
const PLACES = [REGION_LABEL, ZONE_LABEL, HOSTNAME_LABEL];

/** DESIGN 4 and 5 in terms of nodes, on purpose without anything of `src/decision`. */
export function expectationOf(pod: Rendered, policy: Policy, world: World): Expectation {
  const { mode = 'off' } = policy;
  const own = acceptedBy(pod, world.nodes);
  if (mode === 'off' || mode === 'audit') return { nodes: own };

  const target = pod.spec.nodeName ? undefined : annotation(pod, 'region');
  const bound = target === undefined ? world.nodes : world.nodes.filter((node) => regionOf(node) === target);
  const within = acceptedBy(onPlacesAlone(pod), bound).map((name) =>
    regionOf(world.nodes.find((node) => node.name === name)),
  );
  const reached = world.regions.filter(({ name }) => within.includes(name));
  const unmoved = own.filter((name) => bound.some((node) => node.name === name));
  if (reached.length === 0) return { nodes: unmoved };

  const kept = keptRegions(pod, policy, reached, world);
  if (kept.length === 0)
    return mode === 'enforce'
      ? { denied: firstReason(reached.map((region) => verdictOn(region, { pod, policy }))) }
      : { nodes: own };
  if (pod.spec.nodeName) return { nodes: unmoved };
  const names = kept.map(({ name }) => name);
  const best = policy['placement'] === 'require' && !isCarbonExempt({ pod, policy }) ? bestOf(kept) : [];
  const verdicts = reached.map((region) => verdictOn(region, { pod, policy }));
  const isBinding =
    verdicts.some(({ allowed, near }) => !allowed || !near) ||
    undescribed(world).some((region) => !verdictOn(region, { pod, policy }).allowed);
  return {
    nodes: unmoved.filter((name) => {
      const region = regionOf(world.nodes.find((node) => node.name === name));
      if (best.length > 0) return best.includes(region);
      if (isBinding) return names.includes(region);
      return names.includes(region) || !reached.some((other) => other.name === region);
    }),
  };
}

/** Regions that nodes are in and nobody described: where they are not allowed, only names can keep a pod out of them. */
function undescribed({ nodes, regions }: World): readonly RegionView[] {
  const names = new Set(nodes.map(regionOf).filter((name) => name !== ''));
  return [...names]
    .filter((name) => !regions.some((region) => region.name === name))
    .map((name) => makeRegion(name, undefined));
}

/** The good regions within reach; when there is none, the cleanest that is refused for carbon alone, unless that is denied. */
function keptRegions(
  pod: Rendered,
  policy: Policy,
  reached: readonly RegionView[],
  world: World,
): readonly RegionView[] {
  const good = (region: RegionView) => isGood(verdictOn(region, { pod, policy }));
  if (reached.some(good)) return reached.filter(good);
  const dirty = reached.filter((region) => isGood({ ...verdictOn(region, { pod, policy }), clean: true }));
  const cleanest = dirty.toSorted((a, b) => grams(a) - grams(b)).slice(0, 1);
  if (policy['when-all-dirty'] === 'deny' || world.regions.some(good)) return [];
  // What its author's own limits rule out counts as elsewhere: they must not lead to where the namespace alone would not.
  const withoutLimits = unlimited(pod, policy);
  if (withoutLimits === pod) return cleanest;
  const ofNamespace = keptRegions(withoutLimits, policy, reached, world);
  return cleanest.filter((region) => ofNamespace.includes(region));
}

/** The pod without the limits of its own that are stricter than its namespace's. */
function unlimited(pod: Rendered, policy: Policy): Rendered {
  const {
    'gridgate.dev/regions': regions,
    'gridgate.dev/max-intensity': ceiling,
    ...others
  } = pod.metadata.annotations;
  const isLower = ceiling !== undefined && Number(ceiling) < Number(policy['max-intensity'] ?? 300);
  if (regions === undefined && !isLower) return pod;
  const kept = isLower || ceiling === undefined ? others : { ...others, 'gridgate.dev/max-intensity': ceiling };
  return { ...pod, metadata: { ...pod.metadata, annotations: kept } };
}

/** The nodes that a pod itself accepts; one that names its node never meets the scheduler. */
function acceptedBy(pod: Rendered, nodes: readonly Node[]): readonly string[] {
  const { nodeName } = pod.spec;
  return nodeName ? nodes.filter(({ name }) => name === nodeName).map(({ name }) => name) : nodesFor(pod, nodes);
}

/** The pod with its constraints on other labels taken for met. */
function onPlacesAlone(pod: Rendered): Rendered {
  const copy = structuredClone(pod);
  const { nodeSelector = {}, affinity } = copy.spec;
  copy.spec.nodeSelector = Object.fromEntries(Object.entries(nodeSelector).filter(([key]) => PLACES.includes(key)));
  const terms = affinity?.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms ?? [];
  for (const term of terms)
    term.matchExpressions = term.matchExpressions?.map((expression: Rendered) =>
      PLACES.includes(expression.key) ? expression : { key: HOSTNAME_LABEL, operator: 'Exists' },
    );
  return copy;
}

/** Within 10% of the best score, by carbon alone; a region nobody measured has none. */
function bestOf(regions: readonly RegionView[]): string[] {
  const least = Math.min(...regions.map(grams));
  return regions
    .filter((region) => Number.isFinite(grams(region)) && least / grams(region) >= 0.9)
    .map(({ name }) => name);
}

function firstReason(verdicts: readonly Verdict[]): string {
  const reasons = verdicts.map(({ allowed, near, healthy }) => {
    if (!allowed) return 'not_allowed';
    if (!near) return 'too_far';
    return healthy ? 'high_carbon' : 'outage';
  });
  return (
    ['not_allowed', 'too_far', 'outage', 'high_carbon'].find((reason) => reasons.some((one) => one === reason)) ?? ''
  );
}

function annotation(pod: Rendered, name: string): string | undefined {
  return pod.metadata.annotations[`gridgate.dev/${name}`];
}

function grams({ reading }: RegionView): number {
  return reading?.gramsPerKwh ?? Number.POSITIVE_INFINITY;
}

function regionOf(node: Node | undefined): string {
  return node?.labels[REGION_LABEL] ?? '';
}
