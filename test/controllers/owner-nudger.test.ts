import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { pino } from 'pino';
import { lacksPods, type OwnerObject } from '../../src/cluster/lacks-pods.ts';
import { createOwnerNudger } from '../../src/controllers/owner-nudger/controller.ts';
import { deniedSince, planNudges, type StuckOwner } from '../../src/controllers/owner-nudger/plan.ts';
import { denialIn } from '../../src/decision/denial-words.ts';
import { decideNow, makePod, makeRegion, makeSnapshot } from '../builders.ts';
import { fakeClock } from './fake-clock.ts';

/** As kube-controller-manager 1.35.4 writes it. */
const DENIED =
  'admission webhook "pods.gridgate.dev" denied the request: gridgate refuses pod web-5d7f*: us-east is at 400 gCO2e/kWh (static, under 1 min old), above the limit of 250 set by the namespace\'s gridgate.dev/max-intensity; no region is acceptable now [high_carbon]';

const messages: readonly [name: string, message: string | undefined, isOurs: boolean][] = [
  ['of a ReplicaSet', DENIED, true],
  ['of a Job or ReplicaSet, in an event', `Error creating: ${DENIED}`, true],
  ['of a StatefulSet', `create Pod db-0 in StatefulSet db failed error: ${DENIED}`, true],
  ['of several events in one', `(combined from similar events): Error creating: ${DENIED}`, true],
  ['of a webhook with another name', DENIED.replace('pods.gridgate.dev', 'pods.green.example'), true],
  ['of another webhook', 'admission webhook "other.dev" denied the request: no', false],
  ['of another that quotes us', 'admission webhook "other.dev" denied the request: like gridgate refuses pod x', false],
  ['of a quota', 'pods "web-1" is forbidden: exceeded quota: q, requested: pods=1', false],
  ['none', undefined, false],
];

describe('a denial of ours', () => {
  for (const [name, message, isOurs] of messages) {
    test(`${name}: ${isOurs}`, () => assert.equal(denialIn(message) !== undefined, isOurs));
  }

  test('whatever the pod is called', () => {
    const snapshot = makeSnapshot([makeRegion('eu', 100, { outage: 'flood' })]);
    for (const metadata of [{ name: 'db-0' }, { generateName: 'web-' }, { generateName: '' }]) {
      const { message } = decideNow(makePod({ metadata }), {}, snapshot);
      assert.ok(denialIn(`admission webhook "pods.gridgate.dev" denied the request: ${message}`), message);
    }
  });
});

