/**
 * `npm version` runs it, first with `--check` and the version to come: the version of package.json goes wherever people copy one or a cluster runs one,
 * and what the changelog calls unreleased gets it, too. Refuses where nothing is unreleased,
 * and a version that the next release would not find again.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { canBeReplaced, closeChangelog, filesWithVersions, renewVersions } from './versions.ts';

const [option, next] = process.argv.slice(2);
const version: string = next ?? JSON.parse(readFileSync('package.json', 'utf8')).version;
const date = new Date().toISOString().slice(0, 10);
const changelog = closeChangelog(readFileSync('CHANGELOG.md', 'utf8'), version, date);

if (!canBeReplaced(version)) refuse(`${version}: a version is like 1.2.3, or 1.2.3-beta.0 before it`);
else if (changelog === undefined) refuse('CHANGELOG.md has nothing under "## Unreleased": there is nothing to release');
else if (option !== '--check') {
  writeFileSync('CHANGELOG.md', changelog);
  for (const path of filesWithVersions()) {
    const text = readFileSync(path, 'utf8');
    const renewed = renewVersions(path, text, version);
    if (renewed !== text) writeFileSync(path, renewed);
  }
}

function refuse(why: string): void {
  process.stderr.write(`${why}\n`);
  process.exitCode = 1;
}
