import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { makeTemporaryDirectory } from '../config/temporary-directory.ts';
import { BINARIES, findAssets } from './assets.ts';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const VERSIONS = readFileSync(join(HERE, 'versions'), 'utf8').trim().split('\n');
const UNKNOWN = /K8S_VERSION=abc: there is 1\.34, 1\.35, 1\.36, 1\.37/;

describe('the control plane of the e2e tests', () => {
  test('is of a version that its Go module has, unless another is asked for', () => {
    const own = /k8s\.io\/kubernetes (v[\d.]+)/.exec(readFileSync(join(HERE, 'kubernetes/go.mod'), 'utf8'))?.[1];
    assert.ok(VERSIONS.includes(`1.36 ${own}`), own);
  });

  const folders: readonly [name: string, k8sVersion: string, hasAssets: boolean, expected: RegExp][] = [
    ['none asked for, assets given', '', true, /gridgate-test-/],
    ['none asked for', '', false, /\.control-plane\/bin$/],
    ['its own version', '1.36', false, /\.control-plane\/bin$/],
    ['its own version, assets given', '1.36', true, /\.control-plane\/bin$/],
    ['another version', '1.37', false, /\.control-plane\/1\.37\/bin$/],
    ['another version, assets given', '1.34', true, /\.control-plane\/1\.34\/bin$/],
  ];
  for (const [name, k8sVersion, hasAssets, expected] of folders)
    test(`is looked for in one place: ${name}`, (t) => {
      const kubebuilderAssets = hasAssets ? makeTemporaryDirectory(t) : '';
      if (hasAssets) for (const binary of BINARIES) writeFileSync(join(kubebuilderAssets, binary), '', { mode: 0o755 });
      const found = findAssets({ kubebuilderAssets, k8sVersion });
      assert.match('dir' in found ? found.dir : (found.missing.split(' ')[0] ?? ''), expected);
    });

  test('is never another than the one asked for', () => {
    assert.throws(() => findAssets({ k8sVersion: 'abc' }), UNKNOWN);
    const { status, stderr } = spawnSync(join(HERE, 'build.sh'), {
      env: { PATH: process.env['PATH'], K8S_VERSION: 'abc' },
      encoding: 'utf8',
    });
    assert.equal(status, 2);
    assert.match(stderr, UNKNOWN);
  });
});
