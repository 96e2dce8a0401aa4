import { isKept, OWN_SELECTOR } from '../../capacity/own-overlay.ts';
import type { ApiClient } from '../../cluster/api-client.ts';
import { ApiError } from '../../cluster/api-error.ts';
import { getIfThere } from '../../cluster/get-if-there.ts';
import type { KubeObject } from '../../cluster/kube-object.ts';
import { listPages } from '../../cluster/list-watch.ts';
import { NAMESPACES_PATH } from '../../cluster/namespaces.ts';
import { NODE_OVERLAYS_PATH, overlayPath } from '../../cluster/node-overlays.ts';
import { listReports, REPORT_KINDS, reportPath } from '../../cluster/policy-reports.ts';
import { retryPassing } from '../../cluster/retry-passing.ts';
import { acceptFor } from '../../cluster/watched-resource.ts';
import { asksToFollow } from '../../controllers/node-pools/pool-trace.ts';
import { REPORT_LABELS, REPORT_NAME } from '../../questions/audit/policy-report.ts';
import { inParallel } from '../../units/in-parallel.ts';
import { listUnits, type WaitingUnit } from '../release/waiting-units.ts';
import {
  contentToRead,
  type FoundObject,
  findObstacle,
  isHelms,
  isMaybeElsewhere,
  isOurs,
  nameObject,
  type Obstacle,
} from './find-obstacle.ts';
import { CRDS, type InstalledObject, installedObjects, OURS, PART_OF, type Step } from './installed-objects.ts';
import { policiesOf, type TracedKind, type Traces, tracedKinds } from './traces.ts';
import { type Remains, whatRemains } from './what-remains.ts';

/** What is removed beside gridgate itself, each only when asked. */
export interface Asked {
  readonly regions: boolean;
  readonly policies: boolean;
  readonly settings: boolean;
  /** What Helm owns is left to Helm, but for what must be gone before it. */
  readonly beforeHelm?: boolean;
  /** Where gridgate is installed. */
  readonly namespace: string;
}

/** An object that is deleted. */
export interface Removal extends InstalledObject {
  readonly uid?: string | undefined;
}

/** An object of somebody else that loses what gridgate wrote on it. */
export interface Trace {
  readonly kind: TracedKind;
  readonly path: string;
  readonly traces: Traces;
}

/** All of gridgate in a cluster, and what stays of it. */
export interface Installation {
  readonly removals: readonly Removal[];
  readonly traces: readonly Trace[];
  /** Behind our gate, or suspended by us: nobody would be left who lets it go. */
  readonly waiting: readonly WaitingUnit[];
  readonly stays: Stays;
}

export interface Stays {
  /** The namespace asked for, where gridgate may be in another. */
  readonly maybeNotIn: string | undefined;
  /** Named as gridgate's, and labelled as part of something else. */
  readonly ofOthers: readonly string[];
  /** What people wrote for gridgate, by kind, where its CustomResourceDefinition stays. */
  readonly kinds: readonly { readonly noun: string; readonly count: number }[];
  /** Namespaces whose annotations still say what gridgate should do. */
  readonly policies: number;
  /** NodePools whose annotations still say how they should follow the grid. */
  readonly followers: number;
  readonly settings: readonly string[];
  /** How many objects `helm uninstall` is to remove. */
  readonly toHelm: number;
  /** Why the namespace stays though it is there: what is in it, or that it was never gridgate's. */
  readonly namespace?: Remains | 'not ours' | undefined;
}

const AT_ONCE = 8;
const IDLE_TIMEOUT_MS = 30_000;
const NAME = 'app.kubernetes.io/name';

/**
 * Looks for everything that gridgate can consist of, unless something forbids to remove it. Rejects with an ApiError or the network's
 * own error.
 */
