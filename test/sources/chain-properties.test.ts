import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { freshnessOf } from '../../src/regions/freshness.ts';
import { MAX_GRAMS_PER_KWH, SIGNALS, type Signal } from '../../src/regions/reading.ts';
import { type Failure, SourceError } from '../../src/sources/asking/source-error.ts';
import type { RegionIntensity } from '../../src/sources/intensity/chain.ts';
import type { SourceName } from '../../src/sources/intensity/source.ts';
import { HOUR, MINUTE, type Scripts, START, scripted, startChain } from './start-chain.ts';

const FAILURES: readonly Failure[] = [
  'unauthorized',
  'not_covered',
  'rate_limited',
  'unavailable',
  'malformed',
  'wrong_zone',
  'implausible',
];
const NAMES: readonly SourceName[] = ['electricity-maps', 'watttime', 'file'];

const grams = fc.oneof(
  { weight: 4, arbitrary: fc.double({ min: 0, max: 2000, noNaN: true }) },
  fc.double(),
  fc.constantFrom(Number.NaN, -1, 2000.1, '7', null, undefined),
);
const time = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: START - 30 * HOUR, max: START + 20 * HOUR }) },
  fc.double(),
  fc.constantFrom(Number.NaN, null, '2026', 9e15),
);
const measurement = fc.record({
  gramsPerKwh: grams,
  signal: fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...SIGNALS) }, fc.constant('percentile')),
  measuredAt: time,
  stepMs: fc.constantFrom(0, 5 * MINUTE, HOUR, Number.NaN, -HOUR, Number.POSITIVE_INFINITY),
  estimated: fc.boolean(),
});
const failing = fc.oneof(
  fc
    .tuple(fc.constantFrom(...FAILURES), fc.option(fc.double(), { nil: undefined }))
    .map(([failure, retryAfterMs]) => new SourceError(failure, 'because', { retryAfterMs })),
  fc.constant(new TypeError('hunter2')),
);
const nonsense = fc.constantFrom<unknown>(undefined, null, 7, 'hunter2', {}, [null], [undefined]);

function answering(value: fc.Arbitrary<unknown>) {
  return fc.oneof({ weight: 5, arbitrary: value }, { weight: 2, arbitrary: failing }, nonsense);
}

const scripts = fc.record({
  current: answering(measurement),
  forecast: answering(fc.array(fc.record({ from: time, gramsPerKwh: grams }), { maxLength: 5 })),
  history: answering(fc.array(measurement, { maxLength: 5 })),
}) as fc.Arbitrary<unknown> as fc.Arbitrary<Required<Scripts>>;

/** Before each read the clock moves, and the sources are told what to answer from now on. */
interface Step {
  readonly move: number;
  readonly scripts: readonly Required<Scripts>[];
  readonly zone: string;
}

function steps(move: fc.Arbitrary<number>): fc.Arbitrary<readonly Step[]> {
  const step = fc.record({
    move,
    scripts: fc.tuple(scripts, scripts, scripts),
    zone: fc.constantFrom('x1', 'x2', 'DE'),
  });
  return fc.array(step, { minLength: 1, maxLength: 6 });
}

const forwards = fc.oneof(fc.integer({ min: 0, max: 6 * MINUTE }), fc.integer({ min: 0, max: 8 * HOUR }));
const anywhere = fc.oneof(forwards, fc.integer({ min: -8 * HOUR, max: 0 }));

async function replay(plan: readonly Step[], onRead: (result: RegionIntensity, now: number) => void) {
  const sources = NAMES.map((name) =>
    scripted(name, { current: new SourceError('not_covered', ''), forecast: [], history: [] }),
  );
  const { read, advance } = startChain(sources);
  const asked = new Map<string, number[]>();
  let now = START;
  for (const step of plan) {
    now += step.move;
    advance(step.move);
    for (const [index, source] of sources.entries()) Object.assign(source.scripts, step.scripts[index]);
    onRead(await read({ name: 'r', gridZone: step.zone }), now);
    for (const { name, asked: questions } of sources)
      for (const question of new Set(questions.splice(0)))
        asked.set(`${name} ${question}`, [...(asked.get(`${name} ${question}`) ?? []), now]);
  }
  return asked;
}

function isPlausible(value: unknown, signal?: Signal): boolean {
  const least = signal === 'average-lifecycle' ? Number.MIN_VALUE : 0;
  return typeof value === 'number' && value >= least && value <= MAX_GRAMS_PER_KWH;
}

describe('whatever the sources answer and the clock does, the chain', () => {
  it('never rejects, and gives nothing implausible, too old or secret', async () => {
    await fc.assert(
      fc.asyncProperty(steps(anywhere), async (plan) => {
        await replay(plan, ({ reading, forecast, attempts }, now) => {
          assert.doesNotMatch(JSON.stringify(attempts), /hunter2/);
          if (reading) {
            assert.ok(
              isPlausible(reading.gramsPerKwh, reading.signal) && SIGNALS.includes(reading.signal),
              JSON.stringify(reading),
            );
            const isMeasured = reading.freshness !== 'embedded';
            assert.equal(reading.measuredAt !== undefined, isMeasured);
            if (isMeasured) assert.ok(freshnessOf(now - (reading.measuredAt ?? Number.NaN), HOUR), 'too old');
          }
          const points = forecast?.points ?? [];
          assert.equal(points.length > 0, forecast !== undefined);
          assert.ok(
            points.every(
              ({ gramsPerKwh, from }) => isPlausible(gramsPerKwh, reading?.signal) && new Date(from).toISOString(),
            ),
          );
          assert.ok(points.every(({ from }, index) => from >= (points[index - 1]?.from ?? from)));
          assert.ok(forecast === undefined || forecast.source === reading?.source);
        });
      }),
      { numRuns: 150 },
    );
  });

  it('asks a source for one thing of a zone at most once in 5 minutes', async () => {
    await fc.assert(
      fc.asyncProperty(steps(forwards), async (plan) => {
        const asked = await replay(plan, () => {});
        for (const [question, times] of asked)
          for (const [index, at] of times.entries())
            assert.ok(at - (times[index - 1] ?? Number.NEGATIVE_INFINITY) >= 5 * MINUTE, question);
      }),
      { numRuns: 150 },
    );
  });
});
