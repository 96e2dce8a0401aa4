import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { pictureOf } from '../../src/regions/picture.ts';
import { parseRegion, type RegionResource, type RegionSpec } from '../../src/regions/region-resource.ts';
import { createSnapshotHolder } from '../../src/regions/snapshot-holder.ts';
import { buildTopology } from '../../src/regions/topology.ts';
import { expression, makeGroup, makeNode, makeNodePool, NOW } from '../builders.ts';
import { collectGarbage } from '../collect-garbage.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

function resource(spec: RegionSpec): RegionResource {
  const parsed = parseRegion({ apiVersion: 'gridgate.dev/v1alpha1', kind: 'Region', metadata: { name: 'a' }, spec });
  if ('issues' in parsed) throw new Error(parsed.issues.join('; '));
  return parsed.region;
}

function outageUntil(ms: number): RegionResource {
  return resource({ outage: { active: true, until: new Date(ms).toISOString() } });
}

/** A holder whose clock and timers the test moves. */
function holderOf(test: TestContext) {
  test.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: NOW });
  const fixed = { regionLabel: 'region', policySignal: 'average-lifecycle', fallbackReading: () => undefined } as const;
  let aheadMs = 0;
  const holder = createSnapshotHolder(fixed, () => Date.now() + aheadMs);
  test.after(holder.stop);
  return {
    holder,
    isDown: () => holder.current().byName.get('a')?.outage?.active,
    pass: (ms: number) => test.mock.timers.tick(ms),
    /** Sets the clock, which no timer hears of. */
    jump(ms: number) {
      aheadMs += ms;
    },
  };
}

describe('the snapshot holder', () => {
  it('begins with no regions', (t) => {
    assert.deepEqual(holderOf(t).holder.current().regions, []);
  });

  it('holds one snapshot until something changes', (t) => {
    const { holder, pass } = holderOf(t);
    holder.setRegions([resource({ gramsPerKwh: 1 })]);
    const first = holder.current();
    pass(DAY_MS);
    assert.equal(holder.current(), first);
    holder.setRegions([resource({ gramsPerKwh: 2 })]);
    assert.notEqual(holder.current(), first);
    assert.equal(first.byName.get('a')?.reading?.gramsPerKwh, 1);
  });

  it('keeps regions when nodes change, with the moment they were read, and nodes when regions change', (t) => {
    const { holder, pass } = holderOf(t);
    holder.setRegions([resource({ gramsPerKwh: 1 })]);
    pass(DAY_MS);
    holder.setCluster({ topology: buildTopology([makeNode('n')]) });
    assert.equal(holder.current().byName.get('a')?.reading?.measuredAt, NOW);
    assert.equal(holder.current().takenAt, NOW + DAY_MS);
    holder.setRegions([resource({})]);
    assert.equal(holder.current().topology?.nodes.length, 1);
  });

  it('keeps alive nothing that it held before', async (t) => {
    const { holder } = holderOf(t);
    const held = ['m', 'o', 'p', 'q'].flatMap((name, grams) => {
      holder.setRegions([resource({ gramsPerKwh: grams })]);
      holder.setReadings(new Map(), undefined);
      const nodePools = [makeNodePool(name, [expression('region', 'In', 'a')])];
      const topology = buildTopology([makeNode('n', 'a'), makeNode(name, 'a')], holder.current().topology);
      assert.equal(topology.byName.size, 2); // its index is made
      holder.setCluster({ topology, nodePools, nodeGroups: [makeGroup(name)] });
      return [new WeakRef(topology), new WeakRef(holder.current())];
    });
    await collectGarbage();
    const alive = held.map((one) => one.deref() !== undefined);
    assert.deepEqual(alive, [false, false, false, false, false, false, true, true]);
  });

  it('keeps what was judged of regions while only nodes come and go, and not when what may come changes', (t) => {
    const { holder } = holderOf(t);
    holder.setRegions([resource({ gramsPerKwh: 1 })]);
    const nodePools = [makeNodePool('p', [expression('region', 'In', 'a')])];
    const groups = [makeGroup('batch-a')];
    const topology = buildTopology([makeNode('n', 'a')]);
    const pictureWith = (next: Parameters<typeof holder.setCluster>[0]) => {
      holder.setCluster(next);
      return pictureOf(holder.current());
    };
    const first = pictureWith({ topology, nodePools, nodeGroups: groups });
    const more = buildTopology([makeNode('n', 'a'), makeNode('m', 'a')], topology);
    assert.equal(pictureWith({ topology: more, nodePools: [...nodePools], nodeGroups: [...groups] }), first);
    const full = [makeGroup('batch-a', { target: 10 })];
    const second = pictureWith({ topology: more, nodePools, nodeGroups: full });
    assert.notEqual(second, first);
    assert.deepEqual(second.supply?.autoscaling.fullIn, ['a']);
    const third = pictureWith({ topology: more, nodePools: [], nodeGroups: full });
    assert.deepEqual([third === second, third.supply?.autoscaling.autoscaler], [false, 'cluster-autoscaler']);
    holder.setRegions([resource({ gramsPerKwh: 2 })]);
    assert.equal(holder.current().supply, third.supply, 'regions change nothing of it');
  });

  it('ends an outage when its time has come, and not before', (t) => {
    const { holder, isDown, pass } = holderOf(t);
    holder.setRegions([outageUntil(NOW + 5_000)]);
    const before = holder.current();
    pass(4_999);
    assert.deepEqual([isDown(), holder.current()], [true, before]);
    pass(1);
    assert.equal(isDown(), false);
    assert.equal(before.byName.get('a')?.outage?.active, true);
  });

  it('notices within 10 s that the clock was set forward, or back', (t) => {
    const { holder, isDown, pass, jump } = holderOf(t);
    holder.setRegions([outageUntil(NOW + HOUR_MS)]);
    const before = holder.current();
    jump(HOUR_MS);
    pass(10_000);
    assert.equal(isDown(), false);
    jump(-HOUR_MS);
    pass(10_000);
    assert.equal(isDown(), true);
    assert.notEqual(holder.current(), before);
  });

  it('waits for an end beyond the longest timer', (t) => {
    const { holder, isDown, pass } = holderOf(t);
    holder.setRegions([outageUntil(NOW + 60 * DAY_MS)]);
    for (let day = 0; day < 59; day++) pass(DAY_MS);
    assert.equal(isDown(), true);
    pass(DAY_MS);
    assert.equal(isDown(), false);
  });

  it('forgets the end of an outage that was replaced', (t) => {
    const { holder, isDown, pass } = holderOf(t);
    holder.setRegions([outageUntil(NOW + 5_000)]);
    holder.setRegions([outageUntil(NOW + 50_000)]);
    pass(6_000);
    assert.equal(isDown(), true);
    pass(44_000);
    assert.equal(isDown(), false);
  });

  it('does nothing any more once it is stopped', (t) => {
    const { holder, isDown, pass } = holderOf(t);
    holder.setRegions([outageUntil(NOW + 5_000)]);
    holder.stop();
    pass(6_000);
    assert.equal(isDown(), true);
  });
});
