import stringWidth from 'string-width';
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
  const natural = columns.map(({ title }) => stringWidth(title));
  for (const row of rows)
    for (const [index, most] of natural.entries())
      natural[index] = Math.max(most, stringWidth(onOneLine(row[index] ?? '')));
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
  const shown = cut(text, width);
  const space = ' '.repeat(Math.max(0, width - stringWidth(shown)));
  return align === 'right' ? space + shown : shown + space;
}

/** Text that takes at most `width` columns; what does not fit ends in `…`. */
export function cut(text: string, width: number): string {
  return stringWidth(text) > width ? `${startOf(text, width - 1)}…` : text;
}

/** As many whole characters as fit into so many columns. */
function startOf(text: string, width: number): string {
  let start = '';
  let columns = 0;
  for (const { segment } of GRAPHEMES.segment(text)) {
    columns += stringWidth(segment);
    if (columns > width) break;
    start += segment;
  }
  return start;
}

const GRAPHEMES = new Intl.Segmenter();
