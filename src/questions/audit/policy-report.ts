import { NEVER_MANAGED } from '../../decision/managed-label.ts';
import { compareText } from '../../units/compare-text.ts';
import { cutText } from '../../units/cut-text.ts';
import type { AuditedWorkload, AuditReport, WrongNamespace } from './audited-workload.ts';
import { fullMessage, isFinding } from './findings.ts';
import { betterPlace } from './misplaced.ts';

export const REPORT_NAME = 'gridgate-audit';
export const REPORT_LABELS = { 'app.kubernetes.io/managed-by': 'gridgate' } as const;
/** On a report that is not whole: how many results were too many for it. The summary counts them. */
export const LEFT_OUT_ANNOTATION = 'gridgate.dev/results-left-out';

/** What `openreports.io/v1alpha1` and `wgpolicyk8s.io/v1alpha2` know as the outcome of a check. */
export type Outcome = 'fail' | 'warn' | 'pass' | 'skip';
type Severity = 'high' | 'medium' | 'low' | 'info';

/** One workload's result; the two kinds of reports agree on these fields. */
export interface ReportResult {
  readonly source: 'gridgate';
  readonly policy: 'gridgate';
  readonly category: 'Carbon';
  readonly rule: string;
  readonly result: Outcome;
  readonly severity: Severity;
  readonly scored: boolean;
  readonly message: string;
  /** When it was first found so. */
  readonly timestamp: { readonly seconds: number; readonly nanos: number };
  readonly resources: readonly [{ readonly apiVersion?: string; readonly kind: string; readonly name: string }];
  readonly properties: Readonly<Record<string, string>>;
}

/** What a report says of its namespace, without the kind that it is written as. Only openreports knows a `source` here. */
export interface PolicyReport {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly scope: { readonly apiVersion: 'v1'; readonly kind: 'Namespace'; readonly name: string };
  /** Counts all workloads, also those without a result of their own. */
  readonly summary: Readonly<Record<Outcome | 'error', number>>;
  /** Worst first. */
  readonly results: readonly ReportResult[];
}

const MOST_RESULTS = 200;
/** etcd takes 1.5 MB, readers of many reports less. */
const MOST_BYTES = 256 * 1024;
/** For all but the results of workloads. */
const FRAME_BYTES = 4 * 1024;
const MOST_MESSAGE_CHARACTERS = 1_000;

/** The rule of what could be placed well, but runs elsewhere; otherwise a rule is the reason of the decision. */
const MISPLACED = 'misplaced';
/** Nobody chooses where these run. */
const LEFT_ALONE: ReadonlySet<string> = new Set(['daemonset_pod', 'mirror_pod']);
const OUTCOMES = ['fail', 'warn', 'pass'] as const;
const API_VERSIONS: ReadonlyMap<string, string> = new Map([
  ['Pod', 'v1'],
  ['ReplicationController', 'v1'],
  ...['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet'].map((kind) => [kind, 'apps/v1'] as const),
  ...['Job', 'CronJob'].map((kind) => [kind, 'batch/v1'] as const),
]);

/**
 * One report for each namespace with workloads, made when it is asked for, never for those that gridgate never manages: at most 200 results and
 * 256 KiB, worst first. Under mode `off` there is no policy to report on: no results, all of them counted as skipped.
 * Reports are read long after: messages should tell no ages, which would be wrong by then and change the report each time.
 */
export function* policyReportsOf(
  report: Pick<AuditReport, 'takenAt' | 'workloads' | 'wrongNamespaces'>,
): Generator<PolicyReport> {
  const seconds = Math.floor(Date.parse(report.takenAt) / 1_000);
  const wrong = new Map(report.wrongNamespaces.map((one) => [one.namespace, one]));
  for (const [namespace, workloads] of Map.groupBy(report.workloads, ({ namespace }) => namespace))
    if (!NEVER_MANAGED.has(namespace)) yield reportOf(namespace, workloads, { seconds, wrong: wrong.get(namespace) });
}

function reportOf(
  namespace: string,
  workloads: readonly AuditedWorkload[],
  { seconds, wrong }: { readonly seconds: number; readonly wrong: WrongNamespace | undefined },
): PolicyReport {
  const byOutcome = Map.groupBy(workloads, outcomeOf);
  const count = (outcome: Outcome) => byOutcome.get(outcome)?.length ?? 0;
  const worstFirst = OUTCOMES.flatMap((outcome) => (byOutcome.get(outcome) ?? []).toSorted(byStake));
  const shown = bounded(worstFirst, seconds);
  const leftOut = worstFirst.length - shown.length;
  const ofNamespace = wrong ? [resultOfNamespace(wrong, seconds)] : [];
  return {
    metadata: {
      name: REPORT_NAME,
      namespace,
      labels: REPORT_LABELS,
      ...(leftOut > 0 && { annotations: { [LEFT_OUT_ANNOTATION]: String(leftOut) } }),
    },
    scope: { apiVersion: 'v1', kind: 'Namespace', name: namespace },
    summary: {
      pass: count('pass'),
      fail: count('fail') + ofNamespace.length,
      warn: count('warn'),
      error: 0,
      skip: count('skip'),
    },
    results: [...ofNamespace, ...shown],
  };
}

