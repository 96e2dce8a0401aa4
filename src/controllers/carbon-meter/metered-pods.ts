import type { KubeObject } from '../../cluster/kube-object.ts';
import type { ProjectionStore } from '../../cluster/projection-store.ts';
import { type MeteredPod, toMeteredPod } from './metered-pod.ts';

/** What a reflector fills. */
export interface MeteredPods extends Pick<ProjectionStore<unknown>, 'put' | 'remove' | 'beginReplacement'> {
  /** Has what all have run until now used. */
  settle(): void;
}

interface Running {
  readonly pod: MeteredPod;
  /** `hours()` up to which it is used. */
  since: number;
}

/**
 * The pods that count, by uid: of all others, which may be most of a cluster, nothing is kept. `use` takes each pod and the
 * `hours` that it ran since the last time: when it changes or goes, and at each `settle`.
 */
export function createMeteredPods(hours: () => number, use: (pod: MeteredPod, hours: number) => void): MeteredPods {
  let pods = new Map<string, Running>();

  function useUntil(now: number, running: Running): void {
    use(running.pod, now - running.since);
    running.since = now;
  }

  function settle(): void {
    const now = hours();
    for (const running of pods.values()) useUntil(now, running);
  }

  function replace({ metadata: { uid = '' } }: KubeObject, pod: MeteredPod | undefined): false {
    const now = hours();
    const before = pods.get(uid);
    if (before) useUntil(now, before);
    if (pod) pods.set(uid, { pod, since: now });
    else pods.delete(uid);
    return false; // counted as they come, never announced
  }

  return {
    settle,
    put: (object) => replace(object, toMeteredPod(object)),
    remove: (object) => replace(object, undefined),
    beginReplacement() {
      const found = new Map<string, MeteredPod>();
      return {
        add(object) {
          const pod = toMeteredPod(object);
          if (pod) found.set(object.metadata.uid ?? '', pod);
        },
        commit() {
          settle();
          const since = hours();
          pods = new Map(Array.from(found, ([uid, pod]) => [uid, { pod, since }]));
          return false;
        },
      };
    },
  };
}
