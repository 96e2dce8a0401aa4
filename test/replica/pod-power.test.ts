import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { ApiError } from '../../src/cluster/api-error.ts';
import type { UsageReading } from '../../src/cluster/pod-metrics.ts';
import { buildTopology } from '../../src/regions/topology.ts';
import { createPodPower } from '../../src/replica/pod-power.ts';
import type { ScaledPod } from '../../src/scaling/scaled-pod.ts';
import { ENERGY_QUERIES } from '../../src/sources/power/pod-energy.ts';
import { makeNode, NOW } from '../builders.ts';
import { scaledPod, usages } from '../scaling/scaled-pods.ts';
import { PATIENT, type Reply, readPayload, startProvider } from '../sources/fake-provider.ts';

type Sample = readonly [metric: Readonly<Record<string, string>>, watts: string | number];

/** What a Prometheus answers to the queries of these names; to others nothing. */
type Measured = Readonly<Record<string, readonly Sample[] | Reply>>;

const VECTOR = readPayload('prometheus-vector');
const HOUR_MS = 3_600_000;
/** `a-0` on node `a`, `b-0` on node `b`, since an hour. */
const PODS = [
  scaledPod('a-0', { createdAt: NOW - HOUR_MS }),
  scaledPod('b-0', { node: 'b', createdAt: NOW - HOUR_MS }),
];
const USED: UsageReading = { usages: usages({ 'a-0': 0.5, 'b-0': 0.5 }) };
const NOT_INSTALLED: UsageReading = { problem: 'not installed', isNotInstalled: true };
const NODES = [
  { ...makeNode('a', 'eu'), addresses: ['10.0.0.1'], allocatable: { cpu: 8, memory: 16e9 } },
  { ...makeNode('b', 'eu'), addresses: ['10.0.0.2'], allocatable: { cpu: 8, memory: 16e9 } },
];

const ofPod = (pod: string, watts: string | number, namespace = 'shop'): Sample => [
  { pod_namespace: namespace, pod_name: pod },
  watts,
];
const ofNode = (nodename: string, watts: number): Sample => [{ nodename }, watts];
const ofAddress = (ip: string, watts: number): Sample => [{ instance: `${ip}:9100` }, watts];

interface Setting {
  readonly measured?: Measured;
  readonly used?: UsageReading | Error;
  readonly pods?: readonly ScaledPod[];
}

async function readPower(t: TestContext, { measured, used = USED, pods = PODS }: Setting) {
  let asked = 0;
  const prometheus = measured && (await startProvider(t, ({ query }) => answerOf(measured, query['query'])));
  const read = createPodPower({
    energy: () => (prometheus ? { prometheus: { url: prometheus.baseUrl } } : {}) as never,
    env: {},
    workloads: {
      async usages() {
        asked += 1;
        if (used instanceof Error) throw used;
        return used;
      },
    },
    topology: () => buildTopology(NODES),
    now: () => NOW,
  });
  const reading = await read(pods, PATIENT);
  const told =
    'power' in reading
      ? [...reading.power].map(
          ([key, { watts, how }]) => `${key.replace('shop/', '')}: ${Number(watts.toPrecision(3))} ${how}`,
        )
      : reading.problem;
  return { told, source: 'source' in reading ? reading.source : '', asked };
}

function answerOf(measured: Measured, query: string | undefined): Reply {
  const name = ENERGY_QUERIES.find((one) => one.query === query)?.name ?? '';
  const answer = measured[name] ?? [];
  if (!Array.isArray(answer)) return answer as Reply;
  const result = answer.map(([metric, watts]: Sample) => ({ metric, value: [1435781451.781, String(watts)] }));
  return { body: { ...VECTOR, data: { resultType: 'vector', result } } };
}