/** Whatever its mode: with a mistake nobody knows what was meant. */
function resultOfNamespace({ namespace, mistakes }: WrongNamespace, seconds: number): ReportResult {
  return {
    source: 'gridgate',
    policy: 'gridgate',
    category: 'Carbon',
    rule: 'wrong_annotation',
    result: 'fail',
    severity: 'high',
    scored: true,
    message: cutText(mistakes.join('; '), MOST_MESSAGE_CHARACTERS),
    timestamp: { seconds, nanos: 0 },
    resources: [{ apiVersion: 'v1', kind: 'Namespace', name: namespace }],
    properties: {},
  };
}

function bounded(workloads: readonly AuditedWorkload[], seconds: number): readonly ReportResult[] {
  const results: ReportResult[] = [];
  let bytes = FRAME_BYTES;
  for (const workload of workloads.slice(0, MOST_RESULTS)) {
    const result = resultOf(workload, seconds);
    bytes += Buffer.byteLength(JSON.stringify(result)) + 1;
    if (bytes > MOST_BYTES) break;
    results.push(result);
  }
  return results;
}

/**
 * What is annotated wrongly counts as what asks for an unknown region, a DaemonSet that reaches outside `regions` as one that stays although too dirty.
 *
 * | mode          | of a DaemonSet or static | denied, runs where it is refused, or asks for an unknown region | stays although too dirty or in outage | otherwise |
 * | ------------- | -------------- | ----------------------------------- | ------------------------------------- | --------- |
 * | `off`         | skip           | skip                                | skip                                  | skip      |
 * | `audit, warn` | skip           | warn                                | warn                                  | pass      |
 * | `enforce`     | skip           | fail                                | warn                                  | pass      |
 */
function outcomeOf(workload: AuditedWorkload): Outcome {
  if (workload.mode === 'off' || LEFT_ALONE.has(workload.reason)) return 'skip';
  if (isRefused(workload)) return workload.mode === 'enforce' ? 'fail' : 'warn';
  return isTolerated(workload) ? 'warn' : 'pass';
}

function severityOf(workload: AuditedWorkload): Severity {
  if (isRefused(workload)) return workload.mode === 'enforce' ? 'high' : 'medium';
  return isTolerated(workload) ? 'low' : 'info';
}

function isRefused(workload: AuditedWorkload): boolean {
  return workload.decision === 'deny' || isFinding(workload) || (workload.misplaced ?? 0) > 0;
}

function isTolerated({ reason }: AuditedWorkload): boolean {
  return reason === 'all_dirty' || reason === 'outage' || reason === 'daemonset_outside';
}

function byStake(a: AuditedWorkload, b: AuditedWorkload): number {
  const grams = (workload: AuditedWorkload) => workload.gramsPerHour.asWritten ?? 0;
  const misplaced = (b.misplaced ?? 0) - (a.misplaced ?? 0);
  return misplaced || grams(b) - grams(a) || compareText(`${a.kind}/${a.name}`, `${b.kind}/${b.name}`);
}

function resultOf(workload: AuditedWorkload, seconds: number): ReportResult {
  const { kind, name, decision, reason } = workload;
  const apiVersion = API_VERSIONS.get(kind);
  const result = outcomeOf(workload);
  return {
    source: 'gridgate',
    policy: 'gridgate',
    category: 'Carbon',
    rule: decision !== 'deny' && !isFinding(workload) && isRefused(workload) ? MISPLACED : reason,
    result,
    severity: severityOf(workload),
    scored: result !== 'warn',
    message: cutText(messageFor(workload), MOST_MESSAGE_CHARACTERS),
    timestamp: { seconds, nanos: 0 },
    resources: [{ ...(apiVersion !== undefined && { apiVersion }), kind, name }],
    properties: propertiesOf(workload),
  };
}

function messageFor(workload: AuditedWorkload): string {
  const { misplaced, pods, runsIn } = workload;
  const message = fullMessage(workload);
  if (!misplaced) return message;
  const places = Object.entries(runsIn ?? {}).map(([name, count]) => `${name || 'no known region'}: ${count}`);
  return `${misplaced} of ${pods} pods run where the policy refuses them (${places.join(', ')})${betterPlace(workload)}; ${message}`;
}

function propertiesOf({ mode, decision, pods, misplaced, region, alternative, ...rest }: AuditedWorkload) {
  const { asWritten, placed } = rest.gramsPerHour;
  const facts = {
    mode,
    decision,
    pods,
    misplaced,
    region,
    gramsPerHour: rounded(asWritten),
    gramsPerHourPlaced: rounded(placed),
    gramsPerHourEmbodied: rounded(rest.embodied.gramsPerHour),
    alternative: alternative?.region,
  };
  const known = Object.entries(facts).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(known.map(([key, value]) => [key, String(value)]));
}

function rounded(grams: number | null): number | null {
  return grams === null ? null : Math.round(grams * 10) / 10;
}

/** The results of a report that stands in the cluster; whoever wrote it may have left out anything. */
export type FormerResults = readonly Partial<Pick<ReportResult, 'rule' | 'result' | 'resources' | 'timestamp'>>[];

/** A finding keeps the time at which it was first seen: where nothing else changed, the report is the one before. */
export function keepTimes(next: PolicyReport, former: FormerResults): PolicyReport {
  const known = new Map(former.map((result) => [identityOf(result), result.timestamp]));
  const keep = (result: ReportResult) => ({ ...result, timestamp: known.get(identityOf(result)) ?? result.timestamp });
  return { ...next, results: next.results.map(keep) };
}

/** Who is found how; not the figures, which change with each reading. */
function identityOf({ rule, result, resources }: FormerResults[number]): string {
  const resource = resources?.[0];
  return JSON.stringify([resource?.kind, resource?.name, rule, result]);
}
