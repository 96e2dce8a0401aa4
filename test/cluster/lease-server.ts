import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { KubeConfig } from '@kubernetes/client-node';
import { type ApiClient, createApiClient } from '../../src/cluster/api-client.ts';
import type { Lease, LeaseSpec } from '../../src/cluster/lease.ts';

export const LEASES_PATH = '/apis/coordination.k8s.io/v1/namespaces/gridgate-system/leases';
export const LEASE_NAME = 'gridgate';

export interface LeaseRequest {
  readonly method: string;
  readonly url: string;
  readonly contentType: string | undefined;
  readonly body: Lease | undefined;
}

/** Answers a request itself; undefined lets the server answer as the API server would. */
export type Fault = (request: LeaseRequest, response: ServerResponse) => 'answered' | undefined;

export interface LeaseServer extends Disposable {
  readonly requests: LeaseRequest[];
  lease(): Lease | undefined;
  /** As somebody else would write it; undefined deletes it. */
  put(spec: LeaseSpec | undefined): void;
  /** What every request meets until the next call. */
  meet(fault: Fault | undefined): void;
  /** A client of its own connections. */
  client(): ApiClient;
}

/** An HTTP server with the one Lease `gridgate-system/gridgate`, with resourceVersions and conflicts; ends with the test. */
export async function startLeaseServer(): Promise<LeaseServer> {
  const requests: LeaseRequest[] = [];
  const clients: ApiClient[] = [];
  let lease: Lease | undefined;
  let version = 0;
  let fault: Fault | undefined;

  function store(written: object): Lease {
    version += 1;
    const metadata = { labels: { team: 'grid' }, name: LEASE_NAME, resourceVersion: String(version) };
    lease = { ...written, metadata };
    return lease;
  }

  function answer({ method, body }: LeaseRequest): [number, object] {
    const isCurrent = body?.metadata.resourceVersion === lease?.metadata.resourceVersion;
    if (method === 'POST') return lease ? [409, { reason: 'AlreadyExists' }] : [201, store(body ?? {})];
    if (!lease) return [404, { reason: 'NotFound' }];
    if (method === 'GET') return [200, lease];
    return isCurrent ? [200, store(body ?? {})] : [409, { reason: 'Conflict' }];
  }

  async function serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '', headers } = incoming;
    const sent = await text(incoming);
    const body = sent ? (JSON.parse(sent) as Lease) : undefined;
    const request = { method, url, contentType: headers['content-type'], body };
    requests.push(request);
    if (fault?.(request, response) === 'answered') return;
    const [status, object] = answer(request);
    response.writeHead(status).end(JSON.stringify(object));
  }

  const server = createServer((incoming, response) => void serve(incoming, response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  return {
    requests,
    lease: () => lease,
    put(spec) {
      if (spec) store({ spec });
      else lease = undefined;
    },
    meet(next) {
      fault = next;
    },
    client() {
      const kubeConfig = new KubeConfig();
      const cluster = { name: 'c', server: `http://127.0.0.1:${port}`, skipTLSVerify: true };
      kubeConfig.loadFromClusterAndUser(cluster, { name: 'u', token: 'secret' });
      const client = createApiClient(kubeConfig);
      clients.push(client);
      return client;
    },
    [Symbol.dispose]() {
      for (const client of clients) client.close();
      server.closeAllConnections();
      server.close();
    },
  };
}
