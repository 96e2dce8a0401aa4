import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';

const { version } = JSON.parse(readFileSync('package.json', 'utf8'));

/** Where a version stands that people copy, or that a cluster runs. */
const NAMED = [
  'manifests/base/deployment.yaml',
  'manifests/base/controllers.yaml',
  'manifests/README.md',
  'manifests/getting-started.md',
  'README.md',
  'Makefile',
];

for (const file of NAMED)
  it(`${file} names the image and the package with the version of package.json`, () => {
    const tags = [...readFileSync(file, 'utf8').matchAll(/gridgate[:-](\d+\.\d+\.\d+)/g)].map(([, tag]) => tag);
    assert.ok(tags.length > 0);
    assert.deepEqual([...new Set(tags)], [version]);
  });

it('make image takes its tag from there, too', () =>
  assert.match(readFileSync('Makefile', 'utf8'), /^IMAGE \?= gridgate:\$\(shell sed .*"version".* package\.json\)$/m));
