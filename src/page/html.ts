/** Markup that may go into a page as it is; everything else is escaped on its way in. */
export interface Html {
  readonly markup: string;
}

type Fill = string | number | Html | readonly Html[] | false | undefined;

/** A template whose values are escaped, inside elements and inside quoted attributes; `false` and `undefined` leave nothing. */
export function html(strings: TemplateStringsArray, ...fills: readonly Fill[]): Html {
  let markup = strings[0] ?? '';
  fills.forEach((fill, i) => {
    markup += fillIn(fill) + (strings[i + 1] ?? '');
  });
  return { markup };
}

function fillIn(fill: Fill): string {
  if (fill === undefined || fill === false) return '';
  if (typeof fill === 'string') return escapeHtml(fill);
  if (typeof fill === 'number') return String(fill);
  if ('markup' in fill) return fill.markup;
  return fill.map(({ markup }) => markup).join('');
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}
