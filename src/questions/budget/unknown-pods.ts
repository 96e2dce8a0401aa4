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
      `${pods} ${pods === 1 ? 'pod is' : 'pods are'} in no figure: ${reason}: ${nameFew([...about].sort(), MOST_NAMED, itself)}`,
  );
}

function whyUnknown(
  { namespace, name, node }: ScaledPod,
  power: PodPower,
  snapshot: Snapshot,
): { readonly reason: string; readonly about: string } | undefined {
  const facts = snapshot.topology?.byName.get(node);
  if (!facts) return { reason: 'their nodes may not be seen', about: node };
  const { region } = facts;
  if (region === undefined) return { reason: `their nodes have no label ${snapshot.regionLabel}`, about: node };
  const view = snapshot.byName.get(region);
  if (!view || !comparableReading(view, snapshot))
    return { reason: `no intensity (${snapshot.policySignal}) is known of their regions`, about: region };
  const isKnown = power.has(usageKey(namespace, name));
  return isKnown ? undefined : { reason: 'they request more than any machine has', about: `${namespace}/${name}` };
}
