import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { describe, test } from 'node:test';
import { pino } from 'pino';
import type { ApiClient } from '../../src/cluster/api-client.ts';
import { ApiError } from '../../src/cluster/api-error.ts';
import { toCompletedJob } from '../../src/cluster/completed-jobs.ts';
import type { KubeObject } from '../../src/cluster/kube-object.ts';
import { createRunLengths } from '../../src/controllers/run-lengths/controller.ts';
import { createLengthLedger } from '../../src/controllers/run-lengths/length-ledger.ts';
import { type Run, runOf } from '../../src/controllers/run-lengths/run.ts';
import {
  lookUpLengths,
  MOST_CHARACTERS,
  MOST_NAMESPACES,
  MOST_OWNERS,
  NOTHING_LEARNT,
  readLearntLengths,
  writeLearntLengths,
} from '../../src/decision/learnt-lengths.ts';
import { type FakeClock, fakeClock } from './fake-clock.ts';

const START = '2026-11-22T09:00:00Z';
const COMPLETE = [{ type: 'Complete', status: 'True' }];

interface JobParts {
  readonly namespace?: string;
  readonly minutes?: number;
  readonly uid?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly status?: object;
  readonly startTime?: string;
}

/** A Job that has completed, after ten minutes unless it says otherwise. */
function job(name: string, parts: JobParts = {}): KubeObject {
  const {
    namespace = 'shop',
    minutes = 10,
    annotations = {},
    uid = `uid-${namespace}-${name}`,
    startTime = START,
  } = parts;
  const completionTime = new Date(Date.parse(startTime) + minutes * 60_000).toISOString();
  const object = {
    metadata: { name, namespace, uid, resourceVersion: '1', annotations },
    status: { startTime, completionTime, conditions: COMPLETE, ...parts.status },
  };
  return object;
}

function run(name: string, seconds: number, endedAt: number, namespace = 'shop', kind = 'Job'): Run {
  return { namespace, owner: { kind, name }, seconds, endedAt };
}

describe('a run of a Job', () => {
  const of = (...args: Parameters<typeof job>) => {
    const completed = toCompletedJob(job(...args));
    return completed && runOf(completed);
  };
  const rows: readonly [name: string, job: Parameters<typeof job>, seconds: number | undefined][] = [
    ['that has completed', ['a'], 600],
    ['whose pods were let go later', ['a', { annotations: { 'gridgate.dev/released': '2026-11-22T09:07:00Z' } }], 180],
    [
      'that was resumed, and so started, later still',
      ['a', { annotations: { 'gridgate.dev/released': '2026-11-22T08:00:00Z' } }],
      600,
    ],
    ['with a mark that is no time', ['a', { annotations: { 'gridgate.dev/released': 'x'.repeat(1_000_000) } }], 600],
    [
      'let go after it ended, as its author has it',
      ['a', { annotations: { 'gridgate.dev/released': '9999-01-01T00:00:00Z' } }],
      undefined,
    ],
    ['that took less than a second', ['a', { minutes: 0 }], 0],
    ['that runs', ['a', { status: { conditions: [] } }], undefined],
    ['that is suspended', ['a', { status: { conditions: [{ type: 'Suspended', status: 'True' }] } }], undefined],
    [
      'that failed',
      ['a', { status: { conditions: [{ type: 'Failed', status: 'True' }], completionTime: undefined } }],
      undefined,
    ],
    ['without a start', ['a', { status: { startTime: undefined } }], undefined],
  ];
  for (const [name, args, seconds] of rows)
    test(`${name}: ${seconds ?? 'teaches nothing'}`, () => assert.equal(of(...args)?.seconds, seconds));

  test('counts for the CronJob that its pods are known by', () => {
    assert.deepEqual(of('nightly-29387100')?.owner, { kind: 'CronJob', name: 'nightly' });
    assert.deepEqual(of('train')?.owner, { kind: 'Job', name: 'train' });
  });
});

