import type { Dashboard } from './dashboard.ts';
import { gained } from './gained.ts';

const EXPECTED = gained('gridgate_waiting_saved_grams_expected_total{namespace=~"$namespace"}');
const FOUND = gained('gridgate_waiting_saved_grams_found_total{namespace=~"$namespace"}');
const ADDED = gained('gridgate_waiting_added_grams_found_total{namespace=~"$namespace"}');

export const WAITING: Dashboard = {
  name: 'waiting',
  title: 'Waiting',
  description: 'Work that waits for a cleaner hour: how much, how punctual its release is, and what waiting saves.',
  namespacesOf: 'gridgate_waiting_saved_grams_expected_total',
  rows: [
    {
      title: 'Now',
      panels: [
        {
          kind: 'number',
          title: 'Waiting',
          description:
            'Pods behind the gate, and those that suspended Jobs have still to make. It falls when the grid turns clean.',
          queries: [{ expr: 'max(gridgate_gated_pods)', legend: 'pods' }],
          unit: 'none',
          width: 6,
          height: 4,
        },
        {
          kind: 'number',
          title: 'Overdue',
          description:
            'Those whose latest start has passed. `gridgate release --overdue` lets them go, every 5 minutes by a CronJob; act when any stays for 15.',
          queries: [{ expr: 'max(gridgate_gated_pods_overdue)', legend: 'pods' }],
          unit: 'none',
          width: 6,
          height: 4,
          thresholds: [['green'], ['red', 1]],
          runbook: 'GridgateGatesOverdue',
        },
        {
          kind: 'number',
          title: 'Saved, as found',
          description:
            'CO2e that waiting saved in the range shown, by the readings of the hours that the work ran in; an estimate from requests and length.',
          queries: [
            {
              expr: `sum(${FOUND})`,
              legend: 'saved',
            },
          ],
          unit: 'massg',
          width: 6,
          height: 4,
          decimals: 1,
        },
        {
          kind: 'number',
          title: 'Found of expected',
          description:
            'What was saved in the range shown, of what was expected when work was let go in it, less what waiting made worse. Worry far below 100%: the forecasts promise too much.',
          queries: [
            {
              expr: `(sum(${FOUND}) - sum(${ADDED})) / (sum(${EXPECTED}) > 0)`,
              legend: 'of expected',
            },
          ],
          unit: 'percentunit',
          width: 6,
          height: 4,
          decimals: 0,
          thresholds: [['red'], ['yellow', 0.3], ['green', 0.6]],
        },
      ],
    },
    {
      title: 'Over time',
      panels: [
        {
          kind: 'lines',
          title: 'Waiting and overdue',
          description:
            'Both over time. Waiting rises in dirty hours and falls in clean ones; overdue is 0 as long as somebody lets go in time.',
          queries: [
            { expr: 'max(gridgate_gated_pods)', legend: 'waiting' },
            { expr: 'max(gridgate_gated_pods_overdue)', legend: 'overdue' },
          ],
          unit: 'none',
          width: 12,
          min: 0,
          decimals: 0,
          runbook: 'GridgateGatesOverdue',
        },
        {
          kind: 'lines',
          title: 'Let go a minute',
          description:
            'How many pods are let go. Releases come in turns, so that a clean hour does not start everything at once.',
          queries: [{ expr: '60 * sum(rate(gridgate_release_delay_seconds_count[$__rate_interval]))', legend: 'pods' }],
          unit: 'none',
          width: 12,
          min: 0,
        },
        {
          kind: 'lines',
          title: 'Delay of releases',
          description:
            'From the planned start to the release: half and 99% of them. Seconds are usual, minutes when thousands go; worry above 5 minutes.',
          queries: [0.5, 0.99].map((quantile) => ({
            expr: `histogram_quantile(${quantile}, sum by (le) (increase(gridgate_release_delay_seconds_bucket[$__range])))`,
            legend: `${quantile * 100}%`,
          })),
          unit: 's',
          width: 12,
          min: 0,
          thresholds: [['green'], ['red', 300]],
          showsThresholds: true,
        },
        {
          kind: 'lines',
          title: 'Hours that forecasts are learnt from',
          description:
            'How much of the last 60 days is known of each region, of 1,440 hours. Forecasts begin at 24; worry when a region stays near 0 or falls.',
          queries: [{ expr: 'max by (region) (gridgate_region_memory_hours)', legend: '{{region}}' }],
          unit: 'none',
          width: 12,
          min: 0,
          decimals: 0,
          runbook: 'The grid data is gone',
        },
      ],
    },
    {
      title: 'What waiting saves',
      panels: [
        {
          kind: 'rows',
          title: 'By namespace',
          description:
            'CO2e in the range shown: expected when work was let go, found by the readings since, and added where waiting made it worse. Worry when a namespace adds more than it saves.',
          queries: [
            {
              expr: `sum by (namespace) (${EXPECTED})`,
              legend: 'expected',
            },
            {
              expr: `sum by (namespace) (${FOUND})`,
              legend: 'found',
            },
            {
              expr: `sum by (namespace) (${ADDED})`,
              legend: 'added',
            },
          ],
          unit: 'massg',
          width: 24,
          labels: { namespace: 'Namespace' },
          columns: [
            { title: 'Expected', unit: 'massg' },
            { title: 'Found', unit: 'massg' },
            { title: 'Added', unit: 'massg' },
          ],
        },
      ],
    },
  ],
};
