import { isMapping } from '../../units/is-mapping.ts';
import type { FieldOwner } from './field-owners.ts';

/** The fields of a NodePool that this controller writes, one for each mode. */
export const POOL_FIELDS = ['limits.cpu', 'weight', 'requirements'] as const;
export type PoolField = (typeof POOL_FIELDS)[number];

/** What stands in a field; of `requirements` the values of one item; `null`: nothing. */
export type FieldValue = string | number | readonly string[] | null;

/** What the annotation `gridgate.dev/carbon-before` keeps for as long as a field of the pool's owner is written by us. */
export interface Hold {
  readonly field: PoolField;
  /** Of `requirements`: the item with this key and the operator `In`. */
  readonly key?: string;
  /** What its owner had there. */
  readonly value: FieldValue;
  /** Of `limits.cpu`: `spec.limits` was not there either. */
  readonly hadNoLimits?: true;
  /** Whose it was, as managedFields said. */
  readonly owners: readonly FieldOwner[];
  /** What we wrote there. */
  readonly wrote: FieldValue;
}

const VERSION = 1;

/** The annotation's text. Its order is fixed: what stands before the owners is what the guard compares (manifests/capacity/node-pools/guard.yaml). */
export function formatHold({ field, key, value, hadNoLimits, owners, wrote }: Hold): string {
  return JSON.stringify({ version: VERSION, field, key, value, owners, wrote, hadNoLimits });
}

/** Reads it; `undefined` where there is none, or nothing that can be put back. */
export function parseHold(text: string | undefined): Hold | undefined {
  const parsed = parseJson(text);
  if (!parsed || parsed['version'] !== VERSION) return undefined;
  const { key, value, owners, wrote } = parsed;
  const field = POOL_FIELDS.find((one) => one === parsed['field']);
  if (field === undefined || !isValueOf(field, value) || !isValueOf(field, wrote)) return undefined;
  if (field === 'requirements' && typeof key !== 'string') return undefined;
  return {
    field,
    ...(typeof key === 'string' && { key }),
    value,
    ...(parsed['hadNoLimits'] === true && { hadNoLimits: true }),
    owners: Array.isArray(owners) ? owners.filter(isOwner) : [],
    wrote,
  };
}

/** An object in JSON; `undefined` for anything else. */
export function parseJson(text: string | undefined): Readonly<Record<string, unknown>> | undefined {
  try {
    const parsed: unknown = JSON.parse(text ?? 'null');
    return isMapping(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function isValueOf(field: PoolField, value: unknown): value is FieldValue {
  if (field === 'requirements') return isTexts(value);
  if (value === null) return true;
  return field === 'weight' ? typeof value === 'number' : typeof value === 'string' || typeof value === 'number';
}

export function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}

function isOwner(value: unknown): value is FieldOwner {
  return (
    isMapping(value) &&
    typeof value['manager'] === 'string' &&
    typeof value['apiVersion'] === 'string' &&
    (value['operation'] === 'Apply' || value['operation'] === 'Update')
  );
}
