import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { pino } from 'pino';
import { ApiError } from '../../src/cluster/api-error.ts';
import { createPolicyReporter } from '../../src/controllers/policy-reporter/controller.ts';
import {
  eventName,
  findMalformed,
  findUnenforceable,
  malformedEvent,
  unenforceableEvent,
} from '../../src/controllers/policy-reporter/plan.ts';
import type { NamespaceRecord } from '../../src/decision/namespace-record.ts';
import { fakeClock } from './fake-clock.ts';

const NOW = Date.parse('2026-11-22T09:00:00.250Z');

/** Without a mistake a namespace has annotations that are fine; with `undefined` it has none. */
function namespace(name: string, mistake: string | undefined = '', resourceVersion = '1'): NamespaceRecord {
  return { name, resourceVersion, annotations: { 'gridgate.dev/mode': mistake }, managed: true };
}

function mistakesOf({ annotations }: NamespaceRecord): readonly string[] {
  const mistake = annotations['gridgate.dev/mode'];
  return mistake ? mistake.split(',') : [];
}

describe('the malformed policies', () => {
  const cases: readonly [name: string, record: NamespaceRecord, found: boolean][] = [
    ['a mistake', namespace('shop', 'typo'), true],
    ['none', namespace('shop'), false],
    ['no annotations', { ...namespace('shop'), annotations: {} }, false],
    ['kube-system', namespace('kube-system', 'typo'), false],
    ["gridgate's own", namespace('gridgate-system', 'typo'), false],
  ];
  for (const [name, record, found] of cases)
    test(`${name}: ${found ? 'told' : 'not told'}`, () => {
      const told = findMalformed([record], mistakesOf, 'gridgate-system');
      assert.deepEqual(told, found ? [{ namespace: 'shop', mistakes: ['typo'] }] : []);
    });

  test('one Event for the same mistakes, another for others', () => {
    const name = (...mistakes: string[]) => eventName({ namespace: 'shop', mistakes });
    assert.equal(name('a', 'b'), name('a', 'b'));
    assert.notEqual(name('a', 'b'), name('a'));
    assert.match(name('a'), /^[a-z0-9-]{1,63}$/);
  });

  test('the Event fits what the API server takes, whatever the annotations hold', () => {
    const mistakes = Array.from({ length: 400 }, (_, i) => `gridgate.dev/weights: "€🌍${i}" is not so`);
    const event = malformedEvent({ namespace: 'shop', mistakes }, 'x'.repeat(300), NOW) as Record<string, string>;
    assert.ok(Buffer.byteLength(event['note'] ?? '') <= 1_024);
    assert.match(
      event['note'] ?? '',
      /^gridgate cannot read this namespace's policy; .* audit: gridgate\.dev.*\.\.\.$/,
    );
    assert.doesNotMatch(event['note'] ?? '', /\uFFFD/);
    assert.equal(event['reportingInstance']?.length, 128);
    assert.equal(event['eventTime'], '2026-11-22T09:00:00.250000Z');
  });
});

interface World {
  /** Of namespaces whose `regions` match nothing known: what they allow. */
  unenforceable: Record<string, string>;
}

function start(
  records: readonly NamespaceRecord[],
  refuse: (path: string) => number | undefined = () => undefined,
  world: World = { unenforceable: {} },
) {
  const known = new Map(records.map((record) => [record.name, record]));
  const clock = fakeClock();
  const events: { path: string; note: string; at: number }[] = [];
  const reporter = createPolicyReporter({
    namespaces: () => known.values(),
    mistakesOf,
    unenforceableOf({ name }) {
      const regions = world.unenforceable[name];
      return regions === undefined ? undefined : { regions, mode: 'enforce' };
    },
    known: () => 'known: us-east',
    instance: 'gridgate-1',
    writer: {
      async create(path, object) {
        events.push({ path, note: (object as { note: string }).note, at: clock.now() });
        const code = refuse(path);
        if (code !== undefined) throw new ApiError(`POST ${path}`, { code });
        return { metadata: { name: 'x' } };
      },
    },
    now: () => NOW,
    log: pino({ level: 'silent' }),
    clock,
  });
  reporter.start();
  return {
    reporter,
    clock,
    events,
    put(record: NamespaceRecord) {
      known.set(record.name, record);
      reporter.changed();
    },
  };
}

