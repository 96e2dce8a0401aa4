import type { Owner } from '../../decision/owner.ts';
import type { Workload } from './audited-workload.ts';
import type { OwnedWorkload } from './manifest-items.ts';

/** Workloads that controllers made, kept until everything was read. */
export interface OwnedWorkloads {
  /** Notes a workload of the input, owned or not: it stands for what it owns. */
  stand(workload: Workload): void;
  keep(owned: OwnedWorkload): void;
  /** Those that nobody in the input stands for; pods of one owner as one workload with its name. */
  rest(): Iterable<Workload>;
}

/**
 * `kubectl get all -o json` has a Deployment, its ReplicaSets and their pods. Who counts:
 *
 * | object                | its owner is in the input | counts                                  |
 * | --------------------- | ------------------------- | --------------------------------------- |
 * | pod                   | yes, or its owner's       | no: the owner says how many there are   |
 * | pod                   | no                        | together with the owner's others        |
 * | ReplicaSet, Job       | yes                       | no                                      |
 * | ReplicaSet, Job       | no                        | yes; one without pods is an old one: no |
 */
export function createOwnedWorkloads(): OwnedWorkloads {
  const standing = new Set<string>();
  const kept: OwnedWorkload[] = [];

  function* rest(): Generator<Workload> {
    const groups = new Map<string, { workload: Workload; pods: number }>();
    for (const { workload, owners } of kept) {
      const root = owners.at(-1);
      if (!root || owners.some((owner) => standing.has(keyOf(workload.namespace, owner)))) continue;
      if (workload.kind === 'Pod') group(groups, workload, root);
      else if (workload.pods > 0) yield workload;
    }
    for (const { workload, pods } of groups.values()) yield { ...workload, pods };
  }

  return {
    stand: ({ namespace, kind, name }) => {
      if (kind !== 'Pod') standing.add(keyOf(namespace, { kind, name }));
    },
    keep: (owned) => {
      kept.push(owned);
    },
    rest,
  };
}

function group(groups: Map<string, { workload: Workload; pods: number }>, workload: Workload, root: Owner): void {
  const key = keyOf(workload.namespace, root);
  const known = groups.get(key);
  if (known) known.pods += workload.pods;
  else groups.set(key, { workload: { ...workload, ...root }, pods: workload.pods });
}

function keyOf(namespace: string, { kind, name }: Owner): string {
  return `${namespace}\n${kind}\n${name}`;
}
