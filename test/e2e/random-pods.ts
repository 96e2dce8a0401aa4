import fc from 'fast-check';
import { HOSTNAME_LABEL, REGION_LABEL, ZONE_LABEL } from '../builders.ts';
import type { Rendered } from '../cluster/rendered-manifests.ts';
import { pod, requesting } from './objects.ts';

const ARCH_LABEL = 'kubernetes.io/arch';
/** What some nodes offer beside the usual. */
export const DEVICE = 'example.com/device';

/** What random constraints are made of. */
export interface Places {
  readonly regions: readonly string[];
  readonly zones: readonly string[];
  readonly nodes: readonly string[];
}

const oneOf = fc.constantFrom;
/** This value with the chance `percent`, otherwise nothing. */
const sometimes = <T>(percent: number, arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight: 100 - percent, arbitrary: fc.constant(undefined) }, { weight: percent, arbitrary });
const some = (values: readonly string[]) =>
  fc.subarray([...values], { minLength: 1, maxLength: Math.min(3, values.length) });

/** Pods as users write them, each valid for the API server. */
export function randomPods({ regions, zones, nodes }: Places, count: number, seed: number): Rendered[] {
  const listing = (key: string, values: readonly string[]) =>
    fc.oneof(
      { weight: 5, arbitrary: some(values).map((listed) => ({ key, operator: 'In', values: listed })) },
      { weight: 3, arbitrary: some(values).map((listed) => ({ key, operator: 'NotIn', values: listed })) },
      { weight: 1, arbitrary: oneOf('Exists', 'DoesNotExist').map((operator) => ({ key, operator })) },
    );
  const comparing = (key: string) =>
    fc.record({
      key: fc.constant(key),
      operator: oneOf('Gt', 'Lt'),
      values: oneOf('0', '1', '2', '3').map((n) => [n]),
    });
  const expression = fc.oneof(
    { weight: 6, arbitrary: listing(REGION_LABEL, regions) },
    { weight: 3, arbitrary: listing(ZONE_LABEL, zones) },
    { weight: 2, arbitrary: listing(HOSTNAME_LABEL, nodes) },
    { weight: 2, arbitrary: comparing('number') },
    { weight: 1, arbitrary: comparing(REGION_LABEL) },
    { weight: 1, arbitrary: listing('number', ['1', '2', '9']) },
    { weight: 1, arbitrary: listing('gpu', ['a100']) },
    { weight: 2, arbitrary: listing('disk', ['ssd', 'hdd']) },
    { weight: 1, arbitrary: listing(ARCH_LABEL, ['amd64', 'arm64']) },
  );
  const field = fc.record({
    key: fc.constant('metadata.name'),
    operator: oneOf('In', 'In', 'NotIn'),
    values: oneOf(...nodes).map((name) => [name]),
  });
  const term = fc.oneof(
    { weight: 8, arbitrary: fc.record({ matchExpressions: fc.array(expression, { minLength: 1, maxLength: 3 }) }) },
    { weight: 1, arbitrary: fc.record({ matchFields: field.map((one) => [one]) }) },
    {
      weight: 1,
      arbitrary: fc.record({
        matchFields: field.map((one) => [one]),
        matchExpressions: expression.map((one) => [one]),
      }),
    },
    { weight: 1, arbitrary: fc.constant({}) },
  );
  const nodeSelector = fc.oneof(
    oneOf(...regions).map((name) => ({ [REGION_LABEL]: name })),
    oneOf(...zones).map((name) => ({ [ZONE_LABEL]: name })),
    oneOf(...nodes).map((name) => ({ [HOSTNAME_LABEL]: name })),
    oneOf('1', '2', '9').map((number) => ({ number })),
    fc.constant({ disk: 'ssd' }),
    oneOf('amd64', 'arm64').map((arch) => ({ [ARCH_LABEL]: arch })),
  );
  const spec = fc.record({
    nodeName: sometimes(3, oneOf(...nodes)),
    nodeSelector: sometimes(30, nodeSelector),
    tolerations: sometimes(20, fc.constant([{ key: 'dedicated', operator: 'Exists' }])),
    containers: sometimes(10, fc.constant([requesting({ [DEVICE]: '1' })])),
    affinity: sometimes(
      65,
      fc.array(term, { minLength: 1, maxLength: 3 }).map((nodeSelectorTerms) => ({
        nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } },
      })),
    ),
  });
  const annotations = fc.record({
    class: sometimes(50, oneOf('critical', 'standard', 'flexible')),
    regions: sometimes(10, oneOf('eu-*', '!eu-north', 'us-*', 'eu-west,us-east')),
    'max-intensity': sometimes(10, oneOf('40', '100', '250', '900')),
    region: sometimes(6, oneOf(...regions)),
  });
  return fc
    .sample(fc.tuple(spec, annotations), { numRuns: count, seed })
    .map(([ofSpec, ofPod], index) => pod(`p${index}`, defined(ofSpec), defined(ofPod)));
}

function defined<T extends object>(object: T): Record<string, string> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}
