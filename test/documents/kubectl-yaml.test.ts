import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseKubectlYaml } from '../../src/documents/kubectl-yaml.ts';

/**
 * What kubectl 1.36.3 makes of text (`yaml.NewYAMLOrJSONDecoder` of k8s.io/apimachinery v0.36.3): each row was taken from a
 * Go program that calls it.
 */
const SCALARS: readonly (readonly [written: string, value: unknown])[] = [
  ['010', 8],
  ['0o10', 8],
  ['-010', -8],
  ['0755', 493],
  ['08', 8],
  ['0o8', '0o8'],
  ['0x1F', 31],
  ['-0x1F', -31],
  ['0b11', 3],
  ['-0b11', -3],
  ['0b2', '0b2'],
  ['0x', '0x'],
  ['1_0', 10],
  ['1__0', 10],
  ['0_1_0', 8],
  ['_1', '_1'],
  ['+1', 1],
  ['1e3', 1_000],
  ['1.e3', 1_000],
  ['1e', '1e'],
  ['.5', 0.5],
  ['+.5', 0.5],
  ['._1', '._1'],
  ['.1_4', 0.14],
  ['.1_', '.1_'],
  ['.1e1_0', 1e9],
  ['0b-11', -3],
  ['0b+1_1', 3],
  ['-0b-1', '-0b-1'],
  ['0xffffffffffffffff', 2 ** 64],
  ['0x10000000000000000', '0x10000000000000000'],
  ['-0x8000000000000001', '-0x8000000000000001'],
  ['0777777777777777777777777', 777_777_777_777_777_800_000_000],
  ['1_0.5', 10.5],
  ['685.230_15e+03', 685_230.15],
  ['12e4567', '12e4567'],
  ['-1e400', '-1e400'],
  ['1e-400', 0],
  ['18446744073709551616', 2 ** 64],
  ['1:30', '1:30'],
  ['190:20:30', '190:20:30'],
  ['2001-12-14', '2001-12-14'],
  ['2026-11-22T09:00:00Z', '2026-11-22T09:00:00Z'],
  ['1.2.3', '1.2.3'],
  ...['y', 'Y', 'yes', 'Yes', 'YES', 'on', 'On', 'ON', 'true', 'True', 'TRUE'].map((word) => [word, true] as const),
  ...['n', 'N', 'no', 'No', 'NO', 'off', 'Off', 'OFF', 'false', 'False', 'FALSE'].map((word) => [word, false] as const),
  ...['null', 'Null', 'NULL', '~', ''].map((word) => [word, null] as const),
  ['tRUE', 'tRUE'],
  ['nULL', 'nULL'],
  ['inf', 'inf'],
  ['<<', '<<'],
  ['=', '='],
  ["'1'", '1'],
  ['!!str 1', '1'],
  ["!!int '3'", 3],
  ['!!float 3', 3],
  ['!!bool y', true],
  ['!!binary aGVsbG8=', 'hello'],
  ['!foo bar', 'bar'],
  ['!foo 1', '1'],
  ['!!timestamp 2001-01-01', '2001-01-01'],
];

const DOCUMENTS: Readonly<Record<string, { readonly text: string; readonly value: unknown; readonly isOdd?: true }>> = {
  'keys that are no text': {
    text: '1: a\n1.50: b\n010: c\nno: d\n12e4567: e\n.inf: f\n',
    value: { 1: 'a', 1.5: 'b', 8: 'c', false: 'd', '12e4567': 'e', '.inf': 'f' },
  },
  'a key said twice: the last': { text: 'a: 1\na: 2\n', value: { a: 2 }, isOdd: true },
  'a key of JSON said twice': { text: '{"a": 1, "a": 2}', value: { a: 2 }, isOdd: true },
  'a merge before a key': {
    text: 'x: &x {a: 1, b: 2}\nz: {<<: *x, b: 3}\n',
    value: { x: { a: 1, b: 2 }, z: { a: 1, b: 3 } },
  },
  'a merge behind a key, which counts': {
    text: 'x: &x {a: 1, b: 2}\nz: {b: 3, <<: *x}\n',
    value: { x: { a: 1, b: 2 }, z: { a: 1, b: 2 } },
  },
  'a merge of several: the first': {
    text: 'x: &x {a: 1}\nw: &w {a: 2, b: 2}\nz: {<<: [*x, *w]}\n',
    value: { x: { a: 1 }, w: { a: 2, b: 2 }, z: { a: 1, b: 2 } },
  },
  'a quoted merge key': { text: 'x: &x {a: 1}\nz: {"<<": *x}\n', value: { x: { a: 1 }, z: { '<<': { a: 1 } } } },
  'an anchor that moves': { text: 'a: &x 1\nb: &x 2\nc: *x\n', value: { a: 1, b: 2, c: 2 } },
  'braces that close where their key stands': { text: 'a: {\n  b: 1\n}\nc: 2\n', value: { a: { b: 1 }, c: 2 } },
  'brackets further out than their key': { text: 'a:\n  b: [\n1,\n2\n]\nc: 3\n', value: { a: { b: [1, 2] }, c: 3 } },
  'tabs within braces': { text: 'a: {\n\t"b": 1,\n\t"c": 2\n}\n', value: { a: { b: 1, c: 2 } } },
  'quoted text that goes on further out': {
    text: 'a:\n  b: "x\ny"\n  c: \'x\n\ty\'\nd: 1\n',
    value: { a: { b: 'x y', c: 'x y' }, d: 1 },
  },
  'a tag nobody knows': { text: 'a: !env {b: 1}\n', value: { a: { b: 1 } }, isOdd: true },
};

