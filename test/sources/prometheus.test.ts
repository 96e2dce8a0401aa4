import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PrometheusOptions } from '../../src/sources/intensity/prometheus.ts';
import { createPrometheus } from '../../src/sources/intensity/prometheus.ts';
import { itReportsFailures, rejection } from './failure-rows.ts';
import { deps, PATIENT, readPayload, startProvider } from './fake-provider.ts';

const VECTOR = readPayload('prometheus-vector');
const ERROR = readPayload('prometheus-error');
const [SAMPLE, OTHER] = VECTOR.data.result;
const QUERY = 'grid_intensity{zone="{{zone}}"}';

function create(baseUrl: string, options: Partial<PrometheusOptions> = {}) {
  return createPrometheus(
    { baseUrl, query: QUERY, signal: 'average-direct', ...options },
    deps('2026-11-22T09:00:00Z'),
  );
}

function vector(...result: unknown[]) {
  return { ...VECTOR, data: { ...VECTOR.data, result } };
}

function valued(text: string) {
  return vector({ ...SAMPLE, value: [1435781451.781, text] });
}

describe('Prometheus', () => {
  it('answers the one sample of the query, in the signal that it was told', async (t) => {
    const { baseUrl, asked } = await startProvider(t, { body: valued('120.5') });
    assert.deepEqual(await create(`${baseUrl}/prometheus`).current('up{zone="DE"}', PATIENT), {
      gramsPerKwh: 120.5,
      signal: 'average-direct',
      measuredAt: 1435781451781,
      stepMs: 300_000,
      estimated: false,
    });
    assert.deepEqual(
      [asked[0]?.path, asked[0]?.query, asked[0]?.headers.authorization],
      ['/prometheus/api/v1/query', { query: 'up{zone="DE"}' }, undefined],
    );
  });

  it('answers a scalar', async (t) => {
    const body = { status: 'success', data: { resultType: 'scalar', result: [1435781451.781, '1e2'] } };
    const { baseUrl } = await startProvider(t, { body });
    assert.equal((await create(baseUrl, { stepMs: 1 }).current('scalar(up)', PATIENT)).gramsPerKwh, 100);
  });

  it('sends a bearer token where there is one', async (t) => {
    const { baseUrl, asked } = await startProvider(t, { body: vector(SAMPLE) });
    await create(baseUrl, { token: async () => 'token\n' }).current('up', PATIENT);
    assert.equal(asked[0]?.headers.authorization, 'Bearer token');
  });

  const range = { status: 'success', data: { resultType: 'matrix', result: [] } };
  const refused: readonly [name: string, body: unknown, failure: string, says: RegExp][] = [
    ['no sample', vector(), 'not_covered', /finds nothing/],
    ['two samples', vector(SAMPLE, OTHER), 'malformed', /one value, and finds 2/],
    ['a range', range, 'malformed', /resultType/],
    ['a value in words', valued('high'), 'implausible', /is high/],
    ['an empty value', valued(''), 'implausible', /is empty/],
    ['NaN', valued('NaN'), 'implausible', /is NaN/],
    ['+Inf', valued('+Inf'), 'implausible', /is \+Inf/],
    ['an error with status 200', ERROR, 'malformed', /^the query fails: bad_data: 1:14: parse error: unexpected/],
  ];
  for (const [name, body, failure, says] of refused)
    it(`refuses ${name}`, async (t) => {
      const { baseUrl } = await startProvider(t, { body });
      const error = await rejection(create(baseUrl).current('up', PATIENT));
      assert.equal(error.failure, failure);
      assert.match(error.message, says);
    });

  const passedOver: readonly [name: string, text: string][] = [
    ['NaN, of a division by nothing', 'NaN'],
    ['an infinity', '-Inf'],
    ['less than nothing', '-7'],
    ['an absurd value', '120500'],
    ['a zero of an average over the life of plants', '0'],
  ];
  for (const [name, text] of passedOver)
    it(`answers the one value that can be right beside ${name}`, async (t) => {
      const value = (one: string) => [1435781451.781, one];
      const body = vector({ ...SAMPLE, value: value(text) }, { ...OTHER, value: value('120.5') });
      const { baseUrl } = await startProvider(t, { body });
      assert.equal((await create(baseUrl, { signal: 'average-lifecycle' }).current('up', PATIENT)).gramsPerKwh, 120.5);
    });

  it('passes a value on as it is', async (t) => {
    const { baseUrl } = await startProvider(t, { body: valued('-7') });
    assert.equal((await create(baseUrl).current('up', PATIENT)).gramsPerKwh, -7);
  });

  const statuses: readonly [status: number, failure: string][] = [
    [400, 'malformed'],
    [422, 'malformed'],
    [503, 'unavailable'],
  ];
  for (const [status, failure] of statuses)
    it(`tells an error of status ${status} in words`, async (t) => {
      const { baseUrl } = await startProvider(t, { status, body: ERROR });
      const error = await rejection(create(baseUrl).current('up', PATIENT));
      assert.equal(error.failure, failure);
      assert.match(error.message, new RegExp(`^HTTP ${status}: bad_data: 1:14: parse error`));
    });

  it('keeps an error short and on one line', async (t) => {
    const body = { ...ERROR, error: `a\n\tb ${'x'.repeat(1000)}` };
    const { baseUrl } = await startProvider(t, { status: 400, body });
    const { message } = await rejection(create(baseUrl).current('up', PATIENT));
    assert.match(message, /^HTTP 400: bad_data: a b x+$/);
    assert.ok(message.length < 250, String(message.length));
  });

  const queries: readonly [query: string, region: { name: string; gridZone?: string }, filled: string | undefined][] = [
    [QUERY, { name: 'eu-central-1' }, 'grid_intensity{zone="DE"}'],
    [QUERY, { name: 'eu-central-1', gridZone: 'FR' }, 'grid_intensity{zone="FR"}'],
    [QUERY, { name: 'my-cellar' }, undefined],
    ['a{r="{{region}}"} or b{r="{{region}}"}', { name: 'my-cellar' }, 'a{r="my-cellar"} or b{r="my-cellar"}'],
    ['sum(grid) by (zone)', { name: 'my-cellar' }, 'sum(grid) by (zone)'],
    [QUERY, { name: 'x', gridZone: 'DE"} or up{a="' }, undefined],
    [QUERY, { name: 'x', gridZone: '$&' }, undefined],
    ['{{region}}{{zone}}', { name: '{{zone}}', gridZone: 'DE' }, undefined],
  ];
  for (const [query, region, filled] of queries)
    it(`asks ${filled} for ${JSON.stringify(region)} in ${query}`, () => {
      assert.equal(create('http://127.0.0.1', { query }).zoneOf(region), filled);
    });

  itReportsFailures((baseUrl, given, abort) =>
    createPrometheus({ baseUrl, query: QUERY, signal: 'marginal' }, given).current('up', abort),
  );
});