export async function findInstallation(
  api: Pick<ApiClient, 'get'>,
  asked: Asked,
  show: (text: string) => void,
): Promise<Installation | { readonly obstacle: Obstacle }> {
  show('looking for gridgate');
  const found = await findObjects(api, asked);
  const obstacle = findObstacle(found, asked);
  if (obstacle) return { obstacle };
  const ours = found.filter(isOurs);
  const leftToHelm = asked.beforeHelm ? ours.filter((one) => !goesBefore(one, asked)) : [];
  const there = ours
    .filter((one) => !leftToHelm.includes(one))
    .map(({ there: { metadata }, ...one }) => ({ ...one, uid: metadata.uid }));
  const ofOthers = found.filter((one) => !isOurs(one)).map(nameObject);
  const kinds = await countStaying(api, asked, there);
  const { traces, removals: written, policies, followers } = await findWritten(api, asked, show);
  show('looking for what waits');
  const waiting = await listUnits(api, {});
  const isAsked: Partial<Record<Step, boolean>> = { regions: asked.regions, settings: asked.settings };
  const removals = there.filter(({ step }) => isAsked[step] ?? true);
  const settings = there.filter(({ step }) => step === 'settings' && !asked.settings);
  // The hook's own pod is in it, and Helm leaves it.
  const namespace = asked.beforeHelm ? {} : await judgeNamespace(api, asked, ofOthers);
  return {
    removals: [...removals, ...written, ...(namespace.goes ? [namespace.goes] : [])],
    traces,
    waiting,
    stays: {
      maybeNotIn: isMaybeElsewhere(found, asked.namespace) ? asked.namespace : undefined,
      ofOthers,
      kinds,
      policies,
      followers,
      settings: settings.map(({ kind, called }) => `${kind} ${called}`),
      toHelm: leftToHelm.length,
      namespace: namespace.stays,
    },
  };
}

/**
 * What of an installation by Helm must not wait for `helm uninstall`, which removes by kind and all at once; what was removed too early
 * the next `helm upgrade` makes again.
 *
 * | step                  | of the chart     | asked for | then    |
 * | --------------------- | ---------------- | --------- | ------- |
 * | webhooks, controllers | any              | -         | goes    |
 * | regions, settings     | any              | yes       | goes    |
 * | any other             | no: made by runs | -         | goes    |
 * | anything else         | yes              | -         | Helm's  |
 */
function goesBefore(object: FoundObject, { regions, settings }: Asked): boolean {
  if (object.step === 'webhooks' || object.step === 'controllers') return true;
  if ((object.step === 'regions' && regions) || (object.step === 'settings' && settings)) return true;
  return !isHelms(object);
}

/** What gridgate wrote while it ran: on objects of others, and objects of its own that no list names; all of the step `traces`. */
export async function findWritten(
  api: Pick<ApiClient, 'get'>,
  asked: Pick<Asked, 'policies'>,
  show: (text: string) => void,
): Promise<Pick<Installation, 'traces' | 'removals'> & Pick<Stays, 'policies' | 'followers'>> {
  const { traces, policies, followers } = await findTraces(api, asked.policies, show);
  return { traces, removals: [...(await findReports(api)), ...(await findOverlays(api))], policies, followers };
}

/** The objects of the list that are there, in its order. */
async function findObjects(api: Pick<ApiClient, 'get'>, asked: Asked): Promise<readonly FoundObject[]> {
  const { namespace, beforeHelm, settings } = asked;
  // A hook that is not asked for them needs no right to the Secret among them.
  const isLookedFor = ({ step }: InstalledObject) => step !== 'settings' || !beforeHelm || settings;
  const objects = installedObjects(namespace).filter(isLookedFor);
  const found = new Map<InstalledObject, KubeObject>();
  await inParallel(objects, AT_ONCE, async (object) => {
    const there = await readObject(api, object.path, contentToRead(object));
    if (there) found.set(object, there);
  });
  return objects.flatMap((object) => {
    const there = found.get(object);
    return there ? [{ ...object, there }] : [];
  });
}

async function readObject(
  api: Pick<ApiClient, 'get'>,
  path: string,
  content: 'metadata' | 'full',
): Promise<KubeObject | undefined> {
  const options = { accept: acceptFor(content, 'one'), idleTimeoutMs: IDLE_TIMEOUT_MS };
  return (await retryPassing(() => getIfThere(api, path, options))) as KubeObject | undefined;
}

async function findTraces(api: Pick<ApiClient, 'get'>, policies: boolean, show: (text: string) => void) {
  const traces: Trace[] = [];
  let withPolicies = 0;
  let followers = 0;
  let seen = 0;
  for (const kind of tracedKinds(policies)) {
    for await (const object of objectsOf(api, kind)) {
      show(`looking for what gridgate wrote: ${++seen} objects`);
      if (kind.kind === 'Namespace' && !policies && policiesOf(object.metadata).length > 0) withPolicies += 1;
      if (kind.kind === 'NodePool' && asksToFollow(object.metadata)) followers += 1;
      const found = kind.find(object);
      if (found) traces.push({ kind, path: kind.pathOf(object.metadata), traces: found });
    }
  }
  return { traces, policies: withPolicies, followers };
}

