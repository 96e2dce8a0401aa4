import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { ApiClient } from '../../../src/cluster/api-client.ts';
import { ApiError } from '../../../src/cluster/api-error.ts';
import { REGION_LABEL } from '../../builders.ts';
import { makeTemporaryDirectory } from '../../config/temporary-directory.ts';
import { prefixed } from '../../e2e/objects.ts';

/** An object as the API server stores it, as far as these tests look. */
export interface Stored {
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  readonly involvedObject?: { readonly uid: string };
}

export type Collections = Readonly<Record<string, readonly Stored[]>>;

export const INTENSITIES = { 'eu-north': 50, 'us-west': 120, 'us-east': 400 };

/** What every cluster of these tests has: three regions with a node each, and a namespace that enforces. */
export function worldOf(
  annotations: Readonly<Record<string, string>> = { mode: 'enforce', 'max-intensity': '250' },
): Collections {
  const managed = annotations['mode'] === undefined ? {} : { 'gridgate.dev/managed': 'true' };
  return {
    '': [{ metadata: { name: 'version' }, gitVersion: 'v1.36.3' } as Stored],
    '/api/v1/namespaces': [
      { metadata: { name: 'shop', annotations: prefixed(annotations), labels: managed } } as Stored,
    ],
    '/api/v1/nodes': Object.keys(INTENSITIES).map((name) => ({
      metadata: { name: `${name}-1`, labels: { [REGION_LABEL]: name } },
    })),
    '/apis/gridgate.dev/v1alpha1/regions': Object.entries(INTENSITIES).map(([name, gramsPerKwh]) => ({
      metadata: { name },
      spec: { gramsPerKwh },
    })),
    '/apis/scheduling.k8s.io/v1/priorityclasses': [],
    '/api/v1/persistentvolumes': [],
    '/api/v1/namespaces/shop/persistentvolumeclaims': [],
  };
}

const COLLECTION =
  /\/(pods|events|jobs|cronjobs|deployments|replicasets|statefulsets|namespaces|nodes|configmaps|regions|priorityclasses|persistentvolumes|persistentvolumeclaims|endpointslices)$/;

/** What an API server with these objects answers; it refuses what `forbids` says. */
export function answerFrom(collections: Collections, forbids: (path: string) => boolean = () => false) {
  return (path: string, query: URLSearchParams): { readonly code: number; readonly body: object } => {
    if (forbids(path)) return { code: 403, body: { reason: 'Forbidden', message: `may not get ${path}` } };
    const listed = Object.hasOwn(collections, path) ? collections[path] : [];
    if (COLLECTION.test(path) || Object.hasOwn(collections, path)) {
      const items = listed?.filter((one) => matches(one, query));
      return { code: 200, body: { metadata: { resourceVersion: '1' }, items } };
    }
    const at = path.lastIndexOf('/');
    const found = collections[path.slice(0, at)]?.find(({ metadata }) => metadata.name === path.slice(at + 1));
    return found ? { code: 200, body: found } : { code: 404, body: { reason: 'NotFound', message: `no ${path}` } };
  };
}

/** The same for a process: an API server on loopback; answers its kubeconfig and what it was asked. */
export async function startApi(test: TestContext, collections: Collections, forbids?: (path: string) => boolean) {
  const asked: string[] = [];
  const answer = answerFrom(collections, forbids);
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://x');
    asked.push(pathname);
    const { code, body } = answer(pathname, searchParams);
    response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  test.after(() => server.close().closeAllConnections());
  return { asked, kubeconfig: writeKubeconfig(test, `http://127.0.0.1:${(server.address() as AddressInfo).port}`) };
}

/** The same without a server or a process. */
export function directApi(collections: Collections, forbids?: (path: string) => boolean): Pick<ApiClient, 'get'> {
  const answer = answerFrom(collections, forbids);
  return {
    async get(path, { query = {} }) {
      const given = Object.entries(query).filter((one): one is [string, string] => one[1] !== undefined);
      const { code, body } = answer(path, new URLSearchParams(given));
      if (code >= 400) throw new ApiError(`GET ${path}`, { code, ...body });
      return body;
    },
  };
}

function matches({ metadata, involvedObject }: Stored, query: URLSearchParams): boolean {
  const labels = (query.get('labelSelector') ?? '')
    .split(',')
    .filter(Boolean)
    .map((pair) => pair.split('='));
  const uid = /involvedObject\.uid=([^,]*)/.exec(query.get('fieldSelector') ?? '')?.[1];
  return (
    labels.every(([key = '', value]) => metadata.labels?.[key] === value) &&
    (uid === undefined || involvedObject?.uid === uid)
  );
}

/** For a server without TLS; JSON is YAML. */
export function writeKubeconfig(test: TestContext, server: string): string {
  const file = join(makeTemporaryDirectory(test), 'kubeconfig');
  const config = {
    'current-context': 'test',
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
    clusters: [{ name: 'test', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'test', user: {} }],
  };
  writeFileSync(file, JSON.stringify(config));
  return file;
}
