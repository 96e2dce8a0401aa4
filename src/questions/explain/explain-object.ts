import { cronJobOf, isWaitingJob, type LiveJob } from '../../cluster/waiting-work.ts';
import { denialIn } from '../../decision/denial-words.ts';
import { isGated, WAIT_GATE } from '../../decision/gate.ts';
import { DECISION_ANNOTATION } from '../../decision/patch.ts';
import { annotationOf, type Pod } from '../../decision/pod.ts';
import type { Mode } from '../../decision/policy.ts';
import { RELEASED, readWait } from '../../decision/wait-annotations.ts';
import { dataOfRecord, type WaitData } from '../../decision/wait-words.ts';
import type { WaitingFacts } from '../../decision/waiting.ts';
import { podOfWorkload } from '../../decision/workload.ts';
import type { Signal } from '../../regions/reading.ts';
import type { World } from '../../world/load-world.ts';
import type { ReadFacts } from '../../world/waiting-facts.ts';
import { carbonOf, wantedOf } from './carbon-of-object.ts';
import { adviceOn, decidedNow, type Judged, judgeNow } from './decision-now.ts';
import type { DecidedNow, ExplainReport, RunsOn } from './explained.ts';
import { type CreationFailure, endOf, type FoundObject, hasEnded, type LiveObject } from './read-object.ts';
import { readRecord } from './read-record.ts';
import type { ExplainTarget } from './target.ts';

interface ExplainInput {
  readonly target: ExplainTarget;
  /** The namespace that gridgate itself is in. */
  readonly ownNamespace: string;
  readonly found: FoundObject;
  /** Absent where it may not be read. */
  readonly world?: World;
  /** The kill switch's; absent where it is not set, or may not be read. */
  readonly modeCap?: Mode | undefined;
  readonly policySignal: Signal;
  readonly now: number;
  readonly notes: readonly string[];
  readonly waiting: ReadFacts;
}

const MOST_NAMED = 10;
const REFUSAL_IS_OVER =
  "the refusal is over: gridgate's controllers have the owner try again within seconds, and by itself it does within 17 minutes";

/** Puts together what was read and what would be decided now. */
export function explainObject(input: ExplainInput): ExplainReport {
  const { target, ownNamespace, found, world, modeCap, now, policySignal } = input;
  const { object, failure } = found;
  const pod = writtenPod(target, object);
  const waiting = waitingOf(target.kind, found);
  const facts = factsFor(input, isHeld(waiting));
  const { namespace } = target;
  const judged = world && judgeNow({ namespace, ownNamespace, pod, object, modeCap, now, waiting: facts }, world);
  const isPod = target.kind === 'Pod';
  const refusal = failure ? refusalOf(failure) : null;
  const ended = endOf(target.kind, object);
  const decided = judged && ended === undefined ? decidedNow(judged, isHeld(waiting)) : null;
  return {
    version: 'v1',
    takenAt: new Date(now).toISOString(),
    policySignal,
    object: {
      kind: target.kind,
      namespace: target.namespace,
      name: target.name,
      createdAt: object.metadata.creationTimestamp ?? null,
      phase: object.status?.phase ?? null,
      owner: ownerOf(object),
      ended: ended ?? null,
    },
    mode: modeFacts(judged, modeCap),
    record: isPod ? readRecord(annotationOf(object as Pod, DECISION_ANNOTATION)) : null,
    runs: isPod && object.spec?.nodeName ? runsOn(object, object.spec.nodeName, judged, now) : null,
    pods: isPod ? null : podsOf(target.kind, found, world),
    released: releasedAt(object),
    waiting,
    refusal,
    autoscaling: world?.snapshot.supply?.autoscaling ?? null,
    now: decided,
    ...carbonOf({ kind: target.kind, found, pod, world, judged }),
    notes: notesOf(input, { judged, decided, refusal }),
  };
}

interface ToldBefore {
  readonly judged: Judged | undefined;
  readonly decided: DecidedNow | null;
  readonly refusal: ExplainReport['refusal'];
}

function notesOf(
  { target, found, notes, waiting }: ExplainInput,
  { judged, decided, refusal }: ToldBefore,
): readonly string[] {
  return [
    ...found.notes,
    ...notes,
    ...(judged && decided && asksWho(judged) ? waiting.notes : []),
    ...(judged?.mistakes ?? []),
    ...(judged ? adviceOn(target.namespace, judged) : []),
    ...(refusal?.byGridgate && decided?.allowed ? [REFUSAL_IS_OVER] : []),
  ];
}

function modeFacts(judged: Judged | undefined, killSwitch: Mode | undefined): ExplainReport['mode'] {
  return {
    counts: judged?.policy.mode ?? null,
    ofNamespace: judged?.ofNamespace ?? null,
    killSwitch: killSwitch ?? null,
    managed: judged?.managed ?? null,
  };
}

/** The pod as its author wrote it: without the node that it was given. */
function writtenPod({ group, kind }: ExplainTarget, object: LiveObject): Pod {
  if (kind !== 'Pod') return podOfWorkload(group, kind, object as unknown as Record<string, unknown>) ?? {};
  const { nodeName: _, ...spec } = (object as Pod).spec ?? {};
  return { ...(object as Pod), spec };
}

