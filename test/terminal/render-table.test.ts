import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type Column, renderTable } from '../../src/terminal/render-table.ts';

type Row = readonly string[];

/** Columns of rows that are their cells, in the same order. */
function columnsOf(...columns: readonly Omit<Column<Row>, 'cell'>[]): readonly Column<Row>[] {
  return columns.map((column, index) => ({ ...column, cell: (row) => row[index] ?? '' }));
}

const COLUMNS = columnsOf(
  { title: 'NAME', givesWay: 2 },
  { title: 'GRAMS', align: 'right' },
  { title: 'NOTE', givesWay: 1 },
);

describe('a table', () => {
  it('of nothing is its titles', () => assert.equal(renderTable(COLUMNS, []), 'NAME  GRAMS  NOTE\n'));

  it('is as wide as its contents, numbers to the right, nothing behind the last word', () =>
    assert.equal(
      renderTable(COLUMNS, [
        ['eu-north-1', '18', 'fine'],
        ['eu', '340.5', ''],
      ]),
      ['NAME        GRAMS  NOTE', 'eu-north-1     18  fine', 'eu          340.5', ''].join('\n'),
    ));

  it('shortens what gives way first, and the next only when that is not enough', () => {
    const rows = (name: number) => [['n'.repeat(name), '1', 'x'.repeat(200)]];
    const [, first = ''] = renderTable(COLUMNS, rows(40)).split('\n');
    assert.equal(first, `${'n'.repeat(40)}      1  ${'x'.repeat(30)}…`);
    const [, second = ''] = renderTable(COLUMNS, rows(100)).split('\n');
    assert.equal(second, `${'n'.repeat(66)}…      1  xxx…`);
  });

  it('leaves a column that gives way as wide as it asks for', () => {
    const columns = columnsOf({ title: 'A', givesWay: 1, least: 10 }, { title: 'B', givesWay: 2 });
    const [, line = ''] = renderTable(columns, [['a'.repeat(60), 'b'.repeat(90)]]).split('\n');
    assert.equal(line, `${'a'.repeat(9)}…  ${'b'.repeat(67)}…`);
    const [, short = ''] = renderTable(columns, [['a', 'b'.repeat(90)]]).split('\n');
    assert.equal(short, `a  ${'b'.repeat(76)}…`);
  });

  it('keeps out what would turn the rest of a line around', () =>
    assert.equal(
      renderTable(columnsOf({ title: 'A' }), [['x\u202ey\u2066z\u2028w\u200fv\ufeffu']]),
      'A\nx y z w v u\n',
    ));

  it('keeps control characters and lines of its contents out', () =>
    assert.equal(renderTable(columnsOf({ title: 'A' }), [['x\n\u001b[31my\u009bz']]), 'A\nx [31my z\n'));

  it('cuts between characters, and knows that some are two columns wide', () => {
    const [, line = ''] = renderTable(columnsOf({ title: 'A', givesWay: 1 }), [['🌱'.repeat(90)]]).split('\n');
    assert.equal(line, `${'🌱'.repeat(39)}…`);
  });

  it('has a line for each row, none beyond 80 columns', () => {
    const cell = fc.string({ unit: 'binary', maxLength: 120 });
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, fc.nat(99_999).map(String), cell)), (rows) => {
        const lines = renderTable(COLUMNS, rows).split('\n');
        assert.equal(lines.length, rows.length + 2);
        for (const line of lines) assert.ok([...line].length <= 80, line);
      }),
    );
  });
});
