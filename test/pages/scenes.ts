/** A page whose commands `pages.e2e.ts` runs, all but those that it marks or that another test runs. */
export interface Scene {
  readonly page: string;
  /** Files that its reader has, by name. */
  readonly files?: Readonly<Record<string, string>>;
  /** What is there before, in shell lines. */
  readonly before?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** The resources of Karpenter are there, without Karpenter. */
  readonly karpenter?: true;
}

export const GETTING_STARTED = 'manifests/getting-started.md';
/** From this command on it removes what all pages share. */
export const REMOVAL = 'kubectl delete namespace shop';

/** An overlay of one's own, as pages ask for it. */
const kustomization = (component: string) =>
  `resources: [manifests/base]\ncomponents: [manifests/capacity/${component}]\n`;

const TYPES = `
- name: m5.large
  memory: 8Gi
  offerings:
    - {zone: us-east-1a, capacityType: on-demand, price: 0.096}
    - {zone: eu-north-1a, capacityType: on-demand, price: 0.102}
- name: m6g.large
  memory: 8Gi
  offerings: [{zone: us-east-1a, capacityType: on-demand, price: 0.077}]
`;

const WEB = `apiVersion: v1
kind: Namespace
metadata: {name: shop, annotations: {gridgate.dev/mode: enforce, gridgate.dev/home-region: eu-nort-1}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  template:
    metadata: {annotations: {gridgate.dev/class: criticl}}
    spec: {containers: [{name: web, image: nginx}]}
`;

const STATEFUL_SET = `apiVersion: apps/v1
kind: StatefulSet
metadata: {name: loki-ingester, namespace: observability}
spec:
  serviceName: loki
  selector: {matchLabels: {app: loki}}
  template:
    metadata: {labels: {app: loki}, annotations: {gridgate.dev/class: flexible}}
    spec: {containers: [{name: loki, image: loki}]}
`;

const NODE_POOL = `apiVersion: karpenter.sh/v1
kind: NodePool
metadata: {name: batch}
spec:
  template:
    spec:
      nodeClassRef: {group: karpenter.kwok.sh, kind: KWOKNodeClass, name: default}
      requirements: [{key: topology.kubernetes.io/zone, operator: In, values: [eu-north-1a]}]
`;

/** CSV of 60 days that rise and fall every day, from so many grams on. */
function series(grams: number): string {
  const hours = Array.from({ length: 1_440 }, (_, hour) => new Date(Date.UTC(2026, 0, 1, hour)).toISOString());
  return `timestamp,gramsPerKwh\n${hours.map((time, hour) => `${time},${grams + 3 * (hour % 24)}`).join('\n')}\n`;
}

/** In this order, between the first part of getting started and its removal. */
export const SCENES: readonly Scene[] = [
  { page: 'manifests/upgrading.md', files: { 'kustomization.yaml': 'resources: [manifests/base]\n' } },
  {
    page: 'README.md',
    before: [
      'kubectl delete -n gridgate-system secret/gridgate-sources configmap/gridgate',
      'kubectl annotate namespace shop gridgate.dev/mode-',
    ],
    env: { KUBE_EDITOR: 'true' },
  },
  {
    page: 'src/questions/README.md',
    files: {
      'web.yaml': WEB,
      'types.yaml': TYPES,
      'pjm.csv': series(380),
      'ciso.csv': series(240),
      'jobs.csv': 'arrival_time,length,cpus\n0,7200,2\n5000,3600,1\n',
    },
    env: { COLUMNS: '80' },
  },
  {
    page: 'src/sources/README.md',
  },
  {
    page: 'src/controllers/gate-releaser/README.md',
    files: {
      'job.yaml': JSON.stringify({
        apiVersion: 'batch/v1',
        kind: 'Job',
        metadata: { name: 'train', namespace: 'lab' },
        spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'train' }] } } },
      }),
    },
    before: ['kubectl create namespace lab'],
  },
  {
    page: 'src/controllers/node-overlays/README.md',
    files: { 'types.yaml': TYPES },
    before: [
      'kubectl label nodes --all node.kubernetes.io/instance-type=m5.large',
      'kubectl label nodes -l topology.kubernetes.io/region=eu-north-1 topology.kubernetes.io/zone=eu-north-1a',
    ],
    karpenter: true,
  },
  {
    page: 'src/controllers/priority-expander/README.md',
    before: ['kubectl create configmap -n kube-system cluster-autoscaler-priority-expander'],
  },
  {
    page: 'src/controllers/carbon-budgets/README.md',
    files: { 'kustomization.yaml': kustomization('carbon-budgets'), 'loki.yaml': STATEFUL_SET },
    before: ['kubectl create namespace observability', 'kubectl apply -f loki.yaml'],
  },
  {
    page: 'manifests/samples/regional/README.md',
    files: { 'kustomization.yaml': kustomization('regional-autoscaler') },
  },
  {
    page: 'src/controllers/node-pools/README.md',
    files: { 'kustomization.yaml': kustomization('node-pools'), 'pool.yaml': NODE_POOL },
    before: ['kubectl apply -f pool.yaml'],
  },
  { page: 'manifests/capacity/keda.md', before: ['kubectl create namespace keda'] },
  { page: 'manifests/README.md' },
];
