import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { writePriorities } from '../../src/capacity/expander-priorities.ts';
import { applyObjects, CONTROLLERS_ACCOUNT } from '../cluster/controllers-account.ts';
import { type Rendered, renderWith } from '../cluster/rendered-manifests.ts';
import { autoscalerStatus } from '../controllers/autoscaler-status.ts';
import { chosenGroups } from '../controllers/expander-rule.ts';
import { skip } from './cluster.ts';
import { startHoldingWebhook } from './holding-webhook.ts';
import { type LiveCluster, REGIONS_PATH, SYSTEM, startLiveCluster } from './live-cluster.ts';

const CONFIG_MAPS = '/api/v1/namespaces/kube-system/configmaps';
const EXPANDER = `${CONFIG_MAPS}/cluster-autoscaler-priority-expander`;
const EVENTS = '/apis/events.k8s.io/v1/namespaces/gridgate-system/events';
const DECLARED = 'gridgate.dev/priorities';
const CHANGED = 'gridgate.dev/priorities-changed';
const MERGE_PATCH = { 'content-type': 'application/merge-patch+json' };
const THEIRS = '# by hand\n10:\n  - .*   # all\n';
const LONG_MS = 120_000;

/** Of EKS, of Google and of a name that says where it is. */
const NORTH = 'eks-batch-40bbb26b-8679-eb64-d33a-4ba475413529';
const WEST = 'https://www.googleapis.com/compute/v1/projects/p/zones/west-z1/instanceGroups/gke-shop-pool-5018659c-grp';
const EAST = 'workers.east.2';
const ALL = [NORTH, WEST, EAST];

