import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { skip } from './cluster.ts';
import { type LiveCluster, REGIONS_PATH, startLiveCluster } from './live-cluster.ts';

describe('what happens to a region', () => {
  let cluster: LiveCluster;

  before(async () => {
    if (skip) return;
    cluster = await startLiveCluster({ regions: { 'eu-north': { gramsPerKwh: 50 } }, replicas: { webhook: 0 } });
    await cluster.waitFor('a band', async () => (await cluster.region('eu-north')).status?.band === 'low' || undefined);
  });
  after(() => cluster?.stop());

  const change = (spec: object) => cluster.patch(`${REGIONS_PATH}/eu-north`, { spec });
  const untilDescribed = (text: RegExp) =>
    cluster.waitFor(`kubectl describe to show ${text}`, async () => {
      const { stdout } = await cluster.kubectl(['describe', 'region', 'eu-north']);
      return text.test(stdout.replaceAll(/\s+/g, ' ')) || undefined;
    });

  test('shows where people look: kubectl describe region', { skip }, async () => {
    await change({ outage: { active: true, reason: 'drill' } });
    await untilDescribed(
      /Warning RegionDown .*gridgate.dev\/controllers new pods go elsewhere; manual calls it down: drill/,
    );
    await change({ outage: null });
    await untilDescribed(/Normal RegionRecovered .* nobody calls it down any more/);
    await change({ gramsPerKwh: 900 });
    await untilDescribed(/Normal BandChanged .* was low and is high/);
    const { items } = await cluster.send('GET', '/apis/events.k8s.io/v1/namespaces/default/events');
    const ours = items.filter(({ regarding }: { regarding: { kind: string } }) => regarding.kind === 'Region');
    assert.equal(ours.length, 3);
  });
});
