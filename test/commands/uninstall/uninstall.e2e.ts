import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { inParallel } from '../../../src/units/in-parallel.ts';
import { applyObjects } from '../../cluster/controllers-account.ts';
import { ofKind, type Rendered, render } from '../../cluster/rendered-manifests.ts';
import { pathOf, skip } from '../../control-plane/assets.ts';
import { type LiveCluster, REGIONS_PATH, SYSTEM, startLiveCluster } from '../../e2e/live-cluster.ts';
import { deployment, pod, prefixed, SERVING } from '../../e2e/objects.ts';
import { heldJob, heldPod } from '../../e2e/releasing.ts';
import { COMPILED } from '../../process/compiled.ts';
import { runGridgate } from '../../process/run-gridgate.ts';

const CARBON = 'gridgate.dev/carbon';
const DEPLOYMENTS = '/apis/apps/v1/namespaces/gridgate-system/deployments';
const LAB = '/api/v1/namespaces/lab';
const WAITING = 500;
const HELD = 'example.com/held';
const HOOK = 'system:serviceaccount:gridgate-system:gridgate-uninstall';

describe('gridgate uninstall', { skip, timeout: 600_000 }, () => {
  let cluster: LiveCluster;
  let manifests: Rendered[];

  before(async () => {
    cluster = await startLiveCluster({
      regions: { 'eu-north-1': { gramsPerKwh: 30 }, 'us-east-1': { gramsPerKwh: 500 } },
      env: { GRIDGATE_TAINT_NODES: 'true' },
      users: [HOOK],
    });
    manifests = await render(cluster.controlPlane, 'base');
    await cluster.createNamespace('shop', { mode: 'enforce', 'max-intensity': '200' });
    await cluster.createNamespace('victim');
    // Of somebody who would like to see more go than gridgate.
    for (const [kind, path] of [
      ['Namespace', '/api/v1/namespaces/victim'],
      ['ClusterRole', '/apis/rbac.authorization.k8s.io/v1/clusterroles/view'],
    ] as const)
      await cluster.patch(path, {
        kind,
        metadata: { labels: { 'app.kubernetes.io/part-of': 'gridgate', 'app.kubernetes.io/name': 'gridgate' } },
      });
    await cluster.send('POST', '/apis/apps/v1/namespaces/shop/deployments', deployment('web', 1));
    const [owner] = await cluster.waitFor('a ReplicaSet', async () => {
      const { items } = await cluster.send('GET', '/apis/apps/v1/namespaces/shop/replicasets');
      return items.length > 0 ? items : undefined;
    });
    // As the controllers do once a refusal ends.
    const nudge = { metadata: { annotations: { 'gridgate.dev/nudged': '2026-11-22T09:00:00Z' } } };
    await cluster.patch(`/apis/apps/v1/namespaces/shop/replicasets/${owner.metadata.name}/status`, nudge);
    await cluster.waitFor('labels and taints', async () => {
      const found = await nodes();
      return (found.every(({ label }) => label) && found.filter(({ taint }) => taint).length === 3) || undefined;
    });
    // Their pods are played by kwok; those that answer are processes of ours.
    await applyObjects(cluster.controlPlane, ofKind(manifests, 'Deployment', 'CronJob'));
    await cluster.waitFor('pods of gridgate', async () => {
      const { items } = await cluster.send('GET', `${SYSTEM}/pods?labelSelector=${encodeURIComponent(SERVING)}`);
      return items.length === 4 || undefined;
    });
  });
  after(() => cluster?.stop());

  /**
   * What no region takes waits on for hours. It comes before its namespace says so, while nobody leads: the webhook would not hold it, and
   * a leader would let it go.
   */
  async function makeWait(count: number): Promise<void> {
    await Promise.all(cluster.replicas('controllers').map((one) => one.end('SIGKILL')));
    await cluster.createNamespace('lab');
    const names = Array.from({ length: count }, (_, index) => `train-${index}`);
    await inParallel(names, 16, (name) => cluster.send('POST', `${LAB}/pods`, heldPod(name)));
    const { spec } = heldJob('held', { suspend: true }, { schedulingGates: [] });
    await cluster.send('POST', '/apis/batch/v1/namespaces/lab/jobs', {
      metadata: { name: 'held', annotations: { 'gridgate.dev/deferred': 'suspend' } },
      spec,
    });
    const annotations = prefixed({ mode: 'enforce', defer: '12h', regions: 'nowhere' });
    await cluster.patch(LAB, { metadata: { annotations } });
    await cluster.startReplica('controllers');
  }

  async function nodes() {
    const { items } = await cluster.send('GET', '/api/v1/nodes');
    return items.map(({ metadata, spec }: Rendered) => ({
      name: metadata.name as string,
      label: metadata.labels[CARBON] !== undefined,
      taint: (spec.taints ?? []).some(({ key, effect }: Rendered) => key === CARBON && effect === 'PreferNoSchedule'),
    })) as readonly { name: string; label: boolean; taint: boolean }[];
  }

  function uninstall(...words: readonly string[]) {
    return runGridgate(['uninstall', ...words, '--kubeconfig', cluster.controlPlane.kubeconfig]);
  }

  async function left(): Promise<readonly string[]> {
    const found: string[] = [];
    for (const { kind, metadata } of manifests) {
      const within = metadata.namespace === undefined ? [] : ['-n', metadata.namespace];
      const { code } = await cluster.kubectl(['get', kind, metadata.name, ...within, '-o', 'name']);
      if (code === 0) found.push(`${kind} ${metadata.name}`);
    }
    return found;
  }

  const managed = async () =>
    (await cluster.send('GET', '/api/v1/namespaces/shop')).metadata.labels['gridgate.dev/managed'];

  test('says what would go, and removes nothing', async () => {
    const { code, stdout, stderr } = await uninstall('--dry-run');
    assert.deepEqual([code, stderr], [0, '']);
    assert.match(stdout, /^To be removed from https:\/\/127\.0\.0\.1:\d+ \(context test\), in this order:\nSTEP /);
    assert.match(stdout, /^webhooks +1 +MutatingWebhookConfiguration +gridgate$/m);
    assert.match(
      stdout,
      /^controllers +1 +CronJob +gridgate-system\/gridgate-release-overdue\ncontrollers +2 +Deployment +gridgate-system\/gridgate-controllers, gridgate-system\/gridgate$/m,
    );
    assert.match(stdout, /^traces +1 +Namespace +label gridgate\.dev\/managed$/m);
    assert.match(stdout, /^traces +6 +Node +label gridgate\.dev\/carbon$/m);
    assert.match(stdout, /^traces +3 +Node +taint gridgate\.dev\/carbon$/m);
    assert.match(stdout, /^traces +1 +ReplicaSet +annotation gridgate\.dev\/nudged$/m);
    assert.match(stdout, /^rest +2 +PriorityClass +gridgate-flexible, gridgate-failover$/m);
    assert.match(stdout, /^namespace +1 +Namespace +gridgate-system$/m);
    assert.match(stdout, /^ +- 2 Regions and their CustomResourceDefinition \(--regions\)$/m);
    assert.match(stdout, /^ +- the annotations gridgate\.dev\/\* of 1 namespace, /m);
    assert.doesNotMatch(stdout, /victim|ClusterRole +view/);
    assert.equal((await left()).length, manifests.length);
    assert.equal(await managed(), 'true');
  });

  test('without a terminal and without --yes says what to give', async () => {
    const { code, stderr } = await uninstall();
    assert.equal(code, 2);
    assert.match(stderr, /nothing was removed: .*give --yes \(GRIDGATE_UNINSTALL_YES\)/);
  });

  test('who may not is told each right that is missing before anything is touched', async () => {
    const rules = [
      { apiGroups: ['*'], resources: ['*'], verbs: ['get', 'list'] },
      { apiGroups: ['admissionregistration.k8s.io'], resources: ['*'], verbs: ['*'] },
    ];
    const name = 'reader';
    const user = 'system:serviceaccount:gridgate-system:gridgate';
    const rbac = 'rbac.authorization.k8s.io';
    await applyObjects(cluster.controlPlane, [
      { apiVersion: `${rbac}/v1`, kind: 'ClusterRole', metadata: { name }, rules },
      {
        apiVersion: `${rbac}/v1`,
        kind: 'ClusterRoleBinding',
        metadata: { name },
        roleRef: { apiGroup: rbac, kind: 'ClusterRole', name },
        subjects: [{ apiGroup: rbac, kind: 'User', name: user }],
      },
    ]);
    const args = ['uninstall', '--yes', '--kubeconfig', cluster.controlPlane.kubeconfigFor(user)];
    const { code, stderr } = await runGridgate(args);
    assert.equal(code, 3, stderr);
    assert.match(
      stderr,
      /you \(system:serviceaccount:gridgate-system:gridgate\) may not delete priorityclasses\.scheduling\.k8s\.io gridgate-flexible$/m,
    );
    assert.match(stderr, /may not patch nodes us-east-1-3$/m);
    assert.match(stderr, /may not patch replicasets\.apps\/status web-\w+ in namespace shop$/m);
    assert.equal((await left()).length, manifests.length);
    await cluster.kubectl(['delete', 'clusterrole,clusterrolebinding', name]);
  });

  test('what admission refuses is told beforehand, and is no right that is missing', async () => {
    const admission = 'admissionregistration.k8s.io';
    const name = 'classes-stay';
    const resourceRules = [
      { apiGroups: ['scheduling.k8s.io'], apiVersions: ['v1'], resources: ['priorityclasses'], operations: ['DELETE'] },
    ];
    const validations = [{ expression: "oldObject.metadata.name != 'gridgate-flexible'", reason: 'Forbidden' }];
    await applyObjects(cluster.controlPlane, [
      {
        apiVersion: `${admission}/v1`,
        kind: 'ValidatingAdmissionPolicy',
        metadata: { name },
        spec: { matchConstraints: { resourceRules }, validations },
      },
      {
        apiVersion: `${admission}/v1`,
        kind: 'ValidatingAdmissionPolicyBinding',
        metadata: { name },
        spec: { policyName: name, validationActions: ['Deny'] },
      },
    ]);
    const { code, stderr } = await cluster.waitFor('the policy to be in force', async () => {
      const ended = await uninstall('--dry-run');
      return ended.stderr === '' ? undefined : ended;
    });
    assert.equal(code, 0, stderr);
    assert.match(
      stderr,
      /^gridgate: this would be refused: DELETE \S+\/gridgate-flexible answers 403 Forbidden: .*classes-stay/,
    );
    assert.doesNotMatch(stderr, /may not/);
    await cluster.kubectl(['delete', 'validatingadmissionpolicybinding,validatingadmissionpolicy', name]);
    await cluster.waitFor(
      'the policy to be gone',
      async () => (await uninstall('--dry-run')).stderr === '' || undefined,
    );
  });

  test('where it is in another namespace than the one asked for, says where, and removes nothing', async () => {
    const { code, stderr } = await uninstall('--yes', '--system-namespace', 'platform-gridgate');
    assert.equal(code, 2);
    assert.match(
      stderr,
      /gridgate is in gridgate-system, not in platform-gridgate: --system-namespace gridgate-system\n.*nothing was removed/,
    );
    assert.equal((await left()).length, manifests.length);
  });

  test('what runs as part of something else is not removed, nor what it uses', async () => {
    const label = (value: string) => ({ metadata: { labels: { 'app.kubernetes.io/part-of': value } } });
    await cluster.patch(`${DEPLOYMENTS}/gridgate`, label('platform'));
    const { code, stderr } = await uninstall('--yes');
    assert.equal(code, 2);
    assert.match(
      stderr,
      /Deployment gridgate-system\/gridgate: the label app\.kubernetes\.io\/part-of says platform; .*\n.*nothing was/,
    );
    assert.equal((await left()).length, manifests.length);
    await cluster.patch(`${DEPLOYMENTS}/gridgate`, label('gridgate'));
  });

  test(`it would let go ${WAITING} pods that wait, and a Job`, async () => {
    await makeWait(WAITING);
    const { code, stdout, stderr } = await uninstall('--dry-run');
    assert.deepEqual([code, stderr], [0, '']);
    const lines = stdout.split('\n');
    const at = (part: RegExp) => lines.findIndex((line) => part.test(line));
    assert.match(stdout, new RegExp(`^waiting +${WAITING} +Pod +let go: lab/train-0, `, 'm'));
    assert.match(stdout, /^waiting +1 +Job +let go: lab\/held$/m);
    assert.ok(at(/^webhooks/) < at(/^waiting/) && at(/^waiting/) < at(/^controllers/));
    assert.equal((await stillWaiting()).length, WAITING + 1);
  });

  async function stillWaiting(): Promise<readonly string[]> {
    const pods = (await cluster.send('GET', `${LAB}/pods`)).items.filter((one: Rendered) => one.spec.schedulingGates);
    const jobs = (await cluster.send('GET', '/apis/batch/v1/namespaces/lab/jobs')).items;
    return [...pods, ...jobs.filter((one: Rendered) => one.spec.suspend)].map(({ metadata }) => metadata.name);
  }

  /** Runs it until a Deployment that something holds is going, and kills it there. */
  async function killedInTheMiddle(...options: readonly string[]): Promise<void> {
    await cluster.patch(`${DEPLOYMENTS}/gridgate`, { metadata: { finalizers: [HELD] } });
    const args = ['src/main.ts', 'uninstall', ...options];
    const child = spawn(process.execPath, args, { stdio: 'ignore', env: { PATH: process.env['PATH'], ...COMPILED } });
    const ended = once(child, 'exit');
    await cluster.waitFor('the controllers to be going', async () => {
      const { body } = await cluster.request('GET', `${DEPLOYMENTS}/gridgate`);
      return body.metadata.deletionTimestamp;
    });
    child.kill('SIGKILL');
    await ended;
  }

  test('killed in the middle, and run again, it finishes', async () => {
    await killedInTheMiddle('--yes', '--kubeconfig', cluster.controlPlane.kubeconfig);
    const remains = await left();
    assert.ok(!remains.includes('MutatingWebhookConfiguration gridgate'), remains.join());
    assert.ok(remains.includes('ValidatingAdmissionPolicy gridgate-controllers'), remains.join());
    assert.ok((await nodes()).every(({ label }) => label));
    await cluster.patch(`${DEPLOYMENTS}/gridgate`, { metadata: { finalizers: null } });

    const { code, stdout, stderr } = await uninstall('--yes');
    assert.deepEqual([code, stderr], [0, ''], stdout);
    assert.match(stdout, /^gridgate is gone; (what waited .* was let go; )?pods that run keep the affinity/m);
    assert.deepEqual(await stillWaiting(), []);
    assert.deepEqual(await left(), ['CustomResourceDefinition regions.gridgate.dev']);
    assert.ok((await nodes()).every(({ label, taint }) => !label && !taint));
    assert.equal(await managed(), undefined);
    const { items } = await cluster.send('GET', '/apis/apps/v1/namespaces/shop/replicasets');
    assert.equal(items[0].metadata.annotations['gridgate.dev/nudged'], undefined);
    assert.equal((await cluster.request('GET', '/api/v1/namespaces/victim')).status, 200);
    assert.equal((await cluster.kubectl(['get', 'clusterrole', 'view'])).code, 0);
  });

  test('what gridgate wrote does not come back, though its controllers still run', async () => {
    const controllers = cluster.replicas('controllers').at(-1);
    await cluster.waitFor(
      'the controllers to be refused',
      async () => (controllers?.log ?? []).some((line) => /forbidden/i.test(JSON.stringify(line))) || undefined,
    );
    assert.ok((await nodes()).every(({ label, taint }) => !label && !taint));
    assert.equal(await managed(), undefined);
  });

  test('pods come without it, where it placed them before', async () => {
    const created = await cluster.send('POST', '/api/v1/namespaces/shop/pods', pod('free'));
    assert.equal(created.spec.affinity, undefined);
    assert.equal((await cluster.send('GET', REGIONS_PATH)).items.length, 2);
    const { metadata } = await cluster.send('GET', '/api/v1/namespaces/shop');
    assert.equal(metadata.annotations['gridgate.dev/mode'], 'enforce');
  });

  test('run again it says that nothing is left, and what stays', async () => {
    const { code, stdout, stderr } = await uninstall();
    assert.deepEqual([code, stderr], [0, '']);
    assert.match(stdout, /^Nothing of gridgate is left to remove in https:[^\n]*\nStays:\n +- 2 Regions and their/);
  });

  test('what people wrote goes when they ask for that', async () => {
    const { code, stdout, stderr } = await uninstall('--regions', '--policies', '--yes');
    assert.deepEqual([code, stderr], [0, ''], stdout);
    assert.deepEqual(await left(), []);
    const { metadata } = await cluster.send('GET', '/api/v1/namespaces/shop');
    assert.deepEqual(
      Object.keys(metadata.annotations ?? {}).filter((key) => key.startsWith('gridgate.dev/')),
      [],
    );
    const again = await uninstall('--regions', '--policies', '--settings', '--yes');
    assert.match(again.stdout, /^Nothing of gridgate is left to remove in https:[^\n]*\n$/);
    assert.equal(again.code, 0);
  });

  test('settings stay, with the namespace that they are in, until they are asked for', async () => {
    const namespace = ofKind(manifests, 'Namespace');
    const data = { 'gridgate.yaml': 'sources: []\n' };
    const config = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'gridgate', namespace: 'gridgate-system' },
    };
    const foreign = { ...config, metadata: { ...config.metadata, name: 'dashboards' } };
    await applyObjects(cluster.controlPlane, [...namespace, { ...config, data }]);
    const kept = await uninstall('--yes');
    assert.match(
      kept.stdout,
      /ConfigMap gridgate-system\/gridgate \(--settings\)\n +- the namespace, which holds those settings\n/,
    );
    assert.deepEqual(await left(), ['Namespace gridgate-system']);

    await applyObjects(cluster.controlPlane, [foreign]);
    const foreignKept = await uninstall('--settings', '--yes');
    assert.match(foreignKept.stdout, /the namespace, which holds ConfigMap dashboards\n/);
    assert.equal((await cluster.request('GET', `${SYSTEM}/configmaps/gridgate`)).status, 404);
    await cluster.kubectl(['delete', 'configmap', 'dashboards', '-n', 'gridgate-system']);
    assert.equal((await uninstall('--settings', '--yes')).code, 0);
    assert.deepEqual(await left(), []);
  });

  describe('where Helm installed it', () => {
    const RELEASE = ['green', '-n', 'gridgate-system'] as const;
    let chart: string;

    /** The real Helm. */
    async function helm(...words: readonly string[]) {
      const { dir, kubeconfig } = cluster.controlPlane;
      const env = {
        HOME: dir,
        HELM_CACHE_HOME: dir,
        HELM_CONFIG_HOME: dir,
        HELM_DATA_HOME: dir,
        KUBECONFIG: kubeconfig,
      };
      return runFile(pathOf('helm'), words, env);
    }

    /** What the hook of a chart runs, with the rights of its account. */
    const beforeHelm = (...words: readonly string[]) =>
      runGridgate([
        'uninstall',
        '--before-helm',
        '--yes',
        ...words,
        '--kubeconfig',
        cluster.controlPlane.kubeconfigFor(HOOK),
      ]);

    const traced = async () =>
      (await nodes()).some(({ label, taint }) => label || taint) || (await managed()) !== undefined;

    before(async () => {
      chart = join(cluster.controlPlane.dir, 'chart');
      mkdirSync(join(chart, 'templates'), { recursive: true });
      writeFileSync(join(chart, 'Chart.yaml'), 'apiVersion: v2\nname: gridgate\nversion: 0.0.1\n');
      const kept = { 'helm.sh/resource-policy': 'keep' };
      const objects = manifests
        .filter(({ kind }) => kind !== 'Namespace')
        .map((one) => (one.kind === 'CustomResourceDefinition' ? annotated(one, kept) : one));
      writeFileSync(join(chart, 'templates/all.yaml'), objects.map((one) => JSON.stringify(one)).join('\n---\n'));
      await applyObjects(cluster.controlPlane, [...ofKind(manifests, 'Namespace'), ...rightsOfHook()]);
      await patchShop({ 'gridgate.dev/mode': 'enforce' });
      const { code, stderr } = await helm('install', ...RELEASE, chart);
      assert.equal(code, 0, stderr);
      await cluster.send('POST', REGIONS_PATH, {
        apiVersion: 'gridgate.dev/v1alpha1',
        kind: 'Region',
        metadata: { name: 'us-east-1' },
        spec: { gramsPerKwh: 500 },
      });
      await cluster.waitFor('labels of nodes', async () => (await traced()) || undefined);
      await cluster.send('POST', `${LAB}/pods`, heldPod('late'));
    });

    function annotated(object: Rendered, annotations: object): Rendered {
      return {
        ...object,
        metadata: { ...object.metadata, annotations: { ...object.metadata.annotations, ...annotations } },
      };
    }

    function rightsOfHook(): readonly Rendered[] {
      return parseAllDocuments(readFileSync('manifests/uninstall/rbac.yaml', 'utf8')).map((one) => one.toJS());
    }

    function patchShop(annotations: object) {
      return cluster.patch('/api/v1/namespaces/shop', { metadata: { annotations } });
    }

    test('it refuses, and says which helm uninstall', async () => {
      const { code, stderr } = await uninstall('--yes');
      assert.equal(code, 2);
      assert.match(
        stderr,
        /Helm installed gridgate, as release green in namespace gridgate-system: helm uninstall green -n gridgate-system\n.*nothing was removed/,
      );
      assert.equal((await left()).length, manifests.length);
    });

    test('what comes before Helm is done with the rights of the hook, and twice', async () => {
      const first = await beforeHelm();
      assert.deepEqual([first.code, first.stderr], [0, ''], first.stdout);
      assert.match(first.stdout, /^gridgate is stopped, and what it wrote is gone; the rest is for helm uninstall/m);
      const remains = await left();
      for (const gone of ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration', 'Deployment', 'CronJob'])
        assert.ok(!remains.some((one) => one.startsWith(`${gone} `)), gone);
      for (const kept of ['Service gridgate', 'ServiceAccount gridgate-controllers', 'Namespace gridgate-system'])
        assert.ok(remains.includes(kept), kept);
      assert.equal(await traced(), false);
      assert.deepEqual(await stillWaiting(), []);
      const again = await beforeHelm();
      assert.deepEqual([again.code, again.stderr], [0, '']);
      assert.match(again.stdout, /^Nothing of gridgate is left to remove before Helm in https:/);
    });

    test('a helm uninstall that ended there is repaired by helm upgrade', async () => {
      const { code, stderr } = await helm('upgrade', ...RELEASE, chart);
      assert.equal(code, 0, stderr);
      assert.equal((await left()).length, manifests.length);
      await cluster.waitFor('labels of nodes', async () => (await traced()) || undefined);
    });

    test('killed in the middle, the hook is run again; then Helm finds nothing that is in its way', async () => {
      await killedInTheMiddle('--before-helm', '--yes', '--kubeconfig', cluster.controlPlane.kubeconfigFor(HOOK));
      await cluster.patch(`${DEPLOYMENTS}/gridgate`, { metadata: { finalizers: null } });
      const again = await beforeHelm();
      assert.deepEqual([again.code, again.stderr], [0, ''], again.stdout);
      const { code, stderr } = await helm('uninstall', ...RELEASE);
      assert.equal(code, 0, stderr);
      assert.deepEqual(await left(), ['Namespace gridgate-system', 'CustomResourceDefinition regions.gridgate.dev']);
      assert.equal(await traced(), false);
    });

    test('what Helm keeps goes when it is asked for', async () => {
      const { code, stdout, stderr } = await uninstall('--regions', '--yes');
      assert.deepEqual([code, stderr], [0, ''], stdout);
      assert.ok(!(await left()).includes('CustomResourceDefinition regions.gridgate.dev'));
    });
  });
});

async function runFile(file: string, args: readonly string[], env: Readonly<Record<string, string>>) {
  const child = spawn(file, args, { env: { PATH: process.env['PATH'] ?? '', ...env } });
  const [[code], stdout, stderr] = await Promise.all([once(child, 'close'), text(child.stdout), text(child.stderr)]);
  return { code, stdout, stderr };
}
