import type { ApiClient } from '../../cluster/api-client.ts';
import { ApiError } from '../../cluster/api-error.ts';
import { getIfThere } from '../../cluster/get-if-there.ts';
import { isEndedPhase, type KubeObject } from '../../cluster/kube-object.ts';
import { lacksPods, type OwnerObject } from '../../cluster/lacks-pods.ts';
import { listPages } from '../../cluster/list-watch.ts';
import { describeReadFailure } from '../../cluster/read-failure.ts';
import { isGated } from '../../decision/gate.ts';
import type { Pod } from '../../decision/pod.ts';
import { nearestKey } from '../../decision/policy-annotations.ts';
import { readWait, type WaitRecord } from '../../decision/wait-annotations.ts';
import { collectionPath, type ExplainTarget, inApi, type KindInApi } from './target.ts';

/** An object as the API server gives it, as far as any of the kinds is read. */
export interface LiveObject extends OwnerObject {
  readonly metadata: KubeObject['metadata'] & {
    readonly creationTimestamp?: string;
    readonly deletionTimestamp?: string;
    readonly ownerReferences?: readonly Reference[];
  };
  readonly spec?: OwnerObject['spec'] & {
    readonly nodeName?: string;
    readonly schedulingGates?: readonly { readonly name?: string }[];
    readonly selector?: LabelSelector;
  };
  readonly status?: OwnerObject['status'] & {
    readonly phase?: string;
    readonly startTime?: string;
  };
}

interface Reference {
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
}

interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values?: readonly string[];
  }[];
}

/** Why a controller cannot create a pod, in its own words. */
export interface CreationFailure {
  readonly kind: string;
  readonly name: string;
  readonly message: string;
  /** ISO 8601; of the last try that is known. */
  readonly at: string | null;
}

/** Of the many pods of an owner only this is kept. */
interface OwnedPod {
  readonly name: string;
  readonly nodeName?: string;
  /** Behind gridgate's gate, with what it says of its wait. */
  readonly isHeld?: boolean;
  readonly wait?: WaitRecord;
}

export interface FoundObject {
  readonly object: LiveObject;
  /** Its pods that have not ended; `undefined` for a pod, and where they may not be seen. */
  readonly pods?: readonly OwnedPod[];
  /** What creates pods for it: itself, ReplicaSets of a Deployment, the last Job of a CronJob. */
  readonly creators: readonly { readonly kind: string; readonly object: LiveObject }[];
  readonly failure?: CreationFailure;
  readonly notes: readonly string[];
}

export interface NotFound {
  /** Names that are near, best first. */
  readonly nearest: readonly string[];
}

export interface ReadDeps {
  readonly api: Pick<ApiClient, 'get'>;
  readonly signal: AbortSignal;
}

const IDLE_TIMEOUT_MS = 15_000;
const MOST_NEAREST = 3;
const FORBIDDEN = 403;

/** Reads an object and what belongs to it, with the caller's own rights; rejects where the object itself cannot be read. */
export async function readObject(deps: ReadDeps, target: ExplainTarget): Promise<FoundObject | NotFound> {
  const path = `${collectionPath(target, target.namespace)}/${encodeURIComponent(target.name)}`;
  const options = { accept: 'application/json', idleTimeoutMs: IDLE_TIMEOUT_MS, signal: deps.signal };
  const object = await getIfThere(deps.api, path, options);
  if (object === undefined) return { nearest: await nearestNames(deps, target) };
  if (!isObject(object)) throw new Error(`GET ${path} answers something that is no ${target.kind}`);
  return target.kind === 'Pod' ? { object, creators: [], notes: [] } : readBelongings(deps, target, object);
}

