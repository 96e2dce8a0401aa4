import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { CheckReport } from '../../../src/questions/check/judge.ts';
import { issueForLocalhost } from '../../certs/pairs.ts';
import { applyObjects } from '../../cluster/controllers-account.ts';
import { ofKind, type Rendered, render } from '../../cluster/rendered-manifests.ts';
import { skip } from '../../control-plane/assets.ts';
import { type LiveCluster, REGIONS_PATH, SYSTEM, startLiveCluster } from '../../e2e/live-cluster.ts';
import { pod } from '../../e2e/objects.ts';
import { runCommand } from '../../process/run-command.ts';

const DEPLOYMENTS = '/apis/apps/v1/namespaces/gridgate-system/deployments';
const SLICES = '/apis/discovery.k8s.io/v1/namespaces/gridgate-system/endpointslices';
const ROLE = '/apis/rbac.authorization.k8s.io/v1/clusterroles/gridgate';
const CONFIGURATIONS = ['mutating', 'validating'].map(
  (kind) => `/apis/admissionregistration.k8s.io/v1/${kind}webhookconfigurations/gridgate`,
);
const NODE = '/api/v1/nodes/eu-west-1-1';
const ACCOUNT = 'system:serviceaccount:gridgate-system:gridgate-check';
const LABEL = 'topology.kubernetes.io/region';

