import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { z } from 'zod';
import { regionResource } from '../../src/regions/region-resource.ts';
import { regionStatus } from '../../src/regions/region-status.ts';

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

const CRD = parse(readFileSync('manifests/crd/regions.yaml', 'utf8')) as {
  spec: { versions: readonly { schema: { openAPIV3Schema: Schema } }[] };
};
const crd = CRD.spec.versions[0]?.schema.openAPIV3Schema.properties;

type Shape = Readonly<Record<string, unknown>>;
type Shapes = Readonly<Record<string, Shape>>;

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

function shapes(schema: Schema | undefined): Shapes {
  assert.ok(schema);
  return Object.fromEntries([...shapeOf(schema, '')].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function schemaOf(type: z.ZodType): Schema {
  return z.toJSONSchema(type, { io: 'input', unrepresentable: 'any' }) as Schema;
}

describe('the CRD of Regions', () => {
  it('takes the same spec as a file of Regions', () =>
    assert.deepEqual(shapes(schemaOf(regionResource).properties?.['spec']), shapes(crd?.['spec'])));

  it('has the status that gridgate writes and reads', () =>
    assert.deepEqual(shapes(schemaOf(regionStatus)), mapped(shapes(crd?.['status']), withoutBoundsOfConditions)));
});

/** Conditions have the shape that Kubernetes gives them everywhere; a reader takes what is there. */
function withoutBoundsOfConditions(shape: Shape, path: string): Shape {
  if (!path.startsWith('.conditions[]')) return shape;
  const { minLength, minimum, type, ...rest } = shape;
  return { ...rest, type: type === 'integer' ? 'number' : type };
}

function mapped(all: Shapes, change: (shape: Shape, path: string) => Shape): Shapes {
  return Object.fromEntries(Object.entries(all).map(([path, shape]) => [path, change(shape, path)]));
}
