import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { writeKubeconfig } from '../questions/audit/pod-api.ts';
import { fleetNode, type NodeState } from './fleet.ts';

interface NodeApiOptions {
  readonly nodes: number;
  readonly namespaces: readonly object[];
  /** Where the kubeconfig goes. */
  readonly directory: string;
}

export interface NodeApi {
  readonly kubeconfig: string;
  /** How many events went out. */
  sent(): { readonly heartbeats: number; readonly changes: number };
  stop(): Promise<void>;
}

/** Each node reports every 5 minutes. */
const REPORT_EVERY_MS = 300_000;
const CHANGE_EVERY_MS = 1_000;
const CHANGES = ['label', 'taint', 'comes', 'goes'] as const;

/**
 * An API server of namespaces and of whole nodes, in pages and with a watch: their heartbeats, and once a second one that gets
 * or loses a label or a taint, comes or goes. Of everything else it has none.
 */
export async function startNodeApi({ nodes, namespaces, directory }: NodeApiOptions): Promise<NodeApi> {
  const states = new Map<number, NodeState>(Array.from({ length: nodes }, (_, index) => [index, { version: 1 }]));
  const watches = new Set<ServerResponse>();
  let version = 1;
  let [heartbeats, changes] = [0, 0];

  function send(type: 'ADDED' | 'MODIFIED' | 'DELETED', index: number, state: NodeState): void {
    const line = `${JSON.stringify({ type, object: fleetNode(index, state) })}\n`;
    for (const watch of watches) watch.write(line);
  }

  function put(index: number, change: Partial<NodeState>): void {
    const type = states.has(index) ? 'MODIFIED' : 'ADDED';
    const state = { ...states.get(index), ...change, version: ++version };
    states.set(index, state);
    send(type, index, state);
  }

  function remove(index: number): void {
    states.delete(index);
    send('DELETED', index, { version: ++version });
  }

  /** In rounds of eight: what one half does, the other takes back. */
  function changeOne(): void {
    const [kind, isUndone] = [CHANGES[changes % CHANGES.length], changes % (2 * CHANGES.length) >= CHANGES.length];
    const index = (Math.floor(changes / (2 * CHANGES.length)) * 37) % nodes;
    changes++;
    if (kind === 'label') put(index, { maintenance: !isUndone });
    else if (kind === 'taint') put(index, { tainted: !isUndone });
    else if ((kind === 'comes') !== isUndone) put(kind === 'comes' ? nodes + index : index, {});
    else remove(kind === 'comes' ? nodes + index : index);
  }

  function report(): void {
    const index = (heartbeats++ * 7) % nodes;
    if (states.has(index)) put(index, {});
  }

  function listNodes(query: URLSearchParams): object {
    const start = Number(query.get('continue') ?? 0);
    const limit = Number(query.get('limit') ?? nodes);
    const items = [...states].slice(start, start + limit).map(([index, state]) => fleetNode(index, state));
    return listOf(items, start + limit < states.size ? { continue: String(start + limit) } : {});
  }

  function listOf(items: readonly object[], more = {}): object {
    return { metadata: { resourceVersion: String(version), ...more }, items };
  }

  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
    response.setHeader('content-type', 'application/json');
    const isNodes = pathname === '/api/v1/nodes';
    if (searchParams.has('watch')) {
      response.flushHeaders();
      if (!isNodes) return;
      watches.add(response);
      response.on('close', () => watches.delete(response));
      return;
    }
    const whole = pathname === '/api/v1/namespaces' ? namespaces : [];
    response.end(JSON.stringify(isNodes ? listNodes(searchParams) : listOf(whole)));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const reporting = setInterval(report, REPORT_EVERY_MS / nodes);
  const changing = setInterval(changeOne, CHANGE_EVERY_MS);
  return {
    kubeconfig: writeKubeconfig(directory, `http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    sent: () => ({ heartbeats, changes }),
    async stop() {
      clearInterval(reporting);
      clearInterval(changing);
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
