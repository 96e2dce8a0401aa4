import type { ApiClient } from '../../cluster/api-client.ts';
import { ApiError } from '../../cluster/api-error.ts';
import type { KubeObject, ObjectList } from '../../cluster/kube-object.ts';
import { retryPassing } from '../../cluster/retry-passing.ts';
import { acceptFor } from '../../cluster/watched-resource.ts';
import { inParallel } from '../../units/in-parallel.ts';

export interface Remains {
  /** `ConfigMap dashboards`, sorted. */
  readonly others: readonly string[];
  /** Resources that nobody could look into, with the reason: they may hold anything. */
  readonly unread: readonly string[];
}

interface Resource {
  readonly path: string;
  readonly group: string;
  readonly kind: string;
}

interface Discovered {
  readonly items?: readonly DiscoveredGroup[];
}

interface DiscoveredGroup {
  readonly metadata?: { readonly name?: string };
  /** The preferred one first; what several have is the same in all. */
  readonly versions?: readonly {
    readonly version: string;
    /** `Stale` where whoever serves it does not answer: then it lists nothing, whatever there is. */
    readonly freshness?: string;
    readonly resources?: readonly DiscoveredResource[];
  }[];
}

interface DiscoveredResource {
  readonly resource: string;
  readonly scope: string;
  readonly verbs: readonly string[];
  readonly responseKind?: { readonly kind: string };
}

/** Aggregated discovery: everything that a cluster serves in two answers. */
const DISCOVERY = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
const IDLE_TIMEOUT_MS = 30_000;
const AT_ONCE = 8;
const PAGE_SIZE = 500;
const STALE = 'Stale';

/** Measured, not stored: it goes with the pods. */
const PASSING_GROUPS: ReadonlySet<string> = new Set([
  'metrics.k8s.io',
  'custom.metrics.k8s.io',
  'external.metrics.k8s.io',
  'events.k8s.io',
]);
/** What a cluster puts into every namespace by itself. */
const EVERYWHERE: ReadonlySet<string> = new Set([
  'ServiceAccount default',
  'ConfigMap kube-root-ca.crt',
  'ConfigMap openshift-service-ca.crt',
]);

/**
 * What is in a namespace that is not ours and would go with it. Events pass; what a controller keeps goes with an owner in the same
 * namespace; what cannot be looked into is told, since it may hold anything. Rejects where the cluster does not say what it serves.
 */
export async function whatRemains(
  api: Pick<ApiClient, 'get'>,
  namespace: string,
  isOurs: (kind: string, name: string) => boolean,
): Promise<Remains> {
  const others: string[] = [];
  const { resources, stale } = await namespacedResources(api, namespace);
  const unread = [...stale];
  const namespacedKinds: ReadonlySet<string> = new Set(resources.map(nameKind));
  await inParallel(resources, AT_ONCE, async ({ path, kind }) => {
    try {
      const query = { limit: String(PAGE_SIZE) };
      const options = { accept: acceptFor('metadata', 'list'), query, idleTimeoutMs: IDLE_TIMEOUT_MS };
      const { items, metadata } = (await retryPassing(() => api.get(path, options))) as ObjectList;
      const found = (items ?? []).filter(
        (one) => !goesAlong(kind, one, namespacedKinds) && !isOurs(kind, one.metadata.name),
      );
      others.push(...found.map((one) => `${kind} ${one.metadata.name}`));
      if (metadata.continue) others.push(`more than ${PAGE_SIZE} of ${kind}`);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      // Not every resource that can be listed is stored; one that is gone since holds nothing.
      if (error.status !== 404 && error.status !== 405) unread.push(`${kind} (${error.status})`);
    }
  });
  return { others: others.sort(), unread: unread.sort() };
}

async function namespacedResources(api: Pick<ApiClient, 'get'>, namespace: string) {
  const discover = async (path: string) =>
    (await retryPassing(() => api.get(path, { accept: DISCOVERY, idleTimeoutMs: IDLE_TIMEOUT_MS }))) as Discovered;
  const [core, others] = await Promise.all([discover('/api'), discover('/apis')]);
  const groups = [...(core.items ?? []), ...(others.items ?? [])].filter(
    ({ metadata }) => !PASSING_GROUPS.has(metadata?.name ?? ''),
  );
  const resources = groups.flatMap((group) => resourcesOf(group, namespace));
  if (resources.length === 0) throw new Error('the API server does not say what it serves');
  return { resources, stale: groups.flatMap(staleVersionsOf) };
}

function staleVersionsOf({ metadata, versions = [] }: DiscoveredGroup): readonly string[] {
  const stale = versions.filter(({ freshness }) => freshness === STALE);
  return stale.map(({ version }) => `${metadata?.name}/${version} (who serves it does not answer)`);
}

function resourcesOf({ metadata, versions = [] }: DiscoveredGroup, namespace: string): readonly Resource[] {
  const group = metadata?.name ?? '';
  const byName = new Map<string, Resource>();
  for (const { version, freshness, resources = [] } of versions.toReversed()) {
    if (freshness === STALE) continue;
    const root = `${group === '' ? '/api' : `/apis/${group}`}/${version}/namespaces/${encodeURIComponent(namespace)}`;
    for (const { resource, responseKind } of resources.filter(isListedIn))
      byName.set(resource, { path: `${root}/${resource}`, group, kind: responseKind?.kind ?? resource });
  }
  return [...byName.values()];
}

function isListedIn({ scope, verbs }: DiscoveredResource): boolean {
  return scope === 'Namespaced' && verbs.includes('list');
}

interface Owner {
  readonly apiVersion: string;
  readonly kind: string;
}

type Owned = KubeObject['metadata'] & { readonly ownerReferences?: readonly Owner[] };

function nameKind({ group, kind }: Pick<Resource, 'group' | 'kind'>): string {
  return `${group}/${kind}`;
}

function isNamespaced({ apiVersion, kind }: Owner, namespacedKinds: ReadonlySet<string>): boolean {
  const group = apiVersion.replace(/\/?[^/]+$/, ''); // `apps/v1`, and `v1` of the core
  return namespacedKinds.has(nameKind({ group, kind }));
}

/** Whether it needs nobody to keep it: an owner in the namespace that stays is told itself; one outside would be told nowhere. */
function goesAlong(kind: string, { metadata }: KubeObject, namespacedKinds: ReadonlySet<string>): boolean {
  const { name, labels = {}, annotations = {}, ownerReferences = [] } = metadata as Owned;
  return (
    kind === 'Event' ||
    (ownerReferences.length > 0 && ownerReferences.every((owner) => isNamespaced(owner, namespacedKinds))) ||
    EVERYWHERE.has(`${kind} ${name}`) ||
    ((kind === 'EndpointSlice' || kind === 'Endpoints') &&
      (labels['kubernetes.io/service-name'] ?? name) === 'gridgate') ||
    // A token of an account that goes as well.
    (kind === 'Secret' &&
      /^(default|gridgate|gridgate-controllers)$/.test(annotations['kubernetes.io/service-account.name'] ?? ''))
  );
}
