import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { stringify } from 'yaml';
import { skip } from './cluster.ts';
import { type LiveCluster, REGIONS_PATH, startLiveCluster } from './live-cluster.ts';

const LEASE = '/apis/coordination.k8s.io/v1/namespaces/gridgate-system/leases/gridgate';
const CONFIG = {
  sources: [],
  outage: {
    sources: [{ type: 'configmap', namespace: 'gridgate-system', name: 'gridgate-outages' }, { type: 'nodes' }],
  },
};
/** Far less than the ten minutes after which the labeller looks by itself. */
const HEALED_MS = 60_000;

describe('replicas of gridgate, put together', () => {
  let cluster: LiveCluster;

  before(async () => {
    if (skip) return;
    cluster = await startLiveCluster({
      regions: { 'eu-north-1': { gramsPerKwh: 20 } },
      config: CONFIG,
      replicas: { controllers: 0, webhook: 0 },
    });
    await cluster.startReplica('controllers', '--taint-nodes');
    await cluster.startReplica('webhook');
    await cluster.createNamespace('shop', { mode: 'enforce' });
    await cluster.createNamespace('silent');
  });
  after(() => cluster?.stop());

  async function holder(): Promise<string> {
    return (await cluster.send('GET', LEASE)).spec.holderIdentity;
  }

  function untilManaged(name: string, managed: boolean): Promise<true> {
    return cluster.waitFor(
      `the label of ${name}`,
      async () => {
        const { metadata } = await cluster.send('GET', `/api/v1/namespaces/${name}`);
        return (metadata.labels['gridgate.dev/managed'] === 'true') === managed || undefined;
      },
      HEALED_MS,
    );
  }

  test('other policy defaults: namespaces that say nothing have their label within seconds', { skip }, async () => {
    writeFileSync(cluster.configFile, stringify({ ...CONFIG, policy: { mode: 'audit' } }));
    await untilManaged('silent', true);
    writeFileSync(cluster.configFile, stringify(CONFIG));
    await untilManaged('silent', false);
  });

  test('a leader that loses its Lease for a moment works on when it has it back', { skip }, async () => {
    const [instance] = cluster.replicas('controllers');
    const count = (msg: RegExp) => instance?.log.filter((line) => msg.test(String(line['msg']))).length ?? 0;
    const leader = await holder();
    for (let lost = count(/^leading no more/) + 1; lost <= 2; lost++) {
      await cluster.patch(LEASE, { spec: { holderIdentity: 'somebody' } });
      await cluster.waitFor('the loss', () => count(/^leading no more/) === lost || undefined);
      await cluster.patch(LEASE, { spec: { holderIdentity: '' } });
      await cluster.waitFor('the Lease to be back', async () => (await holder()) === leader || undefined);
    }
    await cluster.patch('/api/v1/namespaces/shop', { metadata: { labels: { 'gridgate.dev/managed': null } } });
    await untilManaged('shop', true);
    const metadata = { name: 'late' };
    const kind = { apiVersion: 'gridgate.dev/v1alpha1', kind: 'Region' };
    await cluster.send('POST', REGIONS_PATH, { ...kind, metadata, spec: { gramsPerKwh: 900 } });
    await cluster.waitFor(
      'its status',
      async () => (await cluster.region('late')).status?.band === 'high' || undefined,
    );
  });

  test('neither account was refused anything, and no fault was caught', { skip }, () => {
    for (const { log, stderr } of [...cluster.replicas('webhook'), ...cluster.replicas('controllers')]) {
      const refused = log.filter((line) => /forbidden|\b403\b|closing after a fault/i.test(JSON.stringify(line)));
      assert.deepEqual(refused, []);
      assert.equal(stderr(), '');
    }
  });

  test('a leader that is told to stop releases its Lease and ends with 0', { skip }, async () => {
    const [instance] = cluster.replicas('controllers');
    assert.equal(await instance?.end('SIGTERM'), 0);
    assert.equal(await holder(), '');
  });
});
