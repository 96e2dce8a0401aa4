import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { toOverdueRuns } from '../../../src/questions/check/read-waiting.ts';

const NONE = { isSuspended: false, failedForMs: 0 };
const created = '2026-11-22T08:00:00Z';

describe('the CronJob for what is overdue', () => {
  const rows: readonly [name: string, cronJob: object | undefined, expected: object | undefined][] = [
    ['that is not there', undefined, undefined],
    ['that has not run yet', { metadata: { creationTimestamp: created } }, NONE],
    [
      'that is suspended',
      { metadata: { creationTimestamp: created }, spec: { suspend: true } },
      { ...NONE, isSuspended: true },
    ],
    [
      'that succeeds',
      {
        metadata: {},
        status: { lastScheduleTime: '2026-11-22T09:00:00Z', lastSuccessfulTime: '2026-11-22T09:00:20Z' },
      },
      NONE,
    ],
    [
      'that has failed since',
      {
        metadata: {},
        status: { lastScheduleTime: '2026-11-22T10:00:00Z', lastSuccessfulTime: '2026-11-22T09:00:00Z' },
      },
      { ...NONE, failedForMs: 3_600_000 },
    ],
    [
      'that never succeeded',
      { metadata: { creationTimestamp: created }, status: { lastScheduleTime: '2026-11-22T10:00:00Z' } },
      { ...NONE, failedForMs: 7_200_000 },
    ],
  ];
  for (const [name, cronJob, expected] of rows) it(name, () => assert.deepEqual(toOverdueRuns(cronJob), expected));
});
