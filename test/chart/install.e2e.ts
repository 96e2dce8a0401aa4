import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { MANIFESTS, ofKind, type Rendered } from '../cluster/rendered-manifests.ts';
import { skip as noBinaries } from '../control-plane/assets.ts';
import { runHelm, runTool } from '../control-plane/helm.ts';
import { kubectlOutput } from '../control-plane/kubectl.ts';
import { podsSkip } from '../control-plane/process-kubelet/kubelet.ts';
import { type ControlPlane, startControlPlane } from '../control-plane/start.ts';
import { CHART } from './chart-files.ts';
import { SCHEMA_LOCATION, writeSchemas } from './kubeconform-schemas.ts';
import { renderChart } from './rendered-chart.ts';

const skip = noBinaries || podsSkip;
const NAMESPACE = 'gridgate-system';
/** Kinds of others, whose CustomResourceDefinitions are not here, so that nothing knows their schema. */
const OF_OTHERS = ['PodMonitor', 'ServiceMonitor', 'PrometheusRule', 'Certificate', 'Issuer', 'ExternalSecret'];
/** Every feature at least once. */
const RENDERINGS = [
  ['default', 'uninstall'],
  ['single', 'certificate', 'host-network', 'aks'],
  ['capacity', 'cert-manager', 'flow-control', 'namespace', 'network', 'pod-monitor', 'strict', 'verify'],
  [
    'alerts',
    'scheduling',
    'service-monitor',
    'config',
    'external-secrets',
    'image',
    'openshift',
    'failure-policy',
    'gke',
  ],
];

