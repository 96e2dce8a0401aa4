import { MOST_OWNERS } from '../../scaling/kept-owners.ts';
import { isMapping } from '../../units/is-mapping.ts';
import { REGION_LABEL, ZONE_LABEL } from '../../units/label-names.ts';
import { parseQuantity } from '../../units/quantity.ts';
import type { FieldOwner } from '../field-owners.ts';

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
  /** Of zones: in which region each value lies, as far as that is known. */
  readonly regions?: Readonly<Record<string, string>> | undefined;
}

const VERSION = 1;
/** What the guard lets through, in characters. */
export const LONGEST_HOLD = 4_096;
/** No more cores: Karpenter creates no node where a limit is reached, and keeps those that there are. */
export const NO_CORES = '0';

/** The annotation's text. Its order is fixed: what stands before the owners is what the guard compares (manifests/capacity/node-pools/guard.yaml). */
export function formatHold({ field, key, value, hadNoLimits, owners, wrote, regions }: Hold): string {
  return JSON.stringify({ version: VERSION, field, key, value, owners, wrote, hadNoLimits, regions });
}

/** Reads it; `undefined` where there is none, or what this controller never writes: that is put back nowhere. */
export function parseHold(text: string | undefined): Hold | undefined {
  const parsed = text !== undefined && text.length <= LONGEST_HOLD ? parseJson(text) : undefined;
  if (!parsed || parsed['version'] !== VERSION) return undefined;
  const { key, value, owners, wrote, regions } = parsed;
  const field = POOL_FIELDS.find((one) => one === parsed['field']);
  if (field === undefined || !isHeld(field, value, wrote) || !areOwners(owners)) return undefined;
  if (field === 'requirements' ? !isNarrowedKey(key) : key !== undefined) return undefined;
  return {
    field,
    ...(isNarrowedKey(key) && { key }),
    value,
    ...(parsed['hadNoLimits'] === true && { hadNoLimits: true }),
    owners,
    wrote: wrote as FieldValue,
    ...(isMapping(regions) && { regions: textsIn(regions) }),
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

/**
 * | field        | what its owner had     | what we wrote                    |
 * | ------------ | ---------------------- | -------------------------------- |
 * | limits.cpu   | a quantity, or nothing | "0"                              |
 * | weight       | 1 to 100, or nothing   | 1 to 100                         |
 * | requirements | values of a label      | some of them, and at least one   |
 */
function isHeld(field: PoolField, value: unknown, wrote: unknown): value is FieldValue {
  if (field === 'limits.cpu') return (value === null || isAmount(value)) && wrote === NO_CORES;
  if (field === 'weight') return (value === null || isWeight(value)) && isWeight(wrote);
  return isTexts(value) && isTexts(wrote) && wrote.length > 0 && wrote.every((one) => value.includes(one));
}

function isAmount(value: unknown): value is string | number {
  return (parseQuantity(value) ?? -1) >= 0;
}

function isWeight(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 1 && Number(value) <= 100;
}

function isNarrowedKey(key: unknown): key is string {
  return key === ZONE_LABEL || key === REGION_LABEL;
}

function areOwners(owners: unknown): owners is readonly FieldOwner[] {
  return Array.isArray(owners) && owners.length <= MOST_OWNERS && owners.every(isOwner);
}

function textsIn(mapping: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  const texts = Object.entries(mapping).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  return Object.fromEntries(texts);
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
