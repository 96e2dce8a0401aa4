import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { skip } from './cluster.ts';
import { type RegionalCluster, startRegionalCluster } from './regional-cluster.ts';

const QUICK = { loop: '5s', cooldown: '1s', holdCycles: 1 };
const TARGETS = [
  { region: 'denmark', deployment: 'denmark', min: 1, max: 3 },
  { region: 'france', deployment: 'france', min: 1, max: 2 },
  { region: 'latvia', deployment: 'latvia', min: 1, max: 3 },
];

describe('RegionalAutoscalers with the real metrics-server, under the account of the controllers', () => {
  let cluster: RegionalCluster;

  before(async () => {
    if (skip) return;
    cluster = await startRegionalCluster({ resourceMetrics: true });
    await cluster.controlPlane.startMetricsServer();
    await cluster.startControllers();
  });
  after(() => cluster?.stop());

  test('CPU goes up in France until its maximum, then in Denmark; down in Latvia first, then in Denmark', {
    skip,
  }, async () => {
    await cluster.createNamespace('known');
    await cluster.createDeployments('known', { denmark: 1, france: 1, latvia: 2 }, 90);
    await cluster.createAutoscaler('known', 'web', { ...QUICK, maxReplicas: 7, targets: TARGETS });
    await cluster.untilCounts('known', { denmark: 3, france: 2, latvia: 2 });
    assert.deepEqual(cluster.writes('known'), ['france 200', 'denmark 200', 'denmark 200']);

    const from = cluster.logged();
    await cluster.use('known', 5);
    await cluster.untilCounts('known', { denmark: 1, france: 1, latvia: 1 });
    assert.deepEqual(cluster.writes('known', from), ['latvia 200', 'denmark 200', 'denmark 200', 'france 200']);
  });
});
