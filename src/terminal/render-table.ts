import stringWidth from 'string-width';
import { onOneLine } from '../units/legible.ts';
import { LEAST_COLUMNS, paint, type Style } from './terminal.ts';

export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => string;
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
export function renderTable<Row>(columns: readonly Column<Row>[], rows: readonly Row[], width = LEAST_COLUMNS): string {
  const { head, line } = layOut(columns, rows, width);
  return head + rows.map(line).join('');
}

/** The same for rows that are too many for one text: its head, and how each row is written once all were looked at. */
export function layOut<Row>(
  columns: readonly Column<Row>[],
  rows: Iterable<Row>,
  width: number,
): { readonly head: string; readonly line: (row: Row) => string } {
  const natural = columns.map(({ title }) => stringWidth(title));
  for (const row of rows)
    for (const [index, { cell }] of columns.entries())
      natural[index] = Math.max(natural[index] ?? 0, stringWidth(onOneLine(cell(row))));
  const widths = fit(columns, natural, width);
  const renderLine = (write: (column: Column<Row>) => readonly [text: string, colour: Style | undefined]) => {
    const cells = columns.map((column, index) => {
      const [text, colour] = write(column);
      const padded = pad(text, widths[index] ?? 0, column.align);
      const isLast = index === columns.length - 1 && column.align === undefined;
      const written = isLast ? padded.trimEnd() : padded;
      return colour ? paint(colour, written) : written;
    });
    return `${cells.join(GAP).trimEnd()}\n`;
  };
  return {
    head: renderLine(({ title }) => [title, 'bold']),
    line: (row) =>
      renderLine(({ cell, style }) => {
        const text = onOneLine(cell(row));
        return [text, style?.(text)];
      }),
  };
}

type Yielding = Pick<Column<unknown>, 'title' | 'givesWay' | 'least'>;

function fit(columns: readonly Yielding[], natural: readonly number[], width: number): readonly number[] {
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

function pad(text: string, width: number, align: Column<unknown>['align']): string {
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
