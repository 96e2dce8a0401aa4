import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { findAssets } from '../control-plane/assets.ts';
import { type ControlPlane, startControlPlane } from '../control-plane/start.ts';
import { MANIFESTS, OVERLAYS, ofKind, type Rendered, render } from './rendered-manifests.ts';

const PODS = '/api/v1/namespaces/gridgate-system/pods';
const BASE_RULES = ['/namespaces get,list,watch', '/nodes list,watch', 'scheduling.k8s.io/priorityclasses list,watch'];
const RULES = { base: BASE_RULES, strict: [...BASE_RULES, '/pods list,watch'] };

const assets = findAssets();

describe('the manifests', { skip: 'missing' in assets && assets.missing }, () => {
  let controlPlane: ControlPlane;
  const rendered = new Map<string, Rendered[]>();

  before(async () => {
    controlPlane = await startControlPlane({ workers: [] });
    for (const overlay of OVERLAYS) rendered.set(overlay, await render(controlPlane, overlay));
  });
  after(() => controlPlane?.stop());

  test('a dry run before the namespace exists misses nothing but the namespace', async () => {
    const { code, stderr } = await dryRun('-k', 'base');
    assert.equal(code, 1);
    for (const line of stderr.trim().split('\n')) assert.match(line, /namespaces "gridgate-system" not found$/);

    const created = await controlPlane.kubectl(['apply', '-f', `${MANIFESTS}/base/namespace.yaml`]);
    assert.equal(created.code, 0, created.stderr);
  });

  for (const overlay of OVERLAYS) {
    describe(overlay, () => {
      test('passes a server-side dry run without a warning', async () => {
        const { code, stdout, stderr } = await dryRun('-k', overlay);
        assert.deepEqual([code, stderr], [0, '']);
        assert.equal(stdout.trim().split('\n').length, objects(overlay).length);
      });

      test('may do what it needs and no more', () => {
        assert.deepEqual(ofKind(objects(overlay), 'Role', 'RoleBinding'), []);
        assert.deepEqual(
          ofKind(objects(overlay), 'ClusterRole').flatMap(({ rules }) => rules.map(ruleText)),
          RULES[overlay],
        );
        for (const { subjects } of ofKind(objects(overlay), 'ClusterRoleBinding')) {
          assert.deepEqual(subjects, [{ kind: 'ServiceAccount', name: 'gridgate', namespace: 'gridgate-system' }]);
        }
      });

      test('its webhooks never break or block a cluster', () => {
        for (const webhook of webhooks(overlay)) {
          const { name, failurePolicy, timeoutSeconds, matchPolicy, clientConfig } = webhook;
          assert.deepEqual([failurePolicy, timeoutSeconds, matchPolicy], ['Ignore', 2, 'Equivalent'], name);
          assert.deepEqual(
            [clientConfig.service.name, clientConfig.service.namespace],
            ['gridgate', 'gridgate-system'],
          );
          assert.deepEqual(
            excluded(webhook),
            ['kube-system', 'kube-public', 'kube-node-lease', 'gridgate-system'],
            name,
          );
          const isForNamespaces = name === 'namespaces.gridgate.dev';
          const labels = isForNamespaces ? undefined : { 'gridgate.dev/managed': 'true' };
          assert.deepEqual(webhook.namespaceSelector.matchLabels, labels, name);
        }
      });

      test('its pods meet the restricted level, which refuses others', async () => {
        const [{ spec }] = ofKind(objects(overlay), 'Deployment');
        const pod = { metadata: { ...spec.template.metadata, name: 'gridgate-1' }, spec: spec.template.spec };
        const admitted = await controlPlane.request('POST', `${PODS}?dryRun=All`, pod);
        assert.equal(admitted.status, 201, JSON.stringify(admitted.body));

        const refused = await controlPlane.request('POST', `${PODS}?dryRun=All`, withPrivilege(pod));
        assert.equal(refused.status, 403);
        assert.match(refused.body.message, /violates PodSecurity "restricted:latest": privileged/);
      });

      test('its Deployment finds what it refers to, and its Service and budget find it', () => {
        const [{ spec }] = ofKind(objects(overlay), 'Deployment');
        const { labels } = spec.template.metadata;
        assert.deepEqual(spec.selector.matchLabels, labels);
        assert.deepEqual(ofKind(objects(overlay), 'Service')[0].spec.selector, labels);
        assert.deepEqual(ofKind(objects(overlay), 'PodDisruptionBudget')[0].spec.selector.matchLabels, labels);

        const [regions] = spec.template.spec.volumes;
        const [configMap] = ofKind(objects(overlay), 'ConfigMap');
        assert.equal(regions.configMap.name, configMap.metadata.name);
        assert.equal(configMap.data['regions.yaml'], readFileSync(`${MANIFESTS}/samples/regions.yaml`, 'utf8'));
        const { args } = spec.template.spec.containers[0];
        assert.equal(args.includes('--check-bindings'), overlay === 'strict');
      });
    });
  }

  test('the sample namespaces pass a dry run, and label and mode agree', async () => {
    const { code, stderr } = await dryRun('-f', 'samples/namespaces.yaml');
    assert.deepEqual([code, stderr], [0, '']);
    const namespaces = parseAllDocuments(readFileSync(`${MANIFESTS}/samples/namespaces.yaml`, 'utf8')).map((d) =>
      d.toJS(),
    );
    for (const { metadata } of namespaces) {
      const isManaged = (metadata.annotations?.['gridgate.dev/mode'] ?? 'off') !== 'off';
      assert.equal(metadata.labels?.['gridgate.dev/managed'], isManaged ? 'true' : undefined, metadata.name);
    }
  });

  function dryRun(flag: '-k' | '-f', path: string) {
    return controlPlane.kubectl(['apply', '--dry-run=server', flag, `${MANIFESTS}/${path}`]);
  }

  function objects(overlay: string): Rendered[] {
    return rendered.get(overlay) ?? [];
  }

  function webhooks(overlay: string): Rendered[] {
    const configurations = ofKind(objects(overlay), 'MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration');
    return configurations.flatMap(({ webhooks }) => webhooks);
  }
});

function ruleText({ apiGroups, resources, verbs }: Rendered): string {
  return `${apiGroups}/${resources} ${verbs}`;
}

function excluded({ namespaceSelector }: Rendered): string[] {
  const [{ key, operator, values }] = namespaceSelector.matchExpressions;
  assert.deepEqual([key, operator], ['kubernetes.io/metadata.name', 'NotIn']);
  return values;
}

function withPrivilege(pod: Rendered): Rendered {
  const copy = structuredClone(pod);
  copy.spec.containers[0].securityContext = { privileged: true };
  return copy;
}
