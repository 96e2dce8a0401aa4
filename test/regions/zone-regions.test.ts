import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { zoneRegions } from '../../src/regions/zone-regions.ts';
import { REGION_LABEL } from '../builders.ts';

const NODE = {
  name: 'n1',
  region: 'denmark',
  labels: { 'topology.kubernetes.io/zone': 'hall-7', [REGION_LABEL]: 'denmark' },
  taints: [],
};
const REGIONS = ['us-east-1', 'europe-west1', 'europe-west10', 'westeurope', 'denmark'];

describe('the region of a zone', () => {
  const zones: readonly [zone: string, region: string | undefined][] = [
    ['hall-7', 'denmark'],
    ['us-east-1a', 'us-east-1'],
    ['us-east-1-bos-1a', 'us-east-1'],
    ['europe-west1-b', 'europe-west1'],
    ['europe-west10-b', 'europe-west10'],
    ['westeurope-1', 'westeurope'],
    ['us-east-11a', undefined],
    ['us-east-1', undefined],
    ['elsewhere', undefined],
  ];
  for (const [zone, region] of zones)
    test(`${zone}: ${region ?? 'nobody knows'}`, () => assert.equal(zoneRegions([NODE], REGIONS)(zone), region));
});
