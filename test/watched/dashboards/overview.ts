import type { Dashboard } from './dashboard.ts';

export const OVERVIEW: Dashboard = {
  name: 'overview',
  title: 'Overview',
  description: 'How clean the regions are, what placing work by that avoids, and whether gridgate itself works.',
  namespacesOf: 'gridgate_carbon_avoided_grams_total',
  rows: [
    {
      title: 'Does gridgate work?',
      panels: [
        {
          kind: 'number',
          title: 'Webhook replicas',
          description:
            'Replicas that answer reviews. Worry at 1, which has no spare, and act at 0: pods then pass unsteered.',
          queries: [{ expr: 'count(gridgate_review_bytes_in_flight{size="small"}) or vector(0)', legend: 'replicas' }],
          unit: 'none',
          width: 4,
          height: 4,
          thresholds: [['red'], ['yellow', 1], ['green', 2]],
          runbook: 'GridgateWebhookDown',
        },
        {
          kind: 'number',
          title: 'Leader',
          description:
            'Whether one of the controllers leads. Without one, readings grow old, outages go unseen and what waits is let go late.',
          queries: [{ expr: 'max(gridgate_leader)', legend: 'leads' }],
          unit: 'none',
          width: 4,
          height: 4,
          thresholds: [['red'], ['green', 1]],
          named: { 0: ['none', 'red'], 1: ['leads', 'green'] },
          runbook: 'GridgateLeaderMissing',
        },
        {
          kind: 'number',
          title: 'Certificate',
          description:
            'Time until the first serving certificate ends. It is renewed after two thirds of its life: worry when that did not happen, below 7 days.',
          queries: [{ expr: 'min(gridgate_certificate_expiry_seconds)', legend: 'left' }],
          unit: 's',
          width: 4,
          height: 4,
          thresholds: [['red'], ['yellow', 86_400], ['green', 604_800]],
          runbook: 'GridgateCertificateExpiring',
        },
        {
          kind: 'number',
          title: 'Settings not understood',
          description:
            'Whether gridgate.yaml or the kill switch cannot be read. Act on any: an older configuration counts, or the whole cluster is in audit.',
          queries: [
            {
              expr: 'max(gridgate_config_reload_failed) + max(gridgate_kill_switch_unreadable)',
              legend: 'settings',
            },
          ],
          unit: 'none',
          width: 4,
          height: 4,
          thresholds: [['green'], ['red', 1]],
          runbook: 'GridgateKillSwitchUnreadable',
        },
        {
          kind: 'number',
          title: 'Passed unsteered, last hour',
          description:
            'Calls of the API server to gridgate that failed and were let pass. Any is worth a look; more than a few mean that policies do not count.',
          queries: [
            {
              expr: 'sum(increase(apiserver_admission_webhook_fail_open_count{name=~".+[.]gridgate[.]dev"}[1h])) or vector(0)',
              legend: 'calls',
            },
          ],
          unit: 'short',
          width: 4,
          height: 4,
          decimals: 0,
          thresholds: [['green'], ['yellow', 1], ['red', 10]],
          runbook: 'GridgatePodsUnsteered',
        },
        {
          kind: 'number',
          title: 'Overdue',
          description:
            'Pods that wait although their latest start has passed. Act when it stays above 0 for 15 minutes.',
          queries: [{ expr: 'max(gridgate_gated_pods_overdue)', legend: 'pods' }],
          unit: 'none',
          width: 4,
          height: 4,
          thresholds: [['green'], ['red', 1]],
          runbook: 'GridgateGatesOverdue',
        },
      ],
    },
    {
      title: 'Regions',
      panels: [
        {
          kind: 'bars',
          title: 'Regions, cleanest first',
          description:
            'What a kWh emits in each region now, the cleanest on top: where new pods go unless their policy says otherwise. Worry when all are red.',
          queries: [{ expr: 'sort(max by (region) (gridgate_region_grams_per_kwh))', legend: '{{region}}' }],
          unit: 'suffix: gCO2e/kWh',
          width: 8,
          decimals: 0,
          min: 0,
          thresholds: [['green'], ['yellow', 150], ['red', 300]],
        },
        {
          kind: 'lines',
          title: 'Carbon intensity',
          description:
            'The same over time. Curves that cross are what moving and waiting gain from; a flat line is a fixed value or a yearly average.',
          queries: [{ expr: 'max by (region) (gridgate_region_grams_per_kwh)', legend: '{{region}}' }],
          unit: 'suffix: gCO2e/kWh',
          width: 16,
          min: 0,
        },
        {
          kind: 'states',
          title: 'Bands',
          description:
            'Which band each region is in; nodes carry it as a label. Worry about a band that changes more than 5 times a day: its thresholds lie where the grid lingers.',
          queries: [
            {
              expr: 'max by (region) (gridgate_region_band{band="medium"}) + 2 * max by (region) (gridgate_region_band{band="high"})',
              legend: '{{region}}',
            },
          ],
          unit: 'none',
          width: 12,
          thresholds: [['green'], ['yellow', 1], ['red', 2]],
          named: { 0: ['low', 'green'], 1: ['medium', 'yellow'], 2: ['high', 'red'] },
        },
        {
          kind: 'states',
          title: 'Outages',
          description:
            'Which regions count as down: no new pod goes there. A region that nobody is asked about is not shown. Act when a region is shown down that is not.',
          queries: [{ expr: 'max by (region) (gridgate_region_outage)', legend: '{{region}}' }],
          unit: 'none',
          width: 12,
          thresholds: [['green'], ['red', 1]],
          named: { 0: ['up', 'green'], 1: ['down', 'red'] },
          runbook: 'A region in outage',
        },
      ],
    },
    {
      title: 'Carbon of what runs',
      panels: [
        {
          kind: 'number',
          title: 'Avoided',
          description:
            'Estimated CO2e that pods avoided in the range shown by running where they do instead of in their home region: attribution by an average signal, not consequence.',
          queries: [
            {
              expr: 'sum(increase(gridgate_carbon_avoided_grams_total{namespace=~"$namespace"}[$__range]))',
              legend: 'avoided',
            },
          ],
          unit: 'massg',
          width: 4,
          height: 4,
          decimals: 1,
        },
        {
          kind: 'number',
          title: 'Added',
          description:
            'Estimated CO2e that pods added in the range shown where they run dirtier than at home, held there by sovereignty, volumes or outages. Worry when it outgrows what is avoided.',
          queries: [
            {
              expr: 'sum(increase(gridgate_carbon_added_grams_total{namespace=~"$namespace"}[$__range]))',
              legend: 'added',
            },
          ],
          unit: 'massg',
          width: 4,
          height: 4,
          decimals: 1,
        },
        {
          kind: 'lines',
          title: 'Avoided and added an hour',
          description:
            'The pace of both. Avoided falls to 0 when home becomes the cleanest region, which is no fault; added that rises means that pods are kept in dirty places.',
          queries: [
            {
              expr: '3600 * sum(rate(gridgate_carbon_avoided_grams_total{namespace=~"$namespace"}[$__rate_interval]))',
              legend: 'avoided',
            },
            {
              expr: '-3600 * sum(rate(gridgate_carbon_added_grams_total{namespace=~"$namespace"}[$__rate_interval]))',
              legend: 'added',
            },
          ],
          unit: 'suffix: gCO2e/h',
          width: 16,
        },
        {
          kind: 'rows',
          title: 'By namespace',
          description:
            'Who avoids and who adds in the range shown. A namespace that adds more than it avoids has a home region that is cleaner than where its policy lets it run.',
          queries: [
            {
              expr: 'sum by (namespace) (increase(gridgate_carbon_avoided_grams_total{namespace=~"$namespace"}[$__range]))',
              legend: 'avoided',
            },
            {
              expr: 'sum by (namespace) (increase(gridgate_carbon_added_grams_total{namespace=~"$namespace"}[$__range]))',
              legend: 'added',
            },
          ],
          unit: 'massg',
          width: 24,
          labels: { namespace: 'Namespace' },
          columns: [
            { title: 'Avoided', unit: 'massg' },
            { title: 'Added', unit: 'massg' },
          ],
        },
      ],
    },
    {
      title: 'Readings',
      panels: [
        {
          kind: 'lines',
          title: 'Age of readings',
          description:
            'How old the reading in use is. Stale readings still count until they are 6 hours old; then the yearly average does, and the line ends. Worry above 3 hours.',
          queries: [{ expr: 'max by (region) (gridgate_region_reading_age_seconds)', legend: '{{region}}' }],
          unit: 's',
          width: 8,
          min: 0,
          thresholds: [['green'], ['yellow', 10_800], ['red', 21_600]],
          showsThresholds: true,
          runbook: 'GridgateReadingsStale',
        },
        {
          kind: 'stacked',
          title: 'Regions by source',
          description:
            'Where the readings in use come from. Worry when "embedded", the yearly average, takes over from a live source.',
          queries: [
            {
              expr: 'count by (source) (group by (region, source) (gridgate_region_grams_per_kwh))',
              legend: '{{source}}',
            },
          ],
          unit: 'none',
          width: 8,
          min: 0,
          decimals: 0,
          runbook: 'The grid data is gone',
        },
        {
          kind: 'lines',
          title: 'Requests to sources a minute',
          description:
            'What the sources of intensities answered. Worry about anything but "ok" that lasts: a token that has run out, a limit that is reached.',
          queries: [
            {
              expr: '60 * sum by (source, outcome) (rate(gridgate_source_requests_total[$__rate_interval]))',
              legend: '{{source}} {{outcome}}',
            },
          ],
          unit: 'none',
          width: 8,
          min: 0,
          runbook: 'The grid data is gone',
        },
      ],
    },
  ],
};
