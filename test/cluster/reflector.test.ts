import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { pino } from 'pino';
import { ApiError } from '../../src/cluster/api-error.ts';
import { createProjectionStore } from '../../src/cluster/projection-store.ts';
import { createReflector } from '../../src/cluster/reflector.ts';
import type { WatchedResource } from '../../src/cluster/watched-resource.ts';
import { type Answer, fakeApi } from './fake-api.ts';
import { labelResource, withLabel } from './label-resource.ts';

const SOME_TIME = 31 * 60_000;

function page(names: readonly string[], resourceVersion: string, next?: string): Answer {
  const items = names.map((name) => withLabel(name, 'a'));
  return { page: { metadata: { resourceVersion, ...(next && { continue: next }) }, items } };
}

function line(type: string, object: unknown): string {
  return `${JSON.stringify({ type, object })}\n`;
}

/** Runs a reflector over the answers until all are used up, and tells what it did. */
async function reflect(
  answers: readonly Answer[],
  { pauseTakesMs = 0, of = {} }: { pauseTakesMs?: number; of?: Partial<WatchedResource<string>> } = {},
) {
  const logged: { level: number; msg: string; failure?: string }[] = [];
  const pauses: number[] = [];
  const seen: string[][] = [];
  let clock = 1_000;
  const allUsed = Promise.withResolvers<void>();
  const planned = fakeApi(answers);
  const api = { ...planned, get: spy(planned.get), open: spy(planned.open) };
  const resource = { ...labelResource(), ...of };
  const store = createProjectionStore(resource);
  const reflector = createReflector({
    api,
    resource,
    store,
    log: pino({ level: 'debug' }, { write: (text) => void logged.push(JSON.parse(text)) }),
    onChange: () => void seen.push([...store.values()]),
    now: () => clock,
    async pause(ms) {
      pauses.push(ms);
      clock += pauseTakesMs;
    },
  });

  function spy<A extends unknown[], R>(ask: (...args: A) => R): (...args: A) => R {
    return (...args) => {
      const answer = ask(...args);
      if (planned.asked.length > answers.length) allUsed.resolve();
      return answer;
    };
  }

  const started = reflector.start();
  started.catch(() => {});
  await allUsed.promise;
  const at = { failure: reflector.failure(), synced: reflector.synced(), lastEventAt: reflector.lastEventAt() };
  await reflector.stop();
  return { ...at, started, store, seen, logged, pauses, asked: planned.asked };
}

