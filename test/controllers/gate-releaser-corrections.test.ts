import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pino } from 'pino';
import type { KubeObject } from '../../src/cluster/kube-object.ts';
import { createCorrector } from '../../src/controllers/gate-releaser/correct.ts';
import { type PlannedUnit, planUnit } from '../../src/controllers/gate-releaser/plan.ts';
import { fakeClock } from './fake-clock.ts';
import { contextOf, HOUR_MS, heldObject, unitsOf } from './held-units.ts';

const SECOND = 1_000;

function plansOf(namespace: string, count: number, version: number, agoMs = 0): readonly PlannedUnit[] {
  const pods = Array.from({ length: count }, (_, i) => {
    const held = heldObject({ name: `${namespace}-${i}`, version: String(version), agoMs });
    return { ...held, metadata: { ...held.metadata, namespace } };
  });
  return unitsOf({ pods }).map((unit) => planUnit(unit, contextOf()));
}

function corrector() {
  const clock = fakeClock();
  const corrected: string[] = [];
  const write = async (path: string): Promise<KubeObject> => {
    corrected.push(path.split('/').at(-1) ?? '');
    return { metadata: { name: '' } };
  };
  const { correct } = createCorrector({
    writer: { jsonPatch: write, mergePatch: write },
    clock,
    log: pino({ level: 'silent' }),
  });
  return {
    corrected,
    async round(plans: readonly PlannedUnit[]): Promise<void> {
      const done = correct(plans, new AbortController().signal);
      await clock.advance(5 * SECOND);
      await done;
    },
  };
}

describe('what a pod says of its wait', () => {
  it('is corrected in every namespace, however many new pods of one say something else again and again', async () => {
    const { round, corrected } = corrector();
    for (let version = 1; version <= 2; version++)
      await round([...plansOf('restless', 50, version), ...plansOf('calm', 3, 1, HOUR_MS)]);
    assert.deepEqual(corrected.filter((name) => name.startsWith('calm')).sort(), ['calm-0', 'calm-1', 'calm-2']);
  });

  it('is corrected of each pod of a namespace before any has a second turn', async () => {
    const { round, corrected } = corrector();
    for (let version = 1; version <= 3; version++) await round(plansOf('batch', 25, version));
    assert.equal(new Set(corrected).size, 25);
  });
});
