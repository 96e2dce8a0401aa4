import { haveSameEntries } from '../../cluster/have-same-entries.ts';
import type { KubeObject } from '../../cluster/kube-object.ts';
import type { ProjectionStore } from '../../cluster/projection-store.ts';
import type { MeteredPod } from './metered-pod.ts';
import type { UsageMeter } from './usage.ts';

/** What a reflector fills; every change is at once in `usage`. */
export interface MeteredPods extends Pick<ProjectionStore<unknown>, 'put' | 'remove' | 'beginReplacement'> {
  /** Counts pods where their nodes are now. */
  nodesMoved(): void;
}

interface MeteredPodsDeps {
  readonly project: (pod: KubeObject) => MeteredPod | undefined;
  readonly usage: Pick<UsageMeter, 'enter' | 'leave' | 'leaveAll'>;
  /** Undefined for a node that is not known, or says no region: its pods wait uncounted. */
  readonly regionOf: (node: string) => string | undefined;
}

/**
 * The pods that count, by uid: of all others, which may be most of a cluster, nothing is kept. Where a node is, is asked once
 * and held until `nodesMoved`, so that a pod leaves the region that it entered.
 */
export function createMeteredPods({ project, usage, regionOf }: MeteredPodsDeps): MeteredPods {
  let pods = new Map<string, MeteredPod>();
  let regions = new Map<string, string | undefined>();
  let names = new Map<string, string>();

  function heldRegion(node: string): string | undefined {
    if (!regions.has(node)) regions.set(node, regionOf(node));
    return regions.get(node);
  }

  function enter(pod: MeteredPod): void {
    const region = heldRegion(pod.node);
    if (region !== undefined) usage.enter(pod, region);
  }

  function leave(pod: MeteredPod): void {
    const region = heldRegion(pod.node);
    if (region !== undefined) usage.leave(pod, region);
  }

  function recount(): void {
    usage.leaveAll();
    regions = new Map();
    for (const pod of pods.values()) enter(pod);
  }

  /** Of many thousand pods few are on the nodes that came or went: only these are counted elsewhere. */
  function move(moved: ReadonlyMap<string, string | undefined>): void {
    const podsThere = [...pods.values()].filter(({ node }) => moved.has(node));
    podsThere.forEach(leave);
    for (const [node, region] of moved) regions.set(node, region);
    podsThere.forEach(enter);
  }

  function drop(uid: string): void {
    const before = pods.get(uid);
    if (!before) return;
    pods.delete(uid);
    leave(before);
  }

  return {
    put(object) {
      const { uid } = object.metadata;
      if (uid === undefined) return false;
      const pod = shared(project(object), names);
      const before = pods.get(uid);
      if (pod && before && haveSameEntries(pod, before)) return false; // most events: the kubelet writes the status
      drop(uid);
      if (pod) {
        pods.set(uid, pod);
        enter(pod);
      }
      return false;
    },
    remove({ metadata }) {
      if (metadata.uid !== undefined) drop(metadata.uid);
      return false;
    },
    beginReplacement() {
      const listed = new Map<string, MeteredPod>();
      const listedNames = new Map<string, string>();
      return {
        add(object: KubeObject) {
          const { uid } = object.metadata;
          const pod = shared(project(object), listedNames);
          if (uid !== undefined && pod) listed.set(uid, pod);
        },
        commit() {
          pods = listed;
          names = listedNames;
          recount();
          return false;
        },
      };
    },
    nodesMoved() {
      const moved = new Map<string, string | undefined>();
      for (const [node, region] of regions) {
        const next = regionOf(node);
        if (next !== region) moved.set(node, next);
      }
      if (moved.size > 0) move(moved);
    },
  };
}

/** With one string for each name: every parsed pod brings its own, and these outlive what they were parsed from. */
function shared(pod: MeteredPod | undefined, names: Map<string, string>): MeteredPod | undefined {
  if (!pod) return undefined;
  return { ...pod, namespace: one(pod.namespace, names), node: one(pod.node, names) };
}

function one(name: string, names: Map<string, string>): string {
  const known = names.get(name);
  if (known !== undefined) return known;
  names.set(name, name);
  return name;
}
