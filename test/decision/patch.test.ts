import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Affinity, Pod } from '../../src/decision/pod.ts';
import {
  applied,
  decideNow,
  expression,
  makePod,
  makePolicy,
  makeRegion,
  makeSnapshot,
  onNode,
  REGION_LABEL,
  region,
  requires,
  term,
} from '../builders.ts';

const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution';
const PREFERRED = 'preferredDuringSchedulingIgnoredDuringExecution';
const snapshot = makeSnapshot([makeRegion('eu-a', 100), makeRegion('eu-b', 200), makeRegion('us-a', 900)]);
const policy = makePolicy({ tolerate: 'none' });
const MARKER = expression('gridgate.dev/placed', 'DoesNotExist');
const OURS = [region('NotIn', 'us-a'), MARKER];
const prefer = (name: string, weight: number) => ({ weight, preference: term(region('In', name)) });
const BEST = [prefer('eu-a', 100), prefer('eu-b', 6)];
const arm = expression('kubernetes.io/arch', 'In', 'arm64');
const podAffinity = { podAffinity: {} };

/** Applies the patch, and sees that a second decision has nothing to add. */
function decideTwice(pod: Pod, before = snapshot, ofPolicy = policy): Pod {
  const first = decideNow(pod, ofPolicy, before);
  const patched = applied(pod, first);
  const second = decideNow(patched, ofPolicy, before);
  assert.deepEqual(second.patch, []);
  assert.deepEqual({ ...second, patch: 0, steps: 0 }, { ...first, patch: 0, steps: 0 });
  return patched;
}

describe('the patch of affinity', () => {
  const required = (...terms: object[]) => ({ nodeSelectorTerms: terms });
  const both = { [REQUIRED]: required({ matchExpressions: OURS }), [PREFERRED]: BEST };
  const rows: readonly [name: string, affinity: unknown, expected: unknown][] = [
    ['absent', undefined, { nodeAffinity: both }],
    ['null', null, { nodeAffinity: both }],
    ['empty', {}, { nodeAffinity: both }],
    ['only pod affinity', podAffinity, { ...podAffinity, nodeAffinity: both }],
    ['nodeAffinity null', { ...podAffinity, nodeAffinity: null }, { ...podAffinity, nodeAffinity: both }],
    ['nodeAffinity empty', { nodeAffinity: {} }, { nodeAffinity: both }],
    ['both null', { nodeAffinity: { [REQUIRED]: null, [PREFERRED]: null } }, { nodeAffinity: both }],
    ['preferred empty', { nodeAffinity: { [PREFERRED]: [] } }, { nodeAffinity: both }],
    [
      'a term of expressions',
      { nodeAffinity: { [REQUIRED]: required(term(arm)) } },
      { nodeAffinity: { ...both, [REQUIRED]: required({ matchExpressions: [arm, ...OURS] }) } },
    ],
    [
      'a term of only matchFields',
      { nodeAffinity: { [REQUIRED]: required(onNode('n1')) } },
      { nodeAffinity: { ...both, [REQUIRED]: required({ ...onNode('n1'), matchExpressions: OURS }) } },
    ],
    [
      'a term of matchFields and no expressions',
      { nodeAffinity: { [REQUIRED]: required({ ...onNode('n1'), matchExpressions: [] }) } },
      { nodeAffinity: { ...both, [REQUIRED]: required({ ...onNode('n1'), matchExpressions: OURS }) } },
    ],
    [
      'every ORed term, but never an empty one',
      { nodeAffinity: { [REQUIRED]: required(term(arm), {}, term(region('Exists')), { matchExpressions: [] }) } },
      {
        nodeAffinity: {
          ...both,
          [REQUIRED]: required(
            { matchExpressions: [arm, ...OURS] },
            {},
            { matchExpressions: [region('Exists'), ...OURS] },
            { matchExpressions: [] },
          ),
        },
      },
    ],
    [
      'preferences of its own stay',
      { nodeAffinity: { [PREFERRED]: [{ weight: 50, preference: term(arm) }] } },
      { nodeAffinity: { ...both, [PREFERRED]: [{ weight: 50, preference: term(arm) }, ...BEST] } },
    ],
    [
      'of two weights for one region the greater counts',
      { nodeAffinity: { [PREFERRED]: [prefer('eu-a', 10), prefer('eu-b', 50)] } },
      { nodeAffinity: { ...both, [PREFERRED]: [prefer('eu-a', 100), prefer('eu-b', 50)] } },
    ],
    [
      'a preference for more than the region is another one',
      { nodeAffinity: { [PREFERRED]: [{ weight: 9, preference: term(region('In', 'eu-a'), arm) }] } },
      { nodeAffinity: { ...both, [PREFERRED]: [{ weight: 9, preference: term(region('In', 'eu-a'), arm) }, ...BEST] } },
    ],
  ];
  for (const [name, affinity, expected] of rows) {
    it(`where it is ${name}`, () => {
      const pod = makePod(affinity === undefined ? {} : { affinity: affinity as Affinity });
      assert.deepEqual(decideTwice(pod).spec?.affinity, expected);
    });
  }

  it('adds nothing where nothing is to be added', () => {
    for (const affinity of [undefined, null, {}, { nodeAffinity: {} }]) {
      const pod = makePod({ ...(affinity !== undefined && { affinity }), nodeSelector: { [REGION_LABEL]: 'eu-a' } });
      assert.deepEqual(decideTwice(pod).spec, pod.spec);
    }
  });
});

