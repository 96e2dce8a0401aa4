import assert from 'node:assert/strict';
import { before, describe, it, type TestContext } from 'node:test';
import { readCloudWatch } from '../../../src/sources/traffic/cloudwatch.ts';
import { awsError, type CloudWatchAnswer, type FakeOptions, startCloudWatch } from './fake-cloudwatch.ts';

const START = Date.parse('2026-11-20T08:00:00Z');
const HOUR_MS = 3_600_000;
const RANGE = { startMs: START, endMs: START + 3 * HOUR_MS };
const NOW = START + 24 * HOUR_MS;

function hours(...bytes: readonly number[]): Record<string, number> {
  return Object.fromEntries(bytes.map((one, hour) => [new Date(START + hour * HOUR_MS).toISOString(), one]));
}

async function read(
  test: TestContext,
  fake: FakeOptions,
  range = RANGE,
  { abort = AbortSignal.timeout(60_000), now = NOW } = {},
) {
  const { endpoint, asked } = await startCloudWatch(test, fake);
  const measured = await readCloudWatch({ region: 'eu-central-1', endpoint }, range, { abort, now });
  return { ...measured, asked };
}

describe('bytes from CloudWatch', () => {
  before(() => {
    process.env['AWS_ACCESS_KEY_ID'] = 'AKIDEXAMPLE';
    process.env['AWS_SECRET_ACCESS_KEY'] = 'secret';
  });

  it('are the sums of all instances, hour by hour', async (t) => {
    const instances = { 'i-1': hours(1e9, 2e9, 3e9), 'i-2': hours(10e9, 20e9) };
    const { pieces, notes, asked } = await read(t, { instances });
    assert.deepEqual(
      pieces.map(({ startMs, endMs, bytes }) => [startMs - START, endMs - startMs, bytes]),
      [
        [0, HOUR_MS, 11e9],
        [HOUR_MS, HOUR_MS, 22e9],
        [2 * HOUR_MS, HOUR_MS, 3e9],
      ],
    );
    assert.deepEqual(notes, [
      'CloudWatch counts all that the EC2 instances of eu-central-1 sent (2 of them), not only what moved there',
    ]);
    assert.match(asked[0]?.authorization ?? '', /Credential=AKIDEXAMPLE\/\d+\/eu-central-1\/monitoring\//);
  });

  it('come in pages, of instances and of hours', async (t) => {
    const instances = Object.fromEntries(Array.from({ length: 7 }, (_, i) => [`i-${i}`, hours(1, 1, 1)]));
    const { pieces, notes } = await read(t, { instances, pageSize: 2 });
    assert.deepEqual(
      pieces.map(({ bytes }) => bytes),
      [7, 7, 7],
    );
    assert.equal(notes.length, 1);
  });

  it('of more instances than one question may name are asked for in several', async (t) => {
    const instances = Object.fromEntries(Array.from({ length: 1_201 }, (_, i) => [`i-${i}`, hours(2)]));
    const { pieces, asked } = await read(t, { instances });
    assert.equal(pieces[0]?.bytes, 2_402);
    const sizes = asked.flatMap(({ body }) => (body['MetricDataQueries'] as unknown[] | undefined)?.length ?? []);
    assert.deepEqual(sizes, [500, 500, 201]);
  });

  it('count in part where an hour lies partly outside the range', async (t) => {
    const range = { startMs: START + HOUR_MS / 2, endMs: START + 1.25 * HOUR_MS };
    const { pieces, notes } = await read(t, { instances: { 'i-1': hours(8e9, 4e9) } }, range);
    assert.deepEqual(
      pieces.map(({ bytes }) => bytes),
      [4e9, 1e9],
    );
    assert.ok(notes.includes('of hours that lie partly outside the range a proportional part counts'), notes.join());
  });

  it('of the hour that still runs are those of its part so far', async (t) => {
    const now = START + 1.5 * HOUR_MS;
    const instances = { 'i-1': hours(8e9, 4e9) };
    const whole = await read(t, { instances }, { startMs: START, endMs: now }, { now });
    assert.deepEqual(
      whole.pieces.map(({ bytes }) => bytes),
      [8e9, 4e9],
    );
    assert.match(whole.notes.join('\n'), /the last hour still runs/);
    const half = await read(t, { instances }, { startMs: START, endMs: START + 1.25 * HOUR_MS }, { now });
    assert.equal(half.pieces[1]?.bytes, 2e9);
  });

  it('that are missing or only a part are told, not taken for zero', async (t) => {
    const { notes } = await read(t, {
      instances: { 'i-1': hours(1) },
      answer: ({ action }) =>
        action === 'ListMetrics'
          ? 'usual'
          : {
              body: {
                MetricDataResults: [{ Id: 'i0', Timestamps: [START / 1000], Values: [5], StatusCode: 'PartialData' }],
              },
            },
    });
    assert.ok(notes.includes('CloudWatch has no value for 2 of 3 hours; they are not counted'), notes.join());
    assert.ok(notes.includes('CloudWatch answers only a part for i-1'), notes.join());
  });

  const failures: Readonly<Record<string, [CloudWatchAnswer | undefined, string, RegExp]>> = {
    'refused credentials': [
      awsError(400, 'AccessDeniedException'),
      'unauthorized',
      /cloudwatch:ListMetrics.*AccessDenied/,
    ],
    'a bare 403': [{ status: 403, body: {} }, 'unauthorized', /cloudwatch:GetMetricData/],
    throttling: [awsError(400, 'ThrottlingException'), 'rate_limited', /too many requests to CloudWatch/],
    'an inner error': [awsError(500, 'InternalServiceFault'), 'unavailable', /HTTP 500/],
    HTML: [{ body: '<html>' }, 'malformed', /not what CloudWatch answers/],
    'no answer': [undefined, 'unavailable', /no answer in time/],
    'the same page for ever': [{ body: { Metrics: [], NextToken: 'same' } }, 'malformed', /more than 200 pages/],
    'negative bytes': [
      { body: { Metrics: [], MetricDataResults: [{ Id: 'i0', Timestamps: [START / 1000], Values: [-5] }] } },
      'implausible',
      /-5 bytes/,
    ],
  };
  for (const [name, [answer, failure, message]] of Object.entries(failures)) {
    it(`${name}: ${failure}, without what AWS says of the account`, async (t) => {
      const isValues = failure === 'implausible';
      const abort = AbortSignal.timeout(answer ? 60_000 : 300);
      const asking = read(
        t,
        {
          instances: { 'i-1': {} },
          answer: ({ action }) => (isValues && action === 'ListMetrics' ? 'usual' : answer),
        },
        RANGE,
        { abort },
      );
      await assert.rejects(asking, (error: Error & { failure?: string }) => {
        assert.equal(error.failure, failure);
        assert.match(error.message, message);
        assert.doesNotMatch(error.message, /123456789012/);
        return true;
      });
    });
  }
});
