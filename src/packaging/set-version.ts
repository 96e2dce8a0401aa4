/**
 * `npm version` runs it, first with `--check`: the version of package.json goes wherever people copy one or a cluster runs one,
 * and what the changelog calls unreleased gets it, too. Refuses where nothing is unreleased.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { closeChangelog, filesWithVersions, renewVersions } from './versions.ts';

const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
const date = new Date().toISOString().slice(0, 10);
const changelog = closeChangelog(readFileSync('CHANGELOG.md', 'utf8'), version, date);

if (changelog === undefined) {
  process.stderr.write('CHANGELOG.md has nothing under "## Unreleased": there is nothing to release\n');
  process.exitCode = 1;
} else if (!process.argv.includes('--check')) {
  writeFileSync('CHANGELOG.md', changelog);
  for (const path of filesWithVersions()) {
    const text = readFileSync(path, 'utf8');
    const renewed = renewVersions(path, text, version);
    if (renewed !== text) writeFileSync(path, renewed);
  }
}
