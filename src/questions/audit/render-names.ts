import { groupOfWorkload } from '../../decision/workload.ts';
import type { AuditReport } from './audited-workload.ts';
import { isFinding } from './findings.ts';

/**
 * What the exit code 1 is about, a line each as kubectl prints names and takes them: `deployment.apps/web`. As there, nothing
 * says in which namespace it is: `-n` does.
 */
export function* renderNames({ workloads, wrongNamespaces }: AuditReport): Iterable<string> {
  for (const { namespace } of wrongNamespaces) yield `namespace/${namespace}\n`;
  for (const { kind, name } of workloads.filter(isFinding)) {
    const group = groupOfWorkload(kind);
    yield `${kind.toLowerCase()}${group ? `.${group}` : ''}/${name}\n`;
  }
}
