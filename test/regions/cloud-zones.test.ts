import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { AWS_ZONES } from '../../src/regions/aws-zones.ts';
import { AZURE_ZONES } from '../../src/regions/azure-zones.ts';
import { CLOUD_ZONES } from '../../src/regions/cloud-zones.ts';
import { GOOGLE_ZONES } from '../../src/regions/google-zones.ts';
import { embeddedReading } from '../../src/sources/intensity/embedded.ts';

describe('the grid zones of', () => {
  /** How a cloud names its regions: what its nodes show in topology.kubernetes.io/region, never a zone or a display name. */
  const clouds: readonly [cloud: string, zones: Readonly<Record<string, string>>, atLeast: number, name: RegExp][] = [
    ['AWS', AWS_ZONES, 39, /^[a-z]{2,4}(-[a-z]+){1,2}-\d$/],
    ['Azure', AZURE_ZONES, 71, /^[a-z]+[23]?$/],
    ['Google Cloud', GOOGLE_ZONES, 42, /^[a-z]+-[a-z]+\d{1,2}$/],
  ];
  for (const [cloud, zones, atLeast, name] of clouds)
    it(`${cloud} are there under the names that its nodes show`, () => {
      assert.ok(Object.keys(zones).length >= atLeast, String(Object.keys(zones).length));
      for (const [region, zone] of Object.entries(zones)) {
        assert.match(region, name);
        assert.equal(CLOUD_ZONES.get(region), zone, region);
      }
    });

  it('no two clouds come under one name', () => {
    const names = clouds.flatMap(([, zones]) => Object.keys(zones));
    assert.deepEqual(
      names.filter((name, at) => names.indexOf(name) !== at),
      [],
    );
    assert.equal(CLOUD_ZONES.size, names.length);
  });

  const neighbours: readonly [name: string, one: string, other: string][] = [
    ['Frankfurt', 'eu-central-1', 'europe-west3'],
    ['Frankfurt', 'eu-central-1', 'germanywestcentral'],
    ['Ireland', 'eu-west-1', 'northeurope'],
    ['London', 'eu-west-2', 'uksouth'],
    ['Milan', 'eu-south-1', 'italynorth'],
    ['Montreal and Quebec', 'ca-central-1', 'northamerica-northeast1'],
    ['Mumbai', 'ap-south-1', 'asia-south1'],
    ['Singapore', 'southeastasia', 'asia-southeast1'],
    ['Sydney', 'australiaeast', 'australia-southeast1'],
    ['Tokyo', 'japaneast', 'asia-northeast1'],
    ['Virginia', 'us-east-1', 'us-east4'],
    ['Virginia', 'eastus', 'usgovvirginia'],
    ['Virginia', 'eastus', 'usdodeast'],
    ['Ohio', 'us-east-2', 'us-gov-east-1'],
    ['Oregon', 'us-west-2', 'us-gov-west-1'],
    ['Phoenix', 'westus3', 'usgovarizona'],
    ['San Antonio', 'southcentralus', 'usgovtexas'],
    ['Iowa', 'centralus', 'usdodcentral'],
    ['Brandenburg and Frankfurt', 'eusc-de-east-1', 'eu-central-1'],
    ['Taiwan', 'ap-east-2', 'asia-east1'],
    ['Beijing', 'cn-north-1', 'chinanorth'],
    ['Beijing', 'cn-north-1', 'chinanorth2'],
    ['China', 'cn-northwest-1', 'chinanorth3'],
    ['Shanghai', 'chinaeast', 'chinaeast2'],
    ['China', 'chinaeast', 'chinaeast3'],
    ['Virginia', 'eastus2', 'us-east4'],
  ];
  for (const [place, one, other] of neighbours)
    it(`${one} and ${other}, both in ${place}, are one`, () => {
      assert.ok(CLOUD_ZONES.has(one));
      assert.equal(CLOUD_ZONES.get(one), CLOUD_ZONES.get(other));
    });

  /** 2023, operational (GoogleCloudPlatform/region-carbon-info data/yearly/2023.csv, Apache-2.0), gCO2e/kWh. */
  const published: readonly [region: string, gramsPerKwh: number][] = [
    ['us-west1', 94],
    ['us-west2', 198],
    ['us-west3', 588],
    ['us-west4', 373],
    ['us-central1', 430],
    ['us-east1', 560],
    ['us-south1', 321],
  ];
  for (const [region, gramsPerKwh] of published)
    it(`${region} is about as clean as Google says`, () => {
      const ratio = (embeddedReading(region, undefined)?.gramsPerKwh ?? Number.NaN) / gramsPerKwh;
      assert.ok(ratio > 0.7 && ratio < 1.4, String(ratio));
    });
});
