import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { NamespaceRecord } from '../../src/decision/namespace-record.ts';
import type { Mode } from '../../src/decision/policy.ts';
import { compileRules } from '../../src/decision/policy-rules.ts';
import type { Snapshot } from '../../src/regions/snapshot.ts';
import { createNamespaceJudge } from '../../src/replica/judge-namespaces.ts';
import { makePod, makeRegion, makeSnapshot, NO_RULES, NOW, REGION_LABEL } from '../builders.ts';
import { makeRecord } from '../webhook/start-webhook.ts';

/** Refused where the namespace enforces: it is bound to a region above the default ceiling. */
const PINNED = makePod({ nodeSelector: { [REGION_LABEL]: 'dirty' } });

interface JudgeParts {
  readonly cap?: Mode | undefined;
  readonly rules?: () => typeof NO_RULES;
  readonly snapshot?: Snapshot;
  readonly now?: number;
}

function judgeOf(
  namespace: NamespaceRecord,
  { cap, rules = () => NO_RULES, snapshot = makeSnapshot({ clean: 50, dirty: 900 }), now = 0 }: JudgeParts = {},
) {
  return createNamespaceJudge({
    view: { namespace: () => namespace, volumesOf: () => [] },
    config: { rules },
    holder: { current: () => snapshot },
    modeCap: () => cap,
    clock: () => now,
  });
}

