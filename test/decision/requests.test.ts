import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { requestsOf } from '../../src/decision/requests.ts';
import { makePod } from '../builders.ts';

const GPU = 'nvidia.com/gpu';
const requests = (amounts: Record<string, unknown>) => ({ resources: { requests: amounts } });
const limits = (amounts: Record<string, unknown>) => ({ resources: { limits: amounts } });
const sidecar = (amounts: Record<string, unknown>) => ({ restartPolicy: 'Always', ...requests(amounts) });

/** As `PodRequests` of component-helpers has it after `SetDefaults_Pod`. */
const rows: readonly [name: string, pod: Parameters<typeof makePod>[0], expected: Record<string, number>][] = [
  ['nothing', {}, {}],
  [
    'containers add up',
    { containers: [requests({ cpu: '1' }), requests({ cpu: '500m', [GPU]: 1 })] },
    { cpu: 1.5, [GPU]: 1 },
  ],
  ['a limit alone is a request', { containers: [limits({ cpu: 2, [GPU]: '1' })] }, { cpu: 2, [GPU]: 1 }],
  [
    'a limit beside a request is none',
    { containers: [{ resources: { requests: { cpu: 1 }, limits: { cpu: 2 } } }] },
    { cpu: 1 },
  ],
  [
    'zero is no request, and hides the limit',
    { containers: [{ resources: { requests: { cpu: 0 }, limits: { cpu: 2 } } }] },
    {},
  ],
  [
    'the largest init container',
    { initContainers: [requests({ cpu: 3 }), requests({ cpu: 2 })], containers: [requests({ cpu: 1 })] },
    { cpu: 3 },
  ],
  [
    'sidecars beside containers',
    { initContainers: [sidecar({ cpu: 1 })], containers: [requests({ cpu: 1 })] },
    { cpu: 2 },
  ],
  [
    'an init container beside the sidecars before it',
    {
      initContainers: [sidecar({ cpu: 1 }), requests({ cpu: 3 }), sidecar({ cpu: 1 })],
      containers: [requests({ cpu: 1 })],
    },
    { cpu: 4 },
  ],
  ['overhead on top', { overhead: { cpu: '250m' }, containers: [requests({ cpu: 1 })] }, { cpu: 1.25 }],
  [
    'a request of the whole pod',
    { ...requests({ cpu: 2 }), containers: [requests({ cpu: 1 }), requests({ cpu: 3 })] },
    { cpu: 2 },
  ],
  ['a limit of the whole pod where no container requests it', limits({ cpu: 8 }), { cpu: 8 }],
  [
    'a limit of the whole pod where containers request it',
    { ...limits({ cpu: 8 }), containers: [requests({ cpu: 1 })] },
    { cpu: 1 },
  ],
  [
    'a limit of the whole pod where a container requests zero',
    { ...limits({ cpu: 8 }), containers: [requests({ cpu: 0 })] },
    {},
  ],
  ['zero of the whole pod', { ...requests({ cpu: 0 }), containers: [requests({ cpu: 1 })] }, {}],
  ['both of the whole pod', { resources: { requests: { cpu: 2 }, limits: { cpu: 8 } } }, { cpu: 2 }],
  ['what is no amount', { containers: [requests({ cpu: 'much', memory: null })] }, {}],
];

describe('what a pod requests', () => {
  for (const [name, pod, expected] of rows) it(name, () => assert.deepEqual({ ...requestsOf(makePod(pod)) }, expected));
});
