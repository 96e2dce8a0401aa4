import { isMapping } from '../units/is-mapping.ts';
import { budgetIssues, MIN_REPLICAS, WORKLOAD_KEYS } from './carbon-budget.ts';
import { ANNOTATION_PREFIX } from './namespace-record.ts';
import { neverEnds, type Pod } from './pod.ts';
import { POD_KEYS, unknownKey } from './pod-keys.ts';
import { POLICY_ANNOTATIONS, quoted } from './policy-annotations.ts';
import { isControlled, pathOfTemplate } from './workload.ts';

const CLASS_KEY = `${ANNOTATION_PREFIX}class`;

type JsonObject = Readonly<Record<string, unknown>>;

/** The annotations that gridgate itself writes to owners of pods. */
const OWN_KEYS: ReadonlySet<string> = new Set([
  'nudged',
  'deferred',
  'not-before',
  'waits',
  'released',
  'budget-status',
]);
const POLICY_KEYS: readonly string[] = Object.keys(POLICY_ANNOTATIONS);
/** The kinds whose replicas a carbon budget moves. */
const BUDGETED_KINDS: readonly string[] = ['Deployment', 'StatefulSet'];
/** Authors may write thousands. */
const MOST_READ = 100;

/**
 * A sentence for each annotation that is meant for pods or their namespace and stands where gridgate does not read it:
 *
 * | on the workload itself       | in its pod template | is told                             |
 * | ---------------------------- | ------------------- | ----------------------------------- |
 * | an annotation of pods        | the same key        | nothing                             |
 * | an annotation of pods        | not                 | that it belongs to the pod template |
 * | `defer`, of pods that never end | any              | that they never wait                |
 * | an annotation of namespaces  | any                 | that it belongs to the Namespace    |
 * | another under `gridgate.dev` | any                 | that there is no such annotation    |
 * | a label named like any       | the same            | that it must be an annotation       |
 * | one of carbon budgets, of a Deployment or StatefulSet | any | what is wrong with it, or that nothing follows from it |
 * | the same, of another kind    | any                 | that it has no effect               |
 *
 * None for an object that a controller made: its annotations come from its owner.
 */
export function misplacedInWorkload(group: string, kind: string, object: JsonObject, pod: Pod): readonly string[] {
  if (isControlled(object)) return [];
  const isPod = group === '' && kind === 'Pod';
  const metadata = isMapping(object['metadata']) ? object['metadata'] : {};
  const ofPod = pod.metadata?.annotations ?? {};
  const annotations = isPod ? [] : ownNames(metadata['annotations']);
  const isBudgeted = group === 'apps' && BUDGETED_KINDS.includes(kind);
  const told = annotations.filter(
    (name) =>
      !OWN_KEYS.has(name) &&
      !(isBudgeted && WORKLOAD_KEYS.includes(name)) &&
      !Object.hasOwn(ofPod, ANNOTATION_PREFIX + name),
  );
  return [
    ...told.map((name) => describeAnnotation(name, group, { kind, pod })),
    ...(isBudgeted && isMapping(metadata['annotations']) ? describeBudget(kind, metadata['annotations'], ofPod) : []),
    ...(isPod ? [] : misplacedLabels(metadata['labels'])),
    ...misplacedLabels(pod.metadata?.labels).map((sentence) => (isPod ? sentence : `pod template: ${sentence}`)),
  ];
}

function describeBudget(kind: string, annotations: JsonObject, ofPod: JsonObject): readonly string[] {
  const mistakes = budgetIssues(annotations).map(
    ({ key, value, allowed }) => `${key}: ${quoted(value)} is not ${allowed}; ignored`,
  );
  const isIdle = Object.hasOwn(annotations, MIN_REPLICAS) && ofPod[CLASS_KEY] !== 'flexible';
  const idle = `${MIN_REPLICAS}: has no effect on this ${kind}: only one whose pods are ${CLASS_KEY}: flexible is scaled down; write that to its pod template`;
  return isIdle ? [...mistakes, idle] : mistakes;
}

/** Labels that are named like an annotation of gridgate's, a sentence each: nothing reads them. */
export function misplacedLabels(labels: unknown): readonly string[] {
  return ownNames(labels)
    .filter((name) => [POD_KEYS, POLICY_KEYS, WORKLOAD_KEYS].some((keys) => keys.includes(name)))
    .map((name) => `${ANNOTATION_PREFIX}${name}: is a label here, which has no effect; write it as an annotation`);
}

function describeAnnotation(name: string, group: string, { kind, pod }: { kind: string; pod: Pod }): string {
  const key = ANNOTATION_PREFIX + name;
  if (name === 'defer' && neverEnds(pod))
    return `${key}: has no effect on a ${kind}: its pods never end, and so never wait`;
  if (POD_KEYS.includes(name))
    return `${key}: has no effect on the ${kind} itself; write it to its pod template, ${pathOfTemplate(group, kind)}.metadata.annotations`;
  if (WORKLOAD_KEYS.includes(name))
    return `${key}: has no effect on a ${kind}: carbon budgets scale Deployments and StatefulSets`;
  return POLICY_KEYS.includes(name)
    ? `${key}: has no effect on a ${kind}; write it to the Namespace`
    : unknownKey(name, 'annotation');
}

/** The names under `gridgate.dev/` of labels or annotations, without it. */
function ownNames(entries: unknown): readonly string[] {
  if (!isMapping(entries)) return [];
  const own = Object.keys(entries).filter((key) => key.startsWith(ANNOTATION_PREFIX));
  return own.slice(0, MOST_READ).map((key) => key.slice(ANNOTATION_PREFIX.length));
}
