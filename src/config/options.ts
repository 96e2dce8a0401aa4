import { BAND_MODES } from '../regions/band.ts';
import { SIGNALS } from '../regions/reading.ts';
import { CAPACITY_MODES } from '../units/capacity-mode.ts';
import { REGION_LABEL } from '../units/label-names.ts';
import { ROLES, type Role } from '../units/role.ts';
import { parseLbsPerMwh } from './lbs-per-mwh.ts';
import { type Option, optional, required, withDefault } from './option.ts';
import { OVERLAY_OPTIONS } from './overlay-options.ts';
import {
  oneOf,
  parseBoolean,
  parseHost,
  parseLabelKey,
  parseNamespacedName,
  parseNamespaceName,
  parsePercent,
  parsePort,
  parsePositive,
  parseRegionName,
  parseShortDuration,
  someOf,
  textOf,
} from './parsers.ts';
import { QUESTION_OPTIONS } from './question-options.ts';
import { SCALING_OPTIONS } from './scaling-options.ts';
import { TIMING_OPTIONS } from './timing-options.ts';

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
const LOG_FORMATS = ['json', 'pretty'] as const;

const OUTPUT_FORMATS = ['table', 'json', 'yaml'] as const;
export type OutputFormat = (typeof OUTPUT_FORMATS)[number];
/** Of commands that list objects, as kubectl's: `name` prints `region.gridgate.dev/eu-west-1`. */
export const NAMED_FORMATS = ['table', 'name', 'json', 'yaml'] as const;
export type NamedFormat = (typeof NAMED_FORMATS)[number];
/** Where a table has more columns than are usually wanted, too. */
export const LIST_FORMATS = ['table', 'wide', 'name', 'json', 'yaml'] as const;
export type ListFormat = (typeof LIST_FORMATS)[number];

