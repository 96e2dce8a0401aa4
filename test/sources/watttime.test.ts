import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createWattTime } from '../../src/sources/intensity/watttime.ts';
import { itReportsFailures, rejection } from './failure-rows.ts';
import type { Asked, Reply } from './fake-provider.ts';
import { deps, PATIENT, readPayload, startProvider } from './fake-provider.ts';

const FORECAST = readPayload('watttime-forecast');
const HISTORICAL = readPayload('watttime-historical');
const NOW = '2022-07-15T00:07:00Z';
const ACCOUNT = { username: async () => 'ada\n', password: async () => 'hunter2\n' };
const BASIC = `Basic ${Buffer.from('ada:hunter2').toString('base64')}`;

function create(baseUrl: string) {
  return createWattTime({ baseUrl, ...ACCOUNT }, deps(NOW));
}

function login({ path }: Asked): Reply | undefined {
  return path === '/login' ? { body: { token: 'token' } } : undefined;
}

describe('WattTime', () => {
  it("answers the forecast's first point in grams, after a login", async (t) => {
    const { baseUrl, asked } = await startProvider(t, (one) => login(one) ?? { body: FORECAST });
    const { gramsPerKwh, ...rest } = await create(baseUrl).current('CAISO_NORTH', PATIENT);
    // 1048.4131919701972 lb/MWh at 0.45359237 kg/lb.
    assert.ok(Math.abs(gramsPerKwh - 475.55222) < 1e-4, String(gramsPerKwh));
    const measuredAt = Date.parse('2022-07-15T00:00:00Z');
    assert.deepEqual(rest, { signal: 'marginal', measuredAt, stepMs: 300_000, estimated: true });
    assert.deepEqual(
      asked.map(({ path, headers }) => [path, headers.authorization]),
      [
        ['/login', BASIC],
        ['/v3/forecast', 'Bearer token'],
      ],
    );
    assert.deepEqual(asked[1]?.query, { region: 'CAISO_NORTH', signal_type: 'co2_moer', horizon_hours: '0' });
  });

  it('answers a forecast of 24 hours from the five minutes that are now', async (t) => {
    const { baseUrl, asked } = await startProvider(t, (one) => login(one) ?? { body: FORECAST });
    const forecast = await create(baseUrl).forecast('CAISO_NORTH', PATIENT);
    assert.deepEqual(
      forecast.map(({ from, gramsPerKwh }) => [from, Math.round(gramsPerKwh)]),
      [[Date.parse('2022-07-15T00:05:00Z'), 477]],
    );
    assert.equal(asked[1]?.query['horizon_hours'], '24');
  });

  it('answers the last day, oldest first', async (t) => {
    const body = { ...HISTORICAL, data: HISTORICAL.data.toReversed() };
    const { baseUrl, asked } = await startProvider(t, (one) => login(one) ?? { body });
    const history = await create(baseUrl).history('CAISO_NORTH', PATIENT);
    assert.deepEqual(
      history.map(({ gramsPerKwh }) => Math.round(gramsPerKwh * 100) / 100),
      [394.63, 390.09],
    );
    assert.equal(asked[1]?.path, '/v3/historical');
    const { start, end } = asked[1]?.query ?? {};
    assert.deepEqual([start, end], ['2022-07-08T00:07:00.000Z', '2022-07-15T00:07:00.000Z']);
  });

  it('answers the next point where the first has no value, or one that cannot be right', async (t) => {
    const [first, second] = FORECAST.data;
    for (const value of [null, -5, 1e6, 'high']) {
      const body = { ...FORECAST, data: [{ ...first, value }, second] };
      const { baseUrl } = await startProvider(t, (one) => login(one) ?? { body });
      const { measuredAt } = await create(baseUrl).current('CAISO_NORTH', PATIENT);
      assert.equal(measuredAt, Date.parse(second.point_time));
    }
  });

  it('answers a series without the points that have no value', async (t) => {
    const [first, second] = HISTORICAL.data;
    const body = { ...HISTORICAL, data: [{ ...first, value: null }, second] };
    const { baseUrl } = await startProvider(t, (one) => login(one) ?? { body });
    assert.equal((await create(baseUrl).history('CAISO_NORTH', PATIENT)).length, 1);
  });

  const refused: readonly [name: string, meta: object, failure: string, says: RegExp][] = [
    ['of another region', { region: 'PSCO' }, 'wrong_zone', /is for PSCO, not CAISO_NORTH/],
    ['in another unit', { units: 'lbs_health_damage_per_mwh' }, 'malformed', /meta\.units/],
    ['of another signal', { signal_type: 'co2_aoer' }, 'malformed', /meta\.signal_type/],
    ['that is a percentile', readPayload('watttime-signal-index').meta, 'malformed', /meta\.units/],
  ];
  for (const [name, meta, failure, says] of refused)
    it(`refuses an answer ${name}`, async (t) => {
      const body = { ...FORECAST, meta: { ...FORECAST.meta, ...meta } };
      const { baseUrl } = await startProvider(t, (one) => login(one) ?? { body });
      const error = await rejection(create(baseUrl).current('CAISO_NORTH', PATIENT));
      assert.equal(error.failure, failure);
      assert.match(error.message, says);
    });

  it('says that there is no value', async (t) => {
    const { baseUrl } = await startProvider(t, (one) => login(one) ?? { body: { ...FORECAST, data: [] } });
    const source = create(baseUrl);
    assert.equal((await rejection(source.current('CAISO_NORTH', PATIENT))).failure, 'not_covered');
    assert.deepEqual(await source.forecast('CAISO_NORTH', PATIENT), []);
  });

  it("repeats the provider's sentence about a plan, and does not log in again for it", async (t) => {
    const reply = { status: 403, body: readPayload('watttime-invalid-scope') };
    const { baseUrl, asked } = await startProvider(t, (one) => login(one) ?? reply);
    const error = await rejection(create(baseUrl).current('PSCO', PATIENT));
    assert.equal(error.failure, 'unauthorized');
    assert.match(error.message, /^HTTP 403: the credentials are refused: Invalid scope\. You do not have/);
    assert.equal(asked.length, 2);
  });

  it('covers the regions that name theirs', () => {
    const { zoneOf } = create('http://127.0.0.1');
    const zones = [zoneOf({ name: 'us-west-1', wattTime: 'CAISO_NORTH' }), zoneOf({ name: 'us-west-1' })];
    assert.deepEqual(zones, ['CAISO_NORTH', undefined]);
  });

  itReportsFailures(
    (baseUrl, given, abort) => createWattTime({ baseUrl, ...ACCOUNT }, given).current('CAISO_NORTH', abort),
    login,
  );
});
