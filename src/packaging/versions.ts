import { globSync } from 'node:fs';
import { basename } from 'node:path';

/** Of earlier versions these tell, too. */
const HISTORY = ['CHANGELOG.md', 'manifests/upgrading.md'];

/** Where a version stands that people copy or a cluster runs. */
export function filesWithVersions(): readonly string[] {
  const files = globSync(['*.md', 'Makefile', 'manifests/**/*.{md,yaml}', 'src/**/*.md', 'test/pages/*.ts']).map(
    (path) => path.replaceAll('\\', '/'),
  );
  return files.filter((path) => !HISTORY.includes(path)).sort();
}

/** Of an image, a package, an address, in what gridgate says of itself; and of the chart, in its own file. */
const NAMED = /((?:gridgate[:/ -]|--version )v?)(\d+\.\d+\.\d+(?:-[a-z]+\.\d+)?)/g;
const CHART = /^((?:version|appVersion): ["']?)(\d+\.\d+\.\d+(?:-[a-z]+\.\d+)?)/gm;

/** Every version of gridgate that a file names. */
export function namedVersions(path: string, text: string): readonly string[] {
  return [...text.matchAll(patternFor(path))].map(([, , version = '']) => version);
}

export function renewVersions(path: string, text: string, version: string): string {
  return text.replace(patternFor(path), (_, before: string) => before + version);
}

function patternFor(path: string): RegExp {
  return basename(path) === 'Chart.yaml' ? CHART : NAMED;
}

/** The changelog with what was unreleased under this version; `undefined` where nothing is unreleased. */
export function closeChangelog(text: string, version: string, date: string): string | undefined {
  const [before = '', section] = text.split(/^## Unreleased$/m);
  if (section === undefined || !/^- /m.test(section.split(/^## /m)[0] ?? '')) return undefined;
  return `${before}## ${version} - ${date}${section}`;
}
