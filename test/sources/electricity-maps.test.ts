import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ElectricityMapsOptions } from '../../src/sources/intensity/electricity-maps.ts';
import { createElectricityMaps } from '../../src/sources/intensity/electricity-maps.ts';
import { itReportsFailures, rejection } from './failure-rows.ts';
import { deps, PATIENT, readPayload, secret, startProvider } from './fake-provider.ts';

const LATEST = readPayload('electricity-maps-latest');
const HISTORY = readPayload('electricity-maps-history');
const FORECAST = readPayload('electricity-maps-forecast');
const HOUR_MS = 3_600_000;

function create(options: ElectricityMapsOptions, now = '2024-03-06T19:20:00Z') {
  return createElectricityMaps({ token: secret, ...options }, deps(now));
}

describe('Electricity Maps', () => {
  it('answers the latest value, and asks for that zone and no other', async (t) => {
    const { baseUrl, asked } = await startProvider(t, { body: LATEST });
    assert.deepEqual(await create({ baseUrl }).current('US-CAR-DUK', PATIENT), {
      gramsPerKwh: 216,
      signal: 'average-lifecycle',
      measuredAt: Date.parse('2024-03-06T19:00:00Z'),
      stepMs: HOUR_MS,
      estimated: true,
    });
    assert.equal(asked[0]?.path, '/v3/carbon-intensity/latest');
    assert.deepEqual(asked[0]?.query, {
      zone: 'US-CAR-DUK',
      emissionFactorType: 'lifecycle',
      disableCallerLookup: 'true',
    });
    assert.equal(asked[0]?.headers['auth-token'], 's3cret-token');
  });

  it('answers the last day, oldest first, without the hours that have no value', async (t) => {
    const [first, second, third] = HISTORY.history;
    const body = { ...HISTORY, history: [third, { ...second, carbonIntensity: null }, first] };
    const { baseUrl, asked } = await startProvider(t, { body });
    const history = await create({ baseUrl }).history('DE', PATIENT);
    assert.deepEqual(
      history.map(({ gramsPerKwh, measuredAt, estimated }) => [gramsPerKwh, measuredAt, estimated]),
      [
        [599, Date.parse('2024-03-05T20:00:00Z'), false],
        [689, Date.parse('2024-03-06T19:00:00Z'), true],
      ],
    );
    assert.equal(asked[0]?.path, '/v3/carbon-intensity/history');
  });

  it('answers the forecast from the hour that is now', async (t) => {
    const { baseUrl, asked } = await startProvider(t, { body: FORECAST });
    const forecast = await create({ baseUrl }, '2018-11-26T18:59:59Z').forecast('DK-DK2', PATIENT);
    assert.deepEqual(forecast, [
      { from: Date.parse('2018-11-26T18:00:00Z'), gramsPerKwh: 297 },
      { from: Date.parse('2018-11-28T17:00:00Z'), gramsPerKwh: 194 },
    ]);
    assert.equal(asked[0]?.path, '/v3/carbon-intensity/forecast');
  });

  it('answers a series without the hours of another shape', async (t) => {
    const [first, second, third] = HISTORY.history;
    const body = {
      ...HISTORY,
      history: [null, { ...first, carbonIntensity: 'n/a' }, { ...second, datetime: 7 }, third],
    };
    const { baseUrl } = await startProvider(t, { body });
    const history = await create({ baseUrl }).history('DE', PATIENT);
    assert.deepEqual(
      history.map(({ gramsPerKwh }) => gramsPerKwh),
      [third.carbonIntensity],
    );
  });

  it('answers a forecast without the hours that have no value', async (t) => {
    const [past, now, ...rest] = FORECAST.forecast;
    const body = { ...FORECAST, forecast: [past, { ...now, carbonIntensity: null }, ...rest] };
    const { baseUrl } = await startProvider(t, { body });
    const forecast = await create({ baseUrl }, '2018-11-26T18:59:59Z').forecast('DK-DK2', PATIENT);
    assert.deepEqual(forecast, [{ from: Date.parse('2018-11-28T17:00:00Z'), gramsPerKwh: 194 }]);
  });

  it('refuses a series in which nothing has the right shape', async (t) => {
    const { baseUrl } = await startProvider(t, { body: { ...HISTORY, history: [{}, 7] } });
    const error = await rejection(create({ baseUrl }).history('DE', PATIENT));
    assert.deepEqual([error.failure, /history\.0\.zone/.test(error.message)], ['malformed', true]);
  });

  it('can leave out what the provider only estimates', async (t) => {
    const { baseUrl, asked } = await startProvider(t, ({ path }) => ({
      body: path.endsWith('/latest') ? LATEST : path.endsWith('/history') ? HISTORY : FORECAST,
    }));
    const source = create({ baseUrl, disableEstimations: true });
    await source.current('US-CAR-DUK', PATIENT);
    await source.history('DE', PATIENT);
    await source.forecast('DK-DK2', PATIENT);
    assert.deepEqual(
      asked.map(({ query }) => query['disableEstimations']),
      ['true', 'true', undefined],
    );
  });

  it('can count direct emissions alone', async (t) => {
    const { baseUrl, asked } = await startProvider(t, { body: { ...LATEST, emissionFactorType: 'direct' } });
    const measured = await create({ baseUrl, signal: 'average-direct' }).current('US-CAR-DUK', PATIENT);
    assert.deepEqual([measured.signal, asked[0]?.query['emissionFactorType']], ['average-direct', 'direct']);
  });

  it('reads its token anew for each question', async (t) => {
    const { baseUrl, asked } = await startProvider(t, { body: LATEST });
    const tokens = ['first\n', 'second'];
    const source = create({ baseUrl, token: async () => tokens.shift() ?? '' });
    await source.current('US-CAR-DUK', PATIENT);
    await source.current('US-CAR-DUK', PATIENT);
    assert.deepEqual(
      asked.map(({ headers }) => headers['auth-token']),
      ['first', 'second'],
    );
  });

  it('sends the token of the zone', async (t) => {
    const { baseUrl, asked } = await startProvider(t, { body: LATEST });
    const zoneTokens = new Map([['US-CAR-DUK', async () => 'of-duke']]);
    await create({ baseUrl, zoneTokens }).current('US-CAR-DUK', PATIENT);
    assert.equal(asked[0]?.headers['auth-token'], 'of-duke');
  });

  const refused: readonly [name: string, change: object, failure: string, says: RegExp][] = [
    ['of another zone', { zone: 'DE' }, 'wrong_zone', /is for DE, not US-CAR-DUK/],
    ['of other emission factors', { emissionFactorType: 'direct' }, 'malformed', /direct emission factors/],
    ['of another step', { temporalGranularity: '5_minutes' }, 'malformed', /temporalGranularity/],
    ['without a value', { carbonIntensity: null }, 'not_covered', /no value for US-CAR-DUK/],
    ['with text for a value', { carbonIntensity: '216' }, 'malformed', /carbonIntensity/],
    ['with a time of no time zone', { datetime: '2024-03-06T19:00:00' }, 'malformed', /datetime/],
  ];
  for (const [name, change, failure, says] of refused)
    it(`refuses an answer ${name}`, async (t) => {
      const { baseUrl } = await startProvider(t, { body: { ...LATEST, ...change } });
      const error = await rejection(create({ baseUrl }).current('US-CAR-DUK', PATIENT));
      assert.equal(error.failure, failure);
      assert.match(error.message, says);
    });

  it('refuses a series with another zone anywhere in it', async (t) => {
    const history = HISTORY.history.with(1, { ...HISTORY.history[1], zone: 'FR' });
    const { baseUrl } = await startProvider(t, { body: { ...HISTORY, history } });
    assert.equal((await rejection(create({ baseUrl }).history('DE', PATIENT))).failure, 'wrong_zone');
  });

  for (const [what, body] of [
    ['history', { ...HISTORY, history: [] }],
    ['forecast', FORECAST],
  ] as const)
    it(`refuses a ${what} for another zone`, async (t) => {
      const { baseUrl } = await startProvider(t, { body });
      assert.equal((await rejection(create({ baseUrl })[what]('FR', PATIENT))).failure, 'wrong_zone');
    });

  const zones: readonly [name: string, region: { name: string; gridZone?: string }, zone: string | undefined][] = [
    ['what the region says', { name: 'eu-west-2', gridZone: 'FR' }, 'FR'],
    ['what is known of the cloud region', { name: 'eu-west-2' }, 'GB'],
    ['nothing for a region without one', { name: 'my-cellar' }, undefined],
  ];
  for (const [name, region, zone] of zones)
    it(`takes for a zone ${name}`, () => assert.equal(create({}).zoneOf(region), zone));

  it('does not cover a zone without a token', async () => {
    const source = createElectricityMaps({ zoneTokens: new Map([['FR', secret]]) }, deps('2024-03-06T19:20:00Z'));
    assert.deepEqual([source.zoneOf({ name: 'eu-west-3' }), source.zoneOf({ name: 'eu-west-2' })], ['FR', undefined]);
    assert.equal((await rejection(source.current('GB', PATIENT))).failure, 'unauthorized');
  });

  itReportsFailures((baseUrl, { clock }, abort) =>
    createElectricityMaps({ baseUrl, token: secret }, { fetch, clock }).current('DE', abort),
  );
});
