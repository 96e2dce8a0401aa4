/** A write that goes beyond what the controllers do, and what stops it. */
export interface Beyond {
  readonly name: string;
  readonly method?: 'POST' | 'PUT' | 'DELETE' | 'PATCH';
  readonly path: string;
  /** With PUT: what is changed of the object as it is. */
  readonly body?: unknown;
  readonly type?: 'merge-patch' | 'json-patch' | 'json' | 'apply';
  /** A change of a spec through a status is dropped by the API server itself. */
  readonly refusedBy: 'guard' | 'RBAC' | 'nobody, without effect';
}

const ADMISSION = '/apis/admissionregistration.k8s.io/v1';
const SYSTEM = '/api/v1/namespaces/gridgate-system';
const CONFIG_MAPS = `${SYSTEM}/configmaps`;
const LENGTHS = 'gridgate-lengths';
const NODE = '/api/v1/nodes/dirty-1';
const TEAM = '/api/v1/namespaces/team';
const REGION = '/apis/gridgate.dev/v1alpha1/regions/dirty';
const LEASES = '/apis/coordination.k8s.io/v1/namespaces/gridgate-system/leases';
const EVENTS = (namespace: string) => `/apis/events.k8s.io/v1/namespaces/${namespace}/events`;

const refused = (name: string, path: string, body: unknown, more: Partial<Beyond> = {}): Beyond => ({
  name,
  path,
  body,
  refusedBy: 'guard',
  ...more,
});
const labels = (change: object) => ({ metadata: { labels: change } });
const annotations = (change: object) => ({ metadata: { annotations: change } });
const OWNER = { apiVersion: 'v1', kind: 'ConfigMap', name: 'gone', uid: '00000000-0000-0000-0000-000000000000' };
const CARBON = { key: 'gridgate.dev/carbon', value: 'high' };
const RBAC = { refusedBy: 'RBAC' } as const;
const POST = { method: 'POST', type: 'json' } as const;
const PUT = { method: 'PUT', type: 'json' } as const;
/** Server-side apply, which makes what is not there, and takes fields from whoever owns them. */
const APPLY = { type: 'apply' } as const;
const FORCED = '?fieldManager=evil&force=true';

const PATIENT = '/api/v1/namespaces/patient';
const PATIENT_JOBS = '/apis/batch/v1/namespaces/patient/jobs';
/** Waits behind our gate and another. */
const HELD_POD = `${PATIENT}/pods/held`;
/** Waits by suspension. */
const HELD_JOB = `${PATIENT_JOBS}/held`;
const RELEASED = { 'gridgate.dev/released': 'x' };
const OTHER_IMAGE = { op: 'replace', path: '/spec/containers/0/image', value: 'evil' };
const TOLERATION = { op: 'add', path: '/spec/tolerations/-', value: { key: 'evil', operator: 'Exists' } };
const gates = (...names: readonly string[]) => ({ spec: { schedulingGates: names.map((name) => ({ name })) } });

/** Of everything whose metadata the controllers can touch. */
function metadataOf(path: string, how: Partial<Beyond> = {}): readonly Beyond[] {
  return [
    refused('a label', path, labels({ team: 'x' }), how),
    refused('an annotation', path, annotations({ team: 'x' }), how),
    refused('a finalizer', path, { metadata: { finalizers: ['example.com/stays'] } }, how),
    refused('an owner', path, { metadata: { ownerReferences: [OWNER] } }, how),
    { name: 'its end', method: 'DELETE', path: path.replace(/\/status$/, ''), ...RBAC },
  ];
}

const EVIL = { spec: { template: { spec: { serviceAccountName: 'admin' } } } };
const MORE_PODS = { spec: { parallelism: 7 } };

