import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pino } from 'pino';
import { ApiError } from '../../src/cluster/api-error.ts';
import type { LiveRegion } from '../../src/cluster/regions.ts';
import { createRegionTeller } from '../../src/controllers/region-teller/controller.ts';
import type { RegionStatus } from '../../src/regions/region-status.ts';
import { fakeClock } from './fake-clock.ts';
import { liveRegion, NOW } from './live-regions.ts';

const READING = {
  gramsPerKwh: 50,
  signal: 'average-lifecycle',
  source: 'electricity-maps',
  estimated: false,
  freshness: 'fresh',
} as const;
const MEASURED: RegionStatus = {
  reading: READING,
  band: 'low',
  outage: { active: false, sources: [] },
};
const OUTAGE = { active: true, sources: ['aws-health'], reason: 'power' };
const DOWN: RegionStatus = { ...MEASURED, outage: OUTAGE };
const AVERAGE: RegionStatus = {
  ...MEASURED,
  reading: {
    gramsPerKwh: 90,
    signal: 'average-lifecycle',
    source: 'embedded',
    estimated: true,
    freshness: 'embedded',
  },
};

interface ToldEvent {
  readonly type: string;
  readonly reason: string;
  readonly note: string;
  readonly regarding: object;
}

/** A teller that has seen eu-west-1 with this status. */
async function start(status: RegionStatus, refuse: () => number | undefined = () => undefined) {
  let regions: readonly LiveRegion[] = [liveRegion('eu-west-1', {}, status)];
  const clock = fakeClock();
  const events: ToldEvent[] = [];
  const paths = new Set<string>();
  const teller = createRegionTeller({
    regions: () => regions,
    instance: 'gridgate-1',
    writer: {
      async create(path, object) {
        paths.add(path);
        const code = refuse();
        if (code !== undefined) throw new ApiError(`POST ${path}`, { code });
        events.push(object as ToldEvent);
        return { metadata: { name: 'x' } };
      },
    },
    now: () => NOW,
    log: pino({ level: 'silent' }),
    clock,
  });
  teller.start();
  await clock.advance(5_000);
  return {
    teller,
    clock,
    events,
    paths,
    async show(...now: readonly (RegionStatus | undefined)[]) {
      for (const one of now) {
        regions = one ? [liveRegion('eu-west-1', {}, one)] : [];
        teller.changed();
        await clock.advance(5_000);
      }
    },
  };
}

const CHANGES: Readonly<Record<string, readonly [before: RegionStatus, now: RegionStatus, told: readonly string[]]>> = {
  'goes down': [MEASURED, DOWN, ['Warning RegionDown: new pods go elsewhere; aws-health calls it down: power']],
  recovers: [DOWN, MEASURED, ['Normal RegionRecovered: nobody calls it down any more; new pods may come']],
  'stays down for another reason': [DOWN, { ...DOWN, outage: { active: true, sources: ['manual'] } }, []],
  'gets another band': [
    MEASURED,
    { ...MEASURED, band: 'high' },
    ['Normal BandChanged: the carbon intensity of its electricity was low and is high'],
  ],
  'has its first band': [{}, MEASURED, []],
  'loses its source': [
    MEASURED,
    AVERAGE,
    [
      'Warning SourceLost: electricity-maps gave no usable intensity for hours: at most a yearly average ranks it now, and nothing refuses it for carbon',
    ],
  ],
  'loses its fixed value, which somebody took away': [
    { ...MEASURED, reading: { ...READING, source: 'static' } },
    AVERAGE,
    [],
  ],
  'is in another grid zone from now on': [{ ...MEASURED, gridZone: 'FR' }, { gridZone: 'DE' }, []],
  'has a source again': [AVERAGE, MEASURED, ['Normal SourceFound: electricity-maps gives its intensity']],
  'goes down with its source': [MEASURED, { ...AVERAGE, outage: OUTAGE }, ['Warning RegionDown', 'Warning SourceLost']],
};

describe('a region', () => {
  for (const [name, [before, now, told]] of Object.entries(CHANGES))
    it(`that ${name}: ${told.length === 0 ? 'no Event' : told.map((text) => text.split(':')[0])}`, async () => {
      const { teller, events, show } = await start(before);
      await show(now);
      await teller.stop();
      const texts = events.map(({ type, reason, note }) => `${type} ${reason}: ${note}`);
      assert.equal(texts.length, told.length, texts.join('\n'));
      for (const [index, text] of texts.entries()) assert.ok(text.startsWith(told[index] ?? ''), text);
    });

  it('that was down when this leader began is no news', async () => {
    const { teller, events, show } = await start(DOWN);
    await show(DOWN, DOWN);
    await teller.stop();
    assert.deepEqual(events, []);
  });

  it('is told of where the API server takes Events of what has no namespace', async () => {
    const { teller, events, paths, show } = await start(MEASURED);
    await show(DOWN);
    await teller.stop();
    assert.deepEqual([...paths], ['/apis/events.k8s.io/v1/namespaces/default/events']);
    assert.deepEqual(JSON.parse(JSON.stringify(events[0]?.regarding)), {
      apiVersion: 'gridgate.dev/v1alpha1',
      kind: 'Region',
      name: 'eu-west-1',
      uid: 'uid-eu-west-1',
    });
  });

  it('of which nothing could be told for a while: the newest is told, what is over is not', async () => {
    let isBusy = true;
    const { teller, clock, events, show } = await start(MEASURED, () => (isBusy ? 503 : undefined));
    await show(DOWN, MEASURED);
    isBusy = false;
    await clock.advance(120_000);
    await teller.stop();
    assert.deepEqual(
      events.map(({ reason }) => reason),
      ['RegionRecovered'],
    );
  });

  it('that is deleted and made again begins anew', async () => {
    const { teller, events, show } = await start(MEASURED);
    await show(undefined, DOWN);
    await teller.stop();
    assert.deepEqual(events, []);
  });
});
