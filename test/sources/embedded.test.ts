import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CLOUD_ZONES } from '../../src/regions/cloud-zones.ts';
import { MAX_GRAMS_PER_KWH } from '../../src/regions/reading.ts';
import { embeddedReading } from '../../src/sources/intensity/embedded.ts';

describe('the embedded yearly average', () => {
  for (const [region, zone] of CLOUD_ZONES)
    it(`knows ${region} (${zone})`, () => {
      const reading = embeddedReading(region, undefined);
      assert.ok(
        reading && reading.gramsPerKwh > 0 && reading.gramsPerKwh <= MAX_GRAMS_PER_KWH,
        String(reading?.gramsPerKwh),
      );
      assert.deepEqual(
        { ...reading, gramsPerKwh: 0 },
        { gramsPerKwh: 0, signal: 'average-lifecycle', source: 'embedded', estimated: true, freshness: 'embedded' },
      );
    });

  const rows: readonly [name: string, region: string, gridZone: string | undefined, like: string | undefined][] = [
    ['of a zone that is named counts, whatever the region is called', 'my-cellar', 'FR', 'eu-west-3'],
    ['of a zone that is named counts before that of the cloud region', 'us-east-1', 'FR', 'eu-west-3'],
    ['of an unknown region without a zone is not there', 'my-cellar', undefined, undefined],
    ['of a zone without data is not there, even in a cloud region', 'us-east-1', 'XX', undefined],
    ['of __proto__ is not there', '__proto__', '__proto__', undefined],
    ['of constructor is not there', 'constructor', undefined, undefined],
    ['of an empty name is not there', '', undefined, undefined],
  ];
  for (const [name, region, gridZone, like] of rows)
    it(name, () => {
      const expected = like === undefined ? undefined : embeddedReading(like, undefined);
      assert.deepEqual(embeddedReading(region, gridZone), expected);
    });

  it('tells clean grids from dirty ones', () => {
    const grams = (region: string) => embeddedReading(region, undefined)?.gramsPerKwh ?? Number.NaN;
    assert.ok(grams('eu-north-1') < grams('eu-central-1'));
    assert.ok(grams('eu-central-1') < grams('ap-south-1'));
  });
});

describe('the grid zones of cloud regions', () => {
  /** AWS. */
  const DOCUMENTED = `us-east-1, us-east-2 US-MIDA-PJM; us-west-1 US-CAL-CISO; us-west-2 US-NW-PACW; ca-central-1 CA-QC; ca-west-1 CA-AB;
    mx-central-1 MX; sa-east-1 BR-CS; eu-west-1 IE; eu-west-2 GB; eu-west-3 FR; eu-central-1 DE; eu-central-2 CH; eu-north-1 SE-SE3;
    eu-south-1 IT-NO; eu-south-2 ES; af-south-1 ZA; me-south-1 BH; me-central-1 AE; il-central-1 IL; ap-south-1 IN-WE; ap-south-2 IN-SO;
    ap-southeast-1 SG; ap-southeast-2 AU-NSW; ap-southeast-3 ID; ap-southeast-4 AU-VIC; ap-southeast-5 MY-WM; ap-southeast-6 NZ;
    ap-southeast-7 TH; ap-northeast-1 JP-TK; ap-northeast-2 KR; ap-northeast-3 JP-KN; ap-east-1 HK`;

  it('are the documented ones', () => {
    for (const entry of DOCUMENTED.split(';')) {
      const [regions = '', zone] = [entry.trim().replace(/ \S+$/, ''), entry.trim().split(' ').at(-1)];
      for (const region of regions.split(', ')) assert.equal(CLOUD_ZONES.get(region), zone, region);
    }
  });
});
