import { AUTOSCALER_STATUS } from '../../capacity/node-groups.ts';
import type { ClusterAutoscalerRules } from '../../regions/node-rules.ts';
import type { Role } from '../../units/role.ts';

/** As in a Role; manifests/base says the same, and a test holds both together. */
export interface Rule {
  readonly apiGroups: readonly string[];
  /** `regions/status` is the subresource. */
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}

interface RuleSet {
  /** In the whole cluster. */
  readonly cluster: readonly Rule[];
  /** In gridgate's own namespace. */
  readonly own: readonly Rule[];
  /** In that of Cluster Autoscaler; its status may have another name. */
  readonly autoscaler?: readonly Rule[];
}

const WATCH = ['list', 'watch'];
const CONFIGURATIONS = ['mutatingwebhookconfigurations', 'validatingwebhookconfigurations'];

/** What every replica reads. */
export const READS: RuleSet = {
  cluster: [
    { apiGroups: [''], resources: ['namespaces'], verbs: ['get', ...WATCH] },
    { apiGroups: [''], resources: ['nodes', 'persistentvolumes', 'persistentvolumeclaims'], verbs: WATCH },
    { apiGroups: ['scheduling.k8s.io'], resources: ['priorityclasses'], verbs: WATCH },
    { apiGroups: ['gridgate.dev'], resources: ['regions'], verbs: WATCH },
    { apiGroups: ['karpenter.sh'], resources: ['nodepools'], verbs: WATCH },
    {
      apiGroups: ['admissionregistration.k8s.io'],
      resources: CONFIGURATIONS,
      resourceNames: ['gridgate'],
      verbs: WATCH,
    },
  ],
  own: [
    { apiGroups: [''], resources: ['secrets'], resourceNames: ['gridgate-tls'], verbs: WATCH },
    {
      apiGroups: [''],
      resources: ['configmaps'],
      resourceNames: ['gridgate-kill-switch', 'gridgate-lengths'],
      verbs: WATCH,
    },
    { apiGroups: ['coordination.k8s.io'], resources: ['leases'], resourceNames: ['gridgate-releaser'], verbs: WATCH },
  ],
  autoscaler: [{ apiGroups: [''], resources: ['configmaps'], resourceNames: [AUTOSCALER_STATUS], verbs: WATCH }],
};

/** What the controllers do beside that. */
export const WRITES: RuleSet = {
  cluster: [
    { apiGroups: ['gridgate.dev'], resources: ['regions/status'], verbs: ['patch'] },
    { apiGroups: [''], resources: ['namespaces', 'nodes'], verbs: ['get', 'patch'] },
    { apiGroups: [''], resources: ['pods'], verbs: ['get', ...WATCH, 'patch'] },
    { apiGroups: [''], resources: ['events'], verbs: WATCH },
    { apiGroups: ['events.k8s.io'], resources: ['events'], verbs: ['create'] },
    {
      apiGroups: ['admissionregistration.k8s.io'],
      resources: CONFIGURATIONS,
      resourceNames: ['gridgate'],
      verbs: ['get', 'patch'],
    },
    { apiGroups: ['apps'], resources: ['replicasets', 'statefulsets'], verbs: ['list'] },
    { apiGroups: ['batch'], resources: ['jobs'], verbs: ['get', ...WATCH, 'patch'] },
    { apiGroups: ['batch'], resources: ['cronjobs'], verbs: WATCH },
    { apiGroups: ['apps'], resources: ['replicasets/status', 'statefulsets/status'], verbs: ['patch'] },
    { apiGroups: ['batch'], resources: ['jobs/status'], verbs: ['patch'] },
  ],
  own: [
    { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['create'] },
    {
      apiGroups: ['coordination.k8s.io'],
      resources: ['leases'],
      resourceNames: ['gridgate', 'gridgate-releaser'],
      verbs: ['get', 'update'],
    },
    { apiGroups: [''], resources: ['secrets'], verbs: ['create'] },
    {
      apiGroups: [''],
      resources: ['secrets'],
      resourceNames: ['gridgate-ca', 'gridgate-tls'],
      verbs: ['get', 'update'],
    },
    {
      apiGroups: [''],
      resources: ['configmaps'],
      resourceNames: ['gridgate', 'gridgate-kill-switch', 'gridgate-outages'],
      verbs: ['get'],
    },
    { apiGroups: [''], resources: ['configmaps'], verbs: ['create'] },
    {
      apiGroups: [''],
      resources: ['configmaps'],
      resourceNames: ['gridgate-memory-0', 'gridgate-memory-1', 'gridgate-memory-2', 'gridgate-memory-3'],
      verbs: ['get', 'update'],
    },
    { apiGroups: [''], resources: ['configmaps'], resourceNames: ['gridgate-lengths'], verbs: ['get', 'patch'] },
  ],
};

/** What a replica that checks bindings reads beside that (manifests/strict). */
export const BINDINGS: RuleSet = { cluster: [{ apiGroups: [''], resources: ['pods'], verbs: WATCH }], own: [] };

