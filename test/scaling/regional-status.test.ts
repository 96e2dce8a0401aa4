import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatState, parseState } from '../../src/scaling/regional-state.ts';
import {
  type Finding,
  type Found,
  isNews,
  parseStatus,
  statusOf,
  statusPatch,
} from '../../src/scaling/regional-status.ts';

const NOW = Date.parse('2026-11-22T09:00:00Z');
const MINUTE_MS = 60_000;
const ACCEPTED: Finding = { type: 'Accepted', status: 'True', reason: 'Valid', message: 'fine' };
const target = {
  region: 'france',
  deployment: 'web',
  replicas: 2,
  ready: 2,
  cpuPercent: 50,
  gramsPerKwh: 40,
  state: 'Ready',
};
const verdict = (decision: string, reason: string) =>
  ({ decision, reason, message: `${decision} ${reason}` }) as NonNullable<Found['verdict']>;
const found = (parts: Partial<Found> = {}): Found => ({
  generation: 1,
  verdict: verdict('None', 'Steady'),
  cpuPercent: 50,
  targets: [target],
  findings: [ACCEPTED],
  ...parts,
});

describe('the status of a RegionalAutoscaler', () => {
  const first = statusOf(found(), undefined, NOW);
  for (const [what, parts, afterMin, isTold] of [
    ['nothing', {}, 60, false],
    ['nothing but that it holds, or cools down', { verdict: verdict('None', 'Holding') }, 1, false],
    ['the same, minutes later', { verdict: verdict('None', 'Holding') }, 6, true],
    ['what is in the way', { verdict: verdict('None', 'NoRoom') }, 0.1, true],
    ['an action', { verdict: verdict('ScaleUp', 'AboveScaleUp') }, 0.1, true],
    ['the spec', { generation: 2 }, 0.1, true],
    ['a condition', { findings: [{ ...ACCEPTED, status: 'False', reason: 'Invalid' }] }, 0.1, true],
    ['the number of replicas', { targets: [{ ...target, replicas: 3 }] }, 0.1, true],
    ['CPU by much', { cpuPercent: 80 }, 1, false],
    ['CPU by much, minutes later', { cpuPercent: 80 }, 6, true],
    ['CPU by little, an hour later', { cpuPercent: 54 }, 60, false],
    ['intensity by much, minutes later', { targets: [{ ...target, gramsPerKwh: 50 }] }, 6, true],
  ] as const)
    it(`is ${isTold ? '' : 'not '}written where ${what} has changed`, () => {
      const next = statusOf(found(parts as Partial<Found>), first, NOW + afterMin * MINUTE_MS);
      assert.equal(isNews(next, first, false), isTold);
    });

  it('is not written for every replica that a HorizontalPodAutoscaler adds', () => {
    const next = statusOf(found({ targets: [{ ...target, replicas: 3 }] }), first, NOW + 1_000);
    assert.equal(isNews(next, first, true), false);
  });

  it('keeps for five minutes what was done, and when a condition became so', () => {
    const did = statusOf(found({ verdict: verdict('ScaleUp', 'AboveScaleUp') }), first, NOW + MINUTE_MS);
    const rests = statusOf(found({ verdict: verdict('None', 'CoolingDown') }), did, NOW + 2 * MINUTE_MS);
    assert.deepEqual(rests.lastDecision, did.lastDecision);
    assert.equal(rests.conditions[0]?.lastTransitionTime, new Date(NOW).toISOString());
    const later = statusOf(found(), did, NOW + 7 * MINUTE_MS);
    assert.equal(later.lastDecision?.reason, 'Steady');
  });

  it('is read as it was written', () => {
    const at = NOW;
    const lastAction = {
      target: 'web',
      region: 'france',
      from: 1,
      to: 2,
      at,
      uid: 'u',
      generation: 3,
      decision: 'ScaleUp',
      reason: 'AboveScaleUp',
      message: 'm',
    } as const;
    const state = {
      lastAction,
      outage: { since: at, total: 5, unready: 1, extra: 2, over: NOW },
      moving: { from: 'a', to: 'b', step: 1, since: at },
    };
    const written = JSON.parse(JSON.stringify(statusPatch(first, state)), (_, value) => value ?? undefined);
    assert.deepEqual(parseState(written), state);
    assert.deepEqual(parseStatus({ ...written, cpuPercent: 50 })?.lastDecision?.reason, 'Steady');
    assert.deepEqual(formatState({}), { lastAction: null, outage: null, moving: null });
  });

  it('that somebody else has written is taken for none where it makes no sense', () => {
    const state = parseState({ lastAction: { target: 'web', from: -1, to: 'many' }, outage: 'yes', moving: [] });
    assert.ok(Object.values(state).every((value) => value === undefined));
    assert.equal(parseStatus({ conditions: 'none' }), undefined);
    assert.deepEqual(parseState(null), {});
  });
});
