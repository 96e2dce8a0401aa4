import { optional, required, withDefault } from './option.ts';
import {
  parseBoolean,
  parseByRegion,
  parseLongDuration,
  parseNotNegative,
  parsePositive,
  parseRegionName,
  parseRunTime,
  parseTimeOrFromNow,
  textOf,
} from './parsers.ts';

/** Options of the commands that say when, and where, work runs: simulate and wait. */
export const TIMING_OPTIONS = {
  intensity: required<ReadonlyMap<string, string>>({
    flags: '--intensity <name=file...>',
    help: 'CSV of a region: columns timestamp (UTC), gramsPerKwh (blank: missing); repeat it, or put commas between',
    parse: parseByRegion('pairs such as us-east-1=pjm.csv', textOf('a file')),
  }),
  jobs: optional({
    flags: '--jobs <file>',
    help: 'CSV of jobs: columns arrival_time and length (seconds), cpus; laid on each week',
    parse: textOf('a file'),
    defaultText: 'a service of one CPU that always runs',
  }),
  home: optional({
    flags: '--home <region>',
    help: 'where work starts at once if nobody decides',
    parse: parseRegionName,
    defaultText: 'the first of --intensity',
  }),
  slack: optional({
    flags: '--slack <duration>',
    help: 'how long work may wait',
    parse: parseLongDuration,
    defaultText: '12h',
  }),
  everyHour: withDefault(false, {
    flags: '--every-hour [boolean]',
    help: 'for each series by itself: work of --length, submitted every hour',
    parse: parseBoolean,
  }),
  length: optional({
    flags: '--length <duration>',
    help: 'with --every-hour: how long the work runs',
    parse: parseLongDuration,
    defaultText: '4h',
  }),
  capacity: optional({
    flags: '--capacity <region=cpus...>',
    help: 'CPUs of a region; repeat it, or put commas between',
    parse: parseByRegion('pairs such as us-east-1=64', parsePositive('CPUs')),
    defaultText: 'no end of them',
  }),
  price: optional({
    flags: '--price <region=price...>',
    help: 'of a CPU hour in each region, to print what work costs',
    parse: parseByRegion('pairs such as us-east-1=0.04', parseNotNegative('a currency')),
  }),
  runRegion: required({
    flags: '--region <region>',
    help: 'the region that the command runs in',
    parse: parseRegionName,
  }),
  duration: optional({
    flags: '--duration <duration>',
    help: 'how long the command runs, about',
    parse: parseRunTime,
    defaultText: '1h',
  }),
  within: optional({
    flags: '--within <duration>',
    help: 'how long its start may wait at most',
    parse: parseLongDuration,
    defaultText: '12h; with --deadline as long as that leaves',
  }),
  deadline: optional({
    flags: '--deadline <time>',
    help: 'when it must be done: it starts --duration before that at the latest; RFC 3339, or from now such as 12h',
    parse: parseTimeOrFromNow,
  }),
  minSaving: withDefault(0.5, {
    flags: '--min-saving <percent>',
    help: 'wait only for at least this much less carbon',
    parse: parseNotNegative('percent'),
  }),
  print: withDefault(false, {
    flags: '--print [boolean]',
    help: 'print when it would start and why; waits for nothing and runs nothing',
    parse: parseBoolean,
  }),
};
