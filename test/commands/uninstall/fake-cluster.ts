import fastJsonPatch from 'fast-json-patch';
import type { ApiClient } from '../../../src/cluster/api-client.ts';
import { ApiError } from '../../../src/cluster/api-error.ts';
import type { KubeObject } from '../../../src/cluster/kube-object.ts';

// biome-ignore lint/suspicious/noExplicitAny: tests look into objects of every kind; the assertion is the check
type Stored = any;

export interface FakeCluster {
  readonly api: Pick<ApiClient, 'get' | 'send'>;
  /** By path. */
  readonly objects: Map<string, Stored>;
  /** What somebody else creates. */
  put(path: string, object: object): void;
  /** Every write that was done, in order: `DELETE /api/v1/...`. */
  readonly writes: string[];
  /** How many requests were under way at once, at most. */
  readonly most: () => number;
  /** Asked before each write that is no dry run; an error of it is the answer. */
  before: (write: string) => void;
}

/**
 * An API server that stores what it is given, by path; it pages and merges patches as the real one does. What is deleted in the
 * foreground is going until its dependents are gone, one at each look at it; in the background they are left, and nobody collects them.
 */
export function fakeCluster(given: Readonly<Record<string, object>>): FakeCluster {
  const objects = new Map<string, Stored>(
    Object.entries(given).map(([path, object]) => [path, withName(path, object)]),
  );
  let versions = 0;
  let underWay = 0;
  let most = 0;
  const cluster: FakeCluster = {
    objects,
    put: (path, object) => void objects.set(path, withName(path, object)),
    writes: [],
    most: () => most,
    before: () => {},
    api: {
      get: (path, { query = {} }) => counted(() => get(path, query)),
      send: (method, path, { body, query = {} }) => counted(() => send(method, path, body as Stored, query)),
    },
  };
  return cluster;

  async function counted(answer: () => unknown): Promise<unknown> {
    most = Math.max(most, ++underWay);
    await Promise.resolve();
    try {
      return structuredClone(answer());
    } finally {
      underWay -= 1;
    }
  }

  function get(path: string, query: Readonly<Record<string, string | undefined>>): unknown {
    if (path === '/api' || path === '/apis') return discover(path);
    const key = path.replace(/\/status$/, '');
    if (objects.has(key)) return look(key) ?? notFound(`GET ${path}`);
    return list(path, query);
  }

  function look(key: string): Stored | undefined {
    const found = objects.get(key);
    if (found.metadata.deletionTimestamp) collectOne(key, found);
    return objects.get(key);
  }

  function list(path: string, query: Readonly<Record<string, string | undefined>>): unknown {
    const last = path.split('/').at(-1) ?? '';
    // Of one namespace, or of all of them.
    const within = path.includes('/namespaces/') || !NAMESPACED.has(last);
    const listed = [...objects].filter(([key]) =>
      within
        ? key.startsWith(`${path}/`) && !key.slice(path.length + 1).includes('/')
        : key.startsWith(path.slice(0, -last.length)) && key.split('/').at(-2) === last,
    );
    if (listed.length === 0 && !COLLECTIONS.has(last)) notFound(`GET ${path}`);
    const named = /^metadata\.name=(.+)$/.exec(query['fieldSelector'] ?? '')?.[1];
    const all = listed.filter(([, { metadata }]) => named === undefined || metadata.name === named);
    const from = Number(query['continue'] ?? 0);
    const limit = Number(query['limit'] ?? all.length);
    const items = all.slice(from, from + limit).map(([, object]) => object);
    return { metadata: { ...(from + limit < all.length && { continue: String(from + limit) }) }, items };
  }

  function send(
    method: string,
    path: string,
    body: Stored,
    query: Readonly<Record<string, string | undefined>>,
  ): unknown {
    const isDryRun = query['dryRun'] !== undefined || body.dryRun !== undefined;
    if (!isDryRun) cluster.before(`${method} ${path}`);
    const key = path.replace(/\/status$/, '');
    const found = objects.get(key);
    if (!found) return notFound(`${method} ${path}`);
    if (isDryRun) return found;
    cluster.writes.push(`${method} ${path}`);
    return method === 'DELETE' ? remove(key, body.propagationPolicy) : patch(`${method} ${path}`, found, body);
  }

  function remove(key: string, propagationPolicy: string): object {
    const { kind, metadata } = objects.get(key);
    if (propagationPolicy === 'Foreground') {
      metadata.deletionTimestamp = '2026-11-29T09:00:00Z';
      return {};
    }
    objects.delete(key);
    for (const one of objects.keys())
      if (kind === 'Namespace' && one.includes(`/namespaces/${metadata.name}/`)) objects.delete(one);
    return {};
  }

  /** The last of its dependents, or of theirs; the object itself where there is none. */
  function collectOne(key: string, { metadata }: Stored): void {
    const dependent = [...objects].find(([, one]) =>
      one.metadata.ownerReferences?.some(({ uid }: Stored) => uid === metadata.uid),
    );
    if (dependent) collectOne(...dependent);
    else objects.delete(key);
  }

  function patch(request: string, found: Stored, body: Stored): Stored {
    if (Array.isArray(body)) return patchJson(request, found, body);
    const { resourceVersion } = body.metadata;
    if (resourceVersion !== undefined && resourceVersion !== found.metadata.resourceVersion)
      throw new ApiError(request, { code: 409 });
    merge(found, body);
    found.metadata.resourceVersion = String(++versions);
    return found;
  }

  function patchJson(request: string, found: Stored, operations: Stored[]): Stored {
    const [version, ...others] = operations;
    if (version.value !== found.metadata.resourceVersion) throw new ApiError(request, { code: 409 });
    fastJsonPatch.applyPatch(found, structuredClone(others));
    found.metadata.resourceVersion = String(++versions);
    return found;
  }

  function discover(path: '/api' | '/apis'): object {
    const names = new Map<string, string>();
    for (const [key, object] of objects) {
      const [, version, plural] = /^(\/apis?\/.*?)\/namespaces\/[^/]+\/([^/]+)\/[^/]+$/.exec(key) ?? [];
      if (version !== undefined && plural !== undefined) names.set(`${version} ${plural}`, object.kind);
    }
    const resources = [...names].map(([key, kind]) => [...key.split(' '), kind] as [string, string, string]);
    const items = resources
      .filter(([version]) => version.startsWith(`${path}/`))
      .map(([root, resource, kind]) => {
        const [version = '', group = ''] = root.split('/').reverse();
        const verbs = ['list', 'delete'];
        return {
          metadata: { name: path === '/api' ? '' : group },
          versions: [{ version, resources: [{ resource, scope: 'Namespaced', verbs, responseKind: { kind } }] }],
        };
      });
    const pods = { resource: 'pods', scope: 'Namespaced', verbs: ['list'], responseKind: { kind: 'Pod' } };
    return { items: path === '/api' ? [...items, { versions: [{ version: 'v1', resources: [pods] }] }] : items };
  }
}

