import { formatDuration } from '../../units/duration.ts';
import type { SimulateReport } from './report.ts';

/** `48041 jobs that may wait 12h, home us-east-1, 2022-01-29 to 2023-01-01`. */
export function tellWork({ home, from, to, work, jobs, slackHours }: SimulateReport): string {
  const what = work === 'jobs' ? `${jobs} jobs that may wait ${formatHours(slackHours)}` : 'a service of one CPU';
  return `${what}, home ${home}, ${from.slice(0, 10)} to ${to.slice(0, 10)}`;
}

/** `-` where nobody knows. */
export function formatPercent(value: number | null): string {
  return value === null ? '-' : `${value.toFixed(1)}%`;
}

export function formatKilograms(grams: number): string {
  return (grams / 1_000).toFixed(grams < 100_000 ? 2 : 0);
}

/** To a minute: `3h15m`. */
export function formatHours(hours: number): string {
  return formatDuration(Math.round(hours * 60) * 60_000);
}
