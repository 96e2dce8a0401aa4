import { MOST_OWNERS } from '../scaling/kept-owners.ts';
import { isMapping } from '../units/is-mapping.ts';

/** Who owns a field, as `metadata.managedFields` says it. */
export interface FieldOwner {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion: string;
}

/** An entry of `metadata.managedFields`: which fields a manager wrote. */
export interface ManagedFields extends FieldOwner {
  readonly subresource?: string;
  readonly time?: string;
  readonly fieldsType?: string;
  readonly fieldsV1?: FieldSet;
}

interface FieldSet {
  readonly [name: string]: FieldSet | undefined;
}

/** Whose fields are those of the controller with this field manager: `gridgate uninstall` gives them back, too. */
function isOurs(manager: string, own: string): boolean {
  return manager === own || manager === 'gridgate-uninstall';
}

/** Where a field stands in `fieldsV1`: `f:spec`, `f:weight`. */
export type FieldPath = readonly string[];

/** Who owns a field beside us, whose field manager is `own`. */
export function ownersOf(managed: readonly ManagedFields[], path: FieldPath, own: string): readonly FieldOwner[] {
  return managed
    .filter((one) => !isOurs(one.manager, own) && !one.subresource && hasPath(one.fieldsV1, path))
    .slice(0, MOST_OWNERS)
    .map(({ manager, operation, apiVersion }) => ({ manager, operation, apiVersion }));
}

/** Whether a field is ours: a server-side apply of ours that leaves it out would remove it. */
export function isOwned(managed: readonly ManagedFields[], path: FieldPath, own: string): boolean {
  return managed.some(({ manager, fieldsV1 }) => isOurs(manager, own) && hasPath(fieldsV1, path));
}

/**
 * The same entries without ours, and with a field given back to whom it belonged: a later server-side apply of theirs then
 * neither conflicts with us nor leaves the field behind when they drop it.
 */
export function handBack(
  managed: readonly ManagedFields[],
  path: FieldPath,
  owners: readonly FieldOwner[],
  own: string,
): readonly ManagedFields[] {
  const others = managed.filter(({ manager }) => !isOurs(manager, own));
  return owners.reduce<readonly ManagedFields[]>((entries, owner) => give(entries, path, owner), others);
}

function give(entries: readonly ManagedFields[], path: FieldPath, owner: FieldOwner): readonly ManagedFields[] {
  const index = entries.findIndex((one) => isOf(one, owner));
  const entry = entries[index] ?? { ...owner, fieldsType: 'FieldsV1' };
  const given = { ...entry, fieldsV1: withPath(entry.fieldsV1 ?? {}, path) };
  return index < 0 ? [...entries, given] : entries.with(index, given);
}

function isOf(entry: ManagedFields, { manager, operation, apiVersion }: FieldOwner): boolean {
  return (
    entry.manager === manager && entry.operation === operation && entry.apiVersion === apiVersion && !entry.subresource
  );
}

function hasPath(fields: FieldSet | undefined, path: FieldPath): boolean {
  return path.reduce<unknown>((set, name) => (isMapping(set) ? set[name] : undefined), fields) !== undefined;
}

function withPath(fields: FieldSet, [name, ...rest]: FieldPath): FieldSet {
  return name === undefined ? fields : { ...fields, [name]: withPath(fields[name] ?? {}, rest) };
}
