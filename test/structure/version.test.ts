import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { filesWithVersions, namedVersions } from '../../src/packaging/versions.ts';

const { version } = JSON.parse(readFileSync('package.json', 'utf8'));

/** Where a version must stand; in every other page and manifest only this one may. */
const NAMED = [
  'manifests/base/deployment.yaml',
  'manifests/base/controllers.yaml',
  'manifests/base/release-overdue.yaml',
  'manifests/README.md',
  'manifests/getting-started.md',
  'README.md',
  'Makefile',
];

it('images and packages that people copy or a cluster runs have the version of package.json', () => {
  const named = filesWithVersions().flatMap((path) =>
    [...new Set(namedVersions(path, readFileSync(path, 'utf8')))].map((found) => ({ path, found })),
  );
  assert.deepEqual(
    named.filter(({ found }) => found !== version),
    [],
  );
  for (const path of NAMED)
    assert.ok(
      named.some((one) => one.path === path),
      path,
    );
});

it('make image takes its tag from there, too', () =>
  assert.match(readFileSync('Makefile', 'utf8'), /^IMAGE \?= gridgate:\$\(shell sed .*"version".* package\.json\)$/m));
