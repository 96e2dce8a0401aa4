import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { regionResource } from '../../src/regions/region-resource.ts';
import { regionStatus } from '../../src/regions/region-status.ts';
import { mapped, readCrd, type Shape, schemaOf, shapes } from './schema-shapes.ts';

const crd = readCrd('manifests/crd/regions.yaml');

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
