import { formatDuration } from './duration.ts';

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/** How long ago, in the largest unit that still says enough: `4 s`, `12 min`, `3 h`, `2 d`; a time to come is `0 s`. */
export function formatAge(ms: number): string {
  return ms < 2 * MINUTE_MS ? `${Math.max(0, Math.floor(ms / 1000))} s` : formatReadingAge(ms);
}

/** The same of a reading, of which no second counts: messages that repeat within a minute stay the same. */
export function formatReadingAge(ms: number): string {
  if (ms < MINUTE_MS) return 'under 1 min';
  if (ms < 2 * HOUR_MS) return `${Math.floor(ms / MINUTE_MS)} min`;
  return ms < 2 * DAY_MS ? `${Math.floor(ms / HOUR_MS)} h` : `${Math.floor(ms / DAY_MS)} d`;
}

/** As narrow as a column of a table: the two largest units, `12s`, `5m`, `1h30m`, `1d3h`. */
export function shortAge(ms: number): string {
  const step = ms < MINUTE_MS ? 1_000 : ms < DAY_MS ? MINUTE_MS : HOUR_MS;
  return formatDuration(Math.max(0, Math.floor(ms / step) * step));
}

/** `2026-11-22T09:00:00Z` */
export function isoTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** `09:00:00` of the UTC day. */
export function timeOfDay(ms: number): string {
  return isoTime(ms).slice(11, 19);
}
