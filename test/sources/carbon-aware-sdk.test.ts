import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createCarbonAwareSdk } from '../../src/sources/intensity/carbon-aware-sdk.ts';
import { itReportsFailures, rejection } from './failure-rows.ts';
import { deps, PATIENT, readPayload, startProvider } from './fake-provider.ts';

const EMISSIONS = readPayload('carbon-aware-sdk-emissions');
const FORECAST = readPayload('carbon-aware-sdk-forecast');
const HOUR_MS = 3_600_000;

function create(baseUrl: string, now = '2022-05-17T21:00:00Z') {
  return createCarbonAwareSdk({ baseUrl, signal: 'marginal' }, deps(now));
}

function row(time: string, rating: unknown) {
  return { ...EMISSIONS[0], time, rating };
}

describe('the Carbon Aware SDK', () => {
  it('answers a value in the signal that it was told', async (t) => {
    const { baseUrl, asked } = await startProvider(t, { body: EMISSIONS });
    assert.deepEqual(await create(`${baseUrl}/sdk/`).current('eastus', PATIENT), {
      gramsPerKwh: 70,
      signal: 'marginal',
      measuredAt: Date.parse('2022-05-17T20:45:11.509Z'),
      stepMs: HOUR_MS,
      estimated: false,
    });
    assert.deepEqual([asked[0]?.path, asked[0]?.query], ['/sdk/emissions/bylocation', { location: 'eastus' }]);
  });

  it('does not take two rows a second apart for its step', async (t) => {
    const body = [
      row('2022-05-17T18:00:00Z', 1),
      row('2022-05-17T19:00:00Z', 2),
      row('2022-05-17T19:00:01Z', 2),
      row('2022-05-17T20:00:00Z', 3),
    ];
    const { baseUrl } = await startProvider(t, { body });
    assert.equal((await create(baseUrl).current('eastus', PATIENT)).stepMs, HOUR_MS - 1_000);
  });

  it('answers the newest of several values, in steps of their smallest distance', async (t) => {
    const body = [
      row('2022-05-17T20:10:00Z', 2),
      row('2022-05-17T20:15:00Z', 3),
      row('2022-05-17T20:00:00Z', 1),
      row('2022-05-17T20:00:00Z', 1),
    ];
    const { baseUrl } = await startProvider(t, { body });
    const { gramsPerKwh, stepMs } = await create(baseUrl).current('eastus', PATIENT);
    assert.deepEqual([gramsPerKwh, stepMs], [3, 300_000]);
  });

  const passedOver: readonly [name: string, newest: object][] = [
    ['without a value', row('2022-05-17T21:00:00Z', null)],
    ['with text for a value', row('2022-05-17T21:00:00Z', 'n/a')],
    ['with a negative value', row('2022-05-17T21:00:00Z', -1)],
    ['with an absurd value', row('2022-05-17T21:00:00Z', 20_000)],
    ['of the future', row('2022-05-17T22:00:00Z', 7)],
    ['without a time', { ...EMISSIONS[0], rating: 7, time: null }],
  ];
  for (const [name, newest] of passedOver)
    it(`answers the next newest value, with its own time, where the newest row is ${name}`, async (t) => {
      const body = [newest, row('2022-05-17T20:00:00Z', 120), row('2022-05-17T19:00:00Z', 130)];
      const { baseUrl } = await startProvider(t, { body });
      const { gramsPerKwh, measuredAt, stepMs } = await create(baseUrl).current('eastus', PATIENT);
      assert.deepEqual([gramsPerKwh, measuredAt, stepMs], [120, Date.parse('2022-05-17T20:00:00Z'), HOUR_MS]);
    });

  it('answers a zero now, but nothing of a series of zeros', async (t) => {
    const zero = row('2022-05-17T20:00:00Z', 0);
    const { baseUrl } = await startProvider(t, { body: [zero, row('2022-05-17T19:00:00Z', 130)] });
    assert.equal((await create(baseUrl).current('eastus', PATIENT)).gramsPerKwh, 0);
    const dead = await startProvider(t, { body: [zero, row('2022-05-17T19:00:00Z', 0)] });
    assert.equal((await rejection(create(dead.baseUrl).current('eastus', PATIENT))).failure, 'implausible');
  });

  it('answers a forecast without the points that have no value', async (t) => {
    const [first, ...rest] = FORECAST[0].forecastData;
    const body = [{ ...FORECAST[0], forecastData: [{ ...first, value: null }, ...rest] }];
    const { baseUrl } = await startProvider(t, { body });
    const forecast = await create(baseUrl, '2022-07-19T14:09:59Z').forecast('northeurope', PATIENT);
    assert.deepEqual(
      forecast.map(({ gramsPerKwh }) => gramsPerKwh),
      [535.7318741001667],
    );
  });

  it('says that there is no value where there are only rows without one', async (t) => {
    const { baseUrl } = await startProvider(t, { body: [row('2022-05-17T20:00:00Z', null)] });
    assert.equal((await rejection(create(baseUrl).current('eastus', PATIENT))).failure, 'not_covered');
  });

  it('answers the last day, oldest first', async (t) => {
    const body = [row('2022-05-17T20:00:00+02:00', 2), row('2022-05-17T17:00:00Z', 1)];
    const { baseUrl, asked } = await startProvider(t, { body });
    const history = await create(baseUrl).history('eastus', PATIENT);
    assert.deepEqual(
      history.map(({ gramsPerKwh, stepMs }) => [gramsPerKwh, stepMs]),
      [
        [1, HOUR_MS],
        [2, HOUR_MS],
      ],
    );
    const [time, toTime] = ['2022-05-16T21:00:00.000Z', '2022-05-17T21:00:00.000Z'];
    assert.deepEqual(asked[0]?.query, { location: 'eastus', time, toTime });
  });

  it('answers the forecast from the point that is now', async (t) => {
    const { baseUrl, asked } = await startProvider(t, { body: FORECAST });
    const whole = await create(baseUrl, '2022-07-19T14:09:59Z').forecast('northeurope', PATIENT);
    const rest = await create(baseUrl, '2022-07-19T14:10:00Z').forecast('northeurope', PATIENT);
    assert.deepEqual(whole, [
      { from: Date.parse('2022-07-19T14:00:00Z'), gramsPerKwh: 532.02293146 },
      { from: Date.parse('2022-07-20T04:25:00Z'), gramsPerKwh: 535.7318741001667 },
    ]);
    assert.deepEqual(rest, whole.slice(1));
    assert.deepEqual([asked[0]?.path, asked[0]?.query], ['/emissions/forecasts/current', { location: 'northeurope' }]);
  });

  it('refuses values of several zones', async (t) => {
    const { baseUrl } = await startProvider(t, { body: [...EMISSIONS, { ...EMISSIONS[0], location: 'westus' }] });
    assert.equal((await rejection(create(baseUrl).current('eastus', PATIENT))).failure, 'wrong_zone');
  });

  it('takes values of a zone with another name, as its sources have their own', async (t) => {
    const { baseUrl } = await startProvider(t, { body: [{ ...EMISSIONS[0], location: 'PJM_DC' }] });
    assert.equal((await create(baseUrl).current('eastus', PATIENT)).gramsPerKwh, 70);
  });

  const forecasts: readonly [name: string, body: unknown, failure: string][] = [
    ['for another location', [{ ...FORECAST[0], location: 'westeurope' }], 'wrong_zone'],
    ['for two locations', [FORECAST[0], FORECAST[0]], 'malformed'],
    ['for none', [], 'malformed'],
  ];
  for (const [name, body, failure] of forecasts)
    it(`refuses a forecast ${name}`, async (t) => {
      const { baseUrl } = await startProvider(t, { body });
      assert.equal((await rejection(create(baseUrl).forecast('northeurope', PATIENT))).failure, failure);
    });

  it('says that there is no value', async (t) => {
    const { baseUrl } = await startProvider(t, { body: [] });
    assert.equal((await rejection(create(baseUrl).current('eastus', PATIENT))).failure, 'not_covered');
  });

  it('repeats what the problem is', async (t) => {
    const body = { title: 'ArgumentException', detail: "Unknown Location: 'Location eastuss not found'", status: 400 };
    const { baseUrl } = await startProvider(t, { status: 400, body });
    const error = await rejection(create(baseUrl).current('eastuss', PATIENT));
    assert.match(error.message, /^HTTP 400: ArgumentException: Unknown Location/);
  });

  it('covers the regions that name their location', () => {
    const { zoneOf } = create('http://127.0.0.1');
    const zones = [zoneOf({ name: 'eastus', carbonAwareSdk: 'eastus' }), zoneOf({ name: 'eastus' })];
    assert.deepEqual(zones, ['eastus', undefined]);
  });

  itReportsFailures((baseUrl, given, abort) =>
    createCarbonAwareSdk({ baseUrl, signal: 'marginal' }, given).current('eastus', abort),
  );
});
