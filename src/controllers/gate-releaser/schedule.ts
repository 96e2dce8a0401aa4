import { Cron } from 'croner';
import { HOUR_MS, MINUTE_MS } from '../../units/moment.ts';

const LONGEST = 256;
const ZONE = /^(?:CRON_)?TZ=(\S*)\s+/;
const EVERY = /^@every\s+/;
/** First and last value of minute, hour, day, month, weekday. */
const RANGES = [
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [0, 6],
] as const;

/**
 * The first run after a moment, epoch milliseconds, as the CronJob controller has it (`robfig/cron`: five fields, a nickname or
 * `@every`, with a time zone before them or without); `undefined` where there is none. Throws where it cannot be read.
 */
export function nextRunAfter(schedule: string, timeZone: string, after: number): number | undefined {
  if (schedule.length > LONGEST) throw new Error('too long');
  const own = ZONE.exec(schedule);
  const timezone = own ? own[1] || 'UTC' : timeZone;
  const written = schedule.slice(own?.[0].length ?? 0).trim();
  const every = EVERY.exec(written);
  if (every) return after + delayOf(written.slice(every[0].length));
  const pattern = withoutLongSteps(written);
  const next = ask(pattern, after, { timezone });
  const repeated = inRepeatedHour(pattern, timezone, after);
  return next === undefined || repeated === undefined ? (next ?? repeated) : Math.min(next, repeated);
}

function ask(
  pattern: string,
  after: number,
  zone: { readonly timezone: string } | { readonly utcOffset: number },
): number | undefined {
  const cron = new Cron(pattern, { ...zone, mode: '5-part', sloppyRanges: true, paused: true });
  return cron.nextRun(new Date(after))?.getTime();
}

/**
 * The controller runs what is due in the hour that clocks go through twice both times, croner the first time only. Asked for the
 * second one alone, by the offset from then on.
 */
function inRepeatedHour(pattern: string, timezone: string, after: number): number | undefined {
  if (timezone === 'UTC') return undefined;
  const utcOffset = offsetMinutes(timezone, after + 3 * HOUR_MS);
  if (utcOffset >= offsetMinutes(timezone, after)) return undefined;
  const next = ask(pattern, after, { utcOffset });
  return next !== undefined && offsetMinutes(timezone, next) === utcOffset ? next : undefined;
}

function offsetMinutes(timeZone: string, at: number): number {
  const format = new Intl.DateTimeFormat('en', { timeZone, timeZoneName: 'longOffset' });
  const name = format.formatToParts(at).find(({ type }) => type === 'timeZoneName')?.value ?? '';
  const [, sign, hours = '0', minutes = '0'] = /([+-])(\d\d):(\d\d)/.exec(name) ?? [];
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
}

/** A step beyond its field's range leaves the first value alone, which croner does not read. */
function withoutLongSteps(schedule: string): string {
  const fields = schedule.split(/\s+/);
  if (fields.length !== RANGES.length) return schedule;
  return fields
    .map((field, i) =>
      field
        .split(',')
        .map((part) => clampStep(part, RANGES[i] ?? [0, 0]))
        .join(),
    )
    .join(' ');
}

function clampStep(part: string, [first, last]: readonly [number, number]): string {
  const [, range = '', step = '0'] = /^([^/]+)\/(\d+)$/.exec(part) ?? [];
  if (Number(step) <= last - first) return part;
  const [start = ''] = range.split('-');
  return start === '*' || start === '?' ? String(first) : start;
}

const GO_UNITS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1_000,
  m: MINUTE_MS,
  h: HOUR_MS,
};
const GO_DURATION = /^\+?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/;

/** A duration as Go writes it, such as `1h30m`; in whole seconds, of which there is one at least. */
function delayOf(duration: string): number {
  if (!GO_DURATION.test(duration)) throw new Error(`no duration: ${duration}`);
  let ms = 0;
  for (const [, count = '', unit = ''] of duration.matchAll(/([\d.]+)([a-zµμ]+)/g))
    ms += Number(count) * (GO_UNITS[unit] ?? 0);
  return Math.max(1_000, Math.floor(ms / 1_000) * 1_000);
}
