import type { Binary } from './assets.ts';

/** The parts that work through the API server; it runs without them, but then nothing is scheduled, owned or run. */
export type Worker = Extract<Binary, 'kube-scheduler' | 'kube-controller-manager' | 'kwok'>;

export const WORKERS: readonly Worker[] = ['kube-scheduler', 'kube-controller-manager', 'kwok'];

/** Marks the nodes that kwok keeps alive; pods bound to them run, and those of Jobs succeed, by its built-in stages. */
export const KWOK_NODE_ANNOTATION = { key: 'kwok.x-k8s.io/node', value: 'fake' } as const;

// The users of a real cluster, so that admission reviews and RBAC see who they would see there.
const WORKER_USERS = {
  'kube-scheduler': { name: 'system:kube-scheduler' },
  'kube-controller-manager': { name: 'system:kube-controller-manager' },
  kwok: { name: 'kwok', groups: ['system:masters'] },
} as const;

export function workerUser(worker: Worker) {
  return WORKER_USERS[worker];
}

/** The worker's flags. No serving ports (nothing to collide with) and no leader election (nobody to elect against). */
export function workerFlags(worker: Worker, kubeconfig: string, caFile: string): string[] {
  const common = [`--kubeconfig=${kubeconfig}`];
  switch (worker) {
    case 'kube-scheduler':
      return [...common, '--leader-elect=false', '--secure-port=0'];
    case 'kube-controller-manager':
      return [
        ...common,
        '--leader-elect=false',
        '--secure-port=0',
        '--use-service-account-credentials', // pods are created by the ReplicaSet controller's account, not by one for all
        `--root-ca-file=${caFile}`,
        // Every controller asks for its token first; at the default of 20 a second that alone takes 4 s.
        '--kube-api-qps=500',
        '--kube-api-burst=1000',
        // KWOK tells the health of its nodes about once in 50 s: pods of a node that seems lost stay unready for good.
        '--node-monitor-grace-period=1h',
      ];
    case 'kwok':
      return [
        ...common,
        `--manage-nodes-with-annotation-selector=${KWOK_NODE_ANNOTATION.key}=${KWOK_NODE_ANNOTATION.value}`,
        '--cidr=10.244.0.0/16',
      ];
  }
}
