import { isPaused } from '../../capacity/paused.ts';
import { CARBON_BUDGET, parseCarbonBudget } from '../../decision/carbon-budget.ts';
import type { NamespaceRecord } from '../../decision/namespace-record.ts';
import type { Basis } from '../../energy/basis.ts';
import type { EnergySample } from '../../energy/energy-sample.ts';
import type { PowerModel } from '../../energy/power-model.ts';
import type { Snapshot } from '../../regions/snapshot.ts';
import { type BudgetVerdict, countLook } from '../../scaling/budget-count.ts';
import { counts, type Emissions, emissionsBy, type PodPower, type PowerKind } from '../../scaling/component-carbon.ts';
import type { ScaledWorkload } from '../../scaling/scaled-workload.ts';
import { compareText } from '../../units/compare-text.ts';
import { isoTime } from '../../units/moment.ts';
import type { PodGrouping } from '../../units/pod-grouping.ts';
import {
  type BudgetPod,
  type Component,
  componentOf,
  type EarlierEnergy,
  energyChanges,
  keyOf,
  ofNamespace,
  ofWorkload,
} from './components.ts';
import type { ScaledDown } from './scaled-down.ts';

/**
 * What stands between a component and its budget, by the limits of who keeps budgets, who looks several times; the first that
 * applies:
 *
 * | state     | when                                                               |
 * | --------- | ------------------------------------------------------------------ |
 * | `over`    | it emits more than its budget, even without what is not known      |
 * | `held`    | a budget has scaled something of it down                           |
 * | `let-go`  | the same, and somebody else has scaled all of that since           |
 * | `none`    | it has no budget                                                   |
 * | `unknown` | what some of its pods emit nobody knows, and the rest is not above |
 * | `between` | it emits no more than its budget, and nothing would be put back    |
 * | `under`   | it emits less than 80% of its budget                               |
 */
export type BudgetState = BudgetVerdict | 'let-go' | 'none';

/**
 * What `gridgate budget --output json` prints. Within `v1` fields are added, never taken away or given another meaning; every
 * field is always there, `null` where nobody knows, or where there is none.
 */
export interface BudgetReport {
  readonly version: 'v1';
  readonly takenAt: string;
  /** `namespace`, `deployment`, or `label:KEY`. */
  readonly by: PodGrouping;
  /** The only one that is listed; `null`: all. */
  readonly namespace: string | null;
  /** Of all pods that were seen, whatever is listed: what shares are of. */
  readonly total: ReportedSum;
  /** Of the namespace, where it is the only one that is listed and something else than namespaces is; else `null`. */
  readonly scope: ReportedComponent | null;
  /** The dirtiest first. */
  readonly components: readonly ReportedComponent[];
  /** What exceeds its budget, namespaces and workloads, whatever pods are grouped by: the dirtiest first. */
  readonly over: readonly ReportedComponent[];
  /** What is missing or went wrong, a sentence each. */
  readonly notes: readonly string[];
}

export interface ReportedSum {
  readonly pods: number;
  /** Of which nobody knows what they emit: they are in no figure. */
  readonly unknownPods: number;
  readonly kgPerHour: number | null;
  readonly watts: number | null;
  /** The worst of what is known of its pods. */
  readonly basis: Basis | null;
  /** How many pods are known how. */
  readonly knownBy: Readonly<Partial<Record<PowerKind, number>>>;
}

export interface ReportedComponent extends Component, ReportedSum {
  /** Of the total. */
  readonly sharePercent: number | null;
  readonly budgetKgPerHour: number | null;
  readonly state: BudgetState;
  /** Workloads of it that a budget has scaled down. */
  readonly heldWorkloads: number;
  /** Workloads of it that somebody else has scaled since. */
  readonly letGoWorkloads: number;
  /** Whether a person wants it left as it is, whatever it emits. */
  readonly paused: boolean;
  /** Of what is measured for its pods, against an hour ago: energy alone, the grid may have changed as well. */
  readonly energyChangePercent: number | null;
}

export interface ReportInput {
  /** All that may be seen. */
  readonly pods: readonly BudgetPod[];
  readonly power: PodPower;
  readonly snapshot: Snapshot;
  readonly model: PowerModel;
  readonly grouping: PodGrouping;
  readonly namespace?: string | undefined;
  readonly namespaces: readonly NamespaceRecord[];
  readonly workloads: readonly ScaledWorkload[];
  readonly scaled: ScaledDown;
  /** An hour ago; absent where nobody told. */
  readonly earlier?: EarlierEnergy | undefined;
  /** Epoch milliseconds. */
  readonly now: number;
  readonly notes: readonly string[];
}