describe('what runs took', () => {
  test('is the last twenty of each owner in the order in which they ended, and the mean of its namespace', () => {
    const ledger = createLengthLedger(NOTHING_LEARNT);
    for (const second of [5, 3, 4, 1, 2]) ledger.book(run('a', second, second));
    for (let i = 6; i <= 25; i++) ledger.book(run('b', i, i));
    ledger.book(run('b', 1_000, 5));
    const { owners, namespaces } = ledger.learnt();
    assert.deepEqual(owners.get('shop/Job/a'), [1, 2, 3, 4, 5]);
    assert.deepEqual(
      owners.get('shop/Job/b'),
      Array.from({ length: 20 }, (_, i) => i + 6),
    );
    assert.equal(namespaces.get('shop')?.runs, 26);
    assert.ok(Math.abs((namespaces.get('shop')?.seconds ?? 0) - (15 + 310 + 1_000) / 26) < 1e-6);
  });

  test('counts no run twice, whoever counted it, and two that ended in one second both', () => {
    const first = createLengthLedger(NOTHING_LEARNT);
    assert.deepEqual([first.book(run('a', 1, 10)), first.book(run('a', 3, 10))], [true, true]);
    const written = readLearntLengths(writeLearntLengths(first.learnt()));
    assert.ok(written);
    const next = createLengthLedger(written);
    assert.deepEqual([next.book(run('a', 1, 10)), next.book(run('a', 3, 9))], [false, false]);
    assert.deepEqual(next.learnt(), first.learnt());
    assert.equal(next.book(run('a', 5, 11)), true);
    assert.deepEqual(next.learnt().owners.get('shop/Job/a'), [1, 3, 5]);
    assert.deepEqual(next.learnt().namespaces.get('shop'), { seconds: 3, runs: 3 });
  });

  test('follows what a namespace does lately', () => {
    const ledger = createLengthLedger(NOTHING_LEARNT);
    for (let i = 1; i <= 10_000; i++) ledger.book(run('a', 10, i));
    for (let i = 1; i <= 1_000; i++) ledger.book(run('a', 100, 10_000 + i));
    assert.ok((ledger.learnt().namespaces.get('shop')?.seconds ?? 0) > 99);
  });

  test('of ten thousand owners, each of its own name: what is kept is what a ConfigMap takes, the latest of them', () => {
    const ledger = createLengthLedger(NOTHING_LEARNT);
    for (let i = 1; i <= 10_000; i++) ledger.book(run(`job-${i}`, i, i));
    const lengths = ledger.learnt();
    assert.equal(lengths.owners.size, MOST_OWNERS);
    assert.ok(lengths.owners.has('shop/Job/job-10000') && !lengths.owners.has('shop/Job/job-8000'));
    const text = writeLearntLengths(lengths);
    assert.ok(text.length <= MOST_CHARACTERS);
    assert.deepEqual(readLearntLengths(text), lengths);
  });

  test('of one namespace takes no place from the owners of another', () => {
    const ledger = createLengthLedger(NOTHING_LEARNT);
    for (let i = 1; i <= 50; i++) ledger.book(run(`nightly-${i}`, 60, i, 'quiet', 'CronJob'));
    for (let i = 1; i <= 10_000; i++) ledger.book(run(`job-${i}`, i, 1_000 + i, 'noisy'));
    const keys = [...ledger.learnt().owners.keys()];
    assert.equal(keys.length, MOST_OWNERS);
    assert.equal(keys.filter((key) => key.startsWith('quiet/')).length, 50);
  });

  test('with the longest names that there are, of as many runs, in as many namespaces: still fits', () => {
    const ledger = createLengthLedger(NOTHING_LEARNT);
    const long = (i: number, length: number) => `${i}`.padStart(length, 'x');
    for (let i = 1; i <= 3 * MOST_NAMESPACES; i++)
      for (let j = 1; j <= 22; j++) ledger.book(run(long(i, 253), 999_999_999, i * 100 + j, long(i, 63)));
    const lengths = ledger.learnt();
    const text = writeLearntLengths(lengths);
    assert.ok(text.length <= MOST_CHARACTERS, `${text.length}`);
    assert.deepEqual([...(readLearntLengths(text)?.owners ?? [])], [...lengths.owners]);
    assert.equal(lengths.namespaces.size, MOST_NAMESPACES);
    assert.ok(lengths.owners.size > 700);
    assert.ok(lengths.owners.has(`${long(3 * MOST_NAMESPACES, 63)}/Job/${long(3 * MOST_NAMESPACES, 253)}`));
  });
});

