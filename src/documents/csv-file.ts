import { onOneLine } from '../units/legible.ts';
import { itself, tellFew } from '../units/tell-few.ts';
import { describeReadFailure, nameOfInput, readBounded } from './read-text.ts';

/** A row by the names of its columns; blank where it is short. */
export type CsvRow<Column extends string> = Readonly<Record<Column, string>>;

/** What a row comes to, or what is wrong with it. */
export type CsvValue<T> = { readonly value: T } | { readonly mistake: string };

/** A mistake names the file and the line. */
export type CsvRead<T> = { readonly rows: readonly T[] } | { readonly issues: readonly string[] };

const MOST_BYTES = 64 * 1024 * 1024;
const MOST_ROWS = 1_000_000;
/** Whoever has more has one mistake many times. */
const MOST_TOLD = 20;
/** Characters of a mistake: parsers quote what they found, whatever it is. */
const LONGEST = 300;

/** Reads a file, or standard input, whose first line names its columns: those of `columns`, and any others, which are passed over. */
export async function readCsv<Column extends string, T>(
  path: string,
  columns: readonly Column[],
  toValue: (row: CsvRow<Column>) => CsvValue<T>,
): Promise<CsvRead<T>> {
  const name = nameOfInput(path);
  let text: string | undefined;
  try {
    text = await readBounded(path, MOST_BYTES);
  } catch (error) {
    return { issues: [describeReadFailure(name, error)] };
  }
  if (text === undefined) return { issues: [`${name}: is larger than ${MOST_BYTES / 2 ** 20} MiB`] };
  const { parse } = await import('csv-parse/sync');
  const rows: T[] = [];
  const mistakes: string[] = [];
  let places: readonly number[] = [];
  const onRecord = (record: readonly string[], { lines }: { readonly lines: number }) => {
    if (places.length === 0) {
      places = columns.map((column) => record.indexOf(column));
      const missing = columns.filter((_, index) => (places[index] ?? -1) < 0);
      if (missing.length > 0)
        throw new Error(`names no column ${missing.join(', ')}; its first line must name ${columns.join(', ')}`);
      return null;
    }
    const row = Object.fromEntries(columns.map((column, index) => [column, record[places[index] ?? -1] ?? '']));
    const found = toValue(row as CsvRow<Column>);
    if ('value' in found) rows.push(found.value);
    else mistakes.push(`${name}, line ${lines}: ${found.mistake}`);
    if (rows.length > MOST_ROWS) throw new Error(`holds more than ${MOST_ROWS} rows`);
    if (mistakes.length > MOST_ROWS) throw new Error('is nothing but mistakes');
    return null;
  };
  try {
    parse(text, {
      trim: true,
      relax_column_count: true,
      skip_empty_lines: true,
      on_record: onRecord,
    });
  } catch (error) {
    return { issues: [`${name}: ${onOneLine((error as Error).message).slice(0, LONGEST)}`] };
  }
  if (mistakes.length === 0) return { rows };
  return { issues: tellFew(mistakes, MOST_TOLD, itself, (more) => `${name}: and ${more} more mistakes`) };
}
