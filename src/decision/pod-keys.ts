import { WORKLOAD_KEYS } from './carbon-budget.ts';
import { ANNOTATION_PREFIX } from './namespace-record.ts';
import { nearestKey, POLICY_ANNOTATIONS } from './policy-annotations.ts';

/** What pods may be annotated with under `gridgate.dev/`. */
export const POD_KEYS: readonly string[] = [
  'class',
  'regions',
  'max-intensity',
  'defer',
  'deadline',
  'duration',
  'region',
];

/** A sentence on a key that means nothing on pods: what was probably meant, or that it belongs on the Namespace. */
export function unknownKey(name: string, what: 'annotation' | 'pod annotation'): string {
  const key = ANNOTATION_PREFIX + name;
  if (Object.hasOwn(POLICY_ANNOTATIONS, name)) return `${key}: no such ${what}; write it to the Namespace`;
  if (what === 'pod annotation' && WORKLOAD_KEYS.includes(name))
    return `${key}: no such ${what}; write it to the Deployment or StatefulSet itself`;
  const nearest = nearestKey(name, what === 'annotation' ? [...POD_KEYS, ...WORKLOAD_KEYS] : POD_KEYS);
  return `${key}: no such ${what}${nearest === undefined ? '' : `, did you mean ${ANNOTATION_PREFIX}${nearest}?`}`;
}
