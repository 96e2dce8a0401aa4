import type { IdlePool } from '../regions/node-pool.ts';
import type { Snapshot } from '../regions/snapshot.ts';
import { asksOf } from './asks.ts';
import { attribute, type Share } from './attribute.ts';
import { judgeDaemonPod } from './daemon-pod.ts';
import { exemption, isDaemonPod, type Requester } from './exempt.ts';
import { ungateOperations } from './gate.ts';
import { alternatives, isAllowed, type Judgement } from './judge.ts';
import {
  allDirtyWarning,
  boundedWarnings,
  type Cause,
  causesOf,
  daemonOutsideWarning,
  denialSentences,
  heldWarning,
  newNodesWarning,
  unreachableWarning,
} from './messages.ts';
import { isThere } from './new-nodes.ts';
import { denyOversized } from './oversized.ts';
import { carriesOwn } from './own-requirement.ts';
import { buildPatch, type Patches, type PatchOperation, setsPriority } from './patch.ts';
import { type Plan, planFor, planOf } from './plan.ts';
import type { Pod } from './pod.ts';
import type { Policy } from './policy.ts';
import { idleFor } from './pool-match.ts';
import { type Reach, type ReachOptions, reachableRegions } from './reachable.ts';
import type { Reason } from './reasons.ts';
import { createMemory, remember } from './remember.ts';
import { type Steering, steerWaiting } from './steer.ts';
import { tolerationsOf } from './tolerated-bands.ts';
import { type Treatment, treatmentOf } from './treatment.ts';
import type { VolumeTerms } from './volume-terms.ts';
import { forgetOperations, NOT_BEFORE, RELEASED, saysAlready, WAITS, waitAnnotations } from './wait-annotations.ts';
import { buildWaitPatch } from './wait-patch.ts';
import { planWait, type Wait, type WaitingFacts, type WaitObstacle } from './waiting.ts';

export interface DecisionInput {
  readonly pod: Pod;
  readonly policy: Policy;
  readonly snapshot: Snapshot;
  readonly requester?: Requester;
  /** Epoch milliseconds, for the age of readings in messages. Without it they tell no ages, and so stay true later on. */
  readonly now?: number | undefined;
  /** The pod can no longer be changed: requirements that gridgate added count like its author's, and no patch is made. */
  readonly final?: boolean;
  /** Where the pod's bound volumes are. */
  readonly volumes?: readonly VolumeTerms[] | undefined;
  /**
   * Whether the pod belongs to a daemon set, for callers that know: a template names no node yet, and every pod being
   * bound does.
   */
  readonly isOfDaemonSet?: boolean;
  /** What is known of waiting, for callers that can let pods wait; it needs `now`. */
  readonly waiting?: WaitingFacts | undefined;
  /** The pod is there, behind our gate, and is let go: it gets all but a priority, which cannot change any more. */
  readonly isReleased?: boolean;
}

/** What gridgate would do with a pod under `enforce`; `effectOf` says what its namespace's mode makes of that. */
export interface Decision {
  readonly decision: 'allow' | 'steer' | 'defer' | 'deny';
  readonly reason: Reason;
  /** The best region, where anything ranks them; of a denied pod, the region that it is refused for. */
  readonly region?: string | undefined;
  readonly warnings: readonly string[];
  readonly patch: readonly PatchOperation[];
  /** Why a pod is denied, in one line; empty otherwise. */
  readonly message: string;
  /** The message of a denial in its two parts: why, and what to do instead. */
  readonly sentences?: readonly [why: string, advice: string];
  readonly causes: readonly Cause[];
  /** Of a pod that waits: when it starts, and why then. */
  readonly wait?: Wait;
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
  /** When it is to start, or why it cannot wait; absent where nobody lets pods wait. */
  readonly start?: Wait | WaitObstacle | undefined;
}

const NO_REQUESTER: Requester = {};
/** What gridgate alone says of a pod: on one that is created they are a copy's, or made up. */
const OUR_MARKS = [NOT_BEFORE, WAITS, RELEASED];

