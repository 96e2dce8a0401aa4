import { EXPANDER_CONFIG_MAP, EXPANDER_KEY, hasOurs, takeBack } from '../../capacity/expander-priorities.ts';
import type { KubeObject } from '../../cluster/kube-object.ts';
import { NAMESPACES_PATH } from '../../cluster/namespaces.ts';
import { NODE_POOLS_PATH } from '../../cluster/node-pools.ts';
import { NODES_PATH } from '../../cluster/nodes.ts';
import { JOB, type OwnerKind, ownersPath, REPLICA_SET, STATEFUL_SET } from '../../cluster/owner-kinds.ts';
import { REGIONAL_AUTOSCALERS } from '../../cluster/regional-autoscalers.ts';
import { planTaints, type Taint } from '../../controllers/node-labeller/plan.ts';
import { traceOfPool } from '../../controllers/node-pools/pool-trace.ts';
import { NUDGED_ANNOTATION } from '../../controllers/owner-nudger/controller.ts';
import { CHANGED } from '../../controllers/priority-expander/tell.ts';
import { ANNOTATION_PREFIX, MANAGED_LABEL } from '../../decision/namespace-record.ts';
import { DEFERRED, NOT_BEFORE, RELEASED, WAITS } from '../../decision/wait-annotations.ts';
import { CARBON_KEY } from '../../units/label-names.ts';
import { traceOfAutoscaler, traceOfRegional, traceOfWorkload } from './scaling-traces.ts';

/** What gridgate wrote on an object of somebody else, and a merge patch without it. */
export interface Traces {
  /** In words: `label gridgate.dev/managed`. */
  readonly what: readonly string[];
  readonly patch: { readonly metadata: object; readonly spec?: object; readonly data?: object };
}

/** A kind that gridgate writes something on. */
export interface TracedKind {
  readonly kind: string;
  readonly list: string;
  /** Which of them. */
  readonly fieldSelector?: string;
  readonly content: 'metadata' | 'full';
  /** They are few: the list of what goes names them. */
  readonly isNamed?: true;
  /** A cluster need not know it. */
  readonly mayBeMissing?: true;
  /** Where an object of it is patched. */
  pathOf(metadata: KubeObject['metadata']): string;
  /** Undefined where nothing of gridgate is on it. */
  find(object: KubeObject): Traces | undefined;
}

/** How a Job waited, and when it was let go. */
const MARKS_OF_JOBS = [DEFERRED, NOT_BEFORE, WAITS, RELEASED];
/** A person's word, as the annotations are: who may read metrics and the status page. */
const SCRAPE_LABEL = `${ANNOTATION_PREFIX}scrape`;

/** Kinds with traces; `policies`: namespaces lose what people wrote there for gridgate, too. */
export function tracedKinds(policies: boolean): readonly TracedKind[] {
  return [
    {
      kind: 'Namespace',
      list: NAMESPACES_PATH,
      content: 'metadata',
      pathOf: ({ name }) => `${NAMESPACES_PATH}/${encodeURIComponent(name)}`,
      find: (object) => findOnNamespace(object, policies),
    },
    {
      kind: 'Node',
      list: NODES_PATH,
      content: 'full', // taints are in the spec
      pathOf: ({ name }) => `${NODES_PATH}/${encodeURIComponent(name)}`,
      find: findOnNode,
    },
    {
      kind: 'ConfigMap',
      list: '/api/v1/configmaps', // wherever Cluster Autoscaler is
      fieldSelector: `metadata.name=${EXPANDER_CONFIG_MAP}`,
      content: 'full',
      pathOf: ({ name, namespace = '' }) =>
        `${NAMESPACES_PATH}/${encodeURIComponent(namespace)}/configmaps/${encodeURIComponent(name)}`,
      find: findInPriorities,
    },
    {
      kind: 'NodePool',
      list: NODE_POOLS_PATH,
      content: 'full',
      isNamed: true,
      mayBeMissing: true,
      pathOf: ({ name }) => `${NODE_POOLS_PATH}/${encodeURIComponent(name)}`,
      find: traceOfPool,
    },
    ...SCALED.map(({ kind, list, find, mayBeMissing }) => ({
      kind,
      list,
      content: 'full' as const,
      isNamed: true as const,
      ...(mayBeMissing && { mayBeMissing }),
      pathOf: ({ name, namespace = '' }: KubeObject['metadata']) => within(list, namespace, name),
      find,
    })),
    ...[REPLICA_SET, STATEFUL_SET].map((owner) => marked(owner, () => [NUDGED_ANNOTATION])),
    marked(JOB, ({ annotations = {} }) =>
      // One that waits still is let go first, and loses its marks by that.
      annotations[RELEASED] === undefined ? [NUDGED_ANNOTATION] : [NUDGED_ANNOTATION, ...MARKS_OF_JOBS],
    ),
  ];
}

