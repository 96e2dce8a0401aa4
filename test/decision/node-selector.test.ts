import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isEmptyTerm, satisfies } from '../../src/decision/node-selector.ts';
import { expression, onNode, term } from '../builders.ts';
import { ends } from './bounded.ts';

/** As `labels.Requirement.Matches` of apimachinery does it. */
describe('a node selector requirement', () => {
  const rows: readonly [operator: string, values: string, label: string | undefined, holds: boolean][] = [
    ['In', 'a b', 'b', true],
    ['In', 'a b', 'c', false],
    ['In', 'a', undefined, false],
    ['In', Array.from({ length: 50 }, (_, index) => `v${index}`).join(' '), 'v49', true],
    ['NotIn', Array.from({ length: 50 }, (_, index) => `v${index}`).join(' '), 'v49', false],
    ['NotIn', Array.from({ length: 50 }, (_, index) => `v${index}`).join(' '), 'v50', true],
    ['In', 'a', '', false],
    ['In', 'a', 'A', false],
    ['NotIn', 'a b', 'b', false],
    ['NotIn', 'a b', 'c', true],
    ['NotIn', 'a', undefined, true],
    ['NotIn', 'a', '', true],
    ['Exists', '', 'a', true],
    ['Exists', '', '', true],
    ['Exists', '', undefined, false],
    ['DoesNotExist', '', 'a', false],
    ['DoesNotExist', '', '', false],
    ['DoesNotExist', '', undefined, true],
    ['Gt', '5', '6', true],
    ['Gt', '5', '5', false],
    ['Gt', '5', '10', true],
    ['Gt', '5', undefined, false],
    ['Gt', '5', 'six', false],
    ['Gt', 'five', '6', false],
    ['Gt', '-2', '-1', true],
    ['Gt', '4', '+5', true],
    ['Gt', '4', '005', true],
    ['Gt', '4', '5.5', false],
    ['Gt', '4', '0x10', false],
    ['Gt', '4', '1e3', false],
    ['Gt', '4', ' 5', false],
    ['Gt', '4', '5_0', false],
    ['Gt', '9223372036854775806', '9223372036854775807', true],
    ['Gt', '5', '9223372036854775808', false],
    ['Lt', '5', '4', true],
    ['Lt', '5', '5', false],
    ['Lt', '5', undefined, false],
    ['Lt', '-9223372036854775809', '-9223372036854775810', false],
    ['Like', 'a', 'a', false],
    ['', 'a', 'a', false],
  ];
  for (const [operator, values, label, holds] of rows) {
    it(`${operator} [${values}] on ${label === undefined ? 'no label' : JSON.stringify(label)}: ${holds}`, () => {
      const requirement = expression('tier', operator, ...values.split(' ').filter(Boolean));
      assert.equal(satisfies(requirement, label), holds);
    });
  }

  it('of a million digits is answered at once, for every region: it arrives before the API server validates it', async () => {
    const use = ({ satisfies }: typeof import('../../src/decision/node-selector.ts')) => {
      const requirement = { key: 'tier', operator: 'Gt', values: ['9'.repeat(1_400_000)] };
      for (let index = 0; index < 200; index++) satisfies(requirement, '5');
    };
    assert.ok(await ends('node-selector.ts', use));
  });

  it('of 20,000 values is answered at once, for every node', async () => {
    const use = ({ satisfies }: typeof import('../../src/decision/node-selector.ts')) => {
      const values = Array.from({ length: 20_000 }, (_, index) => `${'v'.repeat(50)}${index}`);
      const requirement = { key: 'tier', operator: 'NotIn', values };
      for (let index = 0; index < 100_000; index++) satisfies(requirement, `${'v'.repeat(50)}x${index}`);
    };
    assert.ok(await ends('node-selector.ts', use));
  });

  it('without values matches as with an empty list', () => {
    for (const values of [undefined, null, []])
      assert.equal(satisfies({ key: 'tier', operator: 'In', ...(values !== undefined && { values }) }, 'a'), false);
  });
});

describe('a term', () => {
  it('is empty without expressions and fields, and then matches nothing', () => {
    for (const empty of [{}, { matchExpressions: [] }, { matchExpressions: null, matchFields: null }])
      assert.equal(isEmptyTerm(empty), true);
  });
  it('is not empty with either', () => {
    assert.equal(isEmptyTerm(term(expression('a', 'Exists'))), false);
    assert.equal(isEmptyTerm({ matchExpressions: [], ...onNode('n1') }), false);
  });
});
