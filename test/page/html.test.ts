import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { html } from '../../src/page/html.ts';

const ENTITY = /&(amp|lt|gt|quot|#39);/g;
const CHARACTERS: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };

describe('a template of HTML', () => {
  it('keeps any text a text, inside an element and inside an attribute', () => {
    const texts = fc.string({ unit: fc.constantFrom('<', '>', '"', "'", '&', 'a', ';', '/', '#39', 'lt') });
    fc.assert(
      fc.property(texts, (text) => {
        const [, attribute = '', inside = ''] = /^<b title="([^"'<>]*)">([^"'<>]*)<\/b>$/.exec(
          html`<b title="${text}">${text}</b>`.markup,
        ) ?? [undefined, 'no', 'match'];
        for (const written of [attribute, inside])
          assert.equal(
            written.replace(ENTITY, (_entity, name: string) => CHARACTERS[name] ?? ''),
            text,
          );
      }),
    );
  });

  const fills: readonly [name: string, fill: Parameters<typeof html>[1], markup: string][] = [
    ['a number', 0, '<p>0</p>'],
    ['false', false, '<p></p>'],
    ['undefined', undefined, '<p></p>'],
    ['markup', html`<i>${'&'}</i>`, '<p><i>&amp;</i></p>'],
    ['a list of markup', ['a', '<'].map((text) => html`<i>${text}</i>`), '<p><i>a</i><i>&lt;</i></p>'],
    ['an empty list', [], '<p></p>'],
  ];
  for (const [name, fill, markup] of fills)
    it(`takes ${name}`, () => {
      assert.equal(html`<p>${fill}</p>`.markup, markup);
    });
});
