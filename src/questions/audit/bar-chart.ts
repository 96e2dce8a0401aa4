import { drawBar } from '../../page/bar.ts';
import { type Html, html } from '../../page/html.ts';
import { onOneLine } from '../../units/legible.ts';
import { formatGramsPerHour } from './grams-per-hour.ts';

export interface Bars {
  readonly name: string;
  /** Grams of CO2e an hour, for each series. */
  readonly values: readonly number[];
}

/** The classes of the bars of each series. */
const LOOKS = ['mark', 'low'] as const;

/** Two series of horizontal bars on one scale, each with its figure. */
export function drawBars(bars: readonly Bars[], series: readonly [string, string]): Html {
  const greatest = Math.max(...bars.flatMap(({ values }) => values.map(finite)));
  const figures = bars.map(({ name, values }) => `${name}: ${values.map(formatGramsPerHour).join(', ')}`);
  const keys = series.map((name, index) => html`<span>${drawBar(1, LOOKS[index] ?? '')} ${name}</span>`);
  return html`<div role="img" aria-label="${series.join(', ')}. ${figures.join('; ')}"><p class="keys">${keys}</p>
<div class="bars">${bars.map((one) => group(one, greatest))}</div></div>`;
}

function group({ name, values }: Bars, greatest: number): Html {
  const lines = values.map(
    (value, index) =>
      html`${drawBar(greatest > 0 ? finite(value) / greatest : 0, LOOKS[index] ?? '')}<span>${formatGramsPerHour(value)}</span>`,
  );
  return html`<span class="name">${onOneLine(name)}</span>${lines}
`;
}

function finite(value: number): number {
  return Number.isFinite(value) ? value : 0;
}
