import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { pino } from 'pino';
import { ApiError } from '../../src/cluster/api-error.ts';
import { createNamespaceLabeller } from '../../src/controllers/namespace-labeller/controller.ts';
import { labelPatch, planLabel } from '../../src/controllers/namespace-labeller/plan.ts';
import type { NamespaceRecord } from '../../src/decision/namespace-record.ts';
import { MODES, type Mode } from '../../src/decision/policy.ts';
import { fakeClock } from './fake-clock.ts';

function namespace(name: string, mode: string, managed: boolean, resourceVersion = '1'): NamespaceRecord {
  return { name, resourceVersion, annotations: { 'gridgate.dev/mode': mode }, managed };
}

describe('the label of a namespace', () => {
  for (const mode of MODES) {
    for (const managed of [true, false]) {
      const wanted = mode !== 'off';
      const expected = wanted === managed ? undefined : wanted ? 'true' : 'none';
      test(`mode ${mode}, label ${managed}: ${expected ?? 'right'}`, () => {
        assert.equal(planLabel(namespace('team', mode, managed), mode), expected);
      });
    }
  }

  for (const name of ['kube-system', 'kube-public', 'kube-node-lease', 'gridgate-system']) {
    test(`${name} is left alone`, () => {
      const excluded = new Set(['kube-system', 'kube-public', 'kube-node-lease', 'gridgate-system']);
      assert.equal(planLabel(namespace(name, 'enforce', false), 'enforce', excluded), undefined);
      assert.equal(planLabel(namespace(name, 'off', true), 'off', excluded), undefined);
    });
  }

  test('the patch names the version judged, and no other label', () => {
    const record = namespace('team', 'warn', false, '7');
    const label = { 'gridgate.dev/managed': 'true' };
    assert.deepEqual(labelPatch(record, 'true'), { metadata: { resourceVersion: '7', labels: label } });
    assert.deepEqual(labelPatch(record, 'none'), {
      metadata: { resourceVersion: '7', labels: { 'gridgate.dev/managed': null } },
    });
  });
});

/** An API server whose changes the view shows at once, unless it lags. */
function start(
  records: readonly NamespaceRecord[],
  {
    lags = false,
    refuse = new Map<string, number>(),
    undo = new Set<string>(),
    undone = 'as nothing' as 'as nothing' | 'as a new version',
  } = {},
) {
  const known = new Map(records.map((record) => [record.name, record]));
  const clock = fakeClock();
  const writes: { path: string; patch: unknown; at: number }[] = [];
  const labeller = createNamespaceLabeller({
    view: { namespaces: () => known.values(), namespace: (name) => known.get(name) },
    modeOf: ({ annotations }) => (annotations['gridgate.dev/mode'] ?? 'off') as Mode,
    ownNamespace: 'gridgate-system',
    writer: {
      async mergePatch(path, patch) {
        writes.push({ path, patch, at: clock.now() });
        const name = path.split('/').at(-1) ?? '';
        const code = refuse.get(name);
        if (code !== undefined) throw new ApiError(`PATCH ${path}`, { code });
        const record = known.get(name);
        if (record && undo.has(name))
          known.set(name, { ...record, ...(undone === 'as a new version' && { resourceVersion: '9' }) });
        else if (record && !lags) known.set(name, { ...record, managed: !record.managed, resourceVersion: '2' });
        const isManaged = record && record.managed === undo.has(name);
        return { metadata: { name, ...(isManaged && { labels: { 'gridgate.dev/managed': 'true' } }) } };
      },
    },
    log: pino({ level: 'silent' }),
    clock,
  });
  labeller.start();
  return { labeller, clock, writes, known };
}