function wouldAdmit(mode: Mode, cap?: Mode): boolean {
  return judgeOf(makeRecord('shop', { mode }), { cap }).wouldAdmit(PINNED, 'shop');
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

describe('whether a pod would come to run in a region now', () => {
  const FREE = makePod({});
  const JOB = { apiVersion: 'batch/v1', kind: 'Job', name: 'train', controller: true };
  const FLEXIBLE = makePod({
    annotations: { class: 'flexible' },
    metadata: { ownerReferences: [JOB] },
    restartPolicy: 'Never',
  });
  const rows: Readonly<Record<string, readonly [Record<string, string>, typeof FREE, string, boolean]>> = {
    'yes, where nothing places it': [{ mode: 'enforce', placement: 'none' }, FREE, 'clean', true],
    'no, where it is refused': [{ mode: 'enforce' }, PINNED, 'dirty', false],
    'yes, where it would only be refused': [{ mode: 'warn' }, PINNED, 'dirty', true],
    'no, where it is kept out of the region': [{ mode: 'enforce' }, FREE, 'dirty', false],
    'no, also where that is only steered': [{ mode: 'warn', regions: 'clean' }, FREE, 'dirty', false],
    'yes, in the region that it is steered to': [{ mode: 'enforce', regions: 'clean' }, FREE, 'clean', true],
    'yes, where its namespace is only observed': [{ mode: 'audit', regions: 'clean' }, FREE, 'dirty', true],
    'yes, where it may wait and has no reason to': [{ mode: 'enforce', defer: '8h' }, FLEXIBLE, 'clean', true],
  };
  for (const [name, [annotations, pod, region, runs]] of Object.entries(rows))
    it(name, () => assert.equal(judgeOf(makeRecord('shop', annotations)).wouldRunIn(pod, 'shop', region), runs));

  it('no, where it waits for a cleaner hour', () => {
    const hourMs = 3_600_000;
    const grams = [300, 300, 100, ...Array<number>(21).fill(400)];
    const from = Math.floor(NOW / hourMs) * hourMs;
    const forecast = grams.map((gramsPerKwh, hour) => ({ from: from + hour * hourMs, gramsPerKwh }));
    const eu = makeRegion('eu', 300, { reading: { source: 'electricity-maps' }, forecast });
    const runs = (pod: typeof FREE) =>
      judgeOf(makeRecord('shop', { mode: 'enforce', defer: '12h' }), {
        snapshot: makeSnapshot([eu]),
        now: NOW,
      }).wouldRunIn(pod, 'shop', 'eu');
    assert.equal(runs(FREE), true);
    assert.equal(runs(FLEXIBLE), false);
  });
});

describe('the home of pods whose carbon is counted', () => {
  const rows: Readonly<Record<string, readonly [Record<string, string>, string | undefined]>> = {
    'where they are placed, and denied': [{ mode: 'enforce', 'home-region': 'dirty' }, 'dirty'],
    'where they are placed': [{ mode: 'warn', 'home-region': 'dirty' }, 'dirty'],
    'none where they are only observed': [{ mode: 'audit', 'home-region': 'dirty' }, undefined],
    'none where they are left alone': [{ mode: 'off', 'home-region': 'dirty' }, undefined],
    'none where nobody says': [{ mode: 'enforce' }, undefined],
    'none where the policy is malformed: it counts as audit': [{ mode: 'enforc', 'home-region': 'dirty' }, undefined],
  };
  for (const [name, [annotations, home]] of Object.entries(rows))
    it(name, () => {
      const namespace = makeRecord('shop', annotations);
      assert.equal(judgeOf(namespace).homeOf(namespace), home);
      assert.equal(
        judgeOf(namespace, { cap: 'off' }).homeOf(namespace),
        home,
        'the kill switch moves nothing that runs',
      );
    });
});

describe('whether a namespace lets pods wait', () => {
  const rows: Readonly<Record<string, readonly [Record<string, string>, boolean]>> = {
    'yes, where it enforces': [{ mode: 'enforce', defer: '8h' }, true],
    'yes, where it only looks': [{ mode: 'audit', defer: '8h', 'defer-by': 'suspend' }, true],
    'no, where it stays out': [{ mode: 'off', defer: '8h' }, false],
    'no, where it says nothing of it': [{ mode: 'enforce' }, false],
    'no, where none may wait at all': [{ mode: 'enforce', defer: '0' }, false],
  };
  for (const [name, [annotations, mayHold]] of Object.entries(rows))
    it(name, () => {
      const namespace = makeRecord('shop', annotations);
      assert.equal(judgeOf(namespace).mayHold(namespace), mayHold);
    });
});

describe('whether a namespace allows nothing that is known', () => {
  const rows: Readonly<Record<string, readonly [Record<string, string>, object | undefined]>> = {
    'no, where a region matches': [{ mode: 'enforce', regions: 'cl*' }, undefined],
    'no, where it says nothing of regions': [{ mode: 'enforce' }, undefined],
    'no, where it stays out': [{ mode: 'off', regions: 'eu-*' }, undefined],
    yes: [
      { mode: 'enforce', regions: 'eu-*' },
      { regions: 'eu-*', mode: 'enforce' },
    ],
    'yes, also where it only looks yet': [
      { mode: 'audit', regions: 'eu-*' },
      { regions: 'eu-*', mode: 'audit' },
    ],
    'yes, by exclusions': [
      { mode: 'warn', regions: '!clean,!dirty' },
      { regions: '!clean,!dirty', mode: 'warn' },
    ],
  };
  for (const [name, [annotations, found]] of Object.entries(rows))
    it(name, () => {
      const namespace = makeRecord('shop', annotations);
      assert.deepEqual(judgeOf(namespace).unenforceableOf(namespace), found);
    });

  it('yes, where it allows nothing within the limits', () => {
    const namespace = makeRecord('shop', { mode: 'enforce', regions: 'clean' });
    const rules = () => compileRules({ limits: { regions: ['eu-*'] } });
    const cached = rules();
    const found = judgeOf(namespace, { rules: () => cached }).unenforceableOf(namespace);
    assert.deepEqual(found, { regions: 'clean, within eu-*', mode: 'enforce' });
  });
});

describe('what a namespace asks for', () => {
  it('is read once for as long as it and the rules stay: five controllers ask about every one after each change', () => {
    let reads = 0;
    const written = makeRecord('shop', { mode: 'warn', 'home-region': 'dirty' });
    const namespace: NamespaceRecord = {
      ...written,
      get annotations() {
        reads += 1;
        return written.annotations;
      },
    };
    let rules = NO_RULES;
    const judge = judgeOf(namespace, { rules: () => rules });
    const ask = () => [judge.modeOf(namespace), judge.homeOf(namespace), judge.mistakesOf(namespace)];
    assert.deepEqual(ask(), ['warn', 'dirty', []]);
    const once = reads;
    ask();
    assert.equal(reads, once);
    rules = compileRules({ policy: {}, limits: { mode: 'enforce' } });
    assert.equal(judge.modeOf(namespace), 'enforce');
    assert.ok(reads > once);
  });
});
