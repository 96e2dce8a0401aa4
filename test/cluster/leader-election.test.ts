import assert from 'node:assert/strict';
import { hostname } from 'node:os';
import { describe, test } from 'node:test';
import { pino } from 'pino';
import { makeIdentity } from '../../src/cluster/election-identity.ts';
import { createLeaderElection } from '../../src/cluster/leader-election.ts';
import { NotLeadingError } from '../../src/cluster/leadership.ts';
import { type Candidate, makeCandidate } from './candidate.ts';
import { type Fault, LEASE_NAME, LEASES_PATH, startLeaseServer } from './lease-server.ts';

const OTHER = { holderIdentity: 'other', leaseDurationSeconds: 15, leaseTransitions: 4 };
const MICRO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;

/** A server, a clock and a candidate on both. */
async function stage() {
  const server = await startLeaseServer();
  const clock = { now: 1_000_000 };
  const candidate = makeCandidate(server, clock, 'me');
  return { server, clock, candidate, [Symbol.dispose]: () => server[Symbol.dispose]() };
}

/** A stage whose candidate leads, with the lease's requests so far forgotten. */
async function leadingStage() {
  const staged = await stage();
  await staged.candidate.begin();
  assert.equal(staged.candidate.isLeader(), true);
  staged.server.requests.length = 0;
  return staged;
}

function failing(status: number, body: object = {}): Fault {
  return (_, response) => {
    response.writeHead(status).end(JSON.stringify(body));
    return 'answered';
  };
}

function answering(body: string): Fault {
  return (_, response) => {
    response.end(body);
    return 'answered';
  };
}

const cutting: Fault = (_, response) => {
  response.destroy();
  return 'answered';
};

function warnings({ log }: Candidate): string[] {
  return log.filter(({ level }) => level >= 40).map(({ msg, failure }) => `${msg} (${failure})`);
}

describe('on the wire', () => {
  test('a lease that does not exist is created', async () => {
    using staged = await leadingStage();
    const { server, candidate } = staged;
    const { acquireTime, renewTime, ...spec } = server.lease()?.spec ?? {};
    assert.deepEqual(spec, { holderIdentity: 'me', leaseDurationSeconds: 15, leaseTransitions: 0 });
    assert.match(String(renewTime), MICRO_TIME);
    assert.equal(acquireTime, renewTime);
    assert.deepEqual([candidate.leader(), candidate.changes], ['me', [true]]);
  });

  test('create and update say who writes, and an update keeps what others wrote and the resourceVersion', async () => {
    using staged = await stage();
    const { server, candidate } = staged;
    await candidate.begin();
    const acquired = server.lease();
    await candidate.next();
    assert.deepEqual(
      server.requests.map(({ method, url, contentType }) => [method, url, contentType]),
      [
        ['GET', `${LEASES_PATH}/gridgate`, undefined],
        ['POST', `${LEASES_PATH}?fieldManager=gridgate`, 'application/json'],
        ['GET', `${LEASES_PATH}/gridgate`, undefined],
        ['PUT', `${LEASES_PATH}/gridgate?fieldManager=gridgate`, 'application/json'],
      ],
    );
    assert.deepEqual(server.requests[3]?.body?.metadata, acquired?.metadata);
    assert.equal(server.lease()?.spec?.acquireTime, acquired?.spec?.acquireTime);
  });

  test('a leader renews every 2 s, a candidate looks after 2 to 4.4 s', async () => {
    using staged = await leadingStage();
    const { server, clock, candidate } = staged;
    const second = makeCandidate(server, clock, 'second');
    await second.begin();
    assert.deepEqual([candidate.pauseMs(), second.pauseMs()], [2_000, 3_200]);
    assert.deepEqual([second.isLeader(), second.leader()], [false, 'me']);
  });
});

