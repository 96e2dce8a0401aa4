import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { notOfLock } from '../../src/packaging/installed-packages.ts';

const A = { version: '1.0.0', integrity: 'sha512-a' };
const LOCK = { packages: { '': {}, 'node_modules/a': A, 'node_modules/for-windows': { ...A, optional: true } } };

describe('what is installed', () => {
  const rows: readonly [name: string, installed: object, found: readonly string[]][] = [
    ['as the lock has it', { 'node_modules/a': A }, []],
    ['in another version', { 'node_modules/a': { ...A, version: '1.0.1' } }, ['node_modules/a 1.0.1']],
    ['with other contents', { 'node_modules/a': { ...A, integrity: 'sha512-b' } }, ['node_modules/a 1.0.0']],
    ['without a hash', { 'node_modules/a': { version: '1.0.0' } }, ['node_modules/a 1.0.0']],
    ['beside it', { 'node_modules/a': A, 'node_modules/b': A }, ['node_modules/b 1.0.0']],
  ];
  for (const [name, packages, found] of rows)
    it(name, () => assert.deepEqual(notOfLock(LOCK, { packages: { ...packages } }), found));
});
