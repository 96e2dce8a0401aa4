import { type CsvRow, type CsvValue, readCsv } from '../../documents/csv-file.ts';
import type { Job } from './job.ts';

const COLUMNS = ['arrival_time', 'length', 'cpus'] as const;
const SECONDS_AN_HOUR = 3_600;
const LONGEST_HOURS = 24 * 30;

/** Reads a trace of jobs from CSV: seconds of arrival since it begins, seconds of length, CPUs. */
export async function readJobs(
  path: string,
): Promise<{ readonly jobs: readonly Job[] } | { readonly issues: readonly string[] }> {
  const read = await readCsv(path, COLUMNS, toJob);
  if ('issues' in read) return read;
  if (read.rows.length === 0)
    return { issues: [`${path}: holds no job; give CSV with the columns ${COLUMNS.join(', ')}`] };
  return { jobs: read.rows };
}

function toJob({ arrival_time, length, cpus }: CsvRow<(typeof COLUMNS)[number]>): CsvValue<Job> {
  const job = {
    arrival: numberOf(arrival_time) / SECONDS_AN_HOUR,
    hours: numberOf(length) / SECONDS_AN_HOUR,
    cpus: numberOf(cpus),
  };
  if (!(job.arrival >= 0)) return { mistake: 'arrival_time must be a number of seconds from 0' };
  if (!(job.hours > 0 && job.hours <= LONGEST_HOURS))
    return { mistake: `length must be a number of seconds above 0, at most ${LONGEST_HOURS} hours` };
  if (!(job.cpus > 0)) return { mistake: 'cpus must be a number above 0' };
  return { value: job };
}

function numberOf(text: string): number {
  const number = text.trim() === '' ? Number.NaN : Number(text);
  return Number.isFinite(number) ? number : Number.NaN;
}
