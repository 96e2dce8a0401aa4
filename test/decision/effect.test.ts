import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { effectOf } from '../../src/decision/effect.ts';
import type { Mode } from '../../src/decision/policy.ts';
import { decideNow, makePod, makePolicy, makeRegion, makeSnapshot, REGION_LABEL } from '../builders.ts';

const regions = [makeRegion('a', 100), makeRegion('b', 200), makeRegion('c', 900)];
const free = makePod({ annotations: { class: 'vip' } });
const pinned = makePod({ nodeSelector: { [REGION_LABEL]: 'c' }, annotations: { class: 'vip' } });

describe('what a mode makes of a decision', () => {
  const rows: readonly [
    mode: Mode,
    pod: 'steer' | 'deny' | 'allow',
    allowed: boolean,
    patched: boolean,
    warnings: number,
    would: string | undefined,
  ][] = [
    ['off', 'allow', true, false, 0, undefined],
    ['audit', 'steer', true, false, 0, 'steer'],
    ['audit', 'deny', true, false, 0, 'deny'],
    ['warn', 'steer', true, true, 1, undefined],
    ['warn', 'deny', true, false, 3, undefined],
    ['enforce', 'steer', true, true, 1, undefined],
    ['enforce', 'deny', false, false, 1, undefined],
  ];
  for (const [mode, kind, allowed, patched, warnings, would] of rows) {
    it(`${mode}, ${kind}`, () => {
      const decision = decideNow(kind === 'deny' ? pinned : free, makePolicy({ mode }), makeSnapshot(regions));
      assert.equal(decision.decision, kind);
      const effect = effectOf(decision, mode);
      assert.equal(effect.allowed, allowed);
      assert.equal(effect.patch.length > 0, patched);
      assert.equal(effect.warnings.length, warnings, effect.warnings.join('\n'));
      assert.equal(effect.would, would);
    });
  }

  it('warn says what would be denied, in the words of the denial', () => {
    const decision = decideNow(pinned, { mode: 'warn' }, makeSnapshot(regions));
    const [warning = '', advice = ''] = effectOf(decision, 'warn').warnings;
    assert.ok(
      warning.startsWith('would be denied: gridgate refuses pod web-*: c is at 900 gCO2e/kWh (static, 10 min old)'),
      warning,
    );
    assert.match(advice, /^cleanest allowed now: a at 100 gCO2e/);
  });

  it('a final pod gets no patch', () => {
    const { decision, patch } = decideNow(free, {}, makeSnapshot(regions), { final: true });
    assert.deepEqual([decision, patch], ['allow', []]);
  });
});
