import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { parseInstanceTypes, readInstanceTypes } from '../../src/config/instance-types-file.ts';
import { makeTemporaryDirectory } from './temporary-directory.ts';

/** As Karpenter's KWOK provider reads it (`kwok/cloudprovider/instance_types.json`). */
const PROVIDERS = JSON.stringify([
  {
    name: 'g-4x-amd64-linux',
    architecture: 'amd64',
    operatingSystems: ['linux'],
    resources: { cpu: '4', memory: '16Gi', 'nvidia.com/gpu': '1', pods: '110' },
    offerings: [
      {
        Price: 0.019,
        Available: true,
        Requirements: [
          { key: 'karpenter.sh/capacity-type', operator: 'In', values: ['spot'] },
          { key: 'topology.kubernetes.io/zone', operator: 'In', values: ['test-zone-a', 'test-zone-b'] },
          { key: 'topology.kubernetes.io/region', operator: 'In', values: ['test'] },
        ],
      },
    ],
  },
]);

describe('a file of instance types', () => {
  it("is read as Karpenter's KWOK provider reads it, with the labels that it gives", () => {
    const read = parseInstanceTypes(PROVIDERS, 't.json');
    assert.ok('types' in read);
    const offering = { region: 'test', capacityType: 'spot', price: 0.019 };
    assert.deepEqual(read.types, [
      {
        name: 'g-4x-amd64-linux',
        vcpus: 4,
        memoryGb: 17.179869184,
        accelerators: 1,
        labels: {
          'kubernetes.io/arch': ['amd64'],
          'kubernetes.io/os': ['linux'],
          'karpenter.kwok.sh/instance-family': ['g'],
          'karpenter.kwok.sh/instance-size': ['4'],
          'karpenter.kwok.sh/instance-cpu': ['4'],
          'karpenter.kwok.sh/instance-memory': ['16Gi'],
        },
        knowsAllLabels: true,
        offerings: [
          { zone: 'test-zone-a', ...offering },
          { zone: 'test-zone-b', ...offering },
        ],
      },
    ]);
  });

  it('is read in a form that people write', () => {
    const text = `
- name: m5.large
  memory: 8Gi
  arch: amd64
  labels: {karpenter.k8s.aws/instance-family: m5}
  offerings:
    - {zone: us-east-1a, region: us-east-1, capacityType: on-demand, price: 0.096}
    - {zone: us-east-1b}
- {name: box, vcpus: 1.5, gpus: 0, offerings: [{zone: rack}]}
`;
    const read = parseInstanceTypes(text, 't.yaml');
    assert.ok('types' in read, JSON.stringify(read));
    assert.deepEqual(read.types, [
      {
        name: 'm5.large',
        memoryGb: 8.589934592,
        labels: { 'karpenter.k8s.aws/instance-family': ['m5'], 'kubernetes.io/arch': ['amd64'] },
        knowsAllLabels: false,
        offerings: [
          { zone: 'us-east-1a', region: 'us-east-1', capacityType: 'on-demand', price: 0.096 },
          { zone: 'us-east-1b' },
        ],
      },
      {
        name: 'box',
        vcpus: 1.5,
        accelerators: 0,
        labels: {},
        knowsAllLabels: false,
        offerings: [{ zone: 'rack' }],
      },
    ]);
  });

  const mistakes: readonly [name: string, text: string, says: readonly string[]][] = [
    ['is no list', 'm5.large: 0.096', ['line 1: document: must be a list of instance types']],
    ['holds nothing', '', [': is empty']],
    [
      'has mistakes of all kinds',
      '- {name: m5.large, vcpu: 2, offerings: [{zone: a, price: x}]}\n- {name: m5.large, offerings: []}\n- 3',
      [
        'line 1: m5.large, offerings.0.price: must be a number, not "x"',
        'line 1: m5.large: no such key: vcpu',
        'line 2: m5.large, offerings: must have at least 1 entry',
        'line 3: 2: must be keys with values, not 3',
        'line 2: m5.large, name: m5.large is there twice',
      ],
    ],
    [
      'has quantities that are none',
      '[{"name":"a","resources":{"cpu":"x"},"offerings":[]}]',
      ['line 1: a, resources.cpu: must be a quantity such as 8Gi'],
    ],
  ];
  for (const [name, text, says] of mistakes)
    it(`that ${name} is told all of them`, () => {
      const read = parseInstanceTypes(text, 't.yaml');
      assert.ok('issues' in read);
      assert.deepEqual(
        read.issues,
        says.map((one) => (one.startsWith(':') ? `t.yaml${one}` : `t.yaml, ${one}`)),
      );
    });

  it('that is not there is told', async () => {
    const read = await readInstanceTypes('/nowhere/types.json');
    assert.deepEqual(read, { issues: ['/nowhere/types.json: cannot be read: there is no such file'] });
  });

  it('hands over its text, to be watched', async (t) => {
    const path = join(makeTemporaryDirectory(t), 'types.json');
    writeFileSync(path, PROVIDERS);
    const read = await readInstanceTypes(path);
    assert.equal('text' in read && read.text, PROVIDERS);
  });
});