async function* objectsOf(
  api: Pick<ApiClient, 'get'>,
  kind: Pick<TracedKind, 'list' | 'content' | 'fieldSelector' | 'mayBeMissing'>,
): AsyncGenerator<KubeObject> {
  const { list: path, content, fieldSelector, mayBeMissing } = kind;
  const all = { path, content, ...(fieldSelector && { fieldSelector }) };
  const patient: Pick<ApiClient, 'get'> = { get: (...args) => retryPassing(() => api.get(...args)) };
  try {
    for await (const { items } of listPages(patient, all, NEVER)) yield* items ?? [];
  } catch (error) {
    if (!mayBeMissing || !(error instanceof ApiError) || error.status !== 404) throw error;
  }
}

/** A cluster is as large as it is, and Ctrl-C ends the process. */
const NEVER = new AbortController().signal;

async function countStaying(
  api: Pick<ApiClient, 'get'>,
  { regions }: Asked,
  there: readonly Removal[],
): Promise<Stays['kinds']> {
  const staying = regions ? [] : CRDS.filter((crd) => there.some(({ name }) => name === crd.name));
  return Promise.all(staying.map(async ({ noun, list }) => ({ noun, count: await countAll(api, list) })));
}

async function countAll(api: Pick<ApiClient, 'get'>, list: string): Promise<number> {
  let count = 0;
  for await (const _ of objectsOf(api, { list, content: 'metadata', mayBeMissing: true })) count += 1;
  return count;
}

/** Nothing reads them any more, and nobody would bring them up to date. */
async function findReports(api: Pick<ApiClient, 'get'>): Promise<readonly Removal[]> {
  const label = Object.entries(REPORT_LABELS)
    .map(([key, value]) => `${key}=${value}`)
    .join();
  const found: Removal[] = [];
  for (const kind of REPORT_KINDS) {
    const reports = await retryPassing(() => listReports(api, kind, { name: REPORT_NAME, label })).catch((error) => {
      if (error instanceof ApiError && error.status === 404) return [];
      throw error;
    });
    for (const { name, namespace = '', uid } of reports) {
      const path = reportPath(kind, namespace, name);
      found.push({ step: 'traces', kind: kind.kind, name, path, called: `${namespace}/${name}`, uid });
    }
  }
  return found;
}

/** Prices of carbon, which nobody would keep up with the grid any more; those that people applied themselves are theirs. */
async function findOverlays(api: Pick<ApiClient, 'get'>): Promise<readonly Removal[]> {
  const found: Removal[] = [];
  const listed = { path: NODE_OVERLAYS_PATH, content: 'metadata', labelSelector: OWN_SELECTOR } as const;
  const patient: Pick<ApiClient, 'get'> = { get: (...args) => retryPassing(() => api.get(...args)) };
  try {
    for await (const { items } of listPages(patient, listed, NEVER))
      for (const { metadata } of items ?? []) {
        const { name, uid, labels = {}, annotations = {} } = metadata;
        if (isKept({ labels, annotations }))
          found.push({ step: 'traces', kind: 'NodeOverlay', name, path: overlayPath(name), called: name, uid });
      }
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 404) throw error;
  }
  return found;
}

/**
 * Whether the namespace goes as well:
 *
 * | it is labelled as gridgate's | something of others is in it, settings included | then  |
 * | ---------------------------- | ----------------------------------------------- | ----- |
 * | no                           | any                                             | stays |
 * | yes                          | yes, or nobody can tell                         | stays |
 * | yes                          | no                                              | goes  |
 */
export async function judgeNamespace(
  api: Pick<ApiClient, 'get'>,
  { namespace, settings }: Pick<Asked, 'namespace' | 'settings'>,
  ofOthers: readonly string[],
): Promise<{ readonly goes?: Removal; readonly stays?: Stays['namespace'] }> {
  const path = `${NAMESPACES_PATH}/${encodeURIComponent(namespace)}`;
  const found = await readObject(api, path, 'metadata');
  if (!found) return {};
  const { labels = {}, uid } = found.metadata;
  if (labels[NAME] !== OURS || (labels[PART_OF] ?? OURS) !== OURS) return { stays: 'not ours' };
  const going = installedObjects(namespace)
    .filter(({ step }) => settings || step !== 'settings')
    .filter((one) => !ofOthers.includes(nameObject(one)));
  const reports = REPORT_KINDS.map(({ kind }) => ({ kind, name: REPORT_NAME }));
  const ours = new Set([...going, ...reports].map(({ kind, name }) => `${kind} ${name}`));
  const remains = await whatRemains(api, namespace, (kind, name) => ours.has(`${kind} ${name}`));
  if (remains.others.length + remains.unread.length > 0) return { stays: remains };
  return { goes: { step: 'namespace', kind: 'Namespace', name: namespace, path, called: namespace, uid } };
}