/** Their spec is the right to run any pod as any account. Jobs may be patched, but those that we suspended alone. */
function throughStatus(
  path: string,
  kubeSystem: string,
  status: object,
  itself: { readonly spec: object; readonly how: Partial<Beyond> } = { spec: EVIL, how: RBAC },
): readonly Beyond[] {
  const owner = path.replace(/\/status$/, '');
  return [
    ...metadataOf(path),
    refused('its status', path, { status }),
    refused('its spec through its status', path, EVIL, { refusedBy: 'nobody, without effect' }),
    refused('its spec', owner, itself.spec, itself.how),
    refused('our own annotation, full of something', path, annotations({ 'gridgate.dev/nudged': 'x'.repeat(65) })),
    refused('our own annotation, past its status', owner, annotations({ 'gridgate.dev/nudged': 'x' }), itself.how),
    refused('our own annotation, in kube-system', kubeSystem, annotations({ 'gridgate.dev/nudged': 'x' })),
  ];
}

function configuration(resource: string): readonly Beyond[] {
  const path = `${ADMISSION}/${resource}/gridgate`;
  const other = `${ADMISSION}/${resource}/somebody-elses`;
  const json = { type: 'json-patch' } as const;
  const hook = (name: string, op: 'add' | 'replace' | 'remove', field: string, value?: unknown) =>
    refused(name, path, [{ op, path: `/webhooks/0${field}`, value }], json);
  return [
    ...metadataOf(path),
    hook('where it calls: another path', 'replace', '/clientConfig/service/path', '/other'),
    hook('where it calls: another Service', 'replace', '/clientConfig/service/namespace', 'default'),
    hook('where it calls: a URL', 'replace', '/clientConfig', { url: 'https://evil.example' }),
    hook('its rules', 'add', '/rules/-', {
      apiGroups: [''],
      apiVersions: ['v1'],
      resources: ['secrets'],
      operations: ['CREATE'],
    }),
    hook('its scope', 'replace', '/rules/0/scope', '*'),
    hook('its namespaces', 'replace', '/namespaceSelector', {}),
    hook('its objects', 'replace', '/objectSelector', { matchLabels: { a: 'b' } }),
    hook('its conditions', 'add', '/matchConditions', [{ name: 'never', expression: 'false' }]),
    hook('its failure policy', 'replace', '/failurePolicy', 'Fail'),
    hook('its timeout', 'replace', '/timeoutSeconds', 30),
    hook('its match policy', 'replace', '/matchPolicy', 'Exact'),
    hook('its side effects', 'replace', '/sideEffects', 'NoneOnDryRun'),
    hook('its name', 'replace', '/name', 'other.gridgate.dev'),
    hook('a webhook less', 'remove', ''),
    refused('a webhook more', path, [{ op: 'copy', from: '/webhooks/0', path: '/webhooks/-' }, NAME_OF_COPY], json),
    refused("somebody else's configuration", other, annotations({ a: 'b' }), RBAC),
    refused('a new configuration', `${ADMISSION}/${resource}`, { metadata: { name: 'evil' } }, { ...POST, ...RBAC }),
  ];
}
const NAME_OF_COPY = { op: 'replace', path: '/webhooks/0/name', value: 'copy.gridgate.dev' };

const secret = (name: string, type: string, more: object = {}) => ({ metadata: { name, ...more }, type });
/** The token controller fills it with a token of that account. */
const OF_ACCOUNT = { annotations: { 'kubernetes.io/service-account.name': 'gridgate-controllers' } };

const MEMORY = `${CONFIG_MAPS}/gridgate-memory-0`;
/** No region of the test is in it. */
const GONE = 'gridgate-memory-3';
const configMap = (name: string, data: object = {}, more: object = {}) => ({ metadata: { name, ...more }, data });

/** As if it were in a namespace: the API server takes no other of a Region outside `default`. */
const REGION_REFERENCE = { apiVersion: 'gridgate.dev/v1alpha1', kind: 'Region', name: 'clean', namespace: 'team' };

const POD_REFERENCE = (namespace: string) => ({ apiVersion: 'v1', kind: 'Pod', name: 'x', namespace });

