import type { TestContext } from 'node:test';
import { makeTemporaryDirectory } from '../../config/temporary-directory.ts';
import { type PodApi, startPodApi } from './pod-api.ts';

/** A cluster of one pod that runs on node n1 in eu-north, in a namespace that enforces. */
export async function makePodApi(
  test: TestContext,
  pod: { readonly metadata: object; readonly spec: object },
): Promise<PodApi> {
  const api = await startPodApi({
    pods: { count: 1, at: () => ({ ...pod, spec: { nodeName: 'n1', ...pod.spec }, status: { phase: 'Running' } }) },
    lists: {
      '/api/v1/namespaces': [
        { metadata: { name: 'shop', resourceVersion: '1', annotations: { 'gridgate.dev/mode': 'enforce' } } },
      ],
      '/api/v1/nodes': [{ metadata: { name: 'n1', labels: { 'topology.kubernetes.io/region': 'eu-north' } } }],
    },
    directory: makeTemporaryDirectory(test),
  });
  test.after(api.stop);
  return api;
}
