import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parse, stringify } from 'yaml';
import { AUDIT_FORMATS, type AuditFormat } from '../../../src/config/question-options.ts';
import type { AuditReport } from '../../../src/questions/audit/audited-workload.ts';
import { renderAudit } from '../../../src/questions/audit/render-audit.ts';
import { escapeUnseen, hasUnseen } from '../../../src/units/legible.ts';
import { HOSTILE_NAMES } from './hostile.ts';
import { makeAudited, makeDenied, makeReport, makeSampleReport } from './reports.ts';

function render(report: AuditReport, format: AuditFormat = 'table', width = 80): string {
  return [...renderAudit(report, format, { width })].join('');
}

function linesOf(report: AuditReport, width?: number): readonly string[] {
  return render(report, 'table', width).split('\n');
}

function lineWith(report: AuditReport, text: string, width?: number): string {
  return linesOf(report, width).find((line) => line.includes(text)) ?? '';
}

function widest(report: AuditReport, width: number): number {
  return Math.max(...linesOf(report, width).map((line) => [...line].length));
}

describe('the table of an audit', () => {
  it('says itself where all regions are a guess', () => {
    const guessed = [...renderAudit(makeSampleReport(), 'table', { width: 130, isGuess: true })].join('');
    assert.match(guessed, /\nRegions: none was named, so those of all public clouds stand in, .*--regions/);
    assert.doesNotMatch(render(makeSampleReport()), /Regions: none was named/);
  });

  it('has the namespaces in order, in each what is denied first, then what emits most', () => {
    const table = linesOf(makeSampleReport(), 130).slice(0, 16);
    const named = table.map((line) => /^(?: {2})?(\S+\/\S+|\S+ \(\w+\))/.exec(line)?.[1]).filter((name) => name);
    assert.deepEqual(named, [
      'kube-system (off)',
      'ds/node-exporter',
      'ml (audit)',
      'job/train-embeddings',
      'payments (warn)',
      'deploy/ledger',
      'deploy/gateway',
      'shop (enforce)',
      'deploy/search-index',
      'deploy/web',
      'deploy/checkout',
      'sts/postgres',
      'cj/nightly-report',
    ]);
  });

  it('has each figure of a workload in its column', () =>
    assert.match(
      lineWith(makeSampleReport(), 'sts/postgres', 130),
      /^ {2}sts\/postgres +3 {2}allow +all_dirty +eu-central-1 +48\.2 +48\.2 +48\.2 +0\.50 {2}eu-north-1 3\.30$/,
    ));

  it('names below it why something is denied and what is cleaner, and where the file says so', () => {
    const text = render(makeSampleReport()).replace(/\n +/g, ' ');
    assert.match(
      text,
      /Denied: shop deploy\/search-index \(charts\/shop\/search\.yaml:41\): gridgate refuses .* eu-north-1 at 23/,
    );
    assert.match(text, /Would be denied in mode enforce: payments deploy\/ledger/);
    assert.match(text, /Cleaner, .*: shop sts\/postgres: eu-north-1, 3\.30 gCO2e\/h instead of 48\.2/);
    assert.match(text, /Could not be read: charts\/shop\/values\.yaml document 2 line 17/);
  });

  it('sums up at its end', () => {
    const text = render(makeSampleReport());
    assert.match(text, /^Totals: 9 workloads, 42 pods in 4 namespaces$/m);
    // The rows: 182.4 + 91.2 + 48.2 + 3.1 + 45.6 + 1460 and the denied 96.1 + 32.
    assert.match(text, /^ {2}gCO2e per hour {3}1959 as written, 2641 at home$/m);
    assert.match(text, /^ {2}Placing saves {4}1632 \(-83%\): 326 left$/m);
    assert.match(text, /^ {2}Denial stops {5}128 \(-6\.5%\), 32\.0 of it only in mode enforce: 198 left$/m);
    assert.match(text, /^ {2}Estimates +1 workload /m);
    assert.match(text, /^ {2}Without figure +1 workload without a reading: not in the sums$/m);
    assert.match(text, /^Passed over, without pods: 6 Service, 4 ConfigMap, 1 Ingress$/m);
  });

  const ESTIMATE = { gramsPerHour: 1.234, basis: 'estimated' } as const;
  const ofTwo = makeReport([makeAudited({ embodied: ESTIMATE }), makeAudited({ name: 'known' })]);
  it('has embodied grams apart, and says what they are; ~ marks those of machines that are not known', () => {
    assert.match(render(ofTwo, 'table', 100), /^EMBODIED comes on top of each: .*making the machines, an estimate/m);
    assert.match(lineWith(ofTwo, 'deploy/web', 100), / 1\.50 +~1\.23$/);
    assert.match(lineWith(ofTwo, 'deploy/known', 100), / 1\.50 +0\.50$/);
  });

  it('has them by namespace where there is no room for a column', () => {
    assert.match(render(ofTwo), /^Embodied comes on top of each: .*making the machines, an estimate/m);
    assert.match(render(ofTwo), /^shop \(enforce\): embodied ~1\.73$/m);
    assert.match(lineWith(ofTwo, 'deploy/web'), / 1\.50$/);
  });

  it('sums them up beside the others', () => {
    const text = render(ofTwo).replaceAll(/\n {19}/g, ' ');
    assert.match(text, /^ {2}gCO2e per hour {3}24\.0 as written, 40\.0 at home$/m);
    assert.match(text, /^ {2}Placing saves {4}21\.0 \(-88%\): 3\.00 left$/m);
    assert.match(
      text,
      /^ {2}Embodied {9}~1\.73 gCO2e per hour on top, an estimate; machines of 1 workload not known$/m,
    );
  });

  it('says so where placing adds some', () =>
    assert.match(
      render(makeReport([makeAudited({ grams: { asWritten: 10, placed: 13 } })])),
      /^ {2}Placing adds {5}3\.00 \(\+30%\): 13\.0 left$/m,
    ));

  it('names no region as the first where nothing ranks them', () => {
    const report = makeReport([makeAudited({ isRanked: false, region: null })]);
    assert.match(lineWith(report, 'deploy/web'), / steered +any of 2 +12\.0 /);
    assert.match(
      lineWith(makeReport([makeAudited({ isRanked: false, regions: ['a'] })]), 'deploy/web'),
      / steered +a +/,
    );
  });

  it('of a cluster says what runs now, and how many pods run where they may not', () => {
    const text = render(makeReport([makeAudited({ misplaced: 2, runsIn: { a: 3 } })], { source: 'cluster' }));
    assert.match(text, /REGIONS +NOW +HOME/);
    assert.match(text, /^ {2}Misplaced pods +2$/m);
  });

  it('lists misplaced pods, and where they are', () => {
    const placed = { misplaced: 2, misplacedIn: { 'us-east-1': 2 }, runsIn: { 'us-east-1': 2, 'eu-north-1': 1 } };
    const text = render(makeReport([makeAudited(placed)], { source: 'cluster' })).replace(/\n +/g, ' ');
    assert.match(
      text,
      /\nRun where their policy refuses them: shop deploy\/web: 2 of 3 pods, 2 in us-east-1; gridgate would place them in eu-north-1\n/,
    );
  });

  const idle = {
    namespace: 'idle',
    mode: 'off',
    runsIn: { 'us-east-1': 3 },
    misplaced: 3,
    misplacedIn: { 'us-east-1': 3 },
  } as const;
  const offReport = makeReport(
    [makeAudited(idle), makeDenied({ ...idle, denied: false }), makeAudited({ namespace: 'lab', mode: 'audit' })],
    { source: 'cluster' },
  );
  it('of a namespace that is off shows nothing but that, and how to see what would be', () => {
    const text = render(offReport);
    for (const name of ['web', 'pinned'])
      assert.match(lineWith(offReport, `deploy/${name}`), /^ {2}deploy\/\w+ +off +mode_off +- +12\.0 +20\.0 +12\.0$/);
    assert.match(text, /^ {2}Would be denied {2}0$/m);
    assert.match(text, /^ {2}Misplaced pods {3}0$/m);
    assert.doesNotMatch(text, /Run where|Would be denied in mode/);
    assert.match(
      text.replace(/\n {19}/g, ' '),
      /^ {2}Off {14}2 workloads in namespaces that gridgate leaves alone; --assume-mode enforce shows what it would do$/m,
    );
  });

  it('says that mode audit would steer', () =>
    assert.match(render(offReport), /lab \(audit\).*\n {2}deploy\/web +would steer /));

  it('says what the kill switch caps modes to', () =>
    assert.match(
      render(makeReport([makeAudited()], { source: 'cluster', modeCap: 'warn' })),
      /^ {2}Kill switch {6}caps the mode of every namespace to warn$/m,
    ));

  it('says that there is nothing, and what was passed over all the same', () =>
    assert.equal(
      render(makeReport([], { passedOver: { Service: 2 } })),
      'Nothing to audit: no pods, and nothing that makes pods.\nPassed over, without pods: 2 Service\n',
    ));

  it('writes - for what nobody knows', () => {
    const report = makeReport([makeAudited({ regions: [], grams: { asWritten: null, atHome: null, placed: null } })]);
    assert.match(lineWith(report, 'deploy/web'), /steered +- +- +- +-$/);
    assert.match(render(report), /0 as written\n {2}Placing saves {4}0: 0 left\n/);
  });

  for (const width of [80, 100, 110, 200])
    it(`is at most ${width} columns wide in a terminal of ${width}`, () => {
      assert.ok(widest(makeSampleReport(), width) <= width);
      for (const [, name] of HOSTILE_NAMES) {
        const parts = {
          name,
          namespace: name,
          kind: name,
          message: name,
          regions: [name, name],
          place: { file: name, document: 1, line: 1 },
        };
        const grams = { asWritten: 123_456_789, atHome: 123_456_789, placed: 123_456_789 };
        const report = makeReport(
          [makeDenied(parts), makeAudited({ ...parts, grams, alternative: { region: name, gramsPerHour: 1 } })],
          {
            broken: [name],
            passedOver: Object.fromEntries([[name, 1]]),
          },
        );
        assert.ok(widest(report, width) <= width, name);
        assert.doesNotMatch(render(report, 'table', width), /(?!\n)[\p{Cc}\u202a-\u202e\u2066-\u2069]/u);
      }
    });

  it('lists no more than a hundred reasons', () => {
    const report = makeReport(Array.from({ length: 10_000 }, (_, i) => makeDenied({ name: `w${i}` })));
    const text = render(report);
    assert.equal(text.match(/gridgate refuses/g)?.length, 100);
    assert.match(text, /^ {2}and 9900 more: --output json lists all$/m);
    assert.equal(text.match(/^ {2}deploy\/w\d+ /gm)?.length, 10_000);
  });
});

