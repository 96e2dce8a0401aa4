import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createTextPieces, decodeText } from '../../src/documents/decode-text.ts';

const TEXT = 'a: é😀\n---\nb: 漢\n';
const bigEndian = (text: string) => Buffer.from(text, 'utf16le').swap16();

const FILES: Readonly<Record<string, { readonly bytes: Buffer; readonly text?: string }>> = {
  'UTF-8': { bytes: Buffer.from(TEXT) },
  'UTF-8 with a mark': { bytes: Buffer.from(`\ufeff${TEXT}`) },
  'UTF-16, little end first': { bytes: Buffer.from(`\ufeff${TEXT}`, 'utf16le') },
  'UTF-16, big end first': { bytes: bigEndian(`\ufeff${TEXT}`) },
  'files with marks, one behind the other': {
    bytes: Buffer.from(`\ufeffa: 1\n\ufeff---\n\ufeffb: 2\n`),
    text: 'a: 1\n---\nb: 2\n',
  },
  'a mark within a line': { bytes: Buffer.from('a: x\ufeffy\n'), text: 'a: x\ufeffy\n' },
  'one byte': { bytes: Buffer.from('a'), text: 'a' },
  nothing: { bytes: Buffer.alloc(0), text: '' },
};

describe('the text of a file', () => {
  for (const [name, { bytes, text = TEXT }] of Object.entries(FILES))
    it(`is read from ${name}, however the bytes arrive`, () => {
      assert.equal(decodeText(bytes), text);
      for (const atOnce of [1, 2, 3, 5]) {
        const pieces = createTextPieces();
        let found = '';
        for (let from = 0; from < bytes.length; from += atOnce)
          found += pieces.decode(bytes.subarray(from, from + atOnce));
        assert.equal(found + pieces.end(), text, `${atOnce} at once`);
      }
    });
});
