import { note, print } from './print.ts';

export interface Changing<Row> {
  readonly nameOf: (row: Row) => string;
  /** Whether a reader would see no difference. */
  readonly isSame: (before: Row, after: Row) => boolean;
  /** Rows that are to be printed; `all` says how wide columns are, and the head stands above the first of all. */
  readonly render: (changed: readonly Row[], all: readonly Row[], isFirst: boolean) => string;
}

/** Prints all rows, and after that those that are new or changed, until there are no more states or nobody reads; what is gone is noted. */
export async function printChanges<Row>(
  states: AsyncIterable<readonly Row[]>,
  { nameOf, isSame, render }: Changing<Row>,
): Promise<void> {
  let known: ReadonlyMap<string, Row> | undefined;
  for await (const rows of states) {
    const before = known;
    known = new Map(rows.map((row) => [nameOf(row), row]));
    for (const name of before?.keys() ?? []) if (!known.has(name)) note(`${name} is gone`);
    const changed = rows.filter((row) => {
      const one = before?.get(nameOf(row));
      return one === undefined || !isSame(one, row);
    });
    const isPrinted = changed.length > 0 || before === undefined;
    if (isPrinted && !(await print(render(changed, rows, before === undefined)))) return;
  }
}
