import { tellPreference } from '../../decision/autoscaler-words.ts';
import type { Mode } from '../../decision/policy.ts';
import { comparableReading } from '../../decision/refuse.ts';
import type { Snapshot } from '../../regions/snapshot.ts';
import { compareText } from '../../units/compare-text.ts';
import type { AuditedWorkload, AuditReport, Balance, CarbonTotals } from './audited-workload.ts';
import { balanceOf } from './balance.ts';

/** What a report says besides its workloads. */
export interface AuditFacts {
  readonly snapshot: Snapshot;
  readonly source: AuditReport['source'];
  readonly modeCap?: Mode | undefined;
  /** Grams of CO2e an hour by region. */
  readonly carbon: RegionCarbon;
  /** Objects without pods, by kind. */
  readonly passedOver: ReadonlyMap<string, number>;
  /** Objects of unknown kinds, by kind. */
  readonly notJudged?: ReadonlyMap<string, number>;
  /** What is no Kubernetes object, by what it is. */
  readonly noObjects?: ReadonlyMap<string, number>;
  readonly wrongNamespaces?: AuditReport['wrongNamespaces'];
  readonly broken: readonly string[];
}

/** What one workload emits. */
interface WorkloadCarbon {
  readonly audited: AuditedWorkload;
  readonly asWrittenIn: ReadonlyMap<string, number>;
  readonly placedIn: ReadonlyMap<string, number>;
}

export interface RegionCarbon {
  /** Of workloads that have both figures. */
  readonly asWrittenIn: ReadonlyMap<string, number>;
  readonly placedIn: ReadonlyMap<string, number>;
  /** Of all that the balance counts. */
  readonly nowIn: ReadonlyMap<string, number>;
  readonly leftIn: ReadonlyMap<string, number>;
}

/** Adds up what workloads emit by region, as they come; those that a sum leaves out are left out here too. */
export function createRegionCarbon(): RegionCarbon & { add(workload: WorkloadCarbon): void } {
  const asWrittenIn = new Map<string, number>();
  const placedIn = new Map<string, number>();
  const nowIn = new Map<string, number>();
  const leftIn = new Map<string, number>();
  return {
    asWrittenIn,
    placedIn,
    nowIn,
    leftIn,
    add(workload) {
      const { audited } = workload;
      if (hasFigures(audited)) {
        addAll(asWrittenIn, workload.asWrittenIn);
        addAll(placedIn, workload.placedIn);
      }
      const balance = balanceOf(audited);
      if (!balance) return;
      addAll(nowIn, workload.asWrittenIn);
      if (balance.denialStops > 0 || balance.denialWouldStop > 0) return;
      const isMoved = audited.mode !== 'off' && audited.gramsPerHour.placed !== null;
      addAll(leftIn, isMoved ? workload.placedIn : workload.asWrittenIn);
    },
  };
}

const NONE: ReadonlyMap<string, number> = new Map();

/** The report of an audit: totals, by namespace and by region. Pure. */
export function sumUp(audited: readonly AuditedWorkload[], facts: AuditFacts): AuditReport {
  const {
    snapshot,
    source,
    modeCap,
    carbon,
    passedOver,
    notJudged = NONE,
    noObjects = NONE,
    wrongNamespaces = [],
    broken,
  } = facts;
  const whole = emptyTotals();
  const namespaces = new Map<string, { readonly mode: Mode; readonly totals: Totals }>();
  for (const workload of audited) {
    const { namespace, mode } = workload;
    const known = namespaces.get(namespace) ?? { mode, totals: emptyTotals() };
    namespaces.set(namespace, known);
    count(workload, known.totals);
    count(workload, whole);
  }
  return {
    version: 'v1',
    takenAt: new Date(snapshot.takenAt).toISOString(),
    policySignal: snapshot.policySignal,
    source,
    modeCap: modeCap ?? null,
    ...preferencesOf(audited, snapshot),
    totals: whole,
    namespaces: inOrder(namespaces).map(([namespace, { mode, totals }]) => ({ namespace, mode, ...totals })),
    regions: regionRows(snapshot, carbon),
    workloads: audited,
    wrongNamespaces,
    passedOver: Object.fromEntries(inOrder(passedOver)),
    notJudged: Object.fromEntries(inOrder(notJudged)),
    noObjects: Object.fromEntries(inOrder(noObjects)),
    broken,
  };
}