describe("the priorities of Cluster Autoscaler's node groups", { skip }, () => {
  let cluster: LiveCluster;
  let statusWriter: NodeJS.Timeout;

  before(async () => {
    cluster = await startLiveCluster({
      regions: { north: { gramsPerKwh: 30 }, west: { gramsPerKwh: 120 }, east: { gramsPerKwh: 200 } },
      replicas: { webhook: 0, controllers: 0 },
    });
    await cluster.patch('/api/v1/nodes/north-1', { metadata: { labels: { 'eks.amazonaws.com/nodegroup': 'batch' } } });
    const component = (await renderWith(cluster.controlPlane, 'base', ['priority-expander'])).filter(
      ({ metadata }) => metadata.name === 'gridgate-priority-expander',
    );
    assert.equal(component.length, 4);
    await applyObjects(cluster.controlPlane, component);
    await cluster.send('POST', CONFIG_MAPS, autoscalerStatus(ALL, Date.now()));
    await cluster.send('POST', CONFIG_MAPS, {
      metadata: { name: 'cluster-autoscaler-priority-expander', labels: { team: 'platform' } },
      data: { priorities: THEIRS, other: 'x' },
    });
    await cluster.waitFor('the guard of the priorities', async () => {
      const { body } = await asControllers({ metadata: { labels: { 'not-ours': '1' } } }, '?dryRun=All');
      return /ValidatingAdmissionPolicy/.test(body.message) || undefined; // without rights it is refused as well
    });
    await cluster.startReplica('controllers', '--priority-expander', 'on');
    statusWriter = setInterval(() => void writeStatus().catch(() => {}), 10_000); // as Cluster Autoscaler does
  });
  after(() => {
    clearInterval(statusWriter);
    return cluster?.stop();
  });

  const writeStatus = () =>
    cluster.patch(`${CONFIG_MAPS}/cluster-autoscaler-status`, autoscalerStatus(ALL, Date.now()));
  const read = (): Promise<Rendered> => cluster.send('GET', EXPANDER);
  const textOf = ({ data }: Rendered): string => data?.priorities ?? '';
  const asControllers = (patch: object, query = '') =>
    cluster.request('PATCH', `${EXPANDER}${query}`, patch, { ...MERGE_PATCH, 'impersonate-user': CONTROLLERS_ACCOUNT });

  /** Every version that the ConfigMap had since one, in order. */
  async function versionsSince(resourceVersion: string): Promise<readonly string[]> {
    const query = `watch=true&resourceVersion=${resourceVersion}&fieldSelector=metadata.name%3Dcluster-autoscaler-priority-expander`;
    const { code, stdout, stderr } = await cluster.kubectl([
      'get',
      '--raw',
      `${CONFIG_MAPS}?${query}&timeoutSeconds=2`,
    ]);
    assert.equal(code, 0, stderr);
    const events = stdout.split('\n').filter((line) => line !== '');
    return events.map((line) => JSON.parse(line).object.metadata.resourceVersion);
  }

  async function untilTold(reason: string): Promise<Rendered> {
    return cluster.waitFor(
      `an Event ${reason}`,
      async () => {
        const { items } = await cluster.send('GET', EVENTS);
        return items.find((event: Rendered) => event.reason === reason);
      },
      LONG_MS,
    );
  }

  /** The object once its text is so. */
  function untilText(what: string, isSo: (text: string) => boolean): Promise<Rendered> {
    return cluster.waitFor(
      what,
      async () => {
        const object = await read();
        return isSo(textOf(object)) ? object : undefined;
      },
      LONG_MS,
    );
  }

  test('are left alone without the annotation, and an Event says how to add it', async () => {
    const { regarding, note, type } = await untilTold('PrioritiesNotDeclared');
    assert.deepEqual([type, regarding.kind, regarding.name], ['Warning', 'Namespace', 'gridgate-system']);
    assert.match(
      note,
      /kubectl annotate configmap -n kube-system cluster-autoscaler-priority-expander gridgate\.dev\/priorities=100-199/,
    );
    assert.equal(textOf(await read()), THEIRS);
  });

  test('follow the ranking once the annotation declares a range, and what people wrote stays', async () => {
    const { code, stderr } = await cluster.kubectl([
      'annotate',
      'configmap',
      '-n',
      'kube-system',
      'cluster-autoscaler-priority-expander',
      `${DECLARED}=100-199`,
    ]);
    assert.equal(code, 0, stderr);
    const { metadata, data } = await untilText('priorities', (text) => text !== THEIRS);
    assert.ok(data.priorities.endsWith(THEIRS), data.priorities);
    assert.equal(data.other, 'x');
    assert.equal(metadata.labels.team, 'platform');
    assert.deepEqual(
      [ALL, [WEST, EAST], [EAST], [EAST, 'new']].map((options) => chosenGroups(data.priorities, options)),
      [[NORTH], [WEST], [EAST], [EAST]],
    );
    assert.match((await untilTold('PrioritiesWritten')).note, /: north 199, west 198, east 197$/);
  });

  test('are in managedFields under a name of their own, for tools that are to leave them alone', async () => {
    const { metadata } = await cluster.send('GET', EXPANDER);
    const [ours, ...more] = metadata.managedFields.filter(
      ({ manager }: Rendered) => manager === 'gridgate-priority-expander',
    );
    assert.deepEqual(more, []);
    assert.equal(ours.operation, 'Update');
    assert.deepEqual(ours.fieldsV1, {
      'f:data': { 'f:priorities': {} },
      'f:metadata': { 'f:annotations': { [`f:${CHANGED}`]: {} } },
    });
  });

  const manifest = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: 'cluster-autoscaler-priority-expander',
      namespace: 'kube-system',
      annotations: { [DECLARED]: '100-199' },
    },
  };

  test('are all that a server-side apply of what is in Git conflicts with', async () => {
    const inGit = { ...manifest, data: { priorities: THEIRS, other: 'x' } };
    const how = ['apply', '--server-side', '--field-manager=argocd-controller', '--dry-run=server', '-f', '-'];
    const { code, stderr } = await cluster.kubectl(how, JSON.stringify(inGit));
    assert.notEqual(code, 0);
    assert.match(
      stderr,
      /failed with 1 conflict: conflict with "gridgate-priority-expander" using v1: \.data\.priorities/,
    );
    // As Argo CD does with managedFieldsManagers and RespectIgnoreDifferences: without the fields of that manager.
    const { managedFields } = (await cluster.send('GET', EXPANDER)).metadata;
    const { fieldsV1 } = managedFields.find(({ manager }: Rendered) => manager === 'gridgate-priority-expander');
    const data = Object.entries(inGit.data).filter(([key]) => !(`f:${key}` in fieldsV1['f:data']));
    const rest = await cluster.kubectl(how, JSON.stringify({ ...inGit, data: Object.fromEntries(data) }));
    assert.equal(rest.code, 0, rest.stderr);
  });

  test('stay where a GitOps tool applies the ConfigMap without them', async () => {
    const before = textOf(await read());
    for (const how of [
      ['--server-side', '--field-manager=argocd-controller'],
      ['--server-side', '--force-conflicts', '--field-manager=kustomize-controller'],
      [],
    ]) {
      const { code, stderr } = await cluster.kubectl(['apply', ...how, '-f', '-'], JSON.stringify(manifest));
      assert.equal(code, 0, stderr);
    }
    const object = await read();
    assert.equal(textOf(object), before);
    assert.ok(object.metadata.annotations[CHANGED]);
  });

  test('survive the leader: the next one writes nothing again', async () => {
    const { metadata } = await read();
    for (const replica of cluster.replicas('controllers')) await replica.end('SIGKILL');
    const replica = await cluster.startReplica('controllers', '--priority-expander', 'on');
    await cluster.waitFor(
      'the next leader to know the priorities',
      async () => {
        const metrics = await (await fetch(`${replica.operators}/metrics`)).text();
        return /^gridgate_priority_expander_priority\{region="north"\} 199$/m.test(metrics) || undefined;
      },
      LONG_MS,
    );
    assert.equal((await read()).metadata.resourceVersion, metadata.resourceVersion);
  });

  test('are written once where the leader is killed between its decision and its write', async () => {
    const holding = await startHoldingWebhook();
    const path = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations';
    await cluster.send('POST', path, {
      metadata: { name: 'holds-priorities' },
      webhooks: [
        {
          name: 'holds.example.com',
          clientConfig: holding.clientConfig,
          rules: [{ operations: ['UPDATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] }],
          matchConditions: [
            {
              name: 'is-ours',
              expression: `request.name == 'cluster-autoscaler-priority-expander' && request.userInfo.username == '${CONTROLLERS_ACCOUNT}'`,
            },
          ],
          ...{ sideEffects: 'None', admissionReviewVersions: ['v1'], timeoutSeconds: 30, failurePolicy: 'Fail' },
        },
      ],
    });
    const leader = cluster.replicas('controllers').at(-1);
    await cluster.startReplica('controllers', '--priority-expander', 'on');
    const long = { metadata: { annotations: { [CHANGED]: '2026-01-01T00:00:00Z' } } };
    const { resourceVersion } = (await cluster.patch(EXPANDER, long)).metadata;
    await cluster.patch(`${REGIONS_PATH}/north`, { spec: { gramsPerKwh: 500 } });
    await cluster.waitFor('the write of the leader', async () => holding.seen() >= 1 || undefined, LONG_MS);
    await leader?.end('SIGKILL');
    await cluster.waitFor('the write of the next one', async () => holding.seen() >= 2 || undefined, LONG_MS);
    const before = await read();
    assert.equal(before.metadata.resourceVersion, resourceVersion);
    holding.release();
    const { metadata } = await untilText('the order', (text) => chosenGroups(text, ALL)[0] === WEST);
    await cluster.patch(`${REGIONS_PATH}/north`, { spec: { gramsPerKwh: 501 } }); // one more round
    const replica = cluster.replicas('controllers').at(-1);
    await cluster.waitFor(
      'the next leader to have decided again',
      async () => {
        const metrics = await (await fetch(`${replica?.operators}/metrics`)).text();
        return /^gridgate_priority_expander_priority\{region="north"\} 197$/m.test(metrics) || undefined;
      },
      LONG_MS,
    );
    assert.equal((await read()).metadata.resourceVersion, metadata.resourceVersion);
    assert.deepEqual(await versionsSince(resourceVersion), [metadata.resourceVersion]);
    await cluster.send('DELETE', `${path}/holds-priorities`);
    holding.stop();
  });

  test('follow an outage', async () => {
    await cluster.patch(EXPANDER, { metadata: { annotations: { [CHANGED]: '2026-01-01T00:00:00Z' } } }); // long ago
    await cluster.patch(`${REGIONS_PATH}/north`, { spec: { outage: { active: true, reason: 'power loss' } } });
    const object = await untilText('the outage', (text) => /^100: # gridgate\.dev\n {2}- '\^eks-/m.test(text));
    assert.deepEqual(
      [ALL, [NORTH, EAST], [NORTH]].map((options) => chosenGroups(textOf(object), options)),
      [[WEST], [EAST], [NORTH]],
    );
  });

  describe('a token of the controllers', () => {
    const line = "150: # gridgate.dev\n  - '^a$' # north # gridgate.dev\n";
    const rows: readonly [name: string, patch: (text: string) => object][] = [
      ['changes no line of people', (text) => ({ data: { priorities: text.replace('.*   # all', '.*') } })],
      ['removes no line of people', (text) => ({ data: { priorities: text.replace(THEIRS, '') } })],
      ['adds no line without its mark', (text) => ({ data: { priorities: `${text}20:\n  - evil\n` } })],
      [
        'adds no line that names more than one group',
        (text) => ({ data: { priorities: `150: # gridgate.dev\n  - '.*' # north # gridgate.dev\n${text}` } }),
      ],
      ['adds nothing else under its mark', (text) => ({ data: { priorities: `x: {a: 1} # gridgate.dev\n${text}` } })],
      [
        'adds no line under those of people',
        (text) => ({ data: { priorities: `${text}  - '^a$' # north # gridgate.dev\n` } }),
      ],
      [
        'adds no line between those of people',
        (text) => ({ data: { priorities: text.replace('10:\n', `10:\n${line.split('\n')[1]}\n`) } }),
      ],
      ['adds no lines behind those of people', (text) => ({ data: { priorities: `${text}${line}` } })],
      ['begins with no line but a priority', (text) => ({ data: { priorities: `${line.split('\n')[1]}\n${text}` } })],
      [
        'adds no line that is deeper than those of people',
        (text) => ({ data: { priorities: `${line.replace(/^/gm, '  ').trimEnd()}\n${text}` } }),
      ],
      ...['.*', '(.', 'a|b', 'a.b', 'a[b]', 'a+', '\\d', 'a$', "a'", ''].map(
        (expression): [string, (text: string) => object] => [
          `writes no expression but a whole name: ${expression}`,
          (text) => ({ data: { priorities: `${line.replace('^a$', () => `^${expression}$`)}${text}` } }),
        ],
      ),
      [
        'writes no priority outside of the range',
        (text) => ({ data: { priorities: `${line.replace('150', '200')}${text}` } }),
      ],
      ['declares no range', () => ({ metadata: { annotations: { [DECLARED]: '0-999' } } })],
      ['writes no other annotation', () => ({ metadata: { annotations: { 'example.com/a': 'b' } } })],
      ['writes no long annotation', () => ({ metadata: { annotations: { [CHANGED]: 'x'.repeat(65) } } })],
      ['writes no label', () => ({ metadata: { labels: { a: 'b' } } })],
      ['writes no owner', () => ({ metadata: { finalizers: ['example.com/stays'] } })],
      ['writes no other key', () => ({ data: { other: 'y' } })],
      ['writes no binary data', () => ({ binaryData: { a: 'aGk=' } })],
      ['makes it never change again', () => ({ immutable: true })],
    ];
    for (const [name, patch] of rows)
      test(name, async () => {
        const before = await read();
        const { status, body } = await asControllers(patch(textOf(before)));
        assert.equal(status, 403, JSON.stringify(body));
        assert.match(
          body.message,
          /ValidatingAdmissionPolicy 'gridgate-priority-expander' .* denied request: the controllers of gridgate /,
        );
        assert.deepEqual((await read()).data, before.data);
      });

    const beyond: readonly [name: string, method: string, path: string, body?: object][] = [
      ['deletes it', 'DELETE', EXPANDER],
      ['replaces it', 'PUT', EXPANDER, {}],
      ['lists ConfigMaps', 'GET', CONFIG_MAPS],
      ['writes the status', 'PATCH', `${CONFIG_MAPS}/cluster-autoscaler-status`, { data: { a: 'b' } }],
      ['writes another ConfigMap', 'PATCH', `${CONFIG_MAPS}/kube-root-ca.crt`, { data: { a: 'b' } }],
      ['makes another', 'POST', CONFIG_MAPS, { metadata: { name: 'evil' } }],
    ];
    for (const [name, method, path, body] of beyond)
      test(`never ${name}: RBAC`, async () => {
        const answer = await cluster.request(method, path, body, {
          ...(method === 'PATCH' ? MERGE_PATCH : {}),
          'impersonate-user': CONTROLLERS_ACCOUNT,
        });
        assert.equal(answer.status, 403, JSON.stringify(answer.body));
      });

    test('without the annotation writes nothing but what takes its own away', async () => {
      const before = await read();
      await cluster.patch(EXPANDER, { metadata: { annotations: { [DECLARED]: null, 'gridgate.dev/paused': 'true' } } });
      const more = await asControllers({ data: { priorities: `${line}${textOf(before)}` } }, '?dryRun=All');
      assert.equal(more.status, 403);
      const back = await asControllers({ data: { priorities: THEIRS } }, '?dryRun=All');
      assert.equal(back.status, 200, JSON.stringify(back.body));
      await cluster.patch(EXPANDER, {
        metadata: { annotations: { [DECLARED]: '100-199', 'gridgate.dev/paused': null } },
      });
    });

    test('may write names that mean something to YAML or to expressions, behind the start of a document, too', async () => {
      const groups = [`https://x/zones/a-b/it's(a+b)*[c]{2}|^$\\d?.`, `!"#%&,:;<=>@_\`~-A9`];
      const ranked = groups.map((group) => ({ group, region: 'north', priority: 150 }));
      const original = textOf(await read());
      for (const theirs of [THEIRS, `---\n${THEIRS}`, `--- # mine\n${THEIRS}`, '  10:\n    - a\n', '', '# none\n']) {
        const before = await cluster.patch(EXPANDER, {
          metadata: { annotations: { 'gridgate.dev/paused': 'true' } },
          data: { priorities: theirs },
        });
        const text = writePriorities(textOf(before), ranked);
        assert.ok(typeof text === 'string', JSON.stringify(text));
        const { status, body } = await asControllers({ data: { priorities: text } }, '?dryRun=All');
        assert.equal(status, 200, `${JSON.stringify(body)} ${text}`);
      }
      await cluster.patch(EXPANDER, {
        metadata: { annotations: { 'gridgate.dev/paused': null } },
        data: { priorities: original },
      });
    });

    test('is held by a policy whose expressions the API server finds nothing wrong with', async () => {
      const path = '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies/gridgate-priority-expander';
      const { typeChecking } = await cluster.waitFor('the type check', async () => {
        const { metadata, status } = await cluster.send('GET', path);
        return status?.observedGeneration === metadata.generation ? status : undefined;
      });
      assert.deepEqual(typeChecking?.expressionWarnings ?? [], []);
    });

    test('may write as much as gridgate writes at most', async () => {
      const groups = Array.from(
        { length: 800 },
        (_, index) => `  - '^${WEST.replaceAll('.', '\\.')}-${index}$' # west # gridgate.dev\n`,
      );
      const text = `150: # gridgate.dev\n${groups.join('')}${THEIRS}`;
      assert.ok(text.length > 110_000);
      const { status, body } = await asControllers({ data: { priorities: text } }, '?dryRun=All');
      assert.equal(status, 200, JSON.stringify(body));
    });
  });

  test('are put back under the kill switch, as they were', async () => {
    await cluster.send('POST', `${SYSTEM}/configmaps`, {
      metadata: { name: 'gridgate-kill-switch' },
      data: { 'max-mode': 'audit' },
    });
    const { metadata } = await untilText('what was there before', (text) => text === THEIRS);
    assert.match(metadata.annotations[CHANGED], /^[0-9TZ:.-]+ put back$/);
    assert.match((await untilTold('PrioritiesWouldChange')).note, /west 199, east 198, north 100$/);
  });
});
