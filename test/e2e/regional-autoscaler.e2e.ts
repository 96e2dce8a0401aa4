import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Rendered } from '../cluster/rendered-manifests.ts';
import type { Component } from '../control-plane/component.ts';
import type { GridgateProcess } from '../process/gridgate-process.ts';
import { skip } from './cluster.ts';
import { type RegionalCluster, startRegionalCluster } from './regional-cluster.ts';

const QUICK = { loop: '5s', cooldown: '1s', holdCycles: 1 };
const REGIONS = ['denmark', 'france', 'latvia'];
const targets = (max = 3) => REGIONS.map((region) => ({ region, deployment: region, min: 1, max }));
const BEFORE = 'gridgate.dev/bounds-before';

describe('RegionalAutoscalers with the real metrics-server, under the account of the controllers', () => {
  let cluster: RegionalCluster;
  let metricsServer: Pick<Component, 'stop'>;
  let leader: GridgateProcess;

  before(async () => {
    if (skip) return;
    cluster = await startRegionalCluster({ resourceMetrics: true });
    leader = await cluster.startControllers();
  });
  after(() => cluster?.stop());

  test('say so where there is no metrics-server, and keep limits and outages all the same', { skip }, async () => {
    await cluster.createNamespace('early');
    await cluster.createDeployments('early', { denmark: 4, france: 4, latvia: 0 });
    await cluster.createAutoscaler('early', 'web', { ...QUICK, targets: targets(8) });
    await cluster.untilCounts('early', { denmark: 4, france: 4, latvia: 1 });
    const { message } = await cluster.untilCondition('early', 'web', 'MetricsAvailable', 'NoMetrics');
    assert.match(message, /gridgate needs metrics-server/);

    await cluster.setRegion('denmark', { outage: { active: true, reason: 'a test' } });
    await cluster.untilCounts('early', { denmark: 0, france: 8, latvia: 1 });
    await cluster.setRegion('denmark', { outage: { active: false } });
    await cluster.untilCounts('early', { denmark: 1, france: 8, latvia: 1 });
    await cluster.assertWrites('early', ['latvia 200', 'france 200', 'denmark 200', 'denmark 200']);
  });

  test('CPU goes up in France until its maximum, then in Denmark; down in Latvia first, then in Denmark', {
    skip,
  }, async () => {
    metricsServer = await cluster.controlPlane.startMetricsServer();
    await cluster.createNamespace('known');
    await cluster.createDeployments('known', { denmark: 1, france: 1, latvia: 2 }, 90);
    const [denmark, , latvia] = targets();
    const france = { region: 'france', deployment: 'france', min: 1, max: 2 };
    await cluster.createAutoscaler('known', 'web', { ...QUICK, maxReplicas: 7, targets: [denmark, france, latvia] });
    await cluster.untilCounts('known', { denmark: 3, france: 2, latvia: 2 });
    await cluster.assertWrites('known', ['france 200', 'denmark 200', 'denmark 200']);

    const from = cluster.logged();
    await cluster.use('known', 5);
    await cluster.untilCounts('known', { denmark: 1, france: 1, latvia: 1 });
    await cluster.assertWrites('known', ['latvia 200', 'denmark 200', 'denmark 200', 'france 200'], from);

    const told = async () => Map.groupBy(await cluster.events('known'), ({ reason }) => reason);
    const events = await cluster.waitFor('all Events', async () => {
      const now = await told();
      return now.get('ScaleDown')?.length === 4 ? now : undefined;
    });
    assert.equal(events.get('ScaleUp')?.length, 3);
    const { stdout } = await cluster.kubectl(['get', 'ra', '-n', 'known']);
    assert.match(stdout, /^NAME +MODE +ACTIVE +REPLICAS +CPU +DECISION +REASON +REGION +AGE\nweb +replicas +True +\d /);
  });

  test('own nothing of a Deployment but its replicas, and leave them to whoever scales by hand', { skip }, async () => {
    await cluster.createNamespace('hands');
    await cluster.createDeployments('hands', { denmark: 1, france: 1, latvia: 1 }, 90);
    await cluster.createAutoscaler('hands', 'web', { ...QUICK, cooldown: '30s', targets: targets() });
    await cluster.untilCounts('hands', { denmark: 1, france: 2, latvia: 1 });
    await cluster.use('hands', 50);
    const { metadata } = await cluster.send('GET', `${cluster.deployments('hands')}/france?fieldManager=x`);
    const ours = metadata.managedFields.filter(({ manager }: Rendered) => manager === 'gridgate-regional-autoscaler');
    assert.deepEqual(
      ours.map(({ operation, subresource, fieldsV1 }: Rendered) => ({ operation, subresource, fieldsV1 })),
      [{ operation: 'Apply', subresource: 'scale', fieldsV1: { 'f:spec': { 'f:replicas': {} } } }],
    );
    const { code, stderr } = await cluster.kubectl(['scale', '-n', 'hands', 'deployment', 'france', '--replicas=1']);
    assert.equal(code, 0, stderr);
    const before = cluster.writes('hands').length;
    // Longer than the cooldown, and many loops.
    const at = cluster.logged();
    await cluster.createNamespace('hands-after');
    await cluster.createDeployments('hands-after', { denmark: 9 });
    await cluster.createAutoscaler('hands-after', 'web', {
      ...QUICK,
      holdCycles: 8,
      targets: [{ region: 'denmark', deployment: 'denmark', max: 10 }],
    });
    await cluster.use('hands-after', 99);
    await cluster.untilCounts('hands-after', { denmark: 10 });
    assert.ok(at < cluster.logged());
    assert.equal(cluster.writes('hands').length, before);
    assert.deepEqual(await cluster.counts('hands'), { denmark: 1, france: 1, latvia: 1 });
  });

  test('ask decide(): a region whose pods would be refused is passed over', { skip }, async () => {
    await cluster.createNamespace('ruled', { mode: 'enforce', regions: 'denmark,latvia' });
    await cluster.createDeployments('ruled', { denmark: 1, france: 1, latvia: 1 }, 90);
    await cluster.createAutoscaler('ruled', 'web', { ...QUICK, maxReplicas: 4, targets: targets() });
    await cluster.untilCounts('ruled', { denmark: 2, france: 1, latvia: 1 });
  });

  test('leave a Deployment to its HorizontalPodAutoscaler; with mode: bounds they move its bounds, and give them back as they were', {
    skip,
  }, async () => {
    const hpas = '/apis/autoscaling/v2/namespaces/bound/horizontalpodautoscalers';
    await cluster.createNamespace('bound');
    await cluster.createDeployments('bound', { denmark: 2, france: 2, latvia: 2 }, 90);
    for (const name of REGIONS) {
      const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name };
      const metrics = [
        { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 99 } } },
      ];
      const hpa = {
        apiVersion: 'autoscaling/v2',
        kind: 'HorizontalPodAutoscaler',
        metadata: { name },
        spec: { scaleTargetRef, minReplicas: 2, maxReplicas: 3, metrics },
      };
      const { code, stderr } = await cluster.kubectl(
        ['apply', '--server-side', '-n', 'bound', '-f', '-'],
        JSON.stringify(hpa),
      );
      assert.equal(code, 0, stderr);
    }
    const created = await cluster.createAutoscaler('bound', 'web', { ...QUICK, targets: targets(4) });
    await cluster.untilCondition('bound', 'web', 'Accepted', 'OwnedByHpa');
    const path = `${cluster.autoscalers('bound')}/${created.metadata.name}`;
    await cluster.patch(path, { spec: { mode: 'bounds', maxReplicas: 11 } });
    const bounds = async () => {
      const { items } = await cluster.send('GET', hpas);
      return Object.fromEntries(
        items.map(({ metadata, spec }: Rendered) => [metadata.name, `${spec.minReplicas}-${spec.maxReplicas}`]),
      );
    };
    await cluster.waitFor('both steps', async () => (await bounds())['denmark'] === '3-4' || undefined, 120_000);
    assert.deepEqual(await bounds(), { denmark: '3-4', france: '3-4', latvia: '2-3' });
    assert.deepEqual(cluster.writes('bound'), []);
    assert.deepEqual(
      cluster.writes('bound', 0, '').filter((one) => !one.startsWith('gridgate-')),
      ['france 200', 'denmark 200'],
    );

    await cluster.send('DELETE', path);
    await cluster.waitFor(
      'all as it was',
      async () => (Object.values(await bounds()).every((one) => one === '2-3') ? true : undefined),
      120_000,
    );
    const france = await cluster.waitFor('nothing of ours', async () => {
      const one = await cluster.send('GET', `${hpas}/france`);
      return one.metadata.annotations?.[BEFORE] === undefined ? one : undefined;
    });
    await cluster.waitFor('that it is told', async () => {
      const told = (await cluster.events('bound', 'HorizontalPodAutoscaler')).filter(
        ({ reason }: Rendered) => reason === 'BoundsRestored',
      );
      return told.length === 2 || undefined;
    });
    const owners = france.metadata.managedFields.filter(
      ({ fieldsV1 }: Rendered) => fieldsV1['f:spec']?.['f:minReplicas'],
    );
    assert.deepEqual(
      owners.map(({ manager }: Rendered) => manager),
      ['kubectl'],
    );
  });

  test('move replicas to cleaner regions where they are to: one more there first, then one less', {
    skip,
  }, async () => {
    await cluster.createNamespace('moved');
    await cluster.createDeployments('moved', { denmark: 2, france: 1, latvia: 3 });
    await cluster.createAutoscaler('moved', 'web', { ...QUICK, rebalance: true, targets: targets(4) });
    await cluster.untilCounts('moved', { denmark: 1, france: 4, latvia: 1 });
    await cluster.assertWrites('moved', [
      'france 200',
      'latvia 200',
      'france 200',
      'latvia 200',
      'france 200',
      'denmark 200',
    ]);
  });

  test('go on when metrics-server is gone, and say so', { skip }, async () => {
    await metricsServer.stop();
    await cluster.createNamespace('late');
    await cluster.createDeployments('late', { denmark: 1, france: 1, latvia: 5 });
    await cluster.createAutoscaler('late', 'web', { ...QUICK, targets: targets() });
    await cluster.untilCondition('late', 'web', 'MetricsAvailable', 'NoMetrics');
    await cluster.untilCounts('late', { denmark: 1, france: 1, latvia: 3 });
  });

  test('scale by what they invent where they are to simulate, and mark it', { skip }, async () => {
    await cluster.createNamespace('invented');
    await cluster.createDeployments('invented', { denmark: 1, france: 1, latvia: 1 });
    await cluster.createAutoscaler('invented', 'web', { ...QUICK, simulate: true, targets: targets() });
    await cluster.untilCondition('invented', 'web', 'Simulated', 'SimulateIsTrue');
  });

  test('no spec that the CRD lets in keeps others from their work', { skip }, async () => {
    await cluster.createNamespace('odd');
    await cluster.createDeployments('odd', { denmark: 5 });
    const denmark = { region: 'denmark', deployment: 'denmark' };
    await cluster.createAutoscaler('odd', 'a', { targets: [{ ...denmark, min: 4 }], maxReplicas: 2 });
    await cluster.createAutoscaler('odd', 'b', { cooldown: '999d', targets: [denmark] });
    await cluster.createAutoscaler('odd', 'c', { ...QUICK, targets: [{ region: 'nowhere', deployment: 'gone' }] });
    await cluster.untilCondition('odd', 'a', 'Accepted', 'Invalid');
    await cluster.untilCondition('odd', 'b', 'Accepted', 'Invalid');
    await cluster.untilCondition('odd', 'c', 'Active', 'DeploymentMissing');
    const text = await (await fetch(`${leader.operators}/metrics`)).text();
    assert.match(text, /^gridgate_regional_actions_total\{decision="ScaleUp",outcome="done"\} \d+$/m);
    const failures = leader.log.filter(({ controller }) => controller === 'regional-autoscaler');
    assert.deepEqual(failures, []);
  });

  test('tell in audit what they would do, and change nothing', { skip }, async () => {
    await cluster.createNamespace('audited');
    await cluster.createDeployments('audited', { denmark: 1, france: 1, latvia: 5 });
    await leader.end('SIGTERM');
    await cluster.startControllers('audit');
    await cluster.createAutoscaler('audited', 'web', { ...QUICK, targets: targets() });
    await cluster.untilCondition('audited', 'web', 'Active', 'Audit');
    const event = await cluster.waitFor('the Event', async () => {
      const events = await cluster.events('audited');
      return events.find(({ reason }: Rendered) => reason === 'WouldLowerCeiling');
    });
    assert.equal(event.note, 'would scale latvia in latvia from 5 to 3: its maximum is 3');
    assert.deepEqual(cluster.writes('audited'), []);
  });
});
