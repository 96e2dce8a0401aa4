import type { Dashboard } from './dashboard.ts';

const EMITTED = 'max by (namespace) (gridgate_namespace_kilograms_per_hour)';
const BUDGET = 'kind, namespace, name';
const OF_NAMESPACES = '{namespace=~"$namespace"}';
const USED = `max by (${BUDGET}) (gridgate_budget_kilograms_per_hour${OF_NAMESPACES}) / max by (${BUDGET}) (gridgate_budget_limit_kilograms_per_hour${OF_NAMESPACES})`;

export const BUDGETS: Dashboard = {
  name: 'budgets',
  title: 'Carbon budgets',
  description: 'What each component of the cluster emits, its share of all, and how carbon budgets stand.',
  namespacesOf: 'gridgate_namespace_kilograms_per_hour',
  rows: [
    {
      title: 'Who emits what',
      panels: [
        {
          kind: 'bars',
          title: 'Share of each namespace',
          description:
            'Of what the whole cluster emits, the 15 largest; 0 where it emits nothing. Overhead such as observability belongs far below what it observes: worry when it takes more than a tenth.',
          queries: [
            {
              expr: `sort_desc(topk(15, ${EMITTED} / on () group_left () (sum(${EMITTED}) > 0) or ${EMITTED}))`,
              legend: '{{namespace}}',
            },
          ],
          unit: 'percentunit',
          width: 12,
          height: 10,
          decimals: 0,
          min: 0,
          max: 1,
          thresholds: [['green'], ['yellow', 0.1], ['red', 0.5]],
        },
        {
          kind: 'shares',
          title: 'Emissions by namespace',
          description:
            'The same in kgCO2e an hour, the 15 largest. Worry about a slice that grew without more work being done.',
          queries: [{ expr: `topk(15, ${EMITTED})`, legend: '{{namespace}}' }],
          unit: 'suffix: kgCO2e/h',
          width: 8,
          height: 10,
          decimals: 2,
        },
        {
          kind: 'number',
          title: 'Whole cluster',
          description:
            'What all pods emit that somebody knows. A sudden fall may be a meter that is gone: compare with the pods that are not counted.',
          queries: [{ expr: `sum(${EMITTED})`, legend: 'all' }],
          unit: 'suffix: kgCO2e/h',
          width: 4,
          height: 5,
          decimals: 2,
        },
        {
          kind: 'number',
          title: 'Pods not counted',
          description:
            'Pods that are in no figure here, since nobody knows what they draw, their region or its intensity. Worry above 0: shares are wrong by these, and a budget with one is never under.',
          queries: [{ expr: 'max(gridgate_uncounted_pods)', legend: 'pods' }],
          unit: 'none',
          width: 4,
          height: 5,
          thresholds: [['green'], ['yellow', 1]],
          runbook: 'GridgateBudgetNotFollowed',
        },
        {
          kind: 'stacked',
          title: 'Emissions over time',
          description:
            'By namespace, the 15 largest. All of them rising together is the grid; one that rises alone is its own doing.',
          queries: [{ expr: `topk(15, ${EMITTED})`, legend: '{{namespace}}' }],
          unit: 'suffix: kgCO2e/h',
          width: 24,
          min: 0,
        },
      ],
    },
    {
      title: 'Budgets',
      panels: [
        {
          kind: 'bars',
          title: 'Used of each budget',
          description:
            'What is emitted of what the budget allows. Above 100% flexible workloads go down to their least replicas; they are back below 80%.',
          queries: [{ expr: `sort_desc(${USED})`, legend: '{{kind}} {{namespace}} {{name}}' }],
          unit: 'percentunit',
          width: 12,
          decimals: 0,
          min: 0,
          thresholds: [['green'], ['yellow', 0.8], ['red', 1]],
          runbook: 'GridgateBudgetExceeded',
        },
        {
          kind: 'states',
          title: 'How budgets stand',
          description:
            'Over for long means that what may be scaled is not enough; unknown that nobody measures. Held: it was over and is not yet below 80%.',
          queries: [
            {
              expr: `max by (${BUDGET}) (gridgate_budget_state{namespace=~"$namespace", state="over"} * 4 or gridgate_budget_state{namespace=~"$namespace", state="held"} * 3 or gridgate_budget_state{namespace=~"$namespace", state="between"} * 2 or gridgate_budget_state{namespace=~"$namespace", state="under"} or gridgate_budget_state{namespace=~"$namespace", state="unknown"} * 0)`,
              legend: '{{kind}} {{namespace}} {{name}}',
            },
          ],
          unit: 'none',
          width: 12,
          thresholds: [['text'], ['green', 1], ['yellow', 2], ['orange', 3], ['red', 4]],
          named: {
            0: ['unknown', 'text'],
            1: ['under', 'green'],
            2: ['between', 'yellow'],
            3: ['held', 'orange'],
            4: ['over', 'red'],
          },
          runbook: 'GridgateBudgetExceeded',
        },
        {
          kind: 'rows',
          title: 'Budgets',
          description: 'Each budget with what is emitted. Worry about what is red for longer than half an hour.',
          queries: [
            {
              expr: `max by (${BUDGET}) (gridgate_budget_kilograms_per_hour${OF_NAMESPACES})`,
              legend: 'emits',
            },
            {
              expr: `max by (${BUDGET}) (gridgate_budget_limit_kilograms_per_hour${OF_NAMESPACES})`,
              legend: 'budget',
            },
            { expr: USED, legend: 'used' },
          ],
          unit: 'none',
          width: 24,
          labels: { kind: 'Kind', namespace: 'Namespace', name: 'Name' },
          columns: [
            { title: 'Emits', unit: 'suffix: kgCO2e/h' },
            { title: 'Budget', unit: 'suffix: kgCO2e/h' },
            { title: 'Used', unit: 'percentunit', thresholds: [['green'], ['yellow', 0.8], ['red', 1]] },
          ],
          runbook: 'GridgateBudgetExceeded',
        },
      ],
    },
    {
      title: 'What budgets did',
      panels: [
        {
          kind: 'lines',
          title: 'Scaled by budgets',
          description:
            'Objects that budgets hold down now, by kind and state; "would" in audit. Worry when something stays held for days: the budget is too small for what runs.',
          queries: [{ expr: 'max by (kind, state) (gridgate_budget_scaled_objects)', legend: '{{kind}} {{state}}' }],
          unit: 'none',
          width: 8,
          min: 0,
          decimals: 0,
        },
        {
          kind: 'lines',
          title: 'Changes in the range shown',
          description:
            'What budgets did: hold, restore, let-go of what somebody else scaled. Many in turns mean a budget at the edge.',
          queries: [
            { expr: 'sum by (change) (increase(gridgate_budget_changes_total[$__range]))', legend: '{{change}}' },
          ],
          unit: 'none',
          width: 8,
          min: 0,
          decimals: 0,
        },
        {
          kind: 'lines',
          title: 'Budgets that are not followed',
          description:
            'Budgets that are unknown, since nobody tells what some of their pods draw, and those beyond the most that are followed. Worry when either stays above 0.',
          queries: [
            { expr: 'count(gridgate_budget_state{state="unknown"} == 1) or vector(0)', legend: 'unknown' },
            { expr: 'sum(max by (namespace) (gridgate_budgets_not_followed)) or vector(0)', legend: 'too many' },
          ],
          unit: 'none',
          width: 8,
          min: 0,
          decimals: 0,
          runbook: 'GridgateBudgetNotFollowed',
        },
      ],
    },
  ],
};
