import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { DecisionInput } from '../../src/decision/decide.ts';
import {
  decideJob,
  isDeferred,
  type Job,
  mayBeDeferred,
  podOfJob,
  resumePatch,
} from '../../src/decision/suspended-job.ts';
import { treatmentOf } from '../../src/decision/treatment.ts';
import { readWait } from '../../src/decision/wait-annotations.ts';
import { mayWait } from '../../src/decision/waiting.ts';
import { makePolicy, makeRegion, makeSnapshot, NOW } from '../builders.ts';
import { applyStrictly } from '../webhook/apply-strictly.ts';

const HOUR = 3_600_000;
const SUSPENDING = { defer: '12h', 'defer-by': 'suspend' };
/** Cleaner from the third hour on. */
const DAY = [300, 300, 100, ...Array<number>(21).fill(400)];
const FORECAST = DAY.map((gramsPerKwh, hour) => ({ from: NOW + hour * HOUR, gramsPerKwh }));
const SNAPSHOT = makeSnapshot([
  makeRegion('a', DAY[0], { reading: { source: 'electricity-maps' }, forecast: FORECAST }),
]);
const CRON_JOB = { apiVersion: 'batch/v1', kind: 'CronJob', name: 'nightly', controller: true };
const MARKS = ['gridgate.dev/deferred', 'gridgate.dev/not-before', 'gridgate.dev/waits'];

type Metadata = NonNullable<Job['metadata']>;

function job(metadata: Metadata = {}, spec: Job['spec'] = {}, template: object = {}): Job {
  return {
    metadata: { name: 'train', namespace: 'shop', ...metadata },
    spec: {
      template: {
        metadata: { annotations: { 'gridgate.dev/class': 'flexible' } },
        spec: { restartPolicy: 'Never', ...template },
      },
      ...spec,
    },
  };
}

function decided(one: Job, policy: Readonly<Record<string, string>> = SUSPENDING, rest: Partial<DecisionInput> = {}) {
  const pod = podOfJob(one, 'shop');
  assert.ok(pod);
  const waiting = { isReleaserAlive: true };
  const decision = decideJob(one, { pod, policy: makePolicy(policy), snapshot: SNAPSHOT, now: NOW, waiting, ...rest });
  return { decision, becomes: applyStrictly(one, decision?.patch ?? []) as Job };
}

function marksOf({ metadata }: Job): readonly string[] {
  return Object.keys(metadata?.annotations ?? {}).filter((key) => key.startsWith('gridgate.dev/'));
}

