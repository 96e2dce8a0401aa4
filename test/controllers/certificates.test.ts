import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createAuthority, validFor } from '../../src/certs/authority.ts';
import { parseCertificates } from '../../src/certs/parsed-certificate.ts';
import { ApiError } from '../../src/cluster/api-error.ts';
import { runsOf, SEED } from '../decision/random-runs.ts';
import { AUTHORITY, LEAF } from './certificate-cluster.ts';
import { START, simulateCertificates } from './simulate-certificates.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const LIFETIMES = { authorityMs: 365 * DAY, leafMs: 90 * DAY, holdMs: MINUTE };

const INSTALL = ['create-authority', 'issue-leaf', 'write-bundles'];
const NEW_AUTHORITY = ['create-authority', 'write-bundles', 'note-carried', 'issue-leaf'];
const OLD_AUTHORITY_GOES = ['set-previous', 'write-bundles'];

function simulate(lifetimes = LIFETIMES, intervalMs = 30 * SECOND) {
  return simulateCertificates({ lifetimes, intervalMs });
}

describe('the certificates of a fresh cluster', () => {
  it('are made in three writes of one object or kind each, then left alone', async () => {
    const world = simulate();
    assert.equal(await world.turn(), 30 * SECOND);
    assert.deepEqual(world.actions(), INSTALL);
    world.assertAccepted();
    world.cluster.takeWrites();
    world.pass(30 * SECOND);
    await world.turn();
    assert.deepEqual(world.cluster.takeWrites(), []);
  });

  it('keep the key of the authority out of the Secret that the webhook role reads', async () => {
    const world = simulate();
    await world.turn();
    const key = world.cluster.read(AUTHORITY, 'ca.key');
    assert.match(key ?? '', /PRIVATE KEY/);
    const held = ['tls.crt', 'tls.key', 'ca.crt'].map((name) => world.cluster.read(LEAF, name));
    assert.ok(held.every((text) => text && !text.includes(key ?? '')));
    assert.equal(world.cluster.read(LEAF, 'ca.key'), undefined);
  });

  it('have one authority when two replicas start at once', async () => {
    const world = simulate();
    await Promise.all([world.turn(), world.turn(), world.turn()]);
    assert.equal(world.actions().filter((action) => action === 'create-authority').length, 1);
    assert.equal(world.actions().filter((action) => action === 'issue-leaf').length, 1);
    world.assertAccepted();
  });
});

describe('the certificates over the years', () => {
  const speeds: Record<string, { lifetimes: typeof LIFETIMES; intervalMs: number; spanMs: number }> = {
    'a year and a quarter of the default lives': { lifetimes: LIFETIMES, intervalMs: 10 * DAY, spanMs: 460 * DAY },
    'a month of short lives': {
      lifetimes: { authorityMs: 9 * DAY, leafMs: 2 * DAY, holdMs: MINUTE },
      intervalMs: 12 * HOUR,
      spanMs: 30 * DAY,
    },
    'a day of lives of minutes': {
      lifetimes: { authorityMs: HOUR, leafMs: 20 * MINUTE, holdMs: MINUTE },
      intervalMs: 5 * MINUTE,
      spanMs: 8 * HOUR,
    },
    'leaves that live as long as their authority': {
      lifetimes: { authorityMs: 90 * DAY, leafMs: 90 * DAY, holdMs: MINUTE },
      intervalMs: 10 * DAY,
      spanMs: 365 * DAY,
    },
  };
  for (const [name, { lifetimes, intervalMs, spanMs }] of Object.entries(speeds)) {
    it(`are accepted at every moment of ${name}, by an API server that is a minute late too`, async () => {
      const world = simulate(lifetimes, intervalMs);
      let history: { at: number; bundles: string[] }[] = [];
      await world.turn();
      world.pass(MINUTE);
      while (world.now() < START + spanMs) {
        world.assertAccepted(undefined, 'before the turn');
        const pauseMs = await world.turn();
        world.assertAccepted(undefined, 'after the turn');
        const late = history.findLast(({ at }) => at <= world.now() - MINUTE)?.bundles;
        if (late) world.assertAccepted(late, 'a minute late');
        history = [...history.slice(-200), { at: world.now(), bundles: world.cluster.bundles() }];
        world.pass(pauseMs);
      }
      const made = world.actions().filter((action) => action === 'create-authority').length;
      const expected = spanMs / ((lifetimes.authorityMs * 2) / 3);
      assert.ok(made >= expected - 1 && made <= expected * 1.15 + 1, `${made} authorities, expected about ${expected}`);
    });
  }

  it('are written in as few steps as it takes', async () => {
    const world = simulate(LIFETIMES, 10 * DAY);
    while (world.now() < START + 330 * DAY) world.pass(await world.turn());
    const renewals = Array<string>(4).fill('issue-leaf');
    assert.deepEqual(world.actions(), [...INSTALL, ...renewals, ...NEW_AUTHORITY, 'issue-leaf', ...OLD_AUTHORITY_GOES]);
  });
});

