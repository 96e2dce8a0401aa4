import { MAX_REASON_CHARACTERS } from '../regions/outage-by-hand.ts';
import { parseDuration } from '../units/duration.ts';
import { isDnsLabel, isLabelValue, REGION_LABEL } from '../units/label-names.ts';
import { groupingLabel, type PodGrouping } from '../units/pod-grouping.ts';

/** A parsed value, or the words that say what would have been allowed. */
export type Parsed<T> = { readonly value: T } | { readonly allowed: string };
export interface Parser<T> {
  (text: string): Parsed<T>;
  /** All that it allows, where that is a closed list. */
  readonly words?: readonly string[];
}

const DNS_SUBDOMAIN = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;
const HOST = /^[A-Za-z0-9_.:%-]+$/;

export const parseHost: Parser<string> = matching(
  (text) => HOST.test(text),
  'a host name or IP address such as 127.0.0.1',
);
export const parseRegionName: Parser<string> = matching(isLabelValue, 'a region name such as eu-north-1');
export const parseNamespaceName: Parser<string> = matching(isDnsLabel, 'a namespace name such as shop');

/** Any non-empty text; `what` completes "must be ...". */
export function textOf(what: string): Parser<string> {
  return (text) => (text.trim() === '' || text.includes('\0') ? { allowed: what } : { value: text });
}

/** Texts between commas. */
export function textsOf(what: string): Parser<readonly string[]> {
  const one = textOf(what);
  return (text) => {
    const value = text.split(',');
    return value.every((part) => 'value' in one(part)) ? { value } : { allowed: what };
  };
}

/** A finite number above zero; `unit` completes "a number of ... above 0". */
export function parsePositive(unit: string): Parser<number> {
  return (text) => {
    const value = numberOf(text);
    return value > 0 ? { value } : { allowed: `a number of ${unit} above 0` };
  };
}

/** A finite number from zero. */
export function parseNotNegative(unit: string): Parser<number> {
  return (text) => {
    const value = numberOf(text);
    return value >= 0 ? { value } : { allowed: `a number of ${unit} from 0` };
  };
}

/** A share in percent, above 0. */
export function parsePercent(text: string): Parsed<number> {
  const value = numberOf(text);
  return value > 0 && value <= 100 ? { value } : { allowed: 'a percentage above 0 and up to 100' };
}

/** Decimal notation only: `Number` also reads '', ' ', 0x10 and Infinity. */
function numberOf(text: string): number {
  return /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(text) && Number.isFinite(Number(text))
    ? Number(text)
    : Number.NaN;
}

const TIME = /^(\d{4}-\d\d-(\d\d))T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/;

/** Epoch milliseconds of an RFC 3339 time: a moment needs its offset, and a day that its month has. */
export function parseTime(text: string): Parsed<number> {
  const [, date, day] = TIME.exec(text) ?? [];
  const isDay = date !== undefined && new Date(`${date}T00:00:00Z`).getUTCDate() === Number(day);
  return isDay ? { value: Date.parse(text) } : { allowed: 'a time such as 2026-11-22T09:00:00Z' };
}

/** Epoch milliseconds of an RFC 3339 time, or of as long from now as a duration says. */
export function parseTimeOrFromNow(text: string): Parsed<number> {
  const fromNow = parseDuration(text);
  if (fromNow !== undefined && fromNow <= LONGEST_FROM_NOW_MS) return { value: Date.now() + fromNow };
  const time = parseTime(text);
  return 'value' in time ? time : { allowed: `${time.allowed}, or from now such as 2h30m, at most 365d` };
}

const LONGEST_FROM_NOW_MS = 365 * 86_400_000;

/** As long as a Region's reason may be. */
export function parseReason(text: string): Parsed<string> {
  const value = text.trim();
  return value !== '' && [...value].length <= MAX_REASON_CHARACTERS
    ? { value }
    : { allowed: `words, at most ${MAX_REASON_CHARACTERS} characters` };
}

/** Without a user and a password: fetch refuses those, and messages and reports repeat the address. */
export function parseUrl(text: string): Parsed<string> {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && url.username + url.password !== '')
    return { allowed: 'a URL without a user, such as http://prometheus:9090' };
  return url && ['http:', 'https:'].includes(url.protocol)
    ? { value: text.replace(/\/+$/, '') }
    : { allowed: 'a URL such as http://prometheus:9090' };
}

/** `1.33`, with or without the `v` and the patch that nodes report. */
export function parseVersion(text: string): Parsed<string> {
  const match = /^v?(\d+\.\d+)(\.\d+)?$/.exec(text);
  return match ? { value: text.replace(/^v/, '') } : { allowed: 'a version such as 1.33 or 1.33.2' };
}

/** Factors above zero by name: `arm64=1.18,amd64=1.101`. */
export function parseFactors(text: string): Parsed<ReadonlyMap<string, number>> {
  const factors = new Map<string, number>();
  for (const part of text.split(',')) {
    const [name = '', value = '', ...rest] = part.split('=').map((one) => one.trim());
    const factor = numberOf(value);
    if (!/^[a-z0-9]+$/.test(name) || !(factor > 0) || rest.length > 0 || factors.has(name))
      return { allowed: 'pairs such as arm64=1.18,amd64=1.101, each name once' };
    factors.set(name, factor);
  }
  return { value: factors };
}

