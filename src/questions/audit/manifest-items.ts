import type { KubeObject } from '../../cluster/kube-object.ts';
import { isEndedPhase } from '../../cluster/kube-object.ts';
import { toVolumeName } from '../../cluster/persistent-volume-claims.ts';
import { placeTerms } from '../../cluster/persistent-volumes.ts';
import { toPriorityClassFacts } from '../../cluster/priority-classes.ts';
import { groupOf } from '../../decision/exempt.ts';
import { misplacedInWorkload, misplacedLabels } from '../../decision/misplaced-annotations.ts';
import { type Owner, ownerOf } from '../../decision/owner.ts';
import { controllerOf, type Pod } from '../../decision/pod.ts';
import { podOfTemplate, podOfWorkload } from '../../decision/workload.ts';
import { type ManifestDocument, place } from '../../documents/manifest-file.ts';
import { parseRegion } from '../../regions/region-resource.ts';
import type { RequestingSpec } from '../../units/requested-amounts.ts';
import { mistakesInNodePool } from '../../world/node-pool-shape.ts';
import { mistakesInNode } from '../../world/node-shape.ts';
import { mistakesInPod } from '../../world/pod-shape.ts';
import { namespaceRecord, nodeFacts, nodePoolFacts } from '../../world/read-files.ts';
import { mistakeInQuantity } from '../../world/resource-amounts.ts';
import type { AuditItem, Place, Workload } from './audited-workload.ts';
import { hasNoPods } from './kinds-without-pods.ts';
import { copyOf, podToJudge, resourcesOf } from './workload-of.ts';

export interface ManifestSettings {
  /** Of objects that name none. */
  readonly namespace: string;
  readonly regionLabel: string;
}

/** A workload that a controller made: it counts only where nobody who stands for it is in the input. */
export interface OwnedWorkload {
  readonly type: 'owned';
  readonly workload: Workload;
  /** Whom its metadata names, and whom people know: the ReplicaSet of a pod, and its Deployment. */
  readonly owners: readonly Owner[];
}

type Found = AuditItem | OwnedWorkload;
type Json = Readonly<Record<string, unknown>>;

interface Facts {
  readonly document: ManifestDocument;
  readonly file: string;
  readonly settings: ManifestSettings;
}

/** What an object says to an audit, by group and kind. */
const READERS: Readonly<Record<string, (facts: Facts) => Found>> = {
  '/Pod': readWorkload,
  'apps/Deployment': readWorkload,
  'apps/StatefulSet': readWorkload,
  'apps/DaemonSet': readWorkload,
  'apps/ReplicaSet': readWorkload,
  '/ReplicationController': readWorkload,
  'batch/Job': readWorkload,
  'batch/CronJob': readWorkload,
  '/Namespace': readNamespace,
  '/Node': readNode,
  'karpenter.sh/NodePool': readNodePool,
  '/LimitRange': readLimitRange,
  '/PersistentVolumeClaim': readClaim,
  '/PersistentVolume': readVolume,
  'scheduling.k8s.io/PriorityClass': readPriorityClass,
  'gridgate.dev/Region': readRegion,
};

/** One thing for each object; what is wrong with it is one too, with file, document and line. */
export function readManifest(facts: Facts): Found {
  const { apiVersion, kind, value } = facts.document;
  const group = groupOf(apiVersion);
  const read = READERS[`${group}/${kind}`] ?? (podOfTemplate(value) && readWorkload);
  if (!read)
    return hasNoPods(group, kind) ? { type: 'passed-over', kind } : { type: 'not-judged', kind: inFull(group, kind) };
  const metadata = objectAt(value, 'metadata');
  if (typeof metadata?.['name'] !== 'string' && typeof metadata?.['generateName'] !== 'string')
    return broken(facts, [`${kind}: metadata.name must be given, as text`]);
  const { namespace } = metadata;
  if (namespace != null && typeof namespace !== 'string')
    return broken(facts, [`${nameOf(facts)}: metadata.namespace must be text; write it in quotes`]);
  return read(facts);
}

/** `Workflow.argoproj.io`, as kubectl names kinds of groups. */
function inFull(group: string, kind: string): string {
  return group === '' ? kind : `${kind}.${group}`;
}

function readNamespace(facts: Facts): Found {
  const { document } = facts;
  const misplaced = misplacedLabels(objectAt(document.value, 'metadata')?.['labels']);
  return { type: 'namespace', namespace: { ...namespaceRecord(document), place: placeOf(facts), misplaced } };
}