describe('the data of an audit', () => {
  const reports: readonly (readonly [string, AuditReport])[] = [
    ['a report', makeSampleReport()],
    ['nothing', makeReport([])],
    ['null figures', makeReport([makeAudited({ place: null, grams: { asWritten: null } })])],
    ['10,000 workloads', makeReport(Array.from({ length: 10_000 }, (_, i) => makeAudited({ name: `w${i}` })))],
    ...HOSTILE_NAMES.map(
      ([what, name]) =>
        [what, makeReport([makeDenied({ name, namespace: name, message: name })], { broken: [name] })] as const,
    ),
  ];
  for (const [what, report] of reports) {
    it(`is, as JSON, what was found of ${what}`, () =>
      assert.equal(render(report, 'json'), escapeUnseen(`${JSON.stringify(report, null, 2)}\n`, 'json')));

    if (report.workloads.length < 10_000)
      it(`is, as YAML, the same of ${what}, in one piece`, () => {
        const yaml = render(report, 'yaml');
        const plain = stringify(report, { lineWidth: 0, aliasDuplicateObjects: false });
        if (!hasUnseen(plain)) assert.equal(yaml, plain);
        assert.ok(!hasUnseen(yaml));
        assert.deepEqual(parse(yaml), JSON.parse(JSON.stringify(report).toWellFormed()));
      });
  }

  for (const format of AUDIT_FORMATS)
    it(`comes as ${format} in small pieces`, () => {
      const report = makeReport(
        Array.from({ length: 1_000 }, (_, i) => (i % 2 ? makeAudited : makeDenied)({ name: `w${i}` })),
      );
      let longest = 0;
      for (const piece of renderAudit(report, format, { width: 80 })) longest = Math.max(longest, piece.length);
      assert.ok(longest < 4_000, `${longest} characters`);
    });
});