/** What gridgate scales: what was there before is put back. */
const SCALED: readonly Pick<TracedKind, 'kind' | 'list' | 'find' | 'mayBeMissing'>[] = [
  { kind: 'Deployment', list: '/apis/apps/v1/deployments', find: traceOfWorkload },
  { kind: 'StatefulSet', list: '/apis/apps/v1/statefulsets', find: traceOfWorkload },
  {
    kind: 'HorizontalPodAutoscaler',
    list: '/apis/autoscaling/v2/horizontalpodautoscalers',
    find: traceOfAutoscaler,
    mayBeMissing: true,
  },
  { kind: 'RegionalAutoscaler', list: REGIONAL_AUTOSCALERS.path, find: traceOfRegional, mayBeMissing: true },
];

/** Where one of a list of all namespaces is. */
function within(list: string, namespace: string, name: string): string {
  const at = list.lastIndexOf('/');
  return `${list.slice(0, at)}/namespaces/${encodeURIComponent(namespace)}${list.slice(at)}/${encodeURIComponent(name)}`;
}

function findOnNamespace({ metadata }: KubeObject, policies: boolean): Traces | undefined {
  const isOurs = (key: string) => key === MANAGED_LABEL || (policies && key === SCRAPE_LABEL);
  const labels = Object.keys(metadata.labels ?? {}).filter(isOurs);
  const annotations = policies ? policiesOf(metadata) : [];
  const what = [
    ...labels.map((key) => `label ${key}`),
    ...(annotations.length > 0 ? [`annotations ${ANNOTATION_PREFIX}*`] : []),
  ];
  return what.length === 0 ? undefined : { what, patch: { metadata: without(metadata, labels, annotations) } };
}

/** The annotations that say what gridgate is to do with a namespace. */
export function policiesOf({ annotations = {} }: KubeObject['metadata']): readonly string[] {
  return Object.keys(annotations).filter((key) => key.startsWith(ANNOTATION_PREFIX));
}

/** Taints are one list, written as a whole: with the version that was read, so that nobody's is lost. */
function findOnNode(object: KubeObject): Traces | undefined {
  const { metadata, spec } = object as KubeObject & { readonly spec?: { readonly taints?: readonly Taint[] } };
  const labels = metadata.labels?.[CARBON_KEY] === undefined ? [] : [CARBON_KEY];
  const taints = planTaints(spec?.taints ?? [], undefined, []);
  const what = [...labels.map((key) => `label ${key}`), ...(taints ? [`taint ${CARBON_KEY}`] : [])];
  if (what.length === 0) return undefined;
  const { resourceVersion } = metadata;
  const cleaned = { ...without(metadata, labels, []), ...(taints && { resourceVersion }) };
  return { what, patch: { metadata: cleaned, ...(taints && { spec: { taints } }) } };
}

/**
 * Lines of ours among priorities of node groups, which are ours only beside our annotation. Where people's hang on them, or end like
 * them, they stay: what is left could not be read.
 */
function findInPriorities(object: KubeObject): Traces | undefined {
  const { metadata, data } = object as KubeObject & { readonly data?: Readonly<Record<string, string>> };
  if (metadata.name !== EXPANDER_CONFIG_MAP || metadata.annotations?.[CHANGED] === undefined) return undefined;
  const text = data?.[EXPANDER_KEY] ?? '';
  const rest = hasOurs(text) ? takeBack(text) : text;
  if (typeof rest !== 'string') return undefined;
  const what = [...(rest === text ? [] : ['priorities of node groups']), `annotation ${CHANGED}`];
  const cleaned = { ...without(metadata, [], [CHANGED]), resourceVersion: metadata.resourceVersion };
  return {
    what,
    patch: { metadata: cleaned, ...(rest !== text && { data: { [EXPANDER_KEY]: rest === '' ? null : rest } }) },
  };
}

/** Through its status, as it came there: the API server then leaves the spec alone. */
function marked(owner: OwnerKind, keysOf: (metadata: KubeObject['metadata']) => readonly string[]): TracedKind {
  return {
    kind: owner.kind,
    list: ownersPath(owner),
    content: 'metadata',
    pathOf: ({ name, namespace }) => `${ownersPath(owner, namespace)}/${encodeURIComponent(name)}/status`,
    find({ metadata }) {
      const keys = keysOf(metadata).filter((key) => metadata.annotations?.[key] !== undefined);
      if (keys.length === 0) return undefined;
      return { what: keys.map((key) => `annotation ${key}`), patch: { metadata: without(metadata, [], keys) } };
    },
  };
}

/** With the uid: another of that name is a 409. */
function without({ uid }: KubeObject['metadata'], labels: readonly string[], annotations: readonly string[]): object {
  const nothing = (keys: readonly string[]) => Object.fromEntries(keys.map((key) => [key, null]));
  return {
    ...(uid !== undefined && { uid }),
    ...(labels.length > 0 && { labels: nothing(labels) }),
    ...(annotations.length > 0 && { annotations: nothing(annotations) }),
  };
}