describe('the policy reporter', () => {
  test('tells once, in the namespace, also when its labels change', async () => {
    const { reporter, clock, events, put } = start([namespace('shop', 'typo'), namespace('fine')]);
    await clock.advance(1_000);
    put(namespace('shop', 'typo', '2'));
    await clock.advance(25 * 60_000);
    assert.deepEqual(
      events.map(({ path }) => path),
      ['/apis/events.k8s.io/v1/namespaces/shop/events'],
    );
    assert.match(events[0]?.note ?? '', /typo$/);
    await reporter.stop();
  });

  test('tells of other mistakes, and again of what was mended and broken anew', async () => {
    const { reporter, clock, events, put } = start([namespace('shop', 'typo')]);
    await clock.advance(10_000);
    for (const [i, mistake] of ['other', '', 'other'].entries()) {
      put(namespace('shop', mistake, String(i + 2)));
      await clock.advance(10_000);
      assert.equal(reporter.malformed(), mistake ? 1 : 0);
    }
    assert.deepEqual(
      events.map(({ note }) => note.split(': ').at(-1)),
      ['typo', 'other', 'other'],
    );
    await reporter.stop();
    assert.equal(reporter.malformed(), undefined, 'another replica looks now');
  });

  test('an Event that is there already was told by the leader before', async () => {
    const { reporter, clock, events } = start([namespace('shop', 'typo')], () => 409);
    await clock.advance(25 * 60_000);
    assert.equal(events.length, 1);
    await reporter.stop();
  });

  test('one that is refused keeps no other back, and is tried again', async () => {
    const refusals = new Set(['/apis/events.k8s.io/v1/namespaces/ending/events']);
    const { reporter, clock, events } = start([namespace('ending', 'typo'), namespace('shop', 'typo')], (path) =>
      refusals.delete(path) ? 403 : undefined,
    );
    await clock.advance(60_000);
    const told = events.map(({ path }) => path.split('/').at(-2));
    assert.deepEqual(told, ['ending', 'shop', 'ending']);
    await reporter.stop();
  });

  test('at most five a second', async () => {
    const { reporter, clock, events } = start(Array.from({ length: 40 }, (_, i) => namespace(`n${i}`, 'typo')));
    await clock.advance(999);
    assert.equal(events.length, 5);
    await clock.advance(20_000);
    assert.equal(events.length, 40);
    await reporter.stop();
  });
});

describe('namespaces whose regions match nothing known', () => {
  const path = (name: string) => `/apis/events.k8s.io/v1/namespaces/${name}/events`;

  test('are told once, and again when what they allow changes', async () => {
    const world: World = { unenforceable: { shop: 'eu-*' } };
    const { reporter, clock, events } = start([namespace('shop'), namespace('fine')], undefined, world);
    await clock.advance(25 * 60_000);
    assert.deepEqual(
      events.map((event) => [event.path, event.note]),
      [
        [
          path('shop'),
          'nothing here is among the regions that this namespace allows, so every new pod is denied (known: us-east): eu-*',
        ],
      ],
    );
    assert.deepEqual(reporter.unenforceable(), ['shop']);
    for (const next of [{ shop: 'asia-*' }, {}, { shop: 'asia-*' }] as Record<string, string>[]) {
      world.unenforceable = next;
      reporter.changed();
      await clock.advance(20_000);
    }
    assert.deepEqual(
      events.map(({ note }) => note.split(': ').at(-1)),
      ['eu-*', 'asia-*', 'asia-*'],
    );
    await reporter.stop();
    assert.equal(reporter.unenforceable(), undefined, 'another replica looks now');
  });

  test('are told beside what is malformed in them', async () => {
    const world: World = { unenforceable: { shop: 'eu-*' } };
    const { reporter, clock, events } = start([namespace('shop', 'typo')], undefined, world);
    await clock.advance(25 * 60_000);
    assert.equal(events.length, 2);
    assert.deepEqual([reporter.malformed(), reporter.unenforceable()], [1, ['shop']]);
    await reporter.stop();
  });

  test("leave out those of Kubernetes and gridgate's own", () => {
    const all = ['kube-system', 'gridgate-system', 'shop'].map((name) => namespace(name));
    const found = findUnenforceable(all, () => ({ regions: 'eu-*', mode: 'warn' }), 'gridgate-system');
    assert.deepEqual(found, [{ namespace: 'shop', regions: 'eu-*', mode: 'warn' }]);
  });

  test('get an Event that the guard of the account lets pass, whatever the annotation holds', () => {
    const found = { namespace: 'shop', regions: 'x*,'.repeat(1_000), mode: 'warn' } as const;
    const { metadata, type, reportingController, regarding, note, ...rest } = unenforceableEvent(
      found,
      'no region is known',
      { instance: 'a', now: NOW },
    ) as { metadata: Record<string, string>; note: string } & Record<string, unknown>;
    assert.match(metadata['name'] ?? '', /^gridgate-[a-z0-9-]{1,63}$/);
    assert.equal(metadata['namespace'], 'shop');
    assert.deepEqual([type, reportingController], ['Warning', 'gridgate.dev/controllers']);
    assert.deepEqual(regarding, { apiVersion: 'v1', kind: 'Namespace', name: 'shop', namespace: 'shop' });
    assert.match(note, /^nothing here .* in mode enforce every new pod would be denied \(no region is known\): x\*,/);
    assert.ok(Buffer.byteLength(note) <= 1_024);
    assert.deepEqual(Object.keys(rest).sort(), [
      'action',
      'apiVersion',
      'eventTime',
      'kind',
      'reason',
      'reportingInstance',
    ]);
  });
});
