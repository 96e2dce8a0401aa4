import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { parseAllDocuments } from 'yaml';

interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly additionalProperties?: Schema | boolean;
}

interface Field {
  readonly path: string;
  readonly description: string;
  readonly isNumber: boolean;
}

interface Crd {
  readonly kind: string;
  readonly spec: {
    readonly names: { readonly kind: string };
    readonly versions: readonly { readonly name: string; readonly schema: { readonly openAPIV3Schema: Schema } }[];
  };
}

/** Kubernetes has sentences of its own for these. */
const OF_KUBERNETES = ['apiVersion', 'kind', 'metadata'];
const UNIT =
  /gCO2e\/kWh|\bseconds\b|\bmilliseconds\b|\bpercent\b|\breplicas\b|\bloops\b|\bgeneration\b|\bany unit\b|\bper hour\b/i;

/** Every property below a schema; the values of a map and the members of a list are described by what holds them. */
function* fieldsOf({ properties = {}, items, additionalProperties }: Schema, path: string): Generator<Field> {
  for (const [name, schema] of Object.entries(properties)) {
    const isKubernetes = !path.includes('.') && OF_KUBERNETES.includes(name);
    if (!isKubernetes) yield toField(schema, `${path}.${name}`);
    yield* fieldsOf(schema, `${path}.${name}`);
  }
  if (items) yield* fieldsOf(items, `${path}[]`);
  if (typeof additionalProperties === 'object') yield* fieldsOf(additionalProperties, `${path}.*`);
}

function toField(schema: Schema, path: string): Field {
  const held = schema.items ?? (typeof schema.additionalProperties === 'object' ? schema.additionalProperties : schema);
  const isNumber = [schema, held].some(({ type }) => type === 'number' || type === 'integer');
  return { path, description: schema.description ?? '', isNumber };
}

const fields = globSync('manifests/{crd,capacity}/**/*.yaml')
  .flatMap((file) => parseAllDocuments(readFileSync(file, 'utf8')).map((one) => one.toJS() as Crd | null))
  .flatMap((object) => (object?.kind === 'CustomResourceDefinition' ? [object.spec] : []))
  .flatMap(({ names, versions }) =>
    versions.flatMap(({ schema: { openAPIV3Schema: schema } }) => [
      toField(schema, names.kind),
      ...fieldsOf(schema, names.kind),
    ]),
  );

describe('what kubectl explain says of our resources', () => {
  it('is a sentence for each field', () => {
    assert.ok(fields.length > 100, `${fields.length}`);
    assert.deepEqual(
      fields.filter(({ description }) => !/^[A-Z'`].{9,}\.$/s.test(description)).map(({ path }) => path),
      [],
    );
  });

  it('names the unit of each number', () => {
    const numbers = fields.filter(({ isNumber }) => isNumber);
    assert.ok(numbers.length > 30, `${numbers.length}`);
    assert.deepEqual(
      numbers.filter(({ description }) => !UNIT.test(description)).map(({ path }) => path),
      [],
    );
  });
});
