import { describeOutside, type OutsideReach, outsideReach } from '../../decision/daemon-reach.ts';
import { type Decision, type DecisionInput, leaveAlone, sharesOf } from '../../decision/decide.ts';
import { capMode } from '../../decision/effect.ts';
import { alternatives, type Judgement } from '../../decision/judge.ts';
import { isLeftAlone } from '../../decision/managed-label.ts';
import { controllerOf, type Pod } from '../../decision/pod.ts';
import type { Mode, Policy } from '../../decision/policy.ts';
import { comparableReading, refusalOf } from '../../decision/refuse.ts';
import { createMemory, remember } from '../../decision/remember.ts';
import { decideForKind, isDaemonKind } from '../../decision/running-pod.ts';
import { treatmentOf } from '../../decision/treatment.ts';
import { isUsable } from '../../decision/usable.ts';
import type { VolumeTerms } from '../../decision/volume-terms.ts';
import { dataOfWait } from '../../decision/wait-words.ts';
import { ASSUMED_FACTS } from '../../decision/waiting.ts';
import { type EmbodiedPerVcpu, podEmbodiedGramsPerHour } from '../../energy/embodied.ts';
import { podGramsPerHour } from '../../energy/emissions.ts';
import type { Machines } from '../../energy/machines.ts';
import { type DefaultRequests, type PodRequests, requestsOf } from '../../energy/pod-requests.ts';
import type { PowerModel } from '../../energy/power-model.ts';
import type { RegionView, Snapshot } from '../../regions/snapshot.ts';
import type { AuditedWorkload, AuditReason, ToldAsk, Workload } from './audited-workload.ts';
import { AUDIT_REASONS } from './findings.ts';
import { asPlaced, asWritten, type PodSpread } from './spread-of-pods.ts';
import { describeUnknown, type KnownRegions, unknownRegionsOf } from './unknown-regions.ts';

/** What workloads are judged by. */
export interface AuditContext {
  readonly snapshot: Snapshot;
  /** The same policy object for the same namespace each time: what was judged for one workload serves the next. */
  readonly policyOf: (namespace: string) => NamespacePolicy;
  readonly defaultsOf: (namespace: string) => DefaultRequests;
  /** Of namespaces that are off or that nobody described. */
  readonly assumeMode?: Mode | undefined;
  /** The kill switch's. */
  readonly modeCap?: Mode | undefined;
  /** Where gridgate itself is; absent of files. */
  readonly ownNamespace?: string | undefined;
  readonly model: PowerModel;
  readonly machines: Machines;
  readonly volumesOf: (namespace: string, pod: Pod) => readonly VolumeTerms[];
  /** Without it names of regions are not looked at. */
  readonly knownRegions?: KnownRegions;
  /** Epoch milliseconds. */
  readonly now: number;
}

export interface NamespacePolicy {
  readonly policy: Policy;
  readonly isDescribed: boolean;
  /** Where it names regions, as nobody rendered them. */
  readonly placeholders?: readonly string[];
}

/** A workload with its figures, and where these arise. */
export interface JudgedWorkload {
  readonly audited: AuditedWorkload;
  /** The same, whose message tells no ages of readings: for who reads it long after. */
  readonly lasting: () => AuditedWorkload;
  /** Grams of CO2e an hour by region. */
  readonly asWrittenIn: ReadonlyMap<string, number>;
  readonly placedIn: ReadonlyMap<string, number>;
}

const MOST_REGIONS = 10;
/** Less than this, relative to what it would save, is noise of the arithmetic. */
const ROUNDING = 1e-9;

/**
 * What gridgate would do with a workload, judged as under `enforce` with the policy of its namespace, and the carbon at
 * stake. Pure; a well-formed workload never makes it throw.
 */
