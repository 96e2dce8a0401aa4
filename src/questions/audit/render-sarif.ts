import {
  type AuditedWorkload,
  type AuditReason,
  type AuditReport,
  type Place,
  STANDARD_INPUT,
  type WrongNamespace,
} from './audited-workload.ts';
import { AUDIT_REASONS, fullMessage, isFinding } from './findings.ts';
import { jsonPieces } from './json-pieces.ts';
import { nameOf, verdictOf, worstFirst } from './verdict.ts';

/**
 * GitHub refuses a run of more results.
 * https://docs.github.com/en/code-security/code-scanning/troubleshooting-sarif-uploads/results-exceed-limit
 */
const MOST_RESULTS = 25_000;
const MOST_NOTIFICATIONS = 1_000;
const WRONG_ANNOTATION: AuditReason = 'wrong_annotation';
const SCHEMA = 'https://json.schemastore.org/sarif-2.1.0.json';

/** As in SARIF 2.1.0, section 3.27.10. */
type Level = 'error' | 'warning' | 'note';

/**
 * The findings as SARIF 2.1.0 for code scanning: what is, or in another mode would be, denied, and what asks for regions
 * that nobody knows, and what is annotated wrongly, Namespaces too; as warnings, DaemonSets that reach outside regions.
 * Worst first, Namespaces last.
 */
export function* renderSarif(report: AuditReport, version: string): Iterable<string> {
  const found = report.workloads.filter(isTold).sort(worstFirst);
  const { wrongNamespaces } = report;
  const shown = found.slice(0, MOST_RESULTS);
  const shownNamespaces = wrongNamespaces.slice(0, MOST_RESULTS - shown.length);
  const reasons = [...new Set([...shown.map(({ reason }) => reason), ...shownNamespaces.map(() => WRONG_ANNOTATION)])];
  const leftOut = found.length + wrongNamespaces.length - shown.length - shownNamespaces.length;
  const log = {
    $schema: SCHEMA,
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'gridgate', version, semanticVersion: version, rules: reasons.map(toRule) } },
        automationDetails: { id: `gridgate-audit/${report.source}/` },
        invocations: [toInvocation(report, leftOut)],
        columnKind: 'utf16CodeUnits',
        results: [
          ...shown.map((workload) => toResult(workload, reasons.indexOf(workload.reason))),
          ...shownNamespaces.map((wrong) => toNamespaceResult(wrong, reasons.indexOf(WRONG_ANNOTATION))),
        ],
      },
    ],
  };
  // Down to the single results.
  yield* jsonPieces(log, 4);
  yield '\n';
}

function isTold(workload: AuditedWorkload): boolean {
  return workload.decision === 'deny' || isFinding(workload) || workload.reason === 'daemonset_outside';
}

function toRule(reason: AuditReason) {
  return {
    id: reason,
    name: reason.replace(/(?:^|_)(\w)/g, (_, letter: string) => letter.toUpperCase()),
    shortDescription: { text: sentence(AUDIT_REASONS[reason]) },
    fullDescription: { text: fullDescription(reason) },
    help: { text: helpFor(reason) },
    defaultConfiguration: { level: (reason === 'daemonset_outside' ? 'warning' : 'error') satisfies Level },
    properties: { tags: ['kubernetes', 'sustainability', 'carbon'] },
  };
}

function fullDescription(reason: AuditReason): string {
  const text = sentence(AUDIT_REASONS[reason]);
  return reason === 'unknown_region' || reason === WRONG_ANNOTATION || reason === 'daemonset_outside'
    ? text
    : `gridgate denies pods of this workload: ${text}`;
}

const REMEDIES: Partial<Record<AuditReason, string>> = {
  unknown_region:
    'Correct the name, describe the region with a Region resource, or audit what helm template or kustomize build prints.',
  wrong_annotation:
    'Correct the key or the value as the message says, or write it where gridgate reads it: on the Namespace, or in the metadata of the pod template.',
  daemonset_outside:
    "Keep the DaemonSet to nodes of allowed regions with a nodeSelector or node affinity, or widen the namespace's gridgate.dev/regions.",
  not_allowed:
    "Let the workload run in a region that the namespace's gridgate.dev/regions allows, or widen that annotation.",
  too_far: "Let the workload run nearer to the home region, or raise the namespace's gridgate.dev/max-latency.",
  outage: 'Let the workload run in a region that is up: loosen its nodeSelector or required node affinity.',
  high_carbon:
    "Let the workload run in a cleaner region: loosen its nodeSelector or required node affinity, or raise the namespace's gridgate.dev/max-intensity.",
};

