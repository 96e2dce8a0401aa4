import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Rendered } from '../cluster/rendered-manifests.ts';
import { type Cluster, SERVICE_ACCOUNT, skip, startCluster } from './cluster.ts';
import { startLateWatch } from './late-watch.ts';
import { namespace, pod, prefixed } from './objects.ts';

const TIMES = 30;
const LABEL = 'gridgate.dev/managed';

describe('opting in', () => {
  let cluster: Cluster;

  before(async () => {
    if (skip) return;
    cluster = await startCluster({
      earlier: { legacy: { mode: 'enforce', 'max-intensty': '250' } },
      // It looks for a namespace's account for 100 ms and more: time in which any informer would catch up.
      flags: { 'kube-apiserver': ['--disable-admission-plugins=ServiceAccount'] },
    });
  });
  after(() => cluster?.stop());

  test('a typo is refused with a suggestion, and all mistakes in one message', { skip }, async () => {
    const annotations = { mode: 'enforced', 'max-intensty': '250', regions: 'eu-{a}', 'home-region': 'eu-north' };
    for (const command of ['create', 'apply']) {
      const { code, stderr } = await cluster.submit(namespace('typo', annotations), command);
      assert.equal(code, 1);
      assert.match(stderr, /gridgate\.dev\/mode: "enforced" is not one of off, audit, warn, enforce/);
      assert.match(
        stderr,
        /gridgate\.dev\/max-intensty: no such annotation, did you mean gridgate\.dev\/max-intensity\?/,
      );
      assert.match(stderr, /gridgate\.dev\/regions: "eu-\{a\}" is not region names or globs/);
      assert.doesNotMatch(stderr, /home-region/);
    }
    const { status, body } = await cluster.controlPlane.request(
      'POST',
      '/api/v1/namespaces',
      namespace('typo', annotations),
    );
    assert.deepEqual([status, body.reason, body.details.causes.length], [422, 'Invalid', 3]);
    assert.match(
      body.message,
      /gridgate refuses these annotations: .*max-intensity\?; .*mode: "enforced".*; .*regions: /,
    );
    assert.equal((await cluster.controlPlane.request('GET', '/api/v1/namespaces/typo')).status, 404);
  });

  test('old mistakes do not block other writes, new ones are refused by themselves', { skip }, async () => {
    const path = '/api/v1/namespaces/legacy';
    assert.equal((await cluster.send('GET', path)).metadata.labels[LABEL], undefined);
    const { metadata } = await cluster.patch(path, { metadata: { labels: { team: 'a' } } });
    assert.deepEqual([metadata.labels.team, metadata.labels[LABEL]], ['a', 'true']);
    await cluster.patch(path, { metadata: { annotations: prefixed({ placement: 'require' }) } });

    const { code, stderr } = await cluster.kubectl(['annotate', 'ns', 'legacy', 'gridgate.dev/weights=carbon']);
    assert.equal(code, 1);
    assert.match(stderr, /gridgate\.dev\/weights: "carbon" is not factors/);
    assert.doesNotMatch(stderr, /max-intensty/);
    const changed = await cluster.kubectl(['annotate', '--overwrite', 'ns', 'legacy', 'gridgate.dev/max-intensty=100']);
    assert.match(changed.stderr, /did you mean gridgate\.dev\/max-intensity\?/);
    const removed = await cluster.kubectl(['annotate', 'ns', 'legacy', 'gridgate.dev/max-intensty-']);
    assert.equal(removed.code, 0, removed.stderr);
    await cluster.send('DELETE', path);
  });

  test('the label follows the annotation within the same write', { skip }, async () => {
    const path = '/api/v1/namespaces/follows';
    const created = await cluster.createNamespace('follows', { mode: 'warn' });
    assert.equal(created.metadata.labels[LABEL], 'true');
    const writes: [change: object, label: string | undefined][] = [
      [{ annotations: prefixed({ mode: 'off' }) }, undefined],
      [{ annotations: prefixed({ mode: 'audit' }) }, 'true'],
      [{ labels: { [LABEL]: null } }, 'true'],
      [{ labels: { [LABEL]: 'false' } }, 'true'],
      [{ annotations: { 'gridgate.dev/mode': null } }, undefined],
      [{ labels: { [LABEL]: 'true' } }, undefined],
    ];
    for (const [metadata, label] of writes) {
      const changed = await cluster.patch(path, { metadata });
      assert.equal(changed.metadata.labels[LABEL], label, JSON.stringify(metadata));
    }
    const { metadata } = await cluster.send('POST', '/api/v1/namespaces', {
      metadata: { name: 'never', labels: { [LABEL]: 'true' } },
    });
    assert.equal(metadata.labels[LABEL], undefined);
  });

  test('applied twice, nothing is left to change', { skip }, async () => {
    const object = namespace('applied', { mode: 'enforce' });
    for (const outcome of ['created', 'unchanged', 'unchanged']) {
      const { stdout, stderr } = await cluster.submit(object, 'apply');
      assert.deepEqual([stdout, stderr], [`namespace/applied ${outcome}\n`, '']);
    }
    for (const outcome of ['serverside-applied', 'serverside-applied']) {
      const { stdout, stderr } = await cluster.submit(
        object,
        'apply',
        '--server-side',
        '--field-manager=gitops',
        '--force-conflicts',
      );
      assert.deepEqual([stdout, stderr], [`namespace/applied ${outcome}\n`, '']);
    }
    assert.equal((await cluster.send('GET', '/api/v1/namespaces/applied')).metadata.labels[LABEL], 'true');
  });

  test('a pod right after a new namespace is steered', { skip }, async () => {
    for (let i = 0; i < TIMES; i++) {
      const name = `fresh-${i}`;
      const annotations = prefixed({ mode: 'enforce' });
      await cluster.send('POST', '/api/v1/namespaces', { metadata: { name, annotations } });
      await assertSteered(name);
    }
  });

  test('so it is while gridgate has heard of nothing yet, also where an old namespace opts in', { skip }, async () => {
    const old = Array.from({ length: 4 * TIMES }, (_, i) => `old-${i}`);
    await Promise.all(old.map((name) => cluster.createNamespace(name)));
    const watch = await startLateWatch(cluster, SERVICE_ACCOUNT, 3_000);
    try {
      const late = await cluster.startInstance('--kubeconfig', watch.kubeconfig);
      await cluster.pointWebhooksAt(late.webhook, late);
      for (let i = 0; i < TIMES; i++) {
        await cluster.send('POST', '/api/v1/namespaces', namespace(`late-${i}`, { mode: 'enforce' }));
        await assertSteered(`late-${i}`);
      }
      const unsteered: string[] = [];
      // The API server asks by a view of its own, which may lag as well: nothing that gridgate can help.
      let askedAbout = 0;
      for (const name of old) {
        if (askedAbout === TIMES) break;
        await cluster.patch(`/api/v1/namespaces/${name}`, { metadata: { annotations: prefixed({ mode: 'enforce' }) } });
        const { body } = await cluster.createPod(name, pod('first'));
        if (isSteered(body)) askedAbout += 1;
        else unsteered.push(name);
      }
      await cluster.waitFor('the log', () => cluster.reviews(`late-${TIMES - 1}`)[0]);
      assert.deepEqual(
        unsteered.flatMap((name) => cluster.reviews(name)),
        [],
      );
      assert.equal(askedAbout, TIMES, `${unsteered.length} of ${old.length} were never asked about`);
    } finally {
      watch.stop();
    }
  });

  async function assertSteered(namespace: string): Promise<void> {
    const { status, body } = await cluster.createPod(namespace, pod('first'));
    assert.equal(status, 201, JSON.stringify(body));
    assert.ok(isSteered(body), `${namespace}: ${JSON.stringify(body.metadata)}`);
  }
});

function isSteered({ metadata, spec }: Rendered): boolean {
  return metadata.annotations['gridgate.dev/decision'] !== undefined && spec.affinity?.nodeAffinity !== undefined;
}
