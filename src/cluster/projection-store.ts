import type { KubeObject } from './kube-object.ts';
import type { WatchedResource } from './watched-resource.ts';

/** The projections of all objects of one resource. Each change answers whether a reader must hear of it. */
export interface ProjectionStore<T> {
  get(key: string): T | undefined;
  values(): Iterable<T>;
  put(object: KubeObject): boolean;
  remove(object: KubeObject): boolean;
  /** Starts a new list beside the old content, which stays readable until `commit`. */
  beginReplacement(): { add(object: KubeObject): void; commit(): boolean };
}

export function createProjectionStore<T>({ project, differs }: WatchedResource<T>): ProjectionStore<T> {
  let content = new Map<string, T>();

  function hasChanged(key: string, after: T): boolean {
    const before = content.get(key);
    return before === undefined || differs(before, after);
  }

  return {
    get: (key) => content.get(key),
    values: () => content.values(),
    put(object) {
      const key = keyOf(object);
      const after = project(object, content.get(key));
      const changed = hasChanged(key, after);
      content.set(key, after);
      return changed;
    },
    remove: (object) => content.delete(keyOf(object)),
    beginReplacement() {
      const replacement = new Map<string, T>();
      return {
        add(object) {
          const key = keyOf(object);
          replacement.set(key, project(object, content.get(key)));
        },
        commit() {
          const changed =
            replacement.size !== content.size || [...replacement].some(([key, after]) => hasChanged(key, after));
          content = replacement;
          return changed;
        },
      };
    },
  };
}

function keyOf({ metadata }: KubeObject): string {
  return objectKey(metadata.name, metadata.namespace);
}

/** `namespace/name`, or the name alone for what has no namespace. */
export function objectKey(name: string, namespace?: string): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}
