import type { KubeObject } from '../../cluster/kube-object.ts';
import { type HelmRelease, helmReleaseOf } from '../../units/helm-release.ts';
import { type InstalledObject, OURS, PART_OF, type Step } from './installed-objects.ts';

/** An object of the list that is there. */
export interface FoundObject extends InstalledObject {
  readonly there: KubeObject;
}

/** Why nothing at all may be removed. */
export type Obstacle =
  | { readonly why: 'of Helm'; readonly release: HelmRelease }
  | { readonly why: 'not of Helm'; readonly objects: readonly string[] }
  | { readonly why: 'of others'; readonly objects: readonly string[]; readonly partOf: readonly string[] }
  | { readonly why: 'elsewhere'; readonly asked: string; readonly namespaces: readonly string[] };

/** What runs of gridgate, and what calls it: without these gone nothing that they use may go. */
const RUNNING: ReadonlySet<Step> = new Set(['webhooks', 'controllers']);
const ACCOUNTS: ReadonlySet<string> = new Set(['gridgate', 'gridgate-controllers']);

/**
 * Looks for what forbids to remove anything, the first that holds:
 *
 * | webhooks and ClusterRoleBindings name | a webhook configuration, Deployment or binding is part of another | then      |
 * | ------------------------------------- | ----------------------------------------------------------------- | --------- |
 * | only other namespaces                 | any                                                               | elsewhere |
 * | the one asked for, or none            | yes                                                               | of others |
 * | the one asked for, or none            | no                                                                | see below |
 *
 * | --before-helm | a release of Helm owns something | Argo CD applied something of the chart | something runs | then        |
 * | ------------- | -------------------------------- | -------------------------------------- | -------------- | ----------- |
 * | no            | yes                              | any                                    | any            | of Helm     |
 * | yes           | no                               | no                                     | yes            | not of Helm |
 * | anything else |                                  |                                        |                | nothing     |
 *
 * The third row is `helm template | kubectl apply`, which takes the hook for a Job to run now: it would end what it has just installed.
 *
 * The bindings outlive the Deployments, so an uninstall that was ended in between still knows where it was.
 */
export function findObstacle(
  found: readonly FoundObject[],
  { namespace: asked, beforeHelm = false }: { readonly namespace: string; readonly beforeHelm?: boolean },
): Obstacle | undefined {
  const namespaces = namespacesNamed(found);
  if (namespaces.length > 0 && !namespaces.includes(asked)) return { why: 'elsewhere', asked, namespaces };
  const running = found.filter((one) => RUNNING.has(one.step));
  const ofOthers = running.filter((one) => !isOurs(one));
  if (ofOthers.length > 0) {
    const partOf = ofOthers.map(({ there }) => there.metadata.labels?.[PART_OF] ?? '');
    return { why: 'of others', objects: ofOthers.map(nameObject), partOf: [...new Set(partOf)] };
  }
  const ours = found.filter(isOurs);
  if (!beforeHelm) {
    const release = ours.map(releaseOf).find(Boolean);
    return release && { why: 'of Helm', release };
  }
  const hasHooks = running.length === 0 || ours.some((one) => releaseOf(one) !== undefined || isArgos(one));
  return hasHooks ? undefined : { why: 'not of Helm', objects: running.map(nameObject) };
}

const MANAGED_BY = 'app.kubernetes.io/managed-by';
const RESOURCE_POLICY = 'helm.sh/resource-policy';
/** Of Argo CD, which runs hooks of charts itself; the label where it is told to track by that. */
const ARGO_TRACKING = 'argocd.argoproj.io/tracking-id';
const ARGO_INSTANCE = 'app.kubernetes.io/instance';

/** Whether it came out of a chart, and goes with it: also where something else than Helm applied that. */
export function isHelms({ there: { metadata } }: Pick<FoundObject, 'there'>): boolean {
  return metadata.labels?.[MANAGED_BY] === 'Helm' && metadata.annotations?.[RESOURCE_POLICY] !== 'keep';
}

/** The release whose `helm uninstall` removes an object. */
function releaseOf(object: FoundObject): HelmRelease | undefined {
  return isHelms(object) ? helmReleaseOf(object.there.metadata.annotations) : undefined;
}

/** Whether Argo CD applied it out of the chart; the chart itself sets neither mark. */
function isArgos(object: FoundObject): boolean {
  const { annotations = {}, labels = {} } = object.there.metadata;
  return isHelms(object) && (annotations[ARGO_TRACKING] ?? labels[ARGO_INSTANCE]) !== undefined;
}

/** Whether gridgate may be in another namespace than the one asked for: it has parts in the cluster, none there, and nothing tells. */
export function isMaybeElsewhere(found: readonly FoundObject[], asked: string): boolean {
  const ours = found.filter((one) => isOurs(one) && one.step !== 'regions'); // Regions outlive it wherever it was
  return (
    ours.length > 0 && !ours.some(({ called }) => called.startsWith(`${asked}/`)) && namespacesNamed(found).length === 0
  );
}

/**
 * Whose an object of the list is:
 *
 * | app.kubernetes.io/part-of | then                                                                      |
 * | ------------------------- | ------------------------------------------------------------------------- |
 * | gridgate                  | ours                                                                      |
 * | none                      | ours: the Lease and the Secrets, and what was installed without the label |
 * | another                   | somebody else's of the same name: stays, and is told                      |
 */
export function isOurs({ there }: FoundObject): boolean {
  return (there.metadata.labels?.[PART_OF] ?? OURS) === OURS;
}

/** As people write it: `Deployment gridgate-system/gridgate`. */
export function nameObject({ kind, called }: InstalledObject): string {
  return `${kind} ${called}`;
}

/** What names a namespace is read as a whole; of the others only the metadata, Secrets among them. */
export function contentToRead({ kind }: InstalledObject): 'full' | 'metadata' {
  return /WebhookConfiguration$|^ClusterRoleBinding$/.test(kind) ? 'full' : 'metadata';
}

interface NamingObject extends KubeObject {
  readonly webhooks?: readonly { readonly clientConfig?: { readonly service?: { readonly namespace?: string } } }[];
  readonly subjects?: readonly { readonly kind: string; readonly name: string; readonly namespace?: string }[];
}

/** Where the webhooks' Service and gridgate's accounts are, as what is ours says. */
function namespacesNamed(found: readonly FoundObject[]): readonly string[] {
  const named = found.filter(isOurs).flatMap(({ there }) => {
    const { webhooks = [], subjects = [] } = there as NamingObject;
    const accounts = subjects.filter(({ kind, name }) => kind === 'ServiceAccount' && ACCOUNTS.has(name));
    return [...webhooks.map(({ clientConfig }) => clientConfig?.service?.namespace), ...accounts.map(namespaceOf)];
  });
  return [...new Set(named)].filter((namespace) => namespace !== undefined).sort();
}

function namespaceOf({ namespace }: { readonly namespace?: string }): string | undefined {
  return namespace;
}
