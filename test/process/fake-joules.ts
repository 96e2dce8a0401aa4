import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A pod and what it draws. */
export interface DrawingPod {
  readonly namespace: string;
  readonly pod: string;
  readonly watts: number;
}

export type FakeJoules = Awaited<ReturnType<typeof startFakeJoules>>;

/** A server that answers every query as Prometheus does, with the watts of pods as they are by then. */
export async function startFakeJoules(read: () => Promise<readonly DrawingPod[]>) {
  let isDead = false;
  const server = createServer((_, response) => {
    if (isDead) return void response.destroy();
    read().then(
      (pods) => {
        const result = pods.map(({ namespace, pod, watts }) => ({
          metric: { namespace, pod },
          value: [Date.now() / 1_000, String(watts)],
        }));
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify({ status: 'success', data: { resultType: 'vector', result } }));
      },
      () => response.destroy(),
    );
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** Hangs up on whoever asks, or answers again. */
    kill(dead: boolean): void {
      isDead = dead;
    },
    stop: () => void server.close().closeAllConnections(),
  };
}
