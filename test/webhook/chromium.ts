import { existsSync } from 'node:fs';

/** The browser of these tests: the one that CHROMIUM names, or Debian's; `undefined` when it is not there. */
export function findChromium(): string | undefined {
  const path = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
  return existsSync(path) ? path : undefined;
}