async function readBelongings(deps: ReadDeps, target: ExplainTarget, object: LiveObject): Promise<FoundObject> {
  const notes: string[] = [];
  /** What the caller may not see is left out, with a sentence. */
  const or = <T>(fallback: T, without: string, read: Promise<T>) =>
    read.catch((error: unknown) => {
      if (!(error instanceof ApiError) || error.status !== FORBIDDEN) throw error;
      notes.push(`${describeReadFailure(error)}: ${without}`);
      return fallback;
    });
  const creators = await or([], 'why pods fail is not known', creatorsOf(deps, target, object));
  const uids = new Set(creators.map(({ object }) => object.metadata.uid));
  const selectors = creators.map(({ object }) => selectorText(object.spec?.selector));
  const [pods, failure] = await Promise.all([
    or(undefined, 'where its pods run is not known', podsOf(deps, target.namespace, [...new Set(selectors)], uids)),
    or(undefined, 'why pods fail is not known', failureOf(deps, target.namespace, creators)),
  ]);
  return { object, creators, notes, ...(pods && { pods }), ...(failure && { failure }) };
}

/** A proxy in between may answer any JSON. */
function isObject(answer: unknown): answer is LiveObject {
  return typeof (answer as Partial<LiveObject> | null)?.metadata?.name === 'string';
}

/** How a pod or a Job ended; `undefined` while it has work to do, and for what never ends. */
export function endOf(kind: string, { status }: Pick<LiveObject, 'status'>): string | undefined {
  if (kind === 'Pod') return isEndedPhase(status?.phase) ? status?.phase : undefined;
  if (kind !== 'Job') return undefined;
  return status?.conditions?.find(({ type, status }) => JOB_ENDS.has(type) && status === 'True')?.type;
}

const JOB_ENDS: ReadonlySet<string> = new Set(['Complete', 'Failed']);

/** Whether a pod has done its work, or failed for good. */
export function hasEnded({ status }: Pick<LiveObject, 'status'>): boolean {
  return isEndedPhase(status?.phase);
}

async function creatorsOf(deps: ReadDeps, { kind, namespace }: ExplainTarget, object: LiveObject) {
  switch (kind) {
    case 'Deployment':
      return ownedBy(deps, inApi('replicaset'), { namespace, owner: object, selector: object.spec?.selector });
    case 'CronJob':
      return (await ownedBy(deps, inApi('job'), { namespace, owner: object }))
        .sort((a, b) => createdAt(b.object) - createdAt(a.object))
        .slice(0, 1);
    default:
      return [{ kind, object }];
  }
}

async function ownedBy(
  deps: ReadDeps,
  api: KindInApi,
  { namespace, owner, selector }: { namespace: string; owner: LiveObject; selector?: LabelSelector | undefined },
): Promise<{ kind: string; object: LiveObject }[]> {
  const owned: { kind: string; object: LiveObject }[] = [];
  const query = { labelSelector: selector && selectorText(selector) };
  for await (const object of list(deps, collectionPath(api, namespace), query))
    if (controllerUid(object) === owner.metadata.uid) owned.push({ kind: api.kind, object });
  return owned;
}

async function podsOf(
  deps: ReadDeps,
  namespace: string,
  selectors: readonly (string | undefined)[],
  owners: ReadonlySet<string | undefined>,
): Promise<readonly OwnedPod[]> {
  const pods = new Map<string, OwnedPod>();
  for (const labelSelector of selectors)
    for await (const pod of list(deps, collectionPath(inApi('pod'), namespace), { labelSelector })) {
      if (!owners.has(controllerUid(pod)) || hasEnded(pod)) continue;
      const { name } = pod.metadata;
      const nodeName = pod.spec?.nodeName;
      const isHeld = isGated(pod as Pod);
      const wait = isHeld ? readWait(pod.metadata.annotations) : undefined;
      pods.set(name, { name, ...(nodeName && { nodeName }), ...(isHeld && { isHeld }), ...(wait && { wait }) });
    }
  return [...pods.values()];
}

