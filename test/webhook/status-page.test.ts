import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { renderPage } from '../../src/webhook/page/page.ts';
import { readStatus, type StatusDeps } from '../../src/webhook/page/status.ts';
import { createStatusPage } from '../../src/webhook/status-page.ts';
import { makeNode, makeRegion, makeSnapshot, NOW } from '../builders.ts';
import { makeDecision, makeForecast, makeSampleStatus } from './sample-status.ts';

const HOUR_MS = 3_600_000;

function pageOf(parts: Partial<StatusDeps> = {}): string {
  return renderPage(readStatus(makeSampleStatus(parts)));
}

function pageOfRegions(...regions: Parameters<typeof makeSnapshot>[0] & readonly unknown[]): string {
  const snapshot = makeSnapshot(regions);
  return pageOf({ snapshot: () => snapshot });
}

/** The text of a piece of HTML, in one line. */
function textOf(html: string): string {
  return html.replace(/<style>.*?<\/style>|<[^>]*>/gs, ' ').replace(/\s+/g, ' ');
}

describe('the status page', () => {
  const headlines: readonly [name: string, parts: Partial<StatusDeps>, shown: RegExp][] = [
    ['ready', {}, /This replica ready webhook and controllers/],
    ['not ready, and why', { unready: () => ['no <nodes>', 'x'] }, /Not ready: no &lt;nodes&gt;; x /],
    ['the leader', { leader: () => true }, /Leader this replica/],
    ['who asks the sources', {}, /asks the sources and writes/],
    ['no leader', { leader: () => false }, /Leader not this replica the one that leads asks the sources/],
    ['nothing of leaders where none is elected', { leader: () => undefined }, /controllers Cleanest now/],
    ['the kill switch', { modeCap: () => 'audit' }, /Kill switch: every namespace counts at most as audit/],
    [
      'a setting that cannot be read, and what counts instead',
      { unreadSettings: () => [{ setting: 'gridgate.yaml', problem: 'not <reloaded>; the last one stays' }] },
      /gridgate\.yaml: not &lt;reloaded&gt;; the last one stays/,
    ],
    ['how many regions are down, and which', {}, /Outages 1 of 15 eu-south-2/],
    ['how old the snapshot is', {}, /Snapshot 42 s old/],
    ['the policy signal', {}, /Policy signal average-lifecycle/],
  ];
  for (const [name, parts, shown] of headlines)
    it(`its headline tells ${name}`, () => {
      assert.match(textOf(pageOf(parts)), shown);
    });

  it('lists regions that only labels of nodes name', () => {
    const snapshot = makeSnapshot([makeRegion('described', 100)], { nodes: [makeNode('a', 'edge-lab')] });
    const page = pageOf({ snapshot: () => snapshot });
    assert.match(textOf(page), /No reading edge-lab unknown/);
    assert.match(textOf(page), /2 regions/);
    assert.doesNotMatch(page, /NaN|undefined/);
    const bare = makeSnapshot([], { nodes: [makeNode('a', 'edge-lab')] });
    assert.match(textOf(pageOf({ snapshot: () => bare })), /Cleanest now unknown .*No reading edge-lab unknown/);
  });

  it('names as the cleanest a region that is up', () => {
    const page = pageOfRegions(makeRegion('down', 10, { outage: 'fire' }), makeRegion('up', 20));
    assert.match(textOf(page), /Cleanest now up 20 gCO2e\/kWh/);
  });

  const rows: readonly [name: string, region: Parameters<typeof makeRegion>, shown: RegExp][] = [
    ['fresh', ['a', 120.04, { reading: { source: 'watttime' } }], /a 120 low watttime 10 min/],
    ['a fixed value', ['a', 120.04], /a 120 low static fixed value/],
    [
      'stale',
      ['a', 250, { reading: { source: 'watttime', freshness: 'stale', measuredAt: NOW - 4 * HOUR_MS } }],
      /a 250 .*4 h stale/,
    ],
    [
      'a yearly average',
      ['a', 250, { reading: { freshness: 'embedded', source: 'embedded', estimated: true } }],
      /embedded yearly average/,
    ],
    ['estimated', ['a', 250, { reading: { source: 'watttime', estimated: true } }], /watttime estimated 10 min/],
    [
      'of another signal',
      ['a', 250, { reading: { signal: 'marginal' } }],
      /not ranked a 250 static marginal fixed value/,
    ],
    ['unknown', ['a', undefined], /No reading a unknown/],
    ['in outage', ['a', 120, { outage: 'no <power>' }], /a outage no &lt;power&gt; \(set by hand\) 120 low/],
  ];
  for (const [name, region, shown] of rows)
    it(`has a row for a reading that is ${name}`, () => {
      assert.match(textOf(pageOfRegions(makeRegion(...region))), shown);
    });

  it('marks the thresholds that count, and none where every region has its own', () => {
    assert.match(textOf(pageOf({ thresholds: () => [120, 480] })), /low up to 120, medium up to 480, high above/);
    const relative = pageOf({ thresholds: () => undefined });
    assert.match(textOf(relative), /every region has thresholds of its own/);
    assert.doesNotMatch(relative, /<line|class="threshold"|NaN/);
  });

  it('leaves out what this replica does not know', () => {
    const { unready, snapshot, recent, clock } = makeSampleStatus();
    const page = renderPage(readStatus({ unready, snapshot, recent, clock }));
    assert.doesNotMatch(page, /id="(sources|watches)"|undefined/);
    assert.match(page, /id="regions"/);
  });

  it('shows no table of watches where nothing is watched', () => {
    assert.doesNotMatch(pageOf({ watches: () => ({}) }), /id="watches"/);
  });

  it('leaves the sources to the replica that asks them', () => {
    assert.doesNotMatch(pageOf({ sources: () => undefined }), /id="sources"|#sources|No source is configured/);
  });

  it('does not call a source that was never asked a failing one', () => {
    const text = textOf(pageOf({ sources: () => [{ name: 'uk-carbon-intensity', outcomes: {} }] }));
    assert.match(text, /Problem uk-carbon-intensity none: no region needed it/);
  });

  it('says who calls a region down', () => {
    const down = makeRegion('a', 120, { outage: 'fire' });
    const said = (sources: readonly string[]) =>
      textOf(pageOfRegions({ ...down, outage: { active: true, sources: [...sources] } }));
    assert.match(said(['aws-health', 'nodes']), /\(says aws-health, says nodes\)/);
    assert.match(said(['manual', 'nodes']), /\(set by hand, says nodes\)/);
    assert.match(said([]), /\(nobody says so\)/);
  });

  it('says that there is nothing, where there is nothing', () => {
    const page = pageOf({ snapshot: () => makeSnapshot([]), recent: () => [], sources: () => [] });
    for (const sentence of ['No region is known yet', 'None since this process started', 'No source is configured'])
      assert.ok(page.includes(sentence), sentence);
    assert.doesNotMatch(page, /NaN|Infinity|id="forecast"/);
  });

  const forecasts: readonly [name: string, Parameters<typeof makeRegion>[2] & object, shown: RegExp | undefined][] = [
    ['forecast', { forecast: makeForecast('bpat-2022-09', 0, 23) }, /<path class="banded" d="M0 /],
    [
      'stand-in',
      { forecast: makeForecast('bpat-2022-09', 0, 23, 6) },
      /<path class="banded stand-in" d="M.*stands in for some hours/s,
    ],
    ['only stand-in', { forecast: makeForecast('bpat-2022-09', 0, 23, -1) }, /<p class="axis">yesterday stands in</],
    ['one value', { forecast: [{ from: NOW, gramsPerKwh: 5 }] }, undefined],
    [
      'a day that is over',
      { forecast: [-30, -29].map((hours) => ({ from: NOW + hours * HOUR_MS, gramsPerKwh: 5 })) },
      undefined,
    ],
    ['nothing', { forecast: [] }, undefined],
  ];
  for (const [name, parts, shown] of forecasts)
    it(`${shown ? 'draws' : 'draws no line'} for ${name}`, () => {
      const page = pageOfRegions(makeRegion('a', 23, parts));
      if (shown) assert.match(page, shown);
      else assert.doesNotMatch(page, /id="forecast"/);
    });

  it('draws a forecast from now on, for 24 hours', () => {
    const forecast = [-2, -1, 1, 23, 25, 48].map((hours) => ({
      from: NOW + hours * HOUR_MS,
      gramsPerKwh: 100 + hours,
    }));
    const [, line = ''] =
      /<path class="banded" d="([^"]*)"/.exec(pageOfRegions(makeRegion('a', 100, { forecast }))) ?? [];
    assert.deepEqual(
      [...line.matchAll(/[ML]([\d.-]+) /g)].map(([, x]) => Number(x)),
      [0, 10, 10, 230],
    );
  });

  it('draws 24 forecasts at most, and says how many more there are', () => {
    const forecast = makeForecast('bpat-2022-09', 0, 23);
    const regions = Array.from({ length: 40 }, (_, i) => makeRegion(`r${i}`, i + 1, { forecast }));
    const page = pageOfRegions(...regions);
    assert.equal(page.split('<figure>').length - 1, 24);
    assert.match(page, /16 more regions have a forecast/);
  });

  it('is written once a second, whatever the number of readers, and again when the clock was set back', () => {
    let now = NOW;
    let reads = 0;
    const snapshot = makeSnapshot([makeRegion('a', 1)]);
    const status = createStatusPage(
      makeSampleStatus({
        clock: () => now,
        snapshot: () => {
          reads += 1;
          return snapshot;
        },
      }),
    );
    const steps: readonly [ms: number, reads: number][] = [
      [0, 1],
      [999, 1],
      [1000, 2],
      [1500, 2],
      [-HOUR_MS, 3],
    ];
    for (const [ms, expected] of steps) {
      now = NOW + ms;
      for (let i = 0; i < 100; i += 1) status.page();
      assert.equal(reads, expected, `$msms`);
    }
    status.document();
    assert.equal(reads, 4, 'the document is another text');
  });

  it('tells programs what it shows to people', () => {
    const recent = [makeDecision(5, 'shop', { decision: 'deny', reason: 'outage', region: 'eu-south-2' })];
    const document = JSON.parse(createStatusPage(makeSampleStatus({ recent: () => recent })).document());
    assert.deepEqual(document.replica, {
      ready: true,
      unready: [],
      roles: ['webhook', 'controllers'],
      leader: true,
      unreadSettings: [],
    });
    assert.deepEqual(document.thresholds, { lowUpTo: 200, highAbove: 300 });
    assert.deepEqual(document.snapshot, { takenAt: '2026-11-22T08:59:18Z', ageSeconds: 42 });
    assert.equal(document.regions.length, 15);
    const { forecast, elastic, ...first } = document.regions[0];
    assert.equal(elastic, false);
    assert.deepEqual(forecast[1], { from: '2026-11-22T10:00:00Z', gramsPerKwh: 23 });
    assert.deepEqual(first, {
      rank: 1,
      name: 'eu-north-1',
      reading: {
        gramsPerKwh: 23,
        signal: 'average-lifecycle',
        source: 'electricity-maps',
        measuredAt: '2026-11-22T08:36:00Z',
        estimated: false,
        freshness: 'fresh',
        ageSeconds: 1440,
      },
      band: 'low',
    });
    assert.deepEqual(document.sources[1], {
      name: 'uk-carbon-intensity',
      outcomes: { ok: 96 },
      lastOkAt: '2026-11-22T08:58:00Z',
    });
    assert.deepEqual(document.watches[0], { resource: 'regions', idleSeconds: 42 });
    assert.deepEqual(document.decisions, [
      {
        time: '2026-11-22T08:59:55Z',
        endpoint: '/mutate',
        namespace: 'shop',
        owner: 'ReplicaSet/web-5f7c',
        mode: 'enforce',
        decision: 'deny',
        reason: 'outage',
        region: 'eu-south-2',
      },
    ]);
  });
});
