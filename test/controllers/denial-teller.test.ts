import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { pino } from 'pino';
import type { ApiClient } from '../../src/cluster/api-client.ts';
import { ApiError } from '../../src/cluster/api-error.ts';
import { type Denial, toDenial } from '../../src/controllers/denial.ts';
import { createDenialTeller } from '../../src/controllers/denial-teller/controller.ts';
import { createDenialLedger } from '../../src/controllers/denial-teller/denial-ledger.ts';
import { refusedEvent, toDenialKey } from '../../src/controllers/denial-teller/plan.ts';
import { createDeniedOwners } from '../../src/controllers/denied-owners.ts';
import { fakeClock } from './fake-clock.ts';

const START = Date.parse('2026-11-22T09:03:00Z');
const MINUTE_MS = 60_000;
const WORDS = 'gridgate refuses pod web-5d7f*: us-east is at 400 gCO2e/kWh; no region is acceptable now';

function denied(reason = 'high_carbon'): string {
  return `Error creating: admission webhook "pods.gridgate.dev" denied the request: ${WORDS} [${reason}]`;
}

interface EventParts {
  readonly kind?: string;
  readonly name?: string;
  readonly uid?: string;
  readonly namespace?: string;
  readonly message?: string;
  readonly at?: number;
}

/** As kube-controller-manager 1.35.4 writes it. */
function failedCreate({ kind = 'ReplicaSet', name = 'web', uid = `uid-${name}`, ...rest }: EventParts = {}): object {
  const { namespace = 'shop', message = denied(), at = START } = rest;
  return {
    metadata: { name: `${name}.18`, namespace, resourceVersion: '7' },
    involvedObject: { kind, name, uid, namespace },
    reason: 'FailedCreate',
    message,
    lastTimestamp: new Date(at).toISOString(),
    eventTime: null,
  };
}

function denial(parts: Partial<Denial> = {}): Denial {
  const owner = { namespace: 'shop', kind: 'ReplicaSet', name: 'web', uid: 'u' };
  return { ...owner, reason: 'outage', words: WORDS, at: START, ...parts };
}

describe('what an Event of a controller says', () => {
  const rows: readonly [name: string, event: object, found: Partial<Denial> | undefined][] = [
    [
      'a denial of ours',
      failedCreate(),
      { kind: 'ReplicaSet', name: 'web', uid: 'uid-web', reason: 'high_carbon', at: START },
    ],
    [
      'for a StatefulSet',
      failedCreate({
        kind: 'StatefulSet',
        message: `create Pod db-0 in StatefulSet db failed error: ${denied('outage')}`,
      }),
      { reason: 'outage' },
    ],
    [
      'one of several in one',
      failedCreate({ message: `(combined from similar events): ${denied('too_far')}` }),
      { reason: 'too_far' },
    ],
    ['cut before its reason', failedCreate({ message: denied().slice(0, -8) }), { reason: 'refused' }],
    ['a reason that is none of ours', failedCreate({ message: denied('__proto__') }), { reason: 'refused' }],
    ['a quota', failedCreate({ message: 'pods "web-1" is forbidden: exceeded quota' }), undefined],
    ['no message', { metadata: { name: 'e' }, involvedObject: { uid: 'u' } }, undefined],
    ['about nothing', { metadata: { name: 'e' }, message: denied() }, undefined],
    ['without any time', { metadata: { name: 'e' }, message: denied(), involvedObject: { uid: 'u' } }, { at: 0 }],
  ];
  for (const [name, event, found] of rows)
    test(name, () => {
      const read = toDenial(event as never);
      assert.deepEqual(read && { ...read, ...found }, read);
      assert.equal(read === undefined, found === undefined);
    });

  test("our words alone, without the API server's around them, and no more than an Event takes", () => {
    assert.equal(toDenial(failedCreate() as never)?.words, `${WORDS} [high_carbon]`);
    const long = toDenial(failedCreate({ message: denied() + '€'.repeat(5_000) }) as never);
    const { note } = refusedEvent(
      long ?? denial(),
      { apiVersion: 'apps/v1', kind: 'Deployment', name: 'w' },
      'i',
      START,
    ) as { note: string };
    assert.ok((long?.words.length ?? 0) <= 1_024, 'nor is more kept');
    assert.ok(Buffer.byteLength(note) <= 1_024 && note.startsWith('gridgate refuses'));
  });

  test('an Event as large as the API server takes leaves nothing large behind', () => {
    const huge = 'x'.repeat(1_000_000);
    const hostile: readonly EventParts[] = [{ uid: huge }, { name: huge }, { kind: huge }];
    for (const parts of hostile) assert.equal(toDenial(failedCreate(parts) as never), undefined);
    const told = { reportingComponent: 'gridgate.dev/controllers', involvedObject: { uid: huge }, metadata: {} };
    assert.equal(toDenialKey(told as never), undefined);
    // What is held of many is measured by `make bench` (hostile-memory.ts).
    const kept = toDenial(failedCreate({ message: denied() + huge }) as never);
    assert.ok(kept && JSON.stringify(kept).length < 5_000);
  });

  test('a leader reads from the Events of the one before whom it told what', () => {
    const owner = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid: 'd1' };
    const { note, reportingController, eventTime, metadata } = refusedEvent(
      denial({ words: `${WORDS} [outage]` }),
      owner,
      'one',
      START,
    ) as Record<string, never>;
    const stored = {
      metadata,
      involvedObject: owner,
      message: note,
      reportingComponent: reportingController,
      eventTime,
    };
    assert.deepEqual(toDenialKey(stored as never), { namespace: 'shop', uid: 'd1', reason: 'outage', at: START });
    assert.equal(toDenialKey({ ...stored, reportingComponent: 'somebody' } as never), undefined);
  });

  test('its Event has one name for ten minutes, another for another owner, reason or time', () => {
    const owner = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid: 'd1' };
    const name = (parts: Partial<Denial>, at: number, uid = 'd1') =>
      (refusedEvent(denial(parts), { ...owner, uid }, 'x', at) as { metadata: { name: string } }).metadata.name;
    const first = name({}, Date.parse('2026-11-22T09:00:00Z'));
    assert.equal(name({}, Date.parse('2026-11-22T09:09:59Z')), first);
    assert.match(first, /^[a-z0-9-]{1,63}$/);
    const others = [name({ reason: 'too_far' }, START), name({}, START, 'd2'), name({}, START + 10 * MINUTE_MS)];
    assert.equal(new Set([first, ...others]).size, 4);
  });
});