describe('another holder', () => {
  const specs: readonly [string, object, 'wait' | 'acquire'][] = [
    ['alive', OTHER, 'wait'],
    ['with a renewTime in the far past', { ...OTHER, renewTime: '1970-01-01T00:00:00.000000Z' }, 'wait'],
    ['with a renewTime in the far future', { ...OTHER, renewTime: '9999-01-01T00:00:00.000000Z' }, 'wait'],
    ['with a corrupt renewTime', { ...OTHER, renewTime: 'yesterday' }, 'wait'],
    ['without any time', { holderIdentity: 'other' }, 'wait'],
    ['that released', { ...OTHER, holderIdentity: '' }, 'acquire'],
    ['of no name', { ...OTHER, holderIdentity: null }, 'acquire'],
  ];
  for (const [name, spec, first] of specs) {
    test(`${name}: ${first === 'wait' ? 'waited for 15 s of our clock' : 'succeeded at once'}`, async () => {
      using staged = await stage();
      const { server, clock, candidate } = staged;
      server.put(spec);
      await candidate.begin();
      assert.equal(candidate.isLeader(), first === 'acquire');
      const since = clock.now;
      while (!candidate.isLeader() && clock.now - since < 60_000) await candidate.next();
      const waited = clock.now - since;
      assert.ok(first === 'acquire' ? waited === 0 : waited >= 15_000 && waited <= 15_200, `${waited} ms`);
      assert.equal(server.lease()?.spec?.leaseTransitions, 'leaseTransitions' in spec ? 5 : 1);
    });
  }

  test('that renews is waited for as long as it does', async () => {
    using staged = await stage();
    const { server, candidate } = staged;
    server.put(OTHER);
    await candidate.begin();
    for (let second = 0; second < 60; second += 3) {
      server.put({ ...OTHER, renewTime: `2026-01-01T00:00:${String(second).padStart(2, '0')}.000000Z` });
      await candidate.next(3_000);
    }
    assert.deepEqual([candidate.isLeader(), candidate.changes, server.lease()?.spec?.leaseTransitions], [false, [], 4]);
  });

  test('whose Lease somebody deletes is waited for, too', async () => {
    using staged = await stage();
    const { server, candidate } = staged;
    server.put(OTHER);
    await candidate.begin();
    server.put(undefined);
    await candidate.next();
    assert.equal(server.lease(), undefined);
    await candidate.next(15_000);
    assert.equal(server.lease()?.spec?.holderIdentity, 'me');
  });

  test('that is faster: a 409 is no failure, and the lease is its', async () => {
    using staged = await stage();
    const { server, clock, candidate } = staged;
    server.put({ ...OTHER, holderIdentity: '' });
    server.meet(({ method }) => {
      if (method === 'PUT') server.put({ ...OTHER, holderIdentity: 'faster' });
      return undefined;
    });
    await candidate.begin();
    assert.deepEqual([candidate.isLeader(), warnings(candidate)], [false, []]);
    server.meet(undefined);
    clock.now += 14_000; // counted from when it is seen, not from when it was written
    await candidate.next();
    assert.equal(candidate.leader(), 'faster');
    assert.equal(candidate.isLeader(), false);
  });
});

