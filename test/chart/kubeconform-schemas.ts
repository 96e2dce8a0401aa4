import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly format?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly 'x-kubernetes-group-version-kind'?: readonly { group: string; version: string; kind: string }[];
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
}

/** An API server's `/openapi/v2`. */
export interface OpenApi {
  readonly definitions: Readonly<Record<string, Schema>>;
}

/** Where kubeconform finds what `writeSchemas` wrote: `deployment-apps-v1.json`. */
export const SCHEMA_LOCATION = '{{.ResourceKind}}{{.KindSuffix}}.json';

/** Writes a strict JSON Schema of each kind into a folder; answers how many. A key that the API server does not know is refused. */
export function writeSchemas({ definitions }: OpenApi, folder: string): number {
  mkdirSync(folder, { recursive: true });
  const strict = Object.fromEntries(
    Object.entries(definitions).map(([name, schema]) => [name, withDefinition(name, schema)]),
  );
  const kinds = Object.entries(definitions).flatMap(([name, schema]) =>
    (schema['x-kubernetes-group-version-kind'] ?? []).map((kind) => ({ name, ...kind })),
  );
  for (const { name, group, version, kind } of kinds) {
    const suffix = [...(group === '' ? [] : [group.split('.')[0]]), version].join('-').toLowerCase();
    const used = Object.fromEntries([...reachable(name, strict)].map((one) => [one, strict[one]]));
    const text = JSON.stringify({ $ref: `#/definitions/${name}`, definitions: used });
    writeFileSync(join(folder, `${kind.toLowerCase()}-${suffix}.json`), text);
  }
  return kinds.length;
}

function withDefinition(name: string, schema: Schema): object {
  // A number or a text, whatever the document says of its type.
  if (name.endsWith('.IntOrString') || name.endsWith('.Quantity')) return { type: ['string', 'integer', 'number'] };
  return toStrict(schema);
}

function toStrict(schema: Schema): object {
  const { properties, items, additionalProperties, ...rest } = schema;
  if (schema.format === 'int-or-string') return { type: ['string', 'integer'] };
  const isOpen = additionalProperties !== undefined || schema['x-kubernetes-preserve-unknown-fields'] === true;
  return {
    ...rest,
    ...(items && { items: toStrict(items) }),
    ...(properties && { properties: mapValues(properties, toStrict), ...(!isOpen && { additionalProperties: false }) }),
    ...(typeof additionalProperties === 'object' && { additionalProperties: toStrict(additionalProperties) }),
  };
}

function mapValues<T, U>(values: Readonly<Record<string, T>>, map: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, map(value)]));
}

function reachable(name: string, definitions: Readonly<Record<string, object>>, seen = new Set<string>()): Set<string> {
  if (seen.has(name)) return seen;
  seen.add(name);
  const refs = JSON.stringify(definitions[name] ?? {}).matchAll(/"#\/definitions\/([^"]+)"/g);
  for (const [, ref = ''] of refs) reachable(ref, definitions, seen);
  return seen;
}
