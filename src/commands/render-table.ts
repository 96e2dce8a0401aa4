export interface Column {
  readonly title: string;
  readonly align?: 'right';
  /** Columns with a low number give way first where the table is too wide; those without one never do. */
  readonly givesWay?: number;
}

const MOST_COLUMNS = 80;
const GAP = '  ';

/** A table for people: one line a row, at most 80 columns wide; what does not fit ends in `…`. */
export function renderTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const lines = [columns.map(({ title }) => title), ...rows.map((row) => row.map(onOneLine))];
  const widths = fit(
    columns,
    columns.map((_, index) => Math.max(...lines.map((line) => lengthOf(line[index] ?? '')))),
  );
  return lines
    .map((line) => columns.map(({ align }, index) => pad(line[index] ?? '', widths[index] ?? 0, align)).join(GAP))
    .map((line) => `${line.trimEnd()}\n`)
    .join('');
}

function fit(columns: readonly Column[], natural: readonly number[]): readonly number[] {
  const widths = [...natural];
  let excess = widths.reduce((sum, width) => sum + width, 0) + GAP.length * (columns.length - 1) - MOST_COLUMNS;
  const yielding = columns
    .map(({ title, givesWay }, index) => ({ index, givesWay, least: title.length }))
    .filter(({ givesWay }) => givesWay !== undefined)
    .sort((a, b) => (a.givesWay ?? 0) - (b.givesWay ?? 0));
  for (const { index, least } of yielding) {
    if (excess <= 0) break;
    const width = widths[index] ?? 0;
    const kept = Math.max(least, width - excess);
    widths[index] = kept;
    excess -= width - kept;
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
  return [...text].length;
}

function onOneLine(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ');
}
