import { createMemory, remember } from './remember.ts';

/** A node selector requirement, as the API server sends it. */
export interface Requirement {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[] | null;
}

export interface NodeSelectorTerm {
  readonly matchExpressions?: readonly Requirement[] | null;
  readonly matchFields?: readonly Requirement[] | null;
}

/**
 * Whether a node whose label (or field) has this value satisfies a requirement, as kube-scheduler sees it:
 *
 * | operator     | label absent | label present       |
 * | ------------ | ------------ | ------------------- |
 * | In           | no           | value is listed     |
 * | NotIn        | yes          | value is not listed |
 * | Exists       | no           | yes                 |
 * | DoesNotExist | yes          | no                  |
 * | Gt, Lt       | no           | integers compare    |
 */
export function satisfies(requirement: Requirement, value: string | undefined): boolean {
  const values = requirement.values ?? [];
  switch (requirement.operator) {
    case 'In':
      return value !== undefined && isListed(values, value);
    case 'NotIn':
      return value === undefined || !isListed(values, value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
      return compareIntegers(value, values[0], (a, b) => a > b);
    case 'Lt':
      return compareIntegers(value, values[0], (a, b) => a < b);
    default:
      return false;
  }
}

/** Longer lists become a set: one of thousands may be compared with thousands of nodes. */
const LONG_LIST = 32;
const sets = createMemory<readonly string[], ReadonlySet<string>>();

function isListed(values: readonly string[], value: string): boolean {
  if (values.length <= LONG_LIST) return values.includes(value);
  return remember(sets, values, () => new Set(values)).has(value);
}

/** An empty term matches no node at all. */
export function isEmptyTerm(term: NodeSelectorTerm): boolean {
  return !term.matchExpressions?.length && !term.matchFields?.length;
}

/** An integer as the scheduler parses it (64 bit, signed); `undefined` for any other text, which never compares. */
export function parseInteger(text: string | undefined): bigint | undefined {
  if (text === undefined || !/^[+-]?0{0,999}\d{1,19}$/.test(text)) return undefined;
  const integer = BigInt(text);
  return BigInt.asIntN(64, integer) === integer ? integer : undefined;
}

function compareIntegers(
  leftText: string | undefined,
  rightText: string | undefined,
  holds: (left: bigint, right: bigint) => boolean,
): boolean {
  const left = parseInteger(leftText);
  const right = parseInteger(rightText);
  return left !== undefined && right !== undefined && holds(left, right);
}
