import { REGION_LABEL } from '../../builders.ts';
import type { Collections, Stored } from '../explain/explain-api.ts';

interface PodParts {
  readonly node?: string;
  readonly owner?: string;
  readonly app?: string;
  readonly cpu?: string;
}

/** A running pod; its owner is a StatefulSet. */
export function runningPod(namespace: string, name: string, parts: PodParts = {}): Stored {
  const { node = 'here-1', owner, app, cpu = '1' } = parts;
  return {
    metadata: {
      name,
      namespace,
      creationTimestamp: '2026-11-22T00:00:00Z',
      ...(app !== undefined && { labels: { app } }),
      ...(owner !== undefined && { ownerReferences: [{ kind: 'StatefulSet', name: owner, controller: true }] }),
    },
    spec: { nodeName: node, containers: [{ name: 'c', resources: { requests: { cpu, memory: '0' } } }] },
    status: { phase: 'Running' },
  } as unknown as Stored;
}

/** What metrics.k8s.io tells of a pod. */
export function podMetrics(namespace: string, name: string, cpu: string): Stored {
  const containers = [{ name: 'c', usage: { cpu, memory: '0' } }];
  return { metadata: { name, namespace }, timestamp: '2026-11-22T09:00:00Z', containers } as unknown as Stored;
}

export function annotated(name: string, annotations: Readonly<Record<string, string>>, more: object = {}): Stored {
  return { metadata: { name, annotations, ...more } } as unknown as Stored;
}

/** Three regions with a node each and one node in none; an observability stack of three parts beside a shop. */
export function budgetWorld(more: Collections = {}): Collections {
  const nodes = ['here', 'clean', 'dark'].map((region, index) => ({
    metadata: { name: `${region}-1`, labels: { [REGION_LABEL]: region } },
    status: { addresses: [{ type: 'InternalIP', address: `10.0.0.${index + 1}` }] },
  }));
  return {
    '/api/v1/namespaces': [annotated('observability', { 'gridgate.dev/carbon-budget': '0.5' }), annotated('shop', {})],
    '/api/v1/nodes': [...nodes, { metadata: { name: 'nowhere-1' } }] as Stored[],
    '/apis/gridgate.dev/v1alpha1/regions': [
      { metadata: { name: 'here' }, spec: { gramsPerKwh: 400 } },
      { metadata: { name: 'clean' }, spec: { gramsPerKwh: 20 } },
    ] as unknown as Stored[],
    '/apis/metrics.k8s.io/v1beta1/pods': [],
    '/apis/autoscaling/v2/horizontalpodautoscalers': [],
    '/apis/gridgate.dev/v1alpha1/regionalautoscalers': [],
    '/api/v1/pods': [
      runningPod('observability', 'prometheus-0', { owner: 'prometheus', app: 'prometheus' }),
      runningPod('observability', 'grafana-0', { owner: 'grafana', app: 'grafana', cpu: '500m' }),
      runningPod('observability', 'loki-0', { owner: 'loki', app: 'loki', cpu: '2' }),
      runningPod('observability', 'loki-1', { owner: 'loki', app: 'loki', cpu: '2', node: 'clean-1' }),
      ...Array.from({ length: 30 }, (_, index) => runningPod('shop', `web-${index}`, { owner: 'web', app: 'web' })),
    ],
    ...more,
  };
}
