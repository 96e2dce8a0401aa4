import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { NamespaceRecord } from '../../src/decision/namespace-record.ts';
import { createPolicyFinder } from '../../src/webhook/find-policy.ts';
import { createPolicyBook } from '../../src/webhook/policy-book.ts';
import { makePod, NO_RULES, NOW } from '../builders.ts';
import { ask } from './client.ts';
import { makeRecord, useWebhook } from './start-webhook.ts';

const OPTED_IN = makeRecord('new', { mode: 'enforce' }, { resourceVersion: '2' });
const BEFORE = makeRecord('new', {}, { resourceVersion: '1' });
const FAR = NOW + 10_000;

interface Facts {
  /** What the informer knows. */
  readonly seen?: NamespaceRecord;
  readonly live?: (timeoutMs: number) => Promise<NamespaceRecord | undefined>;
}

/** A finder over one namespace, with the time limits of the GETs that it made. */
function finderOf({ seen, live = async () => OPTED_IN }: Facts = {}) {
  const gets: number[] = [];
  const complaints: string[] = [];
  const known = new Map<string, NamespaceRecord>(seen ? [[seen.name, seen]] : []);
  const book = createPolicyBook(
    () => NO_RULES,
    (name) => complaints.push(name),
  );
  const source = {
    namespace: (name: string) => known.get(name),
    fetchNamespace: (_name: string, timeoutMs: number) => {
      gets.push(timeoutMs);
      return live(timeoutMs);
    },
  };
  const { find } = createPolicyFinder(source, book, () => NOW);
  return { gets, known, complaints, find: (deadline = FAR) => find('new', deadline) };
}

/** The cache reads performance.now() and looks again at the earliest after a timer of a millisecond. */
function fakeTime(test: TestContext): (ms: number) => void {
  let now = performance.now();
  test.mock.timers.enable({ apis: ['setTimeout'] });
  test.mock.method(performance, 'now', () => now);
  return (ms) => {
    now += ms;
    test.mock.timers.tick(ms);
  };
}