export function judgeWorkload(workload: Workload, context: AuditContext): JudgedWorkload {
  const { namespace, kind, name, place, pods, runsIn } = workload;
  const { snapshot } = context;
  const { policy, isDescribed, placeholders = [] } = context.policyOf(namespace);
  const mode = modeInEffect(namespace, policy.mode, isDescribed, context);
  const volumes = workload.volumes ?? context.volumesOf(namespace, workload.pod);
  const isFixed = isDaemonKind(kind, policy);
  const input = { pod: workload.pod, policy: enforced(policy), snapshot, now: context.now, volumes };
  const decideHere = (one: DecisionInput) =>
    isLeftAlone(namespace, context.ownNamespace) ? leaveAlone('mode_off') : decideForKind(namespace, kind, one);
  const decision = decideHere(input);
  const isDenied = decision.decision === 'deny';
  const requests = requestsOf(workload.resources, context.defaultsOf(namespace));
  const grams = (spread: PodSpread) => gramsIn(spread, requests, context);

  const spreadNow = asWritten(workload, decision, { snapshot, volumes });
  const written = grams(spreadNow);
  const target = asPlaced(spreadNow, decision, snapshot);
  const placed = target ? grams(target.spread) : isDenied ? NOWHERE : written;
  const outside = isFixed ? outsideOf(decision, input, mode) : undefined;
  const circumstances = {
    mode,
    context,
    placeholders,
    outside,
    wrong: isFixed ? [] : wrongAnnotationsOf(workload, policy),
  };
  const audited: AuditedWorkload = {
    namespace,
    kind,
    name,
    place: place ?? null,
    mode,
    pods,
    decision: decision.decision,
    ...findingsOf(workload, decision, circumstances),
    asks: asksOf(decision, input),
    judgedBy: workload.byTemplate ? 'pod template' : 'kind',
    regions: regionsOf(decision),
    isRanked: (decision.steps?.judgement.ranked.length ?? 0) > 0,
    region: target?.region ?? null,
    prefers: (decision.steps?.steering?.preferred.length ?? 0) > 0,
    runsIn: runsIn ? Object.fromEntries(runsIn) : null,
    ...misplacedOf(runsIn, decision, snapshot),
    waits: waitOf(kind, input, namespace),
    requests,
    gramsPerHour: {
      asWritten: written.sum,
      atHome: isFixed ? written.sum : atHome(policy.homeRegion, pods, grams),
      placed: placed.sum,
    },
    embodied: embodiedOf(workload, requests, workload.machine ?? context.machines.expectedIn(spreadNow)),
    alternative: cleanestAlternative(decision, { pods, now: placed.sum ?? written.sum, grams, snapshot }),
  };
  const lasting = () => {
    if (!isDenied) return audited;
    const ageless = decideHere({ ...input, now: undefined });
    return { ...audited, message: findingsOf(workload, ageless, circumstances).message };
  };
  return { audited, lasting, asWrittenIn: written.byRegion, placedIn: placed.byRegion };
}

const JOBS: ReadonlySet<string> = new Set(['Job', 'CronJob']);

/** Lengths are those that pods say, else an hour: what earlier runs took is not read here. */
function waitOf(kind: string, input: DecisionInput, namespace: string): AuditedWorkload['waits'] {
  const { deferKinds = [] } = input.policy;
  const mayBe = kind === 'Pod' || JOBS.has(kind) || deferKinds.some((one) => one.endsWith(`/${kind}`));
  if (!mayBe) return null;
  // A pod that runs names its Job, which would wait as a whole under `suspend`.
  const by = JOBS.has(kind) && controllerOf(input.pod) ? input.policy.deferBy : undefined;
  const { wait } = decideForKind(namespace, kind, { ...input, waiting: { ...ASSUMED_FACTS, by } });
  return wait ? dataOfWait(wait) : null;
}

function embodiedOf({ pods }: Workload, requests: PodRequests, machine: EmbodiedPerVcpu): AuditedWorkload['embodied'] {
  return { gramsPerHour: pods * podEmbodiedGramsPerHour(requests, machine), basis: machine.basis };
}

/**
 * Its own mode is the one that the kill switch leaves of it: what is switched off is off, whoever asked for more.
 *
 * | namespace     | described | its own mode         | mode in effect              |
 * | ------------- | --------- | -------------------- | --------------------------- |
 * | never touched | any       | any                  | off                         |
 * | other         | yes       | audit, warn, enforce | its own                     |
 * | other         | yes       | off                  | `--assume-mode`, else off   |
 * | other         | no        | any                  | `--assume-mode`, else enforce as far as the kill switch lets it |
 */
