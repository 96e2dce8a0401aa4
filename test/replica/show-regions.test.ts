import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { LiveRegion } from '../../src/cluster/regions.ts';
import { showRegions } from '../../src/replica/show-regions.ts';

function makeRegion(name: string, generation = 1, observed: LiveRegion['observed'] = {}): LiveRegion {
  return { metadata: { name, uid: name, resourceVersion: '1', generation }, spec: {}, observed };
}

function start(t: TestContext) {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let regions: readonly LiveRegion[] = [makeRegion('a'), makeRegion('b')];
  const times: (readonly LiveRegion[])[] = [];
  const shown = showRegions({ regions: () => regions, show: (now) => times.push(now) });
  shown.changed();
  return {
    times,
    change(next: readonly LiveRegion[], ms: number) {
      regions = next;
      shown.changed();
      t.mock.timers.tick(ms);
    },
  };
}

const READING = { signal: 'average-lifecycle', source: 'watttime', estimated: false, freshness: 'fresh' } as const;
const OUTAGE = { outage: { active: true, sources: ['nodes'] } };

describe('regions of a cluster', () => {
  const urgent = {
    'a changed spec': [makeRegion('a', 2), makeRegion('b')],
    'an outage': [makeRegion('a', 1, OUTAGE), makeRegion('b')],
    'a region that goes': [makeRegion('b')],
    'a region that comes': [makeRegion('a'), makeRegion('b'), makeRegion('c')],
  };
  for (const [name, next] of Object.entries(urgent)) {
    it(`${name} is shown within half a second, also right after another change`, (t) => {
      const { times, change } = start(t);
      change(next, 500);
      assert.equal(times.at(-1), next);
    });
  }

  it('two hundred readings within 20 s are shown a few times, the last one too', (t) => {
    const { times, change } = start(t);
    const reading = (gramsPerKwh: number) => ({ reading: { ...READING, gramsPerKwh } });
    for (let i = 0; i < 200; i++) change([makeRegion('a', 1, reading(i)), makeRegion('b')], 100);
    assert.ok(times.length <= 6, `${times.length}`);
    change([makeRegion('a', 1, reading(200)), makeRegion('b')], 5_000);
    assert.equal(times.at(-1)?.[0]?.observed.reading?.gramsPerKwh, 200);
  });
});