const FAILURE = { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', lastTransitionTime: 't1' };
const conditions: readonly [
  name: string,
  conditions: (typeof FAILURE & { message?: string })[] | undefined,
  since: string | undefined,
][] = [
  ['our denial', [FAILURE], 't1'],
  ['our denial among others', [{ ...FAILURE, type: 'Other' }, FAILURE], 't1'],
  ['over', [{ ...FAILURE, status: 'False' }], undefined],
  ['pods that cannot be deleted', [{ ...FAILURE, reason: 'FailedDelete' }], undefined],
  ["another's denial", [{ ...FAILURE, message: 'exceeded quota' }], undefined],
  ['no conditions', undefined, undefined],
];

describe('a ReplicaSet tells of it', () => {
  for (const [name, list, since] of conditions) {
    test(`${name}: ${since}`, () => {
      const status = list && { conditions: list.map((condition) => ({ message: DENIED, ...condition })) };
      assert.equal(deniedSince({ metadata: { name: 'web' }, ...(status && { status }) }), since);
    });
  }
});

const lacking: readonly [kind: string, owner: Partial<OwnerObject>, lacks: boolean][] = [
  ['ReplicaSet', { spec: { replicas: 2 }, status: { replicas: 1 } }, true],
  ['ReplicaSet', { spec: { replicas: 2 }, status: { replicas: 2 } }, false],
  ['ReplicaSet', { spec: { replicas: 0 }, status: { replicas: 0 } }, false],
  ['StatefulSet', { spec: {}, status: {} }, true],
  ['StatefulSet', {}, true],
  ['Job', { spec: {}, status: {} }, true],
  ['Job', { spec: { parallelism: 2 }, status: { active: 1 } }, true],
  ['Job', { spec: { parallelism: 2 }, status: { active: 2 } }, false],
  ['Job', { spec: { parallelism: 2, completions: 3 }, status: { active: 1, succeeded: 2 } }, false],
  ['Job', { spec: { suspend: true }, status: {} }, false],
  ['Job', { spec: {}, status: { conditions: [{ type: 'Complete', status: 'True' }] } }, false],
  ['Job', { spec: {}, status: { conditions: [{ type: 'Failed', status: 'True' }] } }, false],
  ['Job', { spec: {}, status: { conditions: [{ type: 'Suspended', status: 'False' }] } }, true],
];

describe('an owner lacks pods', () => {
  for (const [kind, owner, lacks] of lacking) {
    test(`${kind} ${JSON.stringify(owner)}: ${lacks}`, () => {
      assert.equal(lacksPods(kind, { metadata: { name: 'x' }, ...owner }), lacks);
    });
  }
});

function stuckOwner(uid: string, since = 't1'): StuckOwner {
  return { path: `/${uid}`, namespace: 'team', uid, since, pod: { metadata: { name: uid } } };
}

const rows: readonly [name: string, admitted: boolean, before: [string, string][], nudge: number, after: number][] = [
  ['refused still', false, [], 0, 0],
  ['refused again after a nudge: forgotten', false, [['a', 't1']], 0, 0],
  ['refused no more', true, [], 1, 0],
  ['nudged already', true, [['a', 't1']], 0, 1],
  ['stuck anew since the nudge', true, [['a', 't0']], 1, 0],
  ['another was nudged, and is not stuck any more', true, [['b', 't1']], 1, 0],
];

describe('whom to nudge', () => {
  for (const [name, admitted, before, nudge, after] of rows) {
    test(name, () => {
      const plan = planNudges([stuckOwner('a')], new Map(before), () => admitted);
      assert.deepEqual([plan.nudge.length, plan.nudged.size], [nudge, after]);
    });
  }

  test('exactly once from one refusal, or end of being stuck, to the next', () => {
    const round = fc.constantFrom('admitted', 'refused', 'not stuck');
    fc.assert(
      fc.property(fc.array(round, { maxLength: 30 }), (rounds) => {
        let nudged: ReadonlyMap<string, string> = new Map();
        rounds.forEach((state, i) => {
          const stuck = state === 'not stuck' ? [] : [stuckOwner('a')];
          const plan = planNudges(stuck, nudged, () => state === 'admitted');
          nudged = new Map([...plan.nudged, ...plan.nudge.map(({ uid, since }) => [uid, since] as const)]);
          const isFirst = state === 'admitted' && rounds[i - 1] !== 'admitted';
          assert.equal(plan.nudge.length, isFirst ? 1 : 0);
        });
      }),
    );
  });
});

const TEMPLATE = { metadata: { labels: { app: 'x' } }, spec: { nodeSelector: { region: 'us-east' } } };

function replicaSet(name: string, message = DENIED, namespace = 'team'): object {
  const condition = { ...FAILURE, message };
  return {
    metadata: { name, namespace, uid: `uid-${name}` },
    spec: { replicas: 1, template: TEMPLATE },
    status: { replicas: 0, conditions: [condition] },
  };
}

type Lists = Record<string, readonly object[]>;

function start(lists: Lists, { mayDeny = true, denied = {} as Record<string, readonly string[]> } = {}) {
  const clock = fakeClock();
  const asked: string[] = [];
  const writes: { path: string; patch: unknown; at: number }[] = [];
  const admit = { now: false, failing: false };
  const nudger = createOwnerNudger({
    api: {
      async get(path, { query = {} }) {
        if (admit.failing) throw new Error('ECONNREFUSED');
        const of = query['fieldSelector'] ? `${path}?${query['fieldSelector']}` : path;
        asked.push(of);
        const items = lists[of] ?? [];
        const from = Number(query['continue'] ?? 0);
        const limit = Number(query['limit']);
        const rest = from + limit < items.length ? { continue: String(from + limit) } : {};
        return { metadata: { resourceVersion: '1', ...rest }, items: items.slice(from, from + limit) };
      },
    },
    deniedOwners: { follow: () => {}, ofKind: (kind) => new Set(denied[kind]) },
    writer: {
      async mergePatch(path, patch) {
        writes.push({ path, patch, at: clock.now() });
        return { metadata: { name: '' } };
      },
    },
    wouldAdmit: ({ spec }, namespace) => {
      assert.deepEqual([spec, namespace], [TEMPLATE.spec, 'team']);
      return admit.now;
    },
    mayDeny: () => mayDeny,
    now: () => Date.UTC(2026, 10, 22, 9) + clock.now(),
    log: pino({ level: 'silent' }),
    clock,
  });
  nudger.start();
  return { nudger, clock, asked, writes, admit };
}

const REPLICA_SETS = '/apis/apps/v1/replicasets';

describe('the owner nudger', () => {
  test('nudges when the refusal ends, once, with an annotation for exactly that owner', async () => {
    const owners = [replicaSet('web'), replicaSet('q', 'quota'), replicaSet('dns', DENIED, 'kube-system')];
    const { nudger, clock, writes, admit } = start({ [REPLICA_SETS]: owners });
    await clock.advance(20_000);
    assert.deepEqual(writes, []);
    admit.now = true;
    nudger.changed();
    await clock.advance(2_000);
    const annotations = { 'gridgate.dev/nudged': '2026-11-22T09:00:22.000Z' };
    const path = '/apis/apps/v1/namespaces/team/replicasets/web/status';
    assert.deepEqual(writes, [{ path, patch: { metadata: { uid: 'uid-web', annotations } }, at: 22_000 }]);
    nudger.changed();
    await clock.advance(60_000);
    assert.equal(writes.length, 1);

    admit.now = false;
    nudger.changed();
    await clock.advance(20_000);
    admit.now = true;
    nudger.changed();
    await clock.advance(20_000);
    assert.equal(writes.length, 2);
    await nudger.stop();
  });

  test('nudges 1,200 owners of three pages, five a second', async () => {
    const owners = Array.from({ length: 1_200 }, (_, i) => replicaSet(`web-${i}`));
    const { nudger, clock, writes, admit, asked } = start({ [REPLICA_SETS]: owners });
    admit.now = true;
    nudger.changed();
    await clock.advance(300_000);
    assert.equal(new Set(writes.map(({ path }) => path)).size, 1_200);
    assert.equal(writes.length, 1_200);
    assert.ok(writes.every(({ at }, i) => (writes[i + 5]?.at ?? Number.POSITIVE_INFINITY) - at >= 1_000));
    assert.equal(asked.slice(0, 4).filter((path) => path === REPLICA_SETS).length, 3);
    await nudger.stop();
  });

  test('a refusal that comes back while others are nudged stops it', async () => {
    const owners = Array.from({ length: 20 }, (_, i) => replicaSet(`web-${i}`));
    const { nudger, clock, writes, admit } = start({ [REPLICA_SETS]: owners });
    admit.now = true;
    await clock.advance(1_900);
    const before = writes.length;
    admit.now = false;
    await clock.advance(60_000);
    assert.ok(before > 0 && before < 20);
    assert.equal(writes.length, before);
    await nudger.stop();
  });

  test('StatefulSets and Jobs that only Events tell of', async () => {
    const owner = (name: string, uid: string) => ({
      metadata: { name, namespace: 'team', uid },
      spec: { template: TEMPLATE },
      status: {},
    });
    const lists = {
      '/apis/apps/v1/statefulsets': [owner('db', '1'), owner('other', '2')],
      '/apis/batch/v1/jobs': [owner('batch', '3'), owner('calm', '4')],
    };
    const denied = { StatefulSet: ['team/1', 'another/2'], Job: ['team/3'] };
    const { nudger, clock, writes, admit } = start(lists, { denied });
    await clock.advance(1_000);
    admit.now = true;
    nudger.changed();
    await clock.advance(60_000);
    assert.deepEqual(
      writes.map(({ path }) => path),
      ['/apis/apps/v1/namespaces/team/statefulsets/db/status', '/apis/batch/v1/namespaces/team/jobs/batch/status'],
    );
    await nudger.stop();
  });

  test('asks little: nothing where nobody is denied, and a list at most every 10 seconds', async () => {
    const idle = start({}, { mayDeny: false });
    await idle.clock.advance(60_000);
    assert.deepEqual(idle.asked, []);
    await idle.nudger.stop();

    const { nudger, clock, asked } = start({});
    for (let change = 0; change < 600; change++) {
      nudger.changed();
      await clock.advance(100);
    }
    const lists = asked.filter((path) => path === REPLICA_SETS).length;
    assert.ok(lists >= 5 && lists <= 7, `${lists}`);
    assert.ok(!asked.includes('/apis/batch/v1/jobs'), 'no Event, no list');
    await nudger.stop();
  });

  test('an API server that is away is asked again', async () => {
    const { nudger, clock, writes, admit } = start({ [REPLICA_SETS]: [replicaSet('web')] });
    admit.now = true;
    admit.failing = true;
    nudger.changed();
    await clock.advance(12_000);
    admit.failing = false;
    await clock.advance(60_000);
    assert.equal(writes.length, 1);
    await nudger.stop();
  });
});
