import { type Html, html } from './html.ts';

/** One figure of a headline: its name, its value, and in small letters what more there is to say. */
export function tile(name: string, value: string | Html, more: string | false | undefined): Html {
  return html`<div><dt>${name}</dt><dd>${value}</dd>${more && html`<dd class="more">${more}</dd>`}</div>`;
}