describe('what is to be told', () => {
  const rows: readonly [
    name: string,
    told: [minute: number, reason: string] | undefined,
    at: number,
    now: number,
    due: boolean,
  ][] = [
    ['never told', undefined, 0, 0, true],
    ['told 9 minutes ago', [0, 'outage'], 9, 9, false],
    ['told 10 minutes ago', [0, 'outage'], 10, 10, true],
    ['told another reason', [0, 'too_far'], 1, 1, true],
    ['of a time when it was not told yet, 20 minutes ago', undefined, 0, 20, true],
    ['longer ago than any controller waits', undefined, 0, 21, false],
    ['told when it happened, and listed again much later', [0, 'outage'], 1, 19, false],
    ['from a clock that is ahead', [0, 'outage'], 600, 5, false],
  ];
  for (const [name, told, at, now, due] of rows)
    test(`${name}: ${due}`, () => {
      const ledger = createDenialLedger(() => START + now * MINUTE_MS);
      if (told) ledger.markTold(denial({ reason: told[1], at: START + told[0] * MINUTE_MS }));
      ledger.forgetOld();
      assert.equal(ledger.note(denial({ at: START + at * MINUTE_MS })), due);
      assert.equal([...ledger.waiting()].length, due ? 1 : 0);
    });

  test('at least ten minutes apart, and none is missed that comes later than that', () => {
    const steps = fc.array(
      fc.record({ afterMs: fc.nat(15 * MINUTE_MS), reason: fc.constantFrom('outage', 'too_far') }),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(steps, (events) => {
        let now = START;
        const ledger = createDenialLedger(() => now);
        const last = new Map<string, number>();
        for (const { afterMs, reason } of events) {
          now += afterMs;
          ledger.forgetOld();
          const isNoted = ledger.note(denial({ reason, at: now }));
          const since = now - (last.get(reason) ?? Number.NEGATIVE_INFINITY);
          assert.equal(isNoted, since >= 10 * MINUTE_MS);
          if (!isNoted) continue;
          ledger.markTold(denial({ reason, at: now }));
          ledger.settle(denial({ reason }));
          last.set(reason, now);
        }
      }),
    );
  });

  test('a told Event that claims to be of the future silences its owner for ten minutes, no longer', () => {
    let now = START;
    const ledger = createDenialLedger(() => now);
    ledger.markTold(denial({ at: START + 1_000_000 * MINUTE_MS }));
    assert.equal(ledger.note(denial()), false);
    now += 10 * MINUTE_MS;
    ledger.forgetOld();
    assert.equal(ledger.note(denial({ at: now })), true);
  });

  test('a clock that is set back silences nobody', () => {
    let now = START;
    const ledger = createDenialLedger(() => now);
    ledger.markTold(denial());
    now -= 60 * MINUTE_MS;
    assert.equal(ledger.note(denial({ at: now })), true);
  });

  test('Events of another namespace, with whatever uid, neither silence an owner nor stand in its place', () => {
    const ledger = createDenialLedger(() => START);
    ledger.markTold(denial({ namespace: 'forger' }));
    assert.equal(ledger.note(denial()), true);
    ledger.note(denial({ namespace: 'another' }));
    assert.deepEqual(
      [...ledger.waiting()].map(({ namespace }) => namespace),
      ['shop', 'another'],
    );
  });

  test('forgets the oldest of what it was told that others told, rather than keep it all', () => {
    const ledger = createDenialLedger(() => START);
    for (let i = 0; i < 50_000; i++) ledger.markTold(denial({ uid: `u${i}` }));
    const isKnown = (i: number) => ledger.wasTold(denial({ uid: `u${i}` }));
    assert.deepEqual([isKnown(0), isKnown(49_999)], [false, true]);
  });

  test('keeps no more than it can tell, and forgets', () => {
    let now = START;
    const ledger = createDenialLedger(() => now);
    for (let i = 0; i < 20_000; i++) ledger.note(denial({ uid: `u${i}` }));
    assert.equal([...ledger.waiting()].length, 5_000);
    now += 21 * MINUTE_MS;
    ledger.forgetOld();
    assert.equal([...ledger.waiting()].length, 0);
  });
});