interface World {
  /** Namespaces that let pods wait. */
  readonly deferring: Set<string>;
  /** What the ConfigMap holds; absent: there is none. */
  text: string | undefined;
  jobs: readonly KubeObject[];
  /** How the next write ends, unless it goes well. */
  refusal: number | undefined;
}

function start(parts: Partial<World> = {}, clock: FakeClock = fakeClock()) {
  const world: World = { deferring: new Set(['shop']), text: undefined, jobs: [], refusal: undefined, ...parts };
  const asked: string[] = [];
  const written: { readonly how: string; readonly at: number }[] = [];
  const log: string[] = [];
  let watch = new PassThrough();
  const api = {
    async get(path: string) {
      asked.push(path);
      if (path === '/apis/batch/v1/jobs') return { metadata: { resourceVersion: '1' }, items: world.jobs };
      if (world.text === undefined) throw new ApiError(`GET ${path}`, { code: 404, message: 'not found' });
      return { metadata: { name: 'gridgate-lengths' }, data: { 'lengths.json': world.text } };
    },
    async open(path: string, { signal }: { signal: AbortSignal }) {
      asked.push(`watch ${path}`);
      watch = new PassThrough();
      signal.addEventListener('abort', () => watch.destroy(signal.reason));
      return watch;
    },
  } as unknown as ApiClient;
  const write = (how: string, path: string, { data }: { data: Record<string, string> }) => {
    assert.match(path, /^\/api\/v1\/namespaces\/gridgate-system\/configmaps/);
    const status = world.refusal ?? (how === 'patch' && world.text === undefined ? 404 : undefined);
    if (status !== undefined) throw new ApiError(`${how} ${path}`, { code: status, message: 'no' });
    world.text = data['lengths.json'];
    written.push({ how, at: clock.now() });
    return { metadata: { name: 'gridgate-lengths' } };
  };
  const controller = createRunLengths({
    api,
    writer: {
      create: async (path, object) => write('create', path, object as never),
      mergePatch: async (path, patch) => write('patch', path, patch as never),
    },
    ownNamespace: 'gridgate-system',
    mayHoldAny: () => world.deferring.size > 0,
    mayHoldIn: (namespace) => world.deferring.has(namespace),
    log: pino({ level: 'warn' }, { write: (line) => void log.push(JSON.parse(line).msg) }),
    clock,
  });
  controller.start();
  return {
    world,
    clock,
    controller,
    asked,
    written,
    log,
    see: (object: KubeObject, type = 'MODIFIED') => void watch.write(`${JSON.stringify({ type, object })}\n`),
    runs: (key: string) => (world.text === undefined ? undefined : readLearntLengths(world.text)?.owners.get(key)),
  };
}

