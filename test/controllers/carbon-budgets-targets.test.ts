import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { noticesOf, type ToTell } from '../../src/controllers/carbon-budgets/budget-events.ts';
import { type BudgetWorld, findLowered } from '../../src/controllers/carbon-budgets/targets.ts';
import { type BudgetScope, scopeKey } from '../../src/scaling/budget-scope.ts';
import { toScaledWorkload } from '../../src/scaling/scaled-workload.ts';
import { NOW, prefixed } from '../builders.ts';

const workload = (namespace: string, name = 'web') =>
  toScaledWorkload('Deployment', {
    metadata: { name, namespace, uid: `${namespace}-${name}`, annotations: prefixed({ 'min-replicas': '1' }) },
    spec: { replicas: 5 },
  });
const scopeOf = (name: string): BudgetScope => ({ kind: 'Namespace', namespace: name, name, limit: 1 });

function lower(scopes: readonly BudgetScope[], workloads: readonly ReturnType<typeof workload>[], isOn = true) {
  const asked: string[] = [];
  const world: BudgetWorld = {
    scopes: new Map(scopes.map((scope) => [scopeKey(scope), scope])),
    verdictOf: () => 'over',
    isFlexible: ({ namespace }) => asked.push(namespace) > 0,
    isOn,
  };
  const lowered = [...findLowered({ namespaces: [], workloads, horizontal: [], regional: [] }, world)].flat();
  return { asked, lowered };
}

describe('what carbon budgets lower', () => {
  it('asks for the class of what has a budget alone', () => {
    const workloads = [workload('shop'), workload('bank')];
    assert.deepEqual(lower([scopeOf('shop')], workloads).asked, ['shop']);
    assert.deepEqual(lower([scopeOf('shop')], workloads, false).asked, []);
  });

  it('is told in steps, of which each is short', () => {
    const names = Array.from({ length: 2_000 }, (_, i) => `n${i}`);
    const scopes = names.map(scopeOf);
    const { lowered } = lower(
      scopes,
      names.map((name) => workload(name)),
    );
    const reading = { kgPerHour: 2, unknown: 0 };
    const count = { limit: 1, over: 3, under: 0, unread: 0, reading, verdict: 'over' } as const;
    const toTell: ToTell = {
      mode: 'on',
      reports: scopes.map((scope) => ({ scope, count, emissions: undefined, since: NOW, source: 'measured' })),
      lowered,
      would: [],
      mistakes: [],
      refused: [],
      losses: [],
      left: new Map(),
    };
    const steps = [...noticesOf(toTell, { instance: 'one', now: NOW })];
    assert.ok(steps.every((step) => step.length <= 1));
    assert.equal(steps.flat().length, 2_000);
  });
});