/** What controllers do beside that where an argument switches them on (manifests/capacity), by the argument. */
export const OPT_INS: Readonly<Record<string, RuleSet>> = {
  '--priority-expander': {
    cluster: [],
    own: [],
    autoscaler: [
      { apiGroups: [''], resources: ['configmaps'], resourceNames: [AUTOSCALER_STATUS], verbs: ['get'] },
      {
        apiGroups: [''],
        resources: ['configmaps'],
        resourceNames: ['cluster-autoscaler-priority-expander'],
        verbs: ['get', 'patch'],
      },
    ],
  },
  '--node-pools': {
    cluster: [
      { apiGroups: ['karpenter.sh'], resources: ['nodepools'], verbs: ['get', ...WATCH, 'patch'] },
      { apiGroups: ['karpenter.sh'], resources: ['nodeclaims'], verbs: WATCH },
    ],
    own: [],
  },
  '--regional-autoscaler': {
    cluster: [
      { apiGroups: ['gridgate.dev'], resources: ['regionalautoscalers'], verbs: ['get', ...WATCH] },
      { apiGroups: ['gridgate.dev'], resources: ['regionalautoscalers/status'], verbs: ['patch'] },
      { apiGroups: ['apps'], resources: ['deployments', 'statefulsets'], verbs: ['get', ...WATCH] },
      { apiGroups: ['apps'], resources: ['deployments/scale'], verbs: ['get', 'patch'] },
      { apiGroups: ['autoscaling'], resources: ['horizontalpodautoscalers'], verbs: ['get', ...WATCH, 'patch'] },
      { apiGroups: ['metrics.k8s.io'], resources: ['pods'], verbs: ['list'] },
    ],
    own: [],
  },
  '--carbon-budgets': {
    cluster: [
      { apiGroups: ['apps'], resources: ['deployments', 'statefulsets'], verbs: ['get', ...WATCH] },
      { apiGroups: ['apps'], resources: ['deployments/scale', 'statefulsets/scale'], verbs: ['get', 'patch'] },
      { apiGroups: ['apps'], resources: ['deployments/status', 'statefulsets/status'], verbs: ['patch'] },
      { apiGroups: ['autoscaling'], resources: ['horizontalpodautoscalers'], verbs: ['get', ...WATCH, 'patch'] },
      { apiGroups: ['gridgate.dev'], resources: ['regionalautoscalers'], verbs: ['get', ...WATCH, 'patch'] },
      { apiGroups: ['metrics.k8s.io'], resources: ['pods'], verbs: ['list'] },
    ],
    own: [],
  },
  '--node-overlays': {
    cluster: [
      {
        apiGroups: ['karpenter.sh'],
        resources: ['nodeoverlays'],
        verbs: ['get', ...WATCH, 'create', 'patch', 'delete'],
      },
    ],
    own: [],
  },
};

/** One question for the authorizer, as in a SubjectAccessReview. */
export interface Right {
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
  readonly verb: string;
  readonly name?: string;
  readonly namespace?: string;
}

/** What an account does, and where. */
export interface Work {
  readonly roles: readonly Role[];
  readonly checksBindings: boolean;
  /** Of OPT_INS. */
  readonly optIns?: readonly string[];
  /** Unless somebody else issues them, as `serve` is told: then the chart leaves these rights out. */
  readonly keepsCertificates?: boolean;
}

export interface Places {
  readonly systemNamespace: string;
  readonly autoscaler?: AutoscalerPlace | undefined;
}

/** Where Cluster Autoscaler is, and the ConfigMap of its status. */
export type AutoscalerPlace = Pick<ClusterAutoscalerRules, 'namespace' | 'status'>;

/** Unless gridgate.yaml says otherwise. */
const USUAL_PLACE: AutoscalerPlace = { namespace: 'kube-system', status: AUTOSCALER_STATUS };

/** All that an account does in these roles, each once. */
export function rightsOf(
  { roles, checksBindings, optIns = [], keepsCertificates = true }: Work,
  places: Places,
): readonly Right[] {
  const { systemNamespace, autoscaler: place = USUAL_PLACE } = places;
  const writes = roles.includes('controllers')
    ? [keepsCertificates ? WRITES : withoutCertificates(WRITES), ...optIns.flatMap((one) => OPT_INS[one] ?? [])]
    : [];
  const sets: readonly RuleSet[] = [READS, ...writes, ...(checksBindings ? [BINDINGS] : [])];
  const rights = sets.flatMap(({ cluster, own, autoscaler = [] }) => [
    ...cluster.flatMap((rule) => eachOf(rule)),
    ...own.flatMap((rule) => eachOf(rule, systemNamespace)),
    ...autoscaler.flatMap((rule) =>
      eachOf(rule, place.namespace).map((right) =>
        right.name === AUTOSCALER_STATUS ? { ...right, name: place.status } : right,
      ),
    ),
  ]);
  return [...new Map(rights.map((right) => [tellRight(right), right])).values()];
}

function withoutCertificates({ cluster, own }: RuleSet): RuleSet {
  return {
    cluster: cluster.filter(({ resources }) => resources !== CONFIGURATIONS),
    own: own.filter(({ resources }) => !resources.includes('secrets')),
  };
}

function eachOf({ apiGroups, resources, verbs, resourceNames }: Rule, namespace?: string): readonly Right[] {
  return apiGroups.flatMap((group) =>
    resources.flatMap((full) => {
      const [resource = '', subresource] = full.split('/');
      return verbs.flatMap((verb) =>
        (resourceNames ?? [undefined]).map((name) => ({
          group,
          resource,
          ...(subresource !== undefined && { subresource }),
          verb,
          ...(name !== undefined && { name }),
          ...(namespace !== undefined && { namespace }),
        })),
      );
    }),
  );
}

/** `get secrets gridgate-ca in gridgate-system`. */
export function tellRight({ group, resource, subresource, verb, name, namespace }: Right): string {
  const full = `${resource}${group === '' ? '' : `.${group}`}${subresource === undefined ? '' : `/${subresource}`}`;
  return [verb, full, name, namespace && `in ${namespace}`].filter((word) => word !== undefined).join(' ');
}