describe('the chart in a cluster', { skip }, () => {
  let plane: ControlPlane;
  before(async () => {
    plane = await startControlPlane({ pods: {} });
    await plane.addNodes(
      sampleRegions().map((region) => ({ name: `n-${region}`, labels: { 'topology.kubernetes.io/region': region } })),
    );
  });
  after(() => plane?.stop());

  const kubectl = (...args: readonly string[]) => kubectlOutput(plane, ...args);
  const helm = (...args: readonly string[]) =>
    runHelm([...args, '-n', NAMESPACE, '--kubeconfig', plane.kubeconfig, '--timeout', '120s']);
  async function helmDoes(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await helm(...args);
    assert.equal(code, 0, `${stdout}\n${stderr}`);
    return stdout + stderr;
  }
  async function webhooks(): Promise<readonly Rendered[]> {
    const both = 'mutatingwebhookconfiguration,validatingwebhookconfiguration';
    const { items } = JSON.parse(await kubectl('get', both, '-o', 'json', '--show-managed-fields'));
    return items;
  }
  /** By the webhook's name; those that are called the same have the same. */
  async function bundles(): Promise<Readonly<Record<string, string | undefined>>> {
    const all = (await webhooks()).flatMap((configuration) => configuration.webhooks);
    return Object.fromEntries(all.map(({ name, clientConfig }: Rendered) => [name, clientConfig.caBundle]));
  }
  const regions = async () => (await kubectl('get', 'regions', '-o', 'jsonpath={.items[*].metadata.name}')).split(' ');
  const steered = () =>
    plane.waitFor('a pod that is steered', async () => {
      const made = await kubectl('run', 'web', '-n', 'shop', '--image=web', '--dry-run=server', '-o', 'json');
      return JSON.parse(made).spec.affinity?.nodeAffinity;
    });

  test('is what kubeconform, strict, takes, by the schemas of this API server', async () => {
    const folder = join(plane.dir, 'schemas');
    assert.ok(writeSchemas((await plane.request('GET', '/openapi/v2')).body, folder) > 100);
    const args = ['-strict', '-summary', '-schema-location', join(folder, SCHEMA_LOCATION), '-skip', OF_OTHERS.join()];
    const conforms = (objects: readonly Rendered[]) =>
      runTool('kubeconform', args, {}, objects.map((object) => JSON.stringify(object)).join('\n---\n'));
    for (const ci of RENDERINGS) {
      const objects = await renderChart({ ci, hooks: true });
      const { stdout } = await conforms(objects);
      const skipped = ofKind(objects, ...OF_OTHERS).length;
      assert.ok(
        stdout.includes(`Valid: ${objects.length - skipped}, Invalid: 0, Errors: 0, Skipped: ${skipped}`),
        stdout,
      );
    }
    const [wrong] = ofKind(structuredClone(await renderChart()), 'Deployment');
    wrong.spec.template.spec.contaners = [];
    assert.match((await conforms([wrong])).stdout, /additional properties 'contaners' not allowed/);
  });

  test('helm install --wait: its pods run, and a pod is steered', async () => {
    const said = await helmDoes(
      ...['install', 'gridgate', CHART, '--wait', '--create-namespace', '--take-ownership'],
      ...[
        '--set',
        'namespace.create=true,config.bands.mode=absolute,image.repository=registry.example.com/gridgate,flowControl.enabled=true,verify.enabled=true,verify.wait=60s',
      ],
    );
    assert.match(said, /helm test gridgate -n gridgate-system/);
    await kubectl('apply', '-f', `${MANIFESTS}/samples/regions.yaml`);
    await kubectl('create', 'namespace', 'shop');
    await kubectl('annotate', 'namespace', 'shop', 'gridgate.dev/mode=audit');
    await kubectl('annotate', 'namespace', 'shop', 'gridgate.dev/mode=enforce', '--overwrite');
    assert.match(JSON.stringify(await steered()), /topology\.kubernetes\.io\/region/);
    const level = await kubectl('get', 'namespace', NAMESPACE, '-o', 'jsonpath={.metadata.labels}');
    assert.match(level, /"pod-security\.kubernetes\.io\/enforce":"restricted"/);
  });

  test('helm test makes a dry run of admission, says what it found, and leaves nothing', async () => {
    const said = await helmDoes('test', 'gridgate', '--logs');
    assert.match(said, /answers for namespaces/);
    assert.match(said, /answers for pods/);
    assert.match(said, /Phase:\s+Succeeded/);
    // One line of its log for all: what the chart's page reads with sed.
    assert.match(said, /ok +API server .*\\nok +/);
    const kinds = 'job,pod,serviceaccount,role,rolebinding,clusterrole,clusterrolebinding';
    assert.doesNotMatch(await kubectl('get', kinds, '-A', '-o', 'name'), /gridgate-check/);
  });

  test('a hook that cannot even begin leaves its account under its guard', async () => {
    await kubectl('create', 'quota', 'no-jobs', '-n', NAMESPACE, '--hard=count/jobs.batch=0');
    await plane.waitFor('the quota to count', async () => {
      const hard = await kubectl('get', 'quota', 'no-jobs', '-n', NAMESPACE, '-o', 'jsonpath={.status.hard}');
      return hard.includes('count/jobs.batch') || undefined;
    });
    const { code } = await helm('test', 'gridgate');
    assert.notEqual(code, 0);
    await kubectl('delete', 'quota', 'no-jobs', '-n', NAMESPACE);
    // Helm leaves what it made before: until it is run again, a token of it may be asked for.
    assert.match(await kubectl('get', 'clusterrolebinding', '-o', 'name'), /gridgate-check/);
    const as = { 'impersonate-user': `system:serviceaccount:${NAMESPACE}:gridgate-check` };
    const { status, body } = await plane.request('POST', '/api/v1/namespaces', { metadata: { name: 'stolen' } }, as);
    assert.equal(status, 403);
    assert.match(JSON.stringify(body), /gridgate check creates in dry runs only/);
    await helmDoes('test', 'gridgate');
    assert.doesNotMatch(await kubectl('get', 'clusterrolebinding', '-o', 'name'), /gridgate-check/);
  });

  let first: Readonly<Record<string, string | undefined>>;
  test('helm upgrade changes what is asked for; every caBundle, which is not Helm’s, stays', async () => {
    first = await bundles();
    assert.equal(new Set(Object.values(first)).size, 1);
    for (const { metadata } of await webhooks()) {
      const helms = metadata.managedFields.find(({ manager }: Rendered) => manager === 'helm');
      assert.ok(helms && !JSON.stringify(helms).includes('caBundle'));
    }
    await helmDoes(
      ...['upgrade', 'gridgate', CHART, '--wait', '--reuse-values'],
      ...['--set', 'strict=true,webhooks.pods.timeoutSeconds=3,webhook.replicas=1,config.bands.mode=relative'],
      ...['--set', 'capacity.regionalAutoscaler.enabled=true,verify.enabled=true'],
    );
    const now = await bundles();
    assert.deepEqual(Object.keys(now).sort(), [...Object.keys(first), 'bindings.gridgate.dev'].sort());
    for (const [name, bundle] of Object.entries(now)) assert.equal(bundle, first['pods.gridgate.dev'], name);
    const [mutating] = ofKind(await webhooks(), 'MutatingWebhookConfiguration');
    assert.equal(mutating.webhooks[0].timeoutSeconds, 3);
    assert.match(await kubectl('get', 'configmap', 'gridgate', '-n', NAMESPACE, '-o', 'yaml'), /mode: relative/);
    assert.deepEqual(await regions(), sampleRegions().toSorted());
    await steered();
  });

  test('helm rollback: as it was, and still steering', async () => {
    await helmDoes('rollback', 'gridgate', '1', '--wait');
    assert.deepEqual(await bundles(), first);
    const deployment = JSON.parse(await kubectl('get', 'deployment', 'gridgate', '-n', NAMESPACE, '-o', 'json'));
    assert.equal(deployment.spec.replicas, 2);
    assert.doesNotMatch(JSON.stringify(deployment.spec), /check-bindings/);
    await steered();
  });

  test('helm uninstall: CustomResourceDefinitions, Regions and what people wrote stay, and nothing else', async () => {
    await plane.waitFor('labels of nodes', async () => {
      const nodes = await kubectl('get', 'nodes', '-o', 'jsonpath={.items[*].metadata.labels}');
      return nodes.includes('gridgate.dev/carbon') || undefined;
    });
    await helmDoes('uninstall', 'gridgate');
    await assertRemain(
      'apiservice.apiregistration.k8s.io/v1alpha1.gridgate.dev', // comes and goes with the CustomResourceDefinitions
      'configmap/kube-root-ca.crt',
      'customresourcedefinition.apiextensions.k8s.io/regionalautoscalers.gridgate.dev',
      'customresourcedefinition.apiextensions.k8s.io/regions.gridgate.dev',
      'serviceaccount/default',
    );
    assert.deepEqual(await regions(), sampleRegions().toSorted());
    const traces = await kubectl('get', 'nodes,namespaces', '-o', 'jsonpath={.items[*].metadata.labels}');
    assert.doesNotMatch(traces, /gridgate\.dev/);
    const policy = await kubectl('get', 'namespace', 'shop', '-o', 'jsonpath={.metadata.annotations}');
    assert.match(policy, /gridgate\.dev\/mode/);
  });

  test('with verify.enabled an install that does not work fails, and says why', async () => {
    const { code, stdout, stderr } = await helm(
      ...['install', 'gridgate', CHART, '--set', 'controllers.replicas=0,verify.enabled=true,verify.wait=2s'],
      ...['--set', 'uninstall.policies=true,uninstall.regions=true,uninstall.settings=true'],
    );
    assert.notEqual(code, 0);
    assert.match(stdout + stderr, /failed post-install/);
    assert.match(stdout + stderr, /replicas +failed|failed +.*replicas/);
  });

  test('helm uninstall that was asked for all leaves nothing', async () => {
    await kubectl('create', 'configmap', 'gridgate-outages', '-n', NAMESPACE);
    await helmDoes('uninstall', 'gridgate');
    await assertRemain('configmap/kube-root-ca.crt', 'serviceaccount/default');
    const policy = await kubectl('get', 'namespace', 'shop', '-o', 'jsonpath={.metadata.annotations}');
    assert.doesNotMatch(policy, /gridgate\.dev/);
  });

  test('what kubectl apply -k installed, helm install --take-ownership goes on with', async () => {
    await kubectl('apply', '-k', `${MANIFESTS}/base`);
    const kept = await plane.waitFor('a caBundle', async () => {
      const now = await bundles();
      return Object.values(now).every((bundle) => bundle !== undefined) ? now : undefined;
    });
    await helmDoes('install', 'gridgate', CHART, '--wait', '--take-ownership', '--force-conflicts');
    assert.deepEqual(await bundles(), kept);
    const deployment = await kubectl('get', 'deployment', 'gridgate', '-n', NAMESPACE, '-o', 'jsonpath={.metadata}');
    assert.match(deployment, /"meta\.helm\.sh\/release-name":"gridgate"/);
  });

  /** Helm waits for nobody: a pod of its last hook, or an EndpointSlice, goes a moment later. */
  async function assertRemain(...expected: readonly string[]): Promise<void> {
    let last: readonly string[] = [];
    await plane
      .waitFor('the rest to be gone', async () => {
        last = await remains();
        return last.length <= expected.length || undefined;
      })
      .catch(() => {});
    assert.deepEqual(last, expected);
  }

  /** All that is in gridgate's namespace, and what anywhere is called or labelled as gridgate's; Events pass. */
  async function remains(): Promise<readonly string[]> {
    const list = async (isNamespaced: boolean) => {
      const names = await kubectl('api-resources', '--verbs=list', `--namespaced=${isNamespaced}`, '-o', 'name');
      return names
        .trim()
        .split('\n')
        .filter((name) => !/^events(\.|$)|metrics\.k8s\.io$/.test(name));
    };
    const within = await kubectl('get', (await list(true)).join(), '-n', NAMESPACE, '-o', 'name');
    const elsewhere = await kubectl('get', (await list(true)).join(), '-n', 'kube-system', '-o', 'name');
    const cluster = await kubectl('get', (await list(false)).join(), '-o', 'name');
    const named = `${elsewhere}${cluster}`.split('\n').filter((name) => name.includes('gridgate'));
    const others = named.filter((name) => !/^(region\.gridgate\.dev\/|namespace\/)/.test(name));
    return [...within.trim().split('\n'), ...others].sort();
  }
});

function sampleRegions(): readonly string[] {
  const documents = parseAllDocuments(readFileSync(`${MANIFESTS}/samples/regions.yaml`, 'utf8'));
  return documents.map((document) => document.toJS().metadata.name);
}
