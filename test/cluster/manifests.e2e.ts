import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { skip } from '../control-plane/assets.ts';
import { type ControlPlane, startControlPlane } from '../control-plane/start.ts';
import {
  COMPONENTS,
  type Component,
  LAYOUTS,
  MANIFESTS,
  ofKind,
  type Rendered,
  render,
  renderWith,
} from './rendered-manifests.ts';

const SAMPLE_CONFIG = `${MANIFESTS}/gridgate.yaml`;
const PODS = '/api/v1/namespaces/gridgate-system/pods';
const WEBHOOK = { name: 'gridgate', account: 'gridgate', roles: 'webhook' };
const CONTROLLERS = { name: 'gridgate-controllers', account: 'gridgate-controllers', roles: 'controllers' };
const DEPLOYMENTS = {
  base: [WEBHOOK, CONTROLLERS],
  strict: [WEBHOOK, CONTROLLERS],
  single: [{ ...WEBHOOK, account: 'gridgate-controllers', roles: 'webhook,controllers' }],
};

/** What people write for a component. */
const KINDS: Readonly<Partial<Record<Component, string>>> = {
  'regional-autoscaler': 'regionalautoscalers.gridgate.dev',
};

describe('the manifests', () => {
  let controlPlane: ControlPlane;
  const rendered = new Map<string, Rendered[]>();

  before(async () => {
    if (skip) return;
    controlPlane = await startControlPlane({ workers: [] });
    for (const layout of LAYOUTS) rendered.set(layout, await render(controlPlane, layout));
  });
  after(() => controlPlane?.stop());

  test('a dry run before the namespace exists misses nothing but the namespace', { skip }, async () => {
    const { code, stderr } = await dryRun('-k', 'base');
    assert.equal(code, 1);
    for (const line of stderr.trim().split('\n')) assert.match(line, /namespaces "gridgate-system" not found$/);

    const created = await controlPlane.kubectl(['apply', '-f', `${MANIFESTS}/base/namespace.yaml`]);
    assert.equal(created.code, 0, created.stderr);
  });

  for (const layout of LAYOUTS) {
    describe(layout, () => {
      const objects = (...kinds: readonly string[]) => ofKind(rendered.get(layout) ?? [], ...kinds);

      test('passes a server-side dry run without a warning', { skip }, async () => {
        const { code, stdout, stderr } = await dryRun('-k', layout);
        assert.deepEqual([code, stderr], [0, '']);
        assert.equal(stdout.trim().split('\n').length, rendered.get(layout)?.length);
      });

      test('its webhooks never break or block a cluster', { skip }, () => {
        const configurations = objects('MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration');
        for (const webhook of configurations.flatMap(({ webhooks }) => webhooks)) {
          const { name, failurePolicy, timeoutSeconds, matchPolicy, clientConfig } = webhook;
          assert.deepEqual([failurePolicy, timeoutSeconds, matchPolicy], ['Ignore', 2, 'Equivalent'], name);
          assert.deepEqual(
            [clientConfig.service.name, clientConfig.service.namespace],
            ['gridgate', 'gridgate-system'],
          );
          const own = ['kube-system', 'kube-public', 'kube-node-lease', 'gridgate-system'];
          assert.deepEqual(excluded(webhook), own, name);
          const isForNamespaces = name === 'namespaces.gridgate.dev';
          const labels = isForNamespaces ? undefined : { 'gridgate.dev/managed': 'true' };
          assert.deepEqual(webhook.namespaceSelector.matchLabels, labels, name);
        }
      });

      test('runs each role under the account for it, and tokens of sources only where they are read', { skip }, () => {
        const deployments = objects('Deployment').map(({ metadata, spec: { template } }) => ({
          name: metadata.name,
          account: template.spec.serviceAccountName,
          roles: flagsOf(template)['--roles'],
        }));
        assert.deepEqual(deployments, DEPLOYMENTS[layout]);
        for (const { spec } of objects('Deployment')) {
          const sources = spec.template.spec.volumes.find(({ name }: Rendered) => name === 'sources');
          const secret = { secretName: 'gridgate-sources', optional: true, defaultMode: 0o440 };
          const asks = flagsOf(spec.template)['--roles']?.includes('controllers');
          assert.deepEqual(sources?.secret, asks ? secret : undefined);
        }
      });

      test('its guard judges every write of the account under which its controllers run', { skip }, () => {
        const policies = objects('ValidatingAdmissionPolicy');
        const bound = objects('ValidatingAdmissionPolicyBinding').map(({ spec }) => [
          spec.policyName,
          spec.validationActions,
        ]);
        assert.deepEqual(Object.fromEntries(bound), { 'gridgate-controllers': ['Deny'], 'gridgate-regions': ['Warn'] });
        assert.deepEqual(
          Object.fromEntries(policies.map(({ metadata, spec }) => [metadata.name, spec.failurePolicy])),
          {
            'gridgate-controllers': 'Fail',
            'gridgate-regions': 'Ignore',
          },
        );
        const policy = policies.find((one) => one.metadata.name === 'gridgate-controllers') as Rendered;
        const [{ metadata, spec }] = objects('Deployment').filter(({ spec: { template } }) =>
          flagsOf(template)['--roles']?.includes('controllers'),
        );
        const account = `system:serviceaccount:${metadata.namespace}:${spec.template.spec.serviceAccountName}`;
        const [{ expression }] = policy.spec.matchConditions;
        assert.equal(expression, `request.userInfo.username == '${account}'`);

        const judged = namesOf(policy.spec.matchConstraints.resourceRules);
        const writable = objects('ClusterRole', 'Role')
          .filter((role) => role.metadata.name === 'gridgate-controllers')
          .flatMap(({ rules }) => rules)
          .filter(({ verbs }: Rendered) => verbs.some((verb: string) => !['get', 'list', 'watch'].includes(verb)));
        assert.deepEqual(
          namesOf(writable).filter((name) => !judged.includes(name)),
          [],
        );
        assert.ok(writable.length >= 8);
      });

      test('lets go what is overdue every five minutes, one at a time, under an account that may, and as no part of a Service', {
        skip,
      }, () => {
        const [{ metadata, spec }] = objects('CronJob');
        const { template } = spec.jobTemplate.spec;
        const [container] = template.spec.containers;
        assert.deepEqual(
          [metadata.name, spec.schedule, spec.concurrencyPolicy, container.args],
          ['gridgate-release-overdue', '*/5 * * * *', 'Forbid', ['release', '--overdue']],
        );
        assert.equal(container.image, objects('Deployment')[0].spec.template.spec.containers[0].image);
        assert.equal(template.spec.serviceAccountName, 'gridgate-controllers');
        assert.ok(container.securityContext.readOnlyRootFilesystem && container.resources.limits.memory);
        const selected = [...objects('Service'), ...objects('PodDisruptionBudget')].map(({ spec }) => spec.selector);
        for (const { matchLabels, ...labels } of selected)
          assert.ok(!isSubset(matchLabels ?? labels, template.metadata.labels), JSON.stringify(matchLabels ?? labels));
      });

      test('its pods meet the restricted level, which refuses others', { skip }, async () => {
        const overdue = objects('CronJob').map(({ spec }) => spec.jobTemplate);
        for (const { spec } of [...objects('Deployment'), ...overdue]) {
          const pod = { metadata: { ...spec.template.metadata, name: 'gridgate-1' }, spec: spec.template.spec };
          const admitted = await controlPlane.request('POST', `${PODS}?dryRun=All`, pod);
          assert.equal(admitted.status, 201, JSON.stringify(admitted.body));

          const refused = await controlPlane.request('POST', `${PODS}?dryRun=All`, withPrivilege(pod));
          assert.equal(refused.status, 403);
          assert.match(refused.body.message, /violates PodSecurity "restricted:latest": privileged/);
        }
      });

      test('its Deployments find what they refer to, and Service and budgets find them', { skip }, () => {
        const budgets = new Map(objects('PodDisruptionBudget').map(({ metadata, spec }) => [metadata.name, spec]));
        assert.equal(budgets.size, objects('Deployment').length);
        assert.deepEqual(objects('ConfigMap'), [], 'what people own is not applied again');
        for (const { metadata, spec } of objects('Deployment')) {
          const { template } = spec;
          assert.deepEqual(spec.selector.matchLabels, template.metadata.labels);
          assert.deepEqual(budgets.get(metadata.name)?.selector.matchLabels, spec.selector.matchLabels);
          const [container] = template.spec.containers;
          const [volume] = template.spec.volumes;
          const [mount] = container.volumeMounts;
          assert.deepEqual([volume.name, volume.configMap], [mount.name, { name: 'gridgate', optional: true }]);
          // As `kubectl create configmap --from-file` names its key.
          assert.equal(flagsOf(template)['--config'], `${mount.mountPath}/${basename(SAMPLE_CONFIG)}`);
          assert.ok(existsSync(SAMPLE_CONFIG));
          const ports = container.ports.map(({ name }: Rendered) => name);
          for (const probe of [container.readinessProbe, container.livenessProbe])
            assert.ok(ports.includes(probe.httpGet.port));
          const isStrict = layout === 'strict' && metadata.name === 'gridgate';
          assert.equal('--check-bindings' in flagsOf(template), isStrict);
        }
        assert.deepEqual(
          objects('Service')[0].spec.selector,
          objects('Deployment').find(({ metadata }) => metadata.name === 'gridgate').spec.selector.matchLabels,
        );
      });
    });
  }

  for (const component of COMPONENTS)
    for (const layout of LAYOUTS)
      describe(`${layout} with ${component}`, () => {
        let objects: Rendered[];
        before(async () => {
          if (!skip) objects = await renderWith(controlPlane, layout, [component]);
        });
        const nameOf = ({ kind, metadata }: Rendered) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`;
        const added = () => {
          const known = new Set((rendered.get(layout) ?? []).map(nameOf));
          return objects.filter((object) => !known.has(nameOf(object)));
        };

        test('passes a server-side dry run without a warning', { skip }, async () => {
          const input = objects.map((object) => JSON.stringify(object)).join('\n---\n');
          const { code, stderr } = await controlPlane.kubectl(['apply', '--dry-run=server', '-f', '-'], input);
          assert.deepEqual([code, stderr], [0, '']);
        });

        test('switches it on where controllers run, and nowhere else', { skip }, () => {
          for (const { metadata, spec } of ofKind(objects, 'Deployment')) {
            const flags = flagsOf(spec.template);
            const expected = flags['--roles']?.includes('controllers') ? 'on' : undefined;
            assert.equal(flags[`--${component}`], expected, metadata.name);
          }
        });

        const forControllers = new RegExp(
          `^((Cluster)?Role(Binding)?|ValidatingAdmissionPolicy(Binding)?) gridgate-${component}$|^CustomResourceDefinition ${KINDS[component]}$`,
        );
        const forPeople = new RegExp(`^ClusterRole gridgate-${component}-(view|edit)$`);

        test('adds rights, a guard and a kind of its own alone, all of it labelled as gridgate', { skip }, () => {
          for (const { kind, metadata } of added()) {
            assert.match(`${kind} ${metadata.name}`, isAggregated(metadata) ? forPeople : forControllers);
            assert.equal(metadata.labels['app.kubernetes.io/part-of'], 'gridgate');
          }
          const kept = objects.filter((object) => !added().includes(object) && object.kind !== 'Deployment');
          assert.deepEqual(
            kept,
            (rendered.get(layout) ?? []).filter(({ kind }) => kind !== 'Deployment'),
          );
        });

        test('its rights are those of the account of the controllers, and its guard judges every write of them', {
          skip,
        }, () => {
          for (const { subjects } of ofKind(added(), 'ClusterRoleBinding', 'RoleBinding'))
            assert.deepEqual(
              subjects.map(({ kind, name, namespace }: Rendered) => [kind, name, namespace]),
              [['ServiceAccount', 'gridgate-controllers', 'gridgate-system']],
            );
          const [policy] = ofKind(added(), 'ValidatingAdmissionPolicy');
          const [binding] = ofKind(added(), 'ValidatingAdmissionPolicyBinding');
          assert.deepEqual([binding.spec.policyName, binding.spec.validationActions], [policy.metadata.name, ['Deny']]);
          assert.equal(policy.spec.failurePolicy, 'Fail');
          const guard = objects.find(
            ({ kind, metadata }) => kind === policy.kind && metadata.name === 'gridgate-controllers',
          );
          assert.deepEqual(policy.spec.matchConditions, guard.spec.matchConditions);
          const judged = namesOf([policy, guard].flatMap(({ spec }) => spec.matchConstraints.resourceRules));
          const writable = ofKind(added(), 'ClusterRole', 'Role')
            .filter(({ metadata }) => !isAggregated(metadata))
            .flatMap(({ rules }) => rules)
            .filter(({ verbs }: Rendered) => verbs.some((verb: string) => !['get', 'list', 'watch'].includes(verb)));
          assert.ok(writable.length > 0);
          assert.deepEqual(
            namesOf(writable).filter((name) => !judged.includes(name)),
            [],
          );
        });
      });

  test('the sample namespaces pass a dry run, and label and mode agree', { skip }, async () => {
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

  test('applied again, the base leaves the configuration and the Regions of their owners alone', { skip }, async () => {
    const kubectl = async (...args: readonly string[]) => {
      const { code, stdout, stderr } = await controlPlane.kubectl(args);
      assert.equal(code, 0, stderr);
      return stdout;
    };
    const apply = () => kubectl('apply', '-k', `${MANIFESTS}/base`);
    await apply();
    await kubectl('create', 'configmap', 'gridgate', '-n', 'gridgate-system', `--from-file=${SAMPLE_CONFIG}`);
    const edit = JSON.stringify({ data: { 'gridgate.yaml': 'sources: [{type: uk-carbon-intensity}]' } });
    await kubectl('patch', 'configmap', 'gridgate', '-n', 'gridgate-system', '--type=merge', '-p', edit);
    await controlPlane.waitFor(
      'Regions',
      async () => (await controlPlane.kubectl(['get', 'regions'])).code === 0 || undefined,
    );
    await kubectl('apply', '-f', `${MANIFESTS}/samples/regions.yaml`);
    const owned = () => kubectl('get', 'configmap/gridgate', '-n', 'gridgate-system', '-o', 'jsonpath={.data}');
    const [before, regions] = [await owned(), await kubectl('get', 'regions', '-o', 'name')];
    await apply();
    assert.match(before, /uk-carbon-intensity/);
    assert.deepEqual([await owned(), await kubectl('get', 'regions', '-o', 'name')], [before, regions]);
  });

  function dryRun(flag: '-k' | '-f', path: string) {
    return controlPlane.kubectl(['apply', '--dry-run=server', flag, `${MANIFESTS}/${path}`]);
  }
});

/** Rights of people, as a part of view and edit. */
function isAggregated({ labels }: Rendered): boolean {
  return Object.keys(labels).some((key) => key.startsWith('rbac.authorization.k8s.io/aggregate-to-'));
}

/** The resources of rules: `apps/replicasets/status`. */
function namesOf(rules: readonly Rendered[]): readonly string[] {
  const names = ({ apiGroups, resources }: Rendered) =>
    apiGroups.flatMap((group: string) => resources.map((resource: string) => `${group}/${resource}`));
  return rules.flatMap(names);
}

/** The container's arguments: `--roles=webhook` as one entry. */
function flagsOf({ spec }: Rendered): Record<string, string | undefined> {
  const args: string[] = spec.containers[0].args;
  return Object.fromEntries(args.slice(1).map((arg) => arg.split('=') as [string, string?]));
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

function isSubset(some: Readonly<Record<string, string>>, all: Readonly<Record<string, string>>): boolean {
  return Object.entries(some).every(([key, value]) => all[key] === value);
}
