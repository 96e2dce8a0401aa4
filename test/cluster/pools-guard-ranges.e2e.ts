import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ZONE_LABEL } from '../builders.ts';
import { skip } from '../e2e/cluster.ts';
import { type GuardedPools, type PoolParts, startGuardedPools } from '../e2e/following-pools.ts';

const zones = (...values: readonly string[]) => ({ key: ZONE_LABEL, operator: 'In', values });
const LISTS = [zones('eua', 'usa'), zones('eua', 'usa', 'usb')];
const DISRUPTION = { budgets: [{ nodes: '1', reasons: ['Drifted'] }], consolidateAfter: '1m' };
const keeping = (field: string, value: unknown, rest: object = {}) => ({
  'gridgate.dev/carbon-before': JSON.stringify({ version: 1, field, ...rest, value, owners: [], wrote: 'x' }),
});
const weighed = (weight: number) => ({ metadata: { annotations: keeping('weight', 7) }, spec: { weight } });
const listed = (first: readonly string[], second: readonly string[], keeps = ['eua', 'usa']) => ({
  metadata: { annotations: keeping('requirements', keeps, { key: ZONE_LABEL }) },
  spec: { template: { spec: { requirements: [zones(...first), zones(...second)] } } },
});
const parts = (mode: string, annotations: Readonly<Record<string, string>> = {}): PoolParts => ({
  annotations: { 'carbon-aware': mode, ...annotations },
  requirements: LISTS,
  spec: { weight: 7, disruption: DISRUPTION },
});

/** Status 200: taken; 403: not. `first`: a write of before. */
const ROWS: readonly [name: string, parts: PoolParts, patch: object, status: number, first?: object][] = [
  ['the highest usual weight', parts('weight'), weighed(60), 200],
  ['a weight above the usual ones', parts('weight'), weighed(61), 403],
  ['a weight below the usual ones', parts('hardware'), weighed(39), 403],
  ["a weight of the owner's range", parts('weight', { weights: ' 70-80 ' }), weighed(75), 200],
  ["a weight outside of the owner's range", parts('weight', { weights: '70-80' }), weighed(60), 403],
  ['a weight under a range that is none', parts('weight', { weights: 'high' }), weighed(60), 403],
  ['back to a weight outside of the range', parts('weight'), { spec: { weight: 7 } }, 200, weighed(60)],
  ['the first list of zones', parts('requirement'), listed(['usa'], ['eua', 'usa', 'usb']), 200],
  ['the second list of zones', parts('requirement'), listed(['eua', 'usa'], ['usb']), 403],
  [
    'the second list of zones, which is kept',
    parts('requirement'),
    listed(['eua', 'usa'], ['usb'], ['eua', 'usa', 'usb']),
    403,
  ],
  ['both lists of zones', parts('requirement'), listed(['usa'], ['usa']), 403],
  [
    'the second list once the first is kept',
    parts('requirement'),
    listed(['usa'], ['eua']),
    403,
    listed(['usa'], ['eua', 'usa', 'usb']),
  ],
  ['the status of one with paused: false', parts('weight', { paused: 'false' }), weighed(60), 200],
  ['anything of one with paused: yes', parts('weight', { paused: 'yes' }), weighed(60), 403],
];

describe('the guard of NodePools, of ranges and lists', () => {
  let guarded: GuardedPools;

  before(async () => {
    if (skip) return;
    guarded = await startGuardedPools();
  });
  after(() => guarded?.stop());

  for (const [index, [name, pool, patch, status, first]] of ROWS.entries())
    test(`${status === 200 ? 'takes' : 'refuses'} ${name}`, { skip }, async () => {
      await guarded.cluster.createPool(`p${index}`, pool);
      if (first) assert.equal((await guarded.patch(`p${index}`, first)).status, 200);
      const answer = await guarded.patch(`p${index}`, patch);
      assert.equal(answer.status, status, JSON.stringify(answer.body));
      if (status === 403) assert.match(answer.body.message, /'gridgate-node-pools' .* denied request/);
    });
});
