import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pino } from 'pino';
import { ApiError } from '../../src/cluster/api-error.ts';
import { listOnce } from '../../src/cluster/list-watch.ts';
import { createProjectionStore } from '../../src/cluster/projection-store.ts';
import { createReflector } from '../../src/cluster/reflector.ts';
import { createInvalidRegionLog, REGIONS, toRegion, validRegions } from '../../src/cluster/regions.ts';
import { type Answer, fakeApi } from './fake-api.ts';

const WRITTEN = '2026-11-22T09:00:00Z';

function object(
  name: string,
  { spec = {}, status, version = '5' }: { spec?: object; status?: object; version?: string } = {},
) {
  const metadata = { name, uid: 'u', resourceVersion: version, generation: 3, managedFields: [{ much: 'more' }] };
  return { metadata, spec, ...(status && { status }) };
}

function quiet() {
  const logged: { msg: string; failure?: string; region?: string; issues?: string[] }[] = [];
  return { logged, log: pino({ level: 'debug' }, { write: (line) => void logged.push(JSON.parse(line)) }) };
}

function page(...items: readonly object[]): Answer {
  return { page: { metadata: { resourceVersion: '9' }, items } };
}

const NOT_FOUND = new ApiError('GET', { code: 404, message: '404 page not found' });

describe('a Region of the cluster', () => {
  it('keeps its spec, its status and what a write needs', () => {
    const region = toRegion(object('a', { spec: { gridZone: 'FR' }, status: { band: 'low', bandSince: WRITTEN } }));
    assert.deepEqual(region, {
      metadata: { name: 'a', uid: 'u', resourceVersion: '5', generation: 3 },
      spec: { gridZone: 'FR' },
      observed: { band: 'low', bandSince: Date.parse(WRITTEN) },
    });
  });

  it('is passed over when its spec makes no sense, which is logged once for each mistake', () => {
    const { log, logged } = quiet();
    const tell = createInvalidRegionLog(log);
    const [good, bad] = [toRegion(object('a')), toRegion(object('b', { spec: { gramsPerKwh: -5 } }))];
    assert.deepEqual(validRegions([good, bad]), [good]);
    tell([good, bad]);
    tell([good, bad]);
    assert.deepEqual(
      logged.map(({ region }) => region),
      ['b'],
    );
    assert.match(logged[0]?.issues?.join() ?? '', /spec\.gramsPerKwh/);
    tell([good, toRegion(object('b', { spec: { elastic: 1 } }))]);
    tell([good]);
    tell([good, bad]);
    assert.equal(logged.length, 3);
  });

  const base = { spec: { gridZone: 'FR' }, status: { band: 'low', conditions: [] } };
  const rows: readonly [name: string, after: Parameters<typeof object>[1], differs: boolean][] = [
    ['only its version', { ...base, version: '6' }, false],
    ['only since when its band is held', { ...base, status: { ...base.status, bandSince: WRITTEN } }, false],
    ['only the thresholds of its band', { ...base, status: { ...base.status, bandThresholds: [1, 2] } }, false],
    ['its band', { ...base, status: { band: 'high' } }, true],
    ['its spec', { ...base, spec: { gridZone: 'DE' } }, true],
    ['its forecast', { ...base, status: { ...base.status, forecast: [{ from: WRITTEN, gramsPerKwh: 5 }] } }, true],
    ['its order', { ...base, spec: { gramsPerKwh: -1 } }, true],
  ];
  for (const [name, after, differs] of rows)
    it(`that changes ${name} ${differs ? 'is' : 'is no'} news`, () =>
      assert.equal(REGIONS.differs(toRegion(object('a', base)), toRegion(object('a', after))), differs));
});

describe('a cluster that knows no Regions', () => {
  it('is followed all the same, and shows them once it knows them', async () => {
    const { log, logged } = quiet();
    const store = createProjectionStore(REGIONS);
    const installed = Promise.withResolvers<void>();
    const api = fakeApi([NOT_FOUND, NOT_FOUND, page(object('a')), { lines: [], hang: true }]);
    const reflector = createReflector({
      api,
      resource: REGIONS,
      store,
      log,
      onChange: () => installed.resolve(),
      pause: async () => {},
    });
    const started = reflector.start();
    await started;
    assert.deepEqual([reflector.synced(), reflector.failure()], [true, REGIONS.whenMissing]);
    await installed.promise;
    await reflector.stop();
    assert.equal(validRegions(store.values()).length, 1);
    assert.deepEqual(logged.map(({ msg, failure }) => [msg, failure]).slice(0, 1), [
      ['cannot watch regions, the last view of it stays', REGIONS.whenMissing],
    ]);
    assert.equal(logged.filter(({ msg }) => msg.startsWith('cannot')).length, 1);
  });

  it('keeps the last view when they are gone from one moment to the next', async () => {
    const { log } = quiet();
    const store = createProjectionStore(REGIONS);
    const again = Promise.withResolvers<void>();
    const answers: Answer[] = [page(object('a')), { lines: [] }, NOT_FOUND, NOT_FOUND];
    const reflector = createReflector({
      api: fakeApi(answers),
      resource: REGIONS,
      store,
      log,
      onChange() {},
      async pause() {
        if (reflector.failure() !== undefined) again.resolve();
      },
    });
    await reflector.start();
    await again.promise;
    await reflector.stop();
    assert.equal(validRegions(store.values()).length, 1);
  });

  it('is told in plain words to who asks once', async () => {
    await assert.rejects(listOnce(fakeApi([NOT_FOUND]), REGIONS, 1_000), new RegExp(REGIONS.whenMissing ?? '-'));
  });
});