/** Every option of every command, once. */
export const OPTIONS = {
  ...QUESTION_OPTIONS,
  ...TIMING_OPTIONS,
  ...OVERLAY_OPTIONS,
  ...SCALING_OPTIONS,
  host: optional({
    flags: '--host <address>',
    help: 'address that the webhook listens on',
    parse: parseHost,
    defaultText: ':: for IPv6 and IPv4, 0.0.0.0 where there is no IPv6',
  }),
  port: withDefault(8443, { flags: '--port <port>', env: 'PORT', help: 'HTTPS port of the webhook', parse: parsePort }),
  metricsHost: optional({
    flags: '--metrics-host <address>',
    help: 'address that metrics, probes and the status page listen on',
    parse: parseHost,
    defaultText: 'as --host in a cluster or with --kubeconfig, otherwise 127.0.0.1',
  }),
  metricsPort: withDefault(9090, {
    flags: '--metrics-port <port>',
    help: 'plain HTTP port of metrics, probes and the status page',
    parse: parsePort,
  }),
  certFile: optional({
    flags: '--cert-file <file>',
    env: 'CERT_FILE',
    help: 'certificate chain, PEM; reloaded when it changes',
    parse: textOf('a file'),
    needs: 'keyFile',
  }),
  keyFile: optional({
    flags: '--key-file <file>',
    env: 'KEY_FILE',
    help: 'private key, PEM; reloaded when it changes',
    parse: textOf('a file'),
    needs: 'certFile',
  }),
  certDir: withDefault('certs', {
    flags: '--cert-dir <directory>',
    help: 'where the development certificate is kept, for use without --cert-file outside a cluster',
    parse: textOf('a directory'),
  }),
  clientCa: optional({
    flags: '--client-ca <file>',
    help: 'authorities, PEM, whose certificate the API server presents; others get no answer; reloaded when it changes',
    parse: textOf('a file'),
  }),
  regions: optional({
    flags: '--regions <file>',
    help: 'file of Region resources, YAML or JSON, instead of those of a cluster',
    parse: textOf('a file'),
  }),
  config: optional({
    flags: '--config <file>',
    help: 'gridgate.yaml: sources, outages, bands, policy defaults and limits',
    parse: textOf('a file'),
  }),
  printConfig: withDefault(false, {
    flags: '--print-config [boolean]',
    help: 'print the effective configuration, with where each part came from, and exit',
    parse: parseBoolean,
  }),
  killSwitch: optional({
    flags: '--kill-switch <namespace/name>',
    help: 'ConfigMap of a cluster whose key max-mode (off, audit, warn, enforce) caps the mode of every namespace',
    parse: parseNamespacedName,
    defaultText: 'gridgate-kill-switch in --system-namespace',
  }),
  check: withDefault(false, {
    flags: '--check [boolean]',
    help: 'try every configured source once and say what works; in a cluster compare node labels and Regions; its own gridgate.yaml counts without --config, and of that only sources that need nothing of yours are asked',
    parse: parseBoolean,
  }),
  namespaces: optional({
    flags: '--namespaces <file>',
    help: 'file of Namespaces (and Nodes, NodePools, PriorityClasses), YAML or JSON, instead of a cluster',
    parse: textOf('a file'),
  }),
  kubeconfig: optional({
    flags: '--kubeconfig <file>',
    help: 'cluster to work with',
    parse: textOf('a file'),
    defaultText: "kubectl's: KUBECONFIG, else ~/.kube/config, else the service account in a pod",
  }),
  context: optional({
    flags: '--context <name>',
    help: 'context of the kubeconfig',
    parse: textOf('the name of a context'),
    defaultText: 'its current context',
  }),
  roles: withDefault<readonly Role[]>(ROLES, {
    flags: '--roles <roles>',
    help: 'what this replica does in a cluster: webhook, controllers, or both between commas',
    parse: someOf(ROLES),
  }),
  systemNamespace: withDefault('gridgate-system', {
    flags: '--system-namespace <name>',
    env: 'POD_NAMESPACE',
    help: 'where the Lease, the Secrets and the kill switch live',
    parse: parseNamespaceName,
  }),
  serviceName: withDefault('gridgate', {
    flags: '--service-name <name>',
    help: 'name of the Service (certificates are for it), of the Lease and of the webhook configurations',
    parse: parseNamespaceName,
  }),
  manageCertificates: optional({
    flags: '--manage-certificates [boolean]',
    help: 'issue and renew the certificate, and keep it in every caBundle',
    parse: parseBoolean,
    defaultText: 'true in a cluster, without --cert-file',
  }),
  taintNodes: optional({
    flags: '--taint-nodes [boolean]',
    help: 'give nodes of regions in band medium or high the taint gridgate.dev/carbon (PreferNoSchedule)',
    parse: parseBoolean,
    defaultText: 'as taint-nodes in gridgate.yaml says, else false',
  }),
  regionLabel: withDefault(REGION_LABEL, {
    flags: '--region-label <key>',
    help: 'node label that names the region',
    parse: parseLabelKey,
  }),
  defaultRegion: optional({
    flags: '--default-region <region>',
    env: 'DEFAULT_REGION',
    help: 'home region of namespaces that name none',
    parse: parseRegionName,
  }),
  policySignal: withDefault('average-lifecycle', {
    flags: '--policy-signal <signal>',
    help: `what ceilings and ranking count: ${SIGNALS.join(', ')}`,
    parse: oneOf(SIGNALS),
  }),
  bands: optional({
    flags: '--bands <mode>',
    help: "absolute: the same thresholds for all regions; relative: each region's own 25th and 75th percentile of 7 days",
    parse: oneOf(BAND_MODES),
    defaultText: 'as gridgate.yaml says, else absolute',
  }),
  logLevel: withDefault('info', {
    flags: '--log-level <level>',
    help: `least severe line to log: ${LOG_LEVELS.join(', ')}`,
    parse: oneOf(LOG_LEVELS),
  }),
  logFormat: withDefault('json', {
    flags: '--log-format <format>',
    help: 'lines of the log: json, or pretty for people',
    parse: oneOf(LOG_FORMATS),
  }),
  shutdownDelay: optional({
    flags: '--shutdown-delay <duration>',
    help: 'how long to go on serving, not ready, after SIGTERM',
    parse: parseShortDuration,
    defaultText: '10s in a cluster, otherwise 0',
  }),
  releaseRate: withDefault(50, {
    flags: '--release-rate <number>',
    help: 'how many pods that wait for a cleaner hour go in a second; those whose latest start has come go at once',
    parse: parsePositive('pods a second'),
  }),
  releaseShare: withDefault(25, {
    flags: '--release-share <percent>',
    help: 'how much of what waits goes in a minute, 20 pods at least; those whose latest start has come go at once',
    parse: parsePercent,
  }),
  nodePools: withDefault('off', {
    flags: '--node-pools <mode>',
    help: 'let NodePools of Karpenter that are annotated gridgate.dev/carbon-aware follow the grid: off, audit (tells what it would do), on',
    parse: oneOf(CAPACITY_MODES),
  }),
  regionalAutoscaler: withDefault('off', {
    flags: '--regional-autoscaler <mode>',
    help: 'move replicas, or bounds of HorizontalPodAutoscalers, between regions as RegionalAutoscalers say: off, audit (tells what it would do), on',
    parse: oneOf(CAPACITY_MODES),
  }),
  carbonBudgets: withDefault('off', {
    flags: '--carbon-budgets <mode>',
    help: 'scale flexible workloads of what is annotated gridgate.dev/carbon-budget down while it emits more: off, audit, on',
    parse: oneOf(CAPACITY_MODES),
  }),
  nodeOverlays: withDefault('off', {
    flags: '--node-overlays <mode>',
    help: 'keep NodeOverlays of Karpenter that add a price of carbon, as the section overlays of gridgate.yaml says: off, audit, on',
    parse: oneOf(CAPACITY_MODES),
  }),
  priorityExpander: withDefault('off', {
    flags: '--priority-expander <mode>',
    help: "keep the priorities of Cluster Autoscaler's node groups by the ranking of their regions: off, audit, on",
    parse: oneOf(CAPACITY_MODES),
  }),
  checkBindings: withDefault(false, {
    flags: '--check-bindings [boolean]',
    help: 'judge pods/binding reviews too, as the strict manifests ask; needs to list and watch pods',
    parse: parseBoolean,
  }),
  filename: required({
    flags: '-f, --filename <file>',
    help: 'the pod or workload, YAML or JSON, or - for standard input',
    parse: textOf('a file'),
  }),
  namespace: optional({
    flags: '-n, --namespace <name>',
    help: 'namespace the object would be created in',
    parse: parseNamespaceName,
    defaultText: "the object's own",
  }),
  output: optional({
    flags: '-o, --output <format>',
    help: `how to print: ${OUTPUT_FORMATS.join(', ')}`,
    parse: oneOf(OUTPUT_FORMATS),
    defaultText: 'table',
  }),
  namedOutput: withDefault<NamedFormat>('table', {
    flags: '-o, --output <format>',
    help: `how to print: ${NAMED_FORMATS.join(', ')}`,
    parse: oneOf(NAMED_FORMATS),
  }),
  listOutput: withDefault<ListFormat>('table', {
    flags: '-o, --output <format>',
    help: `how to print: ${LIST_FORMATS.join(', ')}`,
    parse: oneOf(LIST_FORMATS),
  }),
  watch: withDefault(false, {
    flags: '-w, --watch [boolean]',
    help: 'in a cluster, go on and print what changes, until Ctrl-C',
    parse: parseBoolean,
  }),
  format: optional({
    flags: '--format <format>',
    help: 'shell: a line for each usable region, cleanest first, whatever --output says',
    parse: oneOf(['shell']),
  }),
  // Commander collects what is repeated into a list, which as text is what the variable holds: pairs between commas.
  lbsPerMwh: optional({
    flags: '--lbs-per-mwh <name=value...>',
    help: 'intensities in lbs/MWh, beside --regions or instead; repeat it, or put commas between',
    parse: parseLbsPerMwh,
  }),
};

export type OptionKey = keyof typeof OPTIONS;

/** What a command that picked the keys `K` reads. Durations are milliseconds. */
export type OptionValues<K extends OptionKey> = {
  readonly [P in K]: (typeof OPTIONS)[P] extends Option<infer V> ? V : never;
};
