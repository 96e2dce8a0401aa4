import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { REGION_LABEL } from '../builders.ts';
import type { Rendered } from '../cluster/rendered-manifests.ts';
import { skip } from './cluster.ts';
import { type LiveCluster, REGIONS_PATH, startLiveCluster } from './live-cluster.ts';
import { deployment, pod } from './objects.ts';

const DIRTY = { nodeSelector: { [REGION_LABEL]: 'us-east' } };
const SHOP = '/apis/apps/v1/namespaces/shop';
/** The pause between tries doubles from 5 ms on: this many take some five seconds. */
const TRIES = 10;

describe('a denial shows on the owner that people look at', () => {
  let cluster: LiveCluster;

  before(async () => {
    if (skip) return;
    cluster = await startLiveCluster({
      regions: { 'eu-north': { gramsPerKwh: 50 }, 'us-east': { gramsPerKwh: 400 } },
      replicas: { controllers: 2, webhook: 1 },
    });
    await cluster.createNamespace('shop', { mode: 'enforce', 'max-intensity': '250' });
  });
  after(() => cluster?.stop());

  /** What was told, as `Deployment web high_carbon`, in the order of its telling. */
  async function told(): Promise<readonly string[]> {
    const { items } = await cluster.send('GET', '/apis/events.k8s.io/v1/namespaces/shop/events');
    return items
      .filter(({ reason }: Rendered) => reason === 'PlacementRefused')
      .sort((a: Rendered, b: Rendered) => (a.eventTime < b.eventTime ? -1 : 1))
      .map(({ regarding, note }: Rendered) => `${regarding.kind} ${regarding.name} ${/\[(.*)\]$/.exec(note)?.[1]}`);
  }

  const untilTold = (...expected: readonly string[]) =>
    cluster.waitFor(`${expected.join(', ')} to be told`, async () => {
      const found = await told();
      return expected.every((one) => found.includes(one)) || undefined;
    });

  async function triesOf(name: string): Promise<number> {
    const { items } = await cluster.send('GET', '/api/v1/namespaces/shop/events?fieldSelector=reason%3DFailedCreate');
    const own = items.filter(({ involvedObject }: Rendered) => involvedObject.name.startsWith(name));
    return own.reduce((sum: number, { count }: Rendered) => sum + (count ?? 1), 0);
  }

  /** Any change of a ReplicaSet has its controller try again at once. */
  async function tryAgain(name: string): Promise<void> {
    const before = await triesOf(name);
    const { items } = await cluster.send('GET', `${SHOP}/replicasets?labelSelector=app%3D${name}`);
    await cluster.patch(`${SHOP}/replicasets/${items[0].metadata.name}`, {
      metadata: { annotations: { again: `${before}` } },
    });
    await cluster.waitFor('one more try', async () => (await triesOf(name)) > before || undefined);
  }

  test('once, however often it is tried, and kubectl describe shows it', { skip }, async () => {
    await cluster.send('POST', `${SHOP}/deployments`, deployment('web', 2, DIRTY));
    await untilTold('Deployment web high_carbon');
    await cluster.waitFor('many tries', async () => (await triesOf('web')) >= TRIES || undefined);
    assert.deepEqual(await told(), ['Deployment web high_carbon']);
    const { stdout } = await cluster.kubectl(['describe', 'deployment', 'web', '-n', 'shop']);
    assert.match(
      stdout,
      /Warning +PlacementRefused +\S+ +gridgate\.dev\/controllers +gridgate refuses pod web-\S+: us-east is at 400 gCO2e\/kWh .*\[high_carbon\]/,
    );
    assert.equal(stdout.split('PlacementRefused').length, 2, stdout);
    const replicas = [...cluster.replicas('controllers'), ...cluster.replicas('webhook')];
    const metrics = await Promise.all(
      replicas.map(async ({ operators }) => (await fetch(`${operators}/metrics`)).text()),
    );
    const listening = metrics.filter((text) => text.includes('gridgate_watch_idle_seconds{resource="events"}'));
    assert.equal(listening.length, 1, 'the leader alone watches Events');
  });

  test('a CronJob for its Job, and a StatefulSet', { skip }, async () => {
    const { spec } = deployment('db', 1, DIRTY);
    const { selector, template } = spec;
    const statefulSet = { metadata: { name: 'db' }, spec: { selector, template, serviceName: 'db', replicas: 1 } };
    await cluster.send('POST', `${SHOP}/statefulsets`, statefulSet);
    const jobSpec = { template: { spec: { ...pod('x', DIRTY).spec, restartPolicy: 'Never' } } };
    const cronJob = { metadata: { name: 'night' }, spec: { schedule: '0 3 * * *', jobTemplate: { spec: jobSpec } } };
    await cluster.send('POST', '/apis/batch/v1/namespaces/shop/cronjobs', cronJob);
    const { code, stderr } = await cluster.kubectl(['create', 'job', 'tonight', '--from=cronjob/night', '-n', 'shop']);
    assert.equal(code, 0, stderr);
    await untilTold('StatefulSet db high_carbon', 'CronJob night high_carbon');
    assert.equal((await told()).length, 3);
  });

  test('once more for another reason, and not again by the next leader', { skip }, async () => {
    await cluster.patch(`${REGIONS_PATH}/us-east`, { spec: { outage: { active: true, reason: 'power loss' } } });
    await cluster.waitFor('the webhook to know of the outage', async () => {
      const asked = await cluster.request('POST', '/api/v1/namespaces/shop/pods?dryRun=All', pod('asks', DIRTY));
      return asked.body.message?.includes('power loss') || undefined;
    });
    await tryAgain('web');
    await untilTold('Deployment web outage');

    await (await cluster.leader()).end();
    await tryAgain('web');
    await cluster.send('POST', `${SHOP}/deployments`, deployment('late', 1, DIRTY));
    await untilTold('Deployment late outage'); // so the next leader works, and has heard of the try before
    const ofWeb = (await told()).filter((one) => one.startsWith('Deployment web'));
    assert.deepEqual(ofWeb, ['Deployment web high_carbon', 'Deployment web outage']);
    const failures = cluster.replicas('controllers').flatMap(({ log }) => log.filter(({ level }) => level === 'error'));
    assert.deepEqual(failures, []);
  });
});
