import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { closeChangelog, namedVersions, renewVersions } from '../../src/packaging/versions.ts';

describe('the version of a release', () => {
  const ROWS: readonly (readonly [before: string, after: string, path?: string])[] = [
    ['image: gridgate:0.1.0', 'image: gridgate:0.2.0'],
    ['IMAGE=registry.example.com/gridgate:0.1.0)', 'IMAGE=registry.example.com/gridgate:0.2.0)'],
    ['npx file:$PWD/gridgate-0.1.0.tgz', 'npx file:$PWD/gridgate-0.2.0.tgz'],
    [
      'helm install gridgate oci://r/gridgate --version 0.1.0',
      'helm install gridgate oci://r/gridgate --version 0.2.0',
    ],
    ['image: gridgate:0.2.0-rc.1', 'image: gridgate:0.2.0'],
    ['gridgate 0.1.0 answers; it knows 3 regions', 'gridgate 0.2.0 answers; it knows 3 regions'],
    [
      'https://d.example.com/gridgate/v0.1.0/gridgate-0.1.0.tgz',
      'https://d.example.com/gridgate/v0.2.0/gridgate-0.2.0.tgz',
    ],
    ['  image: nginx:1.27.0', '  image: nginx:1.27.0'],
    ['Node 22.19.0, gridgate answers', 'Node 22.19.0, gridgate answers'],
    ['version: 0.1.0\nappVersion: "0.1.0"\n', 'version: 0.2.0\nappVersion: "0.2.0"\n', 'manifests/chart/Chart.yaml'],
    ['version: 0.1.0', 'version: 0.1.0', 'manifests/base/other.yaml'],
  ];
  for (const [before, after, path = 'README.md'] of ROWS)
    it(`of ${JSON.stringify(before)} in ${path}`, () => assert.equal(renewVersions(path, before, '0.2.0'), after));

  it('is found wherever it would be written', () =>
    assert.deepEqual(namedVersions('README.md', 'gridgate:0.1.0 and gridgate-0.2.0.tgz'), ['0.1.0', '0.2.0']));
});

describe('the changelog of a release', () => {
  const OLD = '## 0.1.0 - 2026-11-29\n### Added\n- All.\n';

  it('gets version and date where it says Unreleased', () =>
    assert.equal(
      closeChangelog(`# Changelog\n\n## Unreleased\n### Fixed\n- One.\n\n${OLD}`, '0.2.0', '2026-12-01'),
      `# Changelog\n\n## 0.2.0 - 2026-12-01\n### Fixed\n- One.\n\n${OLD}`,
    ));

  for (const [name, text] of [
    ['no such heading', `# Changelog\n\n${OLD}`],
    ['nothing below it', `# Changelog\n\n## Unreleased\n\n${OLD}`],
    ['an empty section below it', `# Changelog\n\n## Unreleased\n### Added\n\n${OLD}`],
  ] as const)
    it(`is refused with ${name}`, () => assert.equal(closeChangelog(text, '0.2.0', '2026-12-01'), undefined));
});
