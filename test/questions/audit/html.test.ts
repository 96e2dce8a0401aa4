import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import type { AuditReport } from '../../../src/questions/audit/audited-workload.ts';
import { AUDIT_SCRIPT, AUDIT_SCRIPT_HASH } from '../../../src/questions/audit/page-script.ts';
import { renderAuditHtml } from '../../../src/questions/audit/render-html.ts';
import { HOSTILE_NAMES } from './hostile.ts';
import { makeAudited, makeDenied, makeRegionRow, makeReport, makeSampleReport } from './reports.ts';

function render(report: AuditReport): string {
  return [...renderAuditHtml(report)].join('');
}

function rowsOf(page: string): readonly string[] {
  return page.match(/<tr[^>]*><th scope="row".*?<\/tr>/gs) ?? [];
}

function barsOf(page: string, section: string): readonly string[] {
  const [, label = ''] = new RegExp(`id="${section}".*?aria-label="([^"]*)"`, 's').exec(page) ?? [];
  return label.split(/[.;] (?=\S)/).slice(1);
}

describe('the page of an audit', () => {
  it('allows its own script and nothing else', () => {
    assert.equal(AUDIT_SCRIPT_HASH, `sha256-${createHash('sha256').update(AUDIT_SCRIPT).digest('base64')}`);
    const page = render(makeSampleReport());
    assert.match(page, /default-src &#39;none&#39;;/);
    assert.ok(page.includes(`<script>${AUDIT_SCRIPT}</script>`));
  });

  it('loads nothing from anywhere', () =>
    assert.doesNotMatch(
      render(makeSampleReport()).replaceAll('http://www.w3.org/', ''),
      /https?:|\b(?:src|href)=(?!"data:,")|@import|url\((?!#)/,
    ));

  it('has a row for each workload, what is denied first', () => {
    const rows = rowsOf(render(makeSampleReport()));
    assert.equal(rows.length, 9);
    assert.match(rows[0] ?? '', /search-index.*deny<\/b>.*high_carbon.*above the limit of 300.*search\.yaml:41/s);
    assert.match(rows[1] ?? '', /ledger.*would deny<\/b>/s);
    assert.match(rows[2] ?? '', /train-embeddings/);
  });

  it('draws the figures of the report, greatest first, and nothing that is nothing', () => {
    const page = render(makeSampleReport());
    assert.deepEqual(barsOf(page, 'namespaces'), ['ml: 1460, 123', 'shop: 421, 71.6', 'payments: 77.6, 3.80']);
    assert.deepEqual(barsOf(page, 'regions'), [
      'us-east-1 (379): 702, 0',
      'eu-central-1 (338): 601, 48.2',
      'us-west-2 (121): 402, 0',
      'eu-west-3 (48): 160, 0',
      'eu-north-1 (23): 92.8, 150',
    ]);
  });

  it('leads with what everything emits, then what placing saves, then what denial stops', () => {
    const page = render(makeSampleReport());
    const [, headline = ''] = /<section id="headline"[^>]*>(.*?)<\/section>/s.exec(page) ?? [];
    const told = headline.replaceAll(/<[^>]+>/g, ' ').replaceAll(/\s+/g, ' ');
    assert.match(
      told,
      /^ 1959 gCO2e\/h as written , denied workloads included as written 1959 at home 2641 placed 326 \(-83%\) Placing saves 1632 -83% gCO2e\/h, 326 left Denial stops 128 -6\.5% gCO2e\/h, 198 left, 32\.0 of it only in mode enforce /,
    );
    assert.ok(page.indexOf('class="lead"') < page.indexOf('<dl>'));
  });

  const balances: readonly [name: string, grams: object, source: 'files' | 'cluster', bars: readonly string[]][] = [
    [
      'what runs',
      { asWritten: 12, atHome: 20, placed: 3 },
      'cluster',
      ['now: 12.0', 'at home: 20.0', 'placed: 3.00 (-75%)'],
    ],
    ['no home', { asWritten: 12, atHome: null, placed: 3 }, 'files', ['as written: 12.0', 'placed: 3.00 (-75%)']],
    [
      'a place that is dirtier',
      { asWritten: 12, atHome: null, placed: 18 },
      'files',
      ['as written: 12.0', 'placed: 18.0 (+50%)'],
    ],
    ['no figure', { asWritten: null, atHome: null, placed: null }, 'files', []],
  ];
  for (const [name, grams, source, bars] of balances)
    it(`leads with bars of now, home and placed: ${name}`, () => {
      const page = render(makeReport([makeAudited({ grams })], { source, regions: [] }));
      const [, label = ''] = /<section id="headline"[^>]*>.*?aria-label="([^"]*)".*?<dl>/s.exec(page) ?? [];
      assert.deepEqual(label === '' ? [] : label.split('; '), bars);
    });

  it('groups what is denied or wrong by reason, with counts of the whole report, and has each message in one line', () => {
    const spared = { mode: 'warn', denied: false, reason: 'outage' } as const;
    const page = render(
      makeReport([
        makeAudited(),
        makeDenied({ name: 'a' }),
        makeDenied({ name: 'b', grams: { asWritten: 500 } }),
        makeDenied({ name: 'c', reason: 'outage', message: 'us-east-1 is down' }),
        makeDenied({ name: 'd', ...spared }),
        makeAudited({ name: 'e', reason: 'unknown_region', unknownRegions: ['mars'], message: 'nobody knows mars' }),
      ]),
    );
    const [, table = ''] = /<table class="wide workloads">(.*)<\/table>/s.exec(page) ?? [];
    const headings = [...table.matchAll(/<tr class="heading">(.*?)<\/tr>/gs)].map(([, one = '']) =>
      one
        .replaceAll(/<[^>]+>/g, ' ')
        .replaceAll(/\s+/g, ' ')
        .trim(),
    );
    assert.deepEqual(
      headings.map((heading) => heading.replace(/(?<=^(?:deny|would deny|steer) \w+) .* /, ' ')),
      ['deny high_carbon 2', 'deny outage 1', 'steer unknown_region 1', 'would deny outage 1', 'All others 1'],
    );
    assert.deepEqual(
      table
        .split('<tbody>')
        .slice(1)
        .map((body) => rowsOf(body).length),
      [2, 1, 1, 1, 1],
    );
    assert.match(table, /<details class="why"><summary>us-east-1 is down<\/summary>shop\.yaml:1<\/details>/);
    assert.doesNotMatch(render(makeReport([makeAudited()])), /class="heading"/);
  });

  it('shows what is off as off, and where misplaced pods are', () => {
    const wrong = { runsIn: { 'us-east-1': 3 }, misplaced: 2, misplacedIn: { 'us-east-1': 2 } };
    const workloads = [makeAudited(wrong), makeDenied({ ...wrong, namespace: 'idle', mode: 'off', denied: false })];
    const page = render(makeReport(workloads, { source: 'cluster', modeCap: 'warn' }));
    const [pinned = '', web = ''] = rowsOf(page);
    assert.match(web, /2 of 3 pods run where the policy refuses them: 2 in us-east-1/);
    assert.match(pinned, /<b class="decision off">off<\/b> <span title="[^"]+">mode_off/);
    assert.doesNotMatch(pinned, /refuse/);
    assert.match(page, /the kill switch caps modes to warn/);
  });

  it('adds up namespaces beyond the greatest eleven', () => {
    const workloads = Array.from({ length: 40 }, (_, i) =>
      makeAudited({ namespace: `n${i}`, grams: { asWritten: 100 - i, placed: 1 } }),
    );
    const bars = barsOf(render(makeReport(workloads)), 'namespaces');
    assert.equal(bars.length, 12);
    assert.equal(bars[0], 'n0: 100, 1.00');
    // 100 - 11 down to 100 - 39.
    assert.equal(bars.at(-1), '29 other namespaces: 2175, 29.0');
  });

  it('says what it leaves out', () => {
    const text = render(makeSampleReport());
    assert.match(text, /<li>1 workload without a figure/);
    assert.match(text, /<li>Passed over, without pods: 6 Service, 4 ConfigMap, 1 Ingress\./);
    assert.match(text, /<li>Could not be read: charts\/shop\/values\.yaml document 2 line 17/);
  });

  it('of nothing says so', () => {
    const page = render(makeReport([], { regions: [] }));
    assert.match(page, /Nothing to audit/);
    assert.equal(page.match(/No figures\./g)?.length, 2);
    assert.doesNotMatch(page.replace(AUDIT_SCRIPT, ''), /<table|<svg|NaN|undefined|null/);
  });

  it('writes - for what nobody knows', () => {
    const page = render(makeReport([makeAudited({ grams: { asWritten: null, atHome: null, placed: null } })]));
    assert.equal(rowsOf(page)[0]?.match(/data-value="">-/g)?.length, 4);
    assert.doesNotMatch(page.replace(AUDIT_SCRIPT, ''), /NaN|undefined|null/);
  });

  it('has the worst 5,000 of 10,000 workloads in its table, says so, and none of its pieces is long', () => {
    const workloads = Array.from({ length: 10_000 }, (_, i) => makeAudited({ name: `w${i}`, grams: { asWritten: i } }));
    const pieces = [...renderAuditHtml(makeReport([...workloads, makeDenied()]))];
    const page = pieces.join('');
    const rows = rowsOf(page);
    assert.equal(rows.length, 5_000);
    assert.match(rows[0] ?? '', /pinned/);
    assert.match(rows[1] ?? '', /w9999</);
    assert.match(page, /The first 5000 of 10001;/);
    assert.match(page, /<li>5001 workloads not in the table/);
    assert.ok(page.length < 8_000_000, `${page.length} characters`);
    assert.ok(Math.max(...pieces.map(({ length }) => length)) < 50_000);
  });

  it('leaves the prototypes of the process alone, whatever a region is called', () => {
    const namesOfAll = () => [Object.prototype, Object, Object.prototype.toString].map(Object.getOwnPropertyNames);
    const before = namesOfAll();
    for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty', ' __proto__'])
      render(
        makeReport([makeAudited({ namespace: name })], {
          regions: [makeRegionRow(name, null, { asWritten: 1, placed: 1 })],
        }),
      );
    assert.deepEqual(namesOfAll(), before);
  });

  for (const [what, name] of HOSTILE_NAMES)
    it(`escapes ${what}, wherever it stands`, () => {
      const parts = {
        name,
        namespace: name,
        kind: name,
        message: name,
        regions: [name],
        place: { file: name, document: 1, line: 1 },
        alternative: { region: name, gramsPerHour: 1 },
      };
      const page = render(
        makeReport([makeDenied(parts), makeAudited(parts)], {
          broken: [name],
          passedOver: Object.fromEntries([[name, 1]]),
          regions: [makeRegionRow(name, 1, { asWritten: 1, placed: 1 })],
          policySignal: name,
        }),
      );
      assert.equal(rowsOf(page).length, 2);
      assert.equal(page.match(/<script/g)?.length, 1);
      assert.doesNotMatch(page, /<img|onerror="/);
    });
});