describe('what somebody does to the certificates', () => {
  const foreign = createAuthority(validFor(365 * DAY, START));
  type World = ReturnType<typeof simulate>;
  const rows: Record<string, { harm: (world: World) => unknown; repairs: string[]; afterHold?: string[] }> = {
    'the leaf deleted': { harm: ({ cluster }) => cluster.remove(LEAF), repairs: ['issue-leaf'] },
    'the leaf made garbage': {
      harm: ({ cluster }) => cluster.edit(LEAF, 'tls.crt', 'garbage'),
      repairs: ['issue-leaf'],
    },
    'garbage after the leaf': {
      harm: ({ cluster }) => cluster.edit(LEAF, 'tls.crt', `${cluster.read(LEAF, 'tls.crt')}-----BEGIN CERT`),
      repairs: ['issue-leaf'],
    },
    "the leaf's key swapped": {
      harm: async ({ cluster }) => cluster.edit(LEAF, 'tls.key', (await foreign).key),
      repairs: ['issue-leaf'],
    },
    'the authority deleted': {
      harm: ({ cluster }) => cluster.remove(AUTHORITY),
      repairs: ['create-authority', 'write-bundles', 'note-carried'],
      afterHold: ['issue-leaf'],
    },
    "the authority's key emptied": {
      harm: ({ cluster }) => cluster.edit(AUTHORITY, 'ca.key', ''),
      repairs: ['create-authority', 'write-bundles', 'note-carried'],
      afterHold: ['issue-leaf'],
    },
    'both Secrets deleted': {
      harm({ cluster }) {
        cluster.remove(AUTHORITY);
        cluster.remove(LEAF);
      },
      repairs: ['create-authority', 'write-bundles', 'note-carried'],
      afterHold: ['issue-leaf'],
    },
    'another authority put in, with its key': {
      async harm({ cluster }) {
        cluster.edit(AUTHORITY, 'ca.crt', (await foreign).cert);
        cluster.edit(AUTHORITY, 'ca.key', (await foreign).key);
      },
      repairs: ['set-previous', 'write-bundles', 'note-carried'],
      afterHold: ['issue-leaf'],
    },
    'a bundle emptied': { harm: ({ cluster }) => cluster.editBundle(''), repairs: ['write-bundles'] },
    'a stranger added to a bundle': {
      harm: async ({ cluster }) => cluster.editBundle(`${cluster.bundles()[0]}${(await foreign).cert}`),
      repairs: ['write-bundles'],
    },
  };
  for (const [name, { harm, repairs, afterHold = [] }] of Object.entries(rows)) {
    it(`is repaired: ${name}`, async () => {
      const world = simulate();
      await world.turn();
      world.pass(HOUR);
      await harm(world);
      world.logged.length = 0;
      await world.turn();
      world.assertAccepted();
      assert.deepEqual(world.actions(), repairs);
      world.logged.length = 0;
      world.pass(MINUTE);
      await world.turn();
      world.assertAccepted();
      assert.deepEqual(world.actions(), afterHold);
      world.cluster.takeWrites();
      await world.turn();
      assert.deepEqual(world.cluster.takeWrites(), []);
    });
  }

  it('in any order leaves what is served accepted after each turn, and comes to rest', async () => {
    const harms = Object.values(rows).map(({ harm }) => harm);
    const event = fc.record({
      harm: fc.option(fc.constantFrom(...harms)),
      afterMs: fc.constantFrom(SECOND, 31 * SECOND, 2 * MINUTE, HOUR, 20 * DAY, -HOUR),
    });
    const run = fc.asyncProperty(fc.array(event, { maxLength: 8 }), async (events) => {
      const world = simulate();
      await world.turn();
      for (const { harm, afterMs } of events) {
        await harm?.(world);
        await world.turn();
        world.assertAccepted(undefined, 'after the turn');
        world.pass(afterMs);
      }
      for (let i = 0; i < 4; i++) {
        await world.turn();
        world.pass(2 * HOUR);
      }
      world.cluster.takeWrites();
      await world.turn();
      assert.deepEqual(world.cluster.takeWrites(), []);
      world.assertAccepted();
    });
    await fc.assert(run, { seed: SEED, numRuns: runsOf(150) });
  });

  it('the leaf deleted and the authority replaced while replicas serve from memory: they are trusted on', async () => {
    const world = simulate();
    await world.turn();
    world.pass(HOUR);
    const other = await foreign;
    world.cluster.remove(LEAF);
    world.cluster.edit(AUTHORITY, 'ca.crt', other.cert);
    world.cluster.edit(AUTHORITY, 'ca.key', other.key);
    await world.turn();
    world.assertAccepted(undefined, 'after the turn');
  });

  it('to a bundle during the wait begins the wait again', async () => {
    const world = simulate();
    await world.turn();
    world.pass(HOUR);
    world.cluster.remove(AUTHORITY);
    await world.turn();
    world.pass(59 * SECOND);
    world.cluster.editBundle('');
    await world.turn();
    const leaf = world.served();
    world.pass(59 * SECOND);
    await world.turn();
    assert.equal(world.served(), leaf);
    world.pass(SECOND);
    await world.turn();
    assert.notEqual(world.served(), leaf);
  });
});

