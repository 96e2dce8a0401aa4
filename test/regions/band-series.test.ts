import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  BANDS,
  type BandThresholds,
  bandOf,
  type HeldBand,
  MAX_BAND_CHANGES,
  MINIMUM_DWELL_MS,
  nextBand,
  thresholdsOf,
} from '../../src/regions/band.ts';
/**
 * The most restless month of four US balancing authorities in 2022, gCO2/kWh by the hour (direct, average), rounded, `null` where a
 * value is missing; from HewlettPackard/dc-rl data/CarbonIntensity (MIT), derived from US EIA hourly generation (public domain).
 */
import hourly from '../fixtures/hourly-intensity.json' with { type: 'json' };

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const START = Date.parse('2022-01-01T00:00:00Z');

interface Sample {
  readonly at: number;
  readonly gramsPerKwh: number;
  readonly thresholds?: BandThresholds | undefined;
}

/** The moments at which the band changed. */
function changesIn(samples: readonly Sample[], forgetful = false): readonly number[] {
  const changes: number[] = [];
  let previous: HeldBand | undefined;
  for (const { at, gramsPerKwh, thresholds } of samples) {
    const next = forgetful
      ? { band: bandOf(gramsPerKwh, thresholds), since: at }
      : nextBand({ previous, gramsPerKwh, now: at, thresholds });
    if (previous !== undefined && next.band !== previous.band) changes.push(at);
    previous = next;
  }
  return changes;
}

function mostOnAnyDay(changes: readonly number[]): number {
  const days = Map.groupBy(changes, (at) => Math.floor(at / DAY));
  return Math.max(0, ...[...days.values()].map(({ length }) => length));
}

function assertCalm(changes: readonly number[]): void {
  for (const [index, at] of changes.entries()) {
    const before = changes[index - 1];
    if (before !== undefined) assert.ok(at - before >= MINIMUM_DWELL_MS, `${at - before} ms in a band`);
    const sixth = changes[index - MAX_BAND_CHANGES];
    if (sixth !== undefined) assert.ok(at - sixth >= DAY, `${MAX_BAND_CHANGES + 1} changes in ${at - sixth} ms`);
  }
  assert.ok(mostOnAnyDay(changes) <= 5);
}

function readings(series: readonly (number | null)[]): readonly Sample[] {
  return series
    .map((gramsPerKwh, hour) => ({ at: START + hour * HOUR, gramsPerKwh }))
    .filter((sample): sample is Sample => sample.gramsPerKwh !== null);
}

function withOwnThresholds(samples: readonly Sample[]): readonly Sample[] {
  return samples.map((sample, index) => {
    const week = samples.slice(Math.max(0, index - 7 * 24), index).map(({ gramsPerKwh }) => gramsPerKwh);
    return { ...sample, thresholds: thresholdsOf(week) };
  });
}

describe('bands on real series', () => {
  for (const [name, series] of Object.entries(hourly)) {
    it(`${name}: at most 5 changes a day, never within the dwell time`, () => assertCalm(changesIn(readings(series))));

    it(`${name}: the same with thresholds of its own, which do change`, () => {
      const samples = withOwnThresholds(readings(series));
      const changes = changesIn(samples);
      assertCalm(changes);
      assert.ok(changes.length > 0 && changes.length < changesIn(samples, true).length, String(changes.length));
    });
  }

  it('are restless where nothing holds them', () => {
    assert.ok(mostOnAnyDay(changesIn(readings(hourly['ciso-2022-01']), true)) > 5);
  });
});

describe('bands on any series', () => {
  const sample = fc.record({
    minutes: fc.integer({ min: 1, max: 120 }),
    gramsPerKwh: fc.oneof(fc.integer({ min: 150, max: 350 }), fc.constantFrom(0, 180, 200, 220, 270, 300, 330, 2000)),
  });

  it('change at most 5 times in any 24 hours, never within the dwell time', () => {
    fc.assert(
      fc.property(fc.array(sample, { maxLength: 300 }), (steps) => {
        const minutes = steps.map((step) => step.minutes);
        const at = (index: number) => START + 60_000 * minutes.slice(0, index + 1).reduce((sum, gap) => sum + gap, 0);
        assertCalm(changesIn(steps.map(({ gramsPerKwh }, index) => ({ at: at(index), gramsPerKwh }))));
      }),
    );
  });

  it('change only where a value passes a threshold by 10 %, and then to the band it asks for', () => {
    const previous = fc.record({ band: fc.constantFrom(...BANDS), since: fc.constant(START - DAY) });
    fc.assert(
      fc.property(previous, fc.integer({ min: 0, max: 600 }), (before, gramsPerKwh) => {
        const { band } = nextBand({ previous: before, gramsPerKwh, now: START });
        const [lenient, strict] = [bandOf(gramsPerKwh / 1.1), bandOf(gramsPerKwh / 0.9)];
        const [from, to] = [BANDS.indexOf(before.band), BANDS.indexOf(band)];
        if (to > from) assert.equal(band, lenient);
        if (to < from) assert.equal(band, strict);
        if (to === from) assert.ok(BANDS.indexOf(lenient) <= from && BANDS.indexOf(strict) >= from);
      }),
    );
  });

  it('are never held in low by the cap', () => {
    const restless = fc.record({
      minutes: fc.integer({ min: 20, max: 90 }),
      gramsPerKwh: fc.constantFrom(0, 180, 250, 2000),
    });
    fc.assert(
      fc.property(fc.array(restless, { minLength: 20, maxLength: 100 }), (steps) => {
        let now = START;
        let previous: HeldBand | undefined;
        for (const { minutes, gramsPerKwh } of steps) {
          now += minutes * 60_000;
          const next = nextBand({ previous, gramsPerKwh, now });
          const isHeld = previous?.band === 'low' && now - previous.since >= MINIMUM_DWELL_MS && next.band === 'low';
          if (isHeld) assert.ok(gramsPerKwh <= 220, `${gramsPerKwh} gCO2e/kWh is called low`);
          previous = next;
        }
      }),
    );
  });

  it('follow the worst series 5 times a day, and then stay in the dirtier band', () => {
    const worst = Array.from({ length: 7 * 48 }, (_, i) => ({
      at: START + (i * HOUR) / 2,
      gramsPerKwh: i % 2 ? 2000 : 0,
    }));
    const changes = changesIn(worst);
    assertCalm(changes);
    assert.equal(mostOnAnyDay(changes), 5);
    const dayOne = worst
      .slice(0, 48)
      .reduce<HeldBand | undefined>(
        (previous, { at, gramsPerKwh }) => nextBand({ previous, gramsPerKwh, now: at }),
        undefined,
      );
    assert.equal(dayOne?.band, 'high');
  });
});
