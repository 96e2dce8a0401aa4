import type { ApiClient } from './api-client.ts';
import { resourceMetricsAnnotation } from './metrics-server.ts';
import { pollUntil } from './poll.ts';
import { KWOK_NODE_ANNOTATION } from './workers.ts';

export type Taint = { readonly key: string; readonly value?: string; readonly effect: string };

export type NodeSpec = {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly taints?: readonly Taint[];
  /** Replaces single entries of the default capacity. */
  readonly capacity?: Readonly<Record<string, string>>;
};

const CAPACITY = { cpu: '32', memory: '256Gi', pods: '110' };
const NOT_READY_TAINT = 'node.kubernetes.io/not-ready';

/** Registers nodes that kwok then keeps alive. */
export async function createNodes(client: ApiClient, nodes: readonly NodeSpec[]): Promise<void> {
  const answers = await Promise.all(nodes.map((node) => client.request('POST', '/api/v1/nodes', nodeObject(node))));
  const refusal = answers.find(({ status }) => status !== 201);
  if (refusal) throw new Error(`creating a node answers ${refusal.status}: ${JSON.stringify(refusal.body)}`);
}

/** Waits until kwok has made the nodes ready and the controller manager, where there is one, has noticed. */
export async function waitUntilSchedulable(
  client: ApiClient,
  nodes: readonly NodeSpec[],
  wait: { deadlineMs: number; failure: () => Error | undefined },
): Promise<void> {
  await pollUntil({
    what: `${nodes.length} nodes to be schedulable`,
    probe: async () => {
      const { body } = await client.request('GET', '/api/v1/nodes');
      const schedulable: string[] = body.items.filter(isSchedulable).map((node: ApiNode) => node.metadata.name);
      return nodes.every(({ name }) => schedulable.includes(name)) ? true : undefined;
    },
    ...wait,
  });
}

type ApiNode = {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly taints?: readonly Taint[] };
  readonly status: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
};

function isSchedulable({ spec, status }: ApiNode): boolean {
  const isReady = status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
  return isReady && !spec.taints?.some(({ key }) => key === NOT_READY_TAINT);
}

function nodeObject({ name, labels, taints = [], capacity }: NodeSpec) {
  const resources = { ...CAPACITY, ...capacity };
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      annotations: { [KWOK_NODE_ANNOTATION.key]: KWOK_NODE_ANNOTATION.value, ...resourceMetricsAnnotation(name) },
      labels: {
        'kubernetes.io/hostname': name,
        'kubernetes.io/os': 'linux',
        'kubernetes.io/arch': 'amd64',
        ...labels,
      },
    },
    spec: { taints },
    status: { capacity: resources, allocatable: resources },
  };
}
