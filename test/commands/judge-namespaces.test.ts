import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createNamespaceJudge } from '../../src/commands/judge-namespaces.ts';
import type { Mode } from '../../src/decision/policy.ts';
import { makePod, makeSnapshot, NO_RULES, REGION_LABEL } from '../builders.ts';
import { makeRecord } from '../webhook/start-webhook.ts';

/** Refused where the namespace enforces: it is bound to a region above the default ceiling. */
const PINNED = makePod({ nodeSelector: { [REGION_LABEL]: 'dirty' } });

function wouldAdmit(mode: Mode, cap?: Mode): boolean {
  const namespace = makeRecord('shop', { mode });
  const judge = createNamespaceJudge({
    view: { namespace: () => namespace, volumesOf: () => [] },
    config: { rules: () => NO_RULES },
    holder: { current: () => makeSnapshot({ clean: 50, dirty: 900 }) },
    modeCap: () => cap,
    clock: () => 0,
  });
  return judge.wouldAdmit(PINNED, 'shop');
}

describe('whether the pods of a stuck owner would be admitted', () => {
  const rows: Readonly<Record<string, readonly [Mode, Mode | undefined, boolean]>> = {
    'no, where the namespace enforces': ['enforce', undefined, false],
    'yes, where it only warns by now': ['warn', undefined, true],
    'yes, where it opted out': ['off', undefined, true],
    'yes, where the kill switch caps it': ['enforce', 'audit', true],
    'no, where the kill switch caps nothing': ['enforce', 'enforce', false],
  };
  for (const [name, [mode, cap, admitted]] of Object.entries(rows))
    it(name, () => assert.equal(wouldAdmit(mode, cap), admitted));
});