describe('a reflector', () => {
  test('lists page by page, then watches from the list on', async () => {
    const { store, seen, asked, started, lastEventAt } = await reflect([
      page(['one'], '5', 'more'),
      page(['two'], '5'),
      { lines: [line('ADDED', withLabel('three', 'c', '6')), line('DELETED', withLabel('one', 'a', '7'))] },
    ]);
    await started;
    assert.deepEqual([...store.values()], ['a', 'c']);
    assert.deepEqual(
      seen,
      [
        ['a', 'a'],
        ['a', 'a', 'c'],
        ['a', 'c'],
      ],
      'one call for the list, one for each event',
    );
    assert.deepEqual(
      asked.map((query) => query['continue'] ?? query['resourceVersion']),
      [undefined, 'more', '5', '7'],
    );
    assert.equal(asked[2]?.['allowWatchBookmarks'], 'true');
    assert.equal(lastEventAt, 1_000);
  });

  test('an empty list, which may say null, is a list', async () => {
    const { seen, synced, failure } = await reflect([{ page: { metadata: { resourceVersion: '5' }, items: null } }]);
    assert.deepEqual([seen, synced, failure], [[], true, undefined]);
  });

  test('a heartbeat or a bookmark is a sign of life and moves the version, but is no change', async () => {
    const bookmark = line('BOOKMARK', { metadata: { resourceVersion: '9' } });
    const { seen, asked } = await reflect([
      page(['one'], '5'),
      { lines: [line('MODIFIED', withLabel('one', 'a', '6')), bookmark] },
    ]);
    assert.equal(seen.length, 1);
    assert.equal(asked.at(-1)?.['resourceVersion'], '9');
  });

  test('an event cut into chunks is one, and one cut off comes again', async () => {
    const whole = line('MODIFIED', withLabel('one', 'ü', '6'));
    const cutOff = line('MODIFIED', withLabel('one', 'z', '7')).slice(0, -5);
    const { store, asked } = await reflect([
      page(['one'], '5'),
      { lines: [whole.slice(0, 20), whole.slice(20, 40), whole.slice(40) + cutOff] },
    ]);
    assert.deepEqual([...store.values()], ['ü']);
    assert.equal(asked.at(-1)?.['resourceVersion'], '6');
  });

  const gone = { code: 410, reason: 'Expired', message: 'too old resource version' };
  const staleVersions: readonly [string, Answer, boolean][] = [
    ['410 when the watch opens', new ApiError('GET /x', gone), false],
    ['410 as an event', { lines: [line('ERROR', { kind: 'Status', ...gone })] }, false],
    ['a version ahead of the API server (504)', new ApiError('GET /x', { code: 504, reason: 'Timeout' }), true],
  ];
  for (const [name, answer, isLogged] of staleVersions) {
    test(`lists again after ${name}`, async () => {
      const { store, asked, logged } = await reflect([
        page(['one', 'two'], '5'),
        answer,
        page(['two'], '9'),
        { lines: [] },
      ]);
      assert.deepEqual([...store.values()], ['a']);
      assert.deepEqual(
        asked.map((query) => query['resourceVersion']),
        [undefined, '5', undefined, '9', '9'],
      );
      assert.equal(
        logged.some(({ level }) => level > 20),
        isLogged,
      );
    });
  }

  test('a list that expires between two pages starts again and never shows half', async () => {
    const { seen } = await reflect([
      page(['one'], '5', 'more'),
      new ApiError('GET /x', gone),
      page(['one', 'two'], '9'),
    ]);
    assert.deepEqual(seen, [['a', 'a']]);
  });

  for (const [name, pauseTakesMs] of [
    ['after a while', SOME_TIME],
    ['when the date was set back', -SOME_TIME],
  ] as const)
    test(`lists again ${name}, even when the watch goes well`, async () => {
      const { asked } = await reflect([page(['one'], '5'), { lines: [] }, page(['one'], '8')], { pauseTakesMs });
      assert.deepEqual(
        asked.map((query) => query['resourceVersion']),
        [undefined, '5', undefined, '8'],
      );
    });

  test('waits longer from failure to failure, as long as asked to, and shortly again after an event', async () => {
    const down = new Error('connect ECONNREFUSED');
    const busy = new ApiError('GET /x', { code: 429 }, 60_000);
    const bookmark = line('BOOKMARK', { metadata: { resourceVersion: '9' } });
    const failures = Array.from({ length: 8 }, () => down);
    const { pauses } = await reflect([...failures, busy, page(['one'], '5'), { lines: [bookmark] }]);
    const grows = pauses.slice(0, 8);
    for (const [i, ms] of grows.entries()) {
      const most = Math.min(400 * 2 ** i, 10_000);
      assert.ok(ms >= Math.floor(most / 2) && ms <= most, `pause ${i} is ${ms} ms`);
    }
    assert.equal(pauses[8], 60_000);
    assert.ok((pauses[9] ?? 0) <= 400, `after an event ${pauses[9]} ms`);
  });

  test('says once that it fails, once in which other way, and once that it works again', async () => {
    const reset = new Error('read ECONNRESET');
    const refused = new Error('connect ECONNREFUSED');
    const forbidden = new ApiError('GET /api/v1/nodes', { code: 403, reason: 'Forbidden', message: 'no' });
    const { logged, failure } = await reflect([
      page(['one'], '5'),
      ...[reset, refused, refused, forbidden, forbidden],
      { lines: [], hang: false },
    ]);
    assert.deepEqual(
      logged.map(({ level, msg, failure }) => [level, failure ?? msg]),
      [
        [40, 'read ECONNRESET'],
        [40, 'GET /api/v1/nodes answers 403 Forbidden: no'],
        [30, 'watching nodes again'],
      ],
    );
    assert.equal(failure, undefined);
  });

  test('keeps what it has while the API server is away', async () => {
    const { store, failure } = await reflect([page(['one'], '5'), new Error('connect ECONNREFUSED')]);
    assert.deepEqual([...store.values()], ['a']);
    assert.equal(failure, 'connect ECONNREFUSED');
  });

  test('a start that never succeeds rejects when stopped', async () => {
    const { started, synced } = await reflect([new Error('connect ECONNREFUSED')]);
    assert.equal(synced, false);
    await assert.rejects(started, /stopped before nodes were listed/);
  });

  test('survives a reader that throws', async () => {
    const resource = labelResource();
    const logged: string[] = [];
    const told = Promise.withResolvers<void>();
    let calls = 0;
    const reflector = createReflector({
      api: fakeApi([page(['one'], '5'), page(['one', 'two'], '6'), { lines: [], hang: true }]),
      resource,
      store: createProjectionStore(resource),
      log: pino({}, { write: (text) => void logged.push(JSON.parse(text).failure) }),
      onChange() {
        calls += 1;
        if (calls === 1) throw new Error('reader broke');
        told.resolve();
      },
      pause: async () => {},
    });
    await reflector.start();
    await told.promise;
    await reflector.stop();
    assert.deepEqual(logged[0], 'reader broke');
  });
});

