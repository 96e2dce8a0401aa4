import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { json } from 'node:stream/consumers';
import type { Rendered } from '../cluster/rendered-manifests.ts';
import type { Cluster } from './cluster.ts';

/** Answers the operations of a JSON Patch for a pod, or a Job. */
export type Mutate = (pod: Rendered) => readonly object[] | Promise<readonly object[]>;

/**
 * Registers mutating webhooks of somebody else for the pods and Jobs of one namespace, called after gridgate's in the order
 * given, since the API server calls by name of configuration. Answers a function that takes them away again.
 */
export async function registerHooks(
  cluster: Cluster,
  namespace: string,
  hooks: readonly { readonly mutate: Mutate; readonly reinvoked?: boolean }[],
): Promise<() => Promise<void>> {
  const dir = dirname(cluster.caFile);
  const tls = { cert: readFileSync(join(dir, 'tls.crt')), key: readFileSync(join(dir, 'tls.key')) };
  const server = createServer(tls, async (request, response) => {
    const { request: review } = (await json(request)) as Rendered;
    const mutate = hooks[Number(request.url?.split(/[/?]/)[1])]?.mutate;
    const patch = Buffer.from(JSON.stringify((await mutate?.(review.object)) ?? [])).toString('base64');
    const answer = { uid: review.uid, allowed: true, patchType: 'JSONPatch', patch };
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: answer }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await cluster.apply({
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name: 'later' },
    webhooks: hooks.map(({ reinvoked = false }, index) => ({
      name: `hook-${index}.later.example.com`,
      clientConfig: {
        url: `https://127.0.0.1:${port}/${index}`,
        caBundle: readFileSync(cluster.caFile).toString('base64'),
      },
      rules: [{ apiGroups: ['', 'batch'], apiVersions: ['v1'], resources: ['pods', 'jobs'], operations: ['CREATE'] }],
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
      reinvocationPolicy: reinvoked ? 'IfNeeded' : 'Never',
      failurePolicy: 'Fail',
      sideEffects: 'None',
      admissionReviewVersions: ['v1'],
    })),
  });
  return async () => {
    await cluster.send('DELETE', '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/later');
    server.closeAllConnections();
    server.close();
  };
}

/** Adds a label, so that the API server asks those before once more. */
export const addLabel: Mutate = ({ metadata }) =>
  metadata.labels?.['touched']
    ? []
    : [{ op: 'add', path: '/metadata/labels', value: { ...metadata.labels, touched: 'yes' } }];
