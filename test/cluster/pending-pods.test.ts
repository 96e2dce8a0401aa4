import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { KubeObject } from '../../src/cluster/kube-object.ts';
import { pendingPods } from '../../src/cluster/pending-pods.ts';
import { createProjectionStore } from '../../src/cluster/projection-store.ts';

const MINUTE = 60_000;

/** A store of pending pods with a clock of its own, and since when the pod `shop/web` has been free. */
function follow() {
  let now = 1_000;
  const store = createProjectionStore(pendingPods(() => now));
  return {
    store,
    pass(ms: number) {
      now += ms;
    },
    list(...pods: readonly KubeObject[]) {
      const replacement = store.beginReplacement();
      for (const one of pods) replacement.add(one);
      replacement.commit();
    },
    freeForMs() {
      const { freeSince } = store.get('shop/web') ?? {};
      return freeSince === undefined ? undefined : now - freeSince;
    },
  };
}

function pod(spec: object = {}, uid = 'u1'): KubeObject {
  return { metadata: { name: 'web', namespace: 'shop', uid }, spec } as KubeObject;
}

const GATED = { schedulingGates: [{ name: 'gridgate.dev/defer' }] };

describe('a pending pod is known to be free', () => {
  test('from when it is first seen, whatever is listed and announced of it afterwards', () => {
    const { store, pass, list, freeForMs } = follow();
    list(pod());
    pass(MINUTE);
    store.put(pod({ priority: 1 }));
    pass(MINUTE);
    list(pod({ priority: 1 }));
    pass(MINUTE);
    list(pod());
    assert.equal(freeForMs(), 3 * MINUTE);
  });

  test('from when its last gate goes, not while it waits at one', () => {
    const { store, pass, list, freeForMs } = follow();
    list(pod(GATED));
    pass(10 * MINUTE);
    assert.equal(freeForMs(), undefined);
    store.put(pod({ schedulingGates: [] }));
    pass(MINUTE);
    assert.equal(freeForMs(), MINUTE);
  });

  test('anew where another takes its name, also within one list', () => {
    const { store, pass, list, freeForMs } = follow();
    list(pod());
    pass(10 * MINUTE);
    store.remove(pod());
    store.put(pod({}, 'u2'));
    pass(MINUTE);
    assert.equal(freeForMs(), MINUTE);
    list(pod({}, 'u3'));
    pass(2 * MINUTE);
    assert.equal(freeForMs(), 2 * MINUTE);
  });

  test('not with a node', () => {
    const { list, freeForMs } = follow();
    list(pod({ nodeName: 'a' }));
    assert.equal(freeForMs(), undefined);
  });
});
