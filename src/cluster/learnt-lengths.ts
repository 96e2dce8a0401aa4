import {
  LENGTHS_KEY,
  LENGTHS_NAME,
  lookUpLengths,
  NOTHING_LEARNT,
  readLearntLengths,
} from '../decision/learnt-lengths.ts';
import type { WaitingFacts } from '../decision/waiting.ts';
import { createEdge } from '../units/edge.ts';
import type { ApiClient } from './api-client.ts';
import type { KubeObject } from './kube-object.ts';
import { followResource, type Reflector, type WatchLog } from './reflector.ts';
import type { WatchedResource } from './watched-resource.ts';

type LearntLength = NonNullable<WaitingFacts['learntLength']>;

interface Kept {
  readonly resourceVersion: string | undefined;
  readonly learntLength: LearntLength;
}

interface LearntLengthsDeps {
  readonly api: ApiClient;
  readonly namespace: string;
  readonly log: WatchLog;
}

/** The text of a ConfigMap of learnt lengths; `undefined` where it holds none. */
export function textOfLengths(object: KubeObject): string | undefined {
  return (object as KubeObject & { readonly data?: Readonly<Record<string, string>> }).data?.[LENGTHS_KEY];
}

/** Follows what earlier runs took, in the one ConfigMap that the leader keeps; what cannot be read counts as nothing. */
export function followLearntLengths({ api, namespace, log }: LearntLengthsDeps): Reflector & {
  readonly learntLength: LearntLength;
} {
  const tell = createEdge(false, (isUnreadable) => {
    const where = { configMap: `${namespace}/${LENGTHS_NAME}` };
    if (isUnreadable) log.warn(where, 'learnt lengths of runs cannot be read; none count until they can');
    else log.info(where, 'learnt lengths of runs can be read again');
  });
  const resource: WatchedResource<Kept> = {
    name: 'learnt-lengths',
    path: `/api/v1/namespaces/${namespace}/configmaps`,
    content: 'full',
    fieldSelector: `metadata.name=${LENGTHS_NAME}`,
    project(object, before) {
      const { resourceVersion } = object.metadata;
      if (before && before.resourceVersion === resourceVersion) return before;
      const text = textOfLengths(object);
      const lengths = text === undefined ? NOTHING_LEARNT : readLearntLengths(text);
      tell(lengths === undefined);
      return { resourceVersion, learntLength: lookUpLengths(lengths ?? NOTHING_LEARNT) };
    },
    differs: () => false,
  };
  const followed = followResource({ api, resource, log, onChange: () => {} });
  return {
    ...followed,
    learntLength(...asked) {
      const [kept] = followed.values();
      return kept?.learntLength(...asked);
    },
  };
}
