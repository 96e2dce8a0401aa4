/**
 * Every reason a review can end with: metric label, audit annotation and log field, each with its sentence.
 * The order of the refusals is their precedence: a region's reason is the first that applies.
 */
export const REASONS = {
  // Left alone
  mode_off: 'the namespace has not opted in',
  switched_off: 'the kill switch has gridgate leave the whole cluster alone',
  not_a_pod: 'gridgate decides only about pods',
  mirror_pod: 'a static pod that its kubelet mirrors already runs on its node',
  daemonset_pod: 'a DaemonSet pod belongs to one node',
  // Nothing to judge, or nothing to judge by
  unknown_namespace: 'nobody knows this namespace; gridgate fails open',
  unreachable: 'no region that gridgate knows has a node that the pod fits, or may get one now',
  internal_error: 'gridgate failed inside and fails open',
  // Placed
  acceptable: 'the pod may run wherever its own constraints lead; nothing to change',
  steered: 'the pod is led to the best of the acceptable regions',
  kept_out: 'the pod is kept out of the regions that the policy refuses; nothing ranks what is left',
  no_data: 'no usable intensity for any region: only sovereignty, latency and outage count',
  all_dirty: 'every region within reach is above the ceiling; the cleanest of them stays',
  cleaner_later: 'the pod waits: a cleaner hour comes before its deadline',
  // Refused unjudged
  oversized: 'the pod carries more terms, tolerations or the like than gridgate judges',
  // Refused, in order of precedence
  not_allowed: 'the policy does not allow this region',
  too_far: 'the region is too far from home',
  outage: 'the region is in outage',
  high_carbon: 'the electricity of the region is above the ceiling',
  // Bindings (/validate-binding)
  unknown_pod: 'the pod of this binding is not known here; its namespace allows the region, and gridgate fails open',
  waited_unbound: "gridgate's own watch has shown the pod ungated and unbound for 5 minutes; it lets go",
  // Namespaces (/namespaces)
  valid_policy: 'the annotations of the namespace are in order',
  invalid_policy: 'this write introduces mistakes in the annotations of the namespace',
} as const;

export type Reason = keyof typeof REASONS;

export const REFUSALS = ['not_allowed', 'too_far', 'outage', 'high_carbon'] as const satisfies readonly Reason[];
export type Refusal = (typeof REFUSALS)[number];

/** The refusal with precedence among those given; `undefined` when there is none. */
export function firstRefusal(refusals: readonly Refusal[]): Refusal | undefined {
  return REFUSALS.find((refusal) => refusals.includes(refusal));
}
