import { labelInPools, type PoolRequirement } from '../regions/node-pool.ts';

/** `unknown`: it hangs on a label of which gridgate does not know whether the nodes have it. */
export type Match = 'yes' | 'no' | 'unknown';

/** The values that a label can have; `absent`: the nodes have no such label. */
export type ValuesOf = (key: string) => readonly string[] | 'absent' | 'unknown';

/** What all requirements on one label ask for together. */
export interface Demand {
  /** Whether `values` are those that it does not take. */
  readonly isAllBut: boolean;
  readonly values: ReadonlySet<string>;
  readonly atLeast: number;
  readonly atMost: number;
}

/** Demands by label, with the names of today. */
export type Demands = ReadonlyMap<string, Demand>;

const NOTHING: Demand = {
  isAllBut: false,
  values: new Set(),
  atLeast: Number.NEGATIVE_INFINITY,
  atMost: Number.POSITIVE_INFINITY,
};
const ANYTHING: Demand = { ...NOTHING, isAllBut: true };

/** Puts the requirements on each label together, as Karpenter does (`scheduling.Requirement.Intersection`, 1.14). */
export function demandsOf(requirements: readonly PoolRequirement[]): Demands {
  const demands = new Map<string, Demand>();
  for (const requirement of requirements) {
    const label = labelInPools(requirement.key);
    const before = demands.get(label);
    const demand = demandOf(requirement);
    demands.set(label, before ? both(before, demand) : demand);
  }
  return demands;
}

/**
 * | operator       | takes                           |
 * | -------------- | ------------------------------- |
 * | In             | the values                      |
 * | NotIn          | all but the values              |
 * | Exists         | anything                        |
 * | Gt Gte Lt Lte  | whole numbers on that side      |
 * | DoesNotExist   | nothing                         |
 */
function demandOf({ operator, values = [] }: PoolRequirement): Demand {
  const bound = WHOLE.test(values[0] ?? '') ? Number(values[0]) : 0;
  switch (operator) {
    case 'In':
      return { ...NOTHING, values: new Set(values) };
    case 'NotIn':
      return { ...ANYTHING, values: new Set(values) };
    case 'Gt':
      return { ...ANYTHING, atLeast: bound + 1 };
    case 'Gte':
      return { ...ANYTHING, atLeast: bound };
    case 'Lt':
      return { ...ANYTHING, atMost: bound - 1 };
    case 'Lte':
      return { ...ANYTHING, atMost: bound };
    default:
      return operator === 'Exists' ? ANYTHING : NOTHING;
  }
}

function both(a: Demand, b: Demand): Demand {
  const atLeast = Math.max(a.atLeast, b.atLeast);
  const atMost = Math.min(a.atMost, b.atMost);
  if (atLeast > atMost) return NOTHING;
  const isAllBut = a.isAllBut && b.isAllBut;
  const [first, second] = a.isAllBut && !b.isAllBut ? [b, a] : [a, b];
  const named = isAllBut ? [...a.values, ...b.values] : [...first.values].filter((value) => takes(second, value));
  const values = new Set(named.filter((value) => isWithin(value, atLeast, atMost)));
  // The bounds of a list are in its values.
  return isAllBut ? { isAllBut, values, atLeast, atMost } : { ...NOTHING, values };
}

/** Whether a label may have a value. */
export function takes({ isAllBut, values, atLeast, atMost }: Demand, value: string): boolean {
  return values.has(value) !== isAllBut && isWithin(value, atLeast, atMost);
}

/**
 * Whether nodes may lack the label: where nothing is left that it could be, and where values are shut out, whatever else is asked
 * for. So `Exists` and `NotIn`, or two lists without a common value, match nodes without it.
 */
export function takesAbsence({ isAllBut, values }: Demand): boolean {
  return isAllBut === values.size > 0;
}

const WHOLE = /^[+-]?\d+$/;

function isWithin(value: string, atLeast: number, atMost: number): boolean {
  if (atLeast === Number.NEGATIVE_INFINITY && atMost === Number.POSITIVE_INFINITY) return true;
  return WHOLE.test(value) && Number(value) >= atLeast && Number(value) <= atMost;
}

/** Whether a label with these values is as it is asked for. */
export function meets(demand: Demand, values: ReturnType<ValuesOf>): Match {
  if (values === 'unknown') return 'unknown';
  if (values === 'absent') return takesAbsence(demand) ? 'yes' : 'no';
  return values.some((value) => takes(demand, value)) ? 'yes' : 'no';
}
