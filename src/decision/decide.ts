import type { Snapshot } from '../regions/snapshot.ts';
import { exemption, type Requester } from './exempt.ts';
import type { Judgement } from './judge.ts';
import { allDirtyWarning, type Cause, causesOf, denyMessage, heldWarning, warning } from './messages.ts';
import { denyOversized } from './oversized.ts';
import { buildPatch, type PatchOperation, setsPriority } from './patch.ts';
import { type Plan, planFor } from './plan.ts';
import type { Pod } from './pod.ts';
import type { Policy } from './policy.ts';
import { type Reach, reachableRegions } from './reachable.ts';
import type { Reason } from './reasons.ts';
import type { Steering } from './steer.ts';
import { type Treatment, treatmentOf } from './treatment.ts';
import type { VolumeTerms } from './volume-terms.ts';

export interface DecisionInput {
  readonly pod: Pod;
  readonly policy: Policy;
  readonly snapshot: Snapshot;
  readonly requester?: Requester;
  /** Epoch milliseconds, for the age of readings in messages. */
  readonly now: number;
  /** Nothing can change the pod any more: requirements of ours count like its author's, and no patch is made. */
  readonly final?: boolean;
  /** Where the pod's bound volumes are. */
  readonly volumes?: readonly VolumeTerms[] | undefined;
}

/** What gridgate would do with a pod under `enforce`; `effectOf` says what its namespace's mode makes of that. */
export interface Decision {
  readonly decision: 'allow' | 'steer' | 'deny';
  readonly reason: Reason;
  /** Where the pod should go, else the region that it is refused for. */
  readonly region?: string | undefined;
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
  readonly volumes?: readonly VolumeTerms[] | undefined;
}

const MOST_WARNINGS = 16;
const NO_REQUESTER: Requester = {};

/** Decides about one pod under one policy and one snapshot (DESIGN 5). Pure; a well-formed pod never makes it throw. */
export function decide(input: DecisionInput): Decision {
  const { pod, policy, snapshot, final = false, volumes } = input;
  const oversized = denyOversized(pod, policy);
  if (oversized) return oversized;
  const exempt = exemption(pod, policy, input.requester ?? NO_REQUESTER);
  if (exempt) return leaveAlone(exempt);

  const { treatment, warnings } = treatmentOf(pod, policy);
  const reach = reachableRegions(pod, snapshot, { target: treatment.target, asIs: final, volumes });
  const plan = planFor(input, treatment, reach);
  const { reason, region, steering, isSteered, patches } = plan;
  if (!steering) return deny(input, plan, warnings);

  const movable = !final && !pod.spec?.nodeName;
  return {
    decision:
      movable && reason !== 'unreachable' && (isSteered || setsPriority(pod, steering, snapshot)) ? 'steer' : 'allow',
    reason,
    region,
    warnings: allWarnings(warnings, plan, steering, input),
    patch: movable ? buildPatch(pod, steering, patches, snapshot) : [],
    message: '',
    causes: [],
    steps: { treatment, reach, judgement: plan.judgement, steering, volumes },
  };
}

/** A decision that changes nothing, for a reason that needs no judgement. */
export function leaveAlone(reason: Reason): Decision {
  return { decision: 'allow', reason, warnings: [], patch: [], message: '', causes: [] };
}

function deny(
  { pod, now, volumes }: DecisionInput,
  { judgement, region }: Plan,
  warnings: readonly string[],
): Decision {
  const { treatment, reach, reason } = judgement;
  return {
    decision: 'deny',
    reason,
    region,
    warnings: bounded(warnings),
    patch: [],
    message: denyMessage(pod, judgement, now),
    causes: causesOf(judgement, now),
    steps: { treatment, reach, judgement, volumes },
  };
}

function allWarnings(
  ofPod: readonly string[],
  { judgement, reason }: Plan,
  { keptSpread }: Steering,
  { now, volumes }: DecisionInput,
): readonly string[] {
  const all: string[] = [];
  const noneAcceptable = reason === 'all_dirty' || reason === 'outage';
  if (noneAcceptable && judgement.reach.heldTo) all.push(heldWarning(judgement, volumes ?? [], now));
  else if (noneAcceptable) all.push(allDirtyWarning(judgement, now));
  if (reason === 'unreachable' && judgement.treatment.target !== undefined)
    all.push(
      `gridgate.dev/region: ${judgement.treatment.target} is no region that gridgate knows, or out of the pod's own reach`,
    );
  if (keptSpread)
    all.push("gridgate: the pod's topology spread could not be met in clean regions alone; they are only preferred");
  return bounded([...all, ...ofPod]);
}

/** The API server takes 4,096 characters of warnings in all. */
function bounded(warnings: readonly string[]): readonly string[] {
  if (warnings.length <= MOST_WARNINGS) return warnings.map(warning);
  const rest = warnings.length - MOST_WARNINGS + 1;
  return [...warnings.slice(0, MOST_WARNINGS - 1).map(warning), `gridgate: and ${rest} more warnings`];
}
