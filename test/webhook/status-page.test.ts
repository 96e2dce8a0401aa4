import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Mode } from '../../src/decision/policy.ts';
import type { WaitingWork } from '../../src/decision/waiting-work.ts';
import { renderPage } from '../../src/webhook/page/page.ts';
import { readStatus, type StatusDeps } from '../../src/webhook/page/status.ts';
import { createStatusPage } from '../../src/webhook/status-page.ts';
import { makeNode, makeRegion, makeSnapshot, NOW } from '../builders.ts';
import { makeDecision, makeForecast, makeSampleStatus, SAMPLE_WAITING } from './sample-status.ts';

const HOUR_MS = 3_600_000;
const ALL_WELL: Partial<StatusDeps> = {
  sources: () => [{ name: 'electricity-maps', lastOkAt: NOW, outcomes: { ok: 1 } }],
};

function pageOf(parts: Partial<StatusDeps> = {}): string {
  return renderPage(readStatus(makeSampleStatus(parts)));
}

function pageOfRegions(...regions: Parameters<typeof makeSnapshot>[0] & readonly unknown[]): string {
  const snapshot = makeSnapshot(regions);
  return pageOf({ snapshot: () => snapshot, waiting: () => [] });
}

/** Automatic sources call it and too many others down. */
function notBelieved(name: string): ReturnType<typeof makeRegion> {
  return { ...makeRegion(name, 100), outage: { active: false, sources: ['nodes'] } };
}

/** The text of a piece of HTML, in one line. */
function textOf(html: string): string {
  return html.replace(/<style>.*?<\/style>|<[^>]*>/gs, ' ').replace(/\s+/g, ' ');
}

