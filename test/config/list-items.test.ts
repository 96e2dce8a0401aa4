import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { cutList } from '../../src/config/list-items.ts';

function membersOf(text: string): unknown[] | undefined {
  const items = cutList(text);
  return items && [...items].map(({ text }) => JSON.parse(text));
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
    const lines = [...(cutList('{"kind": "List",\n"items": [\n{"a":\n1}, {},\n\n{}]}') ?? [])].map(({ line }) => line);
    assert.deepEqual(lines, [3, 4, 6]);
  });

  it('may be broken one by one', () =>
    assert.deepEqual(
      [...(cutList('{"kind":"List","items":[{"a" 1},{}]}') ?? [])].map(({ text }) => text),
      ['{"a" 1}', '{}'],
    ));

  const OTHERS: Record<string, string> = {
    'a typed list': '{"kind":"PodList","items":[{}]}',
    'an object of another kind': '{"kind":"Pod","spec":{}}',
    'a list of something else': '{"kind":"List","items":[1]}',
    'a list that never ends': '{"kind":"List","items":[{}',
    'a string that never ends': '{"kind":"List","items":[{"a":"}]}',
    'a comma too many': '{"kind":"List","items":[{},]}',
    'a comma too few': '{"kind":"List","items":[{} {}]}',
    'two lists of items': '{"kind":"List","items":[{}],"items":[{}]}',
    'text behind it': '{"kind":"List","items":[{}]} x',
    'a brace for a bracket': '{"kind":"List","items":[{}}}',
    YAML: 'kind: List\nitems: [{}]\n',
  };
  for (const [name, text] of Object.entries(OTHERS))
    it(`are not looked for in ${name}`, () => assert.equal(cutList(text), undefined));
});