function notFound(request: string): never {
  throw new ApiError(request, { code: 404 });
}

const COLLECTIONS = new Set([
  ...['namespaces', 'nodes', 'configmaps', 'replicasets', 'statefulsets', 'jobs', 'regions', 'pods'],
  ...['roles', 'rolebindings'],
  ...['deployments', 'horizontalpodautoscalers'],
]);
const NAMESPACED = new Set([
  ...['pods', 'configmaps', 'replicasets', 'statefulsets', 'jobs', 'policyreports', 'reports'],
  ...['roles', 'rolebindings'],
  ...['deployments', 'horizontalpodautoscalers', 'regionalautoscalers'],
]);

function withName(path: string, object: object): KubeObject {
  const { metadata = {}, ...rest } = object as Stored;
  const namespace = /\/namespaces\/([^/]+)\/[^/]+\/[^/]+$/.exec(path)?.[1];
  return {
    ...rest,
    metadata: {
      name: path.split('/').at(-1),
      ...(namespace && { namespace }),
      uid: path,
      resourceVersion: '0',
      ...metadata,
    },
  };
}

function merge(into: Stored, patch: Stored): void {
  for (const [key, value] of Object.entries<Stored>(patch)) {
    if (value === null) delete into[key];
    else if (typeof value === 'object' && !Array.isArray(value)) {
      into[key] ??= {};
      merge(into[key], value);
    } else into[key] = value;
  }
}
