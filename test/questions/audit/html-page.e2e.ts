import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import type { AuditReport } from '../../../src/questions/audit/audited-workload.ts';
import { renderAuditHtml } from '../../../src/questions/audit/render-html.ts';
import { renderJunit } from '../../../src/questions/audit/render-junit.ts';
import { findChromium } from '../../webhook/chromium.ts';
import { contrastsInPage } from '../../webhook/contrast.ts';
import { HOSTILE_NAMES } from './hostile.ts';
import { makeAudited, makeDenied, makeRegionRow, makeReport, makeSampleReport } from './reports.ts';

const executablePath = findChromium();
/** On each test, since a suite that is skipped counts as no skipped test. */
const NEEDS_BROWSER = { skip: !executablePath && 'no chromium: install it, or name one in CHROMIUM' };
const PHONE = { viewport: { width: 360, height: 740 } };
const ROWS = '.workloads tbody tr:not(.heading)';

describe('the page of an audit in a browser', () => {
  let browser: Browser | undefined;
  let directory = '';
  /** What no page may ever give cause for. */
  const complaints: string[] = [];

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'gridgate-audit-page-'));
    if (executablePath) browser = await chromium.launch({ executablePath });
  });
  after(async () => {
    await browser?.close();
    rmSync(directory, { recursive: true });
  });
  beforeEach(() => {
    complaints.length = 0;
  });
  afterEach(() => Promise.all((browser?.contexts() ?? []).map((context) => context.close())));

  /** Opens it as a file of a machine without a network; violations of its policy are on the console. */
  async function open(report: AuditReport, options: BrowserContextOptions = {}): Promise<Page> {
    assert.ok(browser);
    const path = join(directory, 'audit.html');
    writeFileSync(path, [...renderAuditHtml(report)].join(''));
    const context = await browser.newContext({ offline: true, ...options });
    const page = await context.newPage();
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('dialog', (dialog) => complaints.push(dialog.message()));
    await page.goto(pathToFileURL(path).href);
    return page;
  }

  /** That the page complained of nothing, and asked for nothing but itself. */
  async function assertQuiet(page: Page): Promise<void> {
    // The events of playwright-core 1.65 stumble over the headers of files: the page itself tells what it asked for.
    assert.deepEqual(await page.evaluate("performance.getEntriesByType('resource').map(({ name }) => name)"), []);
    assert.deepEqual(complaints, []);
  }

  /** Of one column, from the top row down. */
  function column(page: Page, number: number): Promise<readonly string[]> {
    return page.locator(`${ROWS} > :nth-child(${number})`).allInnerTexts();
  }

  test('is complete without a script', NEEDS_BROWSER, async () => {
    const page = await open(makeSampleReport(), { javaScriptEnabled: false });
    assert.equal(await page.locator(ROWS).count(), 9);
    assert.equal(await page.locator('.chart .bars:visible').count(), 2);
    assert.equal(await page.locator('.workloads thead button').count(), 0);
    assert.equal(await page.locator('#filter').isVisible(), false);
    await assertQuiet(page);
  });

  test('draws bars as long as the figures of the report', NEEDS_BROWSER, async () => {
    const report = makeSampleReport();
    const page = await open(report);
    for (const [section, rows] of [
      ['namespaces', report.namespaces],
      ['regions', report.regions],
    ] as const) {
      const bars = page.locator(`#${section} .bars`);
      const [now, left] = await Promise.all(['mark', 'low'].map((colour) => widthsOf(bars.locator(`.fill.${colour}`))));
      const drawn = rows.map(({ balance }) => balance).filter((balance) => balance.now > 0);
      const sorted = drawn.sort((a, b) => Math.max(b.now, b.left) - Math.max(a.now, a.left));
      assertProportional(
        [...(now ?? []), ...(left ?? [])],
        [...sorted.map((balance) => balance.now), ...sorted.map((balance) => balance.left)],
      );
    }
    await assertQuiet(page);
  });

  async function widthsOf(paths: ReturnType<Page['locator']>): Promise<readonly number[]> {
    const boxes = await Promise.all((await paths.all()).map((path) => path.boundingBox()));
    return boxes.map((box) => box?.width ?? Number.NaN);
  }

  function assertProportional(widths: readonly number[], figures: readonly number[]): void {
    assert.equal(widths.length, figures.length);
    const perGram = Math.max(...widths) / Math.max(...figures);
    for (const [index, figure] of figures.entries())
      assert.ok(Math.abs((widths[index] ?? 0) - figure * perGram) < 1.5, `${widths} are not as ${figures}`);
  }

  test('sorts by a number both ways by mouse, what has none last', NEEDS_BROWSER, async () => {
    const page = await open(makeSampleReport());
    const heading = page.locator('.workloads thead th', { hasText: 'placed' });
    await heading.getByRole('button').click();
    assert.deepEqual(await column(page, 8), ['123', '48.2', '15.4', '7.70', '3.80', '0.26', '-', '-', '-']);
    assert.equal(await heading.getAttribute('aria-sort'), 'descending');
    await heading.getByRole('button').click();
    assert.deepEqual(await column(page, 8), ['0.26', '3.80', '7.70', '15.4', '48.2', '123', '-', '-', '-']);
    assert.equal(await heading.getAttribute('aria-sort'), 'ascending');
    await assertQuiet(page);
  });

  test('sorts by keyboard, and tells which column it is', NEEDS_BROWSER, async () => {
    const page = await open(makeSampleReport());
    await page.getByRole('searchbox').focus();
    const names = page.locator('.workloads thead th').first();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    const sorted = await column(page, 1);
    assert.deepEqual(
      [sorted[0], sorted.at(-1)].map((text) => text?.split('\n')[0]),
      ['checkout', 'web'],
    );
    assert.equal(await names.getAttribute('aria-sort'), 'ascending');
    await page.keyboard.press('Space');
    assert.equal(await names.getAttribute('aria-sort'), 'descending');
    assert.match((await column(page, 1))[0] ?? '', /^web/);
    for (let i = 0; i < 4; i++) await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    assert.deepEqual((await column(page, 5)).slice(0, 3), ['12', '8', '6']);
    assert.equal(await page.locator('th[aria-sort=descending], th[aria-sort=ascending]').count(), 1);
    await assertQuiet(page);
  });

  test('sorts 5,000 rows by their numbers, not their digits', NEEDS_BROWSER, async () => {
    const workloads = Array.from({ length: 6_000 }, (_, i) =>
      makeAudited({ name: `w${i}`, pods: (i * 7919) % 6007, grams: { asWritten: i + 1 } }),
    );
    const page = await open(makeReport(workloads));
    await page.getByRole('button', { name: 'Pods' }).click();
    const pods = (await column(page, 5)).map(Number);
    assert.equal(pods.length, 5_000);
    assert.deepEqual(
      pods,
      pods.toSorted((a, b) => b - a),
    );
  });

  test('shows the rows with what one types', NEEDS_BROWSER, async () => {
    const page = await open(makeSampleReport());
    await page.getByRole('searchbox').fill('PAYMENTS');
    assert.equal(await page.locator(`${ROWS}:visible`).count(), 2);
    assert.equal(await page.locator('#filter output').innerText(), '2 of 9');
    await page.keyboard.press('Enter');
    await page.getByRole('searchbox').fill('');
    assert.equal(await page.locator(`${ROWS}:visible`).count(), 9);
    await assertQuiet(page);
  });

  test('hides headings of groups without a row, and shows them again', NEEDS_BROWSER, async () => {
    const page = await open(makeSampleReport());
    const headings = page.locator('.workloads .heading');
    assert.equal(await headings.count(), 3);
    await page.getByRole('searchbox').fill('ledger');
    assert.match(await page.locator('.workloads .heading:visible').innerText(), /would deny not_allowed .* 1$/s);
    await page.getByRole('searchbox').fill('');
    assert.equal(await page.locator('.workloads .heading:visible').count(), 3);
    await page.locator('.workloads thead').getByRole('button', { name: 'placed' }).click();
    assert.equal(await headings.count(), 0, 'what is sorted has no groups');
    assert.equal(await page.locator(ROWS).count(), 9);
    await assertQuiet(page);
  });

  for (const [name, options] of [
    ['a desk', { viewport: { width: 1280, height: 900 } }],
    ['a phone', PHONE],
  ] as const)
    test(
      `has a denial in one line on ${name}, and all of it behind a click, without a script`,
      NEEDS_BROWSER,
      async () => {
        const page = await open(makeSampleReport(), { ...options, javaScriptEnabled: false });
        const summary = page.locator('.why summary').first();
        const heightOf = async () => (await summary.boundingBox())?.height ?? Number.NaN;
        const place = page.getByText('charts/shop/search.yaml:41');
        const cut = await heightOf();
        await summary.click();
        const whole = await heightOf();
        assert.ok(cut < 22 && whole > 2 * cut, `${cut} and ${whole} px`);
        assert.equal(await place.isVisible(), true);
        assert.equal(await page.evaluate('document.documentElement.scrollWidth - innerWidth'), 0);
      },
    );

  test('has no row of headings on a phone: cells say what they are, and a list sorts', NEEDS_BROWSER, async () => {
    const page = await open(makeSampleReport(), PHONE);
    assert.equal(await page.locator('thead:visible').count(), 0);
    const unlabelled = await page.evaluate(`[...document.querySelectorAll('td')]
      .filter((cell) => cell.checkVisibility() && cell.textContent.trim() !== '' && !cell.dataset.label)
      .map((cell) => cell.outerHTML)`);
    assert.deepEqual(unlabelled, []);
    await page.getByRole('searchbox').fill('ledger');
    assert.equal(await page.locator('.workloads tbody tr:visible').count(), 2, 'its group and itself');
    await page.getByRole('searchbox').fill('');
    await page.getByLabel('Sort by').selectOption('placed');
    assert.deepEqual(
      (await column(page, 8)).map((text) => text.trim()),
      ['123', '48.2', '15.4', '7.70', '3.80', '0.26', '-', '-', '-'],
    );
    await page.getByLabel('Sort by').selectOption('Workload');
    assert.match((await column(page, 1))[0] ?? '', /^checkout/);
    await assertQuiet(page);
  });

  test(
    'leads with one number, the greatest text of the page, and bars as long as its figures',
    NEEDS_BROWSER,
    async () => {
      const report = makeSampleReport();
      const page = await open(report);
      const sizes = await page.evaluate(`[...document.querySelectorAll('body *')]
      .filter((one) => one.checkVisibility() && [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim()))
      .map((one) => [parseFloat(getComputedStyle(one).fontSize), one.textContent]).sort(([a], [b]) => b - a)`);
      const [first, second] = sizes as readonly (readonly [size: number, text: string])[];
      assert.equal(first?.[1], '1959');
      assert.ok((first?.[0] ?? 0) > 1.5 * (second?.[0] ?? 0));
      const { now, atHome, placingSaves } = report.totals.balance;
      assertProportional(await widthsOf(page.locator('#headline .fill')), [now, atHome, now - placingSaves]);
    },
  );

  test('has outages in the colour and with the sign of the status page', NEEDS_BROWSER, async () => {
    const page = await open(makeReport([makeDenied({ reason: 'outage' }), makeDenied({ reason: 'too_far' })]));
    assert.equal(await page.locator('.outage').count(), 2, 'the group and the row');
    const looks = await page.evaluate(`[...document.querySelectorAll('.outage, .decision')].map((one) =>
      getComputedStyle(one).color + ' ' + getComputedStyle(one, '::before').content)`);
    assert.deepEqual((looks as readonly string[]).filter((look) => look.includes('\u2715')).length, 2);
    assert.equal(new Set(looks as readonly string[]).size, 2);
  });

  test('never runs what a file calls its workloads', NEEDS_BROWSER, async () => {
    const page = await open(makeHostileReport());
    assert.equal(await page.evaluate('typeof hacked'), 'undefined');
    assert.equal(await page.locator('main img, main script').count(), 0);
    const [, evil = ''] = HOSTILE_NAMES[0] ?? [];
    assert.equal(await page.locator('tbody th', { hasText: evil }).count(), 2);
    const [label = ''] = await page.locator('#regions .bars .name', { hasText: 'img' }).allTextContents();
    assert.equal(label.trim(), `${evil} (1)`);
    await assertQuiet(page);
  });

  function makeHostileReport(): AuditReport {
    const workloads = HOSTILE_NAMES.flatMap(([, name]) => {
      const parts = {
        name,
        namespace: name,
        kind: name,
        message: name,
        regions: [name],
        place: { file: name, document: 1, line: 1 },
      };
      return [makeDenied({ ...parts, alternative: { region: name, gramsPerHour: 1 } }), makeAudited(parts)];
    });
    return makeReport(workloads, {
      broken: HOSTILE_NAMES.map(([, name]) => name),
      passedOver: Object.fromEntries(HOSTILE_NAMES.map(([, name]) => [name, 1])),
      regions: HOSTILE_NAMES.map(([, name]) => makeRegionRow(name, 1, { asWritten: 1, placed: 1 })),
    });
  }

  const crowds: readonly (readonly [string, AuditReport])[] = [
    ['an ordinary report', makeSampleReport()],
    ['hostile names', makeHostileReport()],
    ['nothing', makeReport([], { regions: [] })],
    [
      'figures without end',
      makeReport([makeAudited({ pods: 1e9, grams: { asWritten: 1e12, atHome: 1e12, placed: 1e12 } })]),
    ],
  ];
  for (const [name, report] of crowds)
    for (const options of [PHONE, {}])
      test(`fits ${'viewport' in options ? 'a phone' : 'a desk'} with ${name}`, NEEDS_BROWSER, async () => {
        const page = await open(report, options);
        assert.equal(await page.evaluate('document.documentElement.scrollWidth - innerWidth'), 0);
        await assertQuiet(page);
      });

  for (const colorScheme of ['light', 'dark'] as const)
    for (const [name, options] of [
      ['a desk', {}],
      ['a phone', PHONE],
    ] as const)
      test(`has text of enough contrast on ${name} in a ${colorScheme} room`, NEEDS_BROWSER, async () => {
        const page = await open(makeSampleReport(), { colorScheme, ...options });
        if (name === 'a desk') await page.getByRole('button', { name: 'placed' }).click();
        const contrasts = await contrastsInPage(page);
        assert.ok(contrasts.length > 100, `${contrasts.length} texts`);
        assert.deepEqual(
          contrasts.filter(({ ratio }) => !(ratio >= 4.5)),
          [],
        );
        await assertQuiet(page);
      });

  test('is as well-formed as its sister, the JUnit report, that a browser reads', NEEDS_BROWSER, async () => {
    const page = await open(makeReport([]));
    const xml = [...renderJunit(makeHostileReport())].join('');
    const found = await page.evaluate(`(() => {
      const read = new DOMParser().parseFromString(${JSON.stringify(xml)}, 'application/xml');
      return [read.querySelectorAll('parsererror').length, read.querySelectorAll('testcase').length];
    })()`);
    assert.deepEqual(found, [0, HOSTILE_NAMES.length * 3]);
  });
});
