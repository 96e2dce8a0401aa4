import { type Html, html } from './html.ts';

/** A cell of a table with its column's name, which stands before it where there is no room for a row of headings; an empty one without. */
export function cell(column: string, content: string | Html | false | undefined, look?: string): Html {
  const text = typeof content === 'object' ? content.markup : content;
  if (!text) return html`<td>`;
  return html`<td data-label="${column}"${look !== undefined && html` class="${look}"`}>${content}`;
}
