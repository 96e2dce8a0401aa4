import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { parseBody } from '../../src/webhook/parse-body.ts';

const parse = (value: unknown) => parseBody(Buffer.from(JSON.stringify(value)));

describe('the body of a review is parsed without what nobody reads', () => {
  test('the entries of managedFields and containers are left out, everything else stays', () => {
    const metadata = {
      name: 'web',
      managedFields: [{ fieldsV1: { 'f:spec': { 'k:{"name":"a]"}': { 'f:resources': { '.': {} } } } } }],
      labels: {},
    };
    const spec = { nodeName: '', containers: [{ name: 'a', args: ['[', '"', '\\', ']"'] }], volumes: [{ name: 'v' }] };
    assert.deepEqual(parse({ metadata, spec }), {
      metadata: { ...metadata, managedFields: [] },
      spec: { ...spec, containers: [] },
    });
  });

  test('what containers ask for stays, whatever stands beside it', () => {
    const asking = { limits: { 'nvidia.com/gpu': '1' }, requests: { cpu: '500m', 'a"}/b': '1' } };
    const containers = [
      { name: 'a', args: ['"resources":{"limits":{"cpu":"9"}}', '}'], resources: asking },
      { name: 'b', resources: {} },
      { resizePolicy: [{ resourceName: 'cpu' }], resources: { requests: { memory: '1Gi' } }, stdin: true },
    ];
    const initContainers = [{ name: 'i', restartPolicy: 'Always', resources: asking }];
    assert.deepEqual(parse({ spec: { containers, initContainers } }), {
      spec: { containers: [{ resources: asking }, { resources: { requests: { memory: '1Gi' } } }], initContainers },
    });
  });

  test('text that only looks like such a key is kept', () => {
    const annotations = { a: '"managedFields":["x"]', b: 'containers":[1]', 'c"containers': 'd' };
    assert.deepEqual(parse({ metadata: { annotations } }), { metadata: { annotations } });
  });

  test('lists in another order, empty, or of other types are no trouble', () => {
    for (const value of [
      { containers: [], managedFields: [] },
      { spec: { containers: null }, metadata: { managedFields: {} } },
      { spec: { containers: [[]] }, after: 'ü\u{1f30d}' },
    ])
      assert.deepEqual(withoutUnread(parse(value)), withoutUnread(value));
  });

  for (const [name, text] of [
    ['cut in a list', '{"containers":[{"a":1}'],
    ['cut in a string of a list', '{"containers":["a'],
    ['cut after a backslash', '{"managedFields":["\\'],
    ['rubbish after a list', '{"containers":[1]]}'],
  ] as const)
    test(`what is no JSON is refused: ${name}`, () => {
      assert.throws(() => parseBody(Buffer.from(text)), SyntaxError);
    });

  test('property: as JSON.parse, but for the entries of those lists', () => {
    const key = fc.oneof(
      fc.constantFrom('managedFields', 'containers', 'x"containers', 'resources', 'spec'),
      fc.string(),
    );
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof({ depthSize: 'small' }, fc.string(), fc.integer(), fc.array(tie('tree')), tie('object')),
      object: fc.dictionary(key, tie('tree')),
    }));
    fc.assert(fc.property(tree, (value) => assert.deepEqual(withoutUnread(parse(value)), withoutUnread(value))));
  });
});

/** Both sides of a comparison: which list of a name was met first does not matter. */
function withoutUnread(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), (key, inner) =>
    /(managedFields|containers)$/.test(key) && Array.isArray(inner) ? [] : inner,
  );
}
