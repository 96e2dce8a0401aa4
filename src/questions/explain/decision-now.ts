import type { Share } from '../../decision/attribute.ts';
import { type Decision, decide, leaveAlone, sharesOf } from '../../decision/decide.ts';
import { capMode, effectOf } from '../../decision/effect.ts';
import { effectivePolicy } from '../../decision/effective-policy.ts';
import { explain } from '../../decision/explain.ts';
import { isLeftAlone } from '../../decision/managed-label.ts';
import { dataOfPlacement } from '../../decision/placement.ts';
import type { Pod } from '../../decision/pod.ts';
import type { Mode, Policy } from '../../decision/policy.ts';
import { describeIssue } from '../../decision/policy-annotations.ts';
import { REASONS } from '../../decision/reasons.ts';
import { dataOfWait } from '../../decision/wait-words.ts';
import type { WaitingFacts } from '../../decision/waiting.ts';
import type { Snapshot } from '../../regions/snapshot.ts';
import { shellCommand } from '../../units/shell-command.ts';
import type { World } from '../../world/load-world.ts';
import type { DecidedNow } from './explained.ts';
import type { LiveObject } from './read-object.ts';

interface JudgeInput {
  readonly namespace: string;
  /** Where gridgate itself is. */
  readonly ownNamespace: string;
  readonly pod: Pod;
  readonly object: LiveObject;
  /** The kill switch's; absent where it is not set, or may not be read. */
  readonly modeCap?: Mode | undefined;
  readonly now: number;
  /** What is known of waiting. */
  readonly waiting: WaitingFacts;
}

export interface Judged {
  readonly pod: Pod;
  readonly decision: Decision;
  /** The same, for a namespace that gridgate leaves alone as in mode audit: what would be at stake. */
  readonly asIfManaged: Decision;
  /** What of the pod's own leaves which regions. */
  readonly shares: readonly Share[];
  readonly policy: Policy;
  readonly snapshot: Snapshot;
  readonly mistakes: readonly string[];
  readonly ofNamespace: Mode;
  readonly managed: boolean;
  /** Gridgate never acts in its namespace, whatever the mode there says. */
  readonly isLeftAlone: boolean;
}

const MIRROR_ANNOTATION = 'kubernetes.io/config.mirror';

/** What would be decided now; `undefined` where the namespace is not known. */
export function judgeNow(
  { namespace, ownNamespace, pod, object, modeCap, now, waiting }: JudgeInput,
  world: World,
): Judged | undefined {
  const record = world.namespaces.get(namespace);
  if (!record) return undefined;
  const { policy: asked, mistakes, excess } = effectivePolicy(namespace, record.annotations, world.rules);
  const isNeverTouched = isLeftAlone(namespace, ownNamespace);
  const policy = { ...asked, mode: isNeverTouched ? 'off' : capMode(asked.mode, modeCap) };
  const { snapshot } = world;
  const volumes = world.volumesOf(namespace, pod);
  const requester = isStaticPod(object) ? { groups: ['system:nodes'] } : {};
  const isSwitchedOff = !isNeverTouched && policy.mode === 'off' && asked.mode !== 'off';
  const input = { pod, policy, snapshot, requester, now, volumes, waiting };
  const decideUnder = (one: Policy) => decide({ ...input, policy: one });
  const decision = isSwitchedOff ? leaveAlone('switched_off') : decideUnder(policy);
  return {
    pod,
    decision,
    asIfManaged: policy.mode === 'off' && !isNeverTouched ? decideUnder({ ...policy, mode: 'audit' }) : decision,
    shares: sharesOf(input),
    policy,
    snapshot,
    mistakes: [...mistakes, ...excess].map((issue) => `namespace ${namespace}: ${describeIssue(issue)}`),
    ofNamespace: asked.mode,
    managed: record.managed,
    isLeftAlone: isNeverTouched,
  };
}

/** A static pod is owned by its node; the annotation alone is no proof, since anybody may write it. */
function isStaticPod({ metadata }: LiveObject): boolean {
  const isOfNode = metadata.ownerReferences?.some(({ kind, controller }) => kind === 'Node' && controller) ?? false;
  return isOfNode && Object.hasOwn(metadata.annotations ?? {}, MIRROR_ANNOTATION);
}

/** As it is reported, with its steps; `isThere`: it waits already, and is not only judged as if it came now. */
export function decidedNow({ pod, decision, policy, shares, isLeftAlone }: Judged, isThere: boolean): DecidedNow {
  const { allowed, warnings } = effectOf(decision, policy.mode);
  const told = decision.message || REASONS[decision.reason];
  return {
    decision: decision.decision,
    reason: decision.reason,
    region: decision.region ?? null,
    allowed,
    message: isLeftAlone ? NEVER_TOUCHED : decision.wait && !isThere ? WOULD_WAIT : told,
    warnings,
    steps: explain(pod, decision, policy, shares),
    placement: decision.steps?.steering ? dataOfPlacement(decision.steps.judgement) : null,
    wait: decision.wait ? dataOfWait(decision.wait) : null,
  };
}

const NEVER_TOUCHED = 'gridgate never touches this namespace, whatever its mode says';
const WOULD_WAIT = 'made now, the pod would wait: a cleaner hour comes before its deadline';

/** What to know or do about a namespace's mode. */
export function adviceOn(namespace: string, { policy, ofNamespace, managed, isLeftAlone }: Judged): readonly string[] {
  if (isLeftAlone) return [`gridgate never touches namespace ${namespace}`];
  if (ofNamespace === 'off') {
    const command = shellCommand`kubectl annotate namespace ${namespace} gridgate.dev/mode=audit`;
    const how = command === undefined ? '' : `; to see what would be decided, without any effect: ${command}`;
    return [`namespace ${namespace} has not opted in${how}`];
  }
  return [
    ...(policy.mode === ofNamespace ? [] : [`the kill switch caps mode ${ofNamespace} to ${policy.mode}`]),
    ...(managed
      ? []
      : [
          `namespace ${namespace} lacks the label gridgate.dev/managed, so the API server does not ask gridgate about its pods; gridgate's controllers add it when they run`,
        ]),
  ];
}
