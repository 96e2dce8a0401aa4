import type { Dashboard } from './dashboard.ts';

const OURS = 'name=~".+[.]gridgate[.]dev"';
/** Of processes of gridgate, whatever their job is called. */
const OF_GRIDGATE = 'and on (job, instance) gridgate_config_reload_failed';

export const ADMISSION: Dashboard = {
  name: 'admission',
  title: 'Admission',
  description: 'What is asked, what is answered, how fast, and what was let pass unasked.',
  rows: [
    {
      title: 'Decisions',
      panels: [
        {
          kind: 'stacked',
          title: 'Reviews a second, by decision',
          description:
            'What gridgate decided of pods and workloads. In audit "deny" is what enforce would do. Worry when a decision appears or vanishes without a change of policy or grid.',
          queries: [
            {
              expr: 'sum by (decision) (rate(gridgate_admission_requests_total[$__rate_interval]))',
              legend: '{{decision}}',
            },
          ],
          unit: 'reqps',
          width: 8,
          min: 0,
        },
        {
          kind: 'stacked',
          title: 'Reviews a second, by endpoint',
          description:
            'Pods go to /mutate, workloads and final pods to /validate, policies to /namespaces, bindings to /validate-binding. Worry when /mutate falls silent while pods are made.',
          queries: [
            {
              expr: 'sum by (endpoint) (rate(gridgate_admission_requests_total[$__rate_interval]))',
              legend: '{{endpoint}}',
            },
          ],
          unit: 'reqps',
          width: 8,
          min: 0,
        },
        {
          kind: 'stacked',
          title: 'Reviews a second, by mode',
          description:
            'Under which mode was decided. All of it in audit or off, without your doing, means that the kill switch caps the cluster or cannot be read.',
          queries: [
            {
              expr: 'sum by (mode) (rate(gridgate_admission_requests_total[$__rate_interval]))',
              legend: '{{mode}}',
            },
          ],
          unit: 'reqps',
          width: 8,
          min: 0,
          runbook: 'The kill switch',
        },
        {
          kind: 'stacked',
          title: 'Denied a minute, by reason',
          description:
            'Reviews that were refused in enforce. A steady rate is an owner that tries again and again: `gridgate explain` tells why. Worry when "outage" or "no_data" rises.',
          queries: [
            {
              expr: '60 * sum by (reason) (rate(gridgate_admission_requests_total{decision="deny", mode="enforce"}[$__rate_interval]))',
              legend: '{{reason}}',
            },
          ],
          unit: 'none',
          width: 8,
          min: 0,
        },
        {
          kind: 'stacked',
          title: 'Would be denied a minute, by reason',
          description:
            'The same in audit and warn, where the pod passes. Look here before a namespace goes to enforce: what is shown would not start.',
          queries: [
            {
              expr: '60 * sum by (reason) (rate(gridgate_admission_requests_total{decision="deny", mode=~"audit|warn"}[$__rate_interval]))',
              legend: '{{reason}}',
            },
          ],
          unit: 'none',
          width: 8,
          min: 0,
        },
        {
          kind: 'stacked',
          title: 'Reviews a second, by reason',
          description:
            'Why it was decided so, of all decisions. Worry about internal_error (a fault of gridgate: the pod passed), unknown_namespace and no_data.',
          queries: [
            {
              expr: 'sum by (reason) (rate(gridgate_admission_requests_total[$__rate_interval]))',
              legend: '{{reason}}',
            },
          ],
          unit: 'reqps',
          width: 8,
          min: 0,
          runbook: 'GridgatePodsUnsteered',
        },
      ],
    },
    {
      title: 'Latency',
      panels: [
        {
          kind: 'lines',
          title: 'Time in gridgate',
          description:
            'From the arrival of a review to its answer: half, 90% and 99% of them. Usually below 5 ms; worry when 99% takes over 250 ms.',
          queries: [0.5, 0.9, 0.99].map((quantile) => ({
            expr: `histogram_quantile(${quantile}, sum by (le) (rate(gridgate_admission_duration_seconds_bucket[$__rate_interval])))`,
            legend: `${quantile * 100}%`,
          })),
          unit: 's',
          width: 12,
          min: 0,
          thresholds: [['green'], ['red', 0.25]],
          showsThresholds: true,
          runbook: 'GridgateAdmissionSlow',
        },
        {
          kind: 'lines',
          title: 'Time as the API server sees it',
          description:
            'What a call of gridgate adds to a write, network and TLS included, 99% by webhook. Worry when it is far above the time in gridgate: then the network or a silent endpoint takes it.',
          queries: [
            {
              expr: `histogram_quantile(0.99, sum by (le, name) (rate(apiserver_admission_webhook_admission_duration_seconds_bucket{${OURS}}[$__rate_interval])))`,
              legend: '{{name}}',
            },
          ],
          unit: 's',
          width: 12,
          min: 0,
          runbook: 'GridgateAdmissionSlow',
        },
      ],
    },
    {
      title: 'What was not judged',
      panels: [
        {
          kind: 'lines',
          title: 'Passed unsteered a minute',
          description:
            'Calls that failed and that failurePolicy Ignore let pass, as the API server counts them, by webhook. It should be 0 but for seconds of a rollout.',
          queries: [
            {
              expr: `60 * sum by (name) (rate(apiserver_admission_webhook_fail_open_count{${OURS}}[$__rate_interval]))`,
              legend: '{{name}}',
            },
          ],
          unit: 'none',
          width: 8,
          min: 0,
          runbook: 'GridgatePodsUnsteered',
        },
        {
          kind: 'lines',
          title: 'Calls a second, as the API server counts them',
          description:
            'Calls by webhook and status. Worry about any status but 200, and when calls are made that gridgate does not count: they went elsewhere.',
          queries: [
            {
              expr: `sum by (name, code) (rate(apiserver_admission_webhook_request_total{${OURS}}[$__rate_interval]))`,
              legend: '{{name}} {{code}}',
            },
          ],
          unit: 'reqps',
          width: 8,
          min: 0,
        },
        {
          kind: 'lines',
          title: 'Requests without a review, a minute',
          description:
            'Requests to port 8443 that got no AdmissionReview, by cause. Scanners cause not_http and no_handshake; worry about no_room, slow_body and failed.',
          queries: [
            {
              expr: '60 * sum by (status, cause) (rate(gridgate_rejected_requests_total[$__rate_interval]))',
              legend: '{{status}} {{cause}}',
            },
          ],
          unit: 'none',
          width: 8,
          min: 0,
          runbook: 'GridgatePodsUnsteered',
        },
        {
          kind: 'lines',
          title: 'Malformed policies',
          description:
            'Namespaces whose annotations cannot be read: their last good version counts, else audit. Worry when it stays above 0.',
          queries: [{ expr: 'max(gridgate_malformed_policies)', legend: 'namespaces' }],
          unit: 'none',
          width: 8,
          min: 0,
          decimals: 0,
          runbook: 'GridgatePoliciesMalformed',
        },
        {
          kind: 'rows',
          title: 'Sovereignty that cannot be kept',
          description:
            'Namespaces whose regions match none that is known: in enforce all their pods are denied. Empty is well.',
          queries: [{ expr: 'max by (namespace) (gridgate_sovereignty_unenforceable)', legend: '{{namespace}}' }],
          unit: 'none',
          width: 8,
          labels: { namespace: 'Namespace' },
          columns: [{ title: 'Unenforceable', unit: 'none', thresholds: [['green'], ['red', 1]] }],
          runbook: 'GridgateSovereigntyUnenforceable',
        },
        {
          kind: 'lines',
          title: 'Settings not understood',
          description:
            '1 while gridgate.yaml or the kill switch cannot be read. The last good configuration counts; a kill switch that is not understood counts as audit.',
          queries: [
            { expr: 'max(gridgate_config_reload_failed)', legend: 'gridgate.yaml' },
            { expr: 'max(gridgate_kill_switch_unreadable)', legend: 'kill switch' },
          ],
          unit: 'none',
          width: 8,
          min: 0,
          decimals: 0,
          runbook: 'GridgateKillSwitchUnreadable',
        },
      ],
    },
    {
      title: 'Replicas',
      panels: [
        {
          kind: 'lines',
          title: 'Memory that bodies have reserved',
          description:
            'Bytes that bodies of reviews hold: 16 MiB are there for small ones (up to 256 KiB), 48 MiB for large ones. Worry when it stays at the top.',
          queries: [
            { expr: 'max by (instance, size) (gridgate_review_bytes_in_flight)', legend: '{{instance}} {{size}}' },
          ],
          unit: 'bytes',
          width: 8,
          min: 0,
          runbook: 'GridgateBodyBudgetUsedUp',
        },
        {
          kind: 'lines',
          title: 'Reviews that wait for memory',
          description:
            'Reviews whose body is not read yet, since others hold the memory. Worry when it stays above 0: their time runs, and what runs out passes unsteered.',
          queries: [{ expr: 'max by (instance, size) (gridgate_reviews_waiting)', legend: '{{instance}} {{size}}' }],
          unit: 'none',
          width: 8,
          min: 0,
          decimals: 0,
          runbook: 'GridgateBodyBudgetUsedUp',
        },
        {
          kind: 'lines',
          title: 'Certificate: time left',
          description:
            'Of each replica. It jumps up at each renewal, after two thirds of its life; worry when it goes on falling, below 7 days or a sixth of its life.',
          queries: [
            { expr: 'min by (instance) (gridgate_certificate_expiry_seconds)', legend: '{{instance}}' },
            { expr: 'max by (instance) (gridgate_certificate_lifetime_seconds)', legend: 'whole life, {{instance}}' },
          ],
          unit: 's',
          width: 8,
          runbook: 'GridgateCertificateExpiring',
        },
        {
          kind: 'lines',
          title: 'Memory',
          description:
            'Resident memory of each replica. 320 MiB are enough for whatever comes; worry when it grows without an end.',
          queries: [{ expr: `process_resident_memory_bytes ${OF_GRIDGATE}`, legend: '{{instance}}' }],
          unit: 'bytes',
          width: 8,
          min: 0,
        },
        {
          kind: 'lines',
          title: 'Processors',
          description:
            'Processor time of each replica. A review takes about 0.1 ms; worry at a whole processor, which is all that one replica can use.',
          queries: [
            {
              expr: `rate(process_cpu_seconds_total[$__rate_interval]) ${OF_GRIDGATE}`,
              legend: '{{instance}}',
            },
          ],
          unit: 'none',
          width: 8,
          min: 0,
        },
        {
          kind: 'lines',
          title: 'Event loop lag',
          description:
            'How late the event loop of each replica is, 99%. Worry above 100 ms: reviews wait that long before anybody looks at them.',
          queries: [{ expr: `nodejs_eventloop_lag_p99_seconds ${OF_GRIDGATE}`, legend: '{{instance}}' }],
          unit: 's',
          width: 8,
          min: 0,
          thresholds: [['green'], ['red', 0.1]],
          showsThresholds: true,
          runbook: 'GridgateAdmissionSlow',
        },
      ],
    },
  ],
};
