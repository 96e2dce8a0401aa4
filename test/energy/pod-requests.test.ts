import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { requestsOf as neededOf } from '../../src/decision/requests.ts';
import { type DefaultRequests, requestsOf } from '../../src/energy/pod-requests.ts';
import type { RequestingSpec } from '../../src/units/requested-amounts.ts';

type Container = NonNullable<RequestingSpec['containers']>[number];

/** A container that requests whole cores and GB. */
function asks(cpu?: unknown, memory?: unknown): Container {
  return { resources: { requests: { ...(cpu !== undefined && { cpu }), ...(memory !== undefined && { memory }) } } };
}

function limited(cpu: unknown, memory: unknown): Container {
  return { resources: { limits: { cpu, memory } } };
}

function sidecar(cpu?: unknown, memory?: unknown): Container {
  return { ...asks(cpu, memory), restartPolicy: 'Always' };
}

/** 200 MiB in GB, which is assumed of a container that does not say. */
const ASSUMED_GB = 0.2097152;

describe('the requests of a pod', () => {
  const rows: readonly {
    readonly name: string;
    readonly spec: RequestingSpec;
    readonly defaults?: DefaultRequests;
    readonly vcpu: number;
    readonly memoryGb: number;
    readonly basis?: 'looked-up' | 'estimated';
  }[] = [
    { name: 'of one container', spec: { containers: [asks('500m', '1G')] }, vcpu: 0.5, memoryGb: 1 },
    { name: 'are the sum of containers', spec: { containers: [asks(1, '1G'), asks('2', '2G')] }, vcpu: 3, memoryGb: 3 },
    { name: 'in binary units are GB', spec: { containers: [asks(1, '1Gi')] }, vcpu: 1, memoryGb: 1.073741824 },
    { name: 'of zero are known', spec: { containers: [asks(0, '0')] }, vcpu: 0, memoryGb: 0 },
    { name: 'are limits where only those are there', spec: { containers: [limited(2, '4G')] }, vcpu: 2, memoryGb: 4 },
    {
      name: 'are requests where limits are there too',
      spec: { containers: [{ resources: { requests: { cpu: 1, memory: '1G' }, limits: { cpu: 8, memory: '8G' } } }] },
      vcpu: 1,
      memoryGb: 1,
    },
    {
      name: 'add sidecars to containers',
      spec: { containers: [asks(1, '1G')], initContainers: [sidecar('500m', '500M')] },
      vcpu: 1.5,
      memoryGb: 1.5,
    },
    {
      name: 'are those of a large init container',
      spec: { containers: [asks(1, '1G')], initContainers: [asks(4, '100M')] },
      vcpu: 4,
      memoryGb: 1,
    },
    {
      name: 'do not add up init containers, which run one after the other',
      spec: { containers: [asks(1, '1G')], initContainers: [asks(2, '2G'), asks(3, '1G')] },
      vcpu: 3,
      memoryGb: 2,
    },
    {
      name: 'add to an init container the sidecars before it only',
      spec: { containers: [asks(1, '1G')], initContainers: [sidecar(2, '1G'), asks(4, '1G'), sidecar(1, '1G')] },
      // Starting: 2 + 4 = 6; running: 1 + 2 + 1 = 4.
      vcpu: 6,
      memoryGb: 3,
    },
    {
      name: 'include the overhead of the runtime class',
      spec: { containers: [asks(1, '1G')], overhead: { cpu: '250m', memory: '120M' } },
      vcpu: 1.25,
      memoryGb: 1.12,
    },
    {
      name: 'are those of the pod as a whole, with its overhead',
      spec: {
        containers: [asks(1, '1G'), {}],
        resources: { requests: { cpu: 3, memory: '4G' } },
        overhead: { cpu: 1 },
      },
      vcpu: 4,
      memoryGb: 4,
    },
    {
      name: 'are the limit of the pod as a whole where no container requests',
      spec: { containers: [{}, {}], resources: { limits: { cpu: 2, memory: '2G' } } },
      vcpu: 2,
      memoryGb: 2,
    },
    {
      name: 'are those of containers where the pod has only a limit',
      spec: { containers: [asks(1, '1G'), {}], resources: { limits: { cpu: 8, memory: '8G' } } },
      vcpu: 1,
      memoryGb: 1,
    },
    {
      name: 'are zero where a container asks for that, whatever the limit of the pod as a whole',
      spec: { containers: [asks(0, '0'), {}], resources: { limits: { cpu: 8, memory: '8G' } } },
      vcpu: 0,
      memoryGb: 0,
    },
    {
      name: 'are the defaults of the LimitRange for containers that say nothing',
      spec: { containers: [{}, asks(1, '1G')] },
      defaults: { cpu: '300m', memory: '300M' },
      vcpu: 1.3,
      memoryGb: 1.3,
    },
    {
      name: 'are a limit before the default of the LimitRange',
      spec: { containers: [limited(1, '1G')] },
      defaults: { cpu: '300m', memory: '300M' },
      vcpu: 1,
      memoryGb: 1,
    },
    {
      name: 'are assumed, and marked, where nobody says',
      spec: { containers: [{}, asks(1, '1G')] },
      vcpu: 1.1,
      memoryGb: 1 + ASSUMED_GB,
      basis: 'estimated',
    },
    {
      name: 'are marked where only the memory is assumed',
      spec: { containers: [asks(1)] },
      vcpu: 1,
      memoryGb: ASSUMED_GB,
      basis: 'estimated',
    },
    {
      name: 'are assumed of a sidecar too, which stays',
      spec: { containers: [asks(1, '1G')], initContainers: [sidecar()] },
      vcpu: 1.1,
      memoryGb: 1 + ASSUMED_GB,
      basis: 'estimated',
    },
    {
      name: 'are not assumed of an init container, which goes',
      spec: { containers: [asks('50m', '1M')], initContainers: [{}] },
      vcpu: 0.05,
      memoryGb: 0.001,
    },
    {
      name: 'below zero or without sense are none',
      spec: { containers: [asks(-4, 'lots')], overhead: { cpu: '-1' } },
      vcpu: 0.1,
      memoryGb: ASSUMED_GB,
      basis: 'estimated',
    },
    { name: 'of no containers are not known', spec: {}, vcpu: 0, memoryGb: 0, basis: 'estimated' },
  ];
  for (const { name, spec, defaults, vcpu, memoryGb, basis = 'looked-up' } of rows)
    it(name, () => {
      const requests = requestsOf(spec, defaults);
      assert.ok(Math.abs(requests.vcpu - vcpu) < 1e-12, `${requests.vcpu} vCPU`);
      assert.ok(Math.abs(requests.memoryGb - memoryGb) < 1e-12, `${requests.memoryGb} GB`);
      assert.equal(requests.basis, basis);
    });

  it('of a spec that is none are assumed, never an exception', () => {
    const odd = { containers: [null, 'x', 3, { resources: 'all' }], initContainers: { a: 1 }, overhead: 7 };
    assert.equal(requestsOf(odd as unknown as RequestingSpec).basis, 'estimated');
    assert.equal(requestsOf({ containers: 'abc' } as unknown as RequestingSpec).vcpu, 0);
  });

  it('are what a decision wants free on a node, where every container says what it needs', () => {
    const amounts = fc.record({ cpu: fc.integer({ min: 0, max: 64 }), memory: fc.integer({ min: 0, max: 1e9 }) });
    const resources = fc.oneof(
      amounts.map((requests) => ({ requests })),
      amounts.map((limits) => ({ limits })),
    );
    const spec = fc.record({
      containers: fc.array(fc.record({ resources }), { minLength: 1, maxLength: 3 }),
      initContainers: fc.array(
        fc.record({ resources }).chain((one) => fc.constantFrom(one, { ...one, restartPolicy: 'Always' })),
      ),
      overhead: fc.option(amounts, { nil: null }),
      resources: fc.option(resources, { nil: null }),
    });
    fc.assert(
      fc.property(spec, (one) => {
        const { cpu = 0, memory = 0 } = neededOf({ spec: one });
        const { vcpu, memoryGb, basis } = requestsOf(one);
        assert.deepEqual([vcpu, memoryGb, basis], [cpu, memory / 1e9, 'looked-up']);
      }),
    );
  });

  it('never shrink when a container joins', () => {
    const container = fc
      .record({ cpu: fc.integer({ min: 0, max: 64 }), isSidecar: fc.boolean() })
      .map(({ cpu, isSidecar }) => (isSidecar ? sidecar(cpu, '1G') : asks(cpu, '1G')));
    fc.assert(
      fc.property(fc.array(container), fc.array(container), container, (containers, initContainers, one) => {
        const before = requestsOf({ containers, initContainers });
        assert.ok(requestsOf({ containers: [...containers, one], initContainers }).vcpu >= before.vcpu);
        assert.ok(requestsOf({ containers, initContainers: [...initContainers, one] }).vcpu >= before.vcpu);
      }),
    );
  });
});
