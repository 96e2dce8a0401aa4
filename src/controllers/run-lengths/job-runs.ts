import { toCompletedJob } from '../../cluster/completed-jobs.ts';
import type { KubeObject } from '../../cluster/kube-object.ts';
import type { ProjectionStore } from '../../cluster/projection-store.ts';
import { type Run, runOf } from './run.ts';

/**
 * The shape of a store, so that a reflector fills it: hands each run on once, however often its Job is seen, and holds no more than the
 * uids of Jobs that are there. `book` answers whether a reader must hear of it. Told of as they come: a Job may be deleted as soon as it has completed.
 */
export function createJobRuns(
  book: (run: Run) => boolean,
  isAsked: (namespace: string) => boolean,
): Pick<ProjectionStore<undefined>, 'put' | 'remove' | 'beginReplacement'> {
  let booked = new Set<string>();

  function see(object: KubeObject, seen: Set<string>): boolean {
    const { uid = '', namespace = '' } = object.metadata;
    const isKnown = booked.has(uid);
    const job = isKnown || !isAsked(namespace) ? undefined : toCompletedJob(object);
    const run = job && runOf(job);
    if (isKnown || run) seen.add(uid);
    return run !== undefined && book(run);
  }

  return {
    put: (object) => see(object, booked),
    remove({ metadata: { uid = '' } }) {
      booked.delete(uid);
      return false;
    },
    beginReplacement() {
      const seen = new Set<string>();
      let isNews = false;
      return {
        add(object) {
          isNews = see(object, seen) || isNews;
        },
        commit() {
          booked = seen;
          return isNews;
        },
      };
    },
  };
}
