import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Command } from 'commander';
import { parseLbsPerMwh } from '../../src/config/lbs-per-mwh.ts';
import { addOptions, readOptions } from '../../src/config/read-options.ts';

describe('--lbs-per-mwh', () => {
  const rows: readonly [name: string, args: readonly string[], expected: Readonly<Record<string, number>>][] = [
    ['once', ['--lbs-per-mwh', 'East US=1585'], { 'East US': 1585 }],
    [
      'repeated',
      ['--lbs-per-mwh', 'East US=1585', '--lbs-per-mwh', 'West US=865'],
      { 'East US': 1585, 'West US': 865 },
    ],
    ['with = before the value', ['--lbs-per-mwh=a=1'], { a: 1 }],
    ['with commas', ['--lbs-per-mwh', 'a=1,b=2.5'], { a: 1, b: 2.5 }],
    ['spaces around names and values', ['--lbs-per-mwh', ' a = 1 , b = 2 '], { a: 1, b: 2 }],
    ['0, and the most that is allowed', ['--lbs-per-mwh', 'a=0,b=4409'], { a: 0, b: 4409 }],
    ['a name with =', ['--lbs-per-mwh', 'a=b=3'], { 'a=b': 3 }],
    ['names that objects have of their own', ['--lbs-per-mwh', 'constructor=3'], { constructor: 3 }],
  ];
  for (const [name, args, expected] of rows) it(name, () => assert.deepEqual(read(args), Object.entries(expected)));

  it('from the environment, pairs between commas', () =>
    assert.deepEqual(read([], { GRIDGATE_LBS_PER_MWH: 'East US=1585,West US=865' }), [
      ['East US', 1585],
      ['West US', 865],
    ]));

  function read(args: readonly string[], env: Record<string, string> = {}) {
    const command = addOptions(new Command('test').exitOverride(), ['lbsPerMwh']);
    command.parse([...args], { from: 'user' });
    const { values, ...rest } = readOptions(command, ['lbsPerMwh'], env);
    assert.deepEqual(rest, {});
    return [...(values.lbsPerMwh ?? [])];
  }
});

describe('lbs/MWh that are none', () => {
  const noName = 'does not begin with a name of 1 to 63 characters and =';
  const noValue = 'has no value from 0 to 4409';
  const rows: readonly [name: string, text: string, mistakes: readonly string[]][] = [
    ['nothing', '', [`"" ${noName}`]],
    ['no value', 'a=', [`"a=" ${noValue}`]],
    ['no name', '=4', [`"=4" ${noName}`]],
    ['only a name', 'East US', [`"East US" ${noName}`]],
    ['only a number', '1585', [`"1585" ${noName}`]],
    ['a negative value', 'a=-1', [`"a=-1" ${noValue}`]],
    ['a value beyond 2000 g', 'a=4410', [`"a=4410" ${noValue}`]],
    ['a value with its unit', 'a=10lbs', [`"a=10lbs" ${noValue}`]],
    [
      'NaN, Infinity, hexadecimal, exponents',
      'a=NaN,b=Infinity,c=0x10,d=1e3',
      [`"a=NaN" ${noValue}`, `"b=Infinity" ${noValue}`, `"c=0x10" ${noValue}`, `"d=1e3" ${noValue}`],
    ],
    ['the same name twice', 'a=1,b=2, a=3', ['"a=3" is there twice']],
    ['a control character', 'a\u001b=1', [`"a\\u001b=1" ${noName}`]],
    ['a long name', `${'x'.repeat(64)}=1`, [`"${'x'.repeat(64)}=1" ${noName}`]],
    ['a good one among bad ones', 'a,b=1,c=x', [`"a" ${noName}`, `"c=x" ${noValue}`]],
  ];
  for (const [name, text, mistakes] of rows)
    it(name, () =>
      assert.deepEqual(parseLbsPerMwh(text), {
        allowed: `NAME=VALUE in lbs/MWh such as "East US=1585" (${mistakes.join('; ')})`,
      }),
    );
});