interface FakeOwner {
  readonly owner?: { readonly apiVersion: string; readonly kind: string; readonly name: string; readonly uid: string };
  readonly status?: object;
}

function start({
  owners = { web: {} } as Readonly<Record<string, FakeOwner>>,
  events = [] as readonly object[],
  told = [] as readonly object[],
  denies = (_: string): boolean => true,
  mayDeny = true,
  answer = (_: string): number | undefined => undefined,
} = {}) {
  const clock = fakeClock();
  const asked: string[] = [];
  const written: { at: number; path: string; event: Record<string, unknown> }[] = [];
  const world = { mayDeny };
  const watches: PassThrough[] = [];
  const now = () => START + clock.now();

  function listOf(path: string, selector: string): readonly object[] {
    if (selector === 'reason=FailedCreate') return events;
    if (selector === 'reason=PlacementRefused') return told;
    const [, name = ''] = selector.split('metadata.name=');
    const owner = Object.hasOwn(owners, name) ? owners[name] : undefined;
    if (!owner) return [];
    const references = owner.owner ? [{ ...owner.owner, controller: true }] : [];
    const metadata = { name, namespace: 'shop', uid: `uid-${name}`, ownerReferences: references };
    const status = owner.status ?? {};
    return [{ metadata, spec: path.endsWith('jobs') ? {} : { replicas: 1 }, status }];
  }

  const api: ApiClient = {
    async get(path, { query = {} }) {
      const selector = query['fieldSelector'] ?? '';
      asked.push(`${path}?${selector}`);
      return { metadata: { resourceVersion: '1' }, items: listOf(path, selector) };
    },
    async open(path, { query = {}, signal }) {
      asked.push(`watch ${path}?${query['fieldSelector'] ?? ''}`);
      const stream = new PassThrough();
      signal?.addEventListener('abort', () => stream.destroy(new Error('aborted')));
      watches.push(stream);
      return stream as unknown as IncomingMessage;
    },
    send: async () => assert.fail('it writes through its writer'),
    close() {},
  };
  const log = pino({ level: 'silent' });
  const mayDenyNow = () => world.mayDeny;
  const deniedOwners = createDeniedOwners({ api, mayDeny: mayDenyNow, log, clock });
  const telling = createDenialTeller({
    api,
    deniedOwners,
    writer: {
      async create(path, event) {
        written.push({ at: clock.now(), path, event: event as Record<string, unknown> });
        const code = answer(path);
        if (code !== undefined) throw new ApiError(`POST ${path}`, { code });
        return { metadata: { name: '' } };
      },
    },
    mayDeny: mayDenyNow,
    denies,
    instance: 'one',
    now,
    log,
    clock,
  });
  const both = [deniedOwners, telling];
  const teller = {
    changed: () => both.map((one) => one.changed()),
    stop: () => Promise.all(both.map((one) => one.stop())),
    lastEventAt: deniedOwners.lastEventAt,
  };
  for (const one of both) one.start();
  return {
    teller,
    clock,
    asked,
    written,
    world,
    now,
    isWatching: () => watches.some((stream) => !stream.destroyed),
    async say(event: object): Promise<void> {
      watches
        .findLast((stream) => !stream.destroyed)
        ?.write(`${JSON.stringify({ type: 'MODIFIED', object: event })}\n`);
      await clock.advance(0);
    },
    regarding: () => written.map(({ event }) => event['regarding']),
  };
}

