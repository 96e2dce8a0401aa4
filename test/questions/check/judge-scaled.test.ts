import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { HeldScale } from '../../../src/questions/check/facts.ts';
import { heldBounds, heldReplicas, heldTargets } from '../../../src/questions/check/read-scaled.ts';
import { formatBoundsBefore } from '../../../src/scaling/bounds-before.ts';
import { formatBudgetStatus, formatTargetStatuses } from '../../../src/scaling/budget-status.ts';
import { makeNode, NOW, REGION_LABEL } from '../../builders.ts';
import { deploymentOf, oddities, saysOf } from './facts-of.ts';

const STATUS = { state: 'held', before: 5, wrote: 1, since: '2026-11-29T10:00:00Z', strikes: 0 } as const;
const BUDGET = 'gridgate.dev/budget-status';
const BOUNDS = 'gridgate.dev/bounds-before';

const web = (annotations: Readonly<Record<string, string>>, spec: object, name = 'web') => ({
  metadata: { name, namespace: 'shop', annotations },
  spec,
});
const budget = (change: object = {}) => ({ [BUDGET]: formatBudgetStatus({ ...STATUS, ...change }) });
const held = heldReplicas('deployment', web(budget(), { replicas: 1 }));
const bounds = formatBoundsBefore({ min: 2, max: 6, owners: { min: [], max: [] }, wrote: { min: 3, max: 7 } });
const moved = heldBounds(web({ [BOUNDS]: bounds }, { minReplicas: 3, maxReplicas: 7 }));

function run(args: readonly string[]) {
  return { deployments: { value: [deploymentOf('webhook'), deploymentOf('controllers', { args })] } };
}
const scales = (...all: readonly (HeldScale | undefined)[]) => ({
  heldScales: { value: all.map((one) => one ?? assert.fail('nothing is held')) },
});
const of = (parts: object) => oddities(parts).filter((line) => line.includes(' scaling: '));
const NOBODY_LEADS = { lease: { value: { holder: 'one', renewedAt: NOW - 600_000, durationMs: 15_000 } } };

describe('gridgate check says of what gridgate scaled', () => {
  it('nothing where no number is kept aside', () => assert.deepEqual(saysOf('scaling'), []));

  it('that it is so where a leader keeps it', () => {
    const both = run(['--carbon-budgets=on', '--regional-autoscaler=audit']);
    assert.deepEqual(saysOf('scaling', { ...both, ...scales(held, moved) }), ['ok: 2 are as gridgate scaled them']);
  });

  it('that budgets may never put it back where a node is in no region', () => {
    const both = run(['--carbon-budgets=on', '--regional-autoscaler=on']);
    const nodes = { nodes: { value: [makeNode('n1', 'eu'), makeNode('n2', undefined)] } };
    assert.deepEqual(of({ ...both, ...nodes, ...scales(held, moved) }), [
      `warning scaling: 1 are scaled down by carbon budgets, and 1 nodes are in no region: a budget with a pod there is never under, and puts nothing back -> kubectl label node n2 ${REGION_LABEL}=REGION`,
    ]);
    assert.deepEqual(of({ ...both, ...nodes, ...scales(moved) }), []);
  });

  it('each with the command that puts it back where nobody does', () => {
    const only = run(['--carbon-budgets=on', '--regional-autoscaler=on', '--regional-autoscaler=off']);
    assert.deepEqual(of({ ...only, ...scales(held, moved) }), [
      `failed scaling: hpa shop/web is as gridgate scaled it, and nobody puts back what its owner had (2 to 6): --regional-autoscaler is off -> kubectl patch hpa -n shop web --type=merge -p '{"spec":{"minReplicas":2,"maxReplicas":6},"metadata":{"annotations":{"gridgate.dev/bounds-before":null}}}'`,
    ]);
    const [line = ''] = of({ ...only, ...NOBODY_LEADS, ...scales(held) });
    assert.match(line, /deployment shop\/web .* \(5 replicas\): nobody leads -> kubectl patch deployment -n shop web /);
    assert.equal(of({ deployments: { value: [] }, ...scales(held) }).length, 1, 'gridgate is gone');
  });

  it('of many the first few, and how many more', () => {
    const lines = of(scales(...Array.from({ length: 7 }, () => moved)));
    assert.match(lines.at(-1) ?? '', /2 more are as gridgate scaled them/);
  });

  const NONE: readonly [name: string, found: HeldScale | undefined][] = [
    ['that was restored', heldReplicas('deployment', web(budget({ state: 'restored' }), { replicas: 1 }))],
    ['that was let go', heldReplicas('deployment', web(budget({ state: 'let-go' }), { replicas: 1 }))],
    ['with a memory of nothing', heldReplicas('deployment', web(budget({ before: null }), { replicas: 1 }))],
    ['with a memory that raises', heldReplicas('deployment', web(budget({ before: 0 }), { replicas: 1 }))],
    [
      'with a memory that gridgate never wrote so',
      heldReplicas('deployment', web({ [BUDGET]: ` ${budget()[BUDGET]}` }, { replicas: 1 })),
    ],
    ['that somebody else scaled since', heldReplicas('statefulset', web(budget(), { replicas: 3 }))],
    ['with a memory that gridgate never wrote', heldReplicas('deployment', web({ [BUDGET]: '{}' }, { replicas: 1 }))],
    ['whose bounds somebody else wrote since', heldBounds(web({ [BOUNDS]: bounds }, { maxReplicas: 9 }))],
    ['with no target at what a budget wrote', heldTargets(web({}, { targets: [{ deployment: 'web', max: 2 }] }))],
  ];
  for (const [name, found] of NONE) it(`nothing of one ${name}`, () => assert.equal(found, undefined));

  it('what else a budget lowered: the maximum of an autoscaler, and of a target', () => {
    const one = heldBounds(web(budget({ before: 6, wrote: 2 }), { minReplicas: 2, maxReplicas: 2 }));
    assert.deepEqual([one?.option, one?.value], ['--carbon-budgets', 'at most 6']);
    const text = formatTargetStatuses({ web: { ...STATUS, before: 8, wrote: 2 } });
    const target = heldTargets(web({ [BUDGET]: text }, { targets: [{ deployment: 'web', max: 2 }] }));
    assert.deepEqual([target?.value, target?.todo], ['web: 8', 'kubectl edit regionalautoscaler -n shop web']);
  });

  it('no command with a name that a shell would act upon', () => {
    const evil = heldReplicas('deployment', web(budget(), { replicas: 1 }, 'a; rm -rf'));
    assert.equal(evil?.todo, undefined);
  });
});