function runsOn(object: LiveObject, node: string, judged: Judged | undefined, now: number): RunsOn {
  const snapshot = judged?.snapshot;
  const name = snapshot?.topology?.byName.get(node)?.region;
  const region = name === undefined ? undefined : snapshot?.byName.get(name);
  const reading = region?.reading;
  const refused = judged?.decision.steps?.judgement.refused.find((one) => one.region.name === name);
  return {
    node,
    region: name ?? null,
    since: object.status?.startTime ?? null,
    reading: reading
      ? {
          gramsPerKwh: reading.gramsPerKwh,
          signal: reading.signal,
          source: reading.source,
          ageSeconds: ageSeconds(reading.measuredAt, now),
          freshness: reading.freshness,
        }
      : null,
    band: region?.band ?? null,
    refusedNow: refused?.refusal ?? null,
  };
}

function ageSeconds(measuredAt: number | undefined, now: number): number | null {
  return measuredAt === undefined ? null : Math.max(0, Math.round((now - measuredAt) / 1_000));
}

function podsOf(kind: string, { object, pods, creators }: FoundObject, world?: World): ExplainReport['pods'] {
  if (!pods) return null;
  const running = new Map<string, number>();
  for (const { nodeName } of pods) {
    if (nodeName === undefined) continue;
    const region = world?.snapshot.topology?.byName.get(nodeName)?.region ?? '';
    running.set(region, (running.get(region) ?? 0) + 1);
  }
  const waiting = pods.flatMap(({ name, nodeName }) => (nodeName === undefined ? [name] : []));
  const names = waiting.slice(0, MOST_NAMED);
  return {
    wanted: wantedOf(kind, object, creators),
    running: Object.fromEntries(running),
    waiting: { count: waiting.length, names },
  };
}

/** Whether gridgate makes it wait. */
function isHeld(waiting: ExplainReport['waiting']): boolean {
  return waiting !== null && (waiting.wait !== null || waiting.gates.includes(WAIT_GATE));
}

/** What counts where a pod of this object may wait: it asks as its owner, whose earlier runs are known. */
function factsFor({ target, found, waiting }: ExplainInput, isWaiting: boolean): WaitingFacts {
  const { learntLength, ...facts } = waiting.facts;
  const { kind, namespace, name } = target;
  const asked = kind === 'Job' ? (cronJobOf(found.object) ?? { kind, name }) : { kind, name };
  // Of a CronJob its last Job waits.
  const one = kind === 'CronJob' ? found.creators[0]?.object : found.object;
  const since = isWaiting ? Date.parse(one?.metadata.creationTimestamp ?? '') : Number.NaN;
  return {
    ...facts,
    ...(learntLength && {
      learntLength: (_, owner) => learntLength(namespace, owner ?? (kind === 'Pod' ? undefined : asked)),
    }),
    ...(Number.isNaN(since) ? {} : { since }),
  };
}

/** Whether it depends on who lets go, or on what earlier runs took. */
function asksWho({ decision }: Judged): boolean {
  const start = decision.steps?.start;
  return typeof start === 'object' || start === 'nobody_releases';
}

/** When gridgate let it go, as it says itself. */
function releasedAt({ metadata }: LiveObject): string | null {
  const at = Date.parse(metadata.annotations?.[RELEASED] ?? '');
  return Number.isNaN(at) ? null : new Date(at).toISOString();
}

function waitingOf(kind: string, { object, pods, creators }: FoundObject): ExplainReport['waiting'] {
  const { spec, status } = object;
  const written = readWait(object.metadata.annotations);
  const wait = written ? dataOfRecord(written) : null;
  if (kind !== 'Pod') {
    const [last] = creators;
    if (kind === 'CronJob' && last && isWaitingJob(last.object as LiveJob))
      return waitingOf('Job', { ...last, notes: [], creators });
    return spec?.suspend ? suspension(kind, object, wait) : waitOfPods(pods ?? []);
  }
  if (spec?.nodeName || hasEnded(object)) return null;
  const scheduled = status?.conditions?.find(({ type }) => type === 'PodScheduled');
  return {
    gates: (spec?.schedulingGates ?? []).flatMap(({ name }) => (name === undefined ? [] : [name])),
    reason: scheduled?.reason ?? null,
    message: scheduled?.message ?? null,
    wait: isGated(object as Pod) ? wait : null,
  };
}

/** Of an owner whose pods wait behind our gate; what starts first says why. */
function waitOfPods(pods: NonNullable<FoundObject['pods']>): ExplainReport['waiting'] {
  const held = pods.filter(({ isHeld }) => isHeld);
  const [first] = held.flatMap(({ wait }) => wait ?? []).sort((a, b) => a.notBefore - b.notBefore);
  if (held.length === 0) return null;
  const message = `${held.length} of its pods, for a cleaner hour`;
  return { gates: [WAIT_GATE], reason: null, message, wait: first ? dataOfRecord(first) : null };
}

function suspension(kind: string, object: LiveObject, wait: WaitData | null): ExplainReport['waiting'] {
  const isOurs = kind === 'Job' && isWaitingJob(object as LiveJob);
  const message = isOurs ? 'gridgate suspended it for a cleaner hour' : 'its author suspended it (spec.suspend)';
  return { gates: [], reason: 'Suspended', message, wait: isOurs ? wait : null };
}

function refusalOf({ kind, name, message, at }: CreationFailure): ExplainReport['refusal'] {
  const denial = denialIn(message);
  return {
    byGridgate: denial !== undefined,
    reason: denial?.reason ?? null,
    message: denial?.words ?? message,
    controller: { kind, name },
    at,
  };
}

function ownerOf({ metadata }: LiveObject): ExplainReport['object']['owner'] {
  const owner = metadata.ownerReferences?.find(({ controller }) => controller);
  return owner ? { kind: owner.kind, name: owner.name } : null;
}
