import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parsePlainYaml } from '../../src/config/plain-yaml.ts';
import { parseYamlDocuments } from '../../src/config/yaml-documents.ts';

const PLAIN = `# Source: shop/templates/web.yaml
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web   # the shop
  labels: {}
  annotations:
    note: 'it''s here: "now"'
    "quoted key": "a\\tb"
spec:
  replicas: 3
  empty:
  paused: false
  ratio: -0.5
  args: ["--port", "8080"]
  list:
  - a
  -
    b: ~
  - c: 1
    d: |
      set -e

      exec server # not a comment
  - |-
    no newline
items:
- kind: A
- kind: B
`;

/** What the parser of the rest makes of it: a line that it alone understands leads there. */
function withFullParser(text: string): unknown {
  const [document, ...others] = [...parseYamlDocuments(`%YAML 1.2\n---\n${text.replace(/^---.*\n/, '')}`)];
  if (!document || 'message' in document || others.length > 0) return undefined;
  return document.value;
}

describe('parsePlainYaml', () => {
  it('reads what templates and kubectl print as the full parser does', () => {
    const found = parsePlainYaml(PLAIN);
    assert.deepEqual(found?.value, withFullParser(PLAIN));
    assert.equal(found?.line, 2);
    assert.deepEqual(found?.itemLines, [28, 29]);
  });

  const LEFT: Record<string, string> = {
    'an anchor': 'a: &x 1\nb: *x\n',
    'a tag': 'a: !!str 1\n',
    'folded text': 'a: >\n  b\n',
    'text over several lines': 'a: b\n  c\n',
    'a key that is there twice': 'a: 1\na: 2\n',
    'a merge key': '<<: {a: 1}\n',
    'a word that was a boolean once': 'a: yes\n',
    'a number in another base': 'a: 0x10\n',
    'a flow mapping': 'a: {b: 1}\n',
    'a tab': 'a:\n\tb: 1\n',
    'two documents': 'a: 1\n---\nb: 2\n',
    'a list within a list': 'a:\n- - b\n',
    'wrong indentation': 'a:\n    b: 1\n  c: 2\n',
    'a colon in plain text': 'a: b: c\n',
    'the prototype of all objects': '__proto__: 1\n',
    'text alone': 'hello\n',
    CRLF: 'a: 1\r\nb: 2\r\n',
    'a line separator': 'a: b\u2028\n',
    'nesting that only a loop can follow': '- '.repeat(50_000),
    'a string longer than a regular expression can follow': `a: "${'x\\n'.repeat(10_000_000)}"\n`,
  };
  for (const [name, text] of Object.entries(LEFT))
    it(`leaves to the full parser ${name}`, () => assert.equal(parsePlainYaml(text), undefined));

  it('never means anything else than the full parser, whatever is changed at random', () => {
    const { mutate } = createMutator(1);
    let read = 0;
    for (let i = 0; i < 4_000; i += 1) {
      const text = mutate(PLAIN);
      const found = parsePlainYaml(text);
      if (!found) continue;
      read += 1;
      assert.deepEqual(found.value, withFullParser(text), JSON.stringify(text));
    }
    assert.ok(read > 400, `only ${read} were read`);
  });
});

const BITS = [
  ...[
    ' ',
    '  ',
    '\n',
    '\n  ',
    '-',
    '- ',
    ': ',
    ':',
    '#',
    ' #',
    '"',
    "'",
    '|',
    '|-',
    '>',
    '{}',
    '[]',
    'a',
    '1',
    '\t',
    '&a',
  ],
  ...[
    '~',
    'null',
    'yes',
    '1.0',
    '-1',
    '0x1',
    '%',
    '!x',
    '{',
    '[',
    ',',
    '\\',
    '\u2028',
    'é',
    '.5',
    '1e3',
    '+1',
    '"a": 1',
    '? ',
  ],
];

function createMutator(seed: number) {
  let state = seed;

  function random(below: number): number {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  }

  function mutate(text: string): string {
    let changed = text;
    for (let i = 0; i <= random(2); i += 1) {
      const at = random(changed.length);
      const bit = random(3) === 0 ? '' : (BITS[random(BITS.length)] ?? '');
      changed = changed.slice(0, at) + bit + changed.slice(at + random(3));
    }
    return changed;
  }

  return { mutate };
}