describe('what pods draw, where a Prometheus is named', () => {
  const Kepler = [ofPod('a-0', 1), ofPod('b-0', 2)];
  const rows: readonly (readonly [what: string, setting: Setting, told: readonly string[]])[] = [
    ['is what it measured for them', { measured: { Kepler } }, ['a-0: 1 pod', 'b-0: 2 pod']],
    [
      'is unknown of pods that it does not know: no estimate stands in',
      { measured: { Kepler: [ofPod('a-0', 1), ofPod('x', 1, 'other')] } },
      ['a-0: 1 pod'],
    ],
    [
      'is unknown of pods of which it tells nonsense',
      { measured: { Kepler: [ofPod('a-0', 'NaN'), ofPod('b-0', -5), ofPod('x', 1)] } },
      [],
    ],
    [
      'is unknown of the pods of a node whose exporter is gone',
      { measured: { node_exporter: [ofNode('a', 300)] } },
      ['a-0: 300 node-usage'],
    ],
    [
      'is found by the addresses of nodes',
      { measured: { node_exporter: [ofAddress('10.0.0.1', 300), ofAddress('10.0.0.2', 200)] } },
      ['a-0: 300 node-usage', 'b-0: 200 node-usage'],
    ],
    [
      'is shared by requests where nobody knows what pods use',
      {
        measured: { node_exporter: [ofNode('a', 300), ofNode('b', 200)] },
        used: new ApiError('metrics.k8s.io', { code: 500 }),
      },
      ['a-0: 300 node-requests', 'b-0: 200 node-requests'],
    ],
    [
      'is estimated of a pod that is too young to be known, or does not run well',
      {
        measured: { Kepler: [ofPod('a-0', 1)] },
        used: { usages: usages({ young: 1 }) },
        pods: [
          ...PODS,
          scaledPod('young', { createdAt: NOW - 60_000 }),
          scaledPod('crashing', { createdAt: NOW - HOUR_MS, isReady: false }),
        ],
      },
      ['a-0: 1 pod', 'young: 3.5 usage', 'crashing: 2.12 requests'],
    ],
    [
      'does not need node_exporter where Kepler measures pods',
      { measured: { Kepler, node_exporter: { status: 422, body: { status: 'error', error: 'many-to-many' } } } },
      ['a-0: 1 pod', 'b-0: 2 pod'],
    ],
  ];
  for (const [what, setting, told] of rows)
    it(what, async (t) => assert.deepEqual((await readPower(t, setting)).told, told));

  for (const code of [403, 500])
    it(`asks nobody what pods use where all are measured, so ${code} of metrics.k8s.io does not matter`, async (t) => {
      const { told, asked } = await readPower(t, {
        measured: { Kepler },
        used: new ApiError('metrics.k8s.io', { code }),
      });
      assert.deepEqual([told, asked], [['a-0: 1 pod', 'b-0: 2 pod'], 0]);
    });

  it('is unknown where it knows nothing at all', async (t) =>
    assert.match(String((await readPower(t, { measured: {} })).told), /tells no energy of any pod or node/));

  it('is unknown where it fails, and a worse source does not stand in', async (t) => {
    const failing = { Kepler: { status: 503 }, node_exporter: [ofNode('a', 300), ofNode('b', 300)] };
    await assert.rejects(readPower(t, { measured: failing }), /HTTP 503/);
  });

  it('is told with its source', async (t) => {
    const { source } = await readPower(t, { measured: { Kepler, node_exporter: { status: 503 } } });
    assert.match(source, /^measured: Kepler at http:\/\/127\.0\.0\.1:\d+, without node_exporter: HTTP 503/);
  });
});

describe('what pods draw, where no Prometheus is named', () => {
  it('is estimated from what they use', async (t) => {
    const { told, source } = await readPower(t, {});
    assert.deepEqual(told, ['a-0: 2.12 usage', 'b-0: 2.12 usage']);
    assert.equal(source, 'estimated from what pods use');
  });

  it('is unknown of pods that metrics-server does not know, as after its restart', async (t) =>
    assert.deepEqual((await readPower(t, { used: { usages: usages({ 'b-0': 0.5 }) } })).told, ['b-0: 2.12 usage']));

  it('is estimated from requests of pods that it cannot know yet', async (t) => {
    const pods = [scaledPod('young', { createdAt: NOW - 60_000 })];
    assert.deepEqual((await readPower(t, { pods, used: { usages: usages({}) } })).told, ['young: 2.12 requests']);
  });

  it('is estimated from requests where there is no metrics-server', async (t) => {
    const greedy = scaledPod('greedy', { vcpu: 9, createdAt: NOW - HOUR_MS });
    const { told, source } = await readPower(t, { used: NOT_INSTALLED, pods: [...PODS, greedy] });
    assert.deepEqual(told, ['a-0: 2.12 requests', 'b-0: 2.12 requests']);
    assert.match(source, /from what pods request/);
  });

  it('is unknown where metrics-server is there and fails', async (t) => {
    assert.equal((await readPower(t, { used: { problem: 'it does not answer' } })).told, 'it does not answer');
    await assert.rejects(readPower(t, { used: new ApiError('metrics.k8s.io', { code: 500 }) }), ApiError);
  });
});
