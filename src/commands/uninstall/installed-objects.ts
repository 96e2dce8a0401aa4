import { REGIONAL_AUTOSCALERS } from '../../cluster/regional-autoscalers.ts';
import { REGIONS_PATH } from '../../cluster/regions.ts';

/**
 * What takes gridgate away, in this order:
 *
 * | step        | why then                                                                                     |
 * | ----------- | -------------------------------------------------------------------------------------------- |
 * | webhooks    | before the pods that answer them: admission never waits for somebody who is gone             |
 * | waiting     | once nothing new is made to wait, and before nobody is left who would let it go              |
 * | controllers | before what they write is cleaned: nobody writes it back. Their right goes with them          |
 * | policies    | once nobody is left whom they hold                                                           |
 * | traces      | labels, taints, annotations, fields and reports on what belongs to others                    |
 * | rest        | what the pods needed; rights before the Lease and the Secrets, which could be made again     |
 * | regions     | only when asked: people wrote them, and RegionalAutoscalers                                   |
 * | settings    | only when asked, as the regions; after all that reads them                                   |
 * | namespace   | last, and only when nothing of others is in it                                               |
 */
export const STEPS = [
  'webhooks',
  'waiting',
  'controllers',
  'policies',
  'traces',
  'rest',
  'regions',
  'settings',
  'namespace',
] as const;
export type Step = (typeof STEPS)[number];

/** One object that is gridgate's by its kind and name. Only what this list names is ever deleted: a label alone makes nothing ours. */
export interface InstalledObject {
  readonly step: Step;
  readonly kind: string;
  readonly name: string;
  readonly path: string;
  /** As people write it: `gridgate-system/gridgate`. */
  readonly called: string;
}

export const PART_OF = 'app.kubernetes.io/part-of';
export const OURS = 'gridgate';
/** What people write for gridgate, each with where all of it is. */
export const CRDS = [
  { noun: 'Region', name: 'regions.gridgate.dev', list: REGIONS_PATH },
  { noun: 'RegionalAutoscaler', name: 'regionalautoscalers.gridgate.dev', list: REGIONAL_AUTOSCALERS.path },
] as const;

/** In gridgate's own namespace where it is in one, and no other is named. */
type Named = readonly [kind: keyof typeof RESOURCES, name: string, namespace?: string];

const RESOURCES = {
  MutatingWebhookConfiguration: 'admissionregistration.k8s.io/v1 mutatingwebhookconfigurations',
  ValidatingWebhookConfiguration: 'admissionregistration.k8s.io/v1 validatingwebhookconfigurations',
  ValidatingAdmissionPolicy: 'admissionregistration.k8s.io/v1 validatingadmissionpolicies',
  ValidatingAdmissionPolicyBinding: 'admissionregistration.k8s.io/v1 validatingadmissionpolicybindings',
  ClusterRole: 'rbac.authorization.k8s.io/v1 clusterroles',
  ClusterRoleBinding: 'rbac.authorization.k8s.io/v1 clusterrolebindings',
  PriorityClass: 'scheduling.k8s.io/v1 priorityclasses',
  CustomResourceDefinition: 'apiextensions.k8s.io/v1 customresourcedefinitions',
  Deployment: 'apps/v1 namespaced deployments',
  CronJob: 'batch/v1 namespaced cronjobs',
  RoleBinding: 'rbac.authorization.k8s.io/v1 namespaced rolebindings',
  Role: 'rbac.authorization.k8s.io/v1 namespaced roles',
  ServiceAccount: 'v1 namespaced serviceaccounts',
  Service: 'v1 namespaced services',
  PodDisruptionBudget: 'policy/v1 namespaced poddisruptionbudgets',
  NetworkPolicy: 'networking.k8s.io/v1 namespaced networkpolicies',
  ResourceQuota: 'v1 namespaced resourcequotas',
  Lease: 'coordination.k8s.io/v1 namespaced leases',
  Secret: 'v1 namespaced secrets',
  ConfigMap: 'v1 namespaced configmaps',
} as const;

