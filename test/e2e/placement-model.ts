import type { RegionView } from '../../src/regions/snapshot.ts';
import { makeRegion, REGION_LABEL } from '../builders.ts';
import type { Rendered } from '../cluster/rendered-manifests.ts';
import { isCarbonExempt, isGood, type Verdict, verdictOn } from '../decision/policy-model.ts';
import { type Node, nodesFor } from '../decision/scheduler-model.ts';

export interface World {
  /** Those that somebody described; nodes may be in others. */
  readonly regions: readonly RegionView[];
  readonly nodes: readonly Node[];
}

/** What should become of a pod: refused, for this reason, or run on one of these nodes (on none: wait). */
export type Expectation = { readonly denied: string } | { readonly nodes: readonly string[] };

type Policy = Readonly<Record<string, string>>;

/** Without these an image does not run: no wish, unlike all other labels. */
const NEEDED = ['kubernetes.io/os', 'kubernetes.io/arch'];

/** What the policy page promises, in terms of nodes, on purpose without anything of `src/decision`. No region is elastic. */
export function expectationOf(pod: Rendered, policy: Policy, world: World): Expectation {
  const { mode = 'off' } = policy;
  const own = acceptedBy(pod, world.nodes);
  if (mode === 'off' || mode === 'audit') return { nodes: own };
  const expected = underPolicy(pod, policy, own, world);
  return 'denied' in expected && mode !== 'enforce' ? { nodes: own } : expected;
}

function underPolicy(pod: Rendered, policy: Policy, own: readonly string[], world: World): Expectation {
  const target = pod.spec.nodeName ? undefined : annotation(pod, 'region');
  const matching = own.filter((name) => target === undefined || regionOf(name, world) === target);
  const reached = regionsOf(matching, world);
  const spoken = pod.spec.nodeName ? reached : namedBy(pod, target, world);
  const verdict = (region: RegionView) => verdictOn(region, { pod, policy });
  const isSovereign = policy['regions'] !== undefined || annotation(pod, 'regions') !== undefined;
  const isOnlyUnlabelled = reached.length === 0 && matching.length > 0;
  if (isSovereign && (isOnlyUnlabelled || !spoken.some((region) => verdict(region).allowed)))
    return { denied: 'not_allowed' };
  if (reached.length === 0) return { nodes: matching };

  const kept = keptRegions(pod, policy, reached, world);
  if (kept.length === 0) return { denied: firstReason(reached.map(verdict)) };
  if (pod.spec.nodeName) return { nodes: matching };
  const best = policy['placement'] === 'require' && !isCarbonExempt({ pod, policy }) ? bestOf(kept) : [];
  const names = best.length > 0 ? best : kept.map(({ name }) => name);
  const isBinding = best.length > 0 || isSovereign || spoken.map(verdict).some(({ near }) => !near);
  return {
    nodes: matching.filter((name) => {
      const region = regionOf(name, world);
      return names.includes(region) || (!isBinding && region === '');
    }),
  };
}

/** What the pod says of regions itself, whatever nodes there are; naming a target says it all. */
function namedBy(pod: Rendered, target: string | undefined, world: World): readonly RegionView[] {
  const onRegions = onKeysAlone(pod, [REGION_LABEL]);
  return knownRegions(world).filter(({ name }) =>
    target === undefined ? nodesFor(onRegions, [nodeIn(name)]).length > 0 : name === target,
  );
}

/** Of those that nodes are in and nobody described nothing is known but their names. */
function knownRegions({ nodes, regions }: World): readonly RegionView[] {
  const names = new Set(nodes.flatMap(({ labels }) => labels[REGION_LABEL] ?? []));
  const undescribed = [...names].filter((name) => !regions.some((region) => region.name === name));
  return [...regions, ...undescribed.map((name) => makeRegion(name, undefined))];
}

/**
 * The good regions within reach; when there is none, the cleanest that is refused for carbon alone, unless that is denied,
 * or a good one is out of reach only for what the pod wishes.
 */
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
  const needs = nodesFor(onKeysAlone(pod, NEEDED), world.nodes);
  const needed = regionsOf(needs, world);
  if (policy['when-all-dirty'] === 'deny' || needed.some(good)) return [];
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

/** The pod with its constraints on other labels, and on names, taken for met; all of them where it names its node. */
function onKeysAlone(pod: Rendered, keys: readonly string[]): Rendered {
  const copy = structuredClone(pod);
  if (pod.spec.nodeName) return { ...copy, spec: { ...copy.spec, nodeSelector: {}, affinity: undefined } };
  const { nodeSelector = {}, affinity } = copy.spec;
  copy.spec.nodeSelector = Object.fromEntries(Object.entries(nodeSelector).filter(([key]) => keys.includes(key)));
  const terms: Rendered[] =
    affinity?.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms ?? [];
  for (const term of terms) {
    if (Object.keys(term).length === 0) continue;
    const kept = (term.matchExpressions ?? []).filter(({ key }: Rendered) => keys.includes(key));
    term.matchExpressions = [...kept, { key: 'met', operator: 'DoesNotExist' }];
    delete term.matchFields;
  }
  return copy;
}

/** A node that has whatever is asked but this region. */
function nodeIn(region: string): Node {
  return { name: region, labels: { [REGION_LABEL]: region } };
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

function regionsOf(names: readonly string[], world: World): readonly RegionView[] {
  const regions = new Set(names.map((name) => regionOf(name, world)));
  return knownRegions(world).filter(({ name }) => regions.has(name));
}

/** Empty where the node is in none. */
function regionOf(name: string, { nodes }: World): string {
  return nodes.find((node) => node.name === name)?.labels[REGION_LABEL] ?? '';
}
