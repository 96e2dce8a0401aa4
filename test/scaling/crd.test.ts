import assert from 'node:assert/strict';
import { it } from 'node:test';
import { regionalSpec } from '../../src/scaling/regional-autoscaler.ts';
import { mapped, readCrd, type Shape, schemaOf, shapes } from '../regions/schema-shapes.ts';

const crd = readCrd('manifests/capacity/regional-autoscaler/crd.yaml');

it('the CRD of RegionalAutoscalers takes the spec that its controller reads', () =>
  assert.deepEqual(
    mapped(shapes(schemaOf(regionalSpec)), (shape) => shape),
    mapped(shapes(crd?.['spec']), withoutLengths),
  ));

/** Of durations: the pattern alone takes nothing at all for one, and rules about them are to cost little. */
function withoutLengths(shape: Shape, path: string): Shape {
  const { minLength, maxLength, ...rest } = shape;
  return path === '.cooldown' || path === '.loop' ? rest : shape;
}
