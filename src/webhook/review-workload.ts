import { describeOutside, outsideReach } from '../decision/daemon-reach.ts';
import { type Decision, decide } from '../decision/decide.ts';
import { capMode, refusalWarnings } from '../decision/effect.ts';
import { isDaemonOwner } from '../decision/exempt.ts';
import { boundedWarnings, warning } from '../decision/messages.ts';
import { misplacedInWorkload } from '../decision/misplaced-annotations.ts';
import type { Pod } from '../decision/pod.ts';
import type { Policy } from '../decision/policy.ts';
import { treatmentOf } from '../decision/treatment.ts';
import { knownNames, REGION_KEY, REGIONS_KEY, unknownNames } from '../decision/unknown-names.ts';
import { isControlled, podOfDaemonSet, podOfWorkload } from '../decision/workload.ts';
import type { Snapshot } from '../regions/snapshot.ts';
import type { Answer } from './answer.ts';
import type { Review } from './review.ts';
import { type Moment, passed } from './review-pod.ts';

/**
 * Warns the author of a workload whose pods would be denied; never denies and changes nothing. Of a DaemonSet it says
 * only that its pods reach outside `regions`: no other step of a decision concerns them, nor most annotations. Of all others
 * it says what is wrong with their annotations, in mode `audit` too, where no decision is told.
 */
export function reviewWorkload(review: Review, policy: Policy | undefined, moment: Moment): Answer {
  if (!policy) return passed(review, 'unknown_namespace', policy);
  const mode = capMode(policy.mode, moment.modeCap);
  if (mode === 'off') return passed(review, 'mode_off', { mode });
  if (review.isOversized) return passed(review, 'oversized', { mode });
  const isDaemonTemplate = isDaemonOwner(review.group, review.kind, policy);
  const pod = isControlled(review.object) ? undefined : templateOf(review, isDaemonTemplate);
  if (!pod) return passed(review, 'not_a_pod', { mode });
  const { snapshot, now, volumesOf } = moment;
  const mistakes = isDaemonTemplate ? [] : mistakesOf(review, pod, policy, snapshot);
  if (mode === 'audit') return { ...passed(review, 'not_a_pod', { mode }), warnings: boundedWarnings(mistakes) };
  const volumes = volumesOf?.(review.namespace, pod);
  const decision = decide({ pod, policy, snapshot, now, volumes, isOfDaemonSet: isDaemonTemplate });
  const will = mode === 'enforce' ? 'will be denied' : 'would be denied in mode enforce';
  const refusal = refusalWarnings(`pods of this ${review.kind} ${will}`, decision);
  const others = isDaemonTemplate
    ? outsideWarnings(review.kind, pod, { policy, snapshot, decision })
    : decision.warnings;
  // A decision tells the mistakes of the template by itself.
  const warnings = new Set([...refusal, ...boundedWarnings(mistakes), ...others]);
  return { warnings: [...warnings], outcome: passed(review, decision.reason, { mode }).outcome };
}

/** The mistakes of a workload: annotations that are malformed or stand where nothing reads them, and unknown regions. */
function mistakesOf({ group, kind, object }: Review, pod: Pod, policy: Policy, snapshot: Snapshot): readonly string[] {
  return [
    ...treatmentOf(pod, policy).mistakes,
    ...misplacedInWorkload(group, kind, object, pod),
    ...unknownNames(pod.metadata?.annotations ?? {}, [REGIONS_KEY, REGION_KEY], knownNames(snapshot)),
  ];
}

function templateOf({ group, kind, object }: Review, isDaemonTemplate: boolean): Pod | undefined {
  return isDaemonTemplate ? podOfDaemonSet(object) : podOfWorkload(group, kind, object);
}

function outsideWarnings(
  kind: string,
  pod: Pod,
  { policy, snapshot, decision }: Pick<Moment, 'snapshot'> & { readonly policy: Policy; readonly decision: Decision },
): readonly string[] {
  const outside = decision.decision === 'deny' ? undefined : outsideReach(pod, policy, snapshot);
  return outside ? [warning(describeOutside(kind, outside))] : [];
}
