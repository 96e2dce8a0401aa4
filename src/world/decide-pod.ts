import { type Decision, type DecisionInput, decide, leaveAlone } from '../decision/decide.ts';
import { capMode, type Effect, effectOf } from '../decision/effect.ts';
import { effectivePolicy } from '../decision/effective-policy.ts';
import type { NamespaceRecord } from '../decision/namespace-record.ts';
import type { Pod } from '../decision/pod.ts';
import type { Mode, Policy } from '../decision/policy.ts';
import { describeIssue } from '../decision/policy-annotations.ts';
import type { PolicyRules } from '../decision/policy-rules.ts';
import type { VolumeTerms } from '../decision/volume-terms.ts';
import { ASSUMED_FACTS } from '../decision/waiting.ts';
import type { Snapshot } from '../regions/snapshot.ts';

/** What a pod is decided by where no webhook is asked. */
export interface DecidingWorld {
  readonly snapshot: Snapshot;
  readonly namespaces: ReadonlyMap<string, NamespaceRecord>;
  readonly rules: PolicyRules;
  readonly volumesOf: (namespace: string, pod: Pod) => readonly VolumeTerms[];
  /** The kill switch's. */
  readonly modeCap?: Mode | undefined;
  /** Epoch milliseconds. */
  readonly now: number;
}

interface DecidedPod {
  readonly policy: Policy;
  readonly decision: Decision;
  readonly effect: Effect;
  /** What it was decided by, for who explains it. */
  readonly input: DecisionInput;
  /** What the namespace asks for beyond the limits, a sentence each. */
  readonly excess: readonly string[];
}

/** What the webhook would answer of a pod. That somebody lets go what waits is assumed, and that nothing has run before. */
export function decidePod(pod: Pod, namespace: string, world: DecidingWorld): DecidedPod {
  const { snapshot, namespaces, rules, volumesOf, modeCap, now } = world;
  const effective = effectivePolicy(namespace, namespaces.get(namespace)?.annotations ?? {}, rules);
  const excess = effective.excess.map((issue) => `namespace ${namespace}: ${describeIssue(issue)}`);
  const mode = capMode(effective.policy.mode, modeCap);
  const isSwitchedOff = mode === 'off' && effective.policy.mode !== 'off';
  const policy = mode === effective.policy.mode ? effective.policy : { ...effective.policy, mode };
  const input = { pod, policy, snapshot, now, volumes: volumesOf(namespace, pod), waiting: ASSUMED_FACTS };
  const decision = isSwitchedOff ? leaveAlone('switched_off') : decide(input);
  return { policy, decision, effect: effectOf(decision, policy.mode), input, excess };
}
