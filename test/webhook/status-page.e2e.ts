import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import type { Snapshot } from '../../src/regions/snapshot.ts';
import { createOperatorsApp } from '../../src/webhook/operators-app.ts';
import type { RecentDecision } from '../../src/webhook/recorder.ts';
import { makeRegion, makeSnapshot, NOW } from '../builders.ts';
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
  };
  const app = createOperatorsApp({
    ...sample,
    clock: () => state.now,
    snapshot: () => state.snapshot,
    unready: () => state.unready,
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
    Object.assign(state, { snapshot, recent, broken: false, unready: [] });
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
    assert.equal(await page.locator('#forecast svg.line').count(), 9);
    assert.match(
      await page.locator('#decisions tbody tr').nth(1).innerText(),
      /deny\s+high_carbon\s+us-east-1\s+payments/,
    );
    assert.equal(await page.locator('meta[http-equiv=refresh]').count(), 1);
    assert.deepEqual(complaints, []);
  });

  test('draws bars as long as the regions are dirty', NEEDS_BROWSER, async () => {
    const page = await open();
    const bars = await page.locator('#regions tbody:first-of-type .fill').all();
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
      await page.locator('#decisions td', { hasText: 'brand-new' }).waitFor({ timeout: 60_000 });
      assert.deepEqual(await page.evaluate('[globalThis.kept, scrollY]'), [true, 900]);
      assert.deepEqual(complaints, []);
    },
  );

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
      const page = await open(PHONE);
      assert.equal(await page.evaluate('document.documentElement.scrollWidth'), 390);
      assert.equal(await page.locator('#regions tbody tr:not(.heading)').count(), state.snapshot.regions.length);
      assert.deepEqual(complaints, []);
    });
});
