import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createNextRun } from '../../src/controllers/gate-releaser/next-run.ts';
import { isDue, type PlannedUnit, planUnit } from '../../src/controllers/gate-releaser/plan.ts';
import { makeSnapshot, NOW } from '../builders.ts';
import {
  type ContextParts,
  contextOf,
  DAY,
  gridOf,
  HOUR_MS,
  heldObject,
  jobObject,
  unitsOf,
  type ViewParts,
} from './held-units.ts';

const MINUTE = 60_000;
const nextRun = createNextRun(() => assert.fail('every schedule here can be read'));

function planOf(view: ViewParts, context: ContextParts = {}): PlannedUnit {
  const units = unitsOf(view);
  assert.equal(units.length, 1, 'one unit');
  return planUnit(units[0] ?? assert.fail(), contextOf({ nextRun, ...context }));
}

/** In hours from now. */
function told({ reason, startAt, latestStart }: PlannedUnit): readonly [string, number, number] {
  return [reason, (startAt - NOW) / HOUR_MS, Math.round(((latestStart - NOW) / HOUR_MS) * 60) / 60];
}

describe('when a unit goes', () => {
  const pod = heldObject();
  const ofJob = (agoMs = 0) => heldObject({ job: 'train', agoMs });
  const long = { annotations: { duration: '2h' } };
  const rows: Readonly<
    Record<string, { view: ViewParts; context?: ContextParts; expected: readonly [string, number, number] }>
  > = {
    'at the cleanest hour before its latest start': { view: { pods: [pod] }, expected: ['cleaner_later', 2, 12] },
    'now, where none is cleaner': {
      view: { pods: [pod] },
      context: { snapshot: makeSnapshot([gridOf([100, 300, 300, ...Array<number>(21).fill(400)])]) },
      expected: ['cleanest_now', 0, 12],
    },
    'now, where there is no forecast and was no plan': {
      view: { pods: [pod] },
      context: { snapshot: makeSnapshot([gridOf([300])]) },
      expected: ['cleanest_now', 0, 12],
    },
    'now, where its namespace only audits': {
      view: { pods: [pod] },
      context: { annotations: { mode: 'audit' } },
      expected: ['not_placed', 0, 12],
    },
    'now, under the kill switch': { view: { pods: [pod] }, context: { mode: 'off' }, expected: ['not_placed', 0, 12] },
    'now, where its namespace lets none wait any more': {
      view: { pods: [pod] },
      context: { annotations: { defer: '0s' } },
      expected: ['may_not_wait', 0, 0],
    },
    'now, where it says by now that it is not flexible': {
      view: { pods: [heldObject({ annotations: { class: 'standard' } })] },
      expected: ['may_not_wait', 0, 12],
    },
    'now, when its latest start has come': {
      view: { pods: [heldObject({ agoMs: 12 * HOUR_MS })] },
      expected: ['latest_start', 0, 0],
    },
    'in time for its own deadline': {
      view: { pods: [heldObject({ annotations: { deadline: '2026-11-22T11:30:00Z' } })] },
      context: { snapshot: makeSnapshot([gridOf([300, 300, 100, ...DAY.slice(3)])]) },
      expected: ['cleaner_later', 1.5, 1.5],
    },
    'for a retry, as its Job was created': {
      view: { pods: [ofJob()], jobs: [jobObject({ agoMs: 10 * HOUR_MS })] },
      expected: ['cleaner_later', 2, 2],
    },
    'now, where a pod of its Job ran before': {
      view: { pods: [ofJob()], jobs: [jobObject({ status: { failed: 1 } })] },
      expected: ['begun', 0, 12],
    },
    'now, where its Job was let go before': {
      view: {
        pods: [ofJob()],
        jobs: [jobObject({ annotations: { released: '2026-11-22T08:00:00Z' }, agoMs: 2 * HOUR_MS })],
      },
      expected: ['begun', 0, 10],
    },
    'as any other of a Job that is a copy of one that was let go': {
      view: { pods: [ofJob()], jobs: [jobObject({ annotations: { released: '2026-11-22T08:00:00Z' } })] },
      expected: ['cleaner_later', 2, 12],
    },
    'now, where another of its Job was seen to be let go': {
      view: {
        pods: [
          ofJob(),
          heldObject({ name: 'train-2', job: 'train', annotations: { released: 'x' }, spec: { schedulingGates: [] } }),
        ],
      },
      expected: ['begun', 0, 12],
    },
    'with room for its run before its Job must have ended': {
      view: {
        pods: [heldObject({ job: 'train', ...long })],
        jobs: [jobObject({ spec: { activeDeadlineSeconds: 4 * 3_600 } })],
      },
      expected: ['cleaner_later', 1, 2],
    },
    'now, at a date that can be written, where it says that it runs for ages': {
      view: {
        pods: [heldObject({ annotations: { deadline: '2026-11-30T00:00:00Z', duration: '999999999d' } })],
      },
      expected: ['latest_start', 0, 0],
    },
    'now, where its Job leaves it no room': {
      view: {
        pods: [heldObject({ job: 'train', ...long })],
        jobs: [jobObject({ spec: { activeDeadlineSeconds: 3_600 } })],
      },
      expected: ['latest_start', 0, 0],
    },
    'a run before the next of its CronJob, under Forbid': {
      view: {
        pods: [ofJob()],
        jobs: [jobObject({ cronJob: 'nightly' })],
        cronJobs: [{ schedule: '30 11 * * *' }],
      },
      expected: ['cleaner_later', 1.5, 1.5],
    },
    'in the time zone of its CronJob': {
      view: {
        pods: [ofJob()],
        jobs: [jobObject({ cronJob: 'nightly' })],
        cronJobs: [{ schedule: '30 12 * * *', timeZone: 'Europe/Berlin' }],
      },
      expected: ['cleaner_later', 1.5, 1.5],
    },
    'before the next run of its CronJob, under Allow': {
      view: {
        pods: [ofJob()],
        jobs: [jobObject({ cronJob: 'nightly' })],
        cronJobs: [{ schedule: '30 10 * * *', allowsTwo: true }],
      },
      expected: ['cleaner_later', 1.5, 1.5],
    },
    'now, where nobody can read the schedule of its CronJob, under Forbid': {
      view: {
        pods: [ofJob()],
        jobs: [jobObject({ cronJob: 'nightly' })],
        cronJobs: [{ schedule: '@sometimes' }],
      },
      context: { nextRun: createNextRun(() => {}) },
      expected: ['latest_start', 0, 0],
    },
    'whenever it likes where nobody can read that, under Allow': {
      view: {
        pods: [ofJob()],
        jobs: [jobObject({ cronJob: 'nightly' })],
        cronJobs: [{ schedule: '@sometimes', allowsTwo: true }],
      },
      context: { nextRun: createNextRun(() => {}) },
      expected: ['cleaner_later', 2, 12],
    },
    'whenever it likes under a CronJob that runs no more': {
      view: {
        pods: [ofJob()],
        jobs: [jobObject({ cronJob: 'nightly' })],
        cronJobs: [{ schedule: '30 10 * * *', isSuspended: true }],
      },
      expected: ['cleaner_later', 2, 12],
    },
    'together with a gang, as its oldest was created': {
      view: {
        pods: [
          heldObject({ labels: { 'jobset.sigs.k8s.io/jobset-name': 'set' }, job: 'set-a' }),
          heldObject({
            name: 'b',
            labels: { 'jobset.sigs.k8s.io/jobset-name': 'set' },
            job: 'set-b',
            agoMs: 10 * HOUR_MS,
          }),
        ],
      },
      expected: ['cleaner_later', 2, 2],
    },
    'now, where another Job of its JobSet ran': {
      view: {
        pods: [heldObject({ labels: { 'jobset.sigs.k8s.io/jobset-name': 'set' }, job: 'set-a' })],
        jobs: [
          jobObject({
            name: 'set-b',
            labels: { 'jobset.sigs.k8s.io/jobset-name': 'set' },
            status: { conditions: [{ type: 'Complete', status: 'True' }] },
          }),
        ],
      },
      expected: ['begun', 0, 12],
    },
    'as a pod group': {
      view: {
        pods: ['a', 'b'].map((name) => heldObject({ name, spec: { schedulingGroup: { podGroupName: 'ring' } } })),
      },
      expected: ['cleaner_later', 2, 12],
    },
    'later, while all regions that it may run in are down': {
      view: { pods: [pod] },
      context: { snapshot: makeSnapshot([gridOf(DAY, { outage: 'storm' })]) },
      expected: ['refused', 12, 12],
    },
    'as a suspended Job of which no time limit runs': {
      view: {
        jobs: [
          jobObject({
            annotations: { deferred: 'suspend' },
            spec: {
              suspend: true,
              activeDeadlineSeconds: 60,
              template: {
                metadata: { annotations: { 'gridgate.dev/class': 'flexible' } },
                spec: { restartPolicy: 'Never' },
              },
            },
          }),
        ],
      },
      context: { annotations: { 'defer-by': 'suspend' } },
      expected: ['cleaner_later', 2, 12],
    },
  };
  for (const [name, { view, context, expected }] of Object.entries(rows))
    it(name, () => assert.deepEqual(told(planOf(view, context)), expected));

  const decisionsFor = (specOf: (i: number) => object): number => {
    const pods = Array.from({ length: 2_000 }, (_, i) => heldObject({ name: `p-${i}`, job: 'train', spec: specOf(i) }));
    const { decide } = contextOf();
    let decisions = 0;
    planOf(
      { pods, jobs: [jobObject()] },
      {
        decide(member) {
          decisions += 1;
          return decide(member);
        },
      },
    );
    return decisions;
  };

  it('costs one decision for all pods that are alike', () =>
    assert.equal(
      decisionsFor(() => ({})),
      1,
    ));

  it('costs some hundred decisions of a unit in which no two pods are alike', () =>
    assert.ok(decisionsFor((i) => ({ nodeSelector: { a: `v${i}` } })) <= 500));

  it('is never asked of what is not held by us', () => {
    const foreign = heldObject({ spec: { schedulingGates: [{ name: 'example.com/other' }] } });
    const template = { metadata: {}, spec: { restartPolicy: 'Never' } };
    const jobs = [
      jobObject({ name: 'by-hand', spec: { suspend: true, template } }),
      jobObject({
        name: 'queued',
        annotations: { deferred: 'suspend' },
        labels: { 'kueue.x-k8s.io/queue-name': 'q' },
        spec: { suspend: true, template },
      }),
      jobObject({
        name: 'managed',
        annotations: { deferred: 'suspend' },
        spec: { suspend: true, template, managedBy: 'example.com/x' },
      }),
      jobObject({ name: 'resumed', annotations: { deferred: 'suspend' }, spec: { template } }),
    ];
    assert.deepEqual(unitsOf({ pods: [foreign], jobs }), []);
  });

  it('leaves out what a write of ours has ended', () => {
    const isBehind = ({ uid }: { readonly uid?: string }) => uid === 'uid-train-1';
    assert.deepEqual(unitsOf({ pods: [pod] }, { isBehind }), []);
  });
});

