import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { DecisionInput } from '../../src/decision/decide.ts';
import { effectOf } from '../../src/decision/effect.ts';
import { explain } from '../../src/decision/explain.ts';
import { isGated } from '../../src/decision/gate.ts';
import { annotationOf, type OwnerReference, type Pod, type SchedulingGate } from '../../src/decision/pod.ts';
import { releasePatch } from '../../src/decision/release-patch.ts';
import { readWait } from '../../src/decision/wait-annotations.ts';
import type { RunLength } from '../../src/decision/waiting.ts';
import type { Snapshot } from '../../src/regions/snapshot.ts';
import { applied, decideNow, makePod, makePolicy, makeRegion, makeSnapshot, NOW, REGION_LABEL } from '../builders.ts';

const HOUR = 3_600_000;
const AGO = Math.floor(NOW / HOUR) * HOUR;

const JOB: OwnerReference = { apiVersion: 'batch/v1', kind: 'Job', name: 'train', controller: true };
const ALIVE = { isReleaserAlive: true };

/** Cleaner from the third hour on. */
const DAY = [300, 300, 100, ...Array<number>(21).fill(400)];
const forecast = (grams: readonly number[]) =>
  grams.map((gramsPerKwh, hour) => ({ from: AGO + hour * HOUR, gramsPerKwh }));

const oneRegion = (grams: readonly number[] = DAY) =>
  makeSnapshot([makeRegion('a', grams[0], { reading: { source: 'electricity-maps' }, forecast: forecast(grams) })]);

type Parts = NonNullable<Parameters<typeof makePod>[0]>;

/** A pod of a Job that says it can wait. */
function flexible({ annotations, metadata, ...spec }: Parts = {}): Pod {
  return makePod({
    annotations: { class: 'flexible', ...annotations },
    metadata: { ownerReferences: [JOB], ...metadata },
    restartPolicy: 'Never',
    ...spec,
  });
}

function decideWaiting(
  pod: Pod,
  policy: Readonly<Record<string, string>> = {},
  snapshot: Snapshot = oneRegion(),
  rest: Partial<DecisionInput> = {},
) {
  return decideNow(pod, makePolicy({ defer: '12h', ...policy }), snapshot, { waiting: ALIVE, ...rest });
}

/** Hours from now until a decided pod is to start; `undefined` where it starts at once. */
function hoursToWait(...args: Parameters<typeof decideWaiting>): number | undefined {
  const { decision, wait } = decideWaiting(...args);
  assert.equal(decision === 'defer', wait !== undefined);
  return wait && (wait.start.startAt - NOW) / HOUR;
}