describe('the namespace labeller', () => {
  test('writes nothing where 10,000 labels are right', async () => {
    const records = Array.from({ length: 10_000 }, (_, i) => namespace(`n${i}`, i % 2 ? 'warn' : 'off', i % 2 === 1));
    const { labeller, clock, writes } = start(records);
    await clock.advance(21 * 60_000);
    assert.deepEqual(writes, []);
    await labeller.stop();
  });

  test('heals what is wrong, at most 10 a second, each once', async () => {
    const records = Array.from({ length: 25 }, (_, i) => namespace(`n${i}`, 'warn', false));
    const { labeller, clock, writes } = start([...records, namespace('gridgate-system', 'warn', false)]);
    await clock.advance(999);
    assert.equal(writes.length, 10);
    await clock.advance(60_000);
    assert.equal(new Set(writes.map(({ path }) => path)).size, 25);
    assert.equal(writes.length, 25);
    assert.equal(writes[0]?.path, '/api/v1/namespaces/n0');
    await labeller.stop();
  });

  test('writes nothing twice while the view is behind', async () => {
    const { labeller, clock, writes, known } = start([namespace('team', 'warn', false)], { lags: true });
    await clock.advance(5_000);
    labeller.changed();
    await clock.advance(5_000);
    assert.equal(writes.length, 1);
    known.set('team', namespace('team', 'warn', false, '3')); // taken off again by hand: another version
    labeller.changed();
    await clock.advance(5_000);
    assert.equal(writes.length, 2);
    await labeller.stop();
  });

  for (const undone of ['as nothing', 'as a new version'] as const)
    test(`a write that a webhook with an older configuration undoes is tried again soon, ${undone}`, async () => {
      const undo = new Set(['team']);
      const { labeller, clock, writes, known } = start([namespace('team', 'warn', false)], { undo, undone });
      await clock.advance(10_000);
      assert.ok(writes.length > 1);
      undo.clear();
      await clock.advance(16_000); // the longest pause that tries of 10 seconds lead to
      assert.equal(known.get('team')?.managed, true);
      await labeller.stop();
    });

  test('a change heals soon, and one that nobody announced with the resync', async () => {
    const { labeller, clock, writes, known } = start([namespace('team', 'off', false)]);
    await clock.advance(10_000);
    known.set('team', namespace('team', 'warn', false));
    labeller.changed();
    await clock.advance(100);
    assert.equal(writes.length, 1);
    known.set('team', namespace('team', 'warn', false, '9'));
    await clock.advance(9 * 60_000);
    assert.equal(writes.length, 1);
    await clock.advance(2 * 60_000);
    assert.equal(writes.length, 2);
    await labeller.stop();
  });

  test('an outdated version is tried again soon, whether a change is announced or not', async () => {
    const refuse = new Map([['team', 409]]);
    const { labeller, clock, writes, known } = start([namespace('team', 'warn', false)], { refuse });
    await clock.advance(1);
    refuse.clear();
    known.set('team', namespace('team', 'warn', false, '5'));
    await clock.advance(1_500);
    assert.deepEqual(writes.at(-1)?.patch, labelPatch(namespace('team', 'warn', false, '5'), 'true'));
    assert.equal(known.get('team')?.managed, true);
    await labeller.stop();
  });

  test('one that is refused does not hold up the others', async () => {
    const refuse = new Map([['a', 403]]);
    const { labeller, clock, known } = start([namespace('a', 'warn', false), namespace('b', 'warn', false)], {
      refuse,
    });
    await clock.advance(500);
    assert.equal(known.get('b')?.managed, true);
    refuse.clear();
    await clock.advance(5_000);
    assert.equal(known.get('a')?.managed, true);
    await labeller.stop();
  });

  test('writes nothing once stopped, and goes on when started again', async () => {
    const records = Array.from({ length: 25 }, (_, i) => namespace(`n${i}`, 'warn', false));
    const { labeller, clock, writes } = start(records);
    await clock.advance(500);
    await labeller.stop();
    const before = writes.length;
    await clock.advance(60_000);
    assert.equal(writes.length, before);
    labeller.start();
    await clock.advance(60_000);
    assert.equal(writes.length, 25);
    await labeller.stop();
  });
});
