import { scopeKey } from '../../scaling/budget-scope.ts';
import { type BudgetStep, stateOf } from '../../scaling/budget-step.ts';
import type { Emissions } from '../../scaling/component-carbon.ts';
import { type Metric, oneSeries, type Series } from '../../telemetry/metric.ts';
import type { BudgetReport } from './looks.ts';
import type { Lowered } from './targets.ts';

interface Shown {
  readonly reports: readonly BudgetReport[];
  readonly lowered: readonly Lowered[];
  readonly would: readonly Lowered[];
  /** How many budgets are not followed, by namespace. */
  readonly left: ReadonlyMap<string, number>;
  /** What all pods emit, by namespace; empty where nobody knows. */
  readonly ofNamespaces: ReadonlyMap<string, Emissions>;
}

/** Whoever may make namespaces may make many: those that emit least are one series. */
const MOST_NAMESPACES = 500;
/** No namespace is called so. */
const OTHERS = '(others)';

/** What operators see of budgets, while this replica leads. */
export function createBudgetFigures() {
  let reports: readonly BudgetReport[] = [];
  let unfollowed: Shown['left'] = new Map();
  let ofNamespaces: Shown['ofNamespaces'] = new Map();
  let standing: ReadonlyMap<string, number> = new Map();
  const changes = new Map<string, number>();

  const ofScopes =
    (read: (report: BudgetReport) => number | undefined, more?: (report: BudgetReport) => object) => () =>
      reports.flatMap((report) => {
        const { kind, namespace, name } = report.scope;
        const value = read(report);
        return value === undefined ? [] : [[{ kind, namespace, name, ...more?.(report) }, value] as const];
      });

  const metrics: readonly Metric[] = [
    {
      type: 'gauge',
      name: 'gridgate_budget_kilograms_per_hour',
      help: 'kgCO2e an hour of what has a carbon budget; none where nobody knows',
      labelNames: ['kind', 'namespace', 'name'],
      read: ofScopes(({ count }) => count.reading?.kgPerHour),
    },
    {
      type: 'gauge',
      name: 'gridgate_budget_limit_kilograms_per_hour',
      help: 'Carbon budgets (gridgate.dev/carbon-budget), kgCO2e an hour',
      labelNames: ['kind', 'namespace', 'name'],
      read: ofScopes(({ scope }) => scope.limit),
    },
    {
      type: 'gauge',
      name: 'gridgate_namespace_kilograms_per_hour',
      help: `kgCO2e an hour of all pods of a namespace, budgeted or not; of the ${MOST_NAMESPACES} that emit most, and of the others together`,
      labelNames: ['namespace'],
      read: () => largest(ofNamespaces),
    },
    {
      type: 'gauge',
      name: 'gridgate_uncounted_pods',
      help: 'Pods that are in no figure of kgCO2e an hour: nobody knows what they draw, their region or its intensity',
      labelNames: [],
      read: () => oneSeries(ofNamespaces.size === 0 ? undefined : uncounted(ofNamespaces)),
    },
    {
      type: 'gauge',
      name: 'gridgate_budget_state',
      help: '1 for how each carbon budget stands: over, held (it was over and is not yet below 80%), between, under (below 80%), unknown',
      labelNames: ['kind', 'namespace', 'name', 'state'],
      read: ofScopes(
        () => 1,
        ({ count }) => ({ state: count.verdict }),
      ),
    },
    {
      type: 'gauge',
      name: 'gridgate_budgets_not_followed',
      help: 'Carbon budgets beyond the most that are followed, by namespace',
      labelNames: ['namespace'],
      read: () => Array.from(unfollowed, ([namespace, count]) => [{ namespace }, count] as const),
    },
    {
      type: 'gauge',
      name: 'gridgate_budget_scaled_objects',
      help: 'What carbon budgets have scaled, by kind and by how it stands; "would" in audit',
      labelNames: ['kind', 'state'],
      read: () => series(standing, 'kind', 'state'),
    },
    {
      type: 'counter',
      name: 'gridgate_budget_changes_total',
      help: 'Changes that carbon budgets made: hold, restore, let-go of what somebody else scaled, finish what another leader began, forget',
      labelNames: ['change'],
      read: () => series(changes, 'change'),
    },
  ];

  return {
    metrics,
    show({ reports: all, lowered, would, left, ofNamespaces: emissions }: Shown): void {
      ofNamespaces = emissions;
      unfollowed = left;
      reports = [...all].sort((a, b) => (scopeKey(a.scope) < scopeKey(b.scope) ? -1 : 1));
      const states = [
        ...lowered.filter(({ status }) => status).map((one) => `${one.kind}/${one.isPaused ? 'paused' : stateOf(one)}`),
        ...would.map(({ kind }) => `${kind}/would`),
      ];
      standing = new Map(
        Array.from(
          Map.groupBy(states, (one) => one),
          ([key, all]) => [key, all.length],
        ),
      );
    },
    count: (change: BudgetStep['kind']) => void changes.set(change, (changes.get(change) ?? 0) + 1),
    clear(): void {
      reports = [];
      unfollowed = new Map();
      ofNamespaces = new Map();
      standing = new Map();
    },
  };
}

function largest(ofNamespaces: Shown['ofNamespaces']): readonly Series[] {
  const all = Array.from(ofNamespaces, ([namespace, { kgPerHour }]) => [namespace, kgPerHour] as const);
  const sorted = all.toSorted(([, a], [, b]) => b - a);
  const others = sorted.slice(MOST_NAMESPACES);
  const sum = others.reduce((total, [, kgPerHour]) => total + kgPerHour, 0);
  return [...sorted.slice(0, MOST_NAMESPACES), ...(others.length > 0 ? [[OTHERS, sum] as const] : [])].map(
    ([namespace, kgPerHour]) => [{ namespace }, kgPerHour],
  );
}

function uncounted(ofNamespaces: Shown['ofNamespaces']): number {
  return [...ofNamespaces.values()].reduce((sum, { unknown }) => sum + unknown, 0);
}

function series(counts: ReadonlyMap<string, number>, ...labels: readonly string[]) {
  return Array.from(counts, ([key, count]) => {
    const values = key.split('/');
    return [Object.fromEntries(labels.map((label, i) => [label, values[i] ?? ''])), count] as const;
  });
}
