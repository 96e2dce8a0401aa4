import { openTag, type TestCase, testCase, XML_HEAD } from '../../page/junit-xml.ts';
import { asItActs } from './as-it-acts.ts';
import type { AuditedWorkload, AuditReport } from './audited-workload.ts';
import { fullMessage, isFinding } from './findings.ts';
import { formatEmbodied, formatGramsPerHour } from './grams-per-hour.ts';
import { verdictOf } from './verdict.ts';

/**
 * The workloads as JUnit XML: a suite for each namespace, a case for each workload, a failure where it is denied or asks
 * for regions that nobody knows, or is annotated wrongly; Namespaces of which that is true have a suite of their own. A DaemonSet that reaches outside regions fails nothing: its output says it. Namespaces
 * that are off are skipped; documents that cannot be read are errors of a suite of their own.
 */
export function* renderJunit(report: AuditReport): Iterable<string> {
  const byNamespace = Map.groupBy(report.workloads, ({ namespace }) => namespace);
  yield XML_HEAD;
  const { workloads, wrongNamespaces, broken } = report;
  const counts = countsOf(workloads);
  yield openTag('testsuites', {
    name: 'gridgate audit',
    ...counts,
    tests: counts.tests + wrongNamespaces.length + broken.length,
    failures: counts.failures + wrongNamespaces.length,
    errors: broken.length,
  });
  for (const [namespace, workloads] of byNamespace) {
    yield openTag('testsuite', { name: namespace, ...countsOf(workloads), timestamp: report.takenAt });
    for (const workload of workloads) yield testCase(toTestCase(workload));
    yield '</testsuite>\n';
  }
  yield* renderWrongNamespaces(report);
  yield* renderBroken(report);
  yield '</testsuites>\n';
}

function* renderWrongNamespaces({ wrongNamespaces, takenAt }: AuditReport): Iterable<string> {
  const { length } = wrongNamespaces;
  if (length === 0) return;
  const counts = { tests: length, failures: length, errors: 0, skipped: 0 };
  yield openTag('testsuite', { name: 'namespaces annotated wrongly', ...counts, timestamp: takenAt });
  for (const { namespace, place, mistakes } of wrongNamespaces) {
    const message = mistakes.join('; ');
    const where = place && { file: place.file, line: place.line };
    yield testCase({
      attributes: { classname: 'Namespace', name: namespace, ...where },
      failure: { type: 'wrong_annotation', message },
    });
  }
  yield '</testsuite>\n';
}

function* renderBroken({ broken, takenAt }: AuditReport): Iterable<string> {
  const { length } = broken;
  if (length === 0) return;
  yield openTag('testsuite', {
    name: 'documents that cannot be read',
    tests: length,
    failures: 0,
    errors: length,
    skipped: 0,
    timestamp: takenAt,
  });
  for (const [index, message] of broken.entries())
    yield testCase({
      attributes: { classname: 'documents', name: `document ${index + 1}` },
      error: { type: 'unreadable', message },
    });
  yield '</testsuite>\n';
}

function countsOf(workloads: readonly AuditedWorkload[]) {
  return {
    tests: workloads.length,
    failures: workloads.filter(isFinding).length,
    errors: 0,
    skipped: workloads.filter(isSkipped).length,
  };
}

function isSkipped(workload: AuditedWorkload): boolean {
  return workload.mode === 'off' && !isFinding(workload);
}

function toTestCase(workload: AuditedWorkload): TestCase {
  const { namespace, kind, name, place, reason, message } = workload;
  return {
    attributes: { classname: `${namespace}.${kind}`, name, ...(place && { file: place.file, line: place.line }) },
    ...(isFinding(workload) && { failure: { type: reason, message } }),
    ...(isSkipped(workload) && { skipped: 'mode off: gridgate leaves the namespace alone' }),
    output: describe(workload),
  };
}

function describe(judged: AuditedWorkload): string {
  const workload = asItActs(judged);
  const { reason, gramsPerHour, embodied, regions, isRanked, judgedBy } = workload;
  const { asWritten, atHome, placed } = gramsPerHour;
  return [
    `${verdictOf(workload)} (${reason}): ${fullMessage(workload)}`,
    ...(judgedBy === 'pod template' ? ['judged by its pod template'] : []),
    `regions: ${!isRanked && regions.length > 1 ? 'any of ' : ''}${regions.join(', ') || 'none'}`,
    `gCO2e/h as written ${formatGramsPerHour(asWritten)}, at home ${formatGramsPerHour(atHome)}, placed ${formatGramsPerHour(placed)}; embodied ${formatEmbodied(embodied)} on top of each`,
  ].join('\n');
}
