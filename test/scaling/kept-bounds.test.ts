import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type BoundsBefore,
  boundsOfOwner,
  formatBoundsBefore,
  parseBoundsBefore,
} from '../../src/scaling/bounds-before.ts';
import {
  type BudgetStatus,
  formatBudgetStatus,
  formatTargetStatuses,
  parseBudgetStatus,
  parseTargetStatuses,
} from '../../src/scaling/budget-status.ts';

const KUBECTL = { manager: 'kubectl', operation: 'Apply', apiVersion: 'autoscaling/v2' } as const;
const BOUNDS: BoundsBefore = {
  min: 2,
  max: 6,
  owners: { min: [], max: [KUBECTL] },
  wrote: { min: 3, max: 7 },
};
const HELD: BudgetStatus = {
  state: 'held',
  before: 5,
  wrote: 1,
  generation: 7,
  since: '2026-11-29T10:00:00.000Z',
  strikes: 0,
};

describe('what gridgate keeps of bounds and replicas', () => {
  it('begins with what the guard compares', () => {
    assert.ok(formatBoundsBefore(BOUNDS).startsWith('{"version":1,"min":2,"max":6,"owners":'));
    const shuffled = { strikes: 0, wrote: 1, before: 5, since: HELD.since, state: 'held' } as const;
    assert.ok(formatBudgetStatus(shuffled).startsWith('{"version":1,"state":"held","before":5,"wrote":1,'));
    const { strikes, ...rest } = HELD;
    const targets = formatTargetStatuses({ 'web-fr': { strikes, ...rest, before: null } });
    assert.ok(targets.startsWith('{"version":1,"targets":{"web-fr":{"state":"held","before":null,"wrote":1,'));
  });

  it('is read as it was written', () => {
    assert.deepEqual(parseBoundsBefore(formatBoundsBefore(BOUNDS)), BOUNDS);
    for (const status of [HELD, { ...HELD, state: 'restored' as const, owners: [KUBECTL] }]) {
      assert.deepEqual(parseBudgetStatus(formatBudgetStatus(status)), status);
      assert.deepEqual(parseTargetStatuses(formatTargetStatuses({ a: status, b: HELD })), { a: status, b: HELD });
    }
  });

  it('belongs to the owner one by one: what somebody wrote since is theirs', () => {
    const owned = (min: number, max: number) => boundsOfOwner(BOUNDS, { min, max });
    assert.deepEqual(owned(3, 7), { min: 2, max: 6 });
    assert.deepEqual(owned(3, 9), { min: 2, max: 9 });
    assert.deepEqual(owned(1, 7), { min: 1, max: 6 });
    assert.deepEqual(owned(7, 7), { min: 7, max: 7 }, 'neither is kept where both do not fit together');
    assert.deepEqual(owned(4, 8), { min: 4, max: 8 });
  });

  const bounds = (change: object) => JSON.stringify({ version: 1, ...BOUNDS, ...change });
  const FORGED_BOUNDS: readonly [name: string, text: string | undefined][] = [
    ['nothing', undefined],
    ['no JSON', '{'],
    ['no object', '7'],
    ['another version', bounds({ version: 2 })],
    ['no maximum', bounds({ max: 0 })],
    ['half a replica', bounds({ min: 0.5 })],
    ['more than any cluster has', bounds({ max: 1e9 })],
    ['a text', bounds({ min: '2' })],
    ['nothing of who owned it', bounds({ owners: [] })],
    ['too many owners', bounds({ owners: { min: [], max: Array(5).fill(KUBECTL) } })],
    ['more than the guard lets through', `${' '.repeat(4_096)}${bounds({})}`],
  ];
  for (const [name, text] of FORGED_BOUNDS)
    it(`reads no bounds of ${name}`, () => assert.equal(parseBoundsBefore(text), undefined));

  const status = (change: object) => JSON.stringify({ version: 1, ...HELD, ...change });
  const FORGED_STATUSES: readonly [name: string, text: string | undefined][] = [
    ['nothing', undefined],
    ['another version', status({ version: 2 })],
    ['an unknown state', status({ state: 'paused' })],
    ['fewer than no replicas', status({ before: -1 })],
    ['no moment', status({ since: 'yesterday' })],
    ['nothing that was written', status({ wrote: null })],
  ];
  for (const [name, text] of FORGED_STATUSES)
    it(`reads no budget's doing of ${name}`, () => {
      assert.equal(parseBudgetStatus(text), undefined);
      const inner = text === undefined ? undefined : `{"version":1,"targets":{"a":${text}}}`;
      if (name !== 'another version') assert.equal(parseTargetStatuses(inner), undefined);
    });

  it('reads no more targets than a RegionalAutoscaler has', () => {
    const many = Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`d${i}`, HELD]));
    assert.equal(parseTargetStatuses(formatTargetStatuses(many)), undefined);
  });
});