const DEPLOYMENT = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid: 'd1' };

describe('the denial teller', () => {
  const told: readonly [name: string, kind: string, owner: FakeOwner, regarding: object | undefined][] = [
    ['a Deployment, for its ReplicaSet', 'ReplicaSet', { owner: DEPLOYMENT }, DEPLOYMENT],
    [
      'a ReplicaSet that nobody owns',
      'ReplicaSet',
      {},
      { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web', uid: 'uid-web' },
    ],
    [
      'a CronJob, for its Job',
      'Job',
      { owner: { apiVersion: 'batch/v1', kind: 'CronJob', name: 'night', uid: 'c' } },
      { apiVersion: 'batch/v1', kind: 'CronJob', name: 'night', uid: 'c' },
    ],
    [
      'a StatefulSet, whoever made it',
      'StatefulSet',
      { owner: { apiVersion: 'x.dev/v1', kind: 'Postgres', name: 'db', uid: 'p' } },
      { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'web', uid: 'uid-web' },
    ],
    ['nobody who has its pods by now', 'ReplicaSet', { status: { replicas: 1 } }, undefined],
    ['nobody of another kind', 'DaemonSet', {}, undefined],
  ];
  for (const [name, kind, owner, regarding] of told)
    test(`tells ${name}`, async () => {
      const {
        teller,
        clock,
        written,
        regarding: found,
      } = start({ owners: { web: owner }, events: [failedCreate({ kind })] });
      await clock.advance(10_000);
      assert.deepEqual(found(), regarding ? [{ ...regarding, namespace: 'shop' }] : []);
      if (regarding) {
        const { path, event } = written[0] ?? assert.fail();
        assert.equal(path, '/apis/events.k8s.io/v1/namespaces/shop/events');
        const { type, reason, action, note, reportingController } = event;
        assert.deepEqual(
          [type, reason, action, note, reportingController],
          ['Warning', 'PlacementRefused', 'Admit', `${WORDS} [high_carbon]`, 'gridgate.dev/controllers'],
        );
      }
      await teller.stop();
    });

  test('within seconds, once in ten minutes, for each reason, for as long as it is denied', async () => {
    const { teller, clock, written, say, now } = start();
    await clock.advance(5_000);
    for (let second = 0; second < 25 * 60; second += 5) {
      await say(failedCreate({ at: now() }));
      await clock.advance(5_000);
    }
    assert.ok((written[0]?.at ?? 1e9) <= 8_000, `${written[0]?.at} ms`);
    assert.equal(written.length, 3);
    assert.ok(written.every(({ at }, i) => i === 0 || at - (written[i - 1]?.at ?? 0) >= 10 * MINUTE_MS));
    await say(failedCreate({ at: now(), message: denied('outage') }));
    await clock.advance(5_000);
    assert.equal(written.length, 4);
    await teller.stop();
  });

  test('once for two ReplicaSets of one Deployment', async () => {
    const owners = { one: { owner: DEPLOYMENT }, two: { owner: DEPLOYMENT } };
    const { teller, clock, written } = start({
      owners,
      events: [failedCreate({ name: 'one' }), failedCreate({ name: 'two' })],
    });
    await clock.advance(60_000);
    assert.equal(written.length, 1);
    await teller.stop();
  });

  test('what the leader before told is not told again; ten minutes after that it is', async () => {
    const told = [
      {
        metadata: { name: 'e', namespace: 'shop' },
        involvedObject: { uid: 'uid-web' },
        message: `${WORDS} [high_carbon]`,
        reportingComponent: 'gridgate.dev/controllers',
        eventTime: new Date(START - 4 * MINUTE_MS).toISOString(),
      },
    ];
    const { teller, clock, written, say, now } = start({ told, events: [failedCreate()] });
    await clock.advance(5 * MINUTE_MS);
    await say(failedCreate({ at: now() }));
    await clock.advance(10_000);
    assert.equal(written.length, 0);
    await clock.advance(MINUTE_MS);
    await say(failedCreate({ at: now() }));
    await clock.advance(10_000);
    assert.equal(written.length, 1);
    await teller.stop();
  });

  test('one whose Event is there already was told, too', async () => {
    const { teller, clock, written } = start({ events: [failedCreate()], answer: () => 409 });
    await clock.advance(5 * MINUTE_MS);
    assert.equal(written.length, 1);
    await teller.stop();
  });

  test('one that the API server refuses keeps no other back, and is tried again when it is denied again', async () => {
    const owners = { web: {}, api: {}, late: {} };
    const events = [failedCreate({ namespace: 'ending' }), failedCreate({ name: 'api' })];
    const isEnding = (path: string) => path === '/apis/events.k8s.io/v1/namespaces/ending/events';
    const answer = (path: string) => (isEnding(path) ? 403 : undefined);
    const { teller, clock, written, say, now } = start({ owners, events, answer });
    const namespaces = () => written.map(({ path }) => path.split('/')[5]);
    await clock.advance(5 * MINUTE_MS);
    await say(failedCreate({ name: 'late', at: now() }));
    await clock.advance(10_000);
    assert.deepEqual(namespaces(), ['ending', 'shop', 'shop']);
    await say(failedCreate({ namespace: 'ending', at: now() }));
    await clock.advance(10_000);
    assert.deepEqual(namespaces(), ['ending', 'shop', 'shop', 'ending']);
    await teller.stop();
  });

  test('one that the API server has no time for is tried again', async () => {
    const failures = [503, 429];
    const { teller, clock, written } = start({ events: [failedCreate()], answer: () => failures.pop() });
    await clock.advance(2 * MINUTE_MS);
    assert.equal(written.length, 3);
    await teller.stop();
  });

  test('what anybody may have written leads nowhere', async () => {
    const events = [
      failedCreate({ uid: 'of-another' }),
      failedCreate({ name: 'web,metadata.namespace=kube-system' }),
      failedCreate({ name: '../../secrets' }),
      failedCreate({ name: '__proto__' }),
      failedCreate({ kind: '__proto__' }),
      failedCreate({ at: START - 60 * MINUTE_MS }),
    ];
    const { teller, clock, written, asked } = start({ events });
    await clock.advance(MINUTE_MS);
    assert.deepEqual(written, []);
    assert.ok(asked.every((one) => !one.includes('kube-system') && !one.includes('..')));
    await teller.stop();
  });

  test('asks nothing where nobody enforces, and ends its watch when nobody does any more', async () => {
    const { teller, clock, asked, world, isWatching } = start({ mayDeny: false });
    await clock.advance(60_000);
    assert.deepEqual(asked, []);
    world.mayDeny = true;
    teller.changed();
    await clock.advance(5_000);
    assert.equal(isWatching(), true);
    assert.deepEqual(Object.keys(teller.lastEventAt()), ['events']);
    world.mayDeny = false;
    teller.changed();
    await clock.advance(5_000);
    assert.equal(isWatching(), false);
    world.mayDeny = true;
    teller.changed();
    await clock.advance(5_000);
    await teller.stop();
    assert.deepEqual([isWatching(), teller.lastEventAt()], [false, {}]);
  });

  test('namespaces that do not enforce are nobody to tell', async () => {
    const { teller, clock, written } = start({ events: [failedCreate()], denies: (namespace) => namespace !== 'shop' });
    await clock.advance(MINUTE_MS);
    assert.deepEqual(written, []);
    await teller.stop();
  });

  test('10,000 that are stuck: five a second, each once, and one that comes meanwhile is not forgotten', async () => {
    const names = Array.from({ length: 10_000 }, (_, i) => `web-${i}`);
    const owners = Object.fromEntries([...names, 'late'].map((name) => [name, {}]));
    const { teller, clock, written, asked, say, now } = start({
      owners,
      events: names.slice(0, 600).map((name) => failedCreate({ name })),
    });
    await clock.advance(30_000);
    await say(failedCreate({ name: 'late', at: now() }));
    for (const name of names.slice(600)) await say(failedCreate({ name, at: now() }));
    await clock.advance(15 * MINUTE_MS);
    const uids = written.map(({ event }) => (event['regarding'] as { uid: string }).uid);
    assert.equal(new Set(uids).size, uids.length);
    assert.ok(uids.includes('uid-late') && uids.length > 4_000, `${uids.length}`);
    assert.ok(written.every(({ at }, i) => (written[i + 5]?.at ?? Number.POSITIVE_INFINITY) - at >= 1_000));
    assert.ok(asked.length <= written.length + 10, `${asked.length} reads`);
    await teller.stop();
  });
});
