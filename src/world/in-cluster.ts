import type { Environment } from '../config/read-options.ts';

interface Given {
  readonly kubeconfig?: string | undefined;
  readonly namespaces?: string | undefined;
  readonly regions?: string | undefined;
}

/** Whether a cluster is asked: that of a kubeconfig, or the one we run in where no file is given that says what it would. */
export function isInCluster({ kubeconfig, namespaces, regions }: Given, env: Environment): boolean {
  const areFiles = namespaces !== undefined || regions !== undefined;
  return kubeconfig !== undefined || (!areFiles && env['KUBERNETES_SERVICE_HOST'] !== undefined);
}
