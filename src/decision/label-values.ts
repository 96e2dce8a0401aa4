import { parseInteger, type Requirement, satisfies } from './node-selector.ts';

/** What requirements leave of the values of one label. */
export interface LabelValues {
  /** Whether the label need not be there. */
  readonly mayLack: boolean;
  /** The only ones; absent: any but those `out`, and within the bounds, which only integers are. */
  readonly listed?: ReadonlySet<string>;
  readonly out: ReadonlySet<string>;
  readonly above?: bigint;
  readonly below?: bigint;
}

/** Takes as long as the requirements have values, however many they are. */
export function valuesOf(requirements: readonly Requirement[]): LabelValues {
  const valuesBy = (operator: string) =>
    requirements.filter((one) => one.operator === operator).map(({ values }) => values ?? []);
  const open = {
    mayLack: requirements.every((one) => satisfies(one, undefined)),
    out: new Set(valuesBy('NotIn').flat()),
    ...boundsOf(valuesBy('Gt'), valuesBy('Lt')),
  };
  if (requirements.some(hasNone)) return { ...open, listed: NONE };
  const [shortest, ...others] = valuesBy('In').sort((a, b) => a.length - b.length);
  if (!shortest) return open;
  const sets = others.map((list) => new Set(list));
  const isLeft = (value: string) => sets.every((list) => list.has(value)) && isAdmitted(open, value);
  return { ...open, listed: new Set(shortest.filter(isLeft)) };
}

/** The label is one of these. */
export function listOf(values: readonly string[]): LabelValues {
  return { mayLack: false, listed: new Set(values), out: NONE };
}

/** `undefined`: the label is not there. */
export function isAdmitted(values: LabelValues, value: string | undefined): boolean {
  if (value === undefined) return values.mayLack;
  if (values.listed) return values.listed.has(value);
  return !values.out.has(value) && isWithin(values, value);
}

/** Whether a label that is there may have a value that both admit, and `isOpen` too, which is asked of each value that is tried. */
export function haveCommon(
  one: LabelValues,
  other: LabelValues = ANY,
  isOpen: (value: string) => boolean = () => true,
): boolean {
  const [few, many] = (one.listed?.size ?? Infinity) <= (other.listed?.size ?? Infinity) ? [one, other] : [other, one];
  if (!few.listed) return haveUnlisted(one, other, isOpen);
  for (const value of few.listed) if (isOpen(value) && isAdmitted(many, value)) return true;
  return false;
}

const NONE: ReadonlySet<string> = new Set();
const ANY: LabelValues = { mayLack: true, out: NONE };
/** Integers of Kubernetes have 64 bits. */
const [LEAST, MOST] = [-(2n ** 63n), 2n ** 63n - 1n];

function boundsOf(above: readonly (readonly string[])[], below: readonly (readonly string[])[]) {
  const integers = (bounds: readonly (readonly string[])[]) => bounds.map(([bound]) => parseInteger(bound) ?? 0n);
  return {
    ...(above.length > 0 && { above: integers(above).reduce((a, b) => (a > b ? a : b)) }),
    ...(below.length > 0 && { below: integers(below).reduce((a, b) => (a < b ? a : b)) }),
  };
}

const OPERATORS: ReadonlySet<string> = new Set(['In', 'NotIn', 'Exists', 'Gt', 'Lt']);

/** Whether no value meets a requirement: it wants none, or says nothing that can be understood. */
function hasNone({ operator, values }: Requirement): boolean {
  const isBound = operator === 'Gt' || operator === 'Lt';
  return !OPERATORS.has(operator) || (isBound && parseInteger(values?.[0]) === undefined);
}

function isWithin({ above, below }: LabelValues, value: string): boolean {
  if (above === undefined && below === undefined) return true;
  const integer = parseInteger(value);
  return integer !== undefined && integer > (above ?? LEAST - 1n) && integer < (below ?? MOST + 1n);
}

/** Of all texts there are always more than anybody names; of integers within bounds there may be few. */
function haveUnlisted(one: LabelValues, other: LabelValues, isOpen: (value: string) => boolean): boolean {
  const bounds = boundsTogether(one, other);
  if (!bounds) return true;
  const named = BigInt(one.out.size + other.out.size);
  for (let value = bounds.first; value <= bounds.last && value <= bounds.first + named; value++) {
    const text = String(value);
    if (isOpen(text) && !one.out.has(text) && !other.out.has(text)) return true;
  }
  return false;
}

function boundsTogether(one: LabelValues, other: LabelValues) {
  const [above, below] = [
    [one.above, other.above].filter((bound) => bound !== undefined),
    [one.below, other.below].filter((bound) => bound !== undefined),
  ];
  if (above.length + below.length === 0) return undefined;
  return {
    first: above.reduce((a, b) => (a > b ? a : b), LEAST - 1n) + 1n,
    last: below.reduce((a, b) => (a < b ? a : b), MOST + 1n) - 1n,
  };
}
