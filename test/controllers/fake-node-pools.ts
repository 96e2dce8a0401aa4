import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import type { ApiClient } from '../../src/cluster/api-client.ts';
import { ApiError } from '../../src/cluster/api-error.ts';
import type { ApiWriter } from '../../src/cluster/api-writer.ts';
import type { KubeObject } from '../../src/cluster/kube-object.ts';
import type { ManagedFields } from '../../src/controllers/field-owners.ts';
import type { NodePoolObject } from '../../src/controllers/node-pools/carbon-pool.ts';
import { isMapping } from '../../src/units/is-mapping.ts';

type Tree = { [key: string]: unknown };
type Leaves = Map<string, unknown>;

export interface PoolParts {
  readonly annotations?: Readonly<Record<string, string>>;
  readonly weight?: number;
  readonly limits?: Readonly<Record<string, string | number>>;
  readonly budgets?: readonly object[];
  readonly requirements?: readonly object[];
  readonly taints?: readonly object[];
  readonly replicas?: number;
}

/** A NodePool of these parts; annotations without a slash are `gridgate.dev/` ones. Its owner wrote it by `kubectl apply --server-side`. */
export function nodePool(name: string, parts: PoolParts = {}): NodePoolObject {
  const { annotations = {}, requirements = [], taints, budgets, ...spec } = parts;
  const prefixed = Object.entries(annotations).map(([key, value]) => [
    key.includes('/') ? key : `gridgate.dev/${key}`,
    value,
  ]);
  const object = {
    apiVersion: 'karpenter.sh/v1',
    kind: 'NodePool',
    metadata: { name, uid: `uid-${name}`, resourceVersion: '1', annotations: Object.fromEntries(prefixed) },
    spec: {
      ...spec,
      ...(budgets && { disruption: { budgets } }),
      template: { spec: { requirements, ...(taints && { taints }) } },
    },
  } as NodePoolObject;
  const owned = entryOf('kubectl', 'Apply', leavesOf({ spec: object.spec }));
  return { ...object, metadata: { ...object.metadata, managedFields: [owned] } };
}

export type FakeNodePools = ReturnType<typeof fakeNodePools>;

/**
 * What of the API server NodePools are written through: server-side apply, merge patches, who owns which field, and versions. Lists are
 * atomic. What it cannot show is shown on a real one (test/e2e/node-pools.e2e.ts).
 */
export function fakeNodePools(...initial: readonly NodePoolObject[]) {
  const objects = new Map(initial.map((one) => [one.metadata.name, one]));
  const claims: KubeObject[] = [];
  const watches = new Set<PassThrough>();
  const claimWatches = new Set<PassThrough>();
  /** `apply a`, `mergePatch b`, `create CarbonAwareDirty`. */
  const writes: string[] = [];
  const events: { readonly reason: string; readonly note: string; readonly type: string; readonly name: string }[] = [];
  let version = 1;
  /** Called before a write is taken; may write itself, or throw. */
  let before: (write: string) => void = () => {};

  function store(name: string, object: NodePoolObject): NodePoolObject {
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(++version) } };
    objects.set(name, stored);
    for (const watch of watches) watch.write(`${JSON.stringify({ type: 'MODIFIED', object: stored })}\n`);
    return stored;
  }

  function read(path: string): NodePoolObject {
    const found = objects.get(path.split('/').at(-1) ?? '');
    if (!found) throw new ApiError(`GET ${path}`, { code: 404 });
    return found;
  }

  function begin(write: string, path: string, body: object): NodePoolObject {
    const name = path.split('/').at(-1);
    before(`${write} ${name}`);
    const object = read(path);
    const { resourceVersion } = (body as KubeObject).metadata ?? {};
    if (resourceVersion !== undefined && resourceVersion !== object.metadata.resourceVersion)
      throw new ApiError(`PATCH ${path}`, { code: 409 });
    writes.push(`${write} ${name}`);
    return object;
  }

  const writer: Pick<ApiWriter, 'create' | 'apply' | 'mergePatch'> = {
    async create(_path, object) {
      const event = object as { reason: string; note: string; type: string; metadata: { name: string } };
      if (events.some(({ name }) => name === event.metadata.name)) throw new ApiError('POST', { code: 409 });
      before(`create ${event.reason}`);
      writes.push(`create ${event.reason}`);
      const { reason, note, type, metadata } = event;
      events.push({ reason, note, type, name: metadata.name });
      return object as KubeObject;
    },
    async apply(path, body, { fieldManager = '' } = {}) {
      const object = begin('apply', path, body);
      return store(object.metadata.name, applied(object, body as NodePoolObject, fieldManager));
    },
    async mergePatch(path, patch, { fieldManager = '' } = {}) {
      const object = begin('mergePatch', path, patch);
      return store(object.metadata.name, patched(object, patch as NodePoolObject, fieldManager));
    },
  };

  const api: ApiClient = {
    async get(path) {
      if (path.endsWith('/nodeclaims')) return { metadata: { resourceVersion: '1' }, items: claims };
      if (!path.endsWith('/nodepools')) return read(path);
      return { metadata: { resourceVersion: String(version) }, items: [...objects.values()] };
    },
    async open(path, { signal }) {
      const stream = new PassThrough();
      (path.endsWith('/nodepools') ? watches : claimWatches).add(stream);
      signal?.addEventListener('abort', () => stream.destroy(signal.reason));
      stream.on('error', () => {});
      stream.on('close', () => [watches, claimWatches].some((all) => all.delete(stream)));
      return stream as unknown as IncomingMessage;
    },
    send: () => Promise.reject(new Error('a read was planned')),
    close() {},
  };

  return {
    api,
    writer,
    writes,
    events,
    claims,
    pool: (name: string) => read(`/${name}`),
    /** What somebody else does by server-side apply of a whole spec, or by `kubectl patch`. */
    patchAs: (manager: string, name: string, patch: object) =>
      store(name, patched(read(`/${name}`), patch as NodePoolObject, manager)),
    replace: (object: NodePoolObject) => store(object.metadata.name, object),
    remove(name: string) {
      const object = read(`/${name}`);
      objects.delete(name);
      for (const watch of watches) watch.write(`${JSON.stringify({ type: 'DELETED', object })}\n`);
    },
    endClaims(...names: readonly string[]) {
      for (const object of claims.filter(({ metadata }) => names.includes(metadata.name)))
        for (const watch of claimWatches) watch.write(`${JSON.stringify({ type: 'DELETED', object })}\n`);
    },
    beforeEach(hook: (write: string) => void) {
      before = hook;
    },
  };
}

