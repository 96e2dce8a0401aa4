import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { parseBody } from '../../src/webhook/parse-body.ts';
import { runsOf } from '../decision/random-runs.ts';

const parse = (value: unknown) => parseBody(Buffer.from(JSON.stringify(value))).value;

describe('the body of a review is parsed without what nobody reads', () => {
  test('the entries of managedFields are left out, of containers all but what they ask of a node; everything else stays', () => {
    const metadata = {
      name: 'web',
      managedFields: [{ fieldsV1: { 'f:spec': { 'k:{"name":"a]"}': { 'f:resources': { '.': {} } } } } }],
      labels: {},
    };
    const resources = { requests: { cpu: '250m' }, limits: {} };
    const containers = [
      { name: 'a', args: ['[', '"', '\\', ']"', '}'], resources, env: [{ name: 'resources', value: '{' }] },
      { resources, restartPolicy: 'Always' },
      { restartPolicy: 'Always', name: 'c' },
      { 'x"resources': 1, ports: [{ resources: 1 }] },
      {},
    ];
    const spec = { nodeName: '', containers, volumes: [{ name: 'v' }] };
    assert.deepEqual(parse({ metadata, spec }), {
      metadata: { ...metadata, managedFields: [] },
      spec: {
        ...spec,
        containers: [{ resources }, { resources, restartPolicy: 'Always' }, { restartPolicy: 'Always' }, {}, {}],
      },
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
      spec: {
        containers: [{ resources: asking }, { resources: {} }, { resources: { requests: { memory: '1Gi' } } }],
        initContainers,
      },
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
      { spec: { containers: [[], null, 7, ']', { a: [[{}]] }] }, after: 'ü\u{1f30d}' },
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

  test('property: white space between them changes nothing', () => {
    fc.assert(
      fc.property(
        fc.array(fc.dictionary(fc.constantFrom('resources', 'name', 'restartPolicy'), fc.json())),
        (containers) => {
          const spaced = JSON.stringify({ spec: { containers } }, undefined, 2).replace(
            '"containers": [',
            '"containers":[',
          );
          assert.deepEqual(parseBody(Buffer.from(spaced)).value, parse({ spec: { containers } }));
        },
      ),
    );
  });
});

describe('a huge body', () => {
  const envelope = (object: unknown, rest: object = {}) => ({
    kind: 'AdmissionReview',
    request: { uid: 'u1', name: 'web', object, oldObject: null, ...rest },
  });
  /** Makes any body one of more than 256 KiB. */
  const padding = { padding: Array.from({ length: 40 }, () => 'x'.repeat(8_000)) };
  const many = (count: number, make: (index: number) => unknown) => Array.from({ length: count }, (_, i) => make(i));

  test('is parsed like a small one', () => {
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof({ depthSize: 'small' }, fc.string(), fc.integer(), fc.array(tie('tree')), tie('object')),
      object: fc.dictionary(
        fc.oneof(fc.constantFrom('managedFields', 'containers', 'object', 'request', 'resources'), fc.string()),
        tie('tree'),
      ),
    }));
    fc.assert(
      fc.property(tree, (value) => {
        const read = parseBody(Buffer.from(JSON.stringify({ ...padding, value }))).value as { value: unknown };
        assert.deepEqual(withoutUnread(read.value), withoutUnread(value));
      }),
      { numRuns: runsOf(300) },
    );
  });

  test('keeps 8,192 bytes of a text, and neither half a character nor half an escape', () => {
    for (const [text, most] of [
      ['x'.repeat(1e6), 8_192],
      ['<'.repeat(1e6), Math.floor(8_192 / 6)],
      ['\u00e9'.repeat(1e6), 4_096],
      [`a${'\u{1f30d}'.repeat(1e5)}`, 8_192],
      ['\\'.repeat(1e6), 4_096],
      [`${'x'.repeat(8_190)}\\"end"${'x'.repeat(1e6)}`, 8_192],
    ] as const) {
      const sent = JSON.stringify(envelope({ text, after: 1 })).replaceAll('<', '\\u003c');
      const { value } = parseBody(Buffer.from(sent)) as { value: ReturnType<typeof envelope> };
      const read = value.request.object as { text: string; after: number };
      assert.equal(read.after, 1);
      assert.ok(text.startsWith(read.text), JSON.stringify(read.text.slice(-4)));
      assert.ok(read.text.length <= most && read.text.length > most / 2 - 10, String(read.text.length));
    }
  });

  test('whose object holds more values than any pod has that is stored is read without the object', () => {
    const rest = { name: 'web', dryRun: true };
    for (const object of [
      { spec: { tolerations: many(300_000, () => ({})) } },
      { metadata: { labels: Object.fromEntries(many(300_000, (i) => [`l${i}`, '']) as [string, string][]) } },
      { spec: { containers: [{ resources: { limits: many(300_000, () => 1) } }] } },
      { spec: { containers: [{ name: 'main', image: 'main' }], tolerations: many(300_000, () => ({})) } },
    ]) {
      const { value, isOversized } = parseBody(Buffer.from(JSON.stringify(envelope(object, rest))));
      assert.equal(isOversized, true);
      assert.equal(JSON.stringify(value), JSON.stringify(envelope({}, rest)));
    }
  });

  test('of many labels and annotations keeps a thousand each, and all that anybody reads', () => {
    // Objects are made of entries at once: to spread so many keys takes a second.
    const entries = (count: number, value: string) => many(count, (i) => [`a${i}/x`, value]) as [string, string][];
    const ours = Object.entries({
      'gridgate.dev/managed': 'true',
      'gridgate.dev/class': ' ",}',
      'cloud.google.com/region': 'x',
    });
    const z: [string, string][] = [['z', '']];
    for (const count of [900, 1_000, 1_001, 90_000])
      for (const value of ['', '\\",{}[]', 'x'.repeat(40)])
        for (const space of [0, 1]) {
          const object = {
            metadata: {
              labels: Object.fromEntries([...entries(count, value), ...ours, ...z]),
              annotations: Object.fromEntries([...ours, ...entries(count, value)]),
            },
            spec: { nodeName: 'a', labels: ['x'] },
          };
          const { value: read, isOversized } = parseBody(
            Buffer.from(JSON.stringify({ ...envelope(object), ...padding }, undefined, space)),
          );
          const { metadata, spec } = (read as ReturnType<typeof envelope>).request.object as typeof object;
          const left = Math.min(count, 1_000);
          assert.equal(isOversized, false);
          assert.deepEqual(spec, object.spec);
          assert.deepEqual(
            metadata.labels,
            Object.fromEntries([...entries(left, value), ...ours, ...(count < 1_000 ? z : [])]),
          );
          assert.deepEqual(
            metadata.annotations,
            Object.fromEntries([...ours, ...entries(Math.min(count, 997), value)]),
          );
        }
  });

  test('of keys that no object had before is oversized by fewer of them', () => {
    const keys = (count: number) => Object.fromEntries(many(count, (i) => [`k${i}`, '']) as [string, string][]);
    for (const [object, count] of [
      [{ spec: { nodeSelector: keys(40_000) } }, 40_000],
      [{ spec: { containers: [{ resources: { limits: keys(30_000) } }] } }, 30_000],
      [
        { spec: { volumes: many(400, (i) => ({ csi: { volumeAttributes: { [`k${i}`]: '', ...keys(100) } } })) } },
        40_000,
      ],
    ] as const) {
      const body = Buffer.from(JSON.stringify(envelope(object)));
      assert.equal(parseBody(body).isOversized, true, `${count} in ${body.length} bytes`);
    }
  });

  test('of many containers is not oversized by them', () => {
    const containers = many(50_000, (i) => ({ name: `c${i}`, image: 'i' }));
    const { isOversized } = parseBody(Buffer.from(JSON.stringify(envelope({ spec: { containers } }))));
    assert.equal(isOversized, false);
  });

  test('whose envelope holds too many values is refused', () => {
    const groups = many(300_000, String);
    assert.throws(() => parseBody(Buffer.from(JSON.stringify({ request: { userInfo: { groups } } }))), RangeError);
  });
});

/** Both sides of a comparison: which list of a name was met first does not matter. */
function withoutUnread(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), (key, inner) =>
    /(managedFields|ontainers)$/.test(key) && Array.isArray(inner) ? [] : inner,
  );
}
