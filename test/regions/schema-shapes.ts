import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';

/** What JSON Schema and OpenAPI say alike. */
interface Schema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly prefixItems?: readonly Schema[];
  readonly additionalProperties?: Schema | boolean;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly 'x-kubernetes-int-or-string'?: boolean;
  readonly anyOf?: readonly Schema[];
}

export type Shape = Readonly<Record<string, unknown>>;
export type Shapes = Readonly<Record<string, Shape>>;

/** The parts of the object that a CRD describes. */
export function readCrd(file: string): Readonly<Record<string, Schema>> | undefined {
  const crd = parse(readFileSync(file, 'utf8')) as {
    spec: { versions: readonly { schema: { openAPIV3Schema: Schema } }[] };
  };
  return crd.spec.versions[0]?.schema.openAPIV3Schema.properties;
}

/** The shape of each field by its path: type, bounds, words, and what has to be there. */
function shapeOf(schema: Schema, path: string, isRequired = true): readonly (readonly [path: string, shape: Shape])[] {
  const { type, minimum, maximum, minLength, properties = {}, required = [] } = schema;
  const isEither = schema['x-kubernetes-int-or-string'] === true || schema.anyOf !== undefined;
  const ofAny = typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined;
  const items = schema.prefixItems?.[0] ?? schema.items;
  const shape = {
    type: isEither ? 'number or text' : type,
    minimum,
    maximum,
    minLength,
    enum: schema.enum,
    isRequired,
  };
  return [
    [path, JSON.parse(JSON.stringify(shape))],
    ...Object.entries(properties).flatMap(([name, inner]) =>
      shapeOf(inner, `${path}.${name}`, required.includes(name)),
    ),
    ...(items ? shapeOf(items, `${path}[]`) : []),
    ...(ofAny ? shapeOf(ofAny, `${path}.*`) : []),
  ];
}

export function shapes(schema: Schema | undefined): Shapes {
  assert.ok(schema);
  return Object.fromEntries([...shapeOf(schema, '')].sort(([a], [b]) => (a < b ? -1 : 1)));
}

export function schemaOf(type: z.ZodType): Schema {
  return z.toJSONSchema(type, { io: 'input', unrepresentable: 'any' }) as Schema;
}

export function mapped(all: Shapes, change: (shape: Shape, path: string) => Shape): Shapes {
  return Object.fromEntries(Object.entries(all).map(([path, shape]) => [path, change(shape, path)]));
}