/**
 * Decides about one pod under one policy and one snapshot, in the steps of README.md. Pure; a well-formed pod never
 * makes it throw.
 */
export function decide(input: DecisionInput): Decision {
  const { pod, policy, snapshot, final = false, volumes } = input;
  const { requester = NO_REQUESTER } = input;
  const oversized = denyOversized(pod, policy);
  if (oversized) return oversized;
  const exempt = exemption(pod, policy, requester);
  if (exempt) return leaveAlone(exempt);

  const { treatment, warnings } = treatmentOf(pod, policy, input.now);
  const { isOfDaemonSet = isDaemonPod(pod, policy, requester) } = input;
  const plan = isOfDaemonSet ? planForDaemonPod(input, treatment) : planForPod(input, treatment);
  if (!plan) return leaveAlone('daemonset_pod');
  const { reason, region, steering, isSteered, patches } = plan;
  const { reach } = plan.judgement;
  if (!steering) return deny(input, plan, warnings);

  const movable = !final && !pod.spec?.nodeName;
  const start = movable ? startOf(input, plan) : undefined;
  const placed = {
    region,
    warnings: allWarnings(warnings, plan, input),
    message: '',
    causes: [],
    steps: { treatment, reach, judgement: plan.judgement, steering, volumes, start },
  };
  if (isLater(start))
    return {
      ...placed,
      decision: 'defer',
      reason: 'cleaner_later',
      patch: patchToWait(input, plan, start),
      wait: start,
    };
  return {
    ...placed,
    decision:
      movable && reason !== 'unreachable' && (isSteered || setsPriority(pod, steering, snapshot)) ? 'steer' : 'allow',
    reason,
    patch: movable ? patchToStart(input, steering, patches) : [],
  };
}

function startOf({ pod, waiting, now, isReleased }: DecisionInput, { judgement }: Plan): Steps['start'] {
  return waiting && now !== undefined && !isReleased ? planWait(pod, judgement, waiting, now) : undefined;
}

function isLater(start: Steps['start']): start is Wait {
  return typeof start === 'object' && start.start.reason === 'cleaner_later';
}

function patchToWait({ pod, snapshot }: DecisionInput, { judgement }: Plan, wait: Wait): readonly PatchOperation[] {
  // Called once more for a pod that waits already, it would plan a moment later.
  const annotations = saysAlready(pod, wait) ? {} : waitAnnotations(wait);
  return [...forgetOperations(pod, [RELEASED]), ...buildWaitPatch(pod, steerWaiting(judgement), annotations, snapshot)];
}

function withoutPriority({ priorityClass: _, ...steering }: Steering): Steering {
  return steering;
}

/** A gate of ours that the pod carries, a copy of one that waited, goes, with what its author wrote in our name. */
function patchToStart(
  { pod, snapshot, isReleased = false }: DecisionInput,
  steering: Steering,
  patches: Patches,
): readonly PatchOperation[] {
  const patch = buildPatch(pod, isReleased ? withoutPriority(steering) : steering, patches, snapshot);
  const stale = [...ungateOperations(pod), ...(isReleased ? [] : forgetOperations(pod, OUR_MARKS))];
  return stale.length > 0 ? [...stale, ...patch] : patch;
}

function planForPod(input: DecisionInput, treatment: Treatment): Plan {
  const reach = reachableRegions(input.pod, input.snapshot, reachOptions(input, treatment));
  return planFor(input, treatment, reach);
}

function planForDaemonPod({ pod, snapshot }: DecisionInput, treatment: Treatment): Plan | undefined {
  const due = judgeDaemonPod(pod, treatment, snapshot);
  return due && planOf(due.judgement, due.steering);
}

function reachOptions({ final = false, volumes }: DecisionInput, treatment: Treatment): ReachOptions {
  return { target: treatment.target, asIs: final, volumes, tolerations: tolerationsOf(treatment) };
}

/** A decision that changes nothing, for a reason that needs no judgement. */
export function leaveAlone(reason: Reason): Decision {
  return { decision: 'allow', reason, warnings: [], patch: [], message: '', causes: [] };
}

