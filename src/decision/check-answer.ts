import { ANNOTATION_PREFIX } from './namespace-record.ts';
import { MODES, type Mode } from './policy.ts';

/**
 * Asks who answers: on a pod, or in a dry run on a Namespace, it adds one warning to the answer and changes nothing else of it.
 * Its value comes back in the warning, so that whoever asked knows the answer for theirs.
 */
export const CHECK_NAME = 'check';
export const CHECK_KEY = ANNOTATION_PREFIX + CHECK_NAME;

/** What a replica says of itself. */
export interface CheckAnswer {
  /** The annotation's value, where it is a short word. */
  readonly id: string;
  readonly version: string;
  /** What counts for the object; `unknown` where nobody knows its namespace. */
  readonly mode: Mode | 'unknown';
  readonly reason: string;
  /** How many are known to it. */
  readonly regions: number;
  /** Epoch milliseconds, by its own clock. */
  readonly clock: number;
}

const START = 'gridgate check:';
const ID = /^[A-Za-z0-9-]{1,64}$/;
const NO_ID = '-';

/** The warning: `gridgate check: id=a1 version=0.1.0 mode=enforce reason=steered regions=8 clock=2026-11-22T09:00:00.000Z`. */
export function writeCheckAnswer({ id, clock, ...rest }: CheckAnswer): string {
  const { version, mode, reason, regions } = rest;
  const words = { id: ID.test(id) ? id : NO_ID, version, mode, reason, regions, clock: new Date(clock).toISOString() };
  return [START, ...Object.entries(words).map(([name, value]) => `${name}=${value}`)].join(' ');
}

/** Reads such a warning again; `undefined` for any other text. */
export function readCheckAnswer(text: string): CheckAnswer | undefined {
  if (!text.startsWith(`${START} `)) return undefined;
  const pairs = text
    .slice(START.length + 1)
    .split(' ')
    .map((word) => word.split('=', 2) as [string, string?]);
  const { id, version, mode: said, reason, regions, clock } = Object.fromEntries(pairs);
  const mode = ([...MODES, 'unknown'] as const).find((one) => one === said);
  const [at, count] = [Date.parse(clock ?? ''), Number(regions)];
  if (id === undefined || version === undefined || reason === undefined || !mode) return undefined;
  if (Number.isNaN(at) || !Number.isInteger(count)) return undefined;
  return { id, version, mode, reason, regions: count, clock: at };
}
