import { drawBar } from '../../page/bar.ts';
import { type Html, html } from '../../page/html.ts';
import { onOneLine } from '../../units/legible.ts';
import { formatGramsPerHour } from './grams-per-hour.ts';

export interface Bars {
  readonly name: string;
  /** Grams of CO2e an hour, for each series. */
  readonly values: readonly number[];
}

/** The classes of the bars of what is now, and of what gridgate makes of it. */
export const LOOKS = ['mark', 'low'] as const;

/** One bar with its figure. */
export interface Row {
  readonly look: (typeof LOOKS)[number];
  readonly value: number;
  /** Behind the figure. */
  readonly more?: string | undefined;
}

/** Two series of horizontal bars on one scale, each with its figure. */
export function drawBars(bars: readonly Bars[], series: readonly [string, string]): Html {
  const keys = series.map((name, index) => html`<span>${drawBar(1, LOOKS[index] ?? '')} ${name}</span>`);
  const groups = bars.map(({ name, values }) => ({
    name,
    rows: values.map((value, index) => ({ look: LOOKS[index] ?? 'mark', value })),
  }));
  return chartOf(groups, `${series.join(', ')}. `, html`<p class="keys">${keys}</p>`);
}

/** Named rows on one scale. */
export function drawRows(rows: readonly (Row & { readonly name: string })[]): Html {
  return chartOf(rows.map(({ name, ...row }) => ({ name, rows: [row] })));
}

interface Group {
  readonly name: string;
  readonly rows: readonly Row[];
}

function chartOf(groups: readonly Group[], told = '', above = html``): Html {
  const greatest = Math.max(...groups.flatMap(({ rows }) => rows.map(({ value }) => finite(value))));
  const figures = groups.map(({ name, rows }) => `${name}: ${rows.map(figureOf).join(', ')}`);
  return html`<div role="img" aria-label="${told}${figures.join('; ')}">${above}
<div class="bars">${groups.map((one) => group(one, greatest))}</div></div>`;
}

function group({ name, rows }: Group, greatest: number): Html {
  const lines = rows.map(
    (row) => html`${drawBar(greatest > 0 ? finite(row.value) / greatest : 0, row.look)}<span>${figureOf(row)}</span>`,
  );
  return html`<span class="name${rows.length > 1 && html` pair-of-bars`}">${onOneLine(name)}</span>${lines}
`;
}

function figureOf({ value, more }: Row): string {
  return `${formatGramsPerHour(value)}${more === undefined ? '' : ` (${more})`}`;
}

function finite(value: number): number {
  return Number.isFinite(value) ? value : 0;
}
