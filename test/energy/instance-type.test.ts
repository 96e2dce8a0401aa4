import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type Arch, parseInstanceType } from '../../src/energy/instance-type.ts';

describe('the name of an instance type', () => {
  const rows: readonly [name: string, family: string, arch: Arch, vcpus: number | undefined][] = [
    ['m7g.medium', 'm7g', 'arm64', 1],
    ['m7g.large', 'm7g', 'arm64', 2],
    ['c7g.2xlarge', 'c7g', 'arm64', 8],
    ['c6gn.xlarge', 'c6gn', 'arm64', 4],
    ['r8gd.48xlarge', 'r8gd', 'arm64', 192],
    ['im4gn.large', 'im4gn', 'arm64', 2],
    ['is4gen.8xlarge', 'is4gen', 'arm64', 32],
    ['a1.4xlarge', 'a1', 'arm64', 16],
    ['t4g.nano', 't4g', 'arm64', 2],
    ['g5g.xlarge', 'g5g', 'arm64', 4],
    ['g5.12xlarge', 'g5', 'amd64', 48],
    ['g4dn.xlarge', 'g4dn', 'amd64', 4],
    ['m6i.xlarge', 'm6i', 'amd64', 4],
    ['m7i-flex.large', 'm7i-flex', 'amd64', 2],
    ['c5.9xlarge', 'c5', 'amd64', 36],
    ['t3.medium', 't3', 'amd64', 2],
    ['t2.micro', 't2', 'amd64', 1],
    ['t2.medium', 't2', 'amd64', 2],
    ['m5.metal', 'm5', 'amd64', undefined],
    ['c8g.metal-24xl', 'c8g', 'arm64', 96],
    ['u-6tb1.112xlarge', 'u-6tb1', 'amd64', 448],
    ['Standard_D4s_v5', 'Ds_v5', 'amd64', 4],
    ['Standard_D96ads_v5', 'Dads_v5', 'amd64', 96],
    ['Standard_D8ps_v5', 'Dps_v5', 'arm64', 8],
    ['Standard_D2plds_v6', 'Dplds_v6', 'arm64', 2],
    ['Standard_E16-4as_v4', 'Eas_v4', 'amd64', 16],
    ['Standard_DS2_v2', 'DS_v2', 'amd64', 2],
    ['Standard_DS3_v2', 'DS_v2', 'amd64', 4],
    ['Standard_D14_v2', 'D_v2', 'amd64', 16],
    ['Standard_D16_v3', 'D_v3', 'amd64', 16],
    ['Standard_G5', 'G', 'amd64', 32],
    ['Standard_B2ms', 'Bms', 'amd64', 2],
    ['Standard_F8s_v2', 'Fs_v2', 'amd64', 8],
    ['Standard_NC24ads_A100_v4', 'NCads_A100_v4', 'amd64', 24],
    ['Standard_NP10s', 'NPs', 'amd64', 10],
    ['Basic_A2', 'A', 'amd64', undefined],
    ['n2-standard-4', 'n2-standard', 'amd64', 4],
    ['n2d-highmem-96', 'n2d-highmem', 'amd64', 96],
    ['t2a-standard-8', 't2a-standard', 'arm64', 8],
    ['c4a-highcpu-16', 'c4a-highcpu', 'arm64', 16],
    ['c3-standard-8-lssd', 'c3-standard', 'amd64', 8],
    ['e2-medium', 'e2-medium', 'amd64', undefined],
    ['a2-highgpu-1g', 'a2-highgpu', 'amd64', undefined],
    ['n2-custom-6-20480', 'n2-custom', 'amd64', 6],
    ['custom-4-8192', 'n1-custom', 'amd64', 4],
  ];
  for (const [name, family, arch, vcpus] of rows)
    it(`${name} is ${vcpus ?? 'unknown'} vCPU of ${family}, ${arch}`, () => {
      assert.deepEqual(parseInstanceType(name), { family, arch, ...(vcpus !== undefined && { vcpus }) });
    });

  const others = [
    '',
    'edge-box',
    'k8s-worker-3',
    'db.m5.large',
    'large',
    'm7g',
    'M7G.LARGE',
    'worker.large',
    'Standard_',
    '__proto__',
    'n2-standard-4\n',
    'm7g.large\u0007',
    `m7g.${'x'.repeat(253)}`,
  ];
  for (const name of others)
    it(`${JSON.stringify(name.slice(0, 20))} is none of the three clouds`, () => {
      assert.equal(parseInstanceType(name), undefined);
    });

  it('that tells nonsense tells no vCPUs', () => {
    assert.deepEqual(parseInstanceType('m7g.0xlarge'), { family: 'm7g', arch: 'arm64' });
    assert.deepEqual(parseInstanceType('m7g.9999999999xlarge'), { family: 'm7g', arch: 'arm64' });
    assert.deepEqual(parseInstanceType('m7g.constructor'), { family: 'm7g', arch: 'arm64' });
    assert.deepEqual(parseInstanceType('Standard_D99_v2'), { family: 'D_v2', arch: 'amd64' });
  });

  it('may be anything', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 300 }), (name) => {
        const vcpus = parseInstanceType(name)?.vcpus ?? 1;
        assert.ok(vcpus > 0 && vcpus <= 10_000);
      }),
    );
  });
});