describe('a Job that is created', () => {
  it('waits suspended where its pods would wait, marked, and says until when', () => {
    const { decision, becomes } = decided(job());
    assert.deepEqual([decision?.decision, decision?.reason, decision?.region], ['defer', 'cleaner_later', 'a']);
    assert.equal(becomes.spec?.suspend, true);
    assert.deepEqual(marksOf(becomes), MARKS);
    assert.equal(becomes.metadata?.annotations?.['gridgate.dev/deferred'], 'suspend');
    assert.equal(readWait(becomes.metadata?.annotations)?.notBefore, NOW + 2 * HOUR);
    assert.deepEqual(becomes.spec?.template, job().spec?.template, 'its pods are no other');
  });

  const waits: Readonly<Record<string, Job>> = {
    'of nobody': job(),
    'of a CronJob': job({ ownerReferences: [CRON_JOB] }),
    'with an owner that is not its controller': job({ ownerReferences: [{ kind: 'Workflow', name: 'w' }] }),
    'whose user says that it is not suspended': job({}, { ...job().spec, suspend: false }),
    "of Kubernetes' own controller, by name": job({}, { ...job().spec, managedBy: 'kubernetes.io/job-controller' }),
    'without a name yet': { ...job(), metadata: { generateName: 'train-' } },
    'whose pods are restarted on failure': job({}, {}, { restartPolicy: 'OnFailure' }),
    'with annotations of others': job({ annotations: { team: 'x' } }),
  };
  for (const [name, one] of Object.entries(waits))
    it(`${name}: waits`, () => assert.equal(decided(one).becomes.spec?.suspend, true));

  const others: Readonly<Record<string, Job>> = {
    'suspended by its user': job({}, { ...job().spec, suspend: true }),
    'suspended by its user, with another word in our mark': job(
      { annotations: { 'gridgate.dev/deferred': 'yes' } },
      { ...job().spec, suspend: true },
    ),
    'of a JobSet': job({
      ownerReferences: [{ apiVersion: 'jobset.x-k8s.io/v1alpha2', kind: 'JobSet', name: 's', controller: true }],
    }),
    'of a CronJob of another group': job({ ownerReferences: [{ ...CRON_JOB, apiVersion: 'apps.kruise.io/v1alpha1' }] }),
    'managed by somebody else': job({}, { ...job().spec, managedBy: 'kueue.x-k8s.io/multikueue' }),
    "in Kueue's queue": job({ labels: { 'kueue.x-k8s.io/queue-name': 'q' } }),
    "in Kueue's queue, with our mark": job(
      { labels: { 'kueue.x-k8s.io/queue-name': 'q' }, annotations: { 'gridgate.dev/deferred': 'suspend' } },
      { ...job().spec, suspend: true },
    ),
  };
  for (const [name, one] of Object.entries(others))
    it(`${name}: is left alone`, () => assert.equal(decided(one).decision, undefined));

  const runs: readonly [name: string, ...args: Parameters<typeof decided>][] = [
    ['whose pods are standard', { ...job(), spec: { template: { spec: { restartPolicy: 'Never' } } } }],
    [
      'whose pods Kueue manages',
      job(
        {},
        {
          template: {
            ...job().spec?.template,
            metadata: { ...job().spec?.template?.metadata, labels: { 'kueue.x-k8s.io/queue-name': 'q' } },
          },
        },
      ),
    ],
    ['where the namespace lets nobody wait', job(), { 'defer-by': 'suspend' }],
    ['where its pods wait instead', job(), { defer: '12h' }],
    ['where nobody would resume it', job(), SUSPENDING, { waiting: { isReleaserAlive: false } }],
    ['where no later hour is cleaner', job(), SUSPENDING, { snapshot: makeSnapshot({ a: 50 }) }],
    ['where its pods are denied', job(), { ...SUSPENDING, regions: 'elsewhere' }],
  ];
  for (const [name, ...args] of runs)
    it(`${name}: runs, unchanged`, () => {
      const { decision } = decided(...args);
      assert.deepEqual([decision?.decision, decision?.patch, decision?.warnings], ['allow', [], []]);
    });

  it('asks what earlier runs of its CronJob took', () => {
    const asked: unknown[] = [];
    const learntLength = (...args: unknown[]) => {
      asked.push(args);
      return { ms: 2 * HOUR, from: 'owner' } as const;
    };
    const { decision } = decided(job({ name: 'nightly-29387100', ownerReferences: [CRON_JOB] }), SUSPENDING, {
      waiting: { isReleaserAlive: true, learntLength },
    });
    assert.deepEqual(asked, [['shop', { kind: 'CronJob', name: 'nightly' }]]);
    assert.deepEqual(decision?.wait?.length, { ms: 2 * HOUR, from: 'owner' });
  });
});