describe('the patch of annotations and tolerations', () => {
  const RECORD = /^\{"reason":"steered",/;
  const rows: readonly [name: string, annotations: Record<string, string> | null | undefined][] = [
    ['absent', undefined],
    ['null', null],
    ['empty', {}],
    ['present', { 'a/b': 'c' }],
  ];
  for (const [name, annotations] of rows) {
    it(`annotations ${name}`, () => {
      const pod = makePod({ metadata: annotations === undefined ? {} : { annotations } });
      const { 'gridgate.dev/decision': record, ...others } = decideTwice(pod).metadata?.annotations ?? {};
      assert.match(record ?? '', RECORD);
      assert.deepEqual(others, annotations ?? {});
    });
  }
  for (const tolerations of [undefined, null, []]) {
    it(`tolerations ${JSON.stringify(tolerations)}`, () => {
      const pod = makePod(tolerations === undefined ? {} : { tolerations });
      const patched = decideTwice(pod, snapshot, makePolicy());
      assert.deepEqual(patched.spec?.tolerations, [{ key: 'gridgate.dev/carbon', operator: 'Exists' }]);
    });
  }
});

describe('the same pod under two snapshots', () => {
  const later = makeSnapshot([makeRegion('eu-a', 900), makeRegion('eu-b', 200), makeRegion('us-a', 100)]);
  it('keeps one preference a region and adds requirements', () => {
    const pod = decideTwice(decideTwice(makePod()), later);
    const { nodeAffinity } = pod.spec?.affinity ?? {};
    assert.deepEqual(nodeAffinity?.[PREFERRED], [prefer('eu-a', 100), prefer('eu-b', 6), prefer('us-a', 100)]);
    assert.deepEqual(nodeAffinity?.[REQUIRED], {
      nodeSelectorTerms: [{ matchExpressions: [...OURS, region('NotIn', 'eu-a'), MARKER] }],
    });
  });
  it('goes back to the first without another word', () => {
    const pod = decideTwice(decideTwice(makePod()), later);
    assert.deepEqual(decideTwice(pod).spec, pod.spec);
  });
});

describe('a marker that the author forged', () => {
  const Ignore = { topologyKey: REGION_LABEL, whenUnsatisfiable: 'DoNotSchedule', nodeAffinityPolicy: 'Ignore' };
  const rows: readonly [name: string, parts: Parameters<typeof makePod>[0]][] = [
    ['after a pin', {}],
    ['after a pin, with a spread that carbon gives way to', { topologySpreadConstraints: [Ignore] }],
  ];
  for (const [name, parts] of rows) {
    it(`${name} does not lead the pod to a refused region`, () => {
      const pod = makePod({ ...parts, ...requires(term(region('In', 'us-a'), MARKER)) });
      const decision = decideNow(pod, policy, snapshot);
      const terms = applied(pod, decision).spec?.affinity?.nodeAffinity?.[REQUIRED]?.nodeSelectorTerms ?? [];
      const excluded = terms.every(({ matchExpressions = [] }) =>
        matchExpressions?.some(({ operator, values }) => operator === 'NotIn' && values?.includes('us-a')),
      );
      assert.ok(decision.decision === 'deny' || excluded, decision.reason);
    });
  }
});
