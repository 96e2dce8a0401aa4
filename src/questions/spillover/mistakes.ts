import { quoted } from '../../decision/policy-annotations.ts';
import { parseRegionPatterns } from '../../decision/region-patterns.ts';
import { isAwsRegion } from '../../sources/traffic/cloudwatch.ts';
import { DAY_MS } from '../../units/moment.ts';
import { MOST_BYTES } from './flow.ts';
import type { SpilloverValues } from './options.ts';

/** Options that have a mistake of their own are absent; those that were not given are there, `undefined`. */
type Read = Partial<SpilloverValues>;

/** CloudWatch keeps sums of an hour for 455 days. */
const CLOUDWATCH_KEEPS_DAYS = 455;
const SOURCES = {
  bytes: '--bytes',
  fromFile: '--from-file',
  cloudwatch: '--cloudwatch',
  prometheusUrl: '--prometheus-url',
};

/** What is wrong with the options together, a sentence each; `now` in epoch milliseconds. */
export function spilloverMistakes(values: Read, now: number): readonly string[] {
  const { bytes, allow } = values;
  return [
    ...sourceMistakes(values),
    ...placeMistakes(values),
    ...timeMistakes(values, now),
    ...cloudwatchMistakes(values, now),
    ...(bytes !== undefined && bytes > MOST_BYTES
      ? [`--bytes: ${bytes} is more than all networks move in a year`]
      : []),
    ...(allow !== undefined && !parseRegionPatterns(allow)
      ? [`--allow: ${quoted(allow)} is not allowed; give names or globs between commas, such as eu-*,!eu-south-*`]
      : []),
  ];
}

function sourceMistakes(values: Read): readonly string[] {
  const keys = Object.keys(SOURCES) as (keyof typeof SOURCES)[];
  // An option that was given with a mistake was given all the same.
  const given = keys.filter((key) => !(key in values) || (values[key] !== undefined && values[key] !== false));
  if (given.length === 1) return [];
  const all = '--bytes, --from-file, --cloudwatch or --prometheus-url';
  if (given.length === 0) return [`nothing says how many bytes moved; give one of ${all}`];
  return [`${given.map((key) => SOURCES[key]).join(' and ')}: are too many; give only one of ${all}`];
}

function placeMistakes(values: Read): readonly string[] {
  const { region, to, fromFile } = values;
  const isMissing = (key: 'region' | 'to') => key in values && values[key] === undefined && fromFile === undefined;
  return [
    ...(isMissing('region') ? ['--region: is missing; give the region that failed, whose traffic moved'] : []),
    ...(isMissing('to') ? ['--to: is missing; give the region that the traffic moved to'] : []),
    ...(region !== undefined && region === to
      ? [`--region and --to: are both ${region}; traffic that stayed has not moved`]
      : []),
  ];
}

function timeMistakes(values: Read, now: number): readonly string[] {
  const { start, end, cloudwatch, prometheusUrl } = values;
  const measured = cloudwatch ? '--cloudwatch' : prometheusUrl === undefined ? undefined : '--prometheus-url';
  const isMissing = (key: 'start' | 'end') => measured !== undefined && key in values && values[key] === undefined;
  return [
    ...(isMissing('start') ? [`--start: is missing; ${measured} needs to know when the traffic began to move`] : []),
    ...(isMissing('end') ? [`--end: is missing; ${measured} needs to know when the traffic was back`] : []),
    ...(start !== undefined && start > now ? [`--start: ${toIso(start)} is in the future`] : []),
    ...(end !== undefined && end > now ? [`--end: ${toIso(end)} is in the future`] : []),
    ...(start !== undefined && end !== undefined && end <= start
      ? [`--end: ${toIso(end)} is not after --start ${toIso(start)}`]
      : []),
  ];
}

function cloudwatchMistakes({ cloudwatch, endpoint, to, start }: Read, now: number): readonly string[] {
  if (!cloudwatch) return [];
  return [
    ...(to !== undefined && endpoint === undefined && !isAwsRegion(to)
      ? [
          `--cloudwatch: ${to} (--to) is no region of AWS such as eu-central-1; give --endpoint, or another source of bytes`,
        ]
      : []),
    ...(start !== undefined && now - start > CLOUDWATCH_KEEPS_DAYS * DAY_MS
      ? [
          `--start: ${toIso(start)} is more than ${CLOUDWATCH_KEEPS_DAYS} days ago, as long as CloudWatch keeps hourly sums`,
        ]
      : []),
  ];
}

function toIso(ms: number): string {
  return new Date(ms).toISOString().replace('.000Z', 'Z');
}
