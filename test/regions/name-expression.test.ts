import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { nameExpression } from '../../src/regions/name-expression.ts';

describe('expressions on names of node groups that Go and JavaScript read alike', () => {
  const rows: readonly [expression: string, name: string, found: boolean | undefined][] = [
    ['', 'a', true],
    ['.*t2\\.large.*', 'my-t2.large-1', true],
    ['^t2', 'my-t2', false],
    ['t2$', 'my-t2', true],
    ['a|', 'b', true],
    ['(?i)SPOT', 'a-spot-b', true],
    ['(?i)^[^A]+$', 'bab', false],
    ['^[a-c_-]{2,3}$', 'a-c', true],
    ['^[a-c]{2,3}$', 'abca', false],
    ['^\\w+-\\d{2}(?:-x)?$', 'pool-12', true],
    ['^a{0}$', 'a', false],
    ['^.+?b', 'aab', true],
    ['a b', 'a b', undefined], // names have no spaces
    // Go refuses these, or reads them otherwise.
    ['x{1001}', 'x', undefined],
    ['a\\1', 'a', undefined],
    ['\\yfoo', 'foo', undefined],
    ['\\x{61}', 'a', undefined],
    ['\\bfoo', 'foo', undefined],
    ['\\Aeks', 'eks', undefined],
    ['\\Qa.b\\E', 'a.b', undefined],
    ['[[:alpha:]]', 'a', undefined],
    ['[]a]', 'a', undefined],
    ['[a-\\d]', 'a', undefined],
    ['(?=a)', 'a', undefined],
    ['(?P<x>a)', 'a', undefined],
    ['a(?i)b', 'aB', undefined],
    ['a{2}{3}', 'a', undefined],
    ['a**', 'a', undefined],
    ['^*', 'a', undefined],
    ['x{', 'x', undefined],
    ['x{3,2}', 'x', undefined],
    ['[z-a]', 'z', undefined],
    ['(', 'a', undefined],
    ['a)', 'a', undefined],
    ['*', 'a', undefined],
    // What would double with every letter, or do without end.
    ['^(a|a)+$', 'a', undefined],
    ['(a+)+$', 'a', undefined],
    ['(?:a)*', 'a', undefined],
    ['(a){3}', 'a', undefined],
    ['a{900}b{900}', 'a', undefined],
  ];
  for (const [expression, name, found] of rows)
    test(`${expression} in ${name}: ${found ?? 'nobody can tell'}`, () =>
      assert.equal(nameExpression(expression)?.test(name), found));

  test('a name that is no printable ASCII is never found', () => {
    for (const name of ['é', 'a\nb', 'a b', 'a'.repeat(501)]) assert.equal(nameExpression('.*')?.test(name), false);
  });

  test('find what JavaScript finds', () => {
    const letter = fc.constantFrom('a', 'b', '.', '\\.', '[ab]', '[^a]', '\\d', '-');
    const times = fc.constantFrom('', '', '*', '+', '?', '{2}', '{1,}', '{0,2}', '+?');
    const part = fc.tuple(letter, times).map(([one, often]) => one + often);
    const group = fc.tuple(
      fc.array(part, { maxLength: 2 }),
      fc.array(part, { maxLength: 2 }),
      fc.constantFrom('', '?'),
    );
    const piece = fc.oneof(
      part,
      group.map(([a, b, maybe]) => `(${a.join('')}|${b.join('')})${maybe}`),
      fc.constantFrom('^', '$'),
    );
    const expression = fc.array(piece, { maxLength: 5 }).map((pieces) => pieces.join(''));
    const name = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '.', '-', '1'), maxLength: 8 });
    fc.assert(
      fc.property(expression, name, (text, one) =>
        assert.equal(nameExpression(text)?.test(one), new RegExp(text).test(one), `${text} in ${one}`),
      ),
      { numRuns: 5_000 },
    );
  });

  const slow = [
    '(.*)(.*)(.*)(.*)(.*)(.*)x',
    '[^x]*[^x]*[^x]*[^x]*[^x]*x',
    `${'a?'.repeat(100)}${'a'.repeat(100)}`,
    'a{999}',
  ];
  for (const expression of slow)
    test(`take time that grows with the name alone: ${expression.slice(0, 30)}`, () => {
      const compiled = nameExpression(expression);
      assert.ok(compiled);
      const took = Array.from({ length: 3 }, () => {
        const begun = performance.now();
        compiled.test(`${'a'.repeat(499)}!`);
        return performance.now() - begun;
      });
      assert.ok(Math.min(...took) < 500, `${Math.min(...took)} ms`);
    });
});
