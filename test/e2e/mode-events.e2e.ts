import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { REGION_LABEL } from '../builders.ts';
import type { Rendered } from '../cluster/rendered-manifests.ts';
import { skip } from './cluster.ts';
import { type LiveCluster, startLiveCluster } from './live-cluster.ts';
import { deployment } from './objects.ts';

const DIRTY = { nodeSelector: { [REGION_LABEL]: 'us-east' } };
const MINUTE_MS = 60_000;

describe('a namespace hears what its mode comes to', () => {
  let cluster: LiveCluster;

  before(async () => {
    if (skip) return;
    cluster = await startLiveCluster({
      regions: { 'eu-north': { gramsPerKwh: 50 }, 'us-east': { gramsPerKwh: 400 } },
      replicas: { controllers: 2, webhook: 1 },
    });
  });
  after(() => cluster?.stop());

  /** As `Namespace shop EnforceBegan`. */
  async function told(namespace: string, ...reasons: readonly string[]): Promise<readonly string[]> {
    const { items } = await cluster.send('GET', `/apis/events.k8s.io/v1/namespaces/${namespace}/events`);
    return items
      .filter(({ reason }: Rendered) => reasons.includes(reason))
      .map(({ regarding, reason, note }: Rendered) => `${regarding.kind} ${regarding.name} ${reason}: ${note}`);
  }

  async function annotate(namespace: string, mode: string): Promise<string> {
    const { code, stderr } = await cluster.kubectl([
      'annotate',
      '--overwrite',
      'namespace',
      namespace,
      `gridgate.dev/mode=${mode}`,
    ]);
    assert.equal(code, 0, stderr);
    return stderr;
  }

  /** A namespace of more than a second's age: what is written within its first counts as come with it. */
  async function runsPods(namespace: string): Promise<void> {
    const { metadata } = await cluster.createNamespace(namespace);
    const isOlder = () => Date.now() >= Date.parse(metadata.creationTimestamp) + 1_000 || undefined;
    await cluster.waitFor('a second to pass', isOlder);
    const apps = `/apis/apps/v1/namespaces/${namespace}/deployments`;
    await cluster.send('POST', apps, deployment('web', 2, DIRTY));
    await cluster.send('POST', apps, deployment('api', 1));
    await cluster.waitFor('the pods', async () => {
      const { items } = await cluster.send('GET', `/api/v1/namespaces/${namespace}/pods`);
      return items.length === 3 || undefined;
    });
  }

  const rises = (namespace: string) => told(namespace, 'EnforceBegan');
  const RISEN =
    /^Namespace \S+ EnforceBegan: mode enforce refuses pods of 1 of 2 workloads here when they are made again \("gridgate audit --live -n \S+" says why\): deployment\/web \(high_carbon\)$/;

  test('audit: where it records, and an Event on the owner, which kubectl describe shows', { skip }, async () => {
    await runsPods('shop');
    assert.match(
      await annotate('shop', 'audit'),
      /Warning: gridgate: mode audit only records: "gridgate audit --live -n shop" shows it now/,
    );
    await cluster.waitFor('an Event on the owner', async () => (await told('shop', 'WouldBeRefused'))[0], MINUTE_MS);
    const { stdout } = await cluster.kubectl(['describe', 'deployment', 'web', '-n', 'shop']);
    assert.match(
      stdout,
      /Warning +WouldBeRefused +\S+ +gridgate\.dev\/controllers +its pods would be denied in mode enforce: gridgate refuses pod web-\*: us-east is at 400 gCO2e\/kWh .*\[high_carbon\]/,
    );
    assert.equal((await told('shop', 'WouldBeRefused')).length, 1, 'of api nothing is told');
  });

  test('enforce: within a minute the leader names what is refused', { skip }, async () => {
    assert.match(
      await annotate('shop', 'enforce'),
      /Warning: gridgate: "gridgate audit --live -n shop" names what will be refused/,
    );
    const [found] = await cluster.waitFor(
      'an Event on the namespace',
      async () => ((await rises('shop')).length > 0 ? rises('shop') : undefined),
      MINUTE_MS,
    );
    assert.match(found ?? '', RISEN);
  });

  test('enforce: the next leader tells what rose meanwhile, and nothing twice', { skip }, async () => {
    await runsPods('gap');
    await annotate('gap', 'warn');
    for (const replica of cluster.replicas('controllers')) await replica.end();
    await annotate('gap', 'enforce');
    await cluster.startReplica('controllers');
    await cluster.waitFor('what rose while nobody led', async () => (await rises('gap'))[0], MINUTE_MS);
    const first = await cluster.leader();
    await cluster.startReplica('controllers');
    await first.end();

    await cluster.leader();
    await runsPods('late');
    await annotate('late', 'audit');
    await cluster.waitFor(
      'that the next leader looks at owners',
      async () => (await told('late', 'WouldBeRefused'))[0],
    );
    await annotate('late', 'enforce');
    await cluster.waitFor('that it tells of rises', async () => (await rises('late'))[0], MINUTE_MS);
    for (const namespace of ['shop', 'gap', 'late']) {
      const all = await rises(namespace);
      assert.equal(all.length, 1, `${namespace}: ${all}`);
      assert.match(all[0] ?? '', RISEN);
    }
    assert.equal((await told('shop', 'WouldBeRefused')).length, 1);
    const failures = cluster.replicas('controllers').flatMap(({ log }) => log.filter(({ level }) => level === 'error'));
    assert.deepEqual(failures, []);
  });

  test('where nothing is refused, that is told', { skip }, async () => {
    await runsPods('clean');
    await cluster.send('DELETE', '/apis/apps/v1/namespaces/clean/deployments/web');
    await cluster.waitFor('one pod to be left', async () => {
      const { items } = await cluster.send('GET', '/api/v1/namespaces/clean/pods');
      return items.length === 1 || undefined;
    });
    await annotate('clean', 'enforce');
    const found = await cluster.waitFor('an Event on the namespace', async () => (await rises('clean'))[0], MINUTE_MS);
    assert.match(found, /mode enforce refuses no pods of the 1 workload here/);
    const { stdout } = await cluster.kubectl(['get', 'events', '-n', 'clean']);
    assert.match(stdout, /Normal +EnforceBegan +namespace\/clean/);
  });
});
