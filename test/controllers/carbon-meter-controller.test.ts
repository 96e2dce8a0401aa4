import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { afterEach, describe, it } from 'node:test';
import { pino } from 'pino';
import {
  type CarbonMeter,
  type CarbonMeterDeps,
  createCarbonMeter,
} from '../../src/controllers/carbon-meter/controller.ts';
import type { NamespaceRecord } from '../../src/decision/namespace-record.ts';
import { makeNode, makeSnapshot, NOW } from '../builders.ts';
import { type Answer, fakeApi } from '../cluster/fake-api.ts';
import { fakeClock } from './fake-clock.ts';

const MINUTE = 60_000;
/** Grams that one of these pods avoids in an hour in eu-north-1 instead of us-east-1: 0.00212 kWh * 1.135 * (400 - 50). */
const AVOIDED = 0.84217;
const NODES = [makeNode('n1', 'eu-north-1'), makeNode('n2', 'us-east-1')];

/** One vCPU and no memory: 2.12 W. */
function podObject(name: string, { namespace = 'shop', node = 'n1', phase = 'Running' } = {}): object {
  return {
    metadata: {
      name,
      namespace,
      uid: `${namespace}/${name}`,
      resourceVersion: '2',
      annotations: { 'gridgate.dev/decision': '{}' },
    },
    spec: { nodeName: node, containers: [{ resources: { requests: { cpu: '1', memory: '0' } } }] },
    status: { phase },
  };
}

function page(...items: readonly object[]): Answer {
  return { page: { metadata: { resourceVersion: '1' }, items } };
}

/** A watch that tells what the test has happen. */
function openWatch() {
  const lines = new PassThrough();
  const tell = (type: string, object: object) => void lines.write(`${JSON.stringify({ type, object })}\n`);
  return { lines, tell, end: () => void lines.end() };
}

/** Homes by namespace; none for one that has no pods placed. */
function namespacesOf(homes: Readonly<Record<string, string>>): NamespaceRecord[] {
  return Object.entries(homes).map(([name, home]) => ({
    name,
    resourceVersion: '1',
    annotations: home ? { 'gridgate.dev/home-region': home } : {},
    managed: true,
  }));
}

const meters: CarbonMeter[] = [];

function start(
  answers: readonly Answer[],
  homes: Readonly<Record<string, string>> = { shop: 'us-east-1' },
  pastOf: CarbonMeterDeps['pastOf'] = () => undefined,
) {
  const clock = fakeClock();
  const api = fakeApi(answers);
  const warnings: string[] = [];
  const world = {
    namespaces: namespacesOf(homes),
    snapshot: makeSnapshot({ 'us-east-1': 400, 'eu-north-1': 50 }, { nodes: NODES }),
    /** By how much the machine's date is off. */
    dateErrorMs: 0,
  };
  const meter = createCarbonMeter({
    api,
    namespaces: () => world.namespaces,
    homeOf: ({ annotations }) => annotations['gridgate.dev/home-region'],
    snapshot: () => world.snapshot,
    pastOf,
    now: () => NOW + clock.now() + world.dateErrorMs,
    clock,
    log: pino({ level: 'warn' }, { write: (text: string) => void warnings.push(JSON.parse(text).msg) }),
  });
  meters.push(meter);
  meter.start();
  return {
    meter,
    clock,
    api,
    warnings,
    /** Something is other now, and the meter has heard of it. */
    async change(next: Partial<typeof world>) {
      Object.assign(world, next);
      meter.changed();
      await clock.advance(2_000);
    },
    told: (namespace = 'shop') => meter.carbon()?.find((one) => one.namespace === namespace),
  };
}

function assertGrams(actual: number | undefined, expected: number): void {
  assert.ok(actual !== undefined && Math.abs(actual - expected) < 1e-9, `${actual} is not ${expected}`);
}

