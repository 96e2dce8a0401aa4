import { quoted } from '../../decision/policy-annotations.ts';
import { describeReadError, nameOfInput, readBounded } from '../../documents/read-text.ts';
import { isMapping } from '../../units/is-mapping.ts';
import { onOneLine } from '../../units/legible.ts';
import { itself, tellFew } from '../../units/tell-few.ts';
import type { Flow } from './flow.ts';
import { FLOW_FIELDS, type FlowDefaults, type FlowField, type FlowRecord, parseFlow } from './flow-record.ts';

interface FlowsRead {
  readonly flows: readonly Flow[];
  /** Each names the file and the line or the number of the flow. */
  readonly issues: readonly string[];
}

/** A row, or what is wrong with it, and where it stands: a line of CSV, the number of a flow in JSON, 0 for the whole file. */
type Row = { readonly at: number } & ({ readonly record: FlowRecord } | { readonly mistake: string });

const MOST_FILE_BYTES = 64 * 1024 * 1024;
const MOST_FLOWS = 100_000;
/** Characters of a mistake that are shown. */
const LONGEST = 300;
/** More mistakes than this are mostly one mistake many times. */
const MOST_TOLD = 100;
const SHAPE = 'give CSV whose first line names from, to and bytes, or JSON: a list of flows, or an object with flows';

/**
 * Reads flows from CSV or JSON, whichever it looks like, of a file or of standard input (`-`); every bad row is told, the first
 * hundred one by one.
 */
export async function readFlows(path: string, defaults: FlowDefaults): Promise<FlowsRead> {
  const name = nameOfInput(path);
  const read = await readText(path);
  if ('problem' in read) return { flows: [], issues: [`${name}: ${read.problem}`] };
  const { text } = read;
  const isJson = /^\s*[[{]/.test(text);
  const rows = (isJson ? jsonRows(text) : await csvRows(text)).toSorted((a, b) => a.at - b.at);
  if (rows.length === 0) return { flows: [], issues: [`${name}: holds no flow; ${SHAPE}`] };
  if (rows.length > MOST_FLOWS)
    return { flows: [], issues: [`${name}: holds more than ${MOST_FLOWS} flows; sum them up to that many or fewer`] };
  return readRows(rows, defaults, { name, unit: isJson ? 'flow' : 'line' });
}

function readRows(
  rows: readonly Row[],
  defaults: FlowDefaults,
  { name, unit }: { readonly name: string; readonly unit: string },
): FlowsRead {
  const issues: string[] = [];
  const flows: Flow[] = [];
  for (const row of rows) {
    const parsed = 'mistake' in row ? { mistakes: [row.mistake] } : parseFlow(row.record, defaults);
    const place = row.at === 0 ? name : `${name}, ${unit} ${row.at}`;
    if ('flow' in parsed) flows.push(parsed.flow);
    // Messages of parsers quote what they found, whatever it is.
    else issues.push(...parsed.mistakes.map((mistake) => `${place}: ${onOneLine(mistake).slice(0, LONGEST)}`));
  }
  return { flows, issues: tellFew(issues, MOST_TOLD, itself, (more) => `${name}: and ${more} more mistakes`) };
}

async function readText(path: string): Promise<{ readonly text: string } | { readonly problem: string }> {
  try {
    const text = await readBounded(path, MOST_FILE_BYTES);
    if (text !== undefined) return { text };
    return { problem: `is larger than ${MOST_FILE_BYTES / 2 ** 20} MiB; sum the flows up, for one by hour` };
  } catch (error) {
    return { problem: `cannot be read: ${describeReadError(error)}` };
  }
}

async function csvRows(text: string): Promise<readonly Row[]> {
  const { lines, mistakes } = await parseCsv(text);
  const [head, ...body] = lines;
  if (!head) return mistakes;
  const fields = head.record.map((title) => FLOW_FIELDS.find((field) => field === title.toLowerCase()));
  const wrong = headMistakes(fields, head.record);
  if (wrong.length > 0) return wrong.map((mistake) => ({ at: head.info.lines, mistake }));
  return [...body.map((line) => csvRow(line, fields)), ...mistakes];
}

/** Stops where there are more than `MOST_FLOWS` of either: 64 MiB hold millions, which fill the memory. */
async function parseCsv(
  text: string,
): Promise<{ readonly lines: readonly CsvLine[]; readonly mistakes: readonly Row[] }> {
  // Loaded here, so that other commands start without it.
  const { parse } = await import('csv-parse/sync');
  const mistakes: Row[] = [];
  try {
    const lines = parse(text, {
      info: true,
      trim: true,
      relax_column_count: true,
      skip_empty_lines: true,
      skip_records_with_error: true,
      to: MOST_FLOWS + 2, // with the first line, which names the columns
      on_skip: (error) => {
        mistakes.push({ at: Number(error?.['lines'] ?? 0), mistake: `is no CSV: ${error?.message}` });
        if (mistakes.length > MOST_FLOWS) throw new Error('too many broken lines to tell');
        return undefined;
      },
    }) as unknown as readonly CsvLine[];
    return { lines, mistakes };
  } catch (error) {
    if (mistakes.length > MOST_FLOWS) return { lines: [], mistakes };
    throw error;
  }
}

interface CsvLine {
  readonly record: readonly string[];
  readonly info: { readonly lines: number };
}

function csvRow({ record, info }: CsvLine, fields: readonly (FlowField | undefined)[]): Row {
  const at = info.lines;
  if (record.length > fields.length)
    return { at, mistake: `has ${record.length} fields, and the first line ${fields.length}` };
  return { at, record: Object.fromEntries(fields.flatMap((field, i) => (field ? [[field, record[i] ?? '']] : []))) };
}

/** Columns of other names are passed over: exports have many. */
function headMistakes(fields: readonly (FlowField | undefined)[], titles: readonly string[]): readonly string[] {
  const twice = FLOW_FIELDS.filter((field) => fields.filter((other) => other === field).length > 1);
  return [
    ...(fields.includes('bytes') ? [] : [`names no column bytes, but ${quoted(titles.join(','))}; ${SHAPE}`]),
    ...twice.map((field) => `names the column ${field} twice`),
  ];
}

function jsonRows(text: string): readonly Row[] {
  const none = (problem: string) => [{ at: 0, mistake: `${problem}; ${SHAPE}` }];
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (error) {
    return none(`is no JSON: ${(error as Error).message}`);
  }
  const list = isMapping(data) ? data['flows'] : data;
  if (!Array.isArray(list)) return none('has no list of flows');
  // One more than is allowed tells that they are too many.
  return list.slice(0, MOST_FLOWS + 1).map((item: unknown, index): Row => {
    const read = isMapping(item) ? textsOf(item) : 'is no object with from, to and bytes';
    return { at: index + 1, ...(typeof read === 'string' ? { mistake: read } : { record: read }) };
  });
}

/** The fields of a flow as text; a sentence where one is neither text nor a number. */
function textsOf(item: Readonly<Record<string, unknown>>): FlowRecord | string {
  const record: Partial<Record<FlowField, string>> = {};
  for (const [key, value] of Object.entries(item)) {
    const field = FLOW_FIELDS.find((one) => one === key.toLowerCase());
    if (!field || value === null) continue;
    if (typeof value !== 'string' && typeof value !== 'number') return `${field}: is neither text nor a number`;
    record[field] = String(value);
  }
  return record;
}