describe('a leader', () => {
  const faults: readonly [string, Fault, RegExp][] = [
    ['a broken network', cutting, /^cannot read or write the lease.*socket hang up/],
    ['a 500', failing(500), /^cannot read or write the lease.*answers 500/],
    ['a page of a proxy', answering('<html>'), /^cannot read or write the lease.*not JSON/],
    ['an answer that is no Lease', answering('{}'), /something that is not a Lease/],
    ['a 403', failing(403, { message: 'no' }), /^may not use the lease, .* its role needs get, create and update/],
  ];
  for (const [name, fault, message] of faults) {
    test(`rides out ${name} up to its deadline, loses then, once, and leads again afterwards`, async () => {
      using staged = await leadingStage();
      const { server, candidate } = staged;
      server.meet(fault);
      for (let i = 0; i < 4; i += 1) await candidate.next();
      assert.deepEqual([candidate.isLeader(), candidate.changes], [true, [true]], 'after 8 s');
      for (let i = 0; i < 10; i += 1) await candidate.next();
      assert.deepEqual([candidate.isLeader(), candidate.changes], [false, [true, false]]);
      assert.equal(warnings(candidate).length, 1, warnings(candidate).join('\n'));
      assert.match(warnings(candidate)[0] ?? '', message);

      server.meet(undefined);
      await candidate.next();
      assert.deepEqual(candidate.changes, [true, false, true]);
      assert.equal(candidate.log.filter(({ msg }) => msg.endsWith('again')).length, 1);
      assert.equal(server.lease()?.spec?.leaseTransitions, 0, 'nobody else led in between');
      assert.doesNotMatch(JSON.stringify(candidate.log), /secret/);
    });
  }

  test('may write until its deadline, counted from the sending of the renewal, whatever timers do', async () => {
    using staged = await leadingStage();
    const { server, clock, candidate } = staged;
    server.meet(({ method }) => {
      if (method === 'PUT') clock.now += 4_000; // a slow answer
      return undefined;
    });
    await candidate.next();
    clock.now += 5_999;
    candidate.assertLeading();
    clock.now += 1;
    assert.throws(candidate.assertLeading, NotLeadingError);
    assert.deepEqual([candidate.isLeader(), candidate.changes], [false, [true]], 'no timer has fired');
  });

  test('that was stopped and finds a successor loses without a write', async () => {
    using staged = await leadingStage();
    const { server, candidate } = staged;
    server.put(OTHER);
    await candidate.next(30_000);
    assert.deepEqual([candidate.changes, candidate.leader()], [[true, false], 'other']);
    assert.deepEqual(
      server.requests.map(({ method }) => method),
      ['GET'],
    );
  });

  test('whose lease somebody else takes by force ends at once, long before its deadline', async () => {
    using staged = await leadingStage();
    const { server, candidate } = staged;
    server.put(OTHER);
    await candidate.next();
    assert.deepEqual([candidate.isLeader(), candidate.changes], [false, [true, false]]);
    assert.throws(candidate.assertLeading, NotLeadingError);
  });

  const stalls: readonly [string, { readonly GET: number; readonly PUT: number }][] = [
    ['was stopped while it read', { GET: 30_000, PUT: 0 }],
    ['passed its deadline while it wrote', { GET: 7_000, PUT: 1_500 }],
  ];
  for (const [name, stallMs] of stalls) {
    test(`that ${name} says that it lost before it leads again`, async () => {
      using staged = await leadingStage();
      const { server, clock, candidate } = staged;
      server.meet(({ method }) => {
        clock.now += stallMs[method as 'GET' | 'PUT'];
        return undefined;
      });
      await candidate.next();
      assert.deepEqual(candidate.changes, [true, false, true]);
    });
  }

  test('that was stopped with nobody there says that it lost before it leads again', async () => {
    using staged = await leadingStage();
    await staged.candidate.next(30_000);
    assert.deepEqual(staged.candidate.changes, [true, false, true]);
  });

  test('that was stopped during a renewal gains nothing from its answer', async () => {
    using staged = await leadingStage();
    const { server, clock, candidate } = staged;
    server.meet(({ method }) => {
      if (method === 'PUT') clock.now += 30_000;
      return undefined;
    });
    await candidate.next();
    assert.throws(candidate.assertLeading, NotLeadingError);
    assert.deepEqual(candidate.changes, [true, false]);
  });

  test('whose Lease is deleted makes it again and leads on', async () => {
    using staged = await leadingStage();
    const { server, candidate } = staged;
    server.put(undefined);
    await candidate.next();
    assert.equal(server.lease()?.spec?.holderIdentity, 'me');
    assert.deepEqual([candidate.isLeader(), candidate.changes], [true, [true]]);
  });

  test('whose Lease is deleted between reading and writing survives that', async () => {
    using staged = await leadingStage();
    const { server, candidate } = staged;
    server.meet(({ method }) => {
      if (method === 'PUT') server.put(undefined);
      return undefined;
    });
    await candidate.next();
    await candidate.next();
    assert.deepEqual([candidate.isLeader(), candidate.changes], [true, [true]]);
  });

  test('whose renewal is lost on the way back leads on with the next', async () => {
    using staged = await leadingStage();
    const { server, candidate } = staged;
    server.meet(({ method, body }, response) => {
      if (method !== 'PUT') return undefined;
      server.put(body?.spec ?? {});
      response.destroy();
      return 'answered';
    });
    await candidate.next();
    server.meet(undefined);
    for (let i = 0; i < 5; i += 1) await candidate.next();
    assert.deepEqual([candidate.isLeader(), candidate.changes], [true, [true]]);
  });

  test('whose listener throws leads all the same', async () => {
    using server = await startLeaseServer();
    const clock = { now: 0 };
    const candidate = makeCandidate(server, clock, 'me');
    candidate.changes.push = () => {
      throw new Error('listener');
    };
    await candidate.begin();
    assert.deepEqual(
      [candidate.isLeader(), warnings(candidate)],
      [true, ['a listener of the leader election failed (listener)']],
    );
  });

  test('waits as long as the API server asks, but not beyond its deadline', async () => {
    using staged = await leadingStage();
    const { server, candidate } = staged;
    server.meet((_, response) => {
      response.writeHead(429, { 'retry-after': '5' }).end();
      return 'answered';
    });
    await candidate.next();
    assert.equal(candidate.pauseMs(), 5_000);
    await candidate.next();
    assert.equal(candidate.pauseMs(), 3_000);
  });
});