const REFUSED: Readonly<Record<string, string>> = {
  'a list as a key': '[1]: x\n',
  'nothing as a key': '~: x\n',
  'an alias of nothing': 'a: *x\n',
  'an alias of itself': 'a: &a [*a]\n',
  'a merge of a number': 'a: {<<: 1}\n',
  'a tag that does not fit': 'a: !!null x\n',
  'a template': 'a: {{ .x }}\n',
  'a tab': 'a:\n\tb: 1\n',
  'a quote that never ends': 'a: "x\nb: 1\nc: 2\n',
  'a brace that never ends': 'a: {b: 1\nc: 2\n',
};

describe('YAML as kubectl reads it', () => {
  for (const [written, value] of SCALARS)
    it(`${written || 'nothing'} is ${JSON.stringify(value)}`, () =>
      assert.deepEqual(parseKubectlYaml(`a: ${written}\n`).value, { a: value }));

  for (const [name, { text, value, isOdd = false }] of Object.entries(DOCUMENTS))
    it(`knows ${name}`, () => {
      const found = parseKubectlYaml(text);
      assert.deepEqual([found.value, found.isOdd], [value, isOdd]);
    });

  for (const [name, text] of Object.entries(REFUSED))
    it(`refuses ${name}`, () => assert.throws(() => parseKubectlYaml(text)));

  it('says where the document and the items of a list begin', () => {
    const text =
      '---\n# a list\nitems:\n- kind: A\n  items: [1]\n- {kind: B}\n-\n  kind: C\n- 7\nmetadata: {items: [x]}\n';
    const { start, itemStarts } = parseKubectlYaml(text);
    const lineAt = (offset: number) => text.slice(0, offset).split('\n').length;
    assert.deepEqual([lineAt(start), itemStarts().map(lineAt)], [3, [4, 6, 8, 9]]);
  });

  it('says where they begin where lines stand further out, too', () => {
    const { source, start, itemStarts } = parseKubectlYaml('\na: {\n}\nitems:\n- b: [\n]\n- c\n');
    const lineAt = (offset: number) => source.slice(0, offset).split('\n').length;
    assert.deepEqual([lineAt(start), itemStarts().map(lineAt)], [2, [5, 7]]);
  });

  it('gives up on text of many lines whose quote never ends', () => {
    assert.throws(() => parseKubectlYaml(`a: "x\n${'y: 1\n'.repeat(100_000)}`), /unexpected end|indentation/);
  });

  it('cannot reach a prototype by merging', () => {
    const { value } = parseKubectlYaml('x: &x {__proto__: {polluted: true}}\nz: {<<: *x}\n');
    assert.equal(Object.getPrototypeOf((value as { z: object }).z), Object.prototype);
    assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
  });

  it('ends merges that multiply', () => {
    const keys = Array.from({ length: 2_000 }, (_, i) => `k${i}: 1`).join(', ');
    const text = `x: &x {${keys}}\nlist:\n${'- {<<: *x}\n'.repeat(2_000)}`;
    assert.throws(() => parseKubectlYaml(text), /too many aliases/);
  });
});