function deny(input: DecisionInput, { judgement, region }: Plan, warnings: readonly string[]): Decision {
  const { pod, now, volumes } = input;
  const { treatment, reach, reason } = judgement;
  const shares = isForItsAsks(judgement) ? sharesOf(input) : [];
  const sentences = denialSentences(pod, judgement, shares, now);
  return {
    decision: 'deny',
    reason,
    region,
    warnings: boundedWarnings(warnings),
    patch: [],
    message: sentences.join('; '),
    sentences,
    causes: causesOf(judgement, now),
    steps: { treatment, reach, judgement, volumes },
  };
}

/** Which regions each of the pod's wishes and needs leaves, for explanations. */
export function sharesOf(input: DecisionInput): readonly Share[] {
  const { treatment } = treatmentOf(input.pod, input.policy);
  return attribute(input.pod, input.snapshot, reachOptions(input, treatment));
}

const withoutNewNodes = createMemory<Snapshot, Snapshot>();

/** The same by the nodes that exist, not by those that may come. */
function sharesNow(input: DecisionInput): readonly Share[] {
  const snapshot = remember(withoutNewNodes, input.snapshot, () => {
    const { supply: _, ...snapshot } = input.snapshot;
    return { ...snapshot, regions: snapshot.regions.map((region) => ({ ...region, elastic: false })) };
  });
  return sharesOf({ ...input, snapshot });
}

/** Whether an acceptable region is excluded only by asks that do not speak of regions. */
function isForItsAsks({ treatment, snapshot, reach }: Judgement): boolean {
  if (reach.named || reach.regions.length === 0 || reach.all) return false;
  const among = reach.heldTo ? reach.needed : snapshot.regions;
  return alternatives(treatment, snapshot, among).length > 0;
}

function allWarnings(ofPod: readonly string[], plan: Plan, input: DecisionInput): readonly string[] {
  const { judgement, reason, steering } = plan;
  const { pod, now, volumes = [] } = input;
  const { reach } = judgement;
  const all: string[] = [];
  const noneAcceptable = reason === 'all_dirty' || reason === 'outage';
  if (noneAcceptable && reach.heldTo) all.push(heldWarning(judgement, volumes, now));
  else if (noneAcceptable) all.push(allDirtyWarning(judgement, reach.all ? [] : sharesOf(input), now));
  if (reason === 'daemonset_pod') {
    if (!reach.regions.some(({ name }) => isAllowed(name, judgement.treatment)))
      all.push(daemonOutsideWarning(judgement));
  } else if (reason === 'unreachable')
    all.push(unreachableWarning(pod, judgement, sharesOf(input), idlePoolsFor(input, judgement)));
  else if (awaitsNodes(plan, input)) all.push(newNodesWarning(judgement, sharesNow(input)));
  if (steering?.keptSpread)
    all.push("gridgate: the pod's topology spread could not be met in clean regions alone; they are only preferred");
  if (steering?.lostSpread)
    all.push(
      "gridgate: too few of the regions that are left are allowed, near and healthy for the pod's topology spread; pods of it may wait",
    );
  return boundedWarnings([...all, ...ofPod]);
}

/** Those that would bring the pod a node, were they not idle. */
function idlePoolsFor(input: DecisionInput, { treatment, reach }: Judgement): readonly IdlePool[] {
  if (!reach.later) return [];
  const { pod, snapshot } = input;
  const { asIs = false, volumes, tolerations = [] } = reachOptions(input, treatment);
  return idleFor(asksOf(pod, snapshot, { asIs, volumes, tolerations }), snapshot, reach.later);
}

/** Requirements of an earlier decision count here: a copied pod may carry one that contradicts today's. */
function awaitsNodes({ judgement, steering, awaitsNodes }: Plan, input: DecisionInput): boolean {
  if (!carriesOwn(input.pod)) return awaitsNodes;
  const options = { ...reachOptions(input, judgement.treatment), asIs: true };
  const { seen, unlabelled } = reachableRegions(input.pod, input.snapshot, options);
  return seen !== undefined && !isThere({ regions: seen, unlabelled }, steering?.requirement);
}