describe('a reflector of what we can do without', () => {
  const OPTIONAL = { whenMissing: 'there is no Karpenter', isOptional: true } as const;
  const refusal = (code: number) => new ApiError('GET /x', { code, message: 'no' });
  const rows: readonly [
    name: string,
    code: number,
    of: Partial<WatchedResource<string>>,
    synced: boolean,
    level: number,
  ][] = [
    ['that the cluster lacks', 404, OPTIONAL, true, 30],
    ['that may not be read', 403, OPTIONAL, true, 40],
    ['that cannot be read now', 500, OPTIONAL, true, 40],
    ['that nobody serves now', 503, OPTIONAL, true, 40],
    ['that takes too long', 504, OPTIONAL, true, 40],
    ['that is refused for a fault in the request', 400, OPTIONAL, true, 40],
    ['that cannot be read now, of which nobody said so', 500, { whenMissing: 'none' }, false, 40],
    ['that may not be read, of which nobody said so', 403, { whenMissing: 'none' }, false, 40],
    ['that the cluster lacks, of which nobody said so', 404, { whenMissing: 'none' }, true, 40],
  ];
  for (const [name, code, of, synced, level] of rows)
    test(`${synced ? 'does not wait' : 'waits'} for what there is ${name}`, async () => {
      const { synced: found, logged, store } = await reflect([refusal(code)], { of });
      assert.equal(found, synced);
      assert.deepEqual([...store.values()], []);
      assert.deepEqual(
        logged.map((line) => line.level),
        [level],
      );
    });

  test('does not wait for what cannot be reached, and finds it when it can', async () => {
    const once = await reflect([new Error('socket hang up')], { of: OPTIONAL });
    assert.deepEqual([once.synced, once.failure], [true, 'socket hang up']);
    await once.started;
    const { store, failure } = await reflect([new Error('socket hang up'), page(['one'], '5'), { lines: [] }], {
      of: OPTIONAL,
    });
    assert.deepEqual([[...store.values()], failure], [['a'], undefined]);
  });

  test('finds it when it may be read', async () => {
    const { store, seen, logged } = await reflect([refusal(403), page(['one'], '5')], { of: OPTIONAL });
    assert.deepEqual([[...store.values()], seen.length], [['a'], 1]);
    assert.ok(logged.length >= 1);
  });
});
