import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createAsking } from '../../../src/questions/wait/ask-region.ts';
import { createLooking } from '../../../src/questions/wait/look.ts';
import type { RegionSources } from '../../../src/questions/wait/read-region.ts';
import { sayPlan } from '../../../src/questions/wait/render-plan.ts';
import { waitForStart } from '../../../src/questions/wait/wait-for-start.ts';
import type { RegionStatus } from '../../../src/regions/region-status.ts';
import { SourceError } from '../../../src/sources/asking/source-error.ts';
import { CELLAR, HOUR, measured, type Scripts, START, scripted } from '../../sources/start-chain.ts';

const { name } = CELLAR;
const REGION = { metadata: { name }, spec: { gridZone: CELLAR.gridZone } };
const PATIENT = new AbortController().signal;

/** From now on, hour by hour. */
function forecastAt(now: number, gramsOf: (hour: number) => number) {
  const from = Math.floor(now / HOUR) * HOUR;
  return Array.from({ length: 48 }, (_, hour) => ({
    from: from + hour * HOUR,
    gramsPerKwh: gramsOf(hoursOf(from) + hour),
  }));
}

/** Hours after the beginning. */
const hoursOf = (at: number) => (at - START) / HOUR;
/** Cleanest at the fourth hour after the beginning. */
const valley = (hour: number) => 300 + 20 * Math.abs(hour - 4);

interface World extends Partial<Omit<RegionSources, 'sources' | 'mistakes'>> {
  /** What the source does as of an hour after the beginning; undefined: there is none. */
  readonly source?: (hours: number) => Scripts;
  readonly within?: number;
}

/** A command of an hour that waits, on a clock that nobody waits for. */
async function run({ source, region = REGION, readLive, within = 12 }: World) {
  let now = START;
  const one = scripted('electricity-maps', source?.(0) ?? { current: measured(1) });
  const said: string[] = [];
  const looking = createLooking({
    ask: createAsking({
      region,
      readLive,
      sources: source ? [one] : [],
      policySignal: 'average-lifecycle',
      clock: () => now,
      over: PATIENT,
    }),
    region: name,
    clock: () => now,
    say: (text) => void said.push(text),
    durationMs: HOUR,
    minSavingPercent: 0.5,
  });
  await waitForStart({
    clock: {
      now: () => now,
      elapsed: () => now,
      async sleep(ms) {
        now += ms;
      },
    },
    latestStart: START + within * HOUR,
    stepMs: 15_000,
    look(latestStart, budgetMs) {
      if (source) Object.assign(one.scripts, source(hoursOf(now)));
      return looking.look(latestStart, budgetMs, PATIENT);
    },
    tell: (look) => void said.push(sayPlan(look)),
    show() {},
  });
  return { hours: hoursOf(now), said };
}

function good(hours: number, gramsOf = valley): Scripts {
  const now = START + hours * HOUR;
  const hour = Math.floor(hours);
  return {
    current: measured(gramsOf(hour), { measuredAt: START + hour * HOUR }),
    forecast: forecastAt(now, gramsOf),
    history: [],
  };
}

const FAULTS = {
  'that refuses the token': new SourceError('unauthorized', 'HTTP 401'),
  'that is asked too often': new SourceError('rate_limited', 'HTTP 429', { retryAfterMs: 100 * HOUR }),
  'that answers garbage': new SourceError('malformed', 'the answer is HTML, not JSON'),
  'that answers what cannot be': new SourceError('implausible', '-3 gCO2e/kWh is negative'),
};