function modeInEffect(
  namespace: string,
  asked: Mode,
  isDescribed: boolean,
  { assumeMode: assumed, modeCap, ownNamespace }: Pick<AuditContext, 'assumeMode' | 'modeCap' | 'ownNamespace'>,
): Mode {
  if (isLeftAlone(namespace, ownNamespace)) return 'off';
  if (!isDescribed) return assumed ?? capMode('enforce', modeCap);
  const own = capMode(asked, modeCap);
  return own === 'off' ? (assumed ?? 'off') : own;
}

const enforcedPolicies = createMemory<Policy, Policy>();

/** The same policy, of a namespace that opted in. */
function enforced(policy: Policy): Policy {
  return policy.mode === 'off' ? remember(enforcedPolicies, policy, () => ({ ...policy, mode: 'enforce' })) : policy;
}

/** Not of DaemonSets: of the annotations on their pods only `regions` means anything. */
function wrongAnnotationsOf({ pod, misplaced = [] }: Workload, policy: Policy): readonly string[] {
  return [...treatmentOf(pod, policy).mistakes, ...misplaced];
}

/** A namespace that is off asked for nothing, and in one that denies the pods there are none to wait. */
function outsideOf(
  { reason }: Decision,
  { pod, policy, snapshot }: DecisionInput,
  mode: Mode,
): OutsideReach | undefined {
  return reason === 'daemonset_pod' && mode !== 'off' ? outsideReach(pod, policy, snapshot) : undefined;
}

/** Worked out only where somebody will ask why. */
function asksOf({ decision, reason, steps }: Decision, input: DecisionInput): readonly ToldAsk[] {
  const isTold = decision === 'deny' || reason === 'all_dirty' || reason === 'unreachable';
  if (!isTold || !steps || (steps.reach.all && reason !== 'unreachable')) return [];
  return sharesOf(input).map(({ what, kind, leaves }) => ({ what, kind, leaves: leaves.map(({ name }) => name) }));
}

interface Circumstances {
  readonly mode: Mode;
  readonly context: AuditContext;
  readonly placeholders: readonly string[];
  readonly outside: OutsideReach | undefined;
  /** What is wrong with its annotations. */
  readonly wrong: readonly string[];
}

/**
 * The reason of the decision, unless something is found besides:
 *
 * | decision | mode     | unknown region | wrong annotation | reason             |
 * | -------- | -------- | -------------- | ---------------- | ------------------ |
 * | deny     | any      | any            | any              | the decision's     |
 * | others   | off      | any            | any              | the decision's     |
 * | others   | others   | yes            | any              | `unknown_region`   |
 * | others   | others   | no             | yes              | `wrong_annotation` |
 *
 * The message tells all that was found.
 */
function findingsOf(
  { pod, kind }: Workload,
  decision: Decision,
  { mode, context, placeholders, outside, wrong }: Circumstances,
): Pick<AuditedWorkload, 'reason' | 'denied' | 'message' | 'unknownRegions' | 'wrongAnnotations' | 'reachesOutside'> {
  const { knownRegions, snapshot } = context;
  const asked = knownRegions ? unknownRegionsOf(pod, snapshot.regionLabel, knownRegions) : [];
  const unknownRegions = placeholders.length > 0 ? [...new Set([...asked, ...placeholders])] : asked;
  const isDenied = decision.decision === 'deny';
  const found = isDenied || mode === 'off' ? undefined : reasonBesides(unknownRegions, wrong);
  const judged = outside ? 'daemonset_outside' : decision.reason;
  const told = outside ? describeOutside(kind, outside) : decision.message || AUDIT_REASONS[decision.reason];
  const unknown = knownRegions && unknownRegions.length > 0 ? [describeUnknown(unknownRegions, knownRegions)] : [];
  const besides = [...unknown, ...wrong.map((sentence) => `wrong_annotation: ${sentence}`)];
  return {
    reason: found ?? judged,
    denied: isDenied && mode === 'enforce',
    message: (found ? besides : [told, ...besides]).join('; '),
    unknownRegions,
    wrongAnnotations: wrong,
    reachesOutside: outside ? [...outside.regions, ...(outside.unlabelled ? [''] : [])] : [],
  };
}

function reasonBesides(unknownRegions: readonly string[], wrong: readonly string[]): AuditReason | undefined {
  if (unknownRegions.length > 0) return 'unknown_region';
  return wrong.length > 0 ? 'wrong_annotation' : undefined;
}

