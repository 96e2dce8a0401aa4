import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { cutList } from '../../src/documents/list-items.ts';
import { parseYamlDocuments } from '../../src/documents/yaml-documents.ts';

function membersOf(text: string): unknown[] | undefined {
  const list = cutList(text);
  return list && [...list.members].map(({ text }) => JSON.parse(text));
}

describe('the members of a List', () => {
  it('are those that JSON.parse finds, wherever the list stands in its object', () => {
    fc.assert(
      fc.property(
        fc.array(fc.dictionary(fc.string(), fc.jsonValue())),
        fc.boolean(),
        fc.integer({ min: 0, max: 2 }),
        (items, isLast, indent) => {
          const kind = { kind: 'List', note: 'a "quoted\\" [ text', metadata: { items: [{}] } };
          const text = JSON.stringify(isLast ? { ...kind, items } : { items, ...kind }, undefined, indent);
          assert.deepEqual(membersOf(text), JSON.parse(text).items);
        },
      ),
    );
  });

  it('begin on their own lines', () => {
    const lines = [...(cutList('{"kind": "List",\n"items": [\n{"a":\n1}, {},\n\n{}]}')?.members ?? [])].map(
      ({ line }) => line,
    );
    assert.deepEqual(lines, [3, 4, 6]);
  });

  it('are found as fast where 2 million of them are on one line', { timeout: 60_000 }, () => {
    let count = 0;
    for (const { text, line } of cutList(`{"kind":"List","items":[${'{},'.repeat(2e6)}{}]}`)?.members ?? []) {
      assert.ok(text === '{}' && line === 1);
      count += 1;
    }
    assert.equal(count, 2e6 + 1);
  });

  it('may be broken one by one', () =>
    assert.deepEqual(
      [...(cutList('{"kind":"List","items":[{"a" 1},{}]}')?.members ?? [])].map(({ text }) => text),
      ['{"a" 1}', '{}'],
    ));

  it('are told what a typed list says of them', () =>
    assert.deepEqual(cutList('{"apiVersion":"v1","kind":"PodList","items":[{}]}')?.listed, {
      apiVersion: 'v1',
      kind: 'Pod',
    }));

  const BLOCKS: Record<string, string> = {
    'as kubectl prints them':
      'apiVersion: v1\nitems:\n- apiVersion: v1\n  kind: Pod\n  data: |\n    - x\n    y\n# between\n- apiVersion: v1\n  list:\n  - a\n  - b\nkind: List\nmetadata:\n  resourceVersion: ""\n',
    'further in': 'kind: List\nitems: # two\n  - a: 1\n    b:\n      - 1\n\n  -\n    c: 2\n',
    'with CRLF': 'kind: List\r\nitems:\r\n- a: 1\r\n  b: 2\r\n- c: 3\r\n',
    'in a document with a marker': '---\nkind: List\nitems:\n- a: 1\n- b: 2\n',
  };
  for (const [name, text] of Object.entries(BLOCKS))
    it(`are found in YAML ${name}, each on its line`, () => {
      const [whole] = [...parseYamlDocuments(text)];
      assert.ok(whole && 'value' in whole);
      const { items } = whole.value as { items: unknown[] };
      const members = [...(cutList(text)?.members ?? [])];
      const read = members.map((member) =>
        [...parseYamlDocuments(member.text)].map((one) => 'value' in one && one.value),
      );
      assert.deepEqual(
        read,
        items.map((item) => [item]),
      );
      assert.deepEqual(
        members.map(({ line }) => line),
        text.split('\n').flatMap((line, i) => (line.startsWith(name === 'further in' ? '  -' : '- ') ? [i + 1] : [])),
      );
    });

  const OTHERS: Record<string, string> = {
    'an object of another kind': '{"kind":"Pod","spec":{}}',
    'a list of something else': '{"kind":"List","items":[1]}',
    'a list that never ends': '{"kind":"List","items":[{}',
    'a string that never ends': '{"kind":"List","items":[{"a":"}]}',
    'a comma too many': '{"kind":"List","items":[{},]}',
    'a comma too few': '{"kind":"List","items":[{} {}]}',
    'two lists of items': '{"kind":"List","items":[{}],"items":[{}]}',
    'text behind it': '{"kind":"List","items":[{}]} x',
    'a brace for a bracket': '{"kind":"List","items":[{}}}',
    'YAML in flow style': 'kind: List\nitems: [{}]\n',
    'YAML without a kind': 'items:\n- a: 1\n',
    'YAML that is broken around its members': 'kind: List\nkind: List\nitems:\n- a: 1\n',
    'a list further down': 'kind: List\nspec:\n  items:\n  - a: 1\n',
  };
  for (const [name, text] of Object.entries(OTHERS))
    it(`are not looked for in ${name}`, () => assert.equal(cutList(text), undefined));
});
