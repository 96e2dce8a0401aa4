import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { adviceOnPlacement, tellPreference, tellWhatComes } from '../../src/decision/autoscaler-words.ts';
import type { Policy } from '../../src/decision/policy.ts';
import type { Autoscaling } from '../../src/regions/autoscaling.ts';

function seen(autoscaler: Autoscaling['autoscaler'], parts: Partial<Autoscaling> = {}): Autoscaling {
  const nothing = { nodePools: [], placelessNodePools: [], idleNodePools: 0, nodeGroups: 0, roomIn: [], fullIn: [] };
  return { autoscaler, ...nothing, ...parts };
}

const POOLS = { nodePools: ['batch', 'default'] };
const GROUPS = { nodeGroups: 2 };
const FOLLOWS =
  'takes a preference for a requirement first, the heaviest before lighter ones, and gives it up only where it can create no node for it';
const IGNORES =
  'ignores preferences when it picks a node group: a preference counts among nodes that are there, it brings none';
const AUTO = '; placement: auto requires instead, for flexible pods';

describe('what a preference does', () => {
  const rows: readonly [name: string, seen: Autoscaling, placement: Policy['placement'], words: string | undefined][] =
    [
      ['under Karpenter', seen('karpenter', POOLS), 'prefer', `Karpenter (NodePools batch, default) ${FOLLOWS}`],
      ['with one NodePool', seen('karpenter', { nodePools: ['a'] }), 'prefer', `Karpenter (NodePool a) ${FOLLOWS}`],
      [
        'with many',
        seen('karpenter', { nodePools: ['a', 'b', 'c', 'd', 'e'] }),
        'prefer',
        `Karpenter (NodePools a, b, c and 2 more) ${FOLLOWS}`,
      ],
      ['where only nodes tell of it', seen('karpenter'), 'prefer', `Karpenter (by the labels of nodes) ${FOLLOWS}`],
      [
        'under Cluster Autoscaler',
        seen('cluster-autoscaler', GROUPS),
        'prefer',
        `Cluster Autoscaler (2 node groups) ${IGNORES}${AUTO}`,
      ],
      [
        'of auto already',
        seen('cluster-autoscaler', { nodeGroups: 1 }),
        'auto',
        `Cluster Autoscaler (1 node group) ${IGNORES}`,
      ],
      [
        'under both',
        seen('both', { ...POOLS, ...GROUPS }),
        'prefer',
        `Karpenter (NodePools batch, default) ${FOLLOWS}; Cluster Autoscaler (2 node groups), which is here too, ${IGNORES}: a pod goes to whichever has a place for it first`,
      ],
      ['under none', seen('none'), 'prefer', 'no autoscaler was seen: only nodes that are there count'],
      [
        'with NodePools that bring nothing',
        seen('none', { idleNodePools: 3 }),
        'prefer',
        'no autoscaler was seen: only nodes that are there count; the 3 NodePools that are there are all static, paused, full or not ready',
      ],
      ['where nobody could look', seen('unknown'), 'prefer', undefined],
    ];
  for (const [name, autoscaling, placement, words] of rows)
    it(name, () => {
      assert.equal(tellPreference(autoscaling, placement), words);
      const preferred = [{ region: 'a', weight: 100 }];
      assert.equal(tellWhatComes({ preferred }, autoscaling, placement), words);
    });
});

describe('what a requirement does', () => {
  const requirement = { operator: 'In', values: ['a'] } as const;
  const rows: readonly [name: string, seen: Autoscaling, words: string | undefined][] = [
    [
      'under Karpenter',
      seen('karpenter', POOLS),
      'Karpenter (NodePools batch, default) keeps to requirements: nodes for it come only where they lead',
    ],
    [
      'under both',
      seen('both', { ...POOLS, ...GROUPS }),
      'Karpenter (NodePools batch, default) and Cluster Autoscaler (2 node groups) keep to requirements: nodes for it come only where they lead',
    ],
    ['under none', seen('none'), 'no autoscaler was seen: only nodes that are there count'],
    ['where nobody could look', seen('unknown'), undefined],
  ];
  for (const [name, autoscaling, words] of rows)
    it(name, () => assert.equal(tellWhatComes({ requirement, preferred: [] }, autoscaling, 'require'), words));

  it('of nothing is nothing', () =>
    assert.equal(tellWhatComes({ preferred: [] }, seen('karpenter', POOLS), 'prefer'), undefined));
});

describe('advice to whoever writes a placement', () => {
  const rows: readonly [
    placement: Policy['placement'],
    autoscaler: Autoscaling['autoscaler'],
    says: RegExp | undefined,
  ][] = [
    ['prefer', 'cluster-autoscaler', /: prefer brings no node here: Cluster Autoscaler ignores preferences/],
    ['prefer', 'karpenter', undefined],
    ['prefer', 'both', undefined],
    ['prefer', 'none', undefined],
    ['require', 'cluster-autoscaler', undefined],
    ['auto', 'cluster-autoscaler', undefined],
    ['auto', 'karpenter', /: auto only prefers here: Karpenter follows preferences/],
    ['auto', 'both', /: auto only prefers here: Karpenter follows preferences, and is here beside/],
    ['auto', 'none', /: auto only prefers here: no autoscaler was seen/],
    ['auto', 'unknown', undefined],
  ];
  for (const [placement, autoscaler, says] of rows)
    it(`${placement} under ${autoscaler}`, () => {
      const advice = adviceOnPlacement(placement, seen(autoscaler));
      if (!says) return assert.equal(advice, undefined);
      assert.match(advice ?? '', says);
      assert.ok((advice ?? '').length <= 240);
    });
});