describe('any unit', () => {
  const grams = fc.integer({ min: 1, max: 800 });
  const anything = fc.record({
    series: fc.array(grams, { minLength: 1, maxLength: 72 }),
    agoMs: fc.integer({ min: 0, max: 13 * HOUR_MS }),
    durationMinutes: fc.integer({ min: 1, max: 600 }),
    activeDeadlineSeconds: fc.option(fc.integer({ min: 1, max: 50_000 }), { nil: undefined }),
    patience: fc.double({ min: 0, max: 1, noNaN: true }),
  });

  it('has a start, which is not after its latest one, unless that is over', () => {
    fc.assert(
      fc.property(anything, ({ series, agoMs, durationMinutes, activeDeadlineSeconds, patience }) => {
        const annotations = { duration: `${durationMinutes}m` };
        const spec = activeDeadlineSeconds === undefined ? {} : { activeDeadlineSeconds };
        const view = { pods: [heldObject({ job: 'train', agoMs, annotations })], jobs: [jobObject({ agoMs, spec })] };
        const planned = planOf(view, { snapshot: makeSnapshot([gridOf(series)]), patience });
        assert.ok(planned.startAt >= NOW);
        assert.ok(planned.startAt <= Math.max(NOW, planned.latestStart));
        assert.ok(planned.latestStart <= NOW - agoMs + 12 * HOUR_MS);
        assert.ok(isDue(planned, Math.max(NOW, planned.latestStart)), 'due at its latest start');
      }),
    );
  });

  it('that is looked at every few minutes goes no later than one look after its latest start', () => {
    fc.assert(
      fc.property(anything, fc.integer({ min: 1, max: 40 }), ({ series, agoMs, patience }, every) => {
        for (let now = NOW; ; now += every * MINUTE) {
          const planned = planOf(
            { pods: [heldObject({ agoMs })] },
            { snapshot: makeSnapshot([gridOf(series)]), now, patience },
          );
          if (!isDue(planned, now)) continue;
          assert.ok(now < Math.max(NOW, planned.latestStart) + every * MINUTE);
          return;
        }
      }),
      { numRuns: 30 },
    );
  });
});

