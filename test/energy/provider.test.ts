import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Provider } from '../../src/energy/coefficients.ts';
import { providerOf } from '../../src/energy/provider.ts';
import { AWS_ZONES } from '../../src/regions/aws-zones.ts';
import { AZURE_ZONES } from '../../src/regions/azure-zones.ts';
import { GOOGLE_ZONES } from '../../src/regions/google-zones.ts';

describe('the provider of a region', () => {
  const rows: readonly [region: string, provider: Provider | undefined][] = [
    ['eu-north-1', 'aws'],
    ['us-east-1', 'aws'],
    ['us-east1', 'gcp'],
    ['europe-west4', 'gcp'],
    ['eastus', 'azure'],
    ['northeurope', 'azure'],
    ['basement', undefined],
    ['', undefined],
    ['__proto__', undefined],
    ['constructor', undefined],
    ['EU-NORTH-1', undefined],
  ];
  for (const [region, provider] of rows)
    it(`${JSON.stringify(region)} is ${provider ?? 'not known'}`, () => {
      assert.equal(providerOf(region), provider);
    });

  it('is one only: no two clouds name a region alike', () => {
    const names = [AWS_ZONES, AZURE_ZONES, GOOGLE_ZONES].flatMap((zones) => Object.keys(zones));
    assert.deepEqual(
      names.filter((name, index) => names.indexOf(name) < index),
      [],
    );
  });
});
