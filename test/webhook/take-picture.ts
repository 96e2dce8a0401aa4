// The pictures of pages, light and dark: the status page and what waits on it, an audit, a simulation: `npm run picture`.
// Needs Debian's packages chromium, fonts-inter and pngquant.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { renderAuditHtml } from '../../src/questions/audit/render-html.ts';
import { createOperatorsApp } from '../../src/webhook/operators-app.ts';
import { madeUpSeries } from '../forecast/series.ts';
import { runCommand } from '../process/run-command.ts';
import { makeSampleReport } from '../questions/audit/reports.ts';
import { findChromium } from './chromium.ts';
import { makeSampleStatus } from './sample-status.ts';

const WIDTH = 1040;
const SCHEMES = ['light', 'dark'] as const;

const executablePath = findChromium();
if (!executablePath) throw new Error('no chromium: install it, or name one in CHROMIUM');
const app = createOperatorsApp({ ...makeSampleStatus(), renderMetrics: async () => ({ contentType: '', body: '' }) });
const directory = mkdtempSync(join(tmpdir(), 'gridgate-pictures-'));
const browser = await chromium.launch({ executablePath, args: ['--disable-lcd-text'] });
try {
  const status = await app.listen({ host: '127.0.0.1', port: 0 });
  const audit = write('audit.html', [...renderAuditHtml(makeSampleReport())].join(''));
  const simulation = await simulate();
  for (const scheme of SCHEMES) {
    const page = await open(browser, scheme, status);
    await page.mouse.move(0, 0);
    await take(page, `src/webhook/page/status-page${suffix(scheme)}.png`, '#regions');
    await page.locator('#waiting').screenshot({ path: `src/controllers/gate-releaser/waiting${suffix(scheme)}.png` });
    press(`src/controllers/gate-releaser/waiting${suffix(scheme)}.png`);
    await take(await open(browser, scheme, audit), `src/questions/audit/audit-page${suffix(scheme)}.png`);
    await take(await open(browser, scheme, simulation), `src/questions/simulate/simulate-page${suffix(scheme)}.png`);
  }
} finally {
  await browser.close();
  await app.close();
  rmSync(directory, { recursive: true });
}

async function open(browser: Browser, colorScheme: (typeof SCHEMES)[number], url: string): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: WIDTH, height: 2600 }, colorScheme });
  await page.goto(url);
  return page;
}

/** From its top to the end of an element, or of all that it has. */
async function take(page: Page, path: string, last = 'body'): Promise<void> {
  const box = await page.locator(last).last().boundingBox();
  if (!box) throw new Error(`nothing to take a picture of for ${path}`);
  await page.screenshot({ path, clip: { x: 0, y: 0, width: WIDTH, height: Math.ceil(box.y + box.height + 16) } });
  press(path);
}

function press(picture: string): void {
  execFileSync('pngquant', ['--force', '--strip', '--speed', '1', '--output', picture, picture]);
}

function suffix(scheme: (typeof SCHEMES)[number]): string {
  return scheme === 'dark' ? '-dark' : '';
}

function write(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return pathToFileURL(path).href;
}

/** Three made-up regions over 60 days, and jobs that may wait. */
async function simulate(): Promise<string> {
  const series = ['us-east-1', 'us-west-1', 'eu-central-1'].map((region, seed) => {
    const rows = madeUpSeries(60, seed + 1).map(
      (grams, hour) => `${new Date(Date.UTC(2026, 0, 1, hour)).toISOString()},${grams.toFixed(2)}`,
    );
    write(`${region}.csv`, `timestamp,gramsPerKwh\n${rows.join('\n')}\n`);
    return `${region}=${join(directory, `${region}.csv`)}`;
  });
  write('jobs.csv', 'arrival_time,length,cpus\n0,7200,2\n30000,14400,8\n90000,3600,4\n200000,28800,2\n');
  const html = join(directory, 'simulate.html');
  const args = ['--intensity', series.join(), '--jobs', join(directory, 'jobs.csv'), '--home', 'us-east-1'];
  const { code, stderr } = await runCommand(['simulate', ...args, '--slack', '12h', '--html', html]);
  if (code !== 0) throw new Error(stderr);
  return pathToFileURL(html).href;
}
