/** Kinds of Kubernetes' own groups beside workloads, and gridgate's: none of them makes pods. Of other groups nobody knows. */
const KINDS: Readonly<Record<string, readonly string[]>> = {
  '': [
    'Binding',
    'ComponentStatus',
    'ConfigMap',
    'Endpoints',
    'Event',
    'LimitRange',
    'Namespace',
    'Node',
    'PersistentVolume',
    'PersistentVolumeClaim',
    'PodTemplate',
    'ResourceQuota',
    'Secret',
    'Service',
    'ServiceAccount',
  ],
  apps: ['ControllerRevision'],
  autoscaling: ['HorizontalPodAutoscaler', 'Scale'],
  policy: ['PodDisruptionBudget', 'PodSecurityPolicy', 'Eviction'],
  extensions: ['Ingress', 'NetworkPolicy', 'PodSecurityPolicy'],
  'gridgate.dev': ['Region', 'RegionalAutoscaler'],
};

/** Groups of which no kind makes pods. */
const GROUPS: ReadonlySet<string> = new Set([
  'admissionregistration.k8s.io',
  'apiextensions.k8s.io',
  'apiregistration.k8s.io',
  'authentication.k8s.io',
  'authorization.k8s.io',
  'certificates.k8s.io',
  'coordination.k8s.io',
  'discovery.k8s.io',
  'events.k8s.io',
  'flowcontrol.apiserver.k8s.io',
  'gateway.networking.k8s.io',
  'internal.apiserver.k8s.io',
  'kustomize.config.k8s.io',
  'metrics.k8s.io',
  'networking.k8s.io',
  'node.k8s.io',
  'rbac.authorization.k8s.io',
  'resource.k8s.io',
  'scheduling.k8s.io',
  'snapshot.storage.k8s.io',
  'storage.k8s.io',
  'storagemigration.k8s.io',
]);

/** Whether objects of a kind are known to make no pods. */
export function hasNoPods(group: string, kind: string): boolean {
  return GROUPS.has(group) || (KINDS[group]?.includes(kind) ?? false);
}
