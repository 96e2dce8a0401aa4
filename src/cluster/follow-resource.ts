import { createProjectionStore, type ProjectionStore } from './projection-store.ts';
import { createReflector, type Reflector, type ReflectorDeps } from './reflector.ts';

/** A resource as it is now, once it runs; while the API server is away, the last view stays. */
export interface Followed<T> extends Reflector, Pick<ProjectionStore<T>, 'get' | 'values'> {}

/** Follows a resource and holds what it projects of each of its objects. */
export function followResource<T>(deps: Omit<ReflectorDeps<T>, 'store'>): Followed<T> {
  const store = createProjectionStore(deps.resource);
  return { ...createReflector({ ...deps, store }), get: store.get, values: store.values };
}
