import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type StreamedDocument, splitDocuments, splitText } from '../../src/documents/object-stream.ts';

const MOST_CHARACTERS = 1_000;

/** What comes out when the bytes arrive so many at a time. */
async function split(text: string, bytesAtOnce = Number.POSITIVE_INFINITY): Promise<StreamedDocument[]> {
  const bytes = Buffer.from(text);
  async function* chunks() {
    for (let from = 0; from < bytes.length; from += bytesAtOnce) yield bytes.subarray(from, from + bytesAtOnce);
  }
  const found: StreamedDocument[] = [];
  for await (const document of splitDocuments(chunks(), MOST_CHARACTERS)) found.push(document);
  return found;
}

/** Line and text of each document, without the white space around it. */
const CASES: Record<string, { text: string; documents: readonly (readonly [number, string | undefined])[] }> = {
  nothing: { text: '', documents: [] },
  'blank lines alone': { text: '\n\n  \n', documents: [] },
  'one document': { text: 'a: 1\n', documents: [[1, 'a: 1']] },
  'two, the second marked': {
    text: 'a: 1\n---\nb: 2',
    documents: [
      [1, 'a: 1'],
      [2, '---\nb: 2'],
    ],
  },
  'values far apart on one line': {
    text: `{"a":1}${' '.repeat(90)}{"b":1}{"c":1}`,
    documents: [
      [1, '{"a":1}'],
      [1, '{"b":1}'],
      [1, '{"c":1}'],
    ],
  },
  'values behind a deep indentation': {
    text: `${' '.repeat(90)}{"a":1}{"b":1}\n${'\t'.repeat(90)}{"c":1}\n`,
    documents: [
      [1, '{"a":1}'],
      [1, '{"b":1}'],
      [2, '{"c":1}'],
    ],
  },
  'a comment before the first marker': { text: '# helm\n---\na: 1\n', documents: [[1, '# helm\n---\na: 1']] },
  'empty ones between markers': {
    text: '---\n---\na: 1\n',
    documents: [
      [1, '---'],
      [2, '---\na: 1'],
    ],
  },
  'a marker with a comment or content': {
    text: '--- # x\na: 1\n--- {b: 2}\n',
    documents: [
      [1, '--- # x\na: 1'],
      [3, '--- {b: 2}'],
    ],
  },
  'a document that ends by itself': {
    text: 'a: 1\n...\n# x\n---\nb: 2\n',
    documents: [
      [1, 'a: 1\n...\n# x'],
      [4, '---\nb: 2'],
    ],
  },
  'a directive': { text: '%YAML 1.2\n---\na: 1\n', documents: [[1, '%YAML 1.2\n---\na: 1']] },
  'markers within a block': { text: 'a: |\n  ---\n  ...\nb: 1\n', documents: [[1, 'a: |\n  ---\n  ...\nb: 1']] },
  'dashes that are no marker': { text: '- a\n-- b\n---c\n', documents: [[1, '- a\n-- b\n---c']] },
  CRLF: {
    text: 'a: 1\r\n---\r\nb: 2\r\n',
    documents: [
      [1, 'a: 1'],
      [2, '---\r\nb: 2'],
    ],
  },
  'a byte order mark': { text: '\ufeffa: 1\n', documents: [[1, 'a: 1']] },
  'JSON lines': {
    text: '{"a":1}\n{"b":"}{"}\n',
    documents: [
      [1, '{"a":1}'],
      [2, '{"b":"}{"}'],
    ],
  },
  'JSON one behind the other': {
    text: '{"a":{\n}}{"b":2} [3]',
    documents: [
      [1, '{"a":{\n}}'],
      [2, '{"b":2}'],
      [2, '[3]'],
    ],
  },
  'quotes and backslashes in JSON': {
    text: '{"a":"\\"}{\\\\"}{"b":1}',
    documents: [
      [1, '{"a":"\\"}{\\\\"}'],
      [1, '{"b":1}'],
    ],
  },
  'YAML in braces, with quotes of both kinds': {
    text: `{a: 'x}', b: "it's {"}\n{c: it's}\n`,
    documents: [
      [1, `{a: 'x}', b: "it's {"}`],
      [2, "{c: it's}"],
    ],
  },
  'YAML behind JSON': {
    text: '{"a":1}\n---\nb: 2\n',
    documents: [
      [1, '{"a":1}'],
      [2, '---\nb: 2'],
    ],
  },
  'JSON behind a marker': {
    text: '---\n{"a":\n1}\n---\nb: 2\n',
    documents: [
      [1, '---\n{"a":\n1}'],
      [4, '---\nb: 2'],
    ],
  },
  'JSON that never ends, before a marker': {
    text: '{"a":[\n---\nb: 2\n',
    documents: [
      [1, '{"a":['],
      [2, '---\nb: 2'],
    ],
  },
  'a JSON line with a string that never ends': {
    text: '{"a":"x\n{"b":2}\n{"c":3}\n',
    documents: [
      [1, '{"a":"x'],
      [2, '{"b":2}'],
      [3, '{"c":3}'],
    ],
  },
  'JSON behind a string that never ends': {
    text: '{"a":"x\n} {"b":2}\n',
    documents: [
      [1, '{"a":"x\n}'],
      [2, '{"b":2}'],
    ],
  },
  'a JSON line that lacks its brace': {
    text: '{"a":1\n{"b":2}\n',
    documents: [
      [1, '{"a":1'],
      [2, '{"b":2}'],
    ],
  },
  'a template that nobody rendered': {
    text: '{{ if .x }}\na: 1\n{{ end }}\n---\nb: 2\n',
    documents: [
      [1, '{{ if .x }}\na: 1\n{{ end }}'],
      [4, '---\nb: 2'],
    ],
  },
  'characters of several bytes': {
    text: 'a: é😀\n---\nb: 漢\n',
    documents: [
      [1, 'a: é😀'],
      [2, '---\nb: 漢'],
    ],
  },
  'one that is too long': {
    text: `a: ${'x'.repeat(2_000)}\nb: 1\n---\nc: 3\n`,
    documents: [
      [1, undefined],
      [3, '---\nc: 3'],
    ],
  },
  'JSON that is too long': {
    text: `{"a":"${'x'.repeat(2_000)}"}\n{"b":2}\n`,
    documents: [
      [1, undefined],
      [2, '{"b":2}'],
    ],
  },
};