/** Each step's in the order in which they go. */
const OBJECTS: Readonly<Partial<Record<Step, readonly Named[]>>> = {
  webhooks: [
    ['MutatingWebhookConfiguration', 'gridgate'],
    ['ValidatingWebhookConfiguration', 'gridgate'],
  ],
  controllers: [
    ['CronJob', 'gridgate-release-overdue'],
    ['Deployment', 'gridgate-controllers'],
    ['Deployment', 'gridgate'], // where one Deployment does both, it is this one
    ['ClusterRoleBinding', 'gridgate-controllers'],
    ['RoleBinding', 'gridgate-controllers'], // by which one that ends late would make its Leases again
    ['RoleBinding', 'gridgate-priority-expander', 'kube-system'],
    ['ClusterRoleBinding', 'gridgate-node-pools'],
    ['ClusterRoleBinding', 'gridgate-node-overlays'],
    ['ClusterRoleBinding', 'gridgate-regional-autoscaler'],
    ['ClusterRoleBinding', 'gridgate-carbon-budgets'],
  ],
  policies: [
    ['ValidatingAdmissionPolicyBinding', 'gridgate-controllers'],
    ['ValidatingAdmissionPolicy', 'gridgate-controllers'],
    ['ValidatingAdmissionPolicyBinding', 'gridgate-priority-expander'],
    ['ValidatingAdmissionPolicy', 'gridgate-priority-expander'],
    ['ValidatingAdmissionPolicyBinding', 'gridgate-node-pools'],
    ['ValidatingAdmissionPolicy', 'gridgate-node-pools'],
    ['ValidatingAdmissionPolicyBinding', 'gridgate-node-overlays'],
    ['ValidatingAdmissionPolicy', 'gridgate-node-overlays'],
    ['ValidatingAdmissionPolicyBinding', 'gridgate-regional-autoscaler'],
    ['ValidatingAdmissionPolicy', 'gridgate-regional-autoscaler'],
    ['ValidatingAdmissionPolicyBinding', 'gridgate-carbon-budgets'],
    ['ValidatingAdmissionPolicy', 'gridgate-carbon-budgets'],
    ['ValidatingAdmissionPolicyBinding', 'gridgate-regions'],
    ['ValidatingAdmissionPolicy', 'gridgate-regions'],
    ['ClusterRoleBinding', 'gridgate-check'], // before its guard
    ['ValidatingAdmissionPolicyBinding', 'gridgate-check'],
    ['ValidatingAdmissionPolicy', 'gridgate-check'],
  ],
  rest: [
    ['ClusterRoleBinding', 'gridgate'],
    ['ClusterRoleBinding', 'gridgate-bindings'],
    ['ClusterRole', 'gridgate'],
    ['ClusterRole', 'gridgate-bindings'],
    ['ClusterRole', 'gridgate-controllers'],
    ['ClusterRole', 'gridgate-node-pools'],
    ['ClusterRole', 'gridgate-node-overlays'],
    ['ClusterRole', 'gridgate-regional-autoscaler'],
    ['ClusterRole', 'gridgate-regional-autoscaler-edit'],
    ['ClusterRole', 'gridgate-regional-autoscaler-view'],
    ['ClusterRole', 'gridgate-carbon-budgets'],
    ['ClusterRole', 'gridgate-check'],
    ['ClusterRole', 'gridgate-view'],
    ['RoleBinding', 'gridgate'],
    ['RoleBinding', 'gridgate-check'],
    ['Role', 'gridgate'],
    ['Role', 'gridgate-check'],
    ['Role', 'gridgate-controllers'],
    ['Role', 'gridgate-priority-expander', 'kube-system'],
    ['RoleBinding', 'gridgate-autoscaler-status', 'kube-system'],
    ['Role', 'gridgate-autoscaler-status', 'kube-system'],
    ['Service', 'gridgate'],
    ['PodDisruptionBudget', 'gridgate'],
    ['PodDisruptionBudget', 'gridgate-controllers'],
    ['NetworkPolicy', 'gridgate'],
    ['ResourceQuota', 'gridgate-critical-pods'],
    ['ServiceAccount', 'gridgate'],
    ['ServiceAccount', 'gridgate-controllers'],
    ['ServiceAccount', 'gridgate-check'],
    ['Lease', 'gridgate'],
    ['Lease', 'gridgate-releaser'],
    ['Secret', 'gridgate-ca'],
    ['Secret', 'gridgate-tls'],
    ['ConfigMap', 'gridgate-lengths'],
    ['ConfigMap', 'gridgate-memory-0'],
    ['ConfigMap', 'gridgate-memory-1'],
    ['ConfigMap', 'gridgate-memory-2'],
    ['ConfigMap', 'gridgate-memory-3'],
    ['PriorityClass', 'gridgate-flexible'],
    ['PriorityClass', 'gridgate-failover'],
  ],
  regions: CRDS.map(({ name }) => ['CustomResourceDefinition', name] as const),
  settings: [
    ['ConfigMap', 'gridgate'],
    ['ConfigMap', 'gridgate-outages'],
    ['ConfigMap', 'gridgate-kill-switch'],
    ['Secret', 'gridgate-sources'],
  ],
};

/** All that gridgate can consist of in a cluster but its namespace; what is there is found by asking for each. */
export function installedObjects(ownNamespace: string): readonly InstalledObject[] {
  return STEPS.flatMap((step) =>
    (OBJECTS[step] ?? []).map(([kind, name, namespace = ownNamespace]) => {
      const [version = '', ...words] = RESOURCES[kind].split(' ');
      const plural = words.at(-1);
      const isNamespaced = words.length > 1;
      const root = version === 'v1' ? '/api/v1' : `/apis/${version}`;
      const within = isNamespaced ? `/namespaces/${encodeURIComponent(namespace)}` : '';
      const called = isNamespaced ? `${namespace}/${name}` : name;
      return { step, kind, name, path: `${root}${within}/${plural}/${name}`, called };
    }),
  );
}
