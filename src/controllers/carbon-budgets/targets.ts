import { isPaused } from '../../capacity/paused.ts';
import type { KubeObject } from '../../cluster/kube-object.ts';
import { MIN_REPLICAS, parseMinReplicas } from '../../decision/carbon-budget.ts';
import type { NamespaceRecord } from '../../decision/namespace-record.ts';
import { type BudgetVerdict, isHolding, joinVerdicts } from '../../scaling/budget-count.ts';
import { type BudgetScope, namespaceKey, scopeKey } from '../../scaling/budget-scope.ts';
import type { BudgetStatus, TargetStatuses } from '../../scaling/budget-status.ts';
import type { BudgetTarget, Want } from '../../scaling/budget-step.ts';
import { type HorizontalAutoscaler, toHorizontalAutoscaler } from '../../scaling/horizontal-autoscaler.ts';
import { loweredStatus, loweredTargets } from '../../scaling/lowered-status.ts';
import { type RegionalMaxima, type RegionalMaximum, toRegionalMaxima } from '../../scaling/regional-maxima.ts';
import { type ScaledWorkload, toScaledWorkload } from '../../scaling/scaled-workload.ts';

/** Whose number a budget lowers. */
export type LoweredKind = ScaledWorkload['kind'] | 'HorizontalPodAutoscaler' | 'RegionalAutoscaler';

/** Something that a budget lowers, or has lowered. */
export interface Lowered extends BudgetTarget {
  readonly kind: LoweredKind;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** Of a RegionalAutoscaler: whose maximum among its targets. */
  readonly deployment?: string;
  readonly demand: Demand;
  /** A person wants it left as it is. */
  readonly isPaused: boolean;
}

/** What it is decided by. */
export interface BudgetWorld {
  /** By `scopeKey`. */
  readonly scopes: ReadonlyMap<string, BudgetScope>;
  readonly verdictOf: (scopeKey: string) => BudgetVerdict;
  /** Whether the pods of a workload are of class flexible, by its namespace's policy. */
  readonly isFlexible: (workload: ScaledWorkload) => boolean;
  /** Whether budgets act: where not, all is put back. */
  readonly isOn: boolean;
}

export interface Seen {
  readonly namespaces: Iterable<NamespaceRecord>;
  readonly workloads: Iterable<ScaledWorkload>;
  readonly horizontal: Iterable<HorizontalAutoscaler>;
  readonly regional: Iterable<RegionalMaxima>;
}

type Place = Pick<ScaledWorkload, 'namespace' | 'name'> & { readonly kind: string };

/**
 * All that budgets lower or have lowered, workload by workload: its own replicas, or the maxima of the autoscalers that it has.
 */
export function* findLowered(seen: Seen, world: BudgetWorld): Generator<readonly Lowered[]> {
  const paused = pausedNamespaces(seen.namespaces);
  const owners = ownersIn(seen);
  const concerned = (all: readonly Lowered[]) =>
    all
      .filter(({ status, want }) => status !== undefined || want === 'hold')
      .map((one) => (paused.has(one.namespace) ? { ...one, isPaused: true } : one));
  for (const workload of seen.workloads) yield concerned(loweredOf(workload, owners.take(workload), world));
  yield concerned(owners.left());
}

function pausedNamespaces(namespaces: Seen['namespaces']): ReadonlySet<string> {
  return new Set([...namespaces].filter(({ annotations }) => isPaused(annotations)).map(({ name }) => name));
}

/** Whether all in a namespace is left as it is, by what stands there now. */
export function isPausedNamespace(namespaces: Seen['namespaces'], name: string): boolean {
  for (const one of namespaces) if (one.name === name) return isPaused(one.annotations);
  return false;
}

/** Who moves the replicas of a workload beside people. */
interface Owners {
  readonly horizontal: readonly HorizontalAutoscaler[];
  readonly regional: readonly RegionalMaxima[];
}

function ownersIn({ horizontal, regional }: Pick<Seen, 'horizontal' | 'regional'>) {
  const horizontals = Map.groupBy(horizontal, ({ namespace, target }) => keyOf({ namespace, ...target }));
  const named = [...regional].flatMap((one) => [...deploymentsOf(one)].map((deployment) => ({ one, deployment })));
  const regionals = Map.groupBy(named, ({ one: { namespace }, deployment: name }) =>
    keyOf({ kind: 'Deployment', namespace, name }),
  );
  return {
    take(workload: ScaledWorkload): Owners {
      const key = keyOf(workload);
      const owners = {
        horizontal: horizontals.get(key) ?? [],
        regional: (regionals.get(key) ?? []).map(({ one }) => one),
      };
      horizontals.delete(key);
      regionals.delete(key);
      return owners;
    },
    /** Of workloads that are gone. */
    left: () => [
      ...[...horizontals.values()].flat().map((one) => horizontalTarget(one, NO_DEMAND)),
      ...[...regionals.values()].flat().map(({ one, deployment }) => regionalTarget(one, deployment, NO_DEMAND)),
    ],
  };
}

