import { parseDuration } from '../units/duration.ts';
import { optional, withDefault } from './option.ts';
import type { Parsed, Parser } from './parsers.ts';

const DAY_MS = 24 * 3_600_000;
const MOST_REPLICAS = 100_000;
const MOST_STEPS = 100;
const MOST_PERCENT = 1_000;

/** What RegionalAutoscalers leave open; environment variables as they were named before gridgate. */
export const SCALING_OPTIONS = {
  loopPeriod: optional({
    flags: '--loop-period <duration>',
    env: 'LOOP_PERIOD',
    help: 'how often a RegionalAutoscaler without spec.loop is looked at',
    parse: parseSpan(5_000, '5s to 24h'),
    defaultText: '30s',
  }),
  minReplicas: withDefault(1, {
    flags: '--min-replicas <number>',
    env: 'MIN_REPLICAS',
    help: 'what a target of a RegionalAutoscaler without a min has at least',
    parse: parseCount(0, MOST_REPLICAS),
  }),
  maxReplicas: withDefault(10, {
    flags: '--max-replicas <number>',
    env: 'MAX_REPLICAS',
    help: 'what a target of a RegionalAutoscaler without a max has at most',
    parse: parseCount(0, MOST_REPLICAS),
  }),
  holdCycles: withDefault(3, {
    flags: '--hold-cycles <number>',
    env: 'HOLD_CYCLES',
    help: 'for how many loops CPU is above or below before a RegionalAutoscaler without spec.holdCycles acts',
    parse: parseCount(1, MOST_STEPS),
  }),
  cooldown: optional({
    flags: '--cooldown <duration>',
    env: 'COOLDOWN',
    help: 'between two actions of a RegionalAutoscaler without spec.cooldown',
    parse: parseSpan(0, '0 to 24h'),
    defaultText: '5m',
  }),
  stepLimit: withDefault(1, {
    flags: '--step-limit <number>',
    env: 'STEP_LIMIT',
    help: 'how many replicas one action of a RegionalAutoscaler without spec.stepLimit adds or removes at most',
    parse: parseCount(1, MOST_STEPS),
  }),
  scaleUpThreshold: withDefault(70, {
    flags: '--scale-up-threshold <percent>',
    env: 'SCALE_UP_THRESHOLD',
    help: 'CPU above which a RegionalAutoscaler without spec.cpu.scaleUp adds a replica; below 2 it is a share: 0.7 is 70',
    parse: parseThreshold,
  }),
  scaleDownThreshold: withDefault(30, {
    flags: '--scale-down-threshold <percent>',
    env: 'SCALE_DOWN_THRESHOLD',
    help: 'CPU below which a RegionalAutoscaler without spec.cpu.scaleDown removes a replica; below 2 it is a share: 0.3 is 30',
    parse: parseThreshold,
  }),
  carbonCacheTtl: optional({
    flags: '--carbon-cache-ttl <duration>',
    env: 'CARBON_CACHE_TTL',
    help: 'in a cluster: how long an answer of an intensity source counts before it is asked again; looked at once a minute',
    parse: parseSpan(0, '0 to 24h'),
    defaultText: '5m',
  }),
};

/** Milliseconds of a duration, or of seconds without a unit. */
function parseSpan(leastMs: number, range: string): Parser<number> {
  return (text) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) * 1_000 : parseDuration(text);
    const isOne = value !== undefined && value >= leastMs && value <= DAY_MS;
    return isOne ? { value } : { allowed: `a duration from ${range} such as 30s or 5m, or seconds such as 30` };
  };
}

function parseCount(least: number, most: number): Parser<number> {
  return (text) => {
    const value = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
    return value >= least && value <= most ? { value } : { allowed: `a whole number from ${least} to ${most}` };
  };
}

/** Percent. Nobody means less than 2%: 0.7 and 1.5 are shares. */
function parseThreshold(text: string): Parsed<number> {
  const number = /^(\d+\.?\d*|\.\d+)%?$/.test(text) ? Number.parseFloat(text) : Number.NaN;
  const value = Math.round(number < 2 && !text.endsWith('%') ? number * 100 : number);
  return value >= 1 && value <= MOST_PERCENT
    ? { value }
    : { allowed: `a percentage from 1 to ${MOST_PERCENT} such as 70, or a share such as 0.7` };
}