/** Values by the name of a region: `us-east-1=16`, more with commas between. */
export function parseByRegion<T>(what: string, parse: Parser<T>): Parser<ReadonlyMap<string, T>> {
  return (text) => {
    const values = new Map<string, T>();
    for (const pair of text.split(',')) {
      const at = pair.indexOf('=');
      const name = pair.slice(0, Math.max(0, at)).trim();
      const read = parse(pair.slice(at + 1).trim());
      if (!isLabelValue(name) || !('value' in read) || values.has(name))
        return { allowed: `${what}, each region once` };
      values.set(name, read.value);
    }
    return { value: values };
  };
}

/** One of a closed list of words. */
export function oneOf<T extends string>(words: readonly T[]): Parser<T> {
  function parse(text: string): Parsed<T> {
    const value = words.find((word) => word === text);
    return value === undefined ? { allowed: `one of ${words.join(', ')}` } : { value };
  }
  return Object.assign(parse, { words });
}

/** Some of a closed list of words, between commas. */
export function someOf<T extends string>(words: readonly T[]): Parser<readonly T[]> {
  function parse(text: string): Parsed<readonly T[]> {
    const given = text.split(',').map((part) => part.trim());
    const value = words.filter((word) => given.includes(word));
    const isKnown = given.every((part) => words.some((word) => word === part));
    return isKnown ? { value } : { allowed: `some of ${words.join(', ')}, between commas` };
  }
  return Object.assign(parse, { words });
}

/** A TCP port; 0 lets the system choose one. */
export function parsePort(text: string): Parsed<number> {
  const value = Number(text);
  return /^\d{1,5}$/.test(text) && value <= 65_535 ? { value } : { allowed: 'a port from 0 to 65535' };
}

export function parseBoolean(text: string): Parsed<boolean> {
  if (text === 'true' || text === '1') return { value: true };
  if (text === 'false' || text === '0') return { value: false };
  return { allowed: 'true or false' };
}

/** Milliseconds of a duration of at most 30 days. */
export function parseLongDuration(text: string): Parsed<number> {
  const value = parseDuration(text);
  return value !== undefined && value <= 30 * 86_400_000 ? { value } : { allowed: 'a duration up to 30d such as 12h' };
}

/** Milliseconds of a duration from 1 s, of which something can be the mean. */
export function parseRunTime(text: string): Parsed<number> {
  const read = parseLongDuration(text);
  return 'value' in read && read.value >= 1_000 ? read : { allowed: 'a duration from 1s to 30d such as 2h' };
}

/** Milliseconds of a duration of at most an hour: more would outlive any grace period, and timers end at 24.8 days. */
export function parseShortDuration(text: string): Parsed<number> {
  const value = parseDuration(text);
  return value !== undefined && value <= 3_600_000
    ? { value }
    : { allowed: 'a duration up to 1h such as 10s or 1m30s' };
}

/** The key of a Kubernetes label: an optional DNS prefix, a slash and a name of at most 63 characters. */
export function parseLabelKey(text: string): Parsed<string> {
  const slash = text.lastIndexOf('/');
  const prefix = slash < 0 ? undefined : text.slice(0, slash);
  const isKey =
    isLabelValue(text.slice(slash + 1)) &&
    (prefix === undefined || (prefix.length <= 253 && DNS_SUBDOMAIN.test(prefix)));
  return isKey ? { value: text } : { allowed: `a label key such as ${REGION_LABEL}` };
}

/** `namespace`, `deployment`, or `label:app`. */
export const parseGrouping: Parser<PodGrouping> = Object.assign(
  (text: string): Parsed<PodGrouping> =>
    text === 'namespace' || text === 'deployment' || 'value' in parseLabelKey(groupingLabel(text) ?? '')
      ? { value: text as PodGrouping }
      : { allowed: 'namespace, deployment, or label: and the key of a label, such as label:app' },
  { words: ['namespace', 'deployment', 'label:app'] },
);

const KEY = '[A-Za-z0-9][A-Za-z0-9_./-]*';
const VALUE = '[A-Za-z0-9_.-]*';
const REQUIREMENT = [
  `!?\\s*${KEY}`,
  `${KEY}\\s*(?:=|==|!=)\\s*${VALUE}`,
  `${KEY}\\s+(?:not)?in\\s*\\(\\s*${VALUE}(?:\\s*,\\s*${VALUE})*\\s*\\)`,
  `${KEY}\\s*[<>]\\s*\\d+`,
].join('|');
const SELECTOR = new RegExp(`^\\s*(?:${REQUIREMENT})(?:\\s*,\\s*(?:${REQUIREMENT}))*\\s*$`);

/** A label selector as kubectl's `-l` takes it: its shape, so that a mistake is one of the command line; the API server reads it. */
export function parseLabelSelector(text: string): Parsed<string> {
  const isOne = text.length <= LONGEST_SELECTOR && SELECTOR.test(text);
  return isOne
    ? { value: text.trim() }
    : { allowed: "a label selector such as app=web,tier!=cache or 'app in (web, api)'" };
}

const LONGEST_SELECTOR = 4_096;

/** The namespace and name of an object, such as a ConfigMap. */
export function parseNamespacedName(text: string): Parsed<string> {
  const [namespace = '', name = '', ...rest] = text.split('/');
  const isOne = isDnsLabel(namespace) && name.length <= 253 && DNS_SUBDOMAIN.test(name) && rest.length === 0;
  return isOne ? { value: text } : { allowed: 'a namespace and a name such as gridgate-system/gridgate-kill-switch' };
}

function matching(isOne: (text: string) => boolean, allowed: string): Parser<string> {
  return (text) => (isOne(text) ? { value: text } : { allowed });
}