export function reportBudget(input: ReportInput): BudgetReport {
  const { pods, power, snapshot, model, grouping, namespace } = input;
  const [total] = emissionsBy(pods, power, snapshot, () => '', model).values();
  const seen = { ...input, pods: pods.filter((pod) => namespace === undefined || pod.namespace === namespace) };
  const { budgets, mistakes } = findBudgets(input);
  const listBy = (by: PodGrouping) => listComponents({ ...seen, grouping: by }, budgets, total).sort(dirtiestFirst);
  const listed = new Map(BUDGETED.map((by) => [by, listBy(by)]));
  const [scope = null] = namespace === undefined || grouping === 'namespace' ? [] : (listed.get('namespace') ?? []);
  return {
    version: 'v1',
    takenAt: isoTime(input.now),
    by: grouping,
    namespace: namespace ?? null,
    total: reportSum(total),
    scope,
    components: listed.get(grouping) ?? listBy(grouping),
    over: [...listed.values()].flat().filter(({ state }) => state === 'over'),
    notes: [...input.notes, ...mistakes],
  };
}

/** What may have a budget. */
const BUDGETED: readonly PodGrouping[] = ['namespace', 'deployment'];

/** Those with pods; and those with a budget, or held, that may have none left. */
function listComponents(
  input: ReportInput,
  budgets: ReadonlyMap<string, Budget>,
  total: Emissions | undefined,
): ReportedComponent[] {
  const { pods, power, snapshot, model, grouping } = input;
  const emissions = emissionsBy(pods, power, snapshot, (pod) => keyOf(componentOf(pod, grouping)), model);
  const held = findScaled(input, input.scaled.held);
  const letGo = findScaled(input, input.scaled.letGo);
  const paused = findPaused(input);
  const changes = changesOf(input);
  const withPods = pods.map((pod) => componentOf(pod, grouping));
  const ofThisKind = ({ kind }: Component) => grouping === (kind === 'Namespace' ? 'namespace' : 'deployment');
  const withBudget = [...budgets.values()].map(({ component }) => component).filter(ofThisKind);
  const withHeld = [...held.values(), ...letGo.values()].flatMap(({ component }) => component ?? []);
  const listed = new Map([...withPods, ...withBudget, ...withHeld].map((one) => [keyOf(one), one]));
  return [...listed].map(([key, component]) => {
    const sum = reportSum(emissions.get(key));
    const budget = budgets.get(key)?.kg ?? null;
    const heldWorkloads = held.get(key)?.count ?? 0;
    const letGoWorkloads = letGo.get(key)?.count ?? 0;
    return {
      ...component,
      ...sum,
      sharePercent: shareOf(sum, total),
      budgetKgPerHour: budget,
      state: stateOf(sum, budget, { heldWorkloads, letGoWorkloads }),
      heldWorkloads,
      letGoWorkloads,
      paused: paused.has(key) || (component.namespace !== null && paused.has(keyOf(ofNamespace(component.namespace)))),
      energyChangePercent: changes.get(key) ?? null,
    };
  });
}

function shareOf({ kgPerHour }: ReportedSum, total: Emissions | undefined): number | null {
  return total && total.kgPerHour > 0 && kgPerHour !== null ? (kgPerHour / total.kgPerHour) * 100 : null;
}

function changesOf({ pods, power, snapshot, grouping, namespace, earlier }: ReportInput): ReadonlyMap<string, number> {
  if (!earlier) return new Map();
  const isShown = ({ pod }: EnergySample) => namespace === undefined || pod?.namespace === namespace;
  const counted = pods.filter((pod) => counts(pod, snapshot.topology));
  return energyChanges(counted, power, { ...earlier, samples: earlier.samples.filter(isShown) }, grouping);
}

/** Without pods nothing is emitted; of pods of which nothing is known nobody knows. */
function reportSum(sum: Emissions | undefined): ReportedSum {
  const { pods = 0, unknown = 0, kgPerHour = 0, watts = 0, known = new Map() } = sum ?? {};
  const isKnown = pods === 0 || unknown < pods;
  return {
    pods,
    unknownPods: unknown,
    kgPerHour: isKnown ? kgPerHour : null,
    watts: isKnown ? watts : null,
    basis: sum && isKnown ? sum.basis : null,
    knownBy: Object.fromEntries(known),
  };
}