function helpFor(reason: AuditReason): string {
  const remedy = REMEDIES[reason] ?? 'The message names what was refused and the cleanest region that is allowed now.';
  return `${remedy} \`gridgate admit -f FILE --namespace NAMESPACE\` explains the decision step by step.`;
}

function toResult(workload: AuditedWorkload, ruleIndex: number) {
  const { reason, place, namespace, kind, name, mode, pods, gramsPerHour, embodied, alternative } = workload;
  const { judgedBy, unknownRegions, asks, reachesOutside } = workload;
  const subject = nameOf(workload);
  return {
    ruleId: reason,
    ruleIndex,
    level: levelOf(workload),
    message: { text: `${kind} ${name} in namespace ${namespace}: ${fullMessage(workload)}`.toWellFormed() },
    locations: [
      {
        ...(place && { physicalLocation: toPhysicalLocation(place) }),
        logicalLocations: [{ name, fullyQualifiedName: subject, kind: 'resource' }],
      },
    ],
    // Not of lines or readings, which move: the same workload refused for the same reason stays one alert.
    partialFingerprints: { 'workloadAndReason/v1': `${subject}/${reason}` },
    properties: { mode, pods, judgedBy, unknownRegions, asks, reachesOutside, gramsPerHour, embodied, alternative },
  };
}

function toNamespaceResult({ namespace, place, mistakes }: WrongNamespace, ruleIndex: number) {
  const subject = `${namespace}/Namespace/${namespace}`;
  return {
    ruleId: WRONG_ANNOTATION,
    ruleIndex,
    level: 'error' satisfies Level,
    message: { text: `Namespace ${namespace}: ${mistakes.join('; ')}`.toWellFormed() },
    locations: [
      {
        ...(place && { physicalLocation: toPhysicalLocation(place) }),
        logicalLocations: [{ name: namespace, fullyQualifiedName: subject, kind: 'resource' }],
      },
    ],
    partialFingerprints: { 'workloadAndReason/v1': `${subject}/${WRONG_ANNOTATION}` },
  };
}

/** A namespace that is off asked for nothing: worth a note. */
function levelOf(workload: AuditedWorkload): Level {
  if (verdictOf(workload) === 'deny' || isFinding(workload)) return 'error';
  return workload.mode === 'off' ? 'note' : 'warning';
}

function toPhysicalLocation({ file, line }: Place) {
  const isAbsolute = file.startsWith('/');
  return {
    artifactLocation: isAbsolute
      ? { uri: `file://${toUriPath(file)}` }
      : { uri: toUriPath(file.replace(/^(?:\.\/+)+/, '')), uriBaseId: '%SRCROOT%' },
    region: { startLine: Math.max(1, Math.trunc(line) || 1) },
  };
}

function toUriPath(file: string): string {
  if (file === STANDARD_INPUT) return 'stdin';
  return file.toWellFormed().split('/').map(encodeURIComponent).join('/');
}

function toInvocation({ takenAt, broken }: AuditReport, leftOut: number) {
  const more = broken.length - MOST_NOTIFICATIONS;
  return {
    executionSuccessful: broken.length === 0,
    endTimeUtc: takenAt,
    toolExecutionNotifications: [
      ...(leftOut > 0
        ? [notification('warning', `${leftOut} more findings were left out: a run holds ${MOST_RESULTS}`)]
        : []),
      ...broken.slice(0, MOST_NOTIFICATIONS).map((text) => notification('error', text)),
      ...(more > 0 ? [notification('error', `${more} more documents could not be read`)] : []),
    ],
  };
}

function notification(level: Level, text: string) {
  return { level, message: { text: text.toWellFormed() } };
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
