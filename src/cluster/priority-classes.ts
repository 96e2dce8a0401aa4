import { isDeepStrictEqual } from 'node:util';
import type { PriorityClasses } from '../regions/snapshot.ts';
import type { KubeObject } from './kube-object.ts';
import type { WatchedResource } from './watched-resource.ts';

export interface PriorityClassFacts {
  readonly name: string;
  readonly value: number;
  readonly globalDefault: boolean;
}

/** The fields of a PriorityClass stand at its top, beside `metadata`. */
interface PriorityClassObject extends KubeObject {
  readonly value?: number;
  readonly globalDefault?: boolean;
}

export function toPriorityClassFacts(object: KubeObject): PriorityClassFacts {
  const { metadata, value = 0, globalDefault = false } = object as PriorityClassObject;
  return { name: metadata.name, value, globalDefault };
}

/** Of several global defaults, which two writers at once can make, the API server takes the one with the lowest value. */
export function toPriorityClasses(classes: Iterable<PriorityClassFacts>): PriorityClasses {
  const all = [...classes];
  const [fallback] = all.filter(({ globalDefault }) => globalDefault).sort((a, b) => a.value - b.value);
  return { names: new Set(all.map(({ name }) => name)), ...(fallback && { globalDefault: fallback.name }) };
}

export const PRIORITY_CLASSES: WatchedResource<PriorityClassFacts> = {
  name: 'priorityclasses',
  path: '/apis/scheduling.k8s.io/v1/priorityclasses',
  content: 'full',
  project: toPriorityClassFacts,
  differs: (before, after) => !isDeepStrictEqual(before, after),
};