describe('a command with a source', () => {
  it('starts at the cleanest moment of its forecast', async () => {
    const { hours, said } = await run({ source: good });
    assert.equal(hours, 4);
    assert.equal(said.length, 2, said.join('\n'));
    assert.match(
      said[0] ?? '',
      /^waits 4h until 2026-11-22T16:00:00Z, at the latest until 2026-11-23T00:00:00Z: cellar is expected at 300 gCO2e\/kWh over 1h then, 21\.1% less than the 380 of a start now \(electricity-maps: its forecast\)$/,
    );
    assert.match(
      said[1] ?? '',
      /^starts: no start until .* is expected to be cleaner than 300 gCO2e\/kWh in cellar over 1h now/,
    );
  });

  it('starts at the cleanest moment that a day of its past tells of', async () => {
    const history = Array.from({ length: 30 }, (_, ago) =>
      measured((30 - ago) % 24 === 10 ? 100 : 300, { measuredAt: START - ago * HOUR }),
    );
    const { hours, said } = await run({ source: () => ({ current: measured(300), history }) });
    assert.ok(hours > 0 && hours <= 12, said.join('\n'));
    assert.match(said[0] ?? '', /\(electricity-maps: from its past days\)$/);
  });

  it('plans again with each new forecast', async () => {
    const { hours, said } = await run({
      source: (at) => good(at, at < 2 ? valley : (hour) => 300 + 20 * Math.abs(hour - 7)),
    });
    assert.equal(hours, 7, said.join('\n'));
  });

  it('starts at the latest start where each forecast says that later is cleaner', async () => {
    const { hours } = await run({ source: (at) => good(at, (hour) => 1_000 - hour * 80), within: 3.5 });
    assert.equal(hours, 3.5);
  });

  for (const [what, error] of Object.entries(FAULTS)) {
    it(`starts at once for one ${what}, and says so`, async () => {
      const { hours, said } = await run({ source: () => ({ current: error, forecast: error, history: error }) });
      assert.equal(hours, 0);
      assert.ok(said[0]?.startsWith(`electricity-maps: ${error.failure}: ${error.message}`), said.join('\n'));
      assert.match(said[1] ?? '', /^starts at once: nothing is known of when cellar is cleaner$/);
      assert.equal(said.length, 2);
    });

    it(`keeps its plan for one ${what} while it waits, and says so once`, async () => {
      const { hours, said } = await run({
        source: (at) => (at < 1 ? good(at) : { current: error, forecast: error, history: error }),
      });
      assert.equal(hours, 4);
      const complaints = said.filter((line) => line.startsWith(`electricity-maps: ${error.failure}`));
      assert.equal(complaints.length, 1, said.join('\n'));
      assert.match(complaints[0] ?? '', /; its last good value is used$/);
    });
  }

  it('starts at once for one that tells neither a forecast nor the past', async () => {
    const { hours, said } = await run({ source: () => ({ current: measured(200) }) });
    assert.equal(hours, 0);
    assert.match(said[0] ?? '', /^electricity-maps: no_forecast: it tells neither/);
  });

  it('passes over values of a forecast that cannot be', async () => {
    const { hours } = await run({
      source: (at) => ({
        ...good(at),
        forecast: forecastAt(START + at * HOUR, (hour) => (hour === 8 ? -1 : hour === 9 ? Number.NaN : valley(hour))),
      }),
    });
    assert.equal(hours, 4);
  });

  it('compares the hours of one signal, whichever it is', async () => {
    const { hours } = await run({
      source: (at) => {
        const scripts = good(at);
        return { ...scripts, current: { ...(scripts.current as ReturnType<typeof measured>), signal: 'marginal' } };
      },
    });
    assert.equal(hours, 4);
  });

  it('starts at once where the Region has a fixed value', async () => {
    const { hours, said } = await run({ source: good, region: { ...REGION, spec: { gramsPerKwh: 50 } } });
    assert.equal(hours, 0);
    assert.match(said[0] ?? '', /cleaner than 50 gCO2e\/kWh .*\(static: a fixed value\)$/);
  });
});

describe('a command with a cluster', () => {
  function live(observed: RegionStatus) {
    return async () => ({ ...REGION, observed });
  }
  const reading = { ...measured(380), source: 'watttime', freshness: 'fresh' } as const;

  it('starts at the cleanest moment that the status of its Region tells', async () => {
    const forecast = forecastAt(START, valley);
    const { hours, said } = await run({ readLive: live({ reading, forecast }) });
    assert.equal(hours, 4);
    assert.match(said[0] ?? '', /\(Region\.status, watttime: its forecast\)$/);
  });

  const rows: Readonly<Record<string, readonly [World, RegExp]>> = {
    'that cannot be reached': [
      { readLive: async () => ({ issue: 'cannot read regions: 403' }) },
      /^cannot read regions: 403$/,
    ],
    'that knows no forecast': [{ readLive: live({ reading }) }, /^the cluster knows no forecast of cellar/],
    'that knows one of yesterday': [
      { readLive: live({ reading, forecast: forecastAt(START - 60 * HOUR, valley) }) },
      /^the cluster knows no forecast of cellar/,
    ],
    'that knows one of another zone': [
      { readLive: live({ reading, gridZone: 'elsewhere', forecast: forecastAt(START, valley) }) },
      /^the cluster knows no forecast of cellar/,
    ],
  };
  for (const [what, [world, says]] of Object.entries(rows))
    it(`starts at once with one ${what}, and says so`, async () => {
      const { hours, said } = await run(world);
      assert.equal(hours, 0);
      assert.match(said[0] ?? '', says);
    });

  it('keeps its plan for one that goes away while it waits, and says so once', async () => {
    let asked = 0;
    const known = live({ reading, forecast: forecastAt(START, valley) });
    const { hours, said } = await run({
      async readLive() {
        asked += 1;
        return asked < 3 ? known() : { issue: 'cannot read regions: the API server does not answer' };
      },
    });
    assert.equal(hours, 4);
    assert.equal(said.length, 3, said.join('\n'));
    assert.match(said[1] ?? '', /^cannot read regions: .*; what was heard before still counts$/);
  });

  it("asks it last: a source's own forecast counts first", async () => {
    const forecast = forecastAt(START, (hour) => 300 - hour);
    const { hours } = await run({ source: good, readLive: live({ reading, forecast }) });
    assert.equal(hours, 4);
  });

  it('asks it where the sources fail', async () => {
    const { hours, said } = await run({
      source: () => ({ current: new SourceError('unauthorized', 'HTTP 401') }),
      readLive: live({ reading, forecast: forecastAt(START, valley) }),
    });
    assert.equal(hours, 4);
    assert.match(said[0] ?? '', /^electricity-maps: unauthorized/);
  });
});

it('a command with nobody to ask starts at once', async () => assert.equal((await run({})).hours, 0));
