import { nameFew } from '../../units/tell-few.ts';
import type { FieldValue, Hold } from './hold.ts';

const MOST_VALUES = 5;

/** A field in words: `spec.limits.cpu`, `topology.kubernetes.io/zone`. */
export function nameField({ field, key }: Pick<Hold, 'field' | 'key'>): string {
  return key === undefined ? `spec.${field}` : key;
}

/** What stands in a field, in words. */
export function show(value: FieldValue): string {
  if (value === null) return 'none';
  return Array.isArray(value) ? `[${nameFew(value as readonly string[], MOST_VALUES, String)}]` : String(value);
}