/** The last failure of creators that lack pods; Events tell it best, a ReplicaSet's condition when they are gone. */
async function failureOf(
  deps: ReadDeps,
  namespace: string,
  creators: FoundObject['creators'],
): Promise<CreationFailure | undefined> {
  const lacking = creators.filter(({ kind, object }) => lacksPods(kind, object));
  const failures = await Promise.all(
    lacking.map(async ({ kind, object }) => {
      const { name, uid = '' } = object.metadata;
      const told = (await lastFailedCreate(deps, namespace, uid)) ?? conditionOf(object);
      return told ? [{ kind, name, ...told }] : [];
    }),
  );
  return failures.flat().sort((a, b) => Date.parse(b.at ?? '') - Date.parse(a.at ?? ''))[0];
}

interface FailedCreate extends KubeObject {
  readonly message?: string;
  readonly lastTimestamp?: string | null;
  readonly eventTime?: string | null;
}

async function lastFailedCreate(deps: ReadDeps, namespace: string, uid: string) {
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/events`;
  const fieldSelector = `reason=FailedCreate,involvedObject.uid=${uid}`;
  let last: { message: string; at: string | null } | undefined;
  try {
    for await (const event of list(deps, path, { fieldSelector })) {
      const { message = '', lastTimestamp, eventTime } = event as FailedCreate;
      const at = lastTimestamp ?? eventTime ?? null;
      if (!last || (at ?? '') >= (last.at ?? '')) last = { message, at };
    }
  } catch (error) {
    // A caller who may not see Events has the condition.
    if (!(error instanceof ApiError) || error.status !== FORBIDDEN) throw error;
  }
  return last;
}

function conditionOf({ status }: LiveObject): { message: string; at: string | null } | undefined {
  const condition = status?.conditions?.find(({ type, status }) => type === 'ReplicaFailure' && status === 'True');
  return condition && { message: condition.message ?? '', at: condition.lastTransitionTime ?? null };
}

async function nearestNames(deps: ReadDeps, { namespace, name, ...api }: ExplainTarget): Promise<readonly string[]> {
  const names: string[] = [];
  try {
    for await (const { metadata } of list(deps, collectionPath(api, namespace), {}, 'metadata'))
      names.push(metadata.name);
  } catch {
    return []; // that it is not there is known; a guess is not worth another error
  }
  const begun = names.filter((one) => one.startsWith(name) || name.startsWith(`${one}-`));
  const nearest = nearestKey(name, names);
  return [...new Set([...begun, ...(nearest === undefined ? [] : [nearest])])].slice(0, MOST_NEAREST);
}

async function* list(
  { api, signal }: ReadDeps,
  path: string,
  selectors: { readonly labelSelector?: string | undefined; readonly fieldSelector?: string | undefined },
  content: 'full' | 'metadata' = 'full',
): AsyncGenerator<LiveObject> {
  const listed = { path, content, idleTimeoutMs: IDLE_TIMEOUT_MS, ...selectors };
  for await (const { items } of listPages(api, listed, signal)) yield* (items ?? []) as readonly LiveObject[];
}

const OPERATORS: ReadonlyMap<string, (key: string, values: string) => string> = new Map([
  ['In', (key, values) => `${key} in (${values})`],
  ['NotIn', (key, values) => `${key} notin (${values})`],
  ['Exists', (key) => key],
  ['DoesNotExist', (key) => `!${key}`],
]);

/** A selector as a query takes it; `undefined` selects all. */
function selectorText(selector: LabelSelector | undefined): string | undefined {
  const labels = Object.entries(selector?.matchLabels ?? {}).map(([key, value]) => `${key}=${value}`);
  const expressions = (selector?.matchExpressions ?? []).flatMap(({ key, operator, values = [] }) => {
    const write = OPERATORS.get(operator);
    return write ? [write(key, values.join(','))] : [];
  });
  return [...labels, ...expressions].join(',') || undefined;
}

function controllerUid({ metadata }: LiveObject): string | undefined {
  return metadata.ownerReferences?.find(({ controller }) => controller)?.uid;
}

function createdAt({ metadata }: LiveObject): number {
  return Date.parse(metadata.creationTimestamp ?? '') || 0;
}
