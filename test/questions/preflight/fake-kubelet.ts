import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { issueForLocalhost } from '../../certs/pairs.ts';
import { hostAddress } from '../../control-plane/host-address.ts';

export interface FakeKubelet extends AsyncDisposable {
  /** What the status of a node says of where its kubelet is. */
  readonly status: object;
  /** The paths that it was asked, in order. */
  readonly asked: readonly string[];
}

/**
 * A kubelet that answers `/configz` with this policy. It listens on the machine's own address: the API server refuses to
 * proxy to loopback.
 */
export async function startFakeKubelet(cpuManagerPolicy: string): Promise<FakeKubelet> {
  const { cert, key } = await issueForLocalhost();
  const asked: string[] = [];
  const server = createServer({ cert, key }, (request, response) => {
    asked.push(request.url ?? '');
    if (request.url !== '/configz') return void response.writeHead(404).end('404 page not found');
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ kubeletconfig: configuration(cpuManagerPolicy) }));
  });
  const address = hostAddress();
  server.listen(0, address);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    status: {
      addresses: [{ type: 'InternalIP', address }],
      daemonEndpoints: { kubeletEndpoint: { Port: port } },
    },
    asked,
    async [Symbol.asyncDispose]() {
      server.close().closeAllConnections();
    },
  };
}

/** As kubelets of 1.33 answer it, the parts around what is read. */
function configuration(cpuManagerPolicy: string): object {
  return {
    enableServer: true,
    syncFrequency: '1m0s',
    authentication: { anonymous: { enabled: false }, webhook: { enabled: true, cacheTTL: '2m0s' } },
    cgroupDriver: 'systemd',
    cpuManagerPolicy,
    ...(cpuManagerPolicy === 'static' && { reservedSystemCPUs: '0' }),
    cpuManagerReconcilePeriod: '10s',
    memoryManagerPolicy: 'None',
    topologyManagerPolicy: 'none',
    maxPods: 110,
  };
}