describe('the leader', () => {
  test('learns from the Jobs that are there, and makes the ConfigMap', async () => {
    const { controller, clock, world, written, runs } = start({ jobs: [job('a'), job('b', { namespace: 'lab' })] });
    await clock.advance(10_000);
    assert.deepEqual(
      written.map(({ how }) => how),
      ['create'],
    );
    assert.deepEqual(runs('shop/Job/a'), [600]);
    assert.deepEqual(readLearntLengths(world.text ?? '')?.namespaces.get('lab'), undefined, 'lab lets nobody wait');
    assert.deepEqual(controller.learntLength('shop', { kind: 'Job', name: 'a' }), { ms: 600_000, from: 'owner' });
    await controller.stop();
    assert.equal(controller.learntLength('shop', { kind: 'Job', name: 'a' }), undefined);
  });

  test('learns from Jobs as they complete, though they are gone at once, each once, and writes once a minute', async () => {
    const { controller, clock, written, runs, see } = start({ jobs: [job('a')] });
    await clock.advance(10_000);
    for (let i = 1; i <= 5; i++) {
      see(job(`nightly-2938710${i}`, { minutes: i }));
      see(job(`nightly-2938710${i}`, { minutes: i }));
      see(job(`nightly-2938710${i}`, { minutes: i }), 'DELETED');
      await clock.advance(5_000);
    }
    assert.equal(written.length, 1);
    await clock.advance(60_000);
    assert.deepEqual(
      written.map(({ how }) => how),
      ['create', 'patch'],
    );
    assert.ok((written[1]?.at ?? 0) - (written[0]?.at ?? 0) >= 60_000);
    assert.deepEqual(runs('shop/CronJob/nightly'), [60, 120, 180, 240, 300]);
    await clock.advance(3_600_000);
    assert.equal(written.length, 2, 'nothing new, nothing written');
    await controller.stop();
  });

  test('that follows another counts nothing twice, and writes nothing where nothing is new', async () => {
    const before = start({ jobs: [job('a'), job('b', { minutes: 20 })] });
    await before.clock.advance(10_000);
    await before.controller.stop();
    const after = start({ ...before.world });
    await after.clock.advance(200_000);
    assert.deepEqual([after.written, after.world.text], [[], before.world.text]);
    assert.deepEqual(after.controller.learntLength('shop', undefined), { ms: 900_000, from: 'namespace' });
    await after.controller.stop();
  });

  test('does nothing while no namespace lets pods wait, begins with the first and ends with the last', async () => {
    const { controller, clock, world, asked, written } = start({ deferring: new Set(), jobs: [job('a')] });
    await clock.advance(3_600_000);
    assert.deepEqual([asked, written], [[], []]);
    world.deferring.add('shop');
    controller.changed();
    await clock.advance(10_000);
    assert.equal(written.length, 1);
    world.deferring.clear();
    controller.changed();
    await clock.advance(10_000);
    assert.deepEqual(controller.lastEventAt(), {});
    await controller.stop();
  });

  test('that cannot write tries again, and has forgotten nothing', async () => {
    const { controller, clock, world, runs, log } = start({ jobs: [job('a')], refusal: 500 });
    await clock.advance(10_000);
    assert.equal(world.text, undefined);
    world.refusal = undefined;
    await clock.advance(60_000);
    assert.deepEqual([runs('shop/Job/a'), log], [[600], ['run-lengths cannot do all its work']]);
    await controller.stop();
  });

  test('that finds something else in the ConfigMap says so, and begins anew', async () => {
    const { controller, clock, runs, log } = start({ jobs: [job('a')], text: 'x' });
    await clock.advance(10_000);
    assert.deepEqual(runs('shop/Job/a'), [600]);
    assert.deepEqual(log, ['learnt lengths of runs cannot be read; they are learnt anew']);
    await controller.stop();
  });

  test('answers by what is written', async () => {
    const owners = { 'shop/CronJob/nightly': [60] };
    const text = JSON.stringify({ version: 1, owners, namespaces: {} });
    const { controller, clock } = start({ text });
    await clock.advance(1_000);
    const known = readLearntLengths(text);
    assert.ok(known);
    const nightly = { kind: 'CronJob', name: 'nightly' };
    assert.deepEqual(controller.learntLength('shop', nightly), lookUpLengths(known)('shop', nightly));
    await controller.stop();
  });
});
