import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import type { Snapshot } from '../../src/regions/snapshot.ts';
import { createOperatorsApp } from '../../src/webhook/operators-app.ts';
import type { RecentDecision } from '../../src/webhook/recorder.ts';
import { makeNode, makeRegion, makeSnapshot, NOW } from '../builders.ts';
import { findChromium } from './chromium.ts';
import { contrastsInPage } from './contrast.ts';
import { makeDecision, makeForecast, makeSampleStatus } from './sample-status.ts';

const executablePath = findChromium();
const EVIL = `"'><img src=x onerror="hacked=1"><script>hacked=1</script><svg onload=hacked=1>`;
const LONG = 'x'.repeat(253);
/** On each test, since a suite that is skipped counts as no skipped test. */
const NEEDS_BROWSER = { skip: !executablePath && 'no chromium: install it, or name one in CHROMIUM' };
const PHONE = { viewport: { width: 390, height: 844 } };

describe('the status page in a browser', () => {
  const sample = makeSampleStatus();
  const state = {
    now: NOW,
    snapshot: sample.snapshot(),
    recent: sample.recent(),
    broken: false,
    unready: [] as string[],
    sources: sample.sources?.(),
  };
  const app = createOperatorsApp({
    ...sample,
    clock: () => state.now,
    snapshot: () => state.snapshot,
    unready: () => state.unready,
    sources: () => state.sources,
    modeCap: () => (state.unready.length > 0 ? 'audit' : undefined),
    recent: () => {
      if (state.broken) throw new Error('broken');
      return state.recent;
    },
    renderMetrics: async () => ({ contentType: 'text/plain', body: '' }),
  });
  let browser: Browser | undefined;
  let origin = '';
  /** What no page may ever give cause for. */
  const complaints: string[] = [];

  before(async () => {
    origin = await app.listen({ host: '127.0.0.1', port: 0 });
    if (executablePath) browser = await chromium.launch({ executablePath });
  });
  after(async () => {
    await browser?.close();
    await app.close();
  });
  beforeEach(() => {
    complaints.length = 0;
    show(sample.snapshot(), sample.recent());
  });
  afterEach(() => Promise.all((browser?.contexts() ?? []).map((context) => context.close())));

  function show(snapshot: Snapshot, recent: readonly RecentDecision[]): void {
    state.now += 1000;
    Object.assign(state, { snapshot, recent, broken: false, unready: [], sources: sample.sources?.() });
  }

  async function open(options: BrowserContextOptions = {}): Promise<Page> {
    assert.ok(browser);
    const page = await (await browser.newContext(options)).newPage();
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('dialog', (dialog) => complaints.push(dialog.message()));
    page.on('request', (request) => {
      if (new URL(request.url()).origin !== origin && !request.url().startsWith('data:'))
        complaints.push(request.url());
    });
    // The page's own clock: ten seconds pass when a test says so.
    if (options.javaScriptEnabled !== false) await page.clock.install();
    await page.goto(origin);
    return page;
  }

  test('is complete without a script, and asks to be loaded again', NEEDS_BROWSER, async () => {
    const page = await open({ javaScriptEnabled: false });
    const names = await page.locator('#regions tbody tr:not(.heading) > th').allInnerTexts();
    assert.equal(names.length, 15);
    assert.match(names.join(' '), /^eu-north-1 ca-central-1 eu-west-3 .* us-east-2 edge-lab$/s);
    assert.match(
      await page.locator('#regions tr.down').innerText(),
      /eu-south-2\s+outage AZ power loss \(set by hand\)/,
    );
    assert.equal(await page.locator('#forecast svg.line:visible').count(), 9);
    assert.match(
      await page.locator('#decisions').innerText(),
      /high_carbon 1 .*\s+08:59:55\s+deny\s+payments Pod\/report-once\s+gridgate refuses/,
    );
    assert.equal(await page.locator('meta[http-equiv=refresh]').count(), 1);
    assert.deepEqual(complaints, []);
  });

  test('draws bars as long as the regions are dirty', NEEDS_BROWSER, async () => {
    const page = await open();
    const bars = await page.locator('#regions > table .fill').all();
    const widths = await Promise.all(bars.map(async (bar) => (await bar.boundingBox())?.width ?? Number.NaN));
    assert.equal(widths.length, 13);
    assert.deepEqual(
      widths,
      widths.toSorted((a, b) => a - b),
    );
    const [first = 0, last = 0] = [widths[0], widths.at(-1)];
    assert.ok(Math.abs(last / first / (679 / 23) - 1) < 0.02, `${first} and ${last} px are not as 23 and 679 g`);
    assert.deepEqual(complaints, []);
  });

  test(
    'shows a new decision after ten seconds, without a reload and where one was reading',
    NEEDS_BROWSER,
    async () => {
      const page = await open(PHONE);
      await page.evaluate('globalThis.kept = true; scrollTo({ top: 900, behavior: "instant" })');
      show(state.snapshot, [makeDecision(0, 'brand-new', {}), ...state.recent]);
      await page.clock.fastForward(10_000);
      await page.locator('#decisions summary', { hasText: 'brand-new' }).waitFor({ timeout: 60_000 });
      assert.deepEqual(await page.evaluate('[globalThis.kept, scrollY]'), [true, 900]);
      assert.deepEqual(complaints, []);
    },
  );

  test(
    'has a denial in one line, and the rest of it behind a click or a key, without a script',
    NEEDS_BROWSER,
    async () => {
      for (const options of [{}, PHONE]) {
        const page = await open({ ...options, javaScriptEnabled: false });
        const denial = page.locator('.decided', { hasText: 'report-once' });
        const [sentence, mode] = [denial.locator('.said'), denial.getByText('enforce', { exact: true })];
        const heights = [await heightOf(sentence)];
        assert.equal(await mode.isVisible(), false);
        await denial.locator('summary').click();
        heights.push(await heightOf(sentence));
        assert.equal(await mode.isVisible(), true);
        await page.keyboard.press('Enter');
        heights.push(await heightOf(sentence));
        const [cut = 0, whole = 0, again] = heights;
        assert.ok(cut < 25 && whole > 2 * cut && again === cut, `${heights} px`);
        await page.context().close();
      }
    },
  );

  test('keeps open what one opened, and the keyboard where it was, when it is refreshed', NEEDS_BROWSER, async () => {
    const page = await open();
    const summary = page.locator('.decided summary', { hasText: 'report-once' });
    await page.locator('#health-details > summary').click();
    await page.getByLabel('One scale for all').check();
    await summary.focus();
    await page.keyboard.press('Enter');
    show(state.snapshot, [makeDecision(0, 'brand-new', {}), ...state.recent]);
    await page.clock.fastForward(10_000);
    await page.locator('#decisions summary', { hasText: 'brand-new' }).waitFor({ timeout: 60_000 });
    const isOpen = (one: ReturnType<Page['locator']>) => one.getAttribute('open').then((open) => open !== null);
    assert.equal(await isOpen(page.locator('.decided', { hasText: 'report-once' })), true);
    assert.equal(await isOpen(page.locator('#health-details')), false, 'it was open, and closed by hand');
    assert.equal(await page.locator('svg.line.common:visible').count(), 9);
    await page.keyboard.press('Enter');
    assert.equal(await isOpen(page.locator('.decided', { hasText: 'report-once' })), false);
    assert.deepEqual(complaints, []);
  });

  test('says in one line that all is well, below the decisions', NEEDS_BROWSER, async () => {
    state.sources = [{ name: 'electricity-maps', lastOkAt: NOW, outcomes: { ok: 1 } }];
    const page = await open({ viewport: { width: 1280, height: 900 } });
    const health = page.locator('#health-details > summary');
    assert.ok((await heightOf(health)) < 30, 'one line');
    assert.equal(await page.locator('#watches').isVisible(), false);
    const [decisions, line] = await Promise.all([page.locator('#decisions').boundingBox(), health.boundingBox()]);
    assert.ok((decisions?.y ?? 0) < (line?.y ?? 0));
    await health.click();
    assert.match(await page.locator('#watches').innerText(), /namespaces\s+7 s/);
  });

  test(
    'draws each forecast over the height of its panel, all on one scale when asked, without a script',
    NEEDS_BROWSER,
    async () => {
      const page = await open({ javaScriptEnabled: false });
      /** What part of its panel's height each line takes. */
      const partsOf = (name: string): Promise<readonly number[]> =>
        page.evaluate(`[...document.querySelectorAll('svg.line.${name}')]
          .filter((line) => line.checkVisibility())
          .map((line) => line.querySelector('g, use').getBBox().height / line.viewBox.baseVal.height)`);
      const own = await partsOf('own');
      assert.equal(own.length, 9);
      assert.ok(Math.min(...own) > 0.5, `${own}`);
      assert.match(
        await page.locator('#forecast figure').first().innerText(),
        /eu-north-1\s+lowest 22 at 11:00\s+35\s+20\s/,
      );
      await page.getByLabel('One scale for all, 0 to 600').check();
      const [first = 1, ...others] = await partsOf('common');
      assert.ok(first < 0.05 && Math.max(...others) < 0.6, `${first}, ${others}`);
      assert.match(await page.locator('#forecast figure').first().innerText(), /lowest 22 at 11:00\s+600\s+0\s/);
    },
  );

  test('has one colour for outages, and a sign or stripes beside it', NEEDS_BROWSER, async () => {
    const down = makeRegion('down', 200, { outage: 'fire', forecast: makeForecast('bpat-2022-09', 0, 9) });
    show(makeSnapshot([down, makeRegion('up', 400)]), [
      makeDecision(0, 'shop', { decision: 'deny', reason: 'outage' }),
    ]);
    const page = await open();
    const looksOf = (selector: string, look: string): Promise<readonly string[]> =>
      page.evaluate(`[...document.querySelectorAll('${selector}')].map((one) => getComputedStyle(one${look})`);
    const colours = await looksOf('.outage', ').color');
    assert.equal(colours.length, 4, 'headline, region, decision, forecast');
    assert.equal(new Set(colours).size, 1);
    assert.deepEqual(new Set(await looksOf('.outage', ', "::before").content')), new Set(['"\u2715\u00a0"']));
    const others = await looksOf('.band, .decision, .verdict', ').color');
    assert.ok(others.length > 4 && !others.includes(colours[0] ?? ''));
    assert.match(String(await looksOf('tr.down .fill', ').fill')), /#stripes/);
    assert.deepEqual(complaints, []);
  });

  test('has no row of headings on a phone: every cell says what it is', NEEDS_BROWSER, async () => {
    const page = await open(PHONE);
    assert.equal(await page.locator('thead:visible').count(), 0);
    assert.deepEqual(await unlabelledCells(page), []);
    assert.equal(await page.locator('.sources td[data-label="requests"]:visible').count(), 3);
  });

  /** Of cells that one sees, those with a text and no label; a band is its own. */
  function unlabelledCells(page: Page): Promise<readonly string[]> {
    return page.evaluate(`[...document.querySelectorAll('td')]
      .filter((cell) => cell.checkVisibility() && cell.textContent.trim() !== '' && !cell.querySelector('.band'))
      .filter((cell) => !cell.dataset.label || getComputedStyle(cell, '::before').content === 'none')
      .map((cell) => cell.outerHTML)`);
  }

  async function heightOf(what: ReturnType<Page['locator']>): Promise<number> {
    return (await what.boundingBox())?.height ?? Number.NaN;
  }

  test('says since when it gets no answer, and takes it back', NEEDS_BROWSER, async () => {
    const page = await open();
    const note = page.locator('#refresh');
    state.now += 1000;
    state.broken = true;
    await page.clock.fastForward(10_000);
    await note.filter({ hasText: /^no answer since .* what you see is old$/ }).waitFor({ timeout: 60_000 });
    assert.equal(await page.locator('#regions tbody tr').count(), 17, 'the last content stays');
    show(state.snapshot, state.recent);
    await page.clock.fastForward(10_000);
    await note.filter({ hasText: 'refreshed every 10 s' }).waitFor({ timeout: 60_000 });
  });

  test(
    'never runs what regions, namespaces and owners are called, neither loaded nor refreshed',
    NEEDS_BROWSER,
    async () => {
      const page = await open();
      const region = makeRegion(EVIL, 100, {
        outage: EVIL,
        reading: { source: EVIL },
        forecast: makeForecast('bpat-2022-09', 0, 9),
      });
      show(makeSnapshot([region]), [makeDecision(0, EVIL, { owner: EVIL, region: EVIL })]);
      for (const load of [() => page.clock.fastForward(10_000), () => page.reload()]) {
        await load();
        const name = page.locator('#regions tbody th', { hasText: EVIL });
        await name.waitFor({ timeout: 60_000 });
        assert.equal(await page.locator('main img, main script').count(), 0);
        assert.equal(await page.evaluate('typeof hacked'), 'undefined');
      }
      assert.deepEqual(complaints, []);
    },
  );

  for (const colorScheme of ['light', 'dark'] as const)
    test(`has text of enough contrast in a ${colorScheme} room`, NEEDS_BROWSER, async () => {
      state.unready = ['nodes not seen yet'];
      const page = await open({ colorScheme });
      state.now += 1000;
      state.broken = true;
      await page.clock.fastForward(10_000);
      await page.locator('#refresh.alert').waitFor({ timeout: 60_000 });
      assert.equal(await page.locator('.alert').count(), 3);
      const contrasts = await contrastsInPage(page);
      assert.ok(contrasts.length > 150, `${contrasts.length} texts`);
      assert.deepEqual(
        contrasts.filter(({ ratio }) => !(ratio >= 4.5)),
        [],
      );
    });

  const crowds: readonly [name: string, snapshot: () => Snapshot][] = [
    ['an ordinary cluster', sample.snapshot],
    ['200 regions', () => makeSnapshot(Array.from({ length: 200 }, (_, i) => makeRegion(`region-${i}`, 5 + i * 3)))],
    [
      'regions without nodes, without readings and in outage',
      () =>
        makeSnapshot(
          Array.from({ length: 60 }, (_, i) =>
            makeRegion(`region-${i}`, i % 3 ? i * 9 : undefined, i % 7 ? {} : { outage: LONG }),
          ),
          { nodes: Array.from({ length: 40 }, (_, i) => makeNode(`n${i}`, `region-${i}`)) },
        ),
    ],
    [
      'names without end',
      () =>
        makeSnapshot([
          makeRegion(LONG, 9, {
            outage: LONG,
            reading: { source: LONG },
            forecast: makeForecast('bpat-2022-09', 0, 9),
          }),
        ]),
    ],
  ];
  for (const [name, snapshot] of crowds)
    test(`fits a phone with ${name}`, NEEDS_BROWSER, async () => {
      show(snapshot(), [makeDecision(0, LONG, { owner: LONG, region: LONG })]);
      state.unready = [LONG];
      const page = await open(PHONE);
      for (const isOpen of [false, true]) {
        await page.evaluate(`for (const one of document.querySelectorAll('details')) one.open ||= ${isOpen}`);
        assert.equal(await page.evaluate('document.documentElement.scrollWidth'), 390);
      }
      assert.equal(await page.locator('#regions tbody tr:not(.heading)').count(), state.snapshot.regions.length);
      assert.deepEqual(complaints, []);
    });
});
