import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { demandsOf, type Match } from '../../src/capacity/match-overlay.ts';
import type { PoolRequirement } from '../../src/regions/node-pool.ts';
import { matchDemands } from './brute-force.ts';

const LABELS: Readonly<Record<string, readonly string[] | 'absent'>> = {
  'node.kubernetes.io/instance-type': ['m5.large'],
  'topology.kubernetes.io/zone': ['us-east-1a'],
  'kubernetes.io/os': ['linux', 'windows'],
  'example.com/cpu': ['8'],
  'example.com/none': 'absent',
};

describe('an overlay', () => {
  const on = (key: string, operator: string, ...values: string[]): PoolRequirement => ({ key, operator, values });
  const TYPE = 'node.kubernetes.io/instance-type';
  const CPU = 'example.com/cpu';
  const NONE = 'example.com/none';
  const rows: readonly [Match, string, readonly PoolRequirement[]][] = [
    ['yes', 'without requirements', []],
    ['yes', 'on its type', [on(TYPE, 'In', 'm5.large', 'c5.large')]],
    ['no', 'on another type', [on(TYPE, 'In', 'c5.large')]],
    ['yes', 'on the old name of the label', [on('beta.kubernetes.io/instance-type', 'In', 'm5.large')]],
    ['yes', 'not on another type', [on(TYPE, 'NotIn', 'c5.large')]],
    ['no', 'not on its type', [on(TYPE, 'NotIn', 'm5.large')]],
    ['yes', 'on one of two systems', [on('kubernetes.io/os', 'NotIn', 'windows')]],
    ['no', 'on none of two systems', [on('kubernetes.io/os', 'NotIn', 'windows', 'linux')]],
    ['yes', 'on a label that is there', [on(TYPE, 'Exists')]],
    ['no', 'without a label that is there', [on(TYPE, 'DoesNotExist')]],
    ['yes', 'above a number', [on(CPU, 'Gt', '7')]],
    ['no', 'above its own number', [on(CPU, 'Gt', '8')]],
    ['yes', 'from its own number', [on(CPU, 'Gte', '8')]],
    ['no', 'below its own number', [on(CPU, 'Lt', '8')]],
    ['yes', 'up to its own number', [on(CPU, 'Lte', '8')]],
    ['no', 'above a number that it has not', [on(TYPE, 'Gt', '1')]],
    ['yes', 'between two numbers', [on(CPU, 'Gt', '4'), on(CPU, 'Lt', '16')]],
    ['no', 'of an absent label', [on('example.com/none', 'In', 'a')]],
    ['no', 'that wants an absent label', [on('example.com/none', 'Exists')]],
    ['yes', 'that wants an absent label to be none', [on('example.com/none', 'DoesNotExist')]],
    ['yes', 'that wants an absent label not to be something', [on('example.com/none', 'NotIn', 'a')]],
    // What Karpenter's own IsCompatible says of a label that a type lacks (1.14.1).
    ['no', 'above a number of an absent label', [on(NONE, 'Gt', '5')]],
    ['yes', 'that wants an absent label, but not one value', [on(NONE, 'Exists'), on(NONE, 'NotIn', 'x')]],
    ['yes', 'that wants an absent label to be two things', [on(NONE, 'In', 'a'), on(NONE, 'In', 'b')]],
    ['no', 'that wants an absent label to be one thing twice', [on(NONE, 'In', 'a', 'b'), on(NONE, 'In', 'b')]],
    ['yes', 'that wants an absent label to be and not to be', [on(NONE, 'In', 'a'), on(NONE, 'DoesNotExist')]],
    ['yes', 'above 5 and below 3 of an absent label', [on(NONE, 'Gt', '5'), on(NONE, 'Lt', '3')]],
    ['no', 'above 3 and below 5 of an absent label', [on(NONE, 'Gt', '3'), on(NONE, 'Lt', '5')]],
    ['yes', 'above 5, but not 7, of an absent label', [on(NONE, 'Gt', '5'), on(NONE, 'NotIn', '7')]],
    ['no', 'above 8, and so not 7, of an absent label', [on(NONE, 'Gt', '8'), on(NONE, 'NotIn', '7')]],
    ['yes', 'above 5 and a 3 of an absent label', [on(NONE, 'Gt', '5'), on(NONE, 'In', '3')]],
    ['no', 'above 4 and a 3 or a 5, which it has not', [on(CPU, 'Gt', '4'), on(CPU, 'In', '3', '5')]],
    ['unknown', 'on a label of which nothing is known', [on('example.com/other', 'In', 'a')]],
    ['no', 'on that and another type', [on('example.com/other', 'In', 'a'), on(TYPE, 'In', 'c5.large')]],
  ];
  for (const [match, name, requirements] of rows)
    it(`${name}: ${match}`, () =>
      assert.equal(
        matchDemands(demandsOf(requirements), (key) => LABELS[key] ?? 'unknown'),
        match,
      ));
});