function applied(object: NodePoolObject, body: NodePoolObject, manager: string): NodePoolObject {
  const wanted = leavesOf({ metadata: { annotations: body.metadata.annotations }, spec: body.spec });
  const managed = object.metadata.managedFields ?? [];
  const ours = managed.find((one) => one.manager === manager && one.operation === 'Apply');
  const dropped = [...pathsOf(ours)].filter((path) => !wanted.has(path));
  let next: Tree = structuredClone(object) as unknown as Tree;
  for (const path of dropped) next = without(next, path);
  for (const [path, value] of wanted) next = withLeaf(next, path, value);
  const kept = managed.filter((one) => one !== ours).map((one) => minus(one, wanted));
  return withManaged(next, [...kept, entryOf(manager, 'Apply', wanted)]);
}

function patched(object: NodePoolObject, patch: NodePoolObject, manager: string): NodePoolObject {
  const { managedFields, ...metadata } = patch.metadata ?? {};
  const next = merge(object as unknown as Tree, { ...patch, metadata } as Tree) as Tree;
  const before = leavesOf({ metadata: { annotations: object.metadata.annotations }, spec: object.spec });
  const after = leavesOf({ metadata: { annotations: (next['metadata'] as Tree)['annotations'] }, spec: next['spec'] });
  const changed: Leaves = new Map(
    [...after].filter(([path, value]) => JSON.stringify(before.get(path)) !== JSON.stringify(value)),
  );
  const gone: Leaves = new Map([...before].filter(([path]) => !after.has(path)));
  const base = managedFields ?? object.metadata.managedFields ?? [];
  const others = base.map((one) => minus(one, new Map([...changed, ...gone])));
  return withManaged(next, changed.size > 0 ? [...others, entryOf(manager, 'Update', changed)] : others);
}

function withManaged(object: Tree, managed: readonly ManagedFields[]): NodePoolObject {
  const managedFields = managed.filter((one) => pathsOf(one).size > 0);
  return { ...object, metadata: { ...(object['metadata'] as object), managedFields } } as unknown as NodePoolObject;
}

function entryOf(manager: string, operation: 'Apply' | 'Update', leaves: Leaves): ManagedFields {
  const fieldsV1 = [...leaves.keys()].reduce<Tree>((tree, path) => withLeaf(tree, fieldPath(path), {}), {});
  return { manager, operation, apiVersion: 'karpenter.sh/v1', fieldsType: 'FieldsV1', fieldsV1 } as ManagedFields;
}

function minus(entry: ManagedFields, leaves: Leaves): ManagedFields {
  const fieldsV1 = [...leaves.keys()].reduce<Tree>(
    (tree, path) => without(tree, fieldPath(path)),
    entry.fieldsV1 as Tree,
  );
  return { ...entry, fieldsV1 } as ManagedFields;
}

const SEPARATOR = '\n';
const fieldPath = (path: string) =>
  path
    .split(SEPARATOR)
    .map((name) => `f:${name}`)
    .join(SEPARATOR);

function pathsOf(entry: ManagedFields | undefined): ReadonlySet<string> {
  const paths = [...leavesOf((entry?.fieldsV1 ?? {}) as Tree, true).keys()];
  return new Set(paths.map((path) => path.replace(/(^|\n)f:/g, '$1')));
}

/** Values by path; lists are one value, and so is an empty mapping in `fieldsV1`. */
function leavesOf(tree: unknown, isFieldSet = false, path: readonly string[] = []): Leaves {
  if (!isMapping(tree)) return tree === undefined ? new Map() : new Map([[path.join(SEPARATOR), tree]]);
  const entries = Object.entries(tree);
  if (entries.length === 0 && isFieldSet && path.length > 0) return new Map([[path.join(SEPARATOR), {}]]);
  return new Map(entries.flatMap(([key, value]) => [...leavesOf(value, isFieldSet, [...path, key])]));
}

function withLeaf(tree: Tree, path: string, value: unknown): Tree {
  const [name = '', ...rest] = path.split(SEPARATOR);
  const inner = rest.length === 0 ? value : withLeaf((tree[name] ?? {}) as Tree, rest.join(SEPARATOR), value);
  return { ...tree, [name]: inner };
}

/** Without a leaf, and without what is empty then. */
function without(tree: Tree, path: string): Tree {
  const [name = '', ...rest] = path.split(SEPARATOR);
  const { [name]: inner, ...others } = tree;
  if (inner === undefined || rest.length === 0) return inner === undefined ? tree : others;
  const left = without(inner as Tree, rest.join(SEPARATOR));
  return Object.keys(left).length === 0 ? others : { ...tree, [name]: left };
}

/** RFC 7386. */
function merge(target: unknown, patch: unknown): unknown {
  if (!isMapping(patch)) return patch;
  const merged: Tree = isMapping(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else merged[key] = merge(merged[key], value);
  }
  return merged;
}
