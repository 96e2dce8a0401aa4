import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { toNodePoolFacts } from '../../src/regions/node-pool.ts';
import { type PoolPlaces, poolPlaces } from '../../src/regions/pool-places.ts';
import { zoneRegions } from '../../src/regions/zone-regions.ts';
import { REGION_LABEL } from '../builders.ts';

const ZONE = 'topology.kubernetes.io/zone';
const onZone = (operator: string, ...values: string[]) => ({ key: ZONE, operator, values });
const onRegion = (operator: string, ...values: string[]) => ({ key: REGION_LABEL, operator, values });

describe('where the nodes of a NodePool will be', () => {
  const cases: readonly [name: string, template: object, places: Partial<PoolPlaces>][] = [
    ['it says nothing', {}, { regions: undefined, zones: undefined }],
    [
      'a region by requirement',
      { spec: { requirements: [onRegion('In', 'eu-north-1')] } },
      { regions: ['eu-north-1'] },
    ],
    ['a region by label', { metadata: { labels: { [REGION_LABEL]: 'eu-north-1' } } }, { regions: ['eu-north-1'] }],
    [
      'zones of two regions',
      { spec: { requirements: [onZone('In', 'eu-north-1a', 'eu-north-1b', 'us-east-1a', 'moon')] } },
      {
        regions: ['eu-north-1', 'us-east-1'],
        zones: ['eu-north-1a', 'eu-north-1b', 'us-east-1a', 'moon'],
        unknownZones: ['moon'],
      },
    ],
    [
      'lists that overlap, less what is shut',
      { spec: { requirements: [onRegion('In', 'a', 'b', 'c'), onRegion('In', 'b', 'c'), onRegion('NotIn', 'c')] } },
      { regions: ['b'] },
    ],
    [
      'a zone by the name of its label from before',
      {
        spec: {
          requirements: [{ key: 'failure-domain.beta.kubernetes.io/zone', operator: 'In', values: ['us-east-1a'] }],
        },
      },
      { regions: ['us-east-1'], zones: ['us-east-1a'] },
    ],
    [
      'a region by the name of its label from before, beside the one of today',
      {
        metadata: { labels: { 'failure-domain.beta.kubernetes.io/region': 'a' } },
        spec: { requirements: [onRegion('In', 'a', 'b')] },
      },
      { regions: ['a'] },
    ],
    ['only what is shut', { spec: { requirements: [onRegion('NotIn', 'a')] } }, { regions: undefined }],
  ];
  for (const [name, template, expected] of cases)
    test(name, () => {
      const pool = toNodePoolFacts({ metadata: { name: 'p' }, spec: { template } });
      const places = poolPlaces(pool, REGION_LABEL, zoneRegions([], ['eu-north-1', 'us-east-1']));
      assert.deepEqual({ ...places, ...expected }, places);
    });
});
