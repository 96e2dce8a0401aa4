import { MODES } from '../decision/policy.ts';
import type { PodGrouping } from '../units/pod-grouping.ts';
import { optional, withDefault } from './option.ts';
import {
  oneOf,
  parseBoolean,
  parseFactors,
  parseGrouping,
  parseLabelSelector,
  parseNamespaceName,
  parseNotNegative,
  parsePositive,
  parseReason,
  parseRegionName,
  parseShortDuration,
  parseTime,
  parseTimeOrFromNow,
  parseUrl,
  parseVersion,
  textOf,
  textsOf,
} from './parsers.ts';

export const AUDIT_FORMATS = ['table', 'wide', 'name', 'json', 'yaml', 'sarif', 'junit'] as const;
export const TEST_FORMATS = ['table', 'json', 'yaml', 'junit'] as const;
export type TestFormat = (typeof TEST_FORMATS)[number];
export type AuditFormat = (typeof AUDIT_FORMATS)[number];

/** What the kubelet's CPU manager does (`cpuManagerPolicy`). */
export const CPU_MANAGER_POLICIES = ['none', 'static'] as const;
export type CpuManagerPolicy = (typeof CPU_MANAGER_POLICIES)[number];

/** Options of the commands that answer carbon questions: audit, explain, preflight, spillover. */
export const QUESTION_OPTIONS = {
  files: optional<readonly string[]>({
    flags: '-f, --filename <path...>',
    help: 'files or directories of Kubernetes YAML or JSON, or - for standard input; repeat it, or put commas between',
    parse: textsOf('files or directories'),
  }),
  live: withDefault(false, {
    flags: '--live [boolean]',
    help: 'audit what runs in the cluster instead of files',
    parse: parseBoolean,
  }),
  strictFiles: withDefault(false, {
    flags: '--strict [boolean]',
    help: 'with -f: what is no Kubernetes object (values of a chart, patches) is a mistake',
    parse: parseBoolean,
  }),
  report: withDefault(false, {
    flags: '--report [boolean]',
    help: 'with --live: write one policy report for each namespace into the cluster',
    parse: parseBoolean,
  }),
  html: optional({
    flags: '--html <file>',
    help: 'also write one self-contained page with charts',
    parse: textOf('a file'),
  }),
  auditOutput: withDefault('table', {
    flags: '-o, --output <format>',
    help: `how to print: ${AUDIT_FORMATS.join(', ')} (name: what exit code 1 is about; sarif for code scanning, junit for CI)`,
    parse: oneOf(AUDIT_FORMATS),
  }),
  assumeMode: optional({
    flags: '--assume-mode <mode>',
    help: `mode of namespaces that are off or that nobody described: ${MODES.join(', ')}`,
    parse: oneOf(MODES),
    defaultText: 'off stays off; enforce where nobody described the namespace',
  }),
  auditNamespace: optional({
    flags: '-n, --namespace <name>',
    help: 'namespace of objects that name none; with --live the only one to audit',
    parse: parseNamespaceName,
    defaultText: 'default; all with --live',
  }),
  allNamespaces: withDefault(false, {
    flags: '-A, --all-namespaces [boolean]',
    help: 'with --live: audit all namespaces, whatever -n says, as is done without -n, too',
    parse: parseBoolean,
  }),
  selector: optional({
    flags: '-l, --selector <selector>',
    help: 'in a cluster, only what has labels such as app=web,tier!=cache',
    parse: parseLabelSelector,
  }),
  caseFilter: optional({
    flags: '--filter <text>',
    help: 'run only cases whose name holds this',
    parse: textOf('a part of a name'),
    defaultText: 'all',
  }),
  verbose: withDefault(false, {
    flags: '--verbose [boolean]',
    help: 'say of every case how it was decided; of those that fail it is always said',
    parse: parseBoolean,
  }),
  testOutput: withDefault<TestFormat>('table', {
    flags: '-o, --output <format>',
    help: `how to print: ${TEST_FORMATS.join(', ')} (junit for CI)`,
    parse: oneOf(TEST_FORMATS),
  }),
  powerTable: optional({
    flags: '--power-table <file>',
    help: 'own power figures, YAML or JSON: instance types, watts of vCPU and memory, PUE',
    parse: textOf('a file'),
    defaultText: 'the embedded table',
  }),
  explainNamespace: optional({
    flags: '-n, --namespace <name>',
    help: 'namespace of the object',
    parse: parseNamespaceName,
    defaultText: "that of the kubeconfig's context, else default",
  }),
  checkNamespace: optional({
    flags: '-n, --namespace <name>',
    help: 'namespace in which a pod is tried, in a dry run',
    parse: parseNamespaceName,
    defaultText: 'the first that opted in',
  }),
  waitUntilWorks: optional({
    flags: '--wait <duration>',
    env: 'GRIDGATE_CHECK_WAIT',
    help: 'while something fails, look again every few seconds, at most so long',
    parse: parseShortDuration,
    defaultText: 'looks once',
  }),
  installationOnly: withDefault(false, {
    flags: '--installation-only [boolean]',
    env: 'GRIDGATE_CHECK_INSTALLATION_ONLY',
    help: 'what is not of the installation itself is a warning: Regions, sources, nodes, policies of namespaces, work that waits',
    parse: parseBoolean,
  }),
  nodesFile: optional({
    flags: '-f, --filename <file>',
    help: 'nodes as `kubectl get nodes -o json` prints them, or - for standard input, instead of a cluster',
    parse: textOf('a file'),
  }),
  targetVersion: optional({
    flags: '--target-version <version>',
    help: 'Kubernetes version of the nodes that are counted',
    parse: parseVersion,
    defaultText: 'the newest minor version among the nodes',
  }),
  baselineWatts: optional({
    flags: '--baseline-watts <watts>',
    help: 'idle power of the fleet before the upgrade',
    parse: parsePositive('watts'),
    defaultText: 'the same nodes under the policy none; with --compare under those of its nodes',
  }),
  maxIncrease: withDefault(15, {
    flags: '--max-increase <percent>',
    help: 'how much more than the baseline is still safe',
    parse: parseNotNegative('percent'),
  }),
  staticFactor: optional({
    flags: '--static-factor <arch=factor...>',
    help: 'what the static CPU manager makes of idle power; repeat it, or put commas between',
    parse: parseFactors,
    defaultText: 'arm64=1.18,amd64=1.101',
  }),
  assumePolicy: withDefault('static', {
    flags: '--assume-policy <policy>',
    help: `CPU manager policy of nodes that do not tell: ${CPU_MANAGER_POLICIES.join(', ')}`,
    parse: oneOf(CPU_MANAGER_POLICIES),
  }),
  compare: optional({
    flags: '--compare <file>',
    help: 'nodes of staging, as `kubectl get nodes -o json` prints them: says what staging lacks, and is the baseline',
    parse: textOf('a file'),
  }),
  prometheusUrl: optional({
    flags: '--prometheus-url <url>',
    help: 'Prometheus that measured it',
    parse: parseUrl,
  }),
  prometheusQuery: optional({
    flags: '--prometheus-query <query>',
    help: 'what to ask it',
    parse: textOf('a query'),
    needs: 'prometheusUrl',
  }),
  groupBy: withDefault<PodGrouping>('namespace', {
    flags: '--by <what>',
    env: 'GRIDGATE_BUDGET_BY',
    help: 'what a component is: namespace, deployment (and whatever else owns pods), or label:KEY, a label of pods',
    parse: parseGrouping,
  }),
  region: optional({
    flags: '--region <region>',
    help: 'the region that failed, whose traffic moved',
    parse: parseRegionName,
  }),
  to: optional({
    flags: '--to <region>',
    help: 'the region that the traffic moved to',
    parse: parseRegionName,
  }),
  reason: optional({
    flags: '--reason <text>',
    help: 'why the region is down: those whose pods are refused read it',
    parse: parseReason,
  }),
  until: optional({
    flags: '--until <time>',
    help: 'when the outage is over by itself: RFC 3339, or from now such as 2h30m',
    parse: parseTimeOrFromNow,
    defaultText: 'until it is cleared',
  }),
  dryRun: withDefault(false, {
    flags: '--dry-run [boolean]',
    help: 'only say what would be removed, and what nobody gave you the right to remove',
    parse: parseBoolean,
  }),
  // Variables of their own: what stands in the environment for other commands must not remove anything.
  yes: withDefault(false, {
    flags: '-y, --yes [boolean]',
    env: 'GRIDGATE_UNINSTALL_YES',
    help: 'remove it without asking',
    parse: parseBoolean,
  }),
  andRegions: withDefault(false, {
    flags: '--regions [boolean]',
    env: 'GRIDGATE_UNINSTALL_REGIONS',
    help: 'also remove all Regions and RegionalAutoscalers, and their CustomResourceDefinitions',
    parse: parseBoolean,
  }),
  andPolicies: withDefault(false, {
    flags: '--policies [boolean]',
    env: 'GRIDGATE_UNINSTALL_POLICIES',
    help: 'also remove the annotations gridgate.dev/* of namespaces, which people wrote, and the label gridgate.dev/scrape',
    parse: parseBoolean,
  }),
  andSettings: withDefault(false, {
    flags: '--settings [boolean]',
    env: 'GRIDGATE_UNINSTALL_SETTINGS',
    help: "also remove the ConfigMaps gridgate, gridgate-outages and gridgate-kill-switch, and the Secret gridgate-sources with the sources' tokens",
    parse: parseBoolean,
  }),
  beforeHelm: withDefault(false, {
    flags: '--before-helm [boolean]',
    env: 'GRIDGATE_UNINSTALL_BEFORE_HELM',
    help: 'what must come before `helm uninstall`, as the hook of the chart does it: webhooks and controllers go, what waits is let go, what gridgate wrote is cleaned; the rest is left to Helm',
    parse: parseBoolean,
  }),
  installedIn: withDefault('gridgate-system', {
    flags: '--system-namespace <name>',
    env: 'GRIDGATE_UNINSTALL_NAMESPACE',
    help: 'where gridgate is installed',
    parse: parseNamespaceName,
  }),
  overdue: withDefault(false, {
    flags: '--overdue [boolean]',
    env: 'GRIDGATE_RELEASE_OVERDUE',
    help: 'let go all whose latest start has passed; quiet where there is none',
    parse: parseBoolean,
  }),
  allWaiting: withDefault(false, {
    flags: '--all [boolean]',
    env: 'GRIDGATE_RELEASE_ALL',
    help: 'let go all that waits in the namespace',
    parse: parseBoolean,
  }),
  releaseYes: withDefault(false, {
    flags: '-y, --yes [boolean]',
    env: 'GRIDGATE_RELEASE_YES',
    help: 'with --all: do not ask',
    parse: parseBoolean,
  }),
  start: optional({
    flags: '--start <time>',
    help: 'when the traffic began to move, RFC 3339',
    parse: parseTime,
  }),
  end: optional({
    flags: '--end <time>',
    help: 'when it was back, RFC 3339',
    parse: parseTime,
  }),
  factor: withDefault(12, {
    flags: '--factor <factor>',
    help: 'how many times the measured bytes cross the network (replication, retries); the default is that of one measured failover',
    parse: parsePositive('times'),
  }),
  kwhPerGb: withDefault(0.000_15, {
    flags: '--kwh-per-gb <kWh>',
    help: 'energy of moving one GB',
    parse: parsePositive('kWh'),
  }),
  baselineKg: withDefault(4.2, {
    flags: '--baseline-kg <kgCO2e>',
    help: 'emissions of the same traffic had it not moved, that the total is compared with; the default is that of one measured failover',
    parse: parsePositive('kgCO2e'),
  }),
  bytes: optional({
    flags: '--bytes <bytes>',
    help: 'bytes that moved, when they are known',
    parse: parseNotNegative('bytes'),
  }),
  fromFile: optional({
    flags: '--from-file <file>',
    help: 'flows as CSV or JSON, or - for standard input: from, to, bytes, start, end',
    parse: textOf('a file'),
  }),
  cloudwatch: withDefault(false, {
    flags: '--cloudwatch [boolean]',
    help: 'sum NetworkOut of the EC2 instances in --to from CloudWatch, hour by hour',
    parse: parseBoolean,
  }),
  endpoint: optional({
    flags: '--endpoint <url>',
    help: 'server that speaks as CloudWatch does',
    parse: parseUrl,
    defaultText: "AWS's own for the region",
    needs: 'cloudwatch',
  }),
  allow: optional({
    flags: '--allow <regions>',
    help: 'where traffic may go: names or globs between commas, !eu-* excludes',
    parse: textOf('names or globs'),
    defaultText: 'all described regions',
  }),
  maxLatency: optional({
    flags: '--max-latency <duration>',
    help: 'how far from --region it may go',
    parse: parseShortDuration,
  }),
};
