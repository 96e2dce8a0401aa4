import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { treatmentOf } from '../../src/decision/treatment.ts';
import { applied, decideNow, makePod, makePolicy, makeSnapshot } from '../builders.ts';

interface Expected {
  readonly podClass?: string;
  readonly ceiling?: number;
  readonly setBy?: string;
  readonly target?: string;
  readonly regions?: string;
  readonly warns?: RegExp;
}

type Case = readonly [annotations: Record<string, string>, expected: Expected];

function check(overrides: 'tighten' | 'allow', rows: readonly Case[]) {
  describe(`under pod-overrides: ${overrides}`, () => {
    for (const [annotations, expected] of rows) {
      it(JSON.stringify(annotations).slice(0, 100), () => {
        const policy = makePolicy({ 'max-intensity': '200', 'pod-overrides': overrides });
        const { treatment, warnings } = treatmentOf(makePod({ annotations }), policy);
        const { podClass = 'standard', ceiling = 200, setBy = 'namespace', target, regions = '*', warns } = expected;
        assert.equal(treatment.podClass, podClass);
        assert.equal(treatment.maxIntensity, ceiling);
        assert.equal(treatment.maxIntensitySetBy, setBy);
        assert.equal(treatment.target, target);
        assert.equal(treatment.podRegions.text, regions);
        assert.equal(treatment.carbonExempt, podClass === 'critical');
        if (warns) assert.match(warnings.join('\n'), warns);
        else assert.deepEqual(warnings, []);
      });
    }
  });
}

const BOTH: readonly Case[] = [
  [{}, {}],
  [{ class: 'standard' }, {}],
  [{ class: 'flexible' }, { podClass: 'flexible' }],
  [{ class: 'vip' }, { warns: /class: "vip" is not one of critical, standard, flexible; ignored/ }],
  [{ class: '' }, { warns: /class/ }],
  [{ 'max-intensity': '150' }, { ceiling: 150, setBy: 'pod' }],
  [{ 'max-intensity': '0' }, { ceiling: 0, setBy: 'pod' }],
  [{ 'max-intensity': '-1' }, { warns: /max-intensity: "-1" is not gCO2e\/kWh, a number such as 300; ignored/ }],
  [{ 'max-intensity': 'NaN' }, { warns: /max-intensity/ }],
  [{ 'max-intensity': 'Infinity' }, { warns: /max-intensity/ }],
  [{ 'max-intensity': '1e9' }, { warns: /max-intensity/ }],
  [{ regions: 'eu-*' }, { regions: 'eu-*' }],
  [{ regions: '' }, { warns: /regions: "" is not region names or globs separated by commas; ignored/ }],
  [{ regions: 'eu-{a,b}' }, { warns: /regions/ }],
  [{ regions: 'a'.repeat(100_000) }, { warns: /regions/ }],
  [{ region: 'eu-a' }, { target: 'eu-a' }],
  [{ 'cloud.google.com/region': 'eu-a' }, { target: 'eu-a' }],
  [{ region: 'eu-a', 'cloud.google.com/region': 'eu-a' }, { target: 'eu-a' }],
  [
    { region: 'eu-a', 'cloud.google.com/region': 'us-a' },
    { target: 'eu-a', warns: /eu-a counts, not cloud.google.com\/region: us-a/ },
  ],
  [{ region: 'not a label' }, { warns: /region: "not a label" is not the name of a region; ignored/ }],
  [{ region: 'x'.repeat(64) }, { warns: /region/ }],
  [{ duration: '30m', deadline: '2026-11-22T09:00:00Z' }, {}],
  [{ defer: '0s' }, {}],
  [{ defer: '8h' }, { warns: /defer: has no effect/ }],
  [{ duration: '0' }, { warns: /duration: "0" is not how long a run takes, a duration above 0 such as 8h; ignored/ }],
  [{ duration: '0s' }, { warns: /duration: "0s" is not/ }],
  [{ defer: 'soon' }, { warns: /defer: "soon" is not a duration such as 8h; ignored/ }],
  [{ duration: '10' }, { warns: /duration/ }],
  [{ deadline: 'tomorrow' }, { warns: /deadline: "tomorrow" is not a time such as 2026-11-22T09:00:00Z; ignored/ }],
  [{ deadline: '2026-13-45T09:00:00Z' }, { warns: /deadline/ }],
  [{ deadline: '2026-11-22T09:00:00' }, { warns: /deadline/ }],
  [{ 'not-before': 'x', decision: 'x' }, {}],
  [{ regoin: 'eu-a' }, { warns: /regoin: no such pod annotation, did you mean gridgate.dev\/region\?/ }],
  [{ mode: 'off' }, { warns: /mode: no such pod annotation/ }],
  [{ 'pod-overrides': 'allow' }, { warns: /pod-overrides: no such pod annotation/ }],
  [
    { 'when-all-dirty': 'cleanest', placement: 'none', 'home-region': 'x' },
    { warns: /when-all-dirty.*\n.*placement.*\n.*home-region/ },
  ],
];

