import type { Environment } from '../config/read-options.ts';

interface Given {
  readonly kubeconfig?: string | undefined;
  readonly namespaces?: string | undefined;
  readonly regions?: string | undefined;
}

/**
 * Whether a cluster is asked. Only files that would say the same count: `serve` leaves out those of regions, questions about
 * regions those of namespaces, and preflight, whose nodes are in neither, both.
 *
 * | kubeconfig | files | we run in a cluster | asked              |
 * | ---------- | ----- | ------------------- | ------------------ |
 * | given      | any   | any                 | the kubeconfig's   |
 * | -          | given | any                 | none               |
 * | -          | -     | yes                 | the one we run in  |
 * | -          | -     | no                  | none               |
 */
export function isInCluster({ kubeconfig, namespaces, regions }: Given, env: Environment): boolean {
  const areFiles = namespaces !== undefined || regions !== undefined;
  return kubeconfig !== undefined || (!areFiles && isInPod(env));
}

/** Whether we run in a pod ourselves. */
export function isInPod(env: Environment): boolean {
  return env['KUBERNETES_SERVICE_HOST'] !== undefined;
}
