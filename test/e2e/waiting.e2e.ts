import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { skip } from '../control-plane/assets.ts';
import { HOUR_MS, isHeld, type ReleasingCluster, startReleasing } from './releasing.ts';

/** Cleaner two hours from now. */
const TOMORROW = Array<number>(22).fill(400);
const GRIDS = { clean: [300, 300, 100, ...TOMORROW], dirty: [500, 500, 500, ...TOMORROW] };

describe('what waits for a cleaner hour', () => {
  let cluster: ReleasingCluster;

  before(async () => {
    if (skip) return;
    cluster = await startReleasing(GRIDS);
    cluster.startReleaser();
  });
  after(() => cluster?.stop());

  test('goes when its hour has come, to where it is clean by then', { skip }, async () => {
    await cluster.createNamespace('batch', { 'home-region': 'dirty' });
    await cluster.createHeld('batch', 'train');
    const path = '/api/v1/namespaces/batch/pods/train';
    await cluster.waitFor('its plan', async () => {
      const { metadata } = await cluster.send('GET', path);
      return metadata.annotations['gridgate.dev/not-before'];
    });
    assert.equal(isHeld(await cluster.send('GET', path)), true);
    cluster.advance(2 * HOUR_MS);
    cluster.setGrids({ clean: [100, ...TOMORROW], dirty: [500, ...TOMORROW] });
    const pod = await cluster.waitFor('its node', async () => {
      const pod = await cluster.send('GET', path);
      return pod.spec.nodeName ? pod : undefined;
    });
    assert.equal(isHeld(pod), false);
    assert.match(pod.spec.nodeName, /^clean/);
    assert.match(pod.metadata.annotations['gridgate.dev/released'], /^\d{4}-/);
  });
});