describe("what a pod's annotations change", () => {
  check('tighten', [
    ...BOTH,
    [{ class: 'critical' }, { warns: /critical needs pod-overrides: allow on the namespace; treated as standard/ }],
    [{ 'max-intensity': '250' }, { warns: /250 is above the namespace's 200.*pod-overrides: allow/ }],
    [{ 'max-intensity': '200' }, {}],
  ]);
  check('allow', [
    ...BOTH,
    [{ class: 'critical' }, { podClass: 'critical' }],
    [{ 'max-intensity': '250' }, { ceiling: 250, setBy: 'pod' }],
  ]);
});

describe('a forged gridgate.dev/decision', () => {
  const snapshot = makeSnapshot({ 'eu-a': 100, 'us-a': 500 });
  const honest = makePod();
  for (const forged of ['', '{"reason":"acceptable","best":["us-a"]}', '{', 'x'.repeat(100_000)]) {
    it(`of ${forged.length} characters changes nothing and is overwritten`, () => {
      const pod = makePod({ annotations: { decision: forged } });
      const expected = decideNow(honest, {}, snapshot);
      const { patch, ...decision } = decideNow(pod, {}, snapshot);
      const { patch: honestPatch, ...honestDecision } = expected;
      assert.deepEqual(decision, honestDecision);
      assert.equal(patch.length, honestPatch.length);
      assert.deepEqual(applied(pod, { patch }), applied(honest, { patch: honestPatch }));
    });
  }
});

describe('annotations that nobody understands', () => {
  it('are looked at one by one only as far as somebody would read', () => {
    const annotations = Object.fromEntries(Array.from({ length: 30_000 }, (_, i) => [`gridgate.dev/odd-${i}`, '']));
    const pod = makePod({ annotations: { ...annotations, 'gridgate.dev/class': 'flexible' } });
    const { treatment, mistakes } = treatmentOf(pod, makePolicy());
    assert.equal(mistakes.length, 100);
    assert.equal(treatment.podClass, 'flexible');
  });
});

describe("a pod's own defer", () => {
  const FLEXIBLE = { class: 'flexible', defer: '4h' };
  const ROWS: readonly (readonly [
    policy: Record<string, string>,
    annotations: Record<string, string>,
    says: RegExp,
    restartPolicy?: string,
  ])[] = [
    [{ defer: '8h' }, FLEXIBLE, /^$/],
    [{ defer: '4h' }, FLEXIBLE, /^$/],
    [
      { defer: '2h' },
      FLEXIBLE,
      /^gridgate\.dev\/defer: 4h is above the namespace's 2h, which counts; a longer one needs pod-overrides: allow$/,
    ],
    [{ defer: '2h', 'pod-overrides': 'allow' }, FLEXIBLE, /^$/],
    [{ defer: '8h' }, FLEXIBLE, /^gridgate\.dev\/defer: has no effect on a pod that never ends .*Always/, 'Always'],
    [{}, FLEXIBLE, /^gridgate\.dev\/defer: has no effect on a pod that never ends .*Always/, 'Always'],
    [{ defer: '8h' }, { ...FLEXIBLE, defer: '0s' }, /^$/, 'Always'],
    [{ 'pod-overrides': 'allow' }, FLEXIBLE, /^$/],
    [{}, FLEXIBLE, /^gridgate\.dev\/defer: has no effect: its namespace has none, .*; write it to the Namespace$/],
    [
      { defer: '8h' },
      { defer: '4h' },
      /^gridgate\.dev\/defer: has no effect on a pod of class standard: only flexible/,
    ],
  ];
  for (const [policy, annotations, says, restartPolicy = 'Never'] of ROWS)
    it(`${JSON.stringify(annotations)} in a namespace with ${JSON.stringify(policy)}, restarted ${restartPolicy}`, () => {
      const { warnings, mistakes } = treatmentOf(makePod({ annotations, restartPolicy }), makePolicy(policy));
      assert.match(warnings.join('\n'), says);
      assert.deepEqual(mistakes, []);
    });
});

it('a deadline that has passed is told, once somebody says what time it is', () => {
  const pod = makePod({ annotations: { deadline: '2026-11-22T09:00:00Z' }, restartPolicy: 'Never' });
  const at = Date.parse('2026-11-22T09:00:00Z');
  const warningsAt = (now?: number) => treatmentOf(pod, makePolicy({ defer: '8h' }), now).warnings;
  assert.deepEqual(
    [undefined, at - 1, at].map((now) => warningsAt(now)),
    [[], [], ['gridgate.dev/deadline: 2026-11-22T09:00:00Z has passed; such a pod starts at once']],
  );
});
