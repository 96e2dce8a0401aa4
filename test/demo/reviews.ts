import { randomUUID } from 'node:crypto';
import type { Pod } from '../../src/decision/pod.ts';

const REGION = 'topology.kubernetes.io/region';

export interface DemoReview {
  readonly title: string;
  readonly namespace: string;
  readonly pod: Pod;
  readonly username?: string;
}

/** What `make demo` asks; the regions and namespaces are those of manifests/samples. */
export const DEMO_REVIEWS: readonly DemoReview[] = [
  { title: 'plain', namespace: 'shop', pod: pod('web') },
  {
    title: 'pinned to a dirty region',
    namespace: 'shop',
    pod: pod('pinned', { nodeSelector: { [REGION]: 'us-east-1' } }),
  },
  {
    title: 'pinned to a region in outage',
    namespace: 'shop',
    pod: pod('stranded', { nodeSelector: { [REGION]: 'eu-west-3' } }),
  },
  {
    title: 'pinned to a dirty region, audit',
    namespace: 'lab',
    pod: pod('trial', { nodeSelector: { [REGION]: 'us-east-1' } }),
  },
  { title: 'of a DaemonSet', namespace: 'shop', pod: daemonSetPod('agent') },
  { title: 'flexible', namespace: 'batch', pod: pod('nightly', {}, { 'gridgate.dev/class': 'flexible' }) },
  { title: 'critical', namespace: 'payments', pod: pod('ledger', {}, { 'gridgate.dev/class': 'critical' }) },
  { title: 'kept in Europe', namespace: 'eu-only', pod: pod('records') },
  { title: 'no opt-in', namespace: 'legacy', pod: pod('old') },
];

/** The AdmissionReview that the API server would send for one of them. */
export function toAdmissionReview({ namespace, pod: object, username }: DemoReview): unknown {
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: randomUUID(),
      kind: { group: '', version: 'v1', kind: 'Pod' },
      resource: { group: '', version: 'v1', resource: 'pods' },
      name: object.metadata?.name,
      namespace,
      operation: 'CREATE',
      userInfo: { username: username ?? 'jane', groups: ['system:authenticated'] },
      object: { apiVersion: 'v1', kind: 'Pod', ...object },
      oldObject: null,
      dryRun: false,
    },
  };
}

function pod(name: string, spec: Pod['spec'] = {}, annotations: Record<string, string> = {}): Pod {
  const containers = [{ name: 'main', image: 'registry.example.com/main:1' }];
  return { metadata: { name, annotations }, spec: { ...spec, containers } as Pod['spec'] & object };
}

/** As the DaemonSet controller writes it: pinned to its node by name. */
function daemonSetPod(name: string): Pod {
  const nodeSelectorTerms = [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['node-us-east-1'] }] }];
  const plain = pod(name, {
    affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } },
  });
  const owner = { apiVersion: 'apps/v1', kind: 'DaemonSet', name, controller: true };
  return { ...plain, metadata: { ...plain.metadata, ownerReferences: [owner] } };
}
