import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { z } from 'zod';
import type { StatusDeps } from '../../src/webhook/page/status.ts';
import { createStatusPage } from '../../src/webhook/status-page.ts';
import { makeRegion, makeSnapshot, NOW } from '../builders.ts';
import { makeSampleStatus } from './sample-status.ts';

const HOUR_MS = 3_600_000;

/** What scalers were given paths into: manifests/capacity/keda.md. Something that goes or changes here is another `version`. */
const numbers = z.strictObject({
  gramsPerKwh: z.number().nonnegative().nullable(),
  ageSeconds: z.int().nonnegative().nullable(),
  band: z
    .discriminatedUnion('name', [
      z.strictObject({ name: z.literal('low'), number: z.literal(0) }),
      z.strictObject({ name: z.literal('medium'), number: z.literal(1) }),
      z.strictObject({ name: z.literal('high'), number: z.literal(2) }),
    ])
    .nullable(),
  rank: z.int().positive().nullable(),
  outage: z.union([z.literal(0), z.literal(1)]),
  forecastMinimum: z
    .strictObject({
      gramsPerKwh: z.number().nonnegative(),
      at: z.iso.datetime(),
      inSeconds: z.int().nonnegative().max(86_400),
    })
    .nullable(),
});
const contract = z.object({
  apiVersion: z.literal('gridgate.dev/status/v1'),
  version: z.literal(1),
  time: z.iso.datetime(),
  policySignal: z.string(),
  forecastWindowSeconds: z.literal(86_400),
  byRegion: z.record(z.string(), numbers),
  regions: z.array(z.looseObject({ name: z.string() })),
});

function documentOf(parts: Partial<StatusDeps> = {}) {
  return contract.parse(JSON.parse(createStatusPage(makeSampleStatus(parts)).document()));
}

describe('/status.json keeps its contract', () => {
  it('of an ordinary morning: every region by its name, every key of each', () => {
    const { byRegion, regions } = documentOf();
    assert.deepEqual(
      Object.keys(byRegion),
      regions.map(({ name }) => name),
    );
    assert.ok(Object.values(byRegion).some(({ forecastMinimum }) => forecastMinimum));
    for (const { name, rank } of regions) assert.equal(byRegion[name]?.rank ?? undefined, rank, name);
  });

  it('where nothing is known', () => {
    const { byRegion } = documentOf({ snapshot: () => makeSnapshot([makeRegion('a', undefined)]) });
    const nothing = { gramsPerKwh: null, ageSeconds: null, band: null, rank: null, outage: 0, forecastMinimum: null };
    assert.deepEqual(byRegion, { a: nothing });
  });

  it('without a region', () => assert.deepEqual(documentOf({ snapshot: () => makeSnapshot([]) }).byRegion, {}));

  it('with the numbers that count', () => {
    const forecast = [-1, 1, 5, 23, 25].map((hours, index) => ({
      from: NOW + hours * HOUR_MS,
      gramsPerKwh: [200, 180, 90, 95, 10][index] ?? 0,
    }));
    const { byRegion } = documentOf({
      snapshot: () =>
        makeSnapshot([
          makeRegion('here', 250, { forecast, outage: 'power loss' }),
          makeRegion('there', 120),
          makeRegion('marginal', 10, { reading: { signal: 'marginal' } }),
          makeRegion('cleanest-now', 300, { forecast: forecast.map((one) => ({ ...one, gramsPerKwh: 300 })) }),
        ]),
    });
    assert.deepEqual(byRegion['here'], {
      ...{ gramsPerKwh: 250, ageSeconds: 600, band: { name: 'medium', number: 1 }, rank: 2, outage: 1 },
      forecastMinimum: { gramsPerKwh: 90, at: '2026-11-22T14:00:00Z', inSeconds: 18_000 },
    });
    assert.deepEqual(byRegion['there']?.rank, 1);
    const { gramsPerKwh, rank } = byRegion['marginal'] ?? {};
    assert.deepEqual([gramsPerKwh, rank], [null, null], 'a reading of another signal compares with nothing');
    assert.deepEqual(byRegion['cleanest-now']?.forecastMinimum?.inSeconds, 0);
  });

  it('of every replica: who neither leads nor asks a source tells the same', () => {
    const follower = documentOf({ leader: () => false, sources: () => undefined, roles: ['webhook'] });
    assert.deepEqual(follower.byRegion, documentOf().byRegion);
  });
});
