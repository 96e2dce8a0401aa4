import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DAEMON_OWNERS } from '../../src/decision/daemon-owners.ts';
import { effectivePolicy } from '../../src/decision/effective-policy.ts';
import { compileRules } from '../../src/decision/policy-rules.ts';

const CONTROLLER = 'system:serviceaccount:kube-system:daemon-set-controller';

describe('daemon pods in the policy of every namespace', () => {
  it('have the built-in owners and any account where the configuration says nothing', () => {
    const { policy } = effectivePolicy('shop', {}, compileRules({}));
    assert.deepEqual([policy.daemonOwners, policy.daemonAccounts], [undefined, undefined]);
  });

  it('have more owners, each once', () => {
    const rules = compileRules({ daemonOwners: ['example.com/Agent', 'apps/DaemonSet'] });
    assert.deepEqual(effectivePolicy('shop', {}, rules).policy.daemonOwners, [...DAEMON_OWNERS, 'example.com/Agent']);
  });

  const rows: readonly [name: string, accounts: readonly string[], account: string, may: boolean][] = [
    ['the account itself', [CONTROLLER], CONTROLLER, true],
    ['a glob of it', ['system:serviceaccount:kube-system:*'], CONTROLLER, true],
    ['another', [CONTROLLER], 'eve@example.test', false],
    [
      'a namespace that begins alike',
      ['system:serviceaccount:kube-system:*'],
      'system:serviceaccount:kube-system2:a',
      false,
    ],
    ['one that is excluded', ['system:*', '!system:node:*'], 'system:node:a', false],
    ['nobody', [], CONTROLLER, false],
  ];
  for (const [name, accounts, account, may] of rows)
    it(`come from ${name}: ${may ? 'exempt' : 'not exempt'}`, () => {
      const rules = compileRules({ limits: { 'daemon-accounts': accounts } });
      assert.equal(effectivePolicy('shop', {}, rules).policy.daemonAccounts?.matches(account), may);
    });
});