function event(namespace: string, change: object, name = 'gridgate-evil'): object {
  return {
    metadata: { name, namespace },
    eventTime: '2026-11-28T10:00:00.000000Z',
    type: 'Warning',
    reason: 'PlacementRefused',
    action: 'Admit',
    note: 'evil',
    regarding: { apiVersion: 'v1', kind: 'Namespace', name: namespace, namespace },
    reportingController: 'gridgate.dev/controllers',
    reportingInstance: 'evil',
    ...change,
  };
}

function events(name: string, change: object, namespace = 'team', objectName?: string): Beyond {
  return refused(name, EVENTS(namespace), event(namespace, change, objectName), POST);
}

/** By what the controllers write, as the audit log has it: what goes beyond, one try for each group of fields. */
export const BEYOND: ReadonlyMap<string, readonly Beyond[]> = new Map([
  [
    'patch nodes',
    [
      ...metadataOf(NODE),
      refused("another's label", NODE, labels({ 'topology.kubernetes.io/region': 'clean' })),
      refused("another's label away", NODE, labels({ 'topology.kubernetes.io/region': null })),
      refused('another label with our prefix', NODE, labels({ 'gridgate.dev/other': 'x' })),
      refused('our label of no band', NODE, labels({ 'gridgate.dev/carbon': 'none' })),
      refused('our taint of no band', NODE, {
        spec: { taints: [{ ...CARBON, value: 'x', effect: 'PreferNoSchedule' }] },
      }),
      refused(
        "another's label, by force",
        `${NODE}${FORCED}`,
        {
          apiVersion: 'v1',
          kind: 'Node',
          metadata: { name: 'dirty-1', labels: { 'topology.kubernetes.io/region': 'clean' } },
        },
        APPLY,
      ),
      refused(
        'a new node, applied',
        `/api/v1/nodes/evil${FORCED}`,
        { apiVersion: 'v1', kind: 'Node', metadata: { name: 'evil' } },
        { ...APPLY, ...RBAC },
      ),
      refused('a cordon', NODE, { spec: { unschedulable: true } }),
      refused('a provider', NODE, { spec: { providerID: 'evil://1' } }),
      refused('another taint', NODE, { spec: { taints: [{ key: 'evil', effect: 'NoExecute' }] } }),
      refused('our taint with another effect', NODE, { spec: { taints: [{ ...CARBON, effect: 'NoSchedule' }] } }),
      refused('its status', NODE, { status: { allocatable: { cpu: '0' } } }, { refusedBy: 'nobody, without effect' }),
      refused('its status itself', `${NODE}/status`, { status: { allocatable: { cpu: '0' } } }, RBAC),
      refused('a new node', '/api/v1/nodes', { metadata: { name: 'evil' } }, { ...POST, ...RBAC }),
    ],
  ],
  [
    'patch namespaces',
    [
      ...metadataOf(TEAM),
      refused('the level of its pods', TEAM, labels({ 'pod-security.kubernetes.io/enforce': 'privileged' })),
      refused('our label away, against its mode', TEAM, labels({ 'gridgate.dev/managed': null })),
      refused('our label with another value', TEAM, labels({ 'gridgate.dev/managed': 'false' })),
      refused(
        'the level of its pods, by force',
        `${TEAM}${FORCED}`,
        {
          apiVersion: 'v1',
          kind: 'Namespace',
          metadata: { name: 'team', labels: { 'pod-security.kubernetes.io/enforce': 'privileged' } },
        },
        APPLY,
      ),
      refused('another label with our prefix', TEAM, labels({ 'gridgate.dev/scrape': 'true' })),
      refused('its policy', TEAM, annotations({ 'gridgate.dev/mode': 'off' })),
      refused('its own finalizers', TEAM, { spec: { finalizers: [] } }, { refusedBy: 'nobody, without effect' }),
      refused('its end without them', `${TEAM}/finalize`, { spec: { finalizers: [] } }, RBAC),
      refused('our label on kube-system', '/api/v1/namespaces/kube-system', labels({ 'gridgate.dev/managed': 'true' })),
      refused("our label on gridgate's own", SYSTEM, labels({ 'gridgate.dev/managed': 'true' })),
    ],
  ],
  [
    'patch apps/replicasets/status',
    throughStatus(
      '/apis/apps/v1/namespaces/team/replicasets/web/status',
      '/apis/apps/v1/namespaces/kube-system/replicasets/dns/status',
      { replicas: 7 },
    ),
  ],
  [
    'patch apps/statefulsets/status',
    [
      ...throughStatus(
        '/apis/apps/v1/namespaces/team/statefulsets/db/status',
        '/apis/apps/v1/namespaces/kube-system/statefulsets/dns/status',
        { replicas: 7 },
      ),
      refused(
        'what a budget did, where nobody holds any',
        '/apis/apps/v1/namespaces/team/statefulsets/db/status',
        annotations({ 'gridgate.dev/budget-status': 'x' }),
      ),
      refused('its replicas', '/apis/apps/v1/namespaces/team/statefulsets/db/scale', { spec: { replicas: 7 } }, RBAC),
    ],
  ],
  [
    'patch batch/jobs/status',
    throughStatus(
      '/apis/batch/v1/namespaces/team/jobs/batch/status',
      '/apis/batch/v1/namespaces/kube-system/jobs/dns/status',
      { failed: 7 },
      { spec: MORE_PODS, how: {} },
    ),
  ],
  [
    'patch pods',
    [
      ...metadataOf(HELD_POD),
      refused('what it runs', HELD_POD, [OTHER_IMAGE], { type: 'json-patch' }),
      refused('how long it may run', HELD_POD, { spec: { activeDeadlineSeconds: 1 } }),
      refused("another's gate", HELD_POD, gates('gridgate.dev/defer')),
      refused("ours and another's gate", HELD_POD, gates()),
      refused('a toleration of another taint', HELD_POD, [TOLERATION], { type: 'json-patch' }),
      refused('when it starts, at length', HELD_POD, annotations({ 'gridgate.dev/not-before': 'x'.repeat(65) })),
      refused('why it waits, at length', HELD_POD, annotations({ 'gridgate.dev/waits': 'x'.repeat(1_025) })),
      refused('its policy', HELD_POD, annotations({ 'gridgate.dev/class': 'critical' })),
      refused('a pod that does not wait', `${PATIENT}/pods/free`, annotations(RELEASED)),
      refused('a pod of kube-system', '/api/v1/namespaces/kube-system/pods/held', annotations(RELEASED)),
      refused('its status', HELD_POD, { status: { phase: 'Failed' } }, { refusedBy: 'nobody, without effect' }),
      refused('its status itself', `${HELD_POD}/status`, { status: { phase: 'Failed' } }, RBAC),
      refused('a new pod', `${PATIENT}/pods`, { metadata: { name: 'evil' } }, { ...POST, ...RBAC }),
    ],
  ],
  [
    'patch batch/jobs',
    [
      ...metadataOf(HELD_JOB),
      refused('how many pods it runs', HELD_JOB, MORE_PODS),
      refused('where they run', HELD_JOB, { spec: { template: { spec: { nodeSelector: { a: 'b' } } } } }),
      refused('that we suspended it', HELD_JOB, annotations({ 'gridgate.dev/deferred': null })),
      refused('why it waits, at length', HELD_JOB, annotations({ 'gridgate.dev/waits': 'x'.repeat(1_025) })),
      refused('a Job that others suspended', `${PATIENT_JOBS}/by-hand`, { spec: { suspend: false } }),
      refused('a Job that runs', '/apis/batch/v1/namespaces/team/jobs/batch', { spec: { suspend: true } }),
      refused('a new Job', PATIENT_JOBS, { metadata: { name: 'evil' } }, { ...POST, ...RBAC }),
    ],
  ],
  ['patch admissionregistration.k8s.io/mutatingwebhookconfigurations', configuration('mutatingwebhookconfigurations')],
  [
    'patch admissionregistration.k8s.io/validatingwebhookconfigurations',
    configuration('validatingwebhookconfigurations'),
  ],
  [
    'patch gridgate.dev/regions/status',
    [
      refused('a label', `${REGION}/status`, labels({ a: 'b' }), { refusedBy: 'nobody, without effect' }),
      refused(
        'its spec through its status',
        `${REGION}/status`,
        { spec: { gramsPerKwh: 1 } },
        {
          refusedBy: 'nobody, without effect',
        },
      ),
      refused('its spec', REGION, { spec: { gramsPerKwh: 1 } }, RBAC),
      { name: 'its end', method: 'DELETE', path: REGION, ...RBAC },
    ],
  ],
  [
    'create coordination.k8s.io/leases',
    [
      refused('another Lease', LEASES, { metadata: { name: 'evil' } }, POST),
      refused('a Lease without a name', LEASES, { metadata: { generateName: 'gridgate' } }, POST),
      refused(
        'a Lease of a component of Kubernetes',
        '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases',
        { metadata: { name: 'evil' } },
        { ...POST, ...RBAC },
      ),
    ],
  ],
  [
    'update coordination.k8s.io/leases',
    [
      ...metadataOf(`${LEASES}/gridgate`, PUT),
      ...metadataOf(`${LEASES}/gridgate-releaser`, PUT).map((row) => ({
        ...row,
        name: `${row.name}, of the releaser's`,
      })),
      refused('a patch', `${LEASES}/gridgate`, { spec: { holderIdentity: 'me' } }, RBAC),
    ],
  ],
  [
    'create secrets',
    [
      refused('another Secret', `${SYSTEM}/secrets`, secret('evil', 'Opaque'), POST),
      refused(
        'a token of an account',
        `${SYSTEM}/secrets`,
        secret('evil', 'kubernetes.io/service-account-token', OF_ACCOUNT),
        POST,
      ),
      refused(
        'a token of an account by the name of the certificate',
        `${SYSTEM}/secrets`,
        secret('gridgate-tls', 'kubernetes.io/service-account-token', OF_ACCOUNT),
        POST,
      ),
      refused('a Secret elsewhere', `${TEAM}/secrets`, secret('gridgate-tls', 'Opaque'), { ...POST, ...RBAC }),
      refused('a Secret of Kubernetes', '/api/v1/namespaces/kube-system/secrets', secret('gridgate-tls', 'Opaque'), {
        ...POST,
        ...RBAC,
      }),
      refused(
        'a ConfigMap of Kubernetes',
        '/api/v1/namespaces/kube-system/configmaps',
        { metadata: { name: 'cluster-autoscaler-priority-expander' } },
        { ...POST, ...RBAC },
      ),
    ],
  ],
  [
    'update secrets',
    [
      ...metadataOf(`${SYSTEM}/secrets/gridgate-ca`, PUT),
      refused('that it never changes again', `${SYSTEM}/secrets/gridgate-ca`, { immutable: true }, PUT),
      refused('a patch', `${SYSTEM}/secrets/gridgate-ca`, { data: {} }, RBAC),
    ],
  ],
  [
    'create configmaps',
    [
      refused('another ConfigMap', CONFIG_MAPS, { metadata: { name: 'evil' } }, POST),
      refused(
        'a kill switch',
        CONFIG_MAPS,
        { metadata: { name: 'gridgate-kill-switch' }, data: { 'max-mode': 'off' } },
        POST,
      ),
      refused('one that never changes again', CONFIG_MAPS, { metadata: { name: LENGTHS }, immutable: true }, POST),
      refused('one elsewhere', `${TEAM}/configmaps`, { metadata: { name: LENGTHS } }, { ...POST, ...RBAC }),
      refused('the kill switch', CONFIG_MAPS, configMap('gridgate-kill-switch', { 'max-mode': 'off' }), POST),
      refused("gridgate's own settings", CONFIG_MAPS, configMap('gridgate'), POST),
      refused('another memory', CONFIG_MAPS, configMap('gridgate-memory-4'), POST),
      refused('one of no name', CONFIG_MAPS, { metadata: { generateName: 'gridgate-memory-' } }, POST),
      refused('the memory with a label of its own', CONFIG_MAPS, configMap(GONE, {}, { labels: { a: 'b' } }), POST),
      refused('the memory with an owner', CONFIG_MAPS, configMap(GONE, {}, { ownerReferences: [OWNER] }), POST),
      refused('the memory for ever', CONFIG_MAPS, { ...configMap(GONE), immutable: true }, POST),
      refused('the memory elsewhere', `${TEAM}/configmaps`, configMap('gridgate-memory-0'), { ...POST, ...RBAC }),
    ],
  ],
  [
    'patch configmaps',
    [
      ...metadataOf(`${CONFIG_MAPS}/${LENGTHS}`),
      refused('that it never changes again', `${CONFIG_MAPS}/${LENGTHS}`, { immutable: true }),
      refused('what is no text', `${CONFIG_MAPS}/${LENGTHS}`, { binaryData: { x: 'AAAA' } }),
      refused('settings', `${CONFIG_MAPS}/gridgate`, { data: { 'gridgate.yaml': '' } }, RBAC),
    ],
  ],
  [
    'update configmaps',
    [
      ...metadataOf(MEMORY, PUT),
      refused('that it never changes again', MEMORY, { immutable: true }, PUT),
      refused('what is no text', MEMORY, { binaryData: { other: 'AAAA' } }, PUT),
      refused('a patch', MEMORY, { data: {} }, RBAC),
      refused('the kill switch', `${CONFIG_MAPS}/gridgate-kill-switch`, { data: { 'max-mode': 'off' } }, RBAC),
    ],
  ],
  [
    'create events.k8s.io/events',
    [
      events('in the name of another', { reportingController: 'kubelet' }),
      events('good news of another than the Namespace', { type: 'Normal', regarding: POD_REFERENCE('team') }),
      events('that something else than a pod or a Job waits', {
        type: 'Normal',
        reason: 'Waiting',
        regarding: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', namespace: 'team' },
      }),
      events('good news of a Deployment that was not scaled', {
        type: 'Normal',
        reason: 'Deployed',
        regarding: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', namespace: 'team' },
      }),
      events("good news of somebody else's RegionalAutoscaler", {
        type: 'Normal',
        regarding: { apiVersion: 'evil.example/v1', kind: 'RegionalAutoscaler', name: 'web', namespace: 'team' },
      }),
      events('good news of another Namespace, as if it were in this one', {
        type: 'Normal',
        regarding: { apiVersion: 'v1', kind: 'Namespace', name: 'default', namespace: 'team' },
      }),
      events("good news of somebody else's kind Namespace", {
        type: 'Normal',
        regarding: { apiVersion: 'evil.example/v1', kind: 'Namespace', name: 'team', namespace: 'team' },
      }),
      events('good news of a Region, elsewhere', { type: 'Normal', regarding: REGION_REFERENCE }),
      events('good news of no Region', { type: 'Normal', regarding: POD_REFERENCE('default') }, 'default'),
      events('of a Namespace, in another', {
        regarding: { apiVersion: 'v1', kind: 'Namespace', name: 'default', namespace: 'default' },
      }),
      events('under a name of another', {}, 'team', 'web.17'),
      events('with a label', { metadata: { name: 'gridgate-evil', labels: { a: 'b' } } }),
      events('with an owner', { metadata: { name: 'gridgate-evil', ownerReferences: [OWNER] } }),
      events('of two objects', { related: { apiVersion: 'v1', kind: 'Pod', name: 'x', namespace: 'team' } }),
      events('in a series', { series: { count: 2, lastObservedTime: '2026-11-28T10:00:00.000000Z' } }),
      events('in kube-system', {}, 'kube-system'),
      refused(
        'the older resource',
        `${TEAM}/events`,
        { metadata: { name: 'gridgate-evil' }, involvedObject: { namespace: 'team' } },
        { ...POST, ...RBAC },
      ),
    ],
  ],
]);
