// The pictures of the status page in the README, and of what waits on its page: `node test/webhook/take-picture.ts`.
// Needs Debian's packages chromium, fonts-inter and pngquant.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { createOperatorsApp } from '../../src/webhook/operators-app.ts';
import { findChromium } from './chromium.ts';
import { makeSampleStatus } from './sample-status.ts';

const PICTURE = fileURLToPath(new URL('../../src/webhook/page/status-page.png', import.meta.url));
const WAITING = fileURLToPath(new URL('../../src/controllers/gate-releaser/waiting.png', import.meta.url));
const WIDTH = 1040;

const executablePath = findChromium();
if (!executablePath) throw new Error('no chromium: install it, or name one in CHROMIUM');
const app = createOperatorsApp({ ...makeSampleStatus(), renderMetrics: async () => ({ contentType: '', body: '' }) });
const browser = await chromium.launch({ executablePath, args: ['--disable-lcd-text'] });
try {
  const origin = await app.listen({ host: '127.0.0.1', port: 0 });
  const page = await browser.newPage({ viewport: { width: WIDTH, height: 2600 }, colorScheme: 'light' });
  await page.goto(origin);
  await page.locator('#health-details > summary').click();
  await page.mouse.move(0, 0);
  const box = await page.locator('#forecast').boundingBox();
  if (!box) throw new Error('nothing to take a picture of');
  const height = Math.ceil(box.y + box.height + 16);
  await page.screenshot({ path: PICTURE, clip: { x: 0, y: 0, width: WIDTH, height } });
  await page.locator('#waiting').screenshot({ path: WAITING });
  for (const picture of [PICTURE, WAITING])
    execFileSync('pngquant', ['--force', '--strip', '--speed', '1', '--output', picture, picture]);
} finally {
  await browser.close();
  await app.close();
}
