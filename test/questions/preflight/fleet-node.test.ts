import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { policyOfKubeletConfig } from '../../../src/questions/preflight/cpu-manager-policy.ts';
import { isVersion, minorVersionOf, parseFleetNode } from '../../../src/questions/preflight/fleet-node.ts';
import { REGION_LABEL } from '../../builders.ts';
import { fleetNode, nodeObject } from './fleet.ts';

describe('a node', () => {
  it('is read as the API server sends it', () => {
    const addresses = [
      { type: 'InternalIP', address: '10.0.0.7' },
      { type: 'Hostname', address: 'n1' },
    ];
    assert.deepEqual(fleetNode({ name: 'n1', addresses, annotations: { 'kubernetes.io/kubelet-config': '{}' } }), {
      name: 'n1',
      version: 'v1.33.2-eks-1a2b3c',
      arch: 'arm64',
      instanceType: 'm7g.large',
      region: 'us-west-2',
      vcpus: 2,
      aliases: ['n1', '10.0.0.7'],
      kubeletConfig: '{}',
    });
  });

  it('tells its architecture and instance type by the labels of old, too', () => {
    const labels = { 'beta.kubernetes.io/arch': 'arm64', 'beta.kubernetes.io/instance-type': 'm6g.large' };
    const { arch, instanceType } = parseFleetNode({ metadata: { name: 'n', labels } }, REGION_LABEL);
    assert.deepEqual([arch, instanceType], ['arm64', 'm6g.large']);
  });

  it('is in the region that another label names', () => {
    const node = { metadata: { name: 'n', labels: { region: 'home', [REGION_LABEL]: 'away' } } };
    assert.equal(parseFleetNode(node, 'region').region, 'home');
  });

  const ODD: readonly [name: string, node: unknown][] = [
    ['null', null],
    ['a text', 'node'],
    ['a list', []],
    ['metadata that is a list', { metadata: [] }],
    ['labels that are null', { metadata: { labels: null }, status: null }],
    ['numbers for texts', { metadata: { name: 7 }, status: { nodeInfo: { kubeletVersion: 1.33, architecture: 64 } } }],
    ['addresses that are none', { status: { addresses: [null, 'x', { address: 4 }], capacity: { cpu: 'many' } } }],
    ['a negative cpu', { status: { capacity: { cpu: '-4' } } }],
    ['inherited fields', Object.create(nodeObject({ name: 'inherited' }))],
  ];
  for (const [name, node] of ODD)
    it(`of an odd shape tells nothing: ${name}`, () => {
      assert.deepEqual(parseFleetNode(node, '__proto__'), { name: '', aliases: [] });
    });
});

describe('a version', () => {
  const ROWS: readonly [version: string, target: string, expected: boolean][] = [
    ['v1.33.2-eks-1a2b3c', '1.33', true],
    ['v1.33.0', '1.33', true],
    ['v1.33.4+k3s1', '1.33', true],
    ['v1.33.2-gke.100', '1.33.2', true],
    ['v1.33.2', '1.33.2', true],
    ['v1.33.20', '1.33.2', false],
    ['v1.33.1', '1.33.2', false],
    ['v1.3.3', '1.33', false],
    ['v1.330.0', '1.33', false],
    ['v2.33.0', '1.33', false],
    ['v1.33', '1.33.2', false],
    ['x1.33.2', '1.33', false],
    ['1.33.2.7', '1.33', false],
    ['', '1.33', false],
  ];
  for (const [version, target, expected] of ROWS)
    it(`${version || 'none'} is ${expected ? '' : 'not '}${target}`, () =>
      assert.equal(isVersion(version, target), expected));

  it('has a minor one, or is none', () => {
    const of = ['v1.33.2-eks-1a2b3c', '1.9.11', 'latest', undefined].map(minorVersionOf);
    assert.deepEqual(of, ['1.33', '1.9', undefined, undefined]);
  });
});

describe('the policy in a KubeletConfiguration', () => {
  const ROWS: readonly [name: string, config: unknown, expected: string | undefined][] = [
    ['of /configz', { kubeletconfig: { cpuManagerPolicy: 'static', maxPods: 110 } }, 'static'],
    ['of a file', { kind: 'KubeletConfiguration', cpuManagerPolicy: 'none' }, 'none'],
    ['that a file leaves out', { kind: 'KubeletConfiguration' }, undefined],
    ['that nobody knows', { cpuManagerPolicy: 'dynamic' }, undefined],
    ['that is no text', { cpuManagerPolicy: true }, undefined],
    ['in a null', { kubeletconfig: null }, undefined],
    ['in a page', '<html>', undefined],
    ['in a list', [{ cpuManagerPolicy: 'static' }], undefined],
  ];
  for (const [name, config, expected] of ROWS)
    it(`${name} is ${expected ?? 'not told'}`, () => assert.equal(policyOfKubeletConfig(config), expected));
});