function readWorkload(facts: Facts): Found {
  const { document } = facts;
  const { kind, value } = document;
  const byTemplate = READERS[`${groupOf(document.apiVersion)}/${kind}`] === undefined;
  const pod = byTemplate ? podOfTemplate(value) : podOf(document);
  if (isPatch(document, pod)) return { type: 'no-object', what: 'patch' };
  if (!pod) return broken(facts, [`${nameOf(facts)}: has no ${TEMPLATE_OF[kind] ?? 'spec.template with a spec'}`]);
  const pods = byTemplate ? podsByTemplate(kind, value) : podsOf(kind, value);
  const mistakes = [
    ...mistakesInPod(pod),
    ...(pods === undefined ? [`${COUNT_OF[kind] ?? 'spec.replicas'}: must be a whole number`] : []),
  ];
  if (mistakes.length > 0 || pods === undefined)
    return broken(
      facts,
      mistakes.map((mistake) => `${nameOf(facts)}: ${mistake}`),
    );
  if (hasEnded(kind, value)) return { type: 'passed-over', kind: `${kind} (finished)` };
  const misplaced = misplacedInWorkload(groupOf(document.apiVersion), kind, value, pod);
  const workload: Workload = {
    namespace: copyOf(namespaceOf(facts)),
    kind,
    name: copyOf(nameIn(value)),
    pod: podToJudge(pod),
    pods,
    resources: resourcesOf((pod.spec ?? {}) as RequestingSpec),
    place: placeOf(facts),
    ...(misplaced.length > 0 && { misplaced: misplaced.map(copyOf) }),
    ...(byTemplate && { byTemplate }),
  };
  const owners = ownersOf(kind, value, pod);
  return owners.length > 0 ? { type: 'owned', workload, owners } : { type: 'workload', workload };
}

/** Where it stands how many pods there are. */
const COUNT_OF: Readonly<Record<string, string>> = {
  Job: 'spec.parallelism, spec.completions',
  CronJob: 'spec.jobTemplate.spec.parallelism, completions',
};
const TEMPLATE_OF: Readonly<Record<string, string>> = {
  Pod: 'spec',
  CronJob: 'spec.jobTemplate.spec.template with a spec',
};

function podOf({ apiVersion, kind, value }: ManifestDocument): Pod | undefined {
  if (kind === 'Pod') return objectAt(value, 'spec') && (value as Pod);
  // The template of a DaemonSet stands where that of a Deployment does.
  return podOfWorkload(groupOf(apiVersion), kind === 'DaemonSet' ? 'Deployment' : kind, value);
}

/** Part of a workload, which kustomize or `kubectl patch` merges into a whole one: a spec that has no containers. */
function isPatch({ kind, value }: ManifestDocument, pod: Pod | undefined): boolean {
  if (value['$patch'] !== undefined) return true;
  const spec = pod?.spec as Json | undefined;
  return kind !== 'Pod' && objectAt(value, 'spec') !== undefined && spec?.['containers'] === undefined;
}

/** As many as would run at once, of a CronJob in one Job; of a DaemonSet as many as its status tells, else one. `undefined`: no number. */
function podsOf(kind: string, value: Json): number | undefined {
  const spec = objectAt(value, 'spec') ?? {};
  if (kind === 'Pod') return 1;
  if (kind === 'DaemonSet') return wholeNumber(objectAt(value, 'status')?.['desiredNumberScheduled'], 1) ?? 1;
  if (kind === 'Job') return podsOfJob(spec);
  if (kind !== 'CronJob') return wholeNumber(spec['replicas'], 1);
  return spec['suspend'] === true ? 0 : podsOfJob(objectAt(objectAt(spec, 'jobTemplate') ?? {}, 'spec') ?? {});
}

/** Of a kind that nobody knows: what stands where other kinds have their number; one where nothing does. */
function podsByTemplate(kind: string, value: Json): number | undefined {
  const spec = objectAt(value, 'spec') ?? {};
  if (/DaemonSet/.test(kind)) return podsOf('DaemonSet', value);
  if (objectAt(spec, 'jobTargetRef')) return podsOfJob(objectAt(spec, 'jobTargetRef') ?? {});
  return objectAt(spec, 'jobTemplate') ? podsOf('CronJob', value) : wholeNumber(spec['replicas'], 1);
}

/** No more run at once than have to complete. */
function podsOfJob(spec: Json): number | undefined {
  if (spec['suspend'] === true) return 0;
  const parallelism = wholeNumber(spec['parallelism'], 1);
  const completions = wholeNumber(spec['completions'], Number.POSITIVE_INFINITY);
  return parallelism === undefined || completions === undefined ? undefined : Math.min(parallelism, completions);
}

/** Kubernetes counts with 32 bits. */
const MOST_COUNTED = 2 ** 31 - 1;

function wholeNumber(value: unknown, byDefault: number): number | undefined {
  if (value == null) return byDefault;
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) <= MOST_COUNTED ? Number(value) : undefined;
}