describe('a flexible pod', () => {
  it('waits behind a gate for the hour that is expected to be cleanest, and says why', () => {
    const pod = flexible();
    const decision = decideWaiting(pod);
    assert.deepEqual([decision.decision, decision.reason], ['defer', 'cleaner_later']);
    const held = applied(pod, decision);
    assert.deepEqual(held.spec?.schedulingGates, [{ name: 'gridgate.dev/defer' }]);
    assert.equal(annotationOf(held, 'gridgate.dev/not-before'), '2026-11-22T11:00:00Z');
    assert.deepEqual(JSON.parse(annotationOf(held, 'gridgate.dev/waits') ?? ''), {
      latestStart: '2026-11-22T21:00:00Z',
      duration: '1h',
      durationFrom: 'default',
      region: 'a',
      now: 300,
      expected: 100,
      savingPercent: 66.7,
    });
    assert.equal(readWait(held.metadata?.annotations)?.latestStart, NOW + 12 * HOUR);
  });

  type Row = readonly [says: RegExp | undefined, ...Parameters<typeof decideWaiting>];
  const starts: Readonly<Record<string, Row>> = {
    'where its namespace has no defer': [
      /^no: its namespace has no gridgate\.dev\/defer, or 0$/,
      flexible(),
      { defer: '0s' },
    ],
    'where nobody is there who would let it go': [
      /^no: it could, but nobody is alive who would let it go: it starts at once$/,
      flexible(),
      {},
      oneRegion(),
      { waiting: { isReleaserAlive: false } },
    ],
    'where the caller knows nothing of waiting': [undefined, flexible(), {}, oneRegion(), { waiting: undefined }],
    'where nothing is forecast': [/^no: .*forecast/, flexible(), {}, makeSnapshot({ a: 300, b: 200 })],
    'where now is cleanest': [
      /^no: no start until 2026-11-22T21:00:00Z is expected to be cleaner than now, 100 gCO2e\/kWh$/,
      flexible(),
      {},
      oneRegion([100, 300, 300, ...DAY]),
    ],
    'where waiting saves too little': [
      /^no: the cleanest start until 2026-11-22T21:00:00Z saves 66\.7%, less than the 70% of gridgate\.dev\/defer-min-saving$/,
      flexible(),
      { 'defer-min-saving': '70' },
    ],
    'of a Deployment': [
      /^no: a ReplicaSet made it, neither a Job nor one of defer\.kinds$/,
      flexible({ metadata: { ownerReferences: [{ ...JOB, apiVersion: 'apps/v1', kind: 'ReplicaSet' }] } }),
    ],
    'that is restarted for ever': [/^no: it never ends \(restartPolicy: Always/, flexible({ restartPolicy: 'Always' })],
    'that says nothing of its restarts': [/^no: it never ends/, makePod({ annotations: { class: 'flexible' } })],
    'with a node': [undefined, flexible({ nodeName: 'n' })],
    'of a system priority': [
      /^no: a system priority class makes it critical, and only flexible pods wait$/,
      flexible({ priorityClassName: 'system-node-critical', priority: 2_000_001_000 }),
    ],
    "of Kueue's": [
      /^no: Kueue says when it runs$/,
      flexible({ metadata: { ownerReferences: [JOB], labels: { 'kueue.x-k8s.io/queue-name': 'q' } } }),
    ],
    'that wants to': [/^no: its own gridgate\.dev\/defer is 0$/, flexible({ annotations: { defer: '0s' } })],
    'whose deadline leaves no room': [
      /^no: to be done by its gridgate\.dev\/deadline, 2026-11-22T12:00:00Z, it has to start now: length 3h \(it says so itself\)$/,
      flexible({ annotations: { deadline: '2026-11-22T12:00:00Z', duration: '3h' } }),
    ],
    'whose deadline has passed': [
      /^no: its gridgate\.dev\/deadline, 2020-11-22T12:00:00Z, has passed$/,
      flexible({ annotations: { deadline: '2020-11-22T12:00:00Z' } }),
    ],
    'that runs for longer than anything is forecast': [
      /^no: it would end after the last hour that is forecast: length 375000d \(it says so itself\)$/,
      flexible({ annotations: { duration: '9000000h' } }),
    ],
    'of a Job that waits itself': [/^no: its Job waits in its stead/, flexible(), { 'defer-by': 'suspend' }],
    'that came too long ago': [
      /^no: it has waited as long as it may, until 2026-11-22T09:00:00Z$/,
      flexible(),
      {},
      oneRegion(),
      { waiting: { ...ALIVE, since: NOW - 12 * HOUR } },
    ],
    'of another class': [
      /^no: class standard: only pods with gridgate\.dev\/class: flexible wait$/,
      makePod({ annotations: { class: 'standard' }, restartPolicy: 'Never' }),
    ],
  };
  for (const [name, [says, ...args]] of Object.entries(starts))
    it(`starts at once ${name}, and is explained`, () => {
      assert.equal(hoursToWait(...args), undefined);
      const [pod, policy] = args;
      const steps = explain(pod, decideWaiting(...args), makePolicy({ defer: '12h', ...policy }));
      const finding = steps.find(({ step }) => step === 'waits')?.finding;
      if (says) assert.match(finding ?? '', says);
      else assert.equal(finding, undefined);
    });

  it('that nobody meant to wait is told nothing of it', () => {
    const pod = makePod();
    const steps = explain(pod, decideWaiting(pod, { defer: '0s' }), makePolicy({ defer: '0s' }));
    assert.ok(steps.every(({ step }) => step !== 'waits'));
  });

  it('that waits already counts from when it came', () => {
    const came = (since: number) => decideWaiting(flexible(), {}, oneRegion(), { waiting: { ...ALIVE, since } });
    assert.equal(came(NOW - 3 * HOUR).wait?.start.latestStart, NOW + 9 * HOUR);
  });

  const waits: Readonly<Record<string, readonly [hours: number, args: Parameters<typeof decideWaiting>]>> = {
    'without a controller': [2, [flexible({ metadata: { ownerReferences: null } })]],
    'without a controller, where Jobs are suspended instead': [
      2,
      [flexible({ metadata: { ownerReferences: null } }), { 'defer-by': 'suspend' }],
    ],
    'no longer than its own annotation says': [
      1.5,
      [flexible({ annotations: { defer: '90m' } }), {}, oneRegion([300, 200, 100])],
    ],
    'no longer than its namespace says': [
      1.5,
      [flexible({ annotations: { defer: '99h' } }), { defer: '90m' }, oneRegion([300, 200, 100])],
    ],
    'longer, where the namespace lets pods override': [
      2,
      [flexible({ annotations: { defer: '99h' } }), { defer: '90m', 'pod-overrides': 'allow' }],
    ],
    'so that it ends before its deadline': [
      1,
      [flexible({ annotations: { deadline: '2026-11-22T11:00:00Z' } }), {}, oneRegion([300, 200, 100])],
    ],
    'for its whole run': [1, [flexible({ annotations: { duration: '2h' } })]],
    'for a start below the ceiling': [
      2,
      [
        flexible({ annotations: { duration: '3h' } }),
        { 'max-intensity': '200', defer: '2h' },
        oneRegion([300, 210, 150, 250, 100]),
      ],
    ],
  };
  for (const [name, [hours, args]] of Object.entries(waits))
    it(`waits ${name}`, () => assert.equal(hoursToWait(...args), hours));

  it('of another kind waits where the configuration names it', () => {
    const pod = flexible({
      metadata: {
        ownerReferences: [{ apiVersion: 'argoproj.io/v1alpha1', kind: 'Workflow', name: 'w', controller: true }],
      },
    });
    const policy = makePolicy({ defer: '12h' });
    const answer = (deferKinds?: readonly string[]) =>
      decideNow(pod, { ...policy, ...(deferKinds && { deferKinds }) }, oneRegion(), { waiting: ALIVE }).decision;
    assert.equal(answer(['argoproj.io/Workflow']), 'defer');
    assert.notEqual(answer(), 'defer');
  });

  it('without a duration takes as long as earlier runs of its owner did', () => {
    const asked: unknown[] = [];
    const learntLength = (namespace: string, owner: unknown): RunLength => {
      asked.push([namespace, owner]);
      return { ms: 2 * HOUR, from: 'owner' };
    };
    const pod = flexible({ metadata: { namespace: 'shop', ownerReferences: [{ ...JOB, name: 'train-29401020' }] } });
    const { wait } = decideWaiting(pod, {}, oneRegion(), { waiting: { ...ALIVE, learntLength } });
    assert.deepEqual(wait?.length, { ms: 2 * HOUR, from: 'owner' });
    assert.deepEqual(asked, [['shop', { kind: 'CronJob', name: 'train' }]]);
  });

  it('waits for the region that will be cleanest, and is held to none of them meanwhile', () => {
    const snapshot = makeSnapshot([
      makeRegion('a', 150, { forecast: forecast([150, 150, 150, 150]) }),
      makeRegion('b', 900, { forecast: forecast([900, 900, 900, 50]) }),
      makeRegion('c', 10, { outage: 'power loss', forecast: forecast([10, 10, 10, 10]) }),
    ]);
    const pod = flexible();
    const decision = decideWaiting(pod, {}, snapshot);
    assert.deepEqual([decision.wait?.start.place, decision.wait?.start.startAt], ['b', AGO + 3 * HOUR]);
    assert.equal(applied(pod, decision).spec?.affinity, undefined);
  });

  it('waits within what sovereignty and latency leave it', () => {
    const snapshot = makeSnapshot([
      makeRegion('eu-a', 250, { forecast: forecast([250, 250, 80, 250]) }),
      makeRegion('eu-b', 900, { forecast: forecast([900, 900, 900, 900]) }),
      makeRegion('us-a', 10, { forecast: forecast([10, 10, 10, 10]) }),
    ]);
    const pod = flexible();
    const decision = decideWaiting(pod, { regions: 'eu-*' }, snapshot);
    assert.equal(decision.wait?.start.place, 'eu-a');
    const [term] =
      applied(pod, decision).spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
        ?.nodeSelectorTerms ?? [];
    assert.deepEqual(term?.matchExpressions?.[0], { key: REGION_LABEL, operator: 'In', values: ['eu-a', 'eu-b'] });
  });

  it('has its priority from the start: none can be given to a pod that is there', () => {
    const snapshot = { ...oneRegion(), priorityClasses: { names: new Set(['gridgate-flexible']) } };
    const pod = flexible({ priority: 0 });
    const held = applied(pod, decideWaiting(pod, {}, snapshot));
    assert.deepEqual([held.spec?.priorityClassName, held.spec?.priority], ['gridgate-flexible', undefined]);
    const released = decideWaiting(flexible({ schedulingGates: [{ name: 'gridgate.dev/defer' }] }), {}, snapshot, {
      isReleased: true,
    });
    assert.deepEqual(
      released.patch.filter(({ path }) => /priority/.test(path)),
      [],
    );
  });

  it('that is decided again while it waits gets nothing twice, also a moment later', () => {
    const pod = flexible();
    const held = applied(pod, decideWaiting(pod, { regions: 'a' }));
    assert.deepEqual(decideWaiting(held, { regions: 'a' }, oneRegion(), { now: NOW + 1_000 }).patch, []);
  });

  it('that carries our gate and is not to wait loses it, and keeps those of others', () => {
    const gates = [{ name: 'example.com/quota' }, { name: 'gridgate.dev/defer' }];
    for (const waiting of [undefined, { isReleaserAlive: false }]) {
      const pod = flexible({ schedulingGates: gates });
      assert.deepEqual(applied(pod, decideWaiting(pod, {}, oneRegion(), { waiting })).spec?.schedulingGates, [
        { name: 'example.com/quota' },
      ]);
    }
  });

  it('has what its author wrote in our name taken away, or put right', () => {
    const forged = {
      'not-before': '2020-01-01T00:00:00Z',
      waits: JSON.stringify({ latestStart: '2026-11-22T21:00:00Z', duration: '1h', now: 2000, expected: 1 }),
      released: '2020-01-01T00:00:00Z',
    };
    const pod = flexible({ annotations: forged, schedulingGates: [{ name: 'gridgate.dev/defer' }] });
    const held = applied(pod, decideWaiting(pod)).metadata?.annotations;
    assert.equal(held?.['gridgate.dev/not-before'], '2026-11-22T11:00:00Z');
    assert.equal(readWait(held)?.now, 300);
    assert.equal(held?.['gridgate.dev/released'], undefined);
    const free = applied(pod, decideWaiting(pod, {}, oneRegion(), { waiting: undefined })).metadata?.annotations ?? {};
    assert.deepEqual(
      Object.keys(free).filter((key) => /not-before|waits|released/.test(key)),
      [],
    );
  });

  it('is held within its regions, whatever JSON its author wrote', () => {
    const written = [{ latestStart: { toString: 1 }, duration: '1h' }, { duration: { valueOf: null } }, [null], 3];
    for (const waits of written.map((value) => JSON.stringify(value))) {
      const gates = { schedulingGates: [{ name: 'gridgate.dev/defer' }] };
      const pod = flexible({ annotations: { waits, 'not-before': '2026-11-22T11:00:00Z' }, ...gates });
      const held = applied(pod, decideWaiting(pod, { regions: 'a' }));
      assert.ok(held.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution);
      assert.equal(readWait(held.metadata?.annotations)?.now, 300);
    }
  });

  it('keeps the gates of others beside ours', () => {
    const pod = flexible({ schedulingGates: [{ name: 'example.com/quota' }] });
    assert.deepEqual(
      applied(pod, decideWaiting(pod)).spec?.schedulingGates?.map(({ name }) => name),
      ['example.com/quota', 'gridgate.dev/defer'],
    );
  });

  it('is left as it is in audit mode, which says what would be', () => {
    const effect = effectOf(decideWaiting(flexible(), { mode: 'audit' }), 'audit');
    assert.deepEqual([effect.patch, effect.would], [[], 'defer']);
    assert.deepEqual(effectOf(decideWaiting(flexible()), 'warn').patch, decideWaiting(flexible()).patch);
  });

  it('that is refused is denied, and never held', () =>
    assert.equal(decideWaiting(flexible(), { 'max-intensity': '10', 'when-all-dirty': 'deny' }).decision, 'deny'));
});

describe('a pod that is let go', () => {
  const gated = (rest: Parts = {}) => {
    const pod = flexible({ schedulingGates: [{ name: 'gridgate.dev/defer' }], ...rest });
    return { ...pod, metadata: { ...pod.metadata, resourceVersion: '7' } };
  };
  const twoRegions = makeSnapshot([makeRegion('a', 100), makeRegion('b', 50, { outage: 'power loss' })]);

  it('gets the regions of that moment and loses its gate in one write, to this very version of it', () => {
    const pod = gated();
    const decision = decideWaiting(pod, {}, twoRegions, { isReleased: true });
    const patch = releasePatch(pod, decision, NOW);
    assert.deepEqual(patch[0], { op: 'replace', path: '/metadata/resourceVersion', value: '7' });
    const released = applied(pod, { patch });
    assert.deepEqual(released.spec?.schedulingGates, []);
    const { requiredDuringSchedulingIgnoredDuringExecution: required } = released.spec?.affinity?.nodeAffinity ?? {};
    assert.deepEqual(required?.nodeSelectorTerms?.[0]?.matchExpressions?.[0], {
      key: REGION_LABEL,
      operator: 'NotIn',
      values: ['b'],
    });
    assert.equal(annotationOf(released, 'gridgate.dev/released'), '2026-11-22T09:00:00Z');
  });

  it('loses its gate whatever its annotations and gates, also where the policy refuses it by now', () => {
    const gate: SchedulingGate = { name: 'gridgate.dev/defer' };
    fc.assert(
      fc.property(
        fc.array(
          fc.constantFrom('a/b', 'c/d').map((name): SchedulingGate => ({ name })),
          { maxLength: 3 },
        ),
        fc.nat(3),
        fc.option(fc.dictionary(fc.string(), fc.string(), { maxKeys: 3 }), { nil: null }),
        fc.constantFrom({}, { 'max-intensity': '10', 'when-all-dirty': 'deny' }, { mode: 'audit' }, { mode: 'off' }),
        (others, place, annotations, policy) => {
          const schedulingGates = others.toSpliced(Math.min(place, others.length), 0, gate);
          const pod = {
            metadata: { name: 'x', annotations, resourceVersion: '7' },
            spec: { restartPolicy: 'Never', schedulingGates },
          };
          const decision = decideWaiting(pod, policy, twoRegions, { isReleased: true });
          const released = applied(pod, { patch: releasePatch(pod, decision, NOW) });
          assert.deepEqual(released.spec?.schedulingGates, others);
          assert.ok(!isGated(released));
          assert.equal(annotationOf(released, 'gridgate.dev/released'), '2026-11-22T09:00:00Z');
        },
      ),
    );
  });
});

describe('what a waiting pod says of itself', () => {
  const rows: readonly [string, Record<string, string> | null | undefined][] = [
    ['nothing', undefined],
    ['no annotations', null],
    ['a time alone', { 'gridgate.dev/not-before': '2026-11-22T11:00:00Z' }],
    ['no JSON', { 'gridgate.dev/not-before': '2026-11-22T11:00:00Z', 'gridgate.dev/waits': '{' }],
    ['another kind of JSON', { 'gridgate.dev/not-before': '2026-11-22T11:00:00Z', 'gridgate.dev/waits': 'null' }],
    [
      'no times',
      { 'gridgate.dev/not-before': 'soon', 'gridgate.dev/waits': '{"latestStart":"later","duration":"1h"}' },
    ],
    [
      'more than anybody reads',
      { 'gridgate.dev/not-before': '2026-11-22T11:00:00Z', 'gridgate.dev/waits': `"${'x'.repeat(9_999)}"` },
    ],
  ];
  for (const [name, annotations] of rows)
    it(`is nothing where it is ${name}`, () => assert.equal(readWait(annotations), undefined));

  it('is read without an error, whatever it is', () =>
    fc.assert(
      fc.property(fc.string(), fc.oneof(fc.json(), fc.string()), fc.jsonValue(), (notBefore, text, value) => {
        const times = { latestStart: value, duration: value, durationFrom: value, region: value, now: value };
        for (const waits of [text, JSON.stringify(times)])
          readWait({ 'gridgate.dev/not-before': notBefore, 'gridgate.dev/waits': waits });
      }),
    ));
});