describe('splitDocuments', () => {
  for (const [name, { text, documents }] of Object.entries(CASES))
    it(`finds ${name}, however the bytes arrive`, async () => {
      for (const bytesAtOnce of [Number.POSITIVE_INFINITY, 1, 2, 3, 5, 7, 64]) {
        const found = await split(text, bytesAtOnce);
        const trimmed = found.map(({ text: piece, line }) => [line + leadingLines(piece), piece?.trim()]);
        assert.deepEqual(trimmed, documents, `${bytesAtOnce} at once`);
      }
    });

  it('finds 2 million objects on one line', { timeout: 60_000 }, () => {
    assert.equal([...splitText('{}'.repeat(2e6))].length, 2e6);
  });

  it('loses nothing: the pieces make up the stream, and each says where it begins', async () => {
    const text = Object.values(CASES)
      .map((one) => one.text.replace('\ufeff', ''))
      .filter((one) => one.length < 500)
      .join('\n---\n');
    let line = 1;
    let joined = '';
    for (const piece of await split(text)) {
      assert.equal(piece.line, line);
      line += (piece.text ?? '').split('\n').length - 1;
      joined += piece.text;
    }
    assert.equal(joined.replaceAll(/\s/g, ''), text.replaceAll(/\s/g, ''));
  });
});

function leadingLines(text = ''): number {
  return (/^\s*/.exec(text)?.[0] ?? '').split('\n').length - 1;
}