function hasEnded(kind: string, value: Json): boolean {
  const status = objectAt(value, 'status');
  if (kind === 'Pod') return isEndedPhase(status?.['phase']);
  const conditions = kind === 'Job' ? status?.['conditions'] : undefined;
  if (!Array.isArray(conditions)) return false;
  return conditions.some((one) => (one?.type === 'Complete' || one?.type === 'Failed') && one?.status === 'True');
}

function ownersOf(kind: string, value: Json, pod: Pod): readonly Owner[] {
  const written = objectAt(value, 'metadata')?.['ownerReferences'];
  if (!Array.isArray(written)) return [];
  const direct = controllerOf(value as Pod);
  if (!direct?.kind || !direct.name || direct.kind === 'Node') return [];
  const root = kind === 'Pod' ? ownerOf(pod) : undefined;
  return [{ kind: direct.kind, name: direct.name }, ...(root ? [root] : [])];
}

/** What a container without requests gets: `defaultRequest`, else what the API server fills it from (`SetDefaults_LimitRangeItem`, Kubernetes 1.35). */
function readLimitRange(facts: Facts): Found {
  const limits = objectAt(facts.document.value, 'spec')?.['limits'];
  const ofContainers = Array.isArray(limits) ? limits.filter((limit) => limit?.type === 'Container') : [];
  const amount = (resource: string) =>
    ofContainers
      .flatMap((limit) => ['defaultRequest', 'default', 'max', 'min'].map((from) => limit[from]?.[resource]))
      .find((quantity) => quantity !== undefined);
  const [cpu, memory] = [amount('cpu'), amount('memory')];
  const mistakes = [cpu, memory].flatMap((quantity) => mistakeInQuantity(quantity ?? 0) ?? []);
  if (mistakes.length > 0)
    return broken(
      facts,
      mistakes.map((mistake) => `${nameOf(facts)}: spec.limits: ${mistake}`),
    );
  const defaults = { ...(cpu !== undefined && { cpu }), ...(memory !== undefined && { memory }) };
  return { type: 'defaults', namespace: namespaceOf(facts), defaults };
}

function readNode(facts: Facts): Found {
  const { document, settings } = facts;
  const mistakes = mistakesInNode(document.value).map((mistake) => `${nameOf(facts)}: ${mistake}`);
  if (mistakes.length > 0) return broken(facts, mistakes);
  return { type: 'node', node: nodeFacts(document, settings.regionLabel) };
}

function readNodePool(facts: Facts): Found {
  const { document } = facts;
  const mistakes = mistakesInNodePool(document.value).map((mistake) => `${nameOf(facts)}: ${mistake}`);
  if (mistakes.length > 0) return broken(facts, mistakes);
  return { type: 'node-pool', nodePool: nodePoolFacts(document) };
}

function readClaim(facts: Facts): Found {
  const { value } = facts.document;
  const volume = toVolumeName(value as never);
  return { type: 'claim', claim: `${namespaceOf(facts)}/${nameIn(value)}`, volume: String(volume) };
}

function readVolume(facts: Facts): Found {
  const { value } = facts.document;
  try {
    const terms = placeTerms(value as never, facts.settings.regionLabel);
    return terms ? { type: 'volume', volume: nameIn(value), terms } : { type: 'passed-over', kind: 'PersistentVolume' };
  } catch {
    return broken(facts, [`${nameOf(facts)}: spec.nodeAffinity is not as Kubernetes has it`]);
  }
}

function readPriorityClass({ document }: Facts): Found {
  return { type: 'priority-class', ...toPriorityClassFacts(document.value as unknown as KubeObject) };
}

function readRegion(facts: Facts): Found {
  const parsed = parseRegion(facts.document.value);
  if ('region' in parsed) return { type: 'region', region: parsed.region };
  return broken(
    facts,
    parsed.issues.map((issue) => `${nameOf(facts)}: ${issue}`),
  );
}

function broken({ file, document }: Facts, mistakes: readonly string[]): AuditItem {
  return { type: 'broken', message: place(file, { ...document, message: mistakes.join('; ') }) };
}

function placeOf({ file, document: { document, line } }: Facts): Place {
  return { file, document, line };
}

function nameOf({ document: { kind, value } }: Facts): string {
  return `${kind} ${nameIn(value)}`;
}

function nameIn(value: Json): string {
  const { name, generateName } = objectAt(value, 'metadata') ?? {};
  return typeof name === 'string' ? name : `${String(generateName)}*`;
}

function namespaceOf({ document: { value }, settings }: Facts): string {
  const namespace = objectAt(value, 'metadata')?.['namespace'];
  return typeof namespace === 'string' && namespace !== '' ? namespace : settings.namespace;
}

function objectAt(value: Json, name: string): Json | undefined {
  const inner = value[name];
  return typeof inner === 'object' && inner !== null && !Array.isArray(inner) ? (inner as Json) : undefined;
}
