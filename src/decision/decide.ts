import type { Snapshot } from '../regions/snapshot.ts';
import { exemption, type Requester } from './exempt.ts';
import { type Judgement, judge } from './judge.ts';
import { allDirtyWarning, type Cause, causesOf, denyMessage, warning } from './messages.ts';
import { buildPatch, type PatchOperation, setsPriority } from './patch.ts';
import type { Pod } from './pod.ts';
import type { Policy } from './policy.ts';
import { type Reach, reachableRegions } from './reachable.ts';
import type { Reason } from './reasons.ts';
import { recordOf } from './record.ts';
import { type Steering, steer } from './steer.ts';
import { type Treatment, treatmentOf } from './treatment.ts';

export interface DecisionInput {
  readonly pod: Pod;
  readonly policy: Policy;
  readonly snapshot: Snapshot;
  readonly requester?: Requester;
  /** Epoch milliseconds, for the age of readings in messages. */
  readonly now: number;
  /** Nothing can change the pod any more: requirements of ours count like its author's, and no patch is made. */
  readonly final?: boolean;
}

/** What gridgate would do with a pod under `enforce`; `effectOf` says what its namespace's mode makes of that. */
export interface Decision {
  readonly decision: 'allow' | 'steer' | 'deny';
  readonly reason: Reason;
  readonly warnings: readonly string[];
  readonly patch: readonly PatchOperation[];
  /** Why a pod is denied, in one line; empty otherwise. */
  readonly message: string;
  readonly causes: readonly Cause[];
  /** Absent where the pod was left alone. */
  readonly steps?: Steps;
}

/** What each step found, for whoever explains the decision. */
export interface Steps {
  readonly treatment: Treatment;
  readonly reach: Reach;
  readonly judgement: Judgement;
  readonly steering?: Steering;
}

const MOST_WARNINGS = 16;
const NO_REQUESTER: Requester = {};

/** Decides about one pod under one policy and one snapshot (DESIGN 5). Pure; a well-formed pod never makes it throw. */
export function decide(input: DecisionInput): Decision {
  const { pod, policy, snapshot, now, final = false } = input;
  const exempt = exemption(pod, policy, input.requester ?? NO_REQUESTER);
  if (exempt) return leaveAlone(exempt);

  const { treatment, warnings } = treatmentOf(pod, policy);
  const reach = reachableRegions(pod, snapshot, { target: treatment.target, asIs: final });
  const judgement = judge(treatment, snapshot, reach);
  if (judgement.denied) return deny(pod, judgement, warnings, now);

  const steering = steerSafely(pod, judgement);
  const steered = steering.requirement !== undefined || steering.preferred.length > 0;
  const reason = judgement.reason === 'acceptable' && steered ? 'steered' : judgement.reason;
  const movable = !final && !pod.spec?.nodeName;
  return {
    decision:
      movable && reason !== 'unreachable' && (steered || setsPriority(pod, steering, snapshot)) ? 'steer' : 'allow',
    reason,
    warnings: allWarnings(warnings, judgement, steering, now),
    patch: movable ? buildPatch(pod, steering, recordOf(judgement, steering, reason), snapshot) : [],
    message: '',
    causes: [],
    steps: { treatment, reach, judgement, steering },
  };
}

/**
 * A pod's spread is honoured by leaving dirty regions open, but not for one whose requirements of ours (its author may
 * have forged them) lead nowhere else.
 */
function steerSafely(pod: Pod, judgement: Judgement): Steering {
  const steering = steer(pod, judgement);
  if (!steering.keptSpread) return steering;
  const { treatment, snapshot } = judgement;
  const asIs = reachableRegions(pod, snapshot, { target: treatment.target, asIs: true });
  return judge(treatment, snapshot, asIs).denied ? steer(pod, judgement, true) : steering;
}

/** A decision that changes nothing, for a reason that needs no judgement. */
export function leaveAlone(reason: Reason): Decision {
  return { decision: 'allow', reason, warnings: [], patch: [], message: '', causes: [] };
}

function deny(pod: Pod, judgement: Judgement, warnings: readonly string[], now: number): Decision {
  return {
    decision: 'deny',
    reason: judgement.reason,
    warnings: bounded(warnings),
    patch: [],
    message: denyMessage(pod, judgement, now),
    causes: causesOf(judgement, now),
    steps: { treatment: judgement.treatment, reach: judgement.reach, judgement },
  };
}

function allWarnings(
  ofPod: readonly string[],
  judgement: Judgement,
  steering: Steering,
  now: number,
): readonly string[] {
  const { reason, treatment } = judgement;
  const all: string[] = [];
  if (reason === 'all_dirty') all.push(allDirtyWarning(judgement, now));
  if (reason === 'unreachable' && treatment.target !== undefined)
    all.push(
      `gridgate.dev/region: ${treatment.target} is no region that gridgate knows, or out of the pod's own reach`,
    );
  if (steering.keptSpread)
    all.push("gridgate: the pod's topology spread could not be met in clean regions alone; they are only preferred");
  return bounded([...all, ...ofPod]);
}

/** The API server takes 4,096 characters of warnings in all. */
function bounded(warnings: readonly string[]): readonly string[] {
  if (warnings.length <= MOST_WARNINGS) return warnings.map(warning);
  const rest = warnings.length - MOST_WARNINGS + 1;
  return [...warnings.slice(0, MOST_WARNINGS - 1).map(warning), `gridgate: and ${rest} more warnings`];
}
