import { z } from 'zod';
import { readCsv } from '../documents/csv-file.ts';
import { describeReadFailure, nameOfInput, readBounded } from '../documents/read-text.ts';
import { SERVER_LIFE_HOURS } from '../energy/coefficients.ts';
import { embodiedGramsPerHour } from '../energy/embodied.ts';
import { isLabelValue } from '../units/label-names.ts';
import { readChecked } from './checked-document.ts';

/** Embodied grams of CO2e an hour, by instance type. */
export type EmbodiedRead = { readonly embodied: ReadonlyMap<string, number> } | { readonly issues: readonly string[] };

const MOST_BYTES = 16 * 2 ** 20;
const HOURS_PER_YEAR = SERVER_LIFE_HOURS.value / 4;
const COLUMNS = ['instanceType', 'kgCO2e', 'years'] as const;

const kg = z.number({ error: 'must be kgCO2e from 0 to 1000000' }).min(0).max(1_000_000);
const table = z.record(
  z.string().refine(isLabelValue, 'is no instance type; give one as nodes are labelled'),
  z.union(
    [
      kg.transform((kgCO2e) => ({ kgCO2e, years: undefined, hours: undefined })),
      z.strictObject({
        kgCO2e: kg,
        years: z.number().positive().max(100).optional(),
        hours: z.number().positive().max(1_000_000).optional(),
      }),
    ],
    { error: 'must be a number of kgCO2e, or {kgCO2e, years} or {kgCO2e, hours}' },
  ),
  { error: 'must be kgCO2e by instance type' },
);

/**
 * Reads `--embodied-table FILE`: kgCO2e of making what one instance of a type is, and over how long they are spread, 4 years where it
 * is not said. As CSV (`.csv`, the columns instanceType, kgCO2e and years) or, in YAML or JSON,
 *
 * ```yaml
 * m5.large: 33.6
 * c7g.large: {kgCO2e: 21, years: 6}
 * p5.48xlarge: {kgCO2e: 9000, hours: 43800}
 * ```
 *
 * Every mistake names the file and the line.
 */
export async function readEmbodiedTable(path: string | undefined): Promise<EmbodiedRead> {
  if (path === undefined) return { embodied: new Map() };
  if (path.toLowerCase().endsWith('.csv')) return readCsvTable(path);
  const name = nameOfInput(path);
  try {
    const text = await readBounded(path, MOST_BYTES);
    if (text === undefined) return { issues: [`${name}: is larger than ${MOST_BYTES / 2 ** 20} MiB`] };
    const read = readChecked(text, name, { schema: table });
    if ('issues' in read) return read;
    return { embodied: new Map(Object.entries(read.value).map(([type, row]) => [type, gramsPerHour(row)])) };
  } catch (error) {
    return { issues: [describeReadFailure(name, error)] };
  }
}

async function readCsvTable(path: string): Promise<EmbodiedRead> {
  const read = await readCsv(path, COLUMNS, ({ instanceType, kgCO2e, years }) => {
    const row = { kgCO2e: Number(kgCO2e), ...(years !== '' && { years: Number(years) }) };
    if (!isLabelValue(instanceType)) return { mistake: 'instanceType is none' };
    const isFine = kgCO2e !== '' && row.kgCO2e >= 0 && (row.years === undefined || row.years > 0);
    return isFine
      ? { value: [instanceType, gramsPerHour(row)] as const }
      : { mistake: 'kgCO2e must be a number from 0, and years one above 0' };
  });
  return 'issues' in read ? read : { embodied: new Map(read.rows) };
}

function gramsPerHour(row: {
  readonly kgCO2e: number;
  readonly years?: number | undefined;
  readonly hours?: number | undefined;
}): number {
  const hours = row.hours ?? (row.years === undefined ? SERVER_LIFE_HOURS.value : row.years * HOURS_PER_YEAR);
  return embodiedGramsPerHour(row.kgCO2e, 1) * (SERVER_LIFE_HOURS.value / hours);
}