describe('the carbon meter', () => {
  afterEach(async () => void (await Promise.all(meters.splice(0).map((meter) => meter.stop()))));

  it('counts what runs for as long as it runs, up to the moment of a scrape', async () => {
    const watch = openWatch();
    const { clock, told } = start([page(podObject('a')), { lines: watch.lines }]);
    await clock.advance(0);
    assert.deepEqual(told(), { namespace: 'shop', avoidedGrams: 0, addedGrams: 0 });
    await clock.advance(30_000);
    assertGrams(told()?.avoidedGrams, AVOIDED / 120);
    watch.tell('ADDED', podObject('b'));
    await clock.advance(0);
    for (let minute = 0; minute < 3; minute++) {
      watch.tell('BOOKMARK', { metadata: { resourceVersion: '3' } });
      await clock.advance(MINUTE);
    }
    assertGrams(told()?.avoidedGrams, AVOIDED / 120 + (2 * AVOIDED * 3) / 60);
    watch.tell('DELETED', podObject('a'));
    watch.tell('MODIFIED', podObject('b', { phase: 'Succeeded' }));
    await clock.advance(0);
    const before = told();
    await clock.advance(3 * MINUTE);
    assert.deepEqual(told(), before);
    assert.equal(before?.addedGrams, 0);
  });

  it('tells what got worse apart from what got better', async () => {
    const pods = [
      podObject('a'),
      podObject('b', { namespace: 'bank', node: 'n2' }),
      podObject('c', { namespace: 'home' }),
    ];
    const { clock, told } = start([page(...pods), { lines: [], hang: true }], {
      shop: 'us-east-1',
      bank: 'eu-north-1',
      home: 'eu-north-1',
    });
    await clock.advance(MINUTE);
    assertGrams(told()?.avoidedGrams, AVOIDED / 60);
    assert.deepEqual([told()?.addedGrams, told('bank')?.avoidedGrams], [0, 0]);
    assertGrams(told('bank')?.addedGrams, AVOIDED / 60);
    assert.deepEqual(told('home'), { namespace: 'home', avoidedGrams: 0, addedGrams: 0 });
  });

  it('counts a pod that waited against what home emitted when it would have run', async () => {
    const HOUR = 60 * MINUTE;
    const waited = {
      creationTimestamp: new Date(NOW - 5 * HOUR).toISOString(),
      annotations: { 'gridgate.dev/decision': '{}', 'gridgate.dev/released': new Date(NOW - HOUR).toISOString() },
    };
    const pod = podObject('a') as { metadata: object };
    const past = { from: NOW - 5 * HOUR, gramsPerKwh: [Number.NaN, 750, 400, 400, 400, 400] };
    const { clock, told } = start(
      [page({ ...pod, metadata: { ...pod.metadata, ...waited } }), { lines: [], hang: true }],
      { shop: 'us-east-1' },
      (region) => (region === 'us-east-1' ? past : undefined),
    );
    await clock.advance(MINUTE);
    assertGrams(told()?.avoidedGrams, (2 * AVOIDED) / 60);
  });

  it('counts the past under the readings, homes and nodes of then', async () => {
    const { clock, told, change } = start([page(podObject('a')), { lines: [], hang: true }]);
    await clock.advance(50_000); // nobody has looked since the first round
    await change({ snapshot: makeSnapshot({ 'us-east-1': 50, 'eu-north-1': 50 }, { nodes: NODES }) });
    const atOnce = told()?.avoidedGrams ?? 0;
    assert.ok(atOnce >= AVOIDED / 72 && atOnce < AVOIDED / 65, 'the 50 s before, and hardly more');
    await clock.advance(MINUTE);
    assertGrams(told()?.avoidedGrams, atOnce);

    await change({
      snapshot: makeSnapshot({ 'us-east-1': 400, 'eu-north-1': 50 }, { nodes: [makeNode('n1', 'us-east-1')] }),
    });
    const moved = told();
    await clock.advance(MINUTE);
    assert.deepEqual(told(), moved, 'its node is at home now');

    await change({ namespaces: namespacesOf({ shop: 'eu-north-1' }) });
    const added = told()?.addedGrams ?? 0;
    await clock.advance(MINUTE);
    assertGrams(told()?.addedGrams, added + AVOIDED / 60);
    assert.equal(told()?.avoidedGrams, moved?.avoidedGrams);
  });

  it('asks for no pods where none are placed; begins with the first namespace and ends with the last', async () => {
    const answers = [page(podObject('a')), { lines: [], hang: true }, page(podObject('a')), { lines: [], hang: true }];
    const { api, meter, clock, told, change } = start(answers, { shop: '' });
    await clock.advance(5 * MINUTE);
    assert.deepEqual([api.asked.length, meter.lastEventAt(), meter.carbon()], [0, {}, []]);

    await change({ namespaces: namespacesOf({ shop: 'us-east-1' }) });
    assert.equal(api.asked[0]?.['fieldSelector'], 'spec.nodeName!=,status.phase!=Succeeded,status.phase!=Failed');
    assert.equal(typeof meter.lastEventAt().pods, 'number');
    await clock.advance(MINUTE);
    await change({ namespaces: namespacesOf({ shop: '' }) });
    const counted = told()?.avoidedGrams ?? 0;
    assert.ok(counted > AVOIDED / 61, 'the last moments count, too');
    assert.deepEqual(meter.lastEventAt(), {});
    await clock.advance(10 * MINUTE);
    assert.deepEqual([told()?.avoidedGrams, api.asked.length], [counted, 2]);

    await change({ namespaces: namespacesOf({ shop: 'us-east-1' }) });
    await clock.advance(MINUTE);
    assert.ok((told()?.avoidedGrams ?? 0) > counted + AVOIDED / 61);
  });

  it('a list again, after a watch that ended, counts what runs now', async () => {
    const broken = openWatch();
    const answers: Answer[] = [
      page(podObject('a')),
      { lines: broken.lines },
      page(podObject('b'), podObject('c')),
      { lines: [], hang: true },
    ];
    const { clock, told } = start(answers);
    await clock.advance(MINUTE);
    broken.tell('ERROR', { code: 410, reason: 'Expired' });
    await clock.advance(30_000);
    const before = told()?.avoidedGrams ?? 0;
    await clock.advance(MINUTE);
    assertGrams(told()?.avoidedGrams, before + (2 * AVOIDED) / 60);
  });

  it('stops counting pods that it has not seen for ten minutes, and goes on when it sees them', async () => {
    const watch = openWatch();
    const { clock, told } = start([page(podObject('a')), { lines: watch.lines }]);
    await clock.advance(30 * MINUTE);
    const whileSilent = told()?.avoidedGrams ?? 0;
    assert.ok(whileSilent >= (10 * AVOIDED) / 60 && whileSilent < (12 * AVOIDED) / 60, `${whileSilent}`);
    watch.tell('BOOKMARK', { metadata: { resourceVersion: '3' } });
    await clock.advance(2 * MINUTE);
    const after = told()?.avoidedGrams ?? 0;
    assert.ok(after > whileSilent + AVOIDED / 61 && after < whileSilent + AVOIDED / 29, `${after}`);
  });

  for (const days of [-1, 1])
    it(`a date that is set by ${days} day: what is counted depends on a watch that is alive, not on it`, async () => {
      const watch = openWatch();
      const { clock, told, change } = start([page(podObject('a')), { lines: watch.lines }]);
      await clock.advance(MINUTE);
      await change({ dateErrorMs: days * 24 * 60 * MINUTE });
      await clock.advance(30 * MINUTE);
      const whileSilent = told()?.avoidedGrams ?? 0;
      assert.ok(whileSilent >= AVOIDED / 60 && whileSilent < (13 * AVOIDED) / 60, `${whileSilent}`);
      watch.tell('BOOKMARK', { metadata: { resourceVersion: '3' } });
      await clock.advance(3 * MINUTE);
      assert.ok((told()?.avoidedGrams ?? 0) > whileSilent + AVOIDED / 30);
    });

  it('tells nothing while another replica leads, and in its next term goes on from what it had', async () => {
    const answers = [page(podObject('a')), { lines: [], hang: true }, page(podObject('a')), { lines: [], hang: true }];
    const { meter, clock, told, warnings } = start(answers);
    await clock.advance(50_000); // nobody has looked since the first round
    await meter.stop();
    assert.deepEqual([meter.carbon(), meter.lastEventAt()], [undefined, {}]);
    await clock.advance(600 * MINUTE);
    meter.start();
    await clock.advance(0);
    assertGrams(told()?.avoidedGrams, AVOIDED / 72);
    await clock.advance(MINUTE);
    assertGrams(told()?.avoidedGrams, AVOIDED / 72 + AVOIDED / 60);
    assert.deepEqual(warnings, []);
  });

  it('one that may not see pods says so once, and tells zeros', async () => {
    const { clock, told, warnings } = start([new Error('refused'), new Error('refused'), new Error('refused')]);
    await clock.advance(5 * MINUTE);
    assert.deepEqual(told(), { namespace: 'shop', avoidedGrams: 0, addedGrams: 0 });
    assert.deepEqual(warnings, ['cannot watch pods, the last view of it stays']);
  });
});
