import { pictureOf } from '../regions/picture.ts';
import type { Snapshot } from '../regions/snapshot.ts';
import type { Topology } from '../regions/topology.ts';
import { bestFirst, type Judgement, judge } from './judge.ts';
import { isThere } from './new-nodes.ts';
import { carriesOwn, type RegionRequirement } from './own-requirement.ts';
import type { Patches } from './patch.ts';
import type { Pod } from './pod.ts';
import { type Reach, reachableRegions } from './reachable.ts';
import type { Reason } from './reasons.ts';
import { recordOf } from './record.ts';
import { createMemory, type Memory, remember, rememberByName } from './remember.ts';
import { insistedSpread } from './spread.ts';
import { type Steering, steer } from './steer.ts';
import { tolerationsOf } from './tolerated-bands.ts';
import type { Treatment } from './treatment.ts';
import type { VolumeTerms } from './volume-terms.ts';

/** What a judgement comes to, worked out once for all pods that share it. */
export interface Plan {
  readonly judgement: Judgement;
  readonly reason: Reason;
  /** The best region; of denied pods, the region that they are refused for. */
  readonly region: string | undefined;
  /** Absent where pods are denied. */
  readonly steering: Steering | undefined;
  /** Whether the steering holds a requirement or a preference. */
  readonly isSteered: boolean;
  /** Whether no existing node where the pod may go has what it asks for. */
  readonly awaitsNodes: boolean;
  readonly patches: Patches;
}

/** What a plan depends on beside treatment and reach, for pods whose spread over regions or zones is in danger. */
interface Asked {
  readonly pod: Pod;
  readonly snapshot: Snapshot;
  readonly volumes?: readonly VolumeTerms[] | undefined;
}

/** Keyed by treatment directly: among thousands of policies, each object in between costs a cache miss. */
const remembered = createMemory<Reach, Memory<Treatment, Plan>>();

/** The plan for a pod within reach, a reach of this snapshot. Pure: remembering only saves work. */
export function planFor(asked: Asked, treatment: Treatment, reach: Reach): Plan {
  const { pod, snapshot } = asked;
  const ofReach = remember(remembered, reach, () => createMemory<Treatment, Plan>());
  const plan = remember(ofReach, treatment, () => {
    const judgement = judge(treatment, pictureOf(snapshot), reach);
    return planOf(judgement, judgement.denied ? undefined : steer(judgement));
  });
  const spread = plan.steering && insistedSpread(pod, snapshot);
  return spread ? planToSpread(asked, plan, spread) : plan;
}

/** The plans under one view of nodes, by the spread that pods insist on. */
interface SpreadPlans {
  readonly topology: Topology | undefined;
  readonly plans: Map<string, Plan>;
}

const spreadPlans = createMemory<Plan, SpreadPlans>();
const MOST_SPREADS = 200;

/** What becomes of a plan for pods that insist on their spread. */
function planToSpread(asked: Asked, plan: Plan, spread: string): Plan {
  // Requirements of ours that the pod already carries can leave it less than its reach.
  if (carriesOwn(asked.pod)) return spreading(asked, plan);
  const { topology } = asked.snapshot;
  let known = spreadPlans.of(plan);
  if (!known || known.topology !== topology) known = spreadPlans.keep(plan, { topology, plans: new Map() });
  return rememberByName(known.plans, spread, { most: MOST_SPREADS }, () => spreading(asked, plan));
}

function spreading(asked: Asked, plan: Plan): Plan {
  const { treatment } = plan.judgement;
  const steering = steerSpread(asked, plan.judgement);
  if (!steering.keptSpread && !steering.lostSpread && isSame(steering.requirement, plan.steering?.requirement))
    return plan;
  if (!steering.keptSpread || treatment.policy.spreadOpensDirty !== false) return planOf(plan.judgement, steering);
  return planOf({ ...plan.judgement, denied: true, reason: 'high_carbon', candidates: [], ranked: [] }, undefined);
}

function isSame(one: RegionRequirement | undefined, other: RegionRequirement | undefined): boolean {
  return one?.operator === other?.operator && one?.values.join() === other?.values.join();
}

/**
 * The steering of a pod that insists on its spread: dirty regions stay open for it, but not where requirements that look
 * like ours, which its author may have forged, lead nowhere else.
 */
function steerSpread({ pod, snapshot, volumes }: Asked, judgement: Judgement): Steering {
  const steering = steer(judgement, { pod, snapshot });
  if (!steering.keptSpread) return steering;
  const { treatment } = judgement;
  const { target } = treatment;
  const tolerations = tolerationsOf(treatment);
  const asIs = reachableRegions(pod, snapshot, { target, asIs: true, volumes, tolerations });
  const { denied, reason } = judge(treatment, snapshot, asIs);
  return denied || reason === 'unreachable' ? steer(judgement) : steering;
}

/** A judgement with all that its pods get. */
export function planOf(judgement: Judgement, steering: Steering | undefined): Plan {
  const isSteered = steering !== undefined && (steering.requirement !== undefined || steering.preferred.length > 0);
  const steered = judgement.ranked.length > 0 ? 'steered' : 'kept_out';
  const reason = judgement.reason === 'acceptable' && isSteered ? steered : judgement.reason;
  const record = steering ? recordOf(judgement, reason) : '';
  const { seen, unlabelled } = judgement.reach;
  const awaitsNodes = seen !== undefined && !isThere({ regions: seen, unlabelled }, steering?.requirement);
  return {
    judgement,
    reason,
    region: regionToName(judgement),
    steering,
    isSteered,
    awaitsNodes,
    patches: { record, made: new Map() },
  };
}

function regionToName(judgement: Judgement): string | undefined {
  const { candidates, refused, reason } = judgement;
  if (candidates.length > 0) return bestFirst(judgement)[0]?.name;
  const blamed = refused.find(({ refusal }) => refusal === reason) ?? refused[0];
  return blamed?.region.name;
}
