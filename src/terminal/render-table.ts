import { onOneLine } from '../units/legible.ts';
import { LEAST_COLUMNS, paint, type Style } from './terminal.ts';

export interface Column {
  readonly title: string;
  readonly align?: 'right';
  /** Columns with a low number give way first where the table is too wide; those without one never do. */
  readonly givesWay?: number;
  /** How wide one that gives way stays; otherwise as wide as its title. */
  readonly least?: number;
  /** The colour of a cell on a terminal; its width stays. */
  readonly style?: (cell: string) => Style | undefined;
}

const GAP = '  ';

/** A table for people: one line a row, at most `width` columns wide; what does not fit ends in `…`. */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width = LEAST_COLUMNS,
): string {
  const { head, line } = layOut(columns, rows, width);
  return head + rows.map(line).join('');
}

/** The same for rows that are too many for one text: its head, and how each row is written once all were looked at. */
export function layOut(
  columns: readonly Column[],
  rows: Iterable<readonly string[]>,
  width: number,
): { readonly head: string; readonly line: (row: readonly string[]) => string } {
  const natural = columns.map(({ title }) => lengthOf(title));
  for (const row of rows)
    for (const [index, most] of natural.entries())
      natural[index] = Math.max(most, lengthOf(onOneLine(row[index] ?? '')));
  const widths = fit(columns, natural, width);
  return {
    head: renderLine(
      columns.map(({ title }) => title),
      columns,
      widths,
      true,
    ),
    line: (row) => renderLine(row.map(onOneLine), columns, widths, false),
  };
}

function renderLine(
  line: readonly string[],
  columns: readonly Column[],
  widths: readonly number[],
  isHead: boolean,
): string {
  const cells = columns.map(({ align, style }, index) => {
    const cell = line[index] ?? '';
    const isLast = index === columns.length - 1 && align === undefined;
    const padded = isLast ? pad(cell, widths[index] ?? 0, align).trimEnd() : pad(cell, widths[index] ?? 0, align);
    const colour = isHead ? 'bold' : style?.(cell);
    return colour ? paint(colour, padded) : padded;
  });
  return `${cells.join(GAP).trimEnd()}\n`;
}

function fit(columns: readonly Column[], natural: readonly number[], width: number): readonly number[] {
  const widths = [...natural];
  let excess = widths.reduce((sum, width) => sum + width, 0) + GAP.length * (columns.length - 1) - width;
  const yielding = columns
    .map(({ title, givesWay, least = title.length }, index) => ({ index, givesWay, least }))
    .filter(({ givesWay }) => givesWay !== undefined)
    .sort((a, b) => (a.givesWay ?? 0) - (b.givesWay ?? 0));
  for (const { index, least } of yielding) {
    if (excess <= 0) break;
    const wanted = widths[index] ?? 0;
    const kept = Math.max(Math.min(least, wanted), wanted - excess);
    widths[index] = kept;
    excess -= wanted - kept;
  }
  return widths;
}

function pad(text: string, width: number, align: Column['align']): string {
  const cut = lengthOf(text) > width ? `${[...text].slice(0, width - 1).join('')}…` : text;
  const space = ' '.repeat(Math.max(0, width - lengthOf(cut)));
  return align === 'right' ? space + cut : cut + space;
}

/** Characters, not halves of them. */
function lengthOf(text: string): number {
  return ASCII.test(text) ? text.length : [...text].length;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII
const ASCII = /^[\x00-\x7f]*$/;
