import { renderData } from './render-data.ts';
import { type Column, layOut } from './render-table.ts';

export interface RowsLayout<Row> {
  readonly output: 'table' | 'wide' | 'name' | 'json' | 'yaml';
  readonly columns: readonly Column<Row>[];
  /** Of a table; `wide` takes what it needs. */
  readonly width: number;
  /** As kubectl prints it, with its type: `region.gridgate.dev/eu-west-1`. */
  readonly nameOf: (row: Row) => string;
  /** Whether they are the first that are printed: the head stands above them. */
  readonly isFirst: boolean;
}

/** Some rows of a list as kubectl prints them: a table as wide as all of them take, names, or as data a document each. */
export function renderRows<Row>(rows: readonly Row[], all: readonly Row[], layout: RowsLayout<Row>): string {
  const { output, columns, width, nameOf, isFirst } = layout;
  if (output === 'json') return rows.map((row) => renderData(row, output)).join('');
  if (output === 'yaml') return rows.map((row) => `---\n${renderData(row, output)}`).join('');
  if (output === 'name') return rows.map((row) => `${nameOf(row)}\n`).join('');
  const { head, line } = layOut(columns, all, output === 'wide' ? Number.POSITIVE_INFINITY : width);
  return (isFirst ? head : '') + rows.map(line).join('');
}