function stateOf(
  sum: ReportedSum,
  budget: number | null,
  { heldWorkloads, letGoWorkloads }: Pick<ReportedComponent, 'heldWorkloads' | 'letGoWorkloads'>,
): BudgetState {
  const verdict = budget === null ? 'none' : verdictAtOnce(sum, budget);
  if (verdict === 'over') return verdict;
  if (heldWorkloads > 0) return 'held';
  return letGoWorkloads > 0 ? 'let-go' : verdict;
}

/** As who keeps the budget would have it after one look. */
function verdictAtOnce({ kgPerHour, unknownPods: unknown }: ReportedSum, limit: number): BudgetVerdict {
  const { verdict } = countLook(undefined, { limit, holdCycles: 1 }, { kgPerHour: kgPerHour ?? 0, unknown });
  return verdict !== 'over' && unknown > 0 ? 'unknown' : verdict; // what is not known is bridged for some looks there
}

interface Budget {
  readonly component: Component;
  readonly kg: number;
}

/** Budgets of what components are; labels of pods have none. What is no budget is told. */
function findBudgets({ namespace, namespaces, workloads }: ReportInput) {
  const annotated = [
    ...namespaces.map(({ name, annotations }) => ({ component: ofNamespace(name), annotations })),
    ...workloads.map((one) => ({ component: ofWorkload(one.namespace, one), annotations: one.annotations })),
  ].filter(({ component }) => namespace === undefined || component.namespace === namespace);
  const budgets = new Map<string, Budget>();
  const mistakes: string[] = [];
  for (const { component, annotations } of annotated) {
    const text = annotations[CARBON_BUDGET];
    if (text === undefined) continue;
    const kg = parseCarbonBudget(text);
    if (kg !== undefined) budgets.set(keyOf(component), { component, kg });
    else if (mistakes.length < MOST_MISTAKES)
      mistakes.push(`${nameIn(component)}: ${CARBON_BUDGET} ${quote(text)} is no budget`);
  }
  return { budgets, mistakes };
}

const MOST_MISTAKES = 20;
const LONGEST_QUOTE = 40;

function quote(text: string): string {
  return JSON.stringify(text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE)}...` : text);
}

function nameIn({ namespace, kind, name }: Component): string {
  return kind === 'Namespace' ? `namespace ${name}` : `${kind} ${name} in namespace ${namespace}`;
}

/** Namespaces and workloads that say so, by their `keyOf`. */
function findPaused({ namespaces, scaled }: ReportInput): ReadonlySet<string> {
  const paused = namespaces.filter(({ annotations }) => isPaused(annotations));
  return new Set([...scaled.paused, ...paused.map(({ name }) => keyOf(ofNamespace(name)))]);
}

/** What of each component is among these workloads, by its `keyOf`; of a label's pods what owns them. */
function findScaled({ pods, workloads, grouping, namespace }: ReportInput, those: ReadonlySet<string>) {
  const ofPods = pods.flatMap((pod) =>
    pod.workload ? [{ component: componentOf(pod, grouping), workload: ofWorkload(pod.namespace, pod.workload) }] : [],
  );
  // What is held may have no pods left.
  const ofWorkloads = workloads
    .filter((one) => namespace === undefined || one.namespace === namespace)
    .map((one) => {
      const workload = ofWorkload(one.namespace, one);
      return { component: grouping === 'namespace' ? ofNamespace(one.namespace) : workload, workload };
    });
  const pairs = grouping === 'namespace' || grouping === 'deployment' ? ofWorkloads : ofPods;
  const found = pairs.filter(({ workload }) => those.has(keyOf(workload)));
  const byComponent = Map.groupBy(found, ({ component }) => keyOf(component));
  return new Map(
    [...byComponent].map(([key, alike]) => [
      key,
      { component: alike[0]?.component, count: new Set(alike.map(({ workload }) => keyOf(workload))).size },
    ]),
  );
}

function dirtiestFirst(a: ReportedComponent, b: ReportedComponent): number {
  return (b.kgPerHour ?? -1) - (a.kgPerHour ?? -1) || compareText(keyOf(a), keyOf(b));
}
