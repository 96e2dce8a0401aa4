import { comparableReading } from '../../decision/refuse.ts';
import type { Snapshot } from '../../regions/snapshot.ts';
import type { PodPower } from '../../scaling/component-carbon.ts';
import { usageKey } from '../../scaling/pod-usage.ts';
import type { ScaledPod } from '../../scaling/scaled-pod.ts';
import { itself, nameFew } from '../../units/tell-few.ts';

const MOST_NAMED = 3;

/** Why pods are in no figure, a sentence for each reason. */
export function tellUnknownPods(pods: readonly ScaledPod[], power: PodPower, snapshot: Snapshot): readonly string[] {
  const reasons = new Map<string, { pods: number; readonly about: Set<string> }>();
  for (const pod of pods) {
    const why = whyUnknown(pod, power, snapshot);
    if (!why) continue;
    const known = reasons.get(why.reason) ?? { pods: 0, about: new Set() };
    known.pods += 1;
    known.about.add(why.about);
    reasons.set(why.reason, known);
  }
  return [...reasons].map(
    ([reason, { pods, about }]) =>
      `${pods} ${pods === 1 ? 'pod is' : 'pods are'} in no figure: ${reason} (${nameFew([...about].sort(), MOST_NAMED, itself)})`,
  );
}

function whyUnknown(
  { namespace, name, node, isUnstarted }: ScaledPod,
  power: PodPower,
  snapshot: Snapshot,
): { readonly reason: string; readonly about: string } | undefined {
  if (isUnstarted) return { reason: 'not yet started', about: `${namespace}/${name}` };
  const { topology } = snapshot;
  const facts = topology?.byName.get(node);
  if (!facts) return { reason: `on a node that is not ${topology?.nodes.length ? 'there' : 'seen'}`, about: node };
  const { region } = facts;
  if (region === undefined) return { reason: `on a node without label ${snapshot.regionLabel}`, about: node };
  const view = snapshot.byName.get(region);
  if (!view || !comparableReading(view, snapshot))
    return { reason: `in a region without an intensity of signal ${snapshot.policySignal}`, about: region };
  const isKnown = power.has(usageKey(namespace, name));
  return isKnown ? undefined : { reason: 'requests above what its node offers', about: `${namespace}/${name}` };
}

/** Regions of pods whose intensity is a yearly average: what they emit now is not what the grid is like now. */
export function tellAverages(pods: readonly ScaledPod[], { topology, byName }: Snapshot): readonly string[] {
  const regions = new Set(pods.flatMap(({ node }) => topology?.byName.get(node)?.region ?? []));
  const averaged = [...regions].filter((name) => byName.get(name)?.reading?.freshness === 'embedded').sort();
  return averaged.length === 0
    ? []
    : [`the intensity is the yearly average in ${nameFew(averaged, MOST_NAMED, itself)}`];
}
