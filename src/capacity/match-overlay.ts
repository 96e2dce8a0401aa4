import type { PoolRequirement } from '../regions/node-pool.ts';
import { OLD_REGION_LABEL, OLD_ZONE_LABEL, REGION_LABEL, ZONE_LABEL } from '../units/label-names.ts';

/** `unknown`: it hangs on a label of which gridgate does not know whether the nodes have it. */
export type Match = 'yes' | 'no' | 'unknown';

/** The values that a label can have; `absent`: the nodes have no such label. */
export type ValuesOf = (key: string) => readonly string[] | 'absent' | 'unknown';

/** Names from before Kubernetes 1.17, which Karpenter takes for the new ones. */
const OLD_KEYS: Readonly<Record<string, string>> = {
  'beta.kubernetes.io/arch': 'kubernetes.io/arch',
  'beta.kubernetes.io/os': 'kubernetes.io/os',
  'beta.kubernetes.io/instance-type': 'node.kubernetes.io/instance-type',
  [OLD_ZONE_LABEL]: ZONE_LABEL,
  [OLD_REGION_LABEL]: REGION_LABEL,
};

/** The label that a requirement is about. */
export function keyOf({ key }: PoolRequirement): string {
  return (Object.hasOwn(OLD_KEYS, key) ? OLD_KEYS[key] : undefined) ?? key;
}

/**
 * Whether an overlay applies where labels have these values, as Karpenter decides it (`scheduling.Requirements`, 1.14): every key by
 * itself, and of several requirements on one key all by the same value.
 */
export function matchOverlay(requirements: readonly PoolRequirement[], valuesOf: ValuesOf): Match {
  let match: Match = 'yes';
  for (const [key, onKey] of Map.groupBy(requirements, keyOf)) {
    const values = valuesOf(key);
    if (values === 'unknown') match = 'unknown';
    else if (!(values === 'absent' ? onKey.every(allowsAbsence) : values.some((value) => onKey.every(fits(value)))))
      return 'no';
  }
  return match;
}

function allowsAbsence({ operator }: PoolRequirement): boolean {
  return operator === 'NotIn' || operator === 'DoesNotExist';
}

/**
 * | operator       | a value fits where it is        |
 * | -------------- | ------------------------------- |
 * | In             | one of the values               |
 * | NotIn          | none of them                    |
 * | Exists         | any                             |
 * | Gt Gte Lt Lte  | a whole number on that side     |
 * | DoesNotExist   | none at all                     |
 */
function fits(value: string): (requirement: PoolRequirement) => boolean {
  return ({ operator, values = [] }) => {
    switch (operator) {
      case 'In':
        return values.includes(value);
      case 'NotIn':
        return !values.includes(value);
      case 'Exists':
        return true;
      case 'DoesNotExist':
        return false;
      default:
        return isOnSide(operator, value, values[0] ?? '');
    }
  };
}

const WHOLE = /^[+-]?\d+$/;

function isOnSide(operator: string, value: string, bound: string): boolean {
  if (!WHOLE.test(value) || !WHOLE.test(bound)) return false;
  const distance = Number(value) - Number(bound);
  if (operator === 'Gt') return distance > 0;
  if (operator === 'Gte') return distance >= 0;
  if (operator === 'Lt') return distance < 0;
  return operator === 'Lte' && distance <= 0;
}