describe('a Job that carries our mark when it is created', () => {
  const { becomes: waiting } = decided(job({ annotations: { team: 'x' } }));

  it('as when the API server asks once more: nothing is left to do', () => {
    for (const later of [0, 1_000, 30_000])
      assert.deepEqual(decided(waiting, SUSPENDING, { now: NOW + later }).decision?.patch, []);
  });

  it('a copy made hours later waits by a plan of its own', () => {
    const now = NOW + HOUR;
    const { becomes } = decided(waiting, SUSPENDING, { now });
    assert.equal(becomes.spec?.suspend, true);
    assert.equal(readWait(becomes.metadata?.annotations)?.latestStart, now + 12 * HOUR);
  });

  it('a copy of one that was let go begins anew', () => {
    const released = { 'gridgate.dev/released': '2026-11-21T09:00:00Z' };
    const { becomes } = decided(job({ annotations: released }));
    assert.deepEqual(marksOf(becomes), MARKS);
  });

  const toRun: readonly [name: string, ...rest: [policy: Record<string, string>, rest?: Partial<DecisionInput>]][] = [
    ['where nobody would resume it', SUSPENDING, { waiting: { isReleaserAlive: false } }],
    ['where its namespace suspends no Jobs', { defer: '12h' }],
    ['where its namespace lets nobody wait', { 'defer-by': 'suspend' }],
    ['where its pods are denied', { ...SUSPENDING, regions: 'elsewhere' }],
    ['where it is as clean now', SUSPENDING, { snapshot: makeSnapshot({ a: 50 }) }],
  ];
  for (const [name, ...rest] of toRun)
    it(`${name}: runs, without the mark`, () => {
      const { decision, becomes } = decided(waiting, ...rest);
      assert.equal(decision?.decision, 'allow');
      assert.equal(becomes.spec?.suspend, false);
      assert.deepEqual(becomes.metadata?.annotations, { team: 'x' });
    });

  it('though it is not suspended: loses it, so that nobody resumes it once its user suspends it', () => {
    const { becomes } = decided(job({ annotations: { 'gridgate.dev/deferred': 'suspend' } }), { defer: '12h' });
    assert.deepEqual([marksOf(becomes), becomes.spec?.suspend], [[], undefined]);
  });

  const forged: Readonly<Record<string, Record<string, string>>> = {
    'that is long': { 'gridgate.dev/waits': `{"latestStart":"${'9'.repeat(200_000)}"}` },
    'that is no JSON': { 'gridgate.dev/waits': '{' },
    'that waits for ever': {
      'gridgate.dev/not-before': '9999-01-01T00:00:00Z',
      'gridgate.dev/waits': '{"latestStart":"9999-01-01T00:00:00Z","duration":"1h"}',
    },
  };
  for (const [name, annotations] of Object.entries(forged))
    it(`with a record of its author's ${name}: the namespace's own deadline counts`, () => {
      const one = job(
        { annotations: { 'gridgate.dev/deferred': 'suspend', ...annotations } },
        { ...job().spec, suspend: true },
      );
      const record = readWait(decided(one).becomes.metadata?.annotations);
      assert.deepEqual([record?.latestStart, record?.notBefore], [NOW + 12 * HOUR, NOW + 2 * HOUR]);
    });
});

describe('a Job that is resumed', () => {
  it('runs, says since when, and is not ours to resume once its user suspends it', () => {
    const { becomes } = decided(job());
    const waiting = { ...becomes, metadata: { ...becomes.metadata, resourceVersion: '7' } };
    const patch = resumePatch(waiting, NOW);
    assert.deepEqual(patch[0], { op: 'replace', path: '/metadata/resourceVersion', value: '7' });
    const resumed = applyStrictly(waiting, patch) as Job;
    assert.equal(resumed.spec?.suspend, false);
    assert.deepEqual(marksOf(resumed), [...MARKS.slice(1), 'gridgate.dev/released']);
  });
});

describe('a Job that was suspended to wait', () => {
  const { becomes } = decided(job());
  const CREATED = '2026-11-22T09:00:00Z';
  const suspendedAt = (lastTransitionTime: string) => ({
    conditions: [{ type: 'Suspended', status: 'True', reason: 'JobSuspended', lastTransitionTime }],
  });
  const as = (status: Job['status'], metadata: Metadata = {}): Job => ({
    ...becomes,
    metadata: { ...becomes.metadata, creationTimestamp: CREATED, generation: 1, ...metadata },
    status,
  });
  const annotations = { ...becomes.metadata?.annotations, 'gridgate.dev/released': '2026-11-22T10:00:00Z' };
  const rows: Readonly<Record<string, readonly [Job, boolean]>> = {
    'of which the controller has not heard': [as(undefined), true],
    'as the controller sees it': [as(suspendedAt('2026-11-22T09:00:01Z')), true],
    'that the controller saw late': [as(suspendedAt('2026-11-22T10:00:00Z')), true],
    'whose parallelism was changed': [as(suspendedAt('2026-11-22T10:00:00Z'), { generation: 2 }), true],
    'changed again and again': [as(suspendedAt('2026-11-22T09:00:01Z'), { generation: 7 }), true],
    'and ran': [as({ startTime: '2026-11-22T10:00:00Z' }), false],
    'and runs out': [as({ terminating: 1 }), false],
    'and had a pod that failed': [as({ failed: 1 }), false],
    'and ran, whose start Kubernetes forgot': [as(suspendedAt('2026-11-22T10:00:00Z'), { generation: 3 }), false],
    'and was let go': [as(undefined, { annotations }), false],
  };
  for (const [name, [one, expected]] of Object.entries(rows))
    it(`${name}: ${expected ? 'waits' : 'is suspended by its user'}`, () => assert.equal(isDeferred(one), expected));
});