/** The first pause of the rounds' backoff. */
function assertSoon(ms: number): void {
  assert.ok(ms >= SECOND / 2 && ms <= SECOND, `${ms} ms`);
}

describe('a controller that is hindered', () => {
  it('logs once that it may not write, goes on with what it may, and says when all is well', async () => {
    const world = simulate();
    const forbidden = new ApiError('PATCH', { code: 403, message: 'not yours' });
    world.cluster.refuseWrites((path) => (path.includes('mutating') ? forbidden : undefined));
    for (let i = 0; i < 3; i++) assertSoon(await world.turn());
    assert.equal(parseCertificates(world.cluster.bundles().at(-1) ?? '').length, 1);
    assert.ok(world.served());
    world.cluster.refuseWrites(() => undefined);
    await world.turn();
    world.assertAccepted();
  });

  it('leaves out a configuration that is missing', async () => {
    const world = simulate();
    world.cluster.removeConfiguration();
    await world.turn();
    world.assertAccepted();
    assert.deepEqual(
      world.logged.flatMap(({ missing }) => missing ?? []),
      ['ValidatingWebhookConfiguration gridgate'],
    );
  });

  it('reports a conflict that does not go away', async () => {
    const world = simulate();
    world.cluster.refuseWrites(() => new ApiError('POST', { code: 422, message: 'immutable' }));
    assertSoon(await world.turn());
    assert.match(world.logged.at(-1)?.failure ?? '', /immutable/);
  });

  it('may lead again before its last turn has ended, and never takes two turns at once', async () => {
    const world = simulate();
    const controller = world.createController(() => new Promise((resolve) => setImmediate(resolve)));
    controller.start();
    controller.start();
    const stopped = controller.stop();
    controller.start();
    await stopped;
    while (!world.actions().includes('write-bundles')) await new Promise((resolve) => setImmediate(resolve));
    await controller.stop();
    assert.deepEqual(world.actions(), INSTALL);
    world.cluster.remove(LEAF);
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(world.actions(), INSTALL);
  });

  it('looks at once when it hears of a change, also of one during its turn', async () => {
    const world = simulate();
    const pauses: number[] = [];
    let paused = Promise.withResolvers<void>();
    const controller = world.createController((ms, signal) => {
      pauses.push(ms);
      paused.resolve();
      return new Promise((resolve) => signal.addEventListener('abort', resolve));
    });
    controller.start();
    await paused.promise;
    paused = Promise.withResolvers();
    world.cluster.editBundle('');
    controller.changed();
    await paused.promise;
    world.assertAccepted();
    assert.deepEqual(world.actions(), [...INSTALL, 'write-bundles']);
    paused = Promise.withResolvers();
    const before = world.reads();
    world.cluster.editBundle('');
    world.cluster.refuseWrites(() => {
      controller.changed();
      return undefined;
    });
    controller.changed();
    await paused.promise;
    assert.equal(world.reads() - before, 3 * 4, 'a look before the write and one after it, and one for the change');
    await controller.stop();
    assert.equal(pauses.length, 3);
  });
});