describe('the status page', () => {
  const headlines: readonly [name: string, parts: Partial<StatusDeps>, shown: RegExp][] = [
    ['not ready, and why', { unready: () => ['no <nodes>', 'x'] }, /Not ready: no &lt;nodes&gt;; x /],
    ['the kill switch', { modeCap: () => 'audit' }, /Kill switch: every namespace counts at most as audit/],
    [
      'a setting that cannot be read, and what counts instead',
      { unreadSettings: () => [{ setting: 'gridgate.yaml', problem: 'not <reloaded>; the last one stays' }] },
      /gridgate\.yaml: not &lt;reloaded&gt;; the last one stays/,
    ],
    ['how many regions are down, and which', {}, /Outages 1 of 15 eu-south-2/],
    ['how many were denied, and would be', {}, /Denied 1 of 7 1 more would be in mode enforce/],
    ['that nobody was denied', { recent: () => [makeDecision(1, 'shop', {})] }, /Denied none of the last 1 decisions/],
    ['the policy signal', {}, /Policy signal average-lifecycle/],
  ];
  for (const [name, parts, shown] of headlines)
    it(`its headline tells ${name}`, () => {
      assert.match(textOf(pageOf(parts)), shown);
    });

  const wellThenWrong: readonly [name: string, parts: Partial<StatusDeps>, isOpen: boolean, shown: RegExp][] = [
    [
      'that all is well',
      ALL_WELL,
      false,
      /All well ready as webhook and controllers · all 4 watches are current · this replica/,
    ],
    ['who leads', { ...ALL_WELL, leader: () => true }, false, /· this replica leads ·/],
    [
      'that another leads',
      { ...ALL_WELL, leader: () => false },
      false,
      /· another replica leads and asks the sources ·/,
    ],
    [
      'nothing of leaders where none is elected',
      { ...ALL_WELL, leader: () => undefined },
      false,
      /current · certificate/,
    ],
    ['until when the certificate is good', ALL_WELL, false, /· certificate until 2027-01-22 ·/],
    ['how many sources answer', ALL_WELL, false, /· sources 1 of 1 ·/],
    ['how old the snapshot is', ALL_WELL, false, /· snapshot 42 s old /],
    ['that it is not ready', { ...ALL_WELL, unready: () => ['x'] }, true, /Needs a look not ready as webhook/],
    [
      'a silent watch',
      { ...ALL_WELL, watches: () => ({ pods: 3, nodes: 7260 }) },
      true,
      /Needs a look watch of nodes silent for 2 h ·/,
    ],
    [
      'how many are silent',
      { ...ALL_WELL, watches: () => ({ pods: 241, nodes: 7260 }) },
      true,
      /nodes silent for 2 h and 1 more ·/,
    ],
    [
      'a leader that does not see what waits',
      { ...ALL_WELL, waiting: () => ({ unknown: 'may not watch jobs' }) },
      true,
      /Needs a look what waits is not known: may not watch jobs ·/,
    ],
    ['a failing source', {}, true, /Needs a look sources 2 of 3: prometheus answers 500 since 07:25 ·/],
    [
      'a certificate that ends',
      { ...ALL_WELL, certificateEnd: () => NOW + 5 * HOUR_MS },
      true,
      /certificate ends in 5 h ·/,
    ],
    [
      'one that has ended',
      { ...ALL_WELL, certificateEnd: () => NOW - 5 * HOUR_MS },
      true,
      /certificate ended 5 h ago ·/,
    ],
    [
      'outages that nobody believes',
      {
        ...ALL_WELL,
        snapshot: () => makeSnapshot([notBelieved('a'), notBelieved('b'), makeRegion('c', 3)]),
      },
      true,
      /Needs a look outage source nodes distrusted: calls 2 of 3 regions down ·/,
    ],
  ];
  for (const [name, parts, isOpen, shown] of wellThenWrong)
    it(`its line of health tells ${name}`, () => {
      const page = pageOf(parts);
      assert.match(textOf(page), shown);
      assert.equal(/<details id="health-details" open>/.test(page), isOpen);
    });

  it('has its decisions above its health', () => {
    const page = pageOf();
    assert.ok(page.indexOf('id="decisions"') < page.indexOf('id="health"'));
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

  it('tells of an outage that does not count, quietly', () => {
    const text = textOf(pageOfRegions(notBelieved('a'), makeRegion('b', 200)));
    assert.match(text, /a called down, not counted \(says nodes\) 100 low/);
    assert.match(text, /Outages none/);
  });

  it('ranks no region without nodes, however clean, and calls none the cleanest', () => {
    const regions = [makeRegion('empty', 5), makeRegion('elastic', 50, { elastic: true }), makeRegion('used', 20)];
    const snapshot = makeSnapshot(regions, { nodes: [makeNode('a', 'used')] });
    const text = textOf(pageOf({ snapshot: () => snapshot }));
    assert.match(text, /Cleanest now used 20/);
    assert.match(text, /Not ranked: 1 without nodes .*No nodes, and none may come empty 5 /);
    const { regions: told } = JSON.parse(createStatusPage(makeSampleStatus({ snapshot: () => snapshot })).document());
    assert.deepEqual(
      told.map(({ name, rank }: { name: string; rank?: number }) => [name, rank]),
      [
        ['empty', undefined],
        ['used', 1],
        ['elastic', 2],
      ],
    );
  });

  const crowds: readonly [name: string, ranked: number, unranked: number, shown: RegExp, hidden: RegExp][] = [
    ['few that are not ranked', 3, 3, /<details id="unranked" class="quiet" open>/, /id="more-regions"/],
    ['many that are not ranked', 3, 4, /<details id="unranked" class="quiet">/, /id="more-regions"/],
    ['as many ranked ones as one reads', 30, 0, /r29/, /id="(more-regions|unranked)"/],
    ['more', 31, 0, /<details id="more-regions"><summary>1 more, up to 31 gCO2e\/kWh</, /id="unranked"/],
  ];
  for (const [name, ranked, unranked, shown, hidden] of crowds)
    it(`keeps what is not read at night behind a click: ${name}`, () => {
      const page = pageOfRegions(
        ...Array.from({ length: ranked }, (_, i) => makeRegion(`r${i}`, i + 1)),
        ...Array.from({ length: unranked }, (_, i) => makeRegion(`dead${i}`, undefined)),
      );
      assert.match(page, shown);
      assert.doesNotMatch(page, hidden);
      assert.equal(page.match(/<th scope="row">/g)?.length, ranked + unranked + 7);
    });

  it('says how many outages are behind a click', () => {
    const regions = Array.from({ length: 40 }, (_, i) => makeRegion(`r${i}`, i + 1, i > 37 ? { outage: 'x' } : {}));
    assert.match(textOf(pageOfRegions(...regions)), /10 more, up to 40 gCO2e\/kWh, 2 in outage/);
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

  const scales: readonly [name: string, grams: readonly number[], bottom: number, top: number][] = [
    ['a wild day', [112, 236, 180], 100, 250],
    ['a calm day, which stays calm', [400, 402], 380, 440],
    ['one value all day', [50, 50], 46, 54],
    ['a grid without carbon', [0, 0], 0, 4],
    ['small values', [0.4, 1.2], 0, 4],
    ['great ones', [3900, 9800], 2000, 10_000],
  ];
  for (const [name, grams, bottom, top] of scales)
    it(`has a scale of its own for ${name}`, () => {
      const forecast = grams.map((gramsPerKwh, i) => ({ from: NOW + i * HOUR_MS, gramsPerKwh }));
      const page = pageOfRegions(makeRegion('a', 100, { forecast }));
      assert.match(page, new RegExp(`on a scale from ${bottom} to ${top}"`));
      assert.match(textOf(page), new RegExp(`lowest [\\d.]+ (now|at 1\\d:00) ${top} ${bottom} `));
      assert.match(page, /One scale for all, 0 to \d+, instead of one for each/);
    });

  it('draws 24 forecasts at most, and says how many more there are', () => {
    const forecast = makeForecast('bpat-2022-09', 0, 23);
    const regions = Array.from({ length: 40 }, (_, i) => makeRegion(`r${i}`, i + 1, { forecast }));
    const page = pageOfRegions(...regions);
    assert.equal(page.split('<figure>').length - 1, 24);
    assert.match(page, /16 more regions have a forecast/);
  });

  const verdicts: readonly [decision: 'allow' | 'steer' | 'deny', mode: Mode, endpoint: string, verdict: string][] = [
    ['deny', 'enforce', '/mutate', 'deny'],
    ['deny', 'warn', '/mutate', 'would deny'],
    ['deny', 'audit', '/validate', 'would deny'],
    ['deny', 'audit', '/namespaces', 'deny'],
    ['steer', 'enforce', '/mutate', 'steer'],
    ['steer', 'warn', '/mutate', 'steer'],
    ['steer', 'audit', '/mutate', 'would steer'],
    ['allow', 'audit', '/mutate', 'allow'],
  ];
  for (const [decision, mode, endpoint, verdict] of verdicts)
    it(`calls what is ${decision} in mode ${mode} of ${endpoint}: ${verdict}`, () => {
      const page = pageOf({ recent: () => [makeDecision(1, 'shop', { decision, mode, endpoint })] });
      assert.match(textOf(page), new RegExp(`08:59:59 ${verdict} shop ReplicaSet`));
    });

  it('groups decisions by their reasons, denials first, the newest of each first and a few of each in sight', () => {
    const recent = [
      makeDecision(1, 'n1', {}),
      makeDecision(1, 'n0', {}),
      ...[2, 3, 4, 5, 6].map((ago) => makeDecision(ago, `n${ago}`, { decision: 'deny', reason: 'high_carbon' })),
      makeDecision(7, 'n7', { decision: 'deny', mode: 'audit', reason: 'outage' }),
    ];
    const [, decisions = ''] = /<section id="decisions">(.*?)<\/section>/s.exec(pageOf({ recent: () => recent })) ?? [];
    const text = textOf(decisions);
    assert.match(text, /5 denied, 1 would be in mode enforce, 2 let through since 08:59:53/);
    assert.match(
      text,
      /high_carbon 5 the electricity .* 08:59:58 .* n2 .* n3 .* n4 .* 2 earlier .* n5 .* n6 .* outage 1 .* n7 .* steered 2 .* n1 .* 1 earlier .* n0 /,
    );
    const [, earlier = ''] = /<details id="earlier-high_carbon" class="earlier">(.*)<h3>/s.exec(decisions) ?? [];
    assert.deepEqual(textOf(earlier).match(/n\d/g), ['n5', 'n6', 'n7']);
  });

  it('tells why something was denied, and keeps what is long and wild within bounds', () => {
    const message = `<b>&${'x'.repeat(5_000)}`;
    const page = pageOf({ recent: () => [makeDecision(1, 'shop', { decision: 'deny', reason: 'outage', message })] });
    assert.match(page, /&lt;b&gt;&amp;x{1000,1500}…</);
    assert.ok(!page.includes('<b>&x') && page.length < 60_000, String(page.length));
  });

  it('names a line as before when others come, so that it stays open', () => {
    const old = [makeDecision(2, 'a', {}), makeDecision(2, 'b', {})];
    const idsOf = (page: string) => page.match(/id="at-[^"]*"/g) ?? [];
    const before = idsOf(pageOf({ recent: () => old }));
    const after = idsOf(pageOf({ recent: () => [makeDecision(1, 'c', {}), makeDecision(2, 'new', {}), ...old] }));
    assert.equal(new Set(before).size, 2);
    // Three are in sight; both that were there are among the four.
    assert.equal(new Set(after).size, 4);
    assert.deepEqual(after.slice(2), before);
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
      certificateEnd: '2027-01-22T09:00:00Z',
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

  describe('what waits for cleaner hours', () => {
    const sectionOf = (parts: Partial<StatusDeps>) =>
      /<section id="waiting">.*?<\/section>/s.exec(pageOf(parts))?.[0] ?? '';
    const [work] = SAMPLE_WAITING;
    assert.ok(work);

    const told: readonly (readonly [name: string, waiting: StatusDeps['waiting'], says: RegExp])[] = [
      ['nothing, where nobody makes anything wait', undefined, /^$/],
      [
        'who knows, where another leads',
        () => undefined,
        /The replica that leads the controllers knows: .* gridgate waiting -A/,
      ],
      ['that nothing waits', () => [], /Nothing waits now/],
      [
        'why it does not know',
        () => ({ unknown: 'may not list jobs.batch' }),
        /What waits is not known: may not list jobs\.batch\. Nothing is let go meanwhile/,
      ],
      [
        'how much, and what is next',
        makeSampleStatus().waiting,
        /5 starts are planned, of 29 pods; the next at 01:00 UTC/,
      ],
      [
        'until when, for how long, and what it saves',
        () => [work],
        /Job\/embed-2026-11 search 8 3h 01:00 for 6h 03:00 331 138 58% us-west-1/,
      ],
      [
        'what is overdue, and what to do',
        () => [{ ...work, latestStart: NOW - 1 }],
        /1 is past the deadline: `gridgate release --overdue`.* 08:59 overdue/,
      ],
      [
        'no figure that nobody knows',
        () => [withoutGrams(work)],
        /Job\/embed-2026-11 search 8 3h 01:00 for 6h 03:00 us-west-1/,
      ],
    ];
    for (const [name, waiting, says] of told)
      it(`tells ${name}`, () => {
        const { waiting: _, ...others } = makeSampleStatus();
        const status = readStatus({ ...others, ...(waiting && { waiting }) });
        const section = /<section id="waiting">.*?<\/section>/s.exec(renderPage(status))?.[0] ?? '';
        assert.match(textOf(section).trim(), says);
      });

    it('draws a forecast with its range and its starts for each region in use, and for no other', () => {
      const drawn = sectionOf({});
      assert.deepEqual(
        [...drawn.matchAll(/<figcaption><b>([^<]*)/g)].map(([, name]) => name),
        ['us-west-1', 'us-east-1'],
      );
      assert.match(drawn, /25 pods: 8 at 01:00, 16 at 02:00, 1 at 04:00/);
      const counts = ['range', 'plain', 'start', 'run'].map(
        (name) => drawn.match(new RegExp(`class="${name}"`, 'g'))?.length,
      );
      assert.deepEqual(counts, [2, 2, 2, 2]);
      const starts = /class="start" d="([^"]*)"/.exec(drawn)?.[1]?.match(/M/g)?.length;
      assert.equal(starts, 3);
    });

    it('keeps every mark inside of its chart, however far ahead and long runs are', () => {
      const far = { ...work, notBefore: NOW + 300 * HOUR_MS, lengthMs: 900 * HOUR_MS };
      const past = { ...work, notBefore: NOW - 300 * HOUR_MS };
      for (const [, x] of sectionOf({ waiting: () => [far, past, work] }).matchAll(/[MLH](-?[\d.]+)/g))
        assert.ok(Number(x) >= 0 && Number(x) <= 480, `${x}`);
    });

    it('is bounded, and escapes what others wrote', () => {
      const evil = { ...work, owner: { kind: 'Job', name: '<script>x' }, namespace: '"><b>' };
      const section = sectionOf({ waiting: () => Array.from({ length: 2_000 }, () => evil) });
      assert.ok(section.length < 200_000, `${section.length} characters`);
      assert.doesNotMatch(section, /<script>|<b>">/);
      assert.match(textOf(section), /180|200 more .* And 1780 more: gridgate waiting -A/);
    });

    it('is in the document, for programs', () => {
      const { waiting } = JSON.parse(createStatusPage(makeSampleStatus()).document());
      assert.deepEqual(
        [waiting.length, waiting[0].owner.name, waiting[0].notBefore, waiting[0].durationSeconds, waiting[0].expected],
        [5, 'embed-2026-11', '2026-11-23T01:00:00Z', 21_600, 138],
      );
    });
  });
});

function withoutGrams({ now: _now, planned: _planned, ...work }: WaitingWork): WaitingWork {
  return work;
}
