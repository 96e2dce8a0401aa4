import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { adviceOn, type Judged } from '../../src/questions/explain/decision-now.ts';
import { shellCommand } from '../../src/units/shell-command.ts';

describe('a command to paste', () => {
  for (const name of ['shop', 'eu-west-1', 'node-1.example.com', 'topology.kubernetes.io/region', '.dockerconfigjson'])
    it(`names ${name}`, () =>
      assert.equal(shellCommand`kubectl get x ${name} -o yaml`, `kubectl get x ${name} -o yaml`));

  const hostile = [
    '',
    ' ',
    '-A',
    '--kubeconfig',
    'a b',
    'a;b',
    'a\nb',
    'a\n',
    '$(a)',
    '`a`',
    "a'b",
    'a"b',
    '~',
    'a|b',
    'a/../b',
    '/etc',
    'é',
  ];
  for (const name of [...hostile, 'a'.repeat(1_000)])
    it(`is none with ${JSON.stringify(name.slice(0, 20))}`, () =>
      assert.equal(shellCommand`kubectl get ${'pods'} ${name}`, undefined));

  it('stands in the advice of explain, without it where a namespace of a kubeconfig cannot be one', () => {
    const judged = { ofNamespace: 'off' } as Judged;
    assert.match(adviceOn('shop', judged).join(), /kubectl annotate namespace shop gridgate\.dev\/mode=audit$/);
    assert.deepEqual(adviceOn('x; reboot', judged), ['namespace x; reboot has not opted in']);
  });
});