describe('finding a policy', () => {
  it('takes no time and no GET where the informer knows an opt-in', () => {
    const { find, gets } = finderOf({ seen: OPTED_IN });
    const policy = find();
    assert.ok(policy && !(policy instanceof Promise));
    assert.deepEqual([policy.mode, gets], ['enforce', []]);
  });

  it('asks nobody where there is no API server', () => {
    const book = createPolicyBook(
      () => NO_RULES,
      () => {},
    );
    const { find } = createPolicyFinder({ namespace: () => undefined }, book, () => NOW);
    assert.equal(find('new', FAR), undefined);
  });

  const behind: readonly [name: string, facts: Facts, mode: string | undefined][] = [
    ['an unknown namespace that just opted in', {}, 'enforce'],
    ['a known one that just opted in', { seen: BEFORE }, 'enforce'],
    ['an unknown one that is gone', { live: async () => undefined }, undefined],
    ['a known one that is gone', { seen: BEFORE, live: async () => undefined }, 'off'],
    ['an unknown one, API server down', { live: () => Promise.reject(new Error('down')) }, undefined],
    ['a known one, API server down', { seen: BEFORE, live: () => Promise.reject(new Error('down')) }, 'off'],
    ['one that truly did not opt in', { seen: BEFORE, live: async () => BEFORE }, 'off'],
  ];
  for (const [name, facts, mode] of behind)
    it(`asks the API server once about ${name}: ${mode ?? 'fails open'}`, async () => {
      const { find, gets } = finderOf(facts);
      assert.equal((await find())?.mode, mode);
      assert.equal(gets.length, 1);
    });

  it('makes one GET for a hundred reviews', async () => {
    const answer = Promise.withResolvers<NamespaceRecord>();
    const { find, gets } = finderOf({ live: () => answer.promise });
    const found = Promise.all(Array.from({ length: 100 }, () => find()));
    answer.resolve(OPTED_IN);
    for (const policy of await found) assert.equal(policy?.mode, 'enforce');
    assert.equal(gets.length, 1);
  });

  it('keeps an answer for 5 s', async (t) => {
    const pass = fakeTime(t);
    const { find, gets } = finderOf();
    for (const [ms, expected] of [
      [0, 1],
      [4_900, 1],
      [200, 2],
      [4_900, 2],
      [200, 3],
    ] as const) {
      pass(ms);
      assert.equal((await find())?.mode, 'enforce');
      assert.equal(gets.length, expected);
    }
  });

  it('believes the informer again as soon as it has caught up', async () => {
    const { find, gets, known } = finderOf();
    await find();
    known.set('new', makeRecord('new', { mode: 'warn' }, { resourceVersion: '3' }));
    assert.equal((await find())?.mode, 'warn');
    assert.equal(gets.length, 1);
  });

  const limits: readonly [name: string, leftMs: number, gets: readonly number[]][] = [
    ['300 ms where the review has 10 s', 10_000, [300]],
    ['300 ms where the review has 350 ms', 350, [300]],
    ['its own 300 ms, however little the review has', 200, [300]],
    ['nothing where 50 ms are left', 50, []],
    ['nothing where the time is up', -5, []],
  ];
  for (const [name, leftMs, expected] of limits)
    it(`gives the GET ${name}`, async () => {
      const { find, gets } = finderOf();
      await find(NOW + leftMs);
      assert.deepEqual(gets, expected);
    });

  it('fails open in time when the API server hangs', { timeout: 300_000 }, async () => {
    const { find } = finderOf({ live: () => new Promise(() => {}) });
    assert.equal(await find(NOW + 60), undefined);
  });

  it('a review that joins a GET waits no longer than its own time', { timeout: 300_000 }, async () => {
    const answer = Promise.withResolvers<NamespaceRecord>();
    const { find, gets } = finderOf({ live: () => answer.promise });
    const patient = find(NOW + 10_000);
    assert.equal(await find(NOW + 60), undefined);
    answer.resolve(OPTED_IN);
    assert.equal((await patient)?.mode, 'enforce');
    assert.equal(gets.length, 1);
  });

  /** An API server that needs 100 ms, as fetchNamespace sees it: a shorter limit rejects. */
  async function slowServer(timeoutMs: number): Promise<NamespaceRecord> {
    if (timeoutMs < 100) throw new Error('timed out');
    return OPTED_IN;
  }

  it('a review in a hurry does not make the ones after it fail open', async () => {
    const { find } = finderOf({ live: slowServer });
    await find(NOW + 60);
    assert.equal((await find(NOW + 10_000))?.mode, 'enforce');
  });

  it('a review in a hurry does not make the one that joins it fail open', async () => {
    const { find } = finderOf({ live: slowServer });
    const [, patient] = await Promise.all([find(NOW + 60), find(NOW + 10_000)]);
    assert.equal(patient?.mode, 'enforce');
  });

  it('asks of so many namespaces at once, and fails open for more until one of them is answered', async () => {
    const asked: string[] = [];
    const answers: ((record: NamespaceRecord) => void)[] = [];
    const book = createPolicyBook(
      () => NO_RULES,
      () => {},
    );
    const source = {
      namespace: () => undefined,
      fetchNamespace: (name: string) => {
        asked.push(name);
        return new Promise<NamespaceRecord>((resolve) => answers.push(resolve));
      },
    };
    const { find } = createPolicyFinder(source, book, () => NOW);
    const first = find('ns-0', FAR);
    for (let i = 1; i < 1_000; i++) find(`ns-${i}`, FAR);
    assert.equal(asked.length, 32);
    assert.equal(find('late', FAR), undefined);
    answers[0]?.(makeRecord('ns-0', { mode: 'warn' }));
    assert.equal((await first)?.mode, 'warn');
    assert.ok(find('late', FAR) instanceof Promise);
    assert.equal(asked.at(-1), 'late');
  });

  for (const name of ['', '.', '..', '../nodes', 'team?watch=1', 'Team', '-team', 'n'.repeat(64)])
    it(`never asks for a namespace of the name "${name.slice(0, 20)}"`, () => {
      const book = createPolicyBook(
        () => NO_RULES,
        () => {},
      );
      const source = { namespace: () => undefined, fetchNamespace: () => assert.fail('asked') };
      assert.equal(createPolicyFinder(source, book, () => NOW).find(name, FAR), undefined);
    });

  it('complains once of a malformed version that the informer has yet to see', async () => {
    const malformed = makeRecord('new', { mode: 'enforce', weights: 'x' }, { resourceVersion: '2' });
    const { find, complaints } = finderOf({ seen: BEFORE, live: async () => malformed });
    for (let i = 0; i < 5; i++) await find();
    assert.deepEqual(complaints, ['new']);
  });
});

describe('a review of a namespace that the informer has yet to see', () => {
  const gets: number[] = [];
  const webhook = useWebhook({
    fetchNamespace: async (name, timeoutMs) => {
      gets.push(timeoutMs);
      return name === 'brand-new' ? makeRecord(name, { mode: 'enforce' }) : undefined;
    },
  });

  const rows: readonly [path: string, namespace: string, reason: string, get: number | undefined][] = [
    ['/mutate?timeout=2s', 'brand-new', 'steered', 300],
    ['/mutate', 'unheard-of', 'unknown_namespace', 300],
    ['/mutate?timeout=200ms', 'unheard-of-a', 'unknown_namespace', 300],
    ['/mutate?timeout=50ms', 'unheard-of-b', 'unknown_namespace', undefined],
    ['/mutate?timeout=0s', 'unheard-of-e', 'unknown_namespace', 300],
    ['/mutate?timeout=-1s', 'unheard-of-f', 'unknown_namespace', 300],
    ['/mutate?timeout=999999999d', 'unheard-of-g', 'unknown_namespace', 300],
    ['/mutate?timeout=nonsense', 'unheard-of-c', 'unknown_namespace', 300],
    ['/mutate?timeout=1s&timeout=2s', 'unheard-of-d', 'unknown_namespace', 300],
    ['/validate?timeout=2s', 'legacy', 'mode_off', 300],
  ];
  for (const [path, namespace, reason, get] of rows)
    it(`${path} in ${namespace}: ${reason}`, async () => {
      gets.length = 0;
      const { auditAnnotations } = await ask(webhook, path, { namespace, object: makePod() });
      assert.equal(auditAnnotations['reason'], reason);
      assert.deepEqual(gets, get === undefined ? [] : [get]);
    });
});
