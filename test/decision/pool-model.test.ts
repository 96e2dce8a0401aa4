import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Requirement } from '../../src/decision/node-selector.ts';
import type { Pod } from '../../src/decision/pod.ts';
import { reachableRegions } from '../../src/decision/reachable.ts';
import type { NodePoolFacts } from '../../src/regions/node-pool.ts';
import {
  HOSTNAME_LABEL,
  makeNodePool,
  makePod,
  makeSnapshot,
  REGION_LABEL,
  region,
  requires,
  ZONE_LABEL,
} from '../builders.ts';
import { ARCH, oneOf } from './random-pods.ts';
import { RUNS, SEED } from './random-runs.ts';
import { admits, type Node } from './scheduler-model.ts';

/** A label of the owner's, with words and numbers; `other` stands for all that nobody names. */
const TEAM = 'team';
const WORDS = ['a', 'b', '1', '5', '9'];
const OTHER = 'other';
/** Enough numbers that no bound and no list of these tests leaves none of those beyond. */
const NUMBERS = Array.from({ length: 30 }, (_, index) => String(index - 10));
const TAINT = { key: 'batch', effect: 'NoSchedule' };

const listed = fc.subarray(WORDS, { minLength: 1, maxLength: 3 });
const onTeam = fc.oneof(
  fc.tuple(oneOf('In', 'NotIn'), listed),
  fc.tuple(oneOf('Exists', 'DoesNotExist'), fc.constant([] as string[])),
  fc.tuple(
    oneOf('Gt', 'Lt'),
    oneOf('1', '5').map((bound) => [bound]),
  ),
);
const ofPool = fc.oneof(
  { weight: 4, arbitrary: onTeam },
  {
    weight: 1,
    arbitrary: fc.tuple(
      oneOf('Gte', 'Lte'),
      oneOf('1', '5').map((bound) => [bound]),
    ),
  },
);
const toRequirement = (key: string, [operator, values]: readonly [string, readonly string[]]): Requirement => ({
  key,
  operator,
  ...(values.length > 0 && { values }),
});
const onOthers: fc.Arbitrary<Requirement> = fc.oneof(
  fc
    .tuple(oneOf('In', 'NotIn'), fc.subarray(['amd64', 'arm64'], { minLength: 1 }))
    .map((one) => toRequirement(ARCH, one)),
  fc
    .tuple(oneOf('In', 'NotIn'), fc.subarray(['r-1', 'r-2'], { minLength: 1 }))
    .map((one) => toRequirement(ZONE_LABEL, one)),
);

const pool: fc.Arbitrary<NodePoolFacts> = fc
  .record({
    team: fc.array(ofPool, { maxLength: 2 }),
    others: fc.array(onOthers, { maxLength: 2 }),
    label: oneOf(undefined, 'a', '5'),
    isTainted: oneOf(false, false, true),
  })
  .map(({ team, others, label, isTainted }) =>
    makeNodePool('p', [region('In', 'r'), ...team.map((one) => toRequirement(TEAM, one)), ...others], {
      ...(label !== undefined && { labels: { [TEAM]: label } }),
      ...(isTainted && { taints: [TAINT] }),
    }),
  );

const pod: fc.Arbitrary<Pod> = fc
  .record({
    terms: fc.array(
      fc.array(
        fc.oneof(
          onTeam.map((one) => toRequirement(TEAM, one)),
          onOthers,
        ),
        { minLength: 1, maxLength: 3 },
      ),
      { maxLength: 2 },
    ),
    selector: oneOf({}, {}, { [TEAM]: 'a' }, { [ARCH]: 'arm64' }, { [REGION_LABEL]: 'r' }),
    isTolerant: fc.boolean(),
  })
  .map(({ terms, selector, isTolerant }) =>
    makePod({
      nodeSelector: selector,
      ...(terms.length > 0 && requires(...terms.map((matchExpressions) => ({ matchExpressions })))),
      ...(isTolerant && { tolerations: [{ key: 'batch', operator: 'Exists' }] }),
    }),
  );

/** Every node that a pool may create, one for each of the few values that its labels can have. */
function nodesOf({ labels, requirements, taints }: NodePoolFacts): readonly Node[] {
  const ofTeam = requirements.filter(({ key }) => key === TEAM);
  const isSpokenOf = ofTeam.length > 0 || labels[TEAM] !== undefined;
  const teams =
    labels[TEAM] !== undefined ? [labels[TEAM]] : isSpokenOf ? [undefined, OTHER, ...WORDS, ...NUMBERS] : [undefined];
  const found: Node[] = [];
  for (const team of teams)
    for (const arch of ['amd64', 'arm64', OTHER])
      for (const zone of ['r-1', 'r-2', OTHER]) {
        const carried = {
          [REGION_LABEL]: 'r',
          [ARCH]: arch,
          [ZONE_LABEL]: zone,
          ...(team !== undefined && { [TEAM]: team }),
        };
        if (requirements.every((one) => holds(one, (carried as Record<string, string>)[one.key])))
          found.push({ name: 'new', labels: { ...carried, [HOSTNAME_LABEL]: 'new' }, taints });
      }
  return found;
}

/** As Karpenter's documentation has its operators; on purpose without anything of `src`. */
function holds({ operator, values = [] }: NodePoolFacts['requirements'][number], label: string | undefined): boolean {
  const number = label !== undefined && /^-?\d+$/.test(label) ? Number(label) : Number.NaN;
  const bound = Number(values[0]);
  switch (operator) {
    case 'In':
      return label !== undefined && values.includes(label);
    case 'NotIn':
      return label === undefined || !values.includes(label);
    case 'Exists':
      return label !== undefined;
    case 'DoesNotExist':
      return label === undefined;
    case 'Gt':
      return number > bound;
    case 'Gte':
      return number >= bound;
    case 'Lt':
      return number < bound;
    default:
      return number <= bound;
  }
}

describe(`NodePools against all nodes that they may create (GRIDGATE_SEED=${SEED})`, () => {
  it('a region is within reach where one of these would admit the pod, and nowhere else', () => {
    const seen = { within: 0, without: 0 };
    fc.assert(
      fc.property(pool, pod, (one, asks) => {
        const snapshot = makeSnapshot({ r: 100 }, { nodes: [], nodePools: [one] });
        const { regions } = reachableRegions(asks, snapshot);
        const nodes = nodesOf(one);
        fc.pre(nodes.length > 0); // what it wants contradicts itself
        const expected = nodes.some((node) => admits(asks, node));
        seen[expected ? 'within' : 'without'] += 1;
        assert.equal(regions.length > 0, expected, JSON.stringify({ pool: one, pod: asks.spec }));
      }),
      { seed: SEED, numRuns: RUNS },
    );
    assert.ok(seen.within > RUNS / 10 && seen.without > RUNS / 10, JSON.stringify(seen));
  });
});