interface Grams {
  /** `null` where no region of them has a reading. */
  readonly sum: number | null;
  readonly byRegion: ReadonlyMap<string, number>;
}

const NOWHERE: Grams = { sum: null, byRegion: new Map() };

/** Grams of CO2e an hour of all pods; those in a region without a reading (or without a node yet) count as the others do on average. */
function gramsIn(spread: PodSpread, requests: PodRequests, { snapshot, model }: AuditContext): Grams {
  const byRegion = new Map<string, number>();
  let [sum, known, all] = [0, 0, 0];
  for (const [name, pods] of spread) {
    all += pods;
    const region = snapshot.byName.get(name);
    const reading = region && comparableReading(region, snapshot);
    if (!reading) continue;
    const grams = pods * podGramsPerHour(requests, { region: name, gramsPerKwh: reading.gramsPerKwh }, model);
    byRegion.set(name, grams);
    sum += grams;
    known += pods;
  }
  if (all === 0) return spread.size === 0 ? NOWHERE : { sum: 0, byRegion };
  if (known === 0) return NOWHERE;
  if (known === all) return { sum, byRegion };
  for (const [name, grams] of byRegion) byRegion.set(name, (grams * all) / known);
  return { sum: (sum * all) / known, byRegion };
}

function atHome(home: string | undefined, pods: number, grams: (spread: PodSpread) => Grams): number | null {
  return home === undefined ? null : grams(new Map([[home, pods]])).sum;
}

const namesOf = createMemory<Judgement, readonly string[]>();

function regionsOf({ steps }: Decision): readonly string[] {
  if (!steps) return [];
  return remember(namesOf, steps.judgement, () => {
    const { ranked, candidates, snapshot } = steps.judgement;
    const all = [...ranked.map(({ region }) => region), ...candidates];
    const usable = all.filter((region) => isUsable(region, snapshot));
    return [...new Set(usable.map(({ name }) => name))].slice(0, MOST_REGIONS);
  });
}

function misplacedOf(
  runsIn: PodSpread | undefined,
  decision: Decision,
  snapshot: Snapshot,
): Pick<AuditedWorkload, 'misplaced' | 'misplacedIn'> {
  if (!runsIn) return { misplaced: null, misplacedIn: null };
  const wrong = refusedWhereTheyRun(runsIn, decision, snapshot);
  const misplaced = [...wrong.values()].reduce((sum, pods) => sum + pods, 0);
  return { misplaced, misplacedIn: Object.fromEntries(wrong) };
}

/** Pods in a region that the policy refuses and where they would not be left. */
function refusedWhereTheyRun(runsIn: PodSpread, { steps }: Decision, snapshot: Snapshot): PodSpread {
  const wrong = new Map<string, number>();
  if (!steps) return wrong;
  const { treatment, judgement } = steps;
  for (const [name, pods] of runsIn) {
    const region = snapshot.byName.get(name);
    if (region && !judgement.candidates.includes(region) && refusalOf(region, treatment, snapshot))
      wrong.set(name, pods);
  }
  return wrong;
}

interface Present {
  readonly pods: number;
  /** Grams of CO2e an hour. */
  readonly now: number | null;
  readonly grams: (spread: PodSpread) => Grams;
  readonly snapshot: Snapshot;
}

function cleanestAlternative(
  { decision, steps }: Decision,
  { pods, now, grams, snapshot }: Present,
): AuditedWorkload['alternative'] {
  if (!steps) return null;
  const { heldTo } = steps.reach;
  let best: { region: RegionView; gramsPerHour: number } | undefined;
  for (const region of alternatives(steps.treatment, snapshot)) {
    if (heldTo && !heldTo.includes(region)) continue;
    const gramsPerHour = grams(new Map([[region.name, pods]])).sum;
    if (gramsPerHour !== null && (!best || gramsPerHour < best.gramsPerHour)) best = { region, gramsPerHour };
  }
  if (!best) return null;
  const isCleaner = now !== null && best.gramsPerHour < now * (1 - ROUNDING);
  return isCleaner || decision === 'deny' ? { region: best.region.name, gramsPerHour: best.gramsPerHour } : null;
}
