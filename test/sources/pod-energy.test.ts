import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { ENERGY_QUERIES, type EnergyQuestion, readPodEnergy } from '../../src/sources/power/pod-energy.ts';
import { itReportsFailures } from './failure-rows.ts';
import { type Answer, deps, PATIENT, type Reply, readPayload, secret, startProvider } from './fake-provider.ts';

const VECTOR = readPayload('prometheus-vector');
const NOW = '2026-11-22T09:00:00Z';
const OWN: EnergyQuestion = { query: 'watts' };

type Sample = readonly [metric: Readonly<Record<string, string>>, value: string];

function vector(...samples: readonly Sample[]) {
  const result = samples.map(([metric, value]) => ({ metric, value: [1435781451.781, value] }));
  return { ...VECTOR, data: { resultType: 'vector', result } };
}

async function read(t: TestContext, answer: Answer | Reply, question = OWN) {
  const { baseUrl, asked } = await startProvider(t, answer);
  const reading = await readPodEnergy({ baseUrl, token: secret }, question, deps(NOW), PATIENT);
  const told = reading.samples.map(
    ({ pod, machines, watts }) => `${pod ? `${pod.namespace}/${pod.name}` : machines.join(' ')}: ${watts}`,
  );
  return { ...reading, told, asked };
}

describe('energy by Prometheus', () => {
  const named: readonly (readonly [metric: Record<string, string>, labels: EnergyQuestion['labels'], told: string])[] =
    [
      [{ namespace: 'logs', pod: 'loki-0' }, undefined, 'logs/loki-0'],
      [{ namespace: 'mon', pod: 'kepler', pod_namespace: 'logs', pod_name: 'loki-0' }, undefined, 'logs/loki-0'],
      [{ namespace: 'mon', pod: 'kepler', container_namespace: 'logs', pod_name: 'l' }, undefined, 'logs/l'],
      [{ namespace: 'mon', pod: 'x', exported_namespace: 'logs', exported_pod: 'l' }, undefined, 'logs/l'],
      [{ ns: 'logs', p: 'l', namespace: 'mon', pod: 'x' }, { namespace: 'ns', pod: 'p' }, 'logs/l'],
      [{ namespace: 'logs', p: 'l' }, { pod: 'p' }, 'logs/l'],
      [{ node: 'a' }, undefined, 'a'],
      [{ instance: '10.0.0.7:9100' }, undefined, '10.0.0.7:9100 10.0.0.7'],
      [
        { instance: '10.0.0.7:9100', namespace: 'mon', pod: 'node-exporter' },
        { node: 'instance' },
        '10.0.0.7:9100 10.0.0.7',
      ],
      [{ namespace: 'logs', instance: 'x' }, undefined, 'x'],
    ];
  for (const [metric, labels, told] of named)
    it(`of ${JSON.stringify(metric)}${labels ? ` by ${JSON.stringify(labels)}` : ''} is that of ${told}`, async (t) => {
      const found = await read(t, { body: vector([metric, '3']) }, { ...OWN, labels });
      assert.deepEqual(found.told, [`${told}: 3`]);
    });

  const POD = { namespace: 'logs', pod: 'loki-0' };
  const values: readonly (readonly [values: readonly string[], told: string | undefined, implausible: number])[] = [
    [['0'], '0', 0],
    [['1.5'], '1.5', 0],
    [['1', '2'], '3', 0],
    [['NaN'], undefined, 1],
    [['', '2'], '2', 1],
    [['-1', '2'], '2', 1],
    [['+Inf'], undefined, 1],
    [['100001'], undefined, 1],
  ];
  for (const [texts, told, implausible] of values)
    it(`of ${JSON.stringify(texts)} is ${told ?? 'not known'}`, async (t) => {
      const samples = texts.map((text, index): Sample => [{ ...POD, container: `${index}` }, text]);
      const found = await read(t, { body: vector(...samples) });
      assert.deepEqual(
        [found.told, found.implausible],
        [told === undefined ? [] : [`logs/loki-0: ${told}`], implausible],
      );
    });

  it('that names neither a pod nor a machine is counted', async (t) => {
    const found = await read(t, { body: vector([{ job: 'x' }, '3'], [{}, '3'], [{ __proto__: 'x', pod: '' }, '3']) });
    assert.deepEqual([found.told, found.unnamed, found.found], [[], 3, []]);
  });

  it('of a thing that several queries know is that of the first', async (t) => {
    const answers: Readonly<Record<string, Sample>> = {
      Kepler: [{ pod_namespace: 'logs', pod_name: 'loki-0' }, '1'],
      'Kepler before 0.10': [{ container_namespace: 'logs', pod_name: 'loki-0' }, '2'],
      node_exporter: [{ nodename: 'a' }, '70'],
    };
    const found = await read(
      t,
      ({ query }) => {
        const { name = '' } = ENERGY_QUERIES.find((one) => one.query === query['query']) ?? {};
        const sample = answers[name];
        return { body: vector(...(sample ? [sample] : [])) };
      },
      {},
    );
    assert.deepEqual(found.told.sort(), ['a: 70', 'logs/loki-0: 1']);
    assert.deepEqual(found.found, Object.keys(answers));
  });

  it('is that of Kepler also where a worse query fails, which is told', async (t) => {
    const found = await read(
      t,
      ({ query }) => {
        const { name } = ENERGY_QUERIES.find((one) => one.query === query['query']) ?? {};
        if (name === 'node_exporter') return { status: 422, body: { status: 'error', error: 'many-to-many matching' } };
        return {
          body: vector(...(name === 'Kepler' ? [[{ pod_namespace: 'logs', pod_name: 'x' }, '1'] as const] : [])),
        };
      },
      {},
    );
    assert.deepEqual([found.told, found.found], [['logs/x: 1'], ['Kepler']]);
    assert.match(found.failed.join(), /^node_exporter: HTTP 422/);
  });

  it('is that of a moment, and is asked for with the token', async (t) => {
    const at = Date.parse('2026-11-22T08:00:00.500Z');
    const { asked } = await read(t, { body: vector() }, { ...OWN, at });
    assert.deepEqual(
      asked.map(({ query, headers }) => [query, headers.authorization]),
      [[{ query: 'watts', time: String(at / 1_000) }, 'Bearer s3cret-token']],
    );
  });

  it('of one number alone is a mistake of the query', (t) =>
    assert.rejects(
      read(t, { body: { ...VECTOR, data: { resultType: 'scalar', result: [1, '3'] } } }),
      /finds a scalar/,
    ));

  itReportsFailures((baseUrl, with_, abort) => readPodEnergy({ baseUrl }, OWN, with_, abort));
});
