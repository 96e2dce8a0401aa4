import { readFileSync } from 'node:fs';

/** Of the package.json beside `src` and `dist`. */
export function ownVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  return version;
}
