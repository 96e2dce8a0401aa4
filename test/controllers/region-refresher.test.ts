import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { pino } from 'pino';
import { ApiError } from '../../src/cluster/api-error.ts';
import type { KubeObject } from '../../src/cluster/kube-object.ts';
import type { LiveRegion } from '../../src/cluster/regions.ts';
import { createRegionRefresher } from '../../src/controllers/region-refresher/controller.ts';
import { type OutageState, parseStatus, type RegionStatus } from '../../src/regions/region-status.ts';
import type { RegionIntensity } from '../../src/sources/intensity/chain.ts';
import { fakeClock } from './fake-clock.ts';
import { averageIntensity, liveRegion, measuredIntensity, NOW } from './live-regions.ts';

interface WorldParts {
  readonly regions?: readonly LiveRegion[];
  /** Answers instead of the API server, or throws. */
  readonly refuse?: (name: string) => void;
  /** The view shows no write. */
  readonly isBlind?: boolean;
}

/** A refresher between a fake API server, fake sources and a fake outage board. */
function world(test: TestContext, { regions = [], refuse = () => {}, isBlind = false }: WorldParts = {}) {
  const time = fakeClock();
  const view = new Map(regions.map((region) => [region.metadata.name, region]));
  const versions = new Map(regions.map((region) => [region.metadata.name, 1]));
  const intensities = new Map<string, RegionIntensity>();
  const outages = new Map<string, OutageState>();
  const restored: [string, OutageState][] = [];
  const asked: string[] = [];
  const polled: (readonly string[])[] = [];
  const writes: { name: string; at: number; status: RegionStatus }[] = [];
  const logged: { level: number; msg: string; failure?: string }[] = [];

  async function apply(path: string, object: object): Promise<KubeObject> {
    const name = /\/regions\/([^/]+)\/status$/.exec(path)?.[1] ?? '';
    refuse(name);
    const { metadata, status } = object as { metadata: { resourceVersion: string }; status: unknown };
    const version = versions.get(name) ?? 0;
    if (metadata.resourceVersion !== String(version)) throw new ApiError('PATCH', { code: 409 });
    versions.set(name, version + 1);
    writes.push({ name, at: time.now(), status: parseStatus(status) });
    const { spec, metadata: seen } = view.get(name) ?? liveRegion(name);
    const written = { ...seen, resourceVersion: String(version + 1) };
    if (!isBlind) view.set(name, { metadata: written, spec, observed: parseStatus(status) });
    return { metadata: written, spec, status } as KubeObject;
  }

  const refresher = createRegionRefresher({
    regions: () => [...view.values()],
    chain: {
      async read({ name }) {
        asked.push(name);
        return intensities.get(name) ?? averageIntensity();
      },
    },
    outages: {
      async refresh(names) {
        polled.push(names);
        const byRegion = new Map(names.map((name) => [name, outages.get(name) ?? { active: false, sources: [] }]));
        return { byRegion, distrusted: false, called: 0, regions: names.length, failures: new Map() };
      },
      restore(known) {
        for (const [name, state] of known) {
          restored.push([name, state]);
          outages.set(name, state);
        }
      },
    },
    writer: { apply },
    policySignal: 'average-lifecycle',
    clock: () => NOW + time.now(),
    log: pino({ level: 'debug' }, { write: (line) => void logged.push(JSON.parse(line)) }),
    monotonic: time,
  });
  test.after(refresher.stop);
  return { refresher, time, view, versions, intensities, outages, restored, asked, polled, writes, logged };
}

function many(count: number): readonly LiveRegion[] {
  return Array.from({ length: count }, (_, index) => liveRegion(`r${index}`));
}

