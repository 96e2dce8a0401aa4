import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PrometheusOutageOptions } from '../../src/sources/outage/prometheus-outage.ts';
import { createPrometheusOutage } from '../../src/sources/outage/prometheus-outage.ts';
import { itReportsFailures, rejection } from './failure-rows.ts';
import { deps, PATIENT, readPayload, secret, startProvider } from './fake-provider.ts';

/** Of prometheus/prometheus, docs/querying/api.md (test/fixtures/intensity/README.md). */
const VECTOR = readPayload('prometheus-vector');
const ERROR = readPayload('prometheus-error');
const QUERY = 'max by (region) (region_down)';
const REGIONS = ['a', 'b'];

function create(baseUrl: string, options: Partial<PrometheusOutageOptions> = {}) {
  return createPrometheusOutage({ baseUrl, query: QUERY, ...options }, deps('2026-11-22T09:00:00Z'));
}

function vector(...samples: readonly [metric: Record<string, string>, value: string][]) {
  const result = samples.map(([metric, value]) => ({ metric, value: [1435781451.781, value] }));
  return { ...VECTOR, data: { ...VECTOR.data, result } };
}

describe('outages by Prometheus', () => {
  it('are those of one query for all regions', async (t) => {
    const body = vector([{ region: 'a' }, '1'], [{ region: 'b' }, '0']);
    const { baseUrl, asked } = await startProvider(t, { body });
    const verdicts = await create(`${baseUrl}/prometheus/`, { token: secret }).read(REGIONS, PATIENT);
    assert.deepEqual(
      [...verdicts],
      [
        ['a', { down: true, reason: 'the query finds 1' }],
        ['b', { down: false }],
      ],
    );
    assert.deepEqual(
      asked.map(({ path, query, headers }) => [path, query, headers.authorization]),
      [['/prometheus/api/v1/query', { query: QUERY }, 'Bearer s3cret-token']],
    );
  });

  const values: readonly [name: string, values: readonly string[], down: boolean | undefined][] = [
    ['1', ['1'], true],
    ['a fraction above 0', ['0.001'], true],
    ['+Inf', ['+Inf'], true],
    ['0', ['0'], false],
    ['-0', ['-0'], false],
    ['NaN', ['NaN'], undefined],
    ['an empty value', [''], undefined],
    ['no sample', [], undefined],
    ['two samples of which one is above 0', ['0', '2'], true],
    ['two samples of 0', ['0', '0'], false],
    ['NaN beside 0', ['NaN', '0'], undefined],
    ['NaN beside 1', ['NaN', '1'], true],
  ];
  for (const [name, texts, down] of values)
    it(`are ${down === undefined ? 'unknown' : down ? 'there' : 'not there'} at ${name}`, async (t) => {
      const samples = texts.map((text): [Record<string, string>, string] => [{ region: 'a' }, text]);
      const { baseUrl } = await startProvider(t, { body: vector([{ region: 'b' }, '0'], ...samples) });
      const verdicts = await create(baseUrl).read(REGIONS, PATIENT);
      assert.deepEqual([verdicts.get('a')?.down, verdicts.get('b')?.down], [down, false]);
    });

  it('are of the regions that another label names', async (t) => {
    const body = vector([{ cloud_region: 'a', region: 'b' }, '1'], [{ region: 'b' }, '1']);
    const { baseUrl } = await startProvider(t, { body });
    const verdicts = await create(baseUrl, { regionLabel: 'cloud_region' }).read(REGIONS, PATIENT);
    assert.deepEqual([...verdicts.keys()], ['a']);
  });

  it('are all unknown when the query finds nothing, as one of alerts does on a good day', async (t) => {
    const { baseUrl } = await startProvider(t, { body: vector() });
    assert.equal((await create(baseUrl).read(REGIONS, PATIENT)).size, 0);
  });

  const scalar = { status: 'success', data: { resultType: 'scalar', result: [1435781451.781, '1'] } };
  const refused: readonly [name: string, body: unknown, failure: string, says: RegExp][] = [
    ['a number for all regions', scalar, 'malformed', /must find a vector/],
    ['samples without the label', vector([{ job: 'a' }, '1']), 'malformed', /has the label region/],
    ['a negative value', vector([{ region: 'a' }, '-1']), 'implausible', /value of a is -1/],
    ['-Inf', vector([{ region: 'a' }, '-Inf']), 'implausible', /value of a is -Infinity/],
    ['an error with status 200', ERROR, 'malformed', /^the query fails: bad_data/],
  ];
  for (const [name, body, failure, says] of refused)
    it(`are not read from ${name}`, async (t) => {
      const { baseUrl } = await startProvider(t, { body });
      const error = await rejection(create(baseUrl).read(REGIONS, PATIENT));
      assert.equal(error.failure, failure);
      assert.match(error.message, says);
    });

  itReportsFailures((baseUrl, given, abort) =>
    createPrometheusOutage({ baseUrl, query: QUERY }, given).read(REGIONS, abort),
  );
});