describe('schedules of CronJobs', () => {
  const rows: Readonly<Record<string, string | undefined>> = {
    '*/15 * * * *': '2026-11-22T09:15:00Z',
    '5/15 * * * *': '2026-11-22T09:05:00Z',
    '0 9 * * *': '2026-11-23T09:00:00Z',
    '@hourly': '2026-11-22T10:00:00Z',
    '0 0 ? * MON-FRI': '2026-11-23T00:00:00Z',
    '0 0 13 * 5': '2026-11-27T00:00:00Z',
    '0 0 30 2 *': undefined,
    '*/90 * * * *': '2026-11-22T10:00:00Z',
    '20-30/99,50 * * * *': '2026-11-22T09:20:00Z',
    '30 1/36 * * *': '2026-11-23T01:30:00Z',
    '0 */36 * * *': '2026-11-23T00:00:00Z',
    '0 0 */40 * *': '2026-12-01T00:00:00Z',
    '0 0 * */13 *': '2027-01-01T00:00:00Z',
    '0 0 * * */8': '2026-11-29T00:00:00Z',
    '@every 1h': '2026-11-22T10:00:00Z',
    '@every 1h30m': '2026-11-22T10:30:00Z',
    '@every 1.5h': '2026-11-22T10:30:00Z',
    '@every 90s': '2026-11-22T09:01:30Z',
    '@every 1ms': '2026-11-22T09:00:01Z',
    'TZ=UTC 0 10 * * *': '2026-11-22T10:00:00Z',
    'CRON_TZ=Europe/Berlin 0 11 * * *': '2026-11-22T10:00:00Z',
    'TZ=Asia/Tokyo @daily': '2026-11-22T15:00:00Z',
  };
  const cron = (schedule: string) => ({
    namespace: 'batch',
    name: 'x',
    uid: 'uid-x',
    schedule,
    allowsTwo: false,
    isSuspended: false,
  });
  for (const [schedule, next] of Object.entries(rows))
    it(`${schedule} is read as the CronJob controller reads it`, () =>
      assert.equal(nextRun(cron(schedule), NOW), next && Date.parse(next)));

  const SUMMER_ENDS = '2026-11-01';
  const inNewYork: readonly (readonly [schedule: string, after: string, next: string])[] = [
    ['0 1 * * *', `${SUMMER_ENDS}T05:00:01Z`, `${SUMMER_ENDS}T06:00:00Z`],
    ['0 1 * * *', `${SUMMER_ENDS}T06:00:01Z`, '2026-11-02T06:00:00Z'],
    ['30 1 * * *', `${SUMMER_ENDS}T05:30:01Z`, `${SUMMER_ENDS}T06:30:00Z`],
    ['*/30 * * * *', `${SUMMER_ENDS}T05:30:01Z`, `${SUMMER_ENDS}T06:00:00Z`],
    ['0 23 * * *', `${SUMMER_ENDS}T03:00:01Z`, '2026-11-02T04:00:00Z'],
    ['0 4 * * *', `${SUMMER_ENDS}T05:00:01Z`, `${SUMMER_ENDS}T09:00:00Z`],
    ['0 1 * * *', '2026-07-01T05:00:01Z', '2026-07-02T05:00:00Z'],
    ['0 1 * * *', '2026-12-01T06:00:01Z', '2026-12-02T06:00:00Z'],
  ];
  for (const [schedule, after, next] of inNewYork)
    it(`${schedule} in New York after ${after} runs as the CronJob controller has it`, () =>
      assert.equal(nextRun({ ...cron(schedule), timeZone: 'America/New_York' }, Date.parse(after)), Date.parse(next)));

  it('that nobody can read are told of once', () => {
    const told: string[] = [];
    const asked = createNextRun(({ schedule }) => told.push(schedule));
    const schedules = ['@every', '@every 1 hour', 'x'.repeat(300), '* * * * * *', 'TZ=Mars/Base * * * * *'];
    for (const schedule of [...schedules, ...schedules])
      for (const at of [NOW, NOW + 1]) assert.equal(asked(cron(schedule), at), 'unreadable', schedule);
    assert.deepEqual(told, schedules);
  });
});