/** Of several owners the first in this order has its maximum lowered: a RegionalAutoscaler, HorizontalPodAutoscalers, nobody. */
function loweredOf(workload: ScaledWorkload, { horizontal, regional }: Owners, world: BudgetWorld): readonly Lowered[] {
  const demand = demandOn(workload, world);
  const isRegional = regional.some(({ targets }) => targets.some(({ deployment }) => deployment === workload.name));
  const ofUsage: Demand = isRegional ? { ...demand, want: 'end' } : demand;
  // What was lowered of its replicas goes back to it, and is forgotten, once they are an autoscaler's: with 0 one does nothing.
  const own: Demand = isRegional || horizontal.length > 0 ? { ...demand, want: 'drop' } : demand;
  return [
    ...regional.map((one) => regionalTarget(one, workload.name, demand)),
    ...horizontal.map((one) => horizontalTarget(one, ofUsage)),
    workloadTarget(workload, own),
  ];
}

/** The same in an object as it is now; `undefined`: another one has its name. */
export function reread(lowered: Lowered, object: KubeObject, world: BudgetWorld): Lowered | undefined {
  const { kind, uid, demand, deployment = '' } = lowered;
  if (object.metadata.uid !== uid) return undefined;
  if (kind === 'HorizontalPodAutoscaler') return horizontalTarget(toHorizontalAutoscaler(object), demand);
  if (kind === 'RegionalAutoscaler') return regionalTarget(toRegionalMaxima(object), deployment, demand);
  const workload = toScaledWorkload(kind, object);
  const now = demandOn(workload, world);
  return workloadTarget(workload, { ...now, want: demand.want === 'drop' ? 'drop' : now.want });
}

/** What the budgets of a workload ask of it. */
export interface Demand extends Pick<BudgetTarget, 'want' | 'floor'> {
  readonly scopes: readonly BudgetScope[];
  readonly isPaused: boolean;
  /** Absent where it is gone. */
  readonly workload?: ScaledWorkload;
}

const NO_DEMAND: Demand = { scopes: [], want: 'end', floor: undefined, isPaused: false };

function demandOn(workload: ScaledWorkload, { scopes, verdictOf, isFlexible, isOn }: BudgetWorld): Demand {
  const keys = [namespaceKey(workload.namespace), scopeKey(workload)];
  const own = keys.flatMap((key) => scopes.get(key) ?? []);
  const verdict = joinVerdicts(own.map((scope) => verdictOf(scopeKey(scope))));
  const want = isOn ? wantOf(verdict) : 'end';
  const { [MIN_REPLICAS]: least } = workload.annotations;
  const isAsked = want !== 'end' && least !== undefined;
  const floor = isAsked && isFlexible(workload) ? parseMinReplicas(least) : undefined;
  return { scopes: own, want, floor, isPaused: isPaused(workload.annotations), workload };
}

function wantOf(verdict: BudgetVerdict | undefined): Want {
  if (verdict === undefined) return 'end';
  if (isHolding(verdict)) return 'hold';
  return verdict === 'under' ? 'free' : 'keep';
}

function workloadTarget(workload: ScaledWorkload, demand: Demand): Lowered {
  const { kind, namespace, name, uid, generation, replicas: value, annotations } = workload;
  const status = loweredStatus(annotations);
  const { want, floor, isPaused } = demand;
  return { kind, namespace, name, uid, generation, value, status, demand, want, floor, isPaused };
}

/** Never below its minimum, and never to 0: the API server takes no such maximum. */
function horizontalTarget(autoscaler: HorizontalAutoscaler, demand: Demand): Lowered {
  const { namespace, name, uid, min, max: value, annotations } = autoscaler;
  return {
    ...{ kind: 'HorizontalPodAutoscaler', namespace, name, uid, value, demand, want: demand.want },
    status: loweredStatus(annotations),
    floor: demand.floor === undefined ? undefined : Math.max(demand.floor, min, 1),
    isPaused: demand.isPaused || isPaused(annotations),
  };
}

function regionalTarget(regional: RegionalMaxima, deployment: string, demand: Demand): Lowered {
  const { namespace, name, uid, annotations } = regional;
  const target = regional.targets.find((one) => one.deployment === deployment);
  const status = ownEntry(loweredTargets(annotations), deployment);
  return {
    ...{ kind: 'RegionalAutoscaler', namespace, name, uid, deployment, value: target?.max ?? null, status, demand },
    want: target ? demand.want : 'drop',
    floor: regionalFloor(target, status, demand),
    isPaused: demand.isPaused || isPaused(annotations),
  };
}

/** A target without a maximum has one by default, which nobody here knows: it is lowered below what runs alone. */
function regionalFloor(
  target: RegionalMaximum | undefined,
  status: BudgetStatus | undefined,
  { floor, workload }: Demand,
): number | undefined {
  if (!target || floor === undefined || !workload) return undefined;
  const least = Math.max(floor, target.min ?? 0);
  return target.max === undefined && !status && least >= workload.replicas ? undefined : least;
}

function ownEntry(statuses: TargetStatuses, deployment: string): BudgetStatus | undefined {
  return Object.hasOwn(statuses, deployment) ? statuses[deployment] : undefined;
}

/** Those that it names, and those that something is remembered of. */
function deploymentsOf(regional: RegionalMaxima): ReadonlySet<string> {
  return new Set([
    ...regional.targets.map(({ deployment }) => deployment),
    ...Object.keys(loweredTargets(regional.annotations)),
  ]);
}

/** One of its number, whatever is remembered there: of a RegionalAutoscaler each target has one. */
export function loweredKey({ uid, deployment = '' }: Lowered): string {
  return `${uid}/${deployment}`;
}

function keyOf({ kind, namespace, name }: Place): string {
  return `${kind}/${namespace}/${name}`;
}