describe('the region refresher', () => {
  it('asks for every region, writes what it learns, and then nothing until there is news', async (t) => {
    const { refresher, time, intensities, asked, polled, writes } = world(t, { regions: many(3) });
    intensities.set('r1', measuredIntensity(100));
    refresher.start();
    await time.advance(2_000);
    assert.deepEqual(asked.toSorted(), ['r0', 'r1', 'r2']);
    assert.deepEqual(polled, [['r0', 'r1', 'r2']]);
    const read = Object.fromEntries(writes.map(({ name, status }) => [name, status.reading?.source]));
    assert.deepEqual(read, { r0: 'embedded', r1: 'electricity-maps', r2: 'embedded' });

    const before = writes.length;
    await time.advance(600_000);
    assert.equal(asked.length, 33, 'every minute: the chain knows whose five minutes are over');
    assert.equal(polled.length, 21, 'every thirty seconds');
    assert.equal(writes.length, before);
  });

  it('reads a spec that changed at once, and only that', async (t) => {
    const { refresher, time, view, intensities, asked, writes, versions } = world(t, { regions: many(3) });
    refresher.start();
    await time.advance(2_000);
    asked.length = 0;
    writes.length = 0;
    intensities.set('r1', measuredIntensity(77));
    const { metadata, observed } = view.get('r1') ?? liveRegion('r1');
    const resourceVersion = String(Number(metadata.resourceVersion) + 1);
    versions.set('r1', Number(resourceVersion));
    view.set('r1', { metadata: { ...metadata, generation: 2, resourceVersion }, spec: { gridZone: 'FR' }, observed });
    refresher.regionsChanged();
    await time.advance(1_000);
    assert.deepEqual(asked, ['r1']);
    assert.equal(writes.at(-1)?.status.reading?.gramsPerKwh, 77);
    refresher.regionsChanged();
    await time.advance(1_000);
    assert.deepEqual(asked, ['r1'], 'its own writes are no news');
  });

  it('never gives a region the value of the zone that it had before', async (t) => {
    const { refresher, time, view, versions, intensities, outages, writes } = world(t, {
      regions: [liveRegion('a', { gridZone: 'DE' })],
    });
    intensities.set('a', measuredIntensity(400));
    refresher.start();
    await time.advance(2_000);
    const { metadata, observed } = view.get('a') ?? liveRegion('a');
    versions.set('a', 9);
    view.set('a', {
      metadata: { ...metadata, generation: 2, resourceVersion: '9' },
      spec: { gridZone: 'FR' },
      observed,
    });
    outages.set('a', { active: true, sources: ['nodes'] });
    refresher.outagesChanged(); // a write that is due before anybody was asked about the new zone
    await time.advance(2_000);
    intensities.set('a', measuredIntensity(40));
    refresher.regionsChanged();
    await time.advance(2_000);
    const inFrance = writes
      .filter(({ status }) => status.gridZone === 'FR')
      .map(({ status }) => status.reading?.gramsPerKwh);
    assert.deepEqual(inFrance, [undefined, 40]);
  });

  it('takes over the outages that the leader before knew, before it plans anything', async (t) => {
    const down: OutageState = { active: true, reason: 'many 5xx', sources: ['prometheus'], since: NOW - 5_000 };
    const { refresher, time, restored, writes } = world(t, { regions: [liveRegion('a', {}, { outage: down })] });
    refresher.start();
    await time.advance(2_000);
    assert.deepEqual(restored, [['a', down]]);
    assert.ok(writes.length > 0);
    for (const { status } of writes) assert.deepEqual(status.outage, down);
  });

  it('settles 200 regions that flap at once with few writes, at most ten a second, outages first', async (t) => {
    const { refresher, time, outages, writes } = world(t, { regions: many(200), isBlind: true });
    refresher.start();
    await time.advance(60_000);
    assert.equal(writes.length, 200, 'one each at first, although the view never shows them');
    const begun = time.now();
    writes.length = 0;
    for (let flap = 0; flap < 50; flap++) {
      for (const { metadata } of many(200))
        outages.set(metadata.name, { active: flap % 2 === 0, sources: ['nodes'], since: NOW });
      refresher.outagesChanged();
      await time.advance(100);
    }
    const during = writes.length;
    await time.advance(60_000);
    assert.ok(during <= 51, `${during} writes in 5 s`);
    assert.ok(writes.length <= 300, `${writes.length} writes for 10,000 changes`);
    for (const [index, { at }] of writes.entries()) {
      const tenth = writes[index + 10];
      if (tenth) assert.ok(tenth.at - at >= 1_000, `eleven writes in ${tenth.at - at} ms`);
    }
    const last = new Map(writes.map(({ name, status }) => [name, status.outage?.active]));
    assert.equal([...last.values()].filter(Boolean).length, 0);
    const settledAt = writes.length;
    await time.advance(25_000);
    assert.equal(writes.length, settledAt);
    assert.ok(time.now() > begun);
  });

  it('has an outage written within a moment, whatever else there is to write', async (t) => {
    const { refresher, time, outages, writes } = world(t, { regions: many(200) });
    refresher.start();
    await time.advance(1_000);
    outages.set('r199', { active: true, sources: ['nodes'] });
    refresher.outagesChanged();
    const before = writes.length;
    await time.advance(2_500);
    const position = writes.slice(before).findIndex(({ name, status }) => name === 'r199' && status.outage?.active);
    assert.ok(position >= 0, 'not written within 2.5 s');
  });

  it('passes over a region that was deleted meanwhile, without a word', async (t) => {
    const refuse = (name: string) => {
      if (name === 'r0') throw new ApiError('PATCH', { code: 404 });
    };
    const { refresher, time, writes, view, logged } = world(t, { regions: many(2), refuse });
    refresher.start();
    await time.advance(1_000);
    view.delete('r0');
    refresher.regionsChanged();
    await time.advance(60_000);
    assert.deepEqual(
      writes.map(({ name }) => name),
      ['r1'],
    );
    assert.equal(logged.filter(({ msg }) => msg.includes('region refresher')).length, 0);
  });

  it('reads again what somebody changed in between (409)', async (t) => {
    const { refresher, time, view, versions, writes } = world(t, { regions: many(1) });
    versions.set('r0', 7);
    refresher.start();
    await time.advance(500);
    assert.equal(writes.length, 0);
    const { metadata, spec, observed } = view.get('r0') ?? liveRegion('r0');
    view.set('r0', { metadata: { ...metadata, resourceVersion: '7' }, spec, observed });
    await time.advance(30_000);
    assert.equal(writes.length, 1);
  });

  it('writes nothing once it is stopped, and goes on when it leads again', async (t) => {
    const { refresher, time, intensities, writes, asked } = world(t, { regions: many(30) });
    refresher.start();
    await time.advance(1_000);
    await refresher.stop();
    const before = writes.length;
    refresher.regionsChanged();
    refresher.outagesChanged();
    await time.advance(600_000);
    assert.equal(writes.length, before);
    assert.equal(asked.length, 30);

    intensities.set('r29', measuredIntensity(5));
    refresher.start();
    await time.advance(10_000);
    assert.equal(asked.length, 60);
    assert.equal(writes.findLast(({ name }) => name === 'r29')?.status.reading?.gramsPerKwh, 5);
  });

  it('says once that sources fail, and that they work again', async (t) => {
    const { refresher, time, intensities, logged } = world(t, { regions: many(2) });
    refresher.start();
    await time.advance(700_000);
    for (const name of ['r0', 'r1']) intensities.set(name, measuredIntensity(5));
    await time.advance(400_000);
    assert.deepEqual(
      logged.map(({ msg }) => msg),
      ['sources of intensities failed', 'every source of intensities works again'],
    );
  });
});
