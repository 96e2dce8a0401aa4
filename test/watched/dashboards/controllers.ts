import type { Dashboard } from './dashboard.ts';
import { gained } from './gained.ts';

export const CONTROLLERS: Dashboard = {
  name: 'controllers',
  title: 'Controllers and capacity',
  description: 'Who leads, whether it still hears the API server, and what it does to node pools, prices and replicas.',
  namespacesOf: 'gridgate_regional_replicas',
  rows: [
    {
      title: 'Controllers',
      panels: [
        {
          kind: 'states',
          title: 'Leader',
          description:
            'Which replica leads. Changes are well at a rollout; worry when none leads, or when it changes again and again.',
          queries: [{ expr: 'max by (instance) (gridgate_leader)', legend: '{{instance}}' }],
          unit: 'none',
          width: 12,
          thresholds: [['text'], ['green', 1]],
          named: { 0: ['stands by', 'text'], 1: ['leads', 'green'] },
          runbook: 'GridgateLeaderMissing',
        },
        {
          kind: 'lines',
          title: 'Silence of watches',
          description:
            'Time since the last sign of life of each watch; the API server gives one a minute. Worry above 5 minutes: the replica decides by what it saw then.',
          queries: [{ expr: 'max by (resource) (gridgate_watch_idle_seconds)', legend: '{{resource}}' }],
          unit: 's',
          width: 12,
          min: 0,
          thresholds: [['green'], ['red', 300]],
          showsThresholds: true,
          runbook: 'GridgateWatchSilent',
        },
        {
          kind: 'lines',
          title: 'Log lines dropped a minute',
          description:
            'Lines that nobody took from stdout in time. Worry above 0: what happened then is not in the log.',
          queries: [
            {
              expr: '60 * sum by (instance) (rate(gridgate_log_lines_dropped_total[$__rate_interval]))',
              legend: '{{instance}}',
            },
          ],
          unit: 'none',
          width: 12,
          min: 0,
          runbook: 'GridgateLogLinesDropped',
        },
        {
          kind: 'lines',
          title: 'Requests to sources a minute',
          description:
            'What the leader asks of sources of intensities, by outcome. Worry about anything but "ok" that lasts.',
          queries: [
            {
              expr: '60 * sum by (outcome) (rate(gridgate_source_requests_total[$__rate_interval]))',
              legend: '{{outcome}}',
            },
          ],
          unit: 'none',
          width: 12,
          min: 0,
          runbook: 'The grid data is gone',
        },
      ],
    },
    {
      title: 'Karpenter',
      panels: [
        {
          kind: 'stacked',
          title: 'NodePools that follow the grid',
          description:
            'By mode and by how they stand. "changed" is what dirty hours look like; worry about "refused": the guard or the API server does not take the change.',
          queries: [{ expr: 'max by (mode, state) (gridgate_node_pools) > 0', legend: '{{mode}} {{state}}' }],
          unit: 'none',
          width: 8,
          min: 0,
          decimals: 0,
        },
        {
          kind: 'lines',
          title: 'Changes of NodePools in the range shown',
          description:
            'What was written, and in audit what would be. Many in turns mean a threshold where the grid lingers.',
          queries: [
            {
              expr: 'sum by (mode, outcome) (increase(gridgate_node_pool_changes_total[$__range]))',
              legend: '{{mode}} {{outcome}}',
            },
          ],
          unit: 'none',
          width: 8,
          min: 0,
          decimals: 0,
        },
        {
          kind: 'rows',
          title: 'Nodes replaced for the grid',
          description:
            'Nodes that Karpenter replaced in the range shown because their pool was narrowed, and the embodied CO2e of the time that both stood. Worry when that nears what moving avoids. Empty until a node was replaced.',
          queries: [
            { expr: `sum by (nodepool) (${gained('gridgate_node_pool_replaced_nodes_total')})`, legend: 'nodes' },
            { expr: `sum by (nodepool) (${gained('gridgate_node_pool_replaced_grams_total')})`, legend: 'grams' },
          ],
          unit: 'none',
          width: 8,
          labels: { nodepool: 'NodePool' },
          columns: [
            { title: 'Nodes', unit: 'none' },
            { title: 'Embodied', unit: 'massg' },
          ],
        },
        {
          kind: 'lines',
          title: 'NodeOverlays',
          description:
            'Prices of carbon for Karpenter: wanted, due to be written, refused by Karpenter. Worry about any that is refused.',
          queries: [{ expr: 'max by (state) (gridgate_node_overlays)', legend: '{{state}}' }],
          unit: 'none',
          width: 8,
          min: 0,
          decimals: 0,
        },
        {
          kind: 'lines',
          title: 'Offerings with a price of carbon',
          description:
            'Offerings of instance types that have one, and those that are left alone since their power or region is not known. Worry when the latter grow.',
          queries: [{ expr: 'max by (state) (gridgate_node_overlay_offerings)', legend: '{{state}}' }],
          unit: 'none',
          width: 8,
          min: 0,
          decimals: 0,
        },
        {
          kind: 'lines',
          title: 'Changes of NodeOverlays in the range shown',
          description:
            'Created, changed and deleted. Prices go in steps of carbon: a change a minute for hours is too many.',
          queries: [
            {
              expr: 'sum by (change) (increase(gridgate_node_overlay_changes_total[$__range]))',
              legend: '{{change}}',
            },
          ],
          unit: 'none',
          width: 8,
          min: 0,
          decimals: 0,
        },
      ],
    },
    {
      title: 'Cluster Autoscaler',
      panels: [
        {
          kind: 'lines',
          title: 'Priority of each region',
          description:
            "What node groups of a region have in Cluster Autoscaler's priority expander: the cleanest highest. A region that is missing gets no priority from gridgate.",
          queries: [{ expr: 'max by (region) (gridgate_priority_expander_priority)', legend: '{{region}}' }],
          unit: 'none',
          width: 12,
          decimals: 0,
        },
        {
          kind: 'lines',
          title: 'Changes of the priorities in the range shown',
          description:
            'Written, and put back after somebody else changed our lines. Worry when "put back" grows: two tools write the same ConfigMap.',
          queries: [
            {
              expr: 'sum by (change) (increase(gridgate_priority_expander_changes_total[$__range]))',
              legend: '{{change}}',
            },
          ],
          unit: 'none',
          width: 12,
          min: 0,
          decimals: 0,
        },
      ],
    },
    {
      title: 'Replicas across regions',
      panels: [
        {
          kind: 'stacked',
          title: 'Replicas by region',
          description:
            'Of the targets of all RegionalAutoscalers. They move to clean regions and out of those that are down.',
          queries: [
            {
              expr: 'sum by (region) (max by (namespace, autoscaler, region) (gridgate_regional_replicas{namespace=~"$namespace"}))',
              legend: '{{region}}',
            },
          ],
          unit: 'none',
          width: 12,
          min: 0,
          decimals: 0,
        },
        {
          kind: 'lines',
          title: 'CPU of targets',
          description:
            'What targets use of what they request, as each RegionalAutoscaler judges it. A line that ends means that nobody tells usages; worry above what it scales up at.',
          queries: [
            {
              expr: 'max by (namespace, autoscaler) (gridgate_regional_cpu_percent{namespace=~"$namespace"})',
              legend: '{{namespace}} {{autoscaler}}',
            },
          ],
          unit: 'percent',
          width: 12,
          min: 0,
        },
        {
          kind: 'stacked',
          title: 'RegionalAutoscalers by reason',
          description:
            'What their last look came to. Worry about reasons that name a refusal, unknown usages or limits that are reached.',
          queries: [{ expr: 'max by (reason) (gridgate_regional_autoscalers)', legend: '{{reason}}' }],
          unit: 'none',
          width: 12,
          min: 0,
          decimals: 0,
        },
        {
          kind: 'lines',
          title: 'Actions in the range shown',
          description:
            'What they did to targets, and in audit what they would. Up and down in turns mean thresholds that are too close.',
          queries: [
            {
              expr: 'sum by (decision, outcome) (increase(gridgate_regional_actions_total[$__range]))',
              legend: '{{decision}} {{outcome}}',
            },
          ],
          unit: 'none',
          width: 12,
          min: 0,
          decimals: 0,
        },
      ],
    },
  ],
};