describe('where Jobs are suspended', () => {
  const policy = makePolicy(SUSPENDING);
  const pod = podOfJob(job(), 'shop');
  assert.ok(pod);
  const { treatment } = treatmentOf(pod, policy);

  it('their pods never wait a second time, and bare pods still do', () => {
    assert.equal(mayWait(pod, treatment), false);
    const bare = { ...pod, metadata: { ...pod.metadata, ownerReferences: [] } };
    assert.equal(mayWait(bare, treatment), true);
    assert.equal(mayWait(bare, treatment, 'suspend'), false);
  });

  it('even if the configuration names Jobs among the kinds whose pods wait', () => {
    const { treatment } = treatmentOf(pod, { ...policy, deferKinds: ['batch/Job', 'x/Runner'] });
    assert.equal(mayWait(pod, treatment), false);
    const runner = { apiVersion: 'x/v1', kind: 'Runner', name: 'r', controller: true };
    const other = { ...pod, metadata: { ...pod.metadata, ownerReferences: [runner] } };
    assert.deepEqual([mayWait(other, treatment), mayWait(other, treatment, 'suspend')], [true, false]);
  });

  it('nothing is decided about Jobs elsewhere, but for copies of one that waited', () => {
    assert.equal(mayBeDeferred(job(), makePolicy({ defer: '12h' })), false);
    assert.equal(mayBeDeferred(decided(job()).becomes, makePolicy({ defer: '12h' })), true);
  });
});

describe('lengths and deadlines of any size', () => {
  const times: readonly [annotations: Record<string, string>, decision: string][] = [
    [{ duration: '999999999h' }, 'allow'],
    [{ duration: '999999999d999999999h' }, 'allow'],
    [{ duration: '9'.repeat(100_000) }, 'defer'],
    [{ duration: '0s' }, 'defer'],
    [{ defer: '999999999h' }, 'defer'],
    [{ defer: '0' }, 'allow'],
    [{ deadline: '0001-01-01T00:00:00Z' }, 'allow'],
    [{ deadline: '9999-12-31T23:59:59Z' }, 'defer'],
    [{ deadline: 'x'.repeat(100_000) }, 'defer'],
  ];
  for (const [annotations, expected] of times) {
    const [[key = '', value = '']] = Object.entries(annotations) as [[string, string]];
    it(`${key} ${value.slice(0, 30)}: ${expected}, and never later than the namespace lets it`, () => {
      const template = { annotations: { 'gridgate.dev/class': 'flexible', [`gridgate.dev/${key}`]: value } };
      const one = job({}, { template: { ...job().spec?.template, metadata: template } });
      const { decision } = decided(one);
      assert.equal(decision?.decision, expected);
      if (decision?.wait) assert.ok(decision.wait.start.latestStart <= NOW + 12 * HOUR);
    });
  }

  for (const years of ['999999999h', '999999999d'])
    it(`a wait of ${years}, where pods or the namespace may ask for it: planned within what is forecast`, () => {
      const template = { annotations: { 'gridgate.dev/class': 'flexible', 'gridgate.dev/defer': years } };
      const one = job({}, { template: { ...job().spec?.template, metadata: template } });
      for (const policy of [
        { ...SUSPENDING, 'pod-overrides': 'allow' },
        { ...SUSPENDING, defer: years },
      ]) {
        const { becomes } = decided(one, policy);
        assert.equal(readWait(becomes.metadata?.annotations)?.notBefore, NOW + 2 * HOUR);
      }
    });
});
