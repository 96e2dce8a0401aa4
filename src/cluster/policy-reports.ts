import type { ApiClient } from './api-client.ts';
import { getIfThere } from './get-if-there.ts';
import type { KubeObject } from './kube-object.ts';
import { listPages } from './list-watch.ts';

export interface ReportKind {
  readonly apiVersion: string;
  readonly kind: string;
  readonly plural: string;
}

/** In the order in which they are chosen: the second is the first's predecessor. */
export const REPORT_KINDS: readonly ReportKind[] = [
  { apiVersion: 'openreports.io/v1alpha1', kind: 'Report', plural: 'reports' },
  { apiVersion: 'wgpolicyk8s.io/v1alpha2', kind: 'PolicyReport', plural: 'policyreports' },
];

const JSON_OPTIONS = { accept: 'application/json', idleTimeoutMs: 30_000 };

/** The first kind of reports that the cluster knows; rejects as `ApiClient.get` does. */
export async function findReportKind(api: Pick<ApiClient, 'get'>): Promise<ReportKind | undefined> {
  for (const kind of REPORT_KINDS) {
    const found = (await getIfThere(api, `/apis/${kind.apiVersion}`, JSON_OPTIONS)) as
      | { readonly resources?: readonly { readonly name: string }[] }
      | undefined;
    if (found?.resources?.some(({ name }) => name === kind.plural)) return kind;
  }
  return undefined;
}

export function reportPath({ apiVersion, plural }: ReportKind, namespace: string, name: string): string {
  return `/apis/${apiVersion}/namespaces/${encodeURIComponent(namespace)}/${plural}/${name}`;
}

/** The report as it stands; undefined where there is none. */
export async function getReport(api: Pick<ApiClient, 'get'>, path: string): Promise<KubeObject | undefined> {
  return (await getIfThere(api, path, JSON_OPTIONS)) as KubeObject | undefined;
}

/** The metadata of all reports of a name and label, in one namespace or in all. */
export async function listReports(
  api: Pick<ApiClient, 'get'>,
  { apiVersion, plural }: ReportKind,
  {
    name,
    label,
    namespace,
  }: { readonly name: string; readonly label: string; readonly namespace?: string | undefined },
): Promise<readonly KubeObject['metadata'][]> {
  const inside = namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  const selectors = { labelSelector: label, fieldSelector: `metadata.name=${name}` };
  const found: KubeObject['metadata'][] = [];
  const all = { path: `/apis/${apiVersion}${inside}/${plural}`, content: 'metadata', ...selectors } as const;
  for await (const { items } of listPages(api, all)) found.push(...(items ?? []).map(({ metadata }) => metadata));
  return found;
}

/** Deletes this very object: not one that came in its place. */
export async function deleteReport(
  api: Pick<ApiClient, 'send'>,
  path: string,
  { uid, resourceVersion }: KubeObject['metadata'],
): Promise<void> {
  const body = { apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { uid, resourceVersion } };
  await api.send('DELETE', path, { contentType: 'application/json', body, idleTimeoutMs: JSON_OPTIONS.idleTimeoutMs });
}
