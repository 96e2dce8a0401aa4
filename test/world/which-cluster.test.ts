import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, it } from 'node:test';
import { findCluster, findOwnCluster, strayContext } from '../../src/world/which-cluster.ts';
import { makeTemporaryDirectory } from '../config/temporary-directory.ts';

const POD = { KUBERNETES_SERVICE_HOST: '10.0.0.1' };

describe('which cluster is asked', () => {
  type Row = readonly [
    name: string,
    given: object,
    env: Readonly<Record<string, string>>,
    files: readonly string[] | null,
  ];
  const rows: readonly Row[] = [
    ['nothing is there', {}, { HOME: '@empty' }, null],
    ['an option', { kubeconfig: '@a', regions: 'R' }, { KUBECONFIG: '@b' }, ['@a']],
    ['the variable', {}, { KUBECONFIG: '@a', HOME: '@home', ...POD }, ['@a']],
    ['a list', {}, { KUBECONFIG: ['@a', '', '@b'].join(delimiter) }, ['@a', '@b']],
    ['a list of which some are not there', {}, { KUBECONFIG: ['@none', '@b'].join(delimiter) }, ['@b']],
    ['a list of which none is there', {}, { KUBECONFIG: ['@none', '@nor'].join(delimiter), HOME: '@home' }, ['@none']],
    ['the default file', {}, { HOME: '@home', KUBECONFIG: '' }, ['@home/.kube/config']],
    ['the default file, where Windows has it', {}, { USERPROFILE: '@home' }, ['@home/.kube/config']],
    ['the pod we run in', {}, { HOME: '@empty', ...POD }, []],
    ['files of Regions', { regions: 'R' }, { KUBECONFIG: '@a', HOME: '@home', ...POD }, null],
    ['files of Namespaces', { namespaces: 'N' }, { KUBECONFIG: '@a', HOME: '@home', ...POD }, null],
  ];
  for (const [name, given, env, expected] of rows)
    it(name, (test) => {
      const directory = makeTemporaryDirectory(test);
      mkdirSync(join(directory, 'home', '.kube'), { recursive: true });
      for (const file of ['a', 'b', 'home/.kube/config']) writeFileSync(join(directory, file), '');
      const at = <T>(value: T): T => JSON.parse(JSON.stringify(value).replaceAll('@', `${directory}/`));
      assert.deepEqual(findCluster(at(given), at(env))?.kubeconfigs ?? null, at(expected));
    });

  it('those who work only where they are told to take nobody’s default', () => {
    const env = { KUBECONFIG: 'package.json', HOME: '/root' };
    assert.equal(findOwnCluster({}, env), undefined);
    assert.deepEqual(findOwnCluster({}, { ...env, ...POD })?.kubeconfigs, []);
    assert.deepEqual(findOwnCluster({ kubeconfig: 'a' }, env)?.kubeconfigs, ['a']);
  });
});

it('a context beside files is a mistake, unless the environment has it for other commands', () => {
  const given = { context: 'kind', regions: 'R' };
  assert.match(strayContext(given, undefined, {}).join(), /^--context: .*--kubeconfig/);
  assert.deepEqual(strayContext(given, undefined, { GRIDGATE_CONTEXT: 'kind' }), []);
  assert.deepEqual(strayContext(given, { kubeconfigs: ['a'] }, {}), []);
});
