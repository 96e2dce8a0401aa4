import { isDeepStrictEqual } from 'node:util';
import type { ApiClient } from '../../cluster/api-client.ts';
import { ApiError, messageOf } from '../../cluster/api-error.ts';
import { createApiWriter } from '../../cluster/api-writer.ts';
import type { KubeObject } from '../../cluster/kube-object.ts';
import {
  deleteReport,
  findReportKind,
  getReport,
  listReports,
  REPORT_KINDS,
  type ReportKind,
  reportPath,
} from '../../cluster/policy-reports.ts';
import { retryPassing } from '../../cluster/retry-passing.ts';
import { EXIT } from '../../terminal/exit-codes.ts';
import { createProgress, type Progress } from '../../terminal/progress.ts';
import { inParallel } from '../../units/in-parallel.ts';
import { openCluster, type Unread } from '../../world/open-cluster.ts';
import type { ChosenCluster } from '../../world/which-cluster.ts';
import type { AuditReport } from './audited-workload.ts';
import {
  type FormerResults,
  keepTimes,
  LEFT_OUT_ANNOTATION,
  type PolicyReport,
  policyReportsOf,
  REPORT_LABELS,
  REPORT_NAME,
} from './policy-report.ts';

export interface Written {
  /** `openreports.io/v1alpha1 Report`. */
  readonly kind: string;
  readonly written: number;
  /** They stood there already, word for word. */
  readonly unchanged: number;
  /** Of namespaces whose workloads are gone. */
  readonly removed: number;
  /** Namespaces whose report could not be written, a sentence each. */
  readonly failures: readonly string[];
}

export interface WriteOptions {
  readonly cluster: ChosenCluster;
  /** The only one that was audited. */
  readonly namespace?: string | undefined;
}

const FIELD_MANAGER = 'gridgate-audit';
const AT_ONCE = 4;
const MANAGED_BY = Object.entries(REPORT_LABELS)
  .map(([key, value]) => `${key}=${value}`)
  .join(',');
const NO_KIND = `--report: this cluster knows no policy reports; install the CRDs of ${REPORT_KINDS.map(({ apiVersion }) => apiVersion).join(' or ')}`;

/**
 * Writes one policy report into each audited namespace, as the kind that the cluster knows, and removes those of ours that
 * nothing stands behind any more. What is as it should be is not written again. Never rejects.
 */
export async function writeReports(report: AuditReport, options: WriteOptions): Promise<Written | Unread> {
  const opened = await openCluster(options.cluster);
  if ('issues' in opened) return opened;
  const { api } = opened;
  const progress = createProgress();
  try {
    const kind = await retryPassing(() => findReportKind(api));
    if (!kind) return { issues: [NO_KIND], exitCode: EXIT.usage };
    return await writeAll(api, kind, report, { namespace: options.namespace, progress });
  } catch (error) {
    return { issues: [`cannot write policy reports: ${messageOf(error)}`], exitCode: EXIT.upstream };
  } finally {
    progress.end();
    api.close();
  }
}

/** `12 policy reports (openreports.io/v1alpha1 Report): 3 written, 9 unchanged, 1 removed`. */
export function describeWritten({ kind, written, unchanged, removed }: Written): string {
  const whole = written + unchanged;
  const gone = removed > 0 ? `, ${removed} removed` : '';
  return `${whole} policy report${whole === 1 ? '' : 's'} (${kind}): ${written} written, ${unchanged} unchanged${gone}`;
}

type Done = 'written' | 'unchanged' | 'removed';

async function writeAll(
  api: ApiClient,
  kind: ReportKind,
  report: AuditReport,
  { namespace, progress }: { readonly namespace?: string | undefined; readonly progress: Progress },
): Promise<Written> {
  const which = { name: REPORT_NAME, label: MANAGED_BY, namespace };
  const former = await retryPassing(() => listReports(api, kind, which));
  const left = new Map(former.map((metadata) => [metadata.namespace ?? '', metadata]));
  const counts: Record<Done, number> = { written: 0, unchanged: 0, removed: 0 };
  const failures: string[] = [];
  let asked = 0;

  async function attempt(namespace: string, act: () => Promise<Done>): Promise<void> {
    progress.show(`${++asked} policy reports`);
    try {
      counts[await retryPassing(act)] += 1;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (!isLeaving(error)) failures.push(`no policy report in namespace ${namespace}: ${messageOf(error)}`);
    }
  }

  await inParallel(policyReportsOf(report), AT_ONCE, async (next) => {
    const { namespace } = next.metadata;
    const isNew = !left.delete(namespace);
    if (isNew && next.results.length === 0) return; // nothing to say, and nothing to take back
    await attempt(namespace, () => writeOne(api, kind, next));
  });
  await inParallel(left, AT_ONCE, ([namespace, metadata]) =>
    attempt(namespace, async () => {
      await deleteReport(api, reportPath(kind, namespace, REPORT_NAME), metadata);
      return 'removed';
    }),
  );
  return { kind: `${kind.apiVersion} ${kind.kind}`, ...counts, failures };
}

async function writeOne(api: ApiClient, kind: ReportKind, next: PolicyReport): Promise<Done> {
  const path = reportPath(kind, next.metadata.namespace, REPORT_NAME);
  const former = (await getReport(api, path)) as FormerReport | undefined;
  const report = keepTimes(next, former?.results ?? []);
  if (former && saysTheSame(report, former)) return 'unchanged';
  const writer = createApiWriter({ api, mayWrite: () => {} }); // one run of one caller: nobody leads
  const object = { apiVersion: kind.apiVersion, kind: kind.kind, ...report };
  await writer.apply(path, object, { force: true, fieldManager: FIELD_MANAGER });
  return 'written';
}

type FormerReport = KubeObject & Partial<Omit<PolicyReport, 'metadata' | 'results'>> & { results?: FormerResults };

function saysTheSame(next: PolicyReport, former: FormerReport): boolean {
  const { scope, summary, results } = former;
  const leftOut = former.metadata.annotations?.[LEFT_OUT_ANNOTATION];
  return (
    leftOut === next.metadata.annotations?.[LEFT_OUT_ANNOTATION] &&
    isDeepStrictEqual({ scope, summary, results }, { scope: next.scope, summary: next.summary, results: next.results })
  );
}

/** The namespace is gone, or about to be: the API server then forbids whatever is new in it. */
function isLeaving(error: ApiError): boolean {
  return error.status === 404 || (error.status === 403 && error.message.includes('it is being terminated'));
}
