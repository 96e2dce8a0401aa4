import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, test } from 'node:test';
import { ofKind, type Rendered } from '../cluster/rendered-manifests.ts';
import { skip } from '../control-plane/assets.ts';
import { runHelm } from '../control-plane/helm.ts';
import { CHART } from './chart-files.ts';
import { find, parseObjects, type Rendering, refusal, renderChart, valuesOf } from './rendered-chart.ts';

const WEBHOOKS = ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'] as const;

/** What a user would notice of each file of ci/. */
const NOTICED: Readonly<Record<string, (objects: readonly Rendered[]) => void>> = {
  default(objects) {
    assert.equal(objects.length, 30);
    assert.deepEqual(ofKind(objects, 'ConfigMap', 'Secret', 'Namespace'), [], 'what people own is not the chart’s');
  },

  strict(objects) {
    assert.ok(argsOf(objects, 'gridgate').includes('--check-bindings'));
    const { webhooks } = find(objects, 'ValidatingWebhookConfiguration', 'gridgate');
    assert.deepEqual(
      webhooks.map(({ name }: Rendered) => name),
      ['pods.gridgate.dev', 'bindings.gridgate.dev', 'workloads.gridgate.dev'],
    );
  },

  single(objects) {
    assert.deepEqual(
      ofKind(objects, 'Deployment').map(({ metadata }) => metadata.name),
      ['gridgate'],
    );
    assert.ok(argsOf(objects, 'gridgate').includes('--roles=webhook,controllers'));
    const { env } = containerOf(objects, 'gridgate');
    assert.equal(env.at(-1).name, 'HTTPS_PROXY', 'what controllers are told counts where they run');
  },

  image(objects) {
    for (const pod of podsOf(objects)) {
      const [{ image, imagePullPolicy }] = pod.containers;
      assert.match(image, /^registry\.example\.com\/mirror\/gridgate@sha256:[0-9a-f]{64}$/);
      assert.equal(imagePullPolicy, 'IfNotPresent');
      assert.deepEqual(pod.imagePullSecrets, [{ name: 'registry' }]);
    }
  },

  config(objects) {
    const { data } = find(objects, 'ConfigMap', 'gridgate');
    const [config] = parseObjects(data['gridgate.yaml']);
    assert.equal(config.sources[0].type, 'electricity-maps');
    assert.deepEqual([config.policy['max-intensity'], config.limits['max-intensity']], [400, 600]);
    const secret = podOf(objects, 'gridgate-controllers').volumes.find(({ name }: Rendered) => name === 'sources');
    assert.equal(secret.secret.secretName, 'carbon-tokens');
    const judging = ['--region-label=example.com/region', '--policy-signal=marginal', '--default-region=eu-west-1'];
    const overdue = find(objects, 'CronJob', 'gridgate-release-overdue').spec.jobTemplate.spec.template.spec;
    for (const args of [
      argsOf(objects, 'gridgate'),
      argsOf(objects, 'gridgate-controllers'),
      overdue.containers[0].args,
    ])
      assert.deepEqual(
        args.filter((arg: string) => judging.includes(arg)),
        judging,
        'all that judge pods judge alike',
      );
    const status = find(objects, 'Role', 'gridgate-autoscaler-status');
    assert.deepEqual([status.metadata.namespace, status.rules[0].resourceNames], ['autoscaling', ['ca-status']]);
  },

  'external-secrets'(objects) {
    const { metadata, spec } = find(objects, 'ExternalSecret', 'gridgate-sources');
    assert.equal(metadata.namespace, 'gridgate-system', 'templates in it are filled in');
    const { volumes } = podOf(objects, 'gridgate-controllers');
    assert.ok(volumes.some(({ secret }: Rendered) => secret?.secretName === spec.target.name));
  },

  'cert-manager'(objects) {
    const certificate = find(objects, 'Certificate', 'gridgate');
    assert.deepEqual(certificate.spec.dnsNames, ['gridgate.gridgate-system.svc']);
    assert.deepEqual(certificate.spec.issuerRef, { kind: 'Issuer', name: 'gridgate' });
    const authority = find(objects, 'Certificate', 'gridgate-authority').spec;
    assert.equal(find(objects, 'Issuer', 'gridgate').spec.ca.secretName, authority.secretName);
    for (const { metadata } of ofKind(objects, ...WEBHOOKS))
      assert.equal(metadata.annotations['cert-manager.io/inject-ca-from'], 'gridgate-system/gridgate');
    servesFrom(objects, certificate.spec.secretName);
  },

  'cert-manager-issuer'(objects) {
    const { issuerRef } = find(objects, 'Certificate', 'gridgate').spec;
    assert.deepEqual(issuerRef, { group: 'cert-manager.io', kind: 'ClusterIssuer', name: 'company' });
    assert.deepEqual(ofKind(objects, 'Issuer'), []);
  },

  certificate(objects) {
    servesFrom(objects, 'gridgate-from-vault');
    assert.ok(argsOf(objects, 'gridgate').includes('--client-ca=/callers/ca.crt'));
    for (const { metadata } of ofKind(objects, ...WEBHOOKS))
      assert.deepEqual(metadata.annotations, { 'service.beta.openshift.io/inject-cabundle': 'true' });
  },

  'failure-policy'(objects) {
    const policies = webhooksOf(objects).map(({ name, failurePolicy, timeoutSeconds }) => [
      name,
      failurePolicy,
      timeoutSeconds,
    ]);
    assert.deepEqual(policies, [
      ['pods.gridgate.dev', 'Fail', 5],
      ['jobs.gridgate.dev', 'Ignore', 2],
      ['namespaces.gridgate.dev', 'Ignore', 2],
      ['workloads.gridgate.dev', 'Ignore', 2],
    ]);
    for (const { namespaceSelector } of webhooksOf(objects))
      assert.deepEqual(namespaceSelector.matchExpressions[0].values.slice(-2), ['gridgate-system', 'istio-system']);
  },

  gke(objects) {
    assert.ok(argsOf(objects, 'gridgate').includes('--port=10250'));
    assert.deepEqual(containerOf(objects, 'gridgate').ports[0], { name: 'https', containerPort: 10250 });
    assert.equal(podOf(objects, 'gridgate').hostNetwork, undefined);
    assert.equal(find(objects, 'Service', 'gridgate').spec.ports[0].targetPort, 'https');
  },

  'host-network'(objects) {
    const { hostNetwork, dnsPolicy } = podOf(objects, 'gridgate');
    assert.deepEqual([hostNetwork, dnsPolicy], [true, 'ClusterFirstWithHostNet']);
    const ports = containerOf(objects, 'gridgate').ports.map(({ containerPort }: Rendered) => containerPort);
    assert.deepEqual(ports, [10260, 10261]);
    assert.deepEqual(argsOf(objects, 'gridgate').slice(3), ['--port=10260', '--metrics-port=10261']);
    assert.equal(podOf(objects, 'gridgate-controllers').hostNetwork, undefined);
    const { strategy } = find(objects, 'Deployment', 'gridgate').spec;
    assert.deepEqual(strategy.rollingUpdate, { maxSurge: 0, maxUnavailable: 1 }, 'a port of a node is there once');
  },

  aks(objects) {
    for (const { metadata } of ofKind(objects, ...WEBHOOKS))
      for (const said of [metadata.labels, metadata.annotations])
        assert.equal(said['admissions.enforcer/disabled'], 'true');
  },

  openshift(objects) {
    for (const { securityContext } of podsOf(objects))
      assert.deepEqual(securityContext, { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
  },

  network(objects) {
    const ingress = find(objects, 'NetworkPolicy', 'gridgate').spec.ingress;
    assert.deepEqual(ingress[0].from, [{ ipBlock: { cidr: '10.0.0.0/28' } }]);
    const all = find(objects, 'NetworkPolicy', 'gridgate-egress').spec;
    assert.deepEqual(portsOf(all.egress), [53, 53, 443, 6443]);
    assert.deepEqual(all.egress[1].to, [{ ipBlock: { cidr: '10.0.0.0/28' } }, { ipBlock: { cidr: '2001:db8::/64' } }]);
    const sources = find(objects, 'NetworkPolicy', 'gridgate-sources').spec;
    assert.deepEqual(portsOf(sources.egress), [3128, 9090, 443], 'of a file there is none');
    assert.equal(sources.podSelector.matchLabels['app.kubernetes.io/component'], 'controllers');
  },

  capacity(objects) {
    assert.deepEqual(argsOf(objects, 'gridgate-controllers').slice(3), [
      '--carbon-budgets=audit',
      '--node-overlays=on',
      '--node-pools=audit',
      '--priority-expander=on',
      '--regional-autoscaler=on',
    ]);
    assert.equal(argsOf(objects, 'gridgate').length, 3);
    assert.equal(find(objects, 'RoleBinding', 'gridgate-priority-expander').metadata.namespace, 'autoscaling');
    for (const { metadata } of ofKind(objects, 'CustomResourceDefinition'))
      assert.equal(metadata.annotations['helm.sh/resource-policy'], 'keep', metadata.name);
    assert.equal(ofKind(objects, 'CustomResourceDefinition').length, 2);
  },

  'flow-control'(objects) {
    const { spec } = find(objects, 'FlowSchema', 'gridgate');
    const accounts = spec.rules[0].subjects.map(({ serviceAccount }: Rendered) => serviceAccount);
    assert.deepEqual(accounts, [
      { name: 'gridgate', namespace: 'gridgate-system' },
      { name: 'gridgate-controllers', namespace: 'gridgate-system' },
    ]);
    find(objects, 'PriorityLevelConfiguration', spec.priorityLevelConfiguration.name);
  },

  'pod-monitor'(objects) {
    const { metadata, spec } = find(objects, 'PodMonitor', 'gridgate');
    assert.equal(metadata.labels.release, 'prometheus');
    const [{ port, honorLabels }] = spec.podMetricsEndpoints;
    assert.deepEqual([port, honorLabels], ['metrics', true]);
    for (const name of ['gridgate', 'gridgate-controllers']) {
      const { labels } = find(objects, 'Deployment', name).spec.template.metadata;
      assert.equal(labels['app.kubernetes.io/name'], spec.selector.matchLabels['app.kubernetes.io/name']);
      assert.ok(spec.selector.matchExpressions[0].values.includes(labels['app.kubernetes.io/component']));
    }
  },

  'service-monitor'(objects) {
    const { spec } = find(objects, 'ServiceMonitor', 'gridgate');
    assert.deepEqual(spec.selector.matchLabels, { 'app.kubernetes.io/name': 'gridgate' });
    assert.equal(spec.endpoints[0].honorLabels, true);
    const components = ofKind(objects, 'Service').map(({ spec }) => spec.selector['app.kubernetes.io/component']);
    assert.deepEqual(components.sort(), ['controllers', 'webhook'], 'the leader’s metrics are read, too');
  },

  scheduling(objects) {
    const [webhook, controllers] = [podOf(objects, 'gridgate'), podOf(objects, 'gridgate-controllers')];
    assert.equal(find(objects, 'Deployment', 'gridgate').spec.replicas, 3);
    assert.deepEqual(webhook.nodeSelector, { 'node-role.example.com/system': 'true' });
    assert.deepEqual(controllers.nodeSelector, { 'kubernetes.io/os': 'linux' });
    for (const pod of podsOf(objects)) assert.equal(pod.tolerations[0].key, 'CriticalAddonsOnly');
    assert.equal(webhook.topologySpreadConstraints, undefined);
    assert.equal(controllers.topologySpreadConstraints.length, 2);
    assert.equal(webhook.priorityClassName, 'company-critical');
    assert.equal(webhook.containers[0].resources.requests.memory, '192Mi', 'what is not said stays');
    assert.equal(argsOf(objects, 'gridgate').at(-1), '--shutdown-delay=20s');
    assert.equal(webhook.containers[0].volumeMounts.at(-1).mountPath, '/more');
    const budgets = ofKind(objects, 'PodDisruptionBudget').map(({ spec }) => spec.maxUnavailable);
    assert.deepEqual(budgets, ['34%']);
    for (const { metadata } of objects) assert.equal(metadata.labels.team, 'platform', metadata.name);
    const { metadata, spec } = find(objects, 'Deployment', 'gridgate');
    assert.equal(spec.selector.matchLabels.team, undefined, 'selectors cannot change later');
    assert.deepEqual(spec.template.metadata.annotations, { 'example.com/why': 'admission' });
    assert.equal(metadata.labels['example.com/tier'], undefined);
    assert.equal(spec.template.metadata.labels['example.com/tier'], 'system');
    const account = find(objects, 'ServiceAccount', 'gridgate-controllers');
    assert.match(account.metadata.annotations['eks.amazonaws.com/role-arn'], /role\/gridgate$/);
    assert.deepEqual(ofKind(objects, 'PriorityClass', 'ResourceQuota', 'CustomResourceDefinition'), []);
  },

  verify(objects) {
    const { metadata, spec } = find(objects, 'Job', 'gridgate-check');
    assert.match(metadata.annotations['helm.sh/hook'], /post-install,post-upgrade/);
    assert.deepEqual(spec.template.spec.containers[0].args, [
      'check',
      '--wait=90s',
      '--system-namespace=gridgate-system',
      '--namespace=shop',
    ]);
  },

  uninstall(objects) {
    const { spec } = find(objects, 'Job', 'gridgate-uninstall');
    const flags = [
      '--before-helm',
      '--yes',
      '--system-namespace=gridgate-system',
      '--policies',
      '--regions',
      '--settings',
    ];
    assert.deepEqual(spec.template.spec.containers[0].args, ['uninstall', ...flags]);
    const deletes = ofKind(objects, 'ClusterRole', 'Role')
      .filter(({ metadata }) => metadata.name === 'gridgate-uninstall')
      .flatMap(({ rules }) => rules)
      .filter(({ verbs }: Rendered) => verbs.includes('delete'))
      .flatMap(({ resourceNames = [] }: Rendered) => resourceNames);
    for (const name of ['regions.gridgate.dev', 'gridgate-outages', 'gridgate-sources'])
      assert.ok(deletes.includes(name), name);
  },

  namespace(objects) {
    const { labels, annotations } = find(objects, 'Namespace', 'gridgate-system').metadata;
    assert.equal(labels['pod-security.kubernetes.io/enforce'], 'restricted');
    assert.equal(annotations['helm.sh/resource-policy'], 'keep', 'settings that people made in it are not the chart’s');
  },

  alerts(objects) {
    const { spec } = find(objects, 'PrometheusRule', 'gridgate');
    const alerts = spec.groups.flatMap(({ rules }: Rendered) => rules).filter(({ alert }: Rendered) => alert);
    assert.ok(alerts.length >= 9);
    for (const { annotations } of alerts)
      assert.match(annotations.runbook_url, /^https:\/\/example\.com\/runbook\.md#/);
    const dashboards = ofKind(objects, 'ConfigMap').filter(({ metadata }) => metadata.labels.grafana_dashboard === '1');
    assert.ok(dashboards.length >= 2);
    for (const { metadata, data } of dashboards) {
      assert.equal(metadata.namespace, 'monitoring');
      for (const [file, text] of Object.entries(data)) assert.ok(JSON.parse(text as string).panels, file);
    }
  },
};

/** Templates that have nothing to do with each other. */
const EVERYTHING = [
  'capacity',
  'cert-manager',
  'flow-control',
  'namespace',
  'network',
  'pod-monitor',
  'strict',
  'verify',
];
const FILES = globSync(`${CHART}/ci/*-values.yaml`).map((path) => basename(path, '-values.yaml'));

describe('values of the chart', { concurrency: 2 }, () => {
  test('each file of ci/ has its row here', () => assert.deepEqual(FILES.sort(), Object.keys(NOTICED).sort()));

  for (const [name, notice] of Object.entries(NOTICED))
    test(`${name}-values.yaml`, { skip }, async () => {
      const objects = await renderChart({ ci: [name], hooks: ['verify', 'uninstall'].includes(name) });
      notice(objects);
      assert.deepEqual(
        webhooksOf(objects).filter(({ clientConfig }) => 'caBundle' in clientConfig),
        [],
        'a caBundle belongs to whoever keeps the certificate',
      );
    });

  const REFUSED: readonly (readonly [what: string, rendering: Rendering, says: RegExp])[] = [
    ['an unknown key', { set: ['webhok.replicas=3'] }, /additional properties 'webhok' not allowed/],
    ['an unknown key further in', { set: ['webhook.replica=3'] }, /'\/webhook': additional properties 'replica' not/],
    ['no number', { set: ['webhook.replicas=many'] }, /'\/webhook\/replicas': got string, want integer/],
    ['a port of the system', { set: ['webhook.port=443'] }, /'\/webhook\/port': minimum: got 443, want 1,?024/],
    ['a bare on', { set: ['capacity.nodePools.mode=true'] }, /'\/capacity\/nodePools\/mode'/],
    [
      'a bindings webhook that fails',
      { set: ['webhooks.bindings.failurePolicy=Fail'] },
      /'\/webhooks\/bindings\/failurePolicy': value must be 'Ignore'/,
    ],
    ['a source that is none', { set: ['config.sources[0].type=horoscope'] }, /'\/config\/sources\/0/],
    ['a mode that is none', { set: ['config.policy.mode=strict'] }, /'\/config\/policy\/mode'/],
    ['a digest that is none', { set: ['image.digest=latest'] }, /'\/image\/digest'/],
    [
      'the node’s network at the kubelet’s port',
      { set: ['webhook.hostNetwork=true', 'webhook.port=10250'] },
      /webhook\.hostNetwork with webhook\.port 10250: that is the kubelet's port/,
    ],
    ['one port for two', { set: ['webhook.port=9090'] }, /webhook\.port and webhook\.metricsPort are both 9090/],
    ['two monitors', { ci: ['pod-monitor', 'service-monitor'] }, /choose one, or everything is counted twice/],
    [
      'the node’s network where the namespace forbids it',
      { ci: ['host-network', 'namespace'] },
      /other than privileged admits no pod in the node's network/,
    ],
    [
      'a certificate where the controllers keep theirs',
      { set: ['certificates.mode=secret', 'certificates.secretName=gridgate-tls'] },
      /the controllers keep a Secret of that name/,
    ],
  ];
  for (const [what, rendering, says] of REFUSED)
    test(`refuses ${what}, in words`, { skip }, async () => assert.match(await refusal(rendering), says));

  test('another release in another namespace: names stay, and nothing says gridgate-system', { skip }, async () => {
    const own = await renderChart({ ci: EVERYTHING, hooks: true });
    const other = await renderChart({ ci: EVERYTHING, hooks: true, release: 'carbon', namespace: 'carbon-place' });
    assert.doesNotMatch(JSON.stringify(other), /gridgate-system/);
    const moved = JSON.stringify(own).replaceAll('gridgate-system', 'carbon-place');
    assert.deepEqual(byKind(other), byKind(JSON.parse(moved)));
  });

  test('a chart that has it as a part may say what is for all of its parts', { skip }, async () => {
    assert.equal((await renderChart({ set: ['global.region=eu'] })).length, 30);
  });

  for (const ci of [['default'], ['single', 'certificate', 'host-network'], EVERYTHING])
    test(`helm lint has nothing against ${ci.join(', ')}`, { skip }, async () => {
      const { code, stdout } = await runHelm(['lint', '--strict', CHART, ...valuesOf(ci)]);
      assert.equal(code, 0, stdout);
    });
});

function byKind(objects: readonly Rendered[]): readonly Rendered[] {
  const key = ({ kind, metadata }: Rendered) => `${kind} ${metadata.namespace ?? ''} ${metadata.name}`;
  return objects.toSorted((one, other) => (key(one) < key(other) ? -1 : 1));
}

function podOf(objects: readonly Rendered[], deployment: string): Rendered {
  return find(objects, 'Deployment', deployment).spec.template.spec;
}

/** Every pod that gridgate runs, of Deployments, CronJobs and Jobs. */
function podsOf(objects: readonly Rendered[]): readonly Rendered[] {
  const templates = [
    ...ofKind(objects, 'Deployment', 'Job').map(({ spec }) => spec.template),
    ...ofKind(objects, 'CronJob').map(({ spec }) => spec.jobTemplate.spec.template),
  ];
  assert.ok(templates.length >= 3);
  return templates.map(({ spec }) => spec);
}

function containerOf(objects: readonly Rendered[], deployment: string): Rendered {
  return podOf(objects, deployment).containers[0];
}

function argsOf(objects: readonly Rendered[], deployment: string): readonly string[] {
  return containerOf(objects, deployment).args;
}

function webhooksOf(objects: readonly Rendered[]): readonly Rendered[] {
  return ofKind(objects, ...WEBHOOKS).flatMap(({ webhooks }) => webhooks);
}

function portsOf(rules: readonly Rendered[]): readonly number[] {
  return rules.flatMap(({ ports }) => ports.map(({ port }: Rendered) => port));
}

function servesFrom(objects: readonly Rendered[], secretName: string): void {
  const { volumes, containers } = podOf(objects, 'gridgate');
  const { secret } = volumes.find(({ name }: Rendered) => name === 'tls');
  const { mountPath } = containers[0].volumeMounts.find(({ name }: Rendered) => name === 'tls');
  assert.equal(secret.secretName, secretName);
  for (const flag of [`--cert-file=${mountPath}/tls.crt`, `--key-file=${mountPath}/tls.key`])
    assert.ok(argsOf(objects, 'gridgate').includes(flag));
  assert.ok(argsOf(objects, 'gridgate-controllers').includes('--manage-certificates=false'));
}
