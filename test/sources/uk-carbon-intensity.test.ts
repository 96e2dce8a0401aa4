import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createUkCarbonIntensity } from '../../src/sources/intensity/uk-carbon-intensity.ts';
import { itReportsFailures, rejection } from './failure-rows.ts';
import { deps, PATIENT, readPayload, startProvider } from './fake-provider.ts';

const NATIONAL = readPayload('uk-national');
const NATIONAL_FORECAST = readPayload('uk-national-forecast');
const REGION_NOW = readPayload('uk-region-now');
const REGION_SPAN = readPayload('uk-region-span');

function create(baseUrl: string, now: string) {
  return createUkCarbonIntensity({ baseUrl }, deps(now));
}

function withIntensity(intensity: object) {
  return { data: [{ ...NATIONAL.data[0], intensity }] };
}

describe('the Carbon Intensity API of Great Britain', () => {
  const values: readonly [name: string, body: object, zone: string, grams: number, estimated: boolean][] = [
    ['what was', NATIONAL, 'GB', 263, false],
    ['what was, though it was nothing', withIntensity({ forecast: 12, actual: 0 }), 'GB', 0, false],
    ['what is forecast where nothing was yet', withIntensity({ forecast: 266, actual: null }), 'GB', 266, true],
    ['what is forecast for a region', REGION_NOW, '12', 107, true],
  ];
  for (const [name, body, zone, grams, estimated] of values)
    it(`answers ${name}`, async (t) => {
      const { baseUrl } = await startProvider(t, { body });
      const measured = await create(baseUrl, '2018-01-20T12:10:00Z').current(zone, PATIENT);
      assert.deepEqual([measured.gramsPerKwh, measured.estimated], [grams, estimated]);
      assert.deepEqual([measured.signal, measured.stepMs], ['average-direct', 1_800_000]);
    });

  it('answers from when its value is', async (t) => {
    const { baseUrl } = await startProvider(t, { body: NATIONAL });
    const { measuredAt } = await create(baseUrl, '2018-01-20T12:10:00Z').current('GB', PATIENT);
    assert.equal(measuredAt, Date.parse('2018-01-20T12:00:00Z'));
  });

  const paths: readonly [what: 'current' | 'history' | 'forecast', zone: string, body: object, path: string][] = [
    ['current', 'GB', NATIONAL, '/intensity'],
    ['history', 'GB', NATIONAL, '/intensity/2026-04-29T00:09Z/2026-05-06T00:09Z'],
    ['forecast', 'GB', NATIONAL, '/intensity/2026-05-06T00:09Z/fw48h'],
    ['current', '12', REGION_NOW, '/regional/regionid/12'],
    ['history', '13', REGION_SPAN, '/regional/intensity/2026-04-29T00:09Z/2026-05-06T00:09Z/regionid/13'],
    ['forecast', '13', REGION_SPAN, '/regional/intensity/2026-05-06T00:09Z/fw48h/regionid/13'],
  ];
  for (const [what, zone, body, path] of paths)
    it(`asks ${path} for the ${what} of ${zone}`, async (t) => {
      const { baseUrl, asked } = await startProvider(t, { body });
      await create(baseUrl, '2026-05-06T00:09:58.7Z')[what](zone, PATIENT);
      assert.deepEqual(
        asked.map((one) => one.path),
        [path],
      );
    });

  it('answers the forecast from the half-hour that is now, without holes', async (t) => {
    const [past, now, hole, next] = NATIONAL_FORECAST.data;
    const data = [next, past, { ...hole, intensity: { ...hole.intensity, forecast: null } }, now];
    const { baseUrl } = await startProvider(t, { body: { data } });
    assert.deepEqual(await create(baseUrl, '2020-05-24T21:00:00Z').forecast('GB', PATIENT), [
      { from: Date.parse('2020-05-24T21:00:00Z'), gramsPerKwh: 148 },
      { from: Date.parse('2020-05-24T22:00:00Z'), gramsPerKwh: 144 },
    ]);
  });

  it('answers the last week without the half-hours of another shape', async (t) => {
    const [first] = NATIONAL.data;
    const body = { data: [{ ...first, intensity: { forecast: 'moderate' } }, { ...first, from: 'noon' }, null, first] };
    const { baseUrl } = await startProvider(t, { body });
    assert.equal((await create(baseUrl, '2018-01-20T12:10:00Z').history('GB', PATIENT)).length, 1);
  });

  it('answers the last day of a region, oldest first', async (t) => {
    const [one] = REGION_SPAN.data.data;
    const before = { ...one, from: '2026-05-05T23:30Z', to: '2026-05-06T00:00Z', intensity: { forecast: 150 } };
    const { baseUrl } = await startProvider(t, { body: { data: { ...REGION_SPAN.data, data: [one, before] } } });
    const history = await create(baseUrl, '2026-05-06T00:09:00Z').history('13', PATIENT);
    assert.deepEqual(
      history.map(({ gramsPerKwh }) => gramsPerKwh),
      [150, 160],
    );
  });

  const refused: readonly [name: string, body: object, zone: string, failure: string][] = [
    ['an answer for another region', REGION_NOW, '13', 'wrong_zone'],
    ['an answer of several regions', { data: [REGION_NOW.data[0], REGION_NOW.data[0]] }, '12', 'malformed'],
    ['the national answer for a region', NATIONAL, '12', 'malformed'],
    ['a value in words', withIntensity({ forecast: 'moderate', actual: null }), 'GB', 'malformed'],
    ['an answer without a value', withIntensity({ forecast: null, actual: null }), 'GB', 'not_covered'],
    ['an answer without a half-hour', { data: [] }, 'GB', 'not_covered'],
  ];
  for (const [name, body, zone, failure] of refused)
    it(`refuses ${name}`, async (t) => {
      const { baseUrl } = await startProvider(t, { body });
      const error = await rejection(create(baseUrl, '2021-07-23T07:10:00Z').current(zone, PATIENT));
      assert.equal(error.failure, failure);
    });

  for (const zone of ['0', '18', '13.5', 'London', '../13', ''])
    it(`asks nothing about region ${JSON.stringify(zone)}`, async (t) => {
      const { baseUrl, asked } = await startProvider(t, { body: REGION_NOW });
      const error = await rejection(create(baseUrl, '2021-07-23T07:10:00Z').current(zone, PATIENT));
      assert.deepEqual([error.failure, asked.length], ['not_covered', 0]);
    });

  const zones: readonly [id: string | number | undefined, gridZone: string | undefined, zone: string | undefined][] = [
    [13, undefined, '13'],
    ['13', 'GB', '13'],
    ['national', undefined, 'GB'],
    [undefined, 'GB', 'GB'],
    [undefined, 'IE', undefined],
    [undefined, undefined, undefined],
  ];
  for (const [id, gridZone, zone] of zones)
    it(`takes ${zone} for the id ${id} in ${gridZone}`, () => {
      const region = {
        name: 'my-cellar',
        ...(gridZone && { gridZone }),
        ...(id !== undefined && { ukCarbonIntensity: id }),
      };
      assert.equal(create('http://127.0.0.1', '2026-05-06T00:09:00Z').zoneOf(region), zone);
    });

  it('covers the cloud regions of Great Britain', () => {
    const { zoneOf } = create('http://127.0.0.1', '2026-05-06T00:09:00Z');
    assert.deepEqual([zoneOf({ name: 'eu-west-2' }), zoneOf({ name: 'eu-west-1' })], ['GB', undefined]);
  });

  itReportsFailures((baseUrl, given, abort) => createUkCarbonIntensity({ baseUrl }, given).current('GB', abort));
});
