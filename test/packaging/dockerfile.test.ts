import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { readDockerfile } from './dockerfile.ts';

describe('the Dockerfile', () => {
  const stages = readDockerfile();
  const final = stages.at(-1);

  it('builds on images pinned by digest, and ends on one without a shell', () => {
    assert.equal(stages.length, 2);
    for (const { base } of stages) assert.match(base, /^[a-z0-9./-]+:[\w.-]+@sha256:[0-9a-f]{64}$/);
    assert.match(final?.base ?? '', /^gcr\.io\/distroless\/nodejs24-/);
    assert.deepEqual(final?.runs, []);
  });

  it('builds with the Node that tests run on', () => {
    const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8'));
    assert.equal(/^node:([\d.]+)-/.exec(stages[0]?.base ?? '')?.[1], packages['node_modules/node'].version);
  });

  it('copies what is there, and what .dockerignore lets through', () => {
    const allowed = readFileSync('.dockerignore', 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1));
    const copied = stages.flatMap(({ copies }) => copies.filter(({ from }) => !from).flatMap(({ sources }) => sources));
    assert.deepEqual([...new Set(copied)].sort(), [...allowed].sort());
    for (const path of copied) assert.ok(existsSync(path), path);
  });

  it('runs nothing of the packages that it installs', () =>
    assert.ok(stages[0]?.runs.includes('npm ci --ignore-scripts')));

  it('runs as the user that the manifests ask for', () => {
    assert.equal(final?.user, '65532:65532');
    for (const file of ['deployment', 'controllers', 'release-overdue'])
      assert.match(readFileSync(`manifests/base/${file}.yaml`, 'utf8'), /runAsNonRoot: true/);
  });
});
