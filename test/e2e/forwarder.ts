import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { GridgateProcess } from '../process/gridgate-process.ts';

/** How soon the end of an instance's readiness is seen, as a kubelet and the endpoints' way to kube-proxy would have it. */
const PROBE_MS = 1_000;

interface Endpoint {
  readonly instance: GridgateProcess;
  isReady: boolean;
  connections: number;
}

/** One address for several instances: like kube-proxy, it sends new connections to ready ones in turn and keeps old ones. */
export async function startForwarder() {
  const endpoints: Endpoint[] = [];
  let turn = 0;
  const server = createServer((client) => {
    const ready = endpoints.filter(({ isReady }) => isReady);
    const endpoint = ready[turn++ % ready.length];
    if (!endpoint) {
      client.destroy();
      return;
    }
    endpoint.connections += 1;
    join(client, connect(Number(new URL(endpoint.instance.webhook).port), '127.0.0.1'));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const timer = setInterval(() => void Promise.all(endpoints.map(probe)), PROBE_MS);

  return {
    origin: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** Takes a ready instance in. */
    async add(instance: GridgateProcess): Promise<void> {
      const endpoint = { instance, isReady: false, connections: 0 };
      await probe(endpoint);
      endpoints.push(endpoint);
    },
    /** How many connections each instance was given, in the order in which they came. */
    connections: () => endpoints.map(({ connections }) => connections),
    stop() {
      clearInterval(timer);
      server.close();
    },
  };
}

async function probe(endpoint: Endpoint): Promise<void> {
  const answer = await fetch(`${endpoint.instance.operators}/readyz`).catch(() => undefined);
  endpoint.isReady = answer?.ok ?? false;
}

function join(client: Socket, server: Socket): void {
  client.setNoDelay().pipe(server).pipe(client);
  server.setNoDelay();
  client.on('error', () => server.destroy());
  server.on('error', () => client.destroy());
}