/** Of a namespace that is off nothing is led. */
function preferencesOf(
  audited: readonly AuditedWorkload[],
  { supply }: Snapshot,
): Pick<AuditReport, 'autoscaling' | 'preferences'> {
  const autoscaling = supply?.autoscaling ?? null;
  const workloads = audited.filter(({ mode, prefers }) => mode !== 'off' && prefers).length;
  return { autoscaling, preferences: { workloads, means: (autoscaling && tellPreference(autoscaling)) ?? null } };
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };
type Totals = Writable<Omit<CarbonTotals, 'gramsPerHour' | 'embodied' | 'balance'>> & {
  readonly balance: Writable<Balance>;
  readonly gramsPerHour: Writable<CarbonTotals['gramsPerHour']>;
  readonly embodied: Writable<CarbonTotals['embodied']>;
};

function emptyTotals(): Totals {
  return {
    workloads: 0,
    pods: 0,
    denied: 0,
    wouldBeDenied: 0,
    misplaced: 0,
    wouldWait: 0,
    unknownRegion: 0,
    wrongAnnotation: 0,
    daemonSetsOutside: 0,
    gramsPerHour: { asWritten: 0, atHome: 0, placed: 0 },
    embodied: { gramsPerHour: 0, estimated: 0 },
    withoutFigure: 0,
    estimated: 0,
    balance: {
      now: 0,
      atHome: 0,
      placingSaves: 0,
      denialStops: 0,
      denialWouldStop: 0,
      left: 0,
      embodied: 0,
      withoutFigure: 0,
    },
  };
}

function count(workload: AuditedWorkload, totals: Totals): void {
  totals.workloads += 1;
  totals.pods += workload.pods;
  if (workload.denied) totals.denied += 1;
  else if (workload.decision === 'deny') totals.wouldBeDenied += 1;
  totals.misplaced += workload.misplaced ?? 0;
  if (workload.waits) totals.wouldWait += 1;
  if (workload.unknownRegions.length > 0) totals.unknownRegion += 1;
  if (workload.wrongAnnotations.length > 0) totals.wrongAnnotation += 1;
  if (workload.reason === 'daemonset_outside') totals.daemonSetsOutside += 1;
  if (workload.requests.basis === 'estimated') totals.estimated += 1;
  if (workload.embodied.basis === 'estimated') totals.embodied.estimated += 1;
  addBalance(workload, totals.balance);
  if (!hasFigures(workload)) {
    totals.withoutFigure += 1;
    return;
  }
  const { asWritten, atHome, placed } = workload.gramsPerHour;
  totals.gramsPerHour.asWritten += asWritten;
  totals.gramsPerHour.atHome += atHome ?? asWritten;
  totals.gramsPerHour.placed += placed;
  totals.embodied.gramsPerHour += workload.embodied.gramsPerHour;
}

function addBalance(workload: AuditedWorkload, sums: Writable<Balance>): void {
  const balance = balanceOf(workload);
  if (!balance) {
    sums.withoutFigure += 1;
    return;
  }
  sums.now += balance.now;
  sums.atHome += workload.gramsPerHour.atHome ?? balance.now;
  sums.placingSaves += balance.placingSaves;
  sums.denialStops += balance.denialStops;
  sums.denialWouldStop += balance.denialWouldStop;
  sums.left += balance.left;
  sums.embodied += workload.embodied.gramsPerHour;
}

type WithFigures = AuditedWorkload & { readonly gramsPerHour: { readonly asWritten: number; readonly placed: number } };

/** Sums that are to be compared hold the same workloads. */
function hasFigures(workload: AuditedWorkload): workload is WithFigures {
  return workload.gramsPerHour.asWritten !== null && workload.gramsPerHour.placed !== null;
}

/** Every described region, and others that emit something. */
function regionRows(
  snapshot: Snapshot,
  { asWrittenIn, placedIn, nowIn, leftIn }: RegionCarbon,
): AuditReport['regions'] {
  const emitting = [asWrittenIn, placedIn, nowIn, leftIn].flatMap((sums) => [...sums.keys()]);
  const names = new Set([...snapshot.byName.keys(), ...emitting]);
  return [...names].sort().map((name) => {
    const region = snapshot.byName.get(name);
    return {
      region: name,
      gramsPerKwh: (region && comparableReading(region, snapshot)?.gramsPerKwh) ?? null,
      gramsPerHour: { asWritten: asWrittenIn.get(name) ?? 0, placed: placedIn.get(name) ?? 0 },
      balance: { now: nowIn.get(name) ?? 0, left: leftIn.get(name) ?? 0 },
    };
  });
}

function addAll(sums: Map<string, number>, added: ReadonlyMap<string, number>): void {
  for (const [name, grams] of added) sums.set(name, (sums.get(name) ?? 0) + grams);
}

function inOrder<T>(map: ReadonlyMap<string, T>): readonly (readonly [string, T])[] {
  return [...map].sort(([a], [b]) => compareText(a, b));
}