describe('gridgate check, on a fresh install and on what breaks', { skip, timeout: 900_000 }, () => {
  let cluster: LiveCluster;

  before(async () => {
    cluster = await startLiveCluster({
      regions: { 'eu-north-1': { gramsPerKwh: 24 }, 'eu-west-1': {} },
      users: [ACCOUNT],
    });
    // What the Deployments run is played by processes: their own pods run nothing, and are no endpoint of the Service.
    await cluster.patch(`${SYSTEM}/services/gridgate`, { spec: { selector: null } });
    for (const deployment of ofKind(await render(cluster.controlPlane, 'base'), 'Deployment'))
      await cluster.send('POST', DEPLOYMENTS, deployment);
    await cluster.waitFor('all replicas', async () => {
      const { items } = await cluster.send('GET', DEPLOYMENTS);
      return items.every((one: Rendered) => one.status?.availableReplicas === 2) || undefined;
    });
  });
  after(() => cluster?.stop());

  async function check(...args: readonly string[]): Promise<CheckReport & { readonly code: number | null }> {
    const kubeconfig = args.includes('--kubeconfig') ? [] : ['--kubeconfig', cluster.controlPlane.kubeconfig];
    const { code, stdout, stderr } = await runCommand(['check', ...kubeconfig, '--output', 'json', ...args]);
    assert.equal(stderr, '');
    return { ...JSON.parse(stdout), code };
  }

  function linesOf({ checks }: CheckReport): readonly string[] {
    return checks.map(
      ({ state, check, says, todo }) => `${state} ${check}: ${says}${todo === null ? '' : ` -> ${todo}`}`,
    );
  }

  /** Waits until a line says so: the API server takes what it calls, and whom it allows, into use within seconds. */
  async function untilSaid(pattern: RegExp, exitCode = 1): Promise<CheckReport> {
    let last: readonly string[] = [];
    try {
      return await cluster.waitFor(`check to say ${pattern}`, async () => {
        const report = await check();
        last = linesOf(report);
        if (!last.some((line) => pattern.test(line))) return undefined;
        assert.equal(report.code, exitCode, last.join('\n'));
        return report;
      });
    } catch (cause) {
      throw new Error(`never said ${pattern}:\n${last.join('\n')}`, { cause });
    }
  }

  /** Waits until nothing is wrong any more. */
  async function untilFine(): Promise<void> {
    await cluster.waitFor('everything to work', async () => (await check()).code === 0 || undefined);
  }

  test('all works before anybody opted in, and says what cannot be tried yet', async () => {
    const report = await check();
    assert.deepEqual([report.code, report.works, report.answers], [0, true, true], linesOf(report).join('\n'));
    assert.deepEqual([report.count.failed, report.count.warning, report.count['not known']], [0, 0, 1]);
    const lines = linesOf(report).join('\n');
    assert.match(lines, /^ok answers for namespaces: gridgate \S+ answers; it knows 2 regions$/m);
    assert.match(lines, /^not known answers for pods: no namespace has opted in yet/m);
    assert.match(lines, /^ok namespaces: none of \d+ opted in yet/m);
  });

  for (const mode of ['audit', 'warn', 'enforce'])
    test(`a pod of a namespace in ${mode} is answered, and none is made`, async () => {
      await cluster.createNamespace(`shop-${mode}`, { mode, regions: mode === 'enforce' ? 'mars' : '*' });
      const report = await check('-n', `shop-${mode}`);
      assert.equal(report.code, 0, linesOf(report).join('\n'));
      const reason = mode === 'enforce' ? 'not_allowed' : 'steered';
      const said = new RegExp(
        `^ok answers for pods: gridgate \\S+ answers in shop-${mode}: mode ${mode}, ${reason}`,
        'm',
      );
      assert.match(linesOf(report).join('\n'), said);
      assert.deepEqual((await cluster.send('GET', `/api/v1/namespaces/shop-${mode}/pods`)).items, []);
    });

  test('under a kill switch, which it shows', async () => {
    const name = 'gridgate-kill-switch';
    await cluster.send('POST', `${SYSTEM}/configmaps`, { metadata: { name }, data: { 'max-mode': 'off' } });
    await untilSaid(/^ok answers for pods: .* mode off, switched_off/, 0);
    await untilSaid(/^warning kill switch: no mode above off counts in any namespace/, 0);
    await cluster.send('DELETE', `${SYSTEM}/configmaps/${name}`);
    await untilSaid(/^ok kill switch: /, 0);
  });

  test('a namespace that opted out is told how to be tried; one that is not there is a mistake', async () => {
    assert.match(
      linesOf(await check('-n', 'default')).join('\n'),
      /not known answers for pods: namespace default has not opted in/,
    );
    const words = ['check', '--kubeconfig', cluster.controlPlane.kubeconfig, '-n', 'nowhere'];
    const { code, stderr } = await runCommand(words);
    assert.deepEqual([code, stderr], [2, 'gridgate: there is no namespace nowhere in this cluster\n']);
  });

  test('names the variable, and the key of the Secret, that gridgate.yaml asks for in vain, and never a value', async () => {
    const sources = [
      { type: 'electricity-maps', token: { file: '/sources/electricity-maps' } },
      { type: 'watttime', username: { env: 'WT_USER' }, password: { env: 'WT_PASSWORD' } },
    ];
    const data = { 'gridgate.yaml': JSON.stringify({ sources }) };
    await cluster.send('POST', `${SYSTEM}/configmaps`, { metadata: { name: 'gridgate' }, data });
    const create =
      'kubectl create secret generic gridgate-sources -n gridgate-system --from-literal=electricity-maps=TOKEN';
    const lines = linesOf(await check());
    assert.ok(
      lines.some((line) => line.startsWith('failed secrets: token of electricity-maps') && line.endsWith(create)),
      lines.join('\n'),
    );
    assert.ok(
      lines.some((line) =>
        /^failed secrets: username of watttime is the variable WT_USER: .* sets no such variable/.test(line),
      ),
    );

    const secret = {
      metadata: { name: 'gridgate-sources' },
      stringData: { other: 'hush-hush', 'electricity-maps': '' },
    };
    await cluster.send('POST', `${SYSTEM}/secrets`, secret);
    const all = linesOf(await check()).join('\n');
    assert.match(all, /the Secret gridgate-sources in gridgate-system has no key electricity-maps, or nothing in it/);
    await cluster.patch(`${SYSTEM}/secrets/gridgate-sources`, { stringData: { 'electricity-maps': 'hush-hush' } });
    const later = linesOf(await check()).join('\n');
    assert.doesNotMatch(later, /electricity-maps is the file/);
    assert.doesNotMatch(all + later, /hush-hush|aHVzaC1odXNo/);
  });

  test('regions --check names what the sources of the ConfigMap need, and asks none of them with what is mine', async () => {
    const args = ['regions', '--check', '--kubeconfig', cluster.controlPlane.kubeconfig];
    const { stdout } = await runCommand(args, { env: { WT_USER: 'me', WT_PASSWORD: 'hush-hush' } });
    for (const named of [
      'username of watttime is the variable WT_USER',
      'token of electricity-maps is the file /sources/electricity-maps',
    ])
      assert.ok(
        stdout.includes(
          `-      not asked from here: ${named}: its pods need it, \`gridgate check\` says whether they have it\n`,
        ),
        stdout,
      );
    assert.doesNotMatch(stdout, /FAILS {2}(watttime|electricity-maps)/);
    await cluster.patch(`${SYSTEM}/configmaps/gridgate`, { data: { 'gridgate.yaml': 'sources: [{type: watttme}]' } });
    assert.equal((await runCommand(args)).code, 2);
    await untilSaid(
      /^failed gridgate\.yaml: ConfigMap gridgate-system\/gridgate, line 1: .*watttime.* -> kubectl edit configmap gridgate/,
    );
    await cluster.send('DELETE', `${SYSTEM}/configmaps/gridgate`);
    await untilFine();
  });

  test('nodes without the label, or with one of no Region', async () => {
    await cluster.patch(NODE, { metadata: { labels: { [LABEL]: null } } });
    await untilSaid(
      /^warning labels: 1 of \d+ nodes have no label topology.* \(eu-west-1-1\).* -> kubectl label node eu-west-1-1/,
      0,
    );
    await cluster.patch(NODE, { metadata: { labels: { [LABEL]: 'eu-wset-1' } } });
    await untilSaid(/^failed labels: no Region is named eu-wset-1/);
    await cluster.patch(NODE, { metadata: { labels: { [LABEL]: 'eu-west-1' } } });
    await untilFine();
  });

  test('a right that somebody took away', async () => {
    const { rules } = await cluster.send('GET', ROLE);
    const without = rules.filter((rule: Rendered) => !rule.resources.includes('priorityclasses'));
    await cluster.patch(ROLE, { rules: without });
    await untilSaid(
      /^failed RBAC: the account gridgate-system\/gridgate \(webhook\) may not list priorityclasses\.scheduling\.k8s\.io, watch/,
    );
    await cluster.patch(ROLE, { rules });
    await untilFine();
  });

  test('the account of manifests/check sees all that there is, and can create nothing but in dry runs', async () => {
    await applyObjects(cluster.controlPlane, await render(cluster.controlPlane, 'check'));
    const kubeconfig = cluster.controlPlane.kubeconfigFor(ACCOUNT);
    const [all, seen] = [await check(), await check('--kubeconfig', kubeconfig)];
    assert.deepEqual(
      seen.checks.map(({ check, state }) => [check, state]),
      all.checks.map(({ check, state }) => [check, state]),
      linesOf(seen).join('\n'),
    );
    assert.equal(seen.count['not known'], 0, linesOf(seen).join('\n'));
    // Each try has a name of its own: what slips through before the guard counts is deleted, which takes a while.
    const metadata = { generateName: 'made-' };
    const made = { '/api/v1/namespaces': { metadata }, '/api/v1/namespaces/attic/pods': { ...pod('made'), metadata } };
    await cluster.createNamespace('attic');
    for (const [path, body] of Object.entries(made)) {
      const create = (query: string) => cluster.request('POST', path + query, body, { 'impersonate-user': ACCOUNT });
      const { message } = await cluster.waitFor('the guard', async () => {
        const { status, body: answer } = await create('');
        if (status < 300) await cluster.send('DELETE', `${path}/${answer.metadata.name}`);
        return status < 300 ? undefined : answer;
      });
      assert.match(message, /gridgate-check.* denied request: gridgate check creates in dry runs only/);
      assert.equal((await create('?dryRun=All')).status, 201);
    }
    for (const { kind, metadata } of await render(cluster.controlPlane, 'check'))
      await cluster.kubectl(['delete', kind, metadata.name, '-n', 'gridgate-system']);
  });

  test('with --wait it is done once nothing fails, and says what does when the time is over', async () => {
    await cluster.patch(NODE, { metadata: { labels: { [LABEL]: 'eu-wset-1' } } });
    await untilSaid(/^failed labels: no Region is named eu-wset-1/);
    const late = await check('--wait', '1s');
    assert.deepEqual([late.code, late.works], [1, false]);
    assert.match(linesOf(late).join('\n'), /^failed labels: no Region is named eu-wset-1/m);
    const waiting = check('--wait', '10m');
    await check(); // by then the other has looked, too
    await cluster.patch(NODE, { metadata: { labels: { [LABEL]: 'eu-west-1' } } });
    const report = await waiting;
    assert.deepEqual([report.code, report.works], [0, true], linesOf(report).join('\n'));
  });

  test('a selector that misses those that opted in', async () => {
    const path = CONFIGURATIONS[0] ?? '';
    const { webhooks } = await cluster.send('GET', path);
    const namespaceSelector = { matchLabels: { 'gridgate.dev/managed': 'yes' } };
    const missing = webhooks.map((one: Rendered) =>
      one.name === 'pods.gridgate.dev' ? { ...one, namespaceSelector } : one,
    );
    await cluster.patch(path, { webhooks: missing });
    const report = await untilSaid(
      /^failed answers for pods: .* passes without an answer of pods\.gridgate\.dev.*: see registration above -> kubectl apply/,
    );
    assert.match(
      linesOf(report).join('\n'),
      /^failed registration: the namespaceSelector of pods\.gridgate\.dev leaves out namespaces labelled gridgate\.dev\/managed=true/m,
    );
    await cluster.patch(path, { webhooks });
    await untilFine();
  });

  test('what the caller may not see is not known, once, with verb and resource', async () => {
    const reader = cluster.controlPlane.kubeconfigFor('system:serviceaccount:gridgate-system:gridgate');
    const { code, stdout } = await runCommand(['check', '--kubeconfig', reader]);
    assert.equal(code, 0, stdout);
    assert.match(
      stdout,
      /^not known {2}replicas +you \(\S+\) may not list deployments\.apps in namespace gridgate-system$/m,
    );
    assert.match(
      stdout,
      /^not known {2}RBAC +you \(\S+\) may not create subjectaccessreviews\.authorization\.k8s\.io$/m,
    );
    assert.equal(stdout.match(/subjectaccessreviews/g)?.length, 1);
    assert.match(stdout, /^ok {9}labels /m);
    assert.match(stdout, /\nnothing failed: \d+ not known\n$/);
  });

  test('no Regions', async () => {
    const { items } = await cluster.send('GET', REGIONS_PATH);
    for (const { metadata } of items) await cluster.send('DELETE', `${REGIONS_PATH}/${metadata.name}`);
    await untilSaid(/^failed Regions: there is none: .* -> kubectl apply -f manifests\/samples\/regions\.yaml$/);
    for (const { apiVersion, kind, metadata, spec } of items)
      await cluster.send('POST', REGIONS_PATH, { apiVersion, kind, metadata: { name: metadata.name }, spec });
    await untilFine();
  });

  test('who lets go what waits, and a CronJob that is not there', async () => {
    await cluster.createNamespace('shop-waits', { mode: 'warn', defer: '8h' });
    await untilSaid(/^ok releaser: \S+ lets go what waits: it said so/);
    const report = await untilSaid(/^failed CronJob: there is no gridgate-release-overdue in gridgate-system: /);
    assert.match(linesOf(report).join('\n'), /^ok waiting: nothing waits now$/m);
  });

  test('nobody leads, and what waits for that', async () => {
    await Promise.all(cluster.replicas('controllers').map((one) => one.end()));
    await untilSaid(/^failed leader: none of the controllers leads: .* -> kubectl logs -n gridgate-system/);
    await cluster.send(
      'POST',
      '/api/v1/namespaces/attic/pods',
      pod('left', { schedulingGates: [{ name: 'gridgate.dev/defer' }] }),
    );
    const report = await untilSaid(/^failed leader: .*, and nobody plans for 1 pod that waits in attic -> /);
    assert.match(
      linesOf(report).join('\n'),
      /^failed waiting: 1 pod that waits in attic, and nobody lets .* -> gridgate release --all -n attic$/m,
    );
    await cluster.send('DELETE', '/api/v1/namespaces/attic/pods/left');
  });

  // From here on nobody repairs a caBundle, or a label.
  test('a label that a namespace lost', async () => {
    const path = '/api/v1/namespaces/shop-audit';
    const { metadata } = await cluster.send('GET', path);
    assert.equal(metadata.labels['gridgate.dev/managed'], 'true');
    const { webhooks } = await cluster.send('GET', CONFIGURATIONS[0] ?? '');
    const others = webhooks.filter(({ name }: Rendered) => name !== 'namespaces.gridgate.dev');
    await cluster.patch(CONFIGURATIONS[0] ?? '', { webhooks: others });
    await untilSaid(
      /^failed registration: MutatingWebhookConfiguration gridgate has no webhook namespaces\.gridgate\.dev/,
    );
    await cluster.waitFor('the label to go', async () => {
      const after = await cluster.patch(path, { metadata: { labels: { 'gridgate.dev/managed': null } } });
      return after.metadata.labels['gridgate.dev/managed'] === undefined || undefined;
    });
    await untilSaid(
      /^failed namespaces: shop-audit opted in, but lacks the label .* -> kubectl label namespace shop-audit gridgate\.dev\/managed=true$/,
    );
    await cluster.patch(path, { metadata: { labels: { 'gridgate.dev/managed': 'true' } } });
    await cluster.patch(CONFIGURATIONS[0] ?? '', { webhooks });
    await untilSaid(/^ok answers for namespaces/);
  });

  test('a caBundle that is not that of what is served, with failurePolicy Ignore and Fail', async () => {
    const kept = await Promise.all(CONFIGURATIONS.map((path) => cluster.send('GET', path)));
    const change = async (edit: (webhook: Rendered) => object) => {
      for (const [index, path] of CONFIGURATIONS.entries())
        await cluster.patch(path, {
          webhooks: kept[index].webhooks.map((one: Rendered) => ({ ...one, ...edit(one) })),
        });
    };
    const caBundle = Buffer.from((await issueForLocalhost()).ca).toString('base64');
    await change(({ clientConfig }) => ({ clientConfig: { ...clientConfig, caBundle } }));
    await untilSaid(
      /^failed answers for pods: a dry run in shop-\w+ passes without an answer of pods\.gridgate\.dev.*: see CA above/,
    );
    await untilSaid(
      /^failed CA: the API server does not trust what is served to \w+\.gridgate\.dev: no certificate of the caBundle has issued/,
    );
    await change(({ clientConfig }) => ({ clientConfig: { ...clientConfig, caBundle }, failurePolicy: 'Fail' }));
    await untilSaid(/^failed answers for namespaces: the API server cannot call namespaces\.gridgate\.dev: .*x509/);
    await change(() => ({}));
    await untilSaid(/^ok answers for pods/);
  });

  test('no replica of the webhook', async () => {
    await Promise.all(cluster.replicas('webhook').map((one) => one.end()));
    await untilSaid(
      /^failed answers for namespaces: .*: its way is what is left: a NetworkPolicy or firewall .* -> kubectl get networkpolicies,pods/,
    );
    const { items } = await cluster.send('GET', SLICES);
    for (const { metadata } of items) await cluster.send('DELETE', `${SLICES}/${metadata.name}`);
    await untilSaid(/^failed answers for namespaces: .*: see Service above -> kubectl get service,endpointslices,pods/);
    await untilSaid(
      /^failed Service: gridgate in gridgate-system has no ready endpoint: the API server has nobody to call/,
    );
  });
});