describe('stopping', () => {
  test('releases the lease as client-go does, and the successor has it at its next look', async () => {
    using staged = await leadingStage();
    const { server, clock, candidate } = staged;
    const second = makeCandidate(server, clock, 'second');
    await second.begin();
    const stopped = candidate.stop();
    assert.throws(candidate.assertLeading, NotLeadingError);
    assert.deepEqual(candidate.changes, [true, false], 'before anything is sent');
    await Promise.all([stopped, candidate.stop()]);
    const { acquireTime, renewTime, ...spec } = server.lease()?.spec ?? {};
    assert.deepEqual(spec, { holderIdentity: '', leaseDurationSeconds: 1, leaseTransitions: 0 });
    assert.match(String(renewTime), MICRO_TIME);
    assert.equal(server.requests.filter(({ method }) => method === 'PUT').length, 1);

    await second.next();
    assert.deepEqual([second.isLeader(), server.lease()?.spec?.leaseTransitions], [true, 1]);
  });

  test('leaves the lease of another alone', async () => {
    using staged = await stage();
    const { server, candidate } = staged;
    server.put(OTHER);
    await candidate.begin();
    await candidate.stop();
    assert.equal(server.lease()?.spec?.holderIdentity, 'other');
    assert.deepEqual(
      server.requests.map(({ method }) => method),
      ['GET'],
    );
  });

  test('leaves the lease of a successor alone that it has not seen', async () => {
    using staged = await leadingStage();
    const { server, candidate } = staged;
    server.put(OTHER);
    await candidate.stop();
    assert.equal(server.lease()?.spec?.holderIdentity, 'other');
  });

  test('during an acquisition leads never, and releases what it has acquired', async () => {
    using server = await startLeaseServer();
    const candidate = makeCandidate(server, { now: 0 }, 'me');
    const { promise: stopped, resolve } = Promise.withResolvers<void>();
    server.meet(({ method }) => {
      if (method === 'POST') resolve(candidate.stop());
      return undefined;
    });
    candidate.start();
    await stopped;
    assert.deepEqual([candidate.changes, server.lease()?.spec?.holderIdentity], [[], '']);
  });

  test('resolves when the API server is away, and starts again later', async () => {
    using staged = await leadingStage();
    const { server, candidate } = staged;
    server.meet(cutting);
    await candidate.stop();
    assert.deepEqual(candidate.changes, [true, false]);
    server.meet(undefined);
    await candidate.begin();
    assert.deepEqual(candidate.changes, [true, false, true]);
  });

  test('without a start does nothing', async () => {
    using staged = await stage();
    await staged.candidate.stop();
    assert.deepEqual(staged.server.requests, []);
    assert.equal(staged.candidate.leader(), undefined);
  });
});

describe('with a real clock', () => {
  // The second attempt of a leader without answers begins at 1.9 s, and its own limit would be a second later.
  const timings = { leaseMs: 3_000, renewDeadlineMs: 2_000, retryMs: 450 };

  test('an API server that never answers costs the lead at the deadline', async () => {
    using server = await startLeaseServer();
    const gained = Promise.withResolvers<number>();
    const lost = Promise.withResolvers<number>();
    const election = createLeaderElection({
      api: server.client(),
      namespace: 'gridgate-system',
      name: LEASE_NAME,
      identity: 'me',
      log: pino({ level: 'silent' }),
      onChange: (leading) => (leading ? gained : lost).resolve(performance.now()),
      timings,
    });
    election.start();
    const gainedAt = await gained.promise;
    server.meet(() => 'answered');
    const ledMs = (await lost.promise) - gainedAt;
    assert.ok(ledMs > 1_500 && ledMs < 2_600, `${ledMs} ms`);
    server.meet(undefined);
    await election.stop();
  });

  test('timings that would let two lead are refused', () => {
    const make = (wrong: object) => () => createLeaderElection({ timings: { ...timings, ...wrong } } as never);
    assert.throws(make({ leaseMs: 2_000 }), /longer than its renew deadline/);
    assert.throws(make({ retryMs: 1_700 }), /longer than its renew deadline/);
    assert.throws(make({ retryMs: 0 }), /longer than its renew deadline/);
  });
});

test('an identity is the host and something that no other has', () => {
  assert.match(makeIdentity(), new RegExp(`^${hostname()}_[0-9a-f-]{36}$`));
  assert.notEqual(makeIdentity('pod'), makeIdentity('pod'));
});
