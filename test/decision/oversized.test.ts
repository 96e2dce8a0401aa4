import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { effectOf } from '../../src/decision/effect.ts';
import { MODES, type Mode } from '../../src/decision/policy.ts';
import {
  applied,
  decideNow,
  makeNode,
  makePod,
  makePolicy,
  makeRegion,
  makeSnapshot,
  REGION_LABEL,
  region,
  requires,
  term,
  zone,
} from '../builders.ts';

const REGIONS = Array.from({ length: 200 }, (_, i) => makeRegion(`region-${i}`, i < 100 ? 100 : 900));
const snapshot = makeSnapshot(REGIONS, {
  nodes: REGIONS.flatMap(({ name }) =>
    ['a', 'b', 'c'].map((letter) => makeNode(`node-${name}-${letter}`, `${name}/${letter}`)),
  ),
});
const policy = makePolicy();
type Parts = Parameters<typeof makePod>[0];

function many<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

function preferring(count: number): Parts {
  const preferred = many(count, (i) => ({ weight: 1, preference: term(region('In', `region-${i}`)) }));
  return { affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: preferred } } };
}

const KINDS: Readonly<Record<string, { readonly most: number; readonly pod: (count: number) => Parts }>> = {
  'required node affinity terms': { most: 500, pod: (count) => requires(...many(count, () => term(region('Exists')))) },
  'preferred node affinity terms': { most: 500, pod: preferring },
  tolerations: { most: 500, pod: (count) => ({ tolerations: many(count, (i) => ({ key: `k${i}` })) }) },
  'topology spread constraints': {
    most: 50,
    pod: (count) => ({ topologySpreadConstraints: many(count, (i) => ({ topologyKey: `k${i}` })) }),
  },
  volumes: { most: 5_000, pod: (count) => ({ volumes: many(count, (i) => ({ name: `v${i}` })) }) },
  'entries of its node selector': {
    most: 500,
    pod: (count) => ({ nodeSelector: Object.fromEntries(many(count, (i) => [`k${i}`, 'v'])) }),
  },
  'requirements and values of its required terms': {
    most: 10_000,
    pod: (count) => requires(term(region('NotIn', ...many(count - 1, String)))),
  },
  'gridgate.dev annotations': {
    most: 500,
    pod: (count) => ({ annotations: Object.fromEntries(many(count, (i) => [`gridgate.dev/k${i}`, ''])) }),
  },
};

describe('a pod that carries more of a kind than is judged', () => {
  for (const [kind, { most, pod }] of Object.entries(KINDS))
    it(`is judged with ${most} ${kind}, denied with one more, and told why`, () => {
      assert.notEqual(decideNow(makePod(pod(most)), policy, snapshot).reason, 'oversized');
      const { decision, reason, message, patch } = decideNow(makePod(pod(most + 1)), policy, snapshot);
      assert.deepEqual([decision, reason, patch], ['deny', 'oversized', []]);
      assert.equal(
        message,
        `gridgate refuses pod web-*: it carries more than ${most} ${kind}; give it fewer, gridgate judges no more [oversized]`,
      );
    });

  const EFFECTS: Readonly<Record<Mode, readonly [allowed: boolean, reason: string, warned: boolean]>> = {
    off: [true, 'mode_off', false],
    audit: [true, 'oversized', false],
    warn: [true, 'oversized', true],
    enforce: [false, 'oversized', false],
  };
  for (const mode of MODES)
    it(`is ${mode === 'enforce' ? 'denied' : 'left alone'} in mode ${mode}`, () => {
      const decision = decideNow(makePod(preferring(501)), makePolicy({ mode }), snapshot);
      const { allowed, patch, warnings } = effectOf(decision, mode);
      assert.deepEqual([allowed, decision.reason, warnings.length > 0], EFFECTS[mode]);
      assert.deepEqual(patch, []);
    });

  it('has a message of a bounded size, whatever it is called', () => {
    const { message } = decideNow(
      makePod({ ...preferring(501), metadata: { name: 'n'.repeat(100_000) } }),
      policy,
      snapshot,
    );
    assert.ok(message.length < 500, String(message.length));
  });
});

describe('the patch of the largest pods that are judged', () => {
  const distinct = many(500, (i) => term(zone('NotIn', `z-${i}`)));
  const rows: readonly [name: string, parts: Parts, mostBytes: number][] = [
    ['500 equal terms', requires(...many(500, () => term(region('Exists')))), 8_000],
    ['250 pairs of equal terms', requires(...many(500, (i) => term(zone('NotIn', `z-${i % 250}`)))), 600_000],
    ['500 different terms', requires(...distinct), 1_200_000],
    [
      '500 terms and 50 spreads that all must be met',
      {
        ...requires(...distinct),
        topologySpreadConstraints: many(50, () => ({
          topologyKey: 'topology.kubernetes.io/zone',
          whenUnsatisfiable: 'DoNotSchedule',
        })),
      },
      1_200_000,
    ],
    ['10,000 values', requires(term(region('NotIn', ...many(9_990, String)))), 8_000],
    [
      '500 annotations of ours',
      { annotations: Object.fromEntries(many(500, (i) => [`gridgate.dev/k${i}`, ''])) },
      8_000,
    ],
    ['an annotation of ours with a key of 2 MB', { annotations: { [`gridgate.dev/${'k'.repeat(2e6)}`]: '' } }, 8_000],
    ['50,000 labels', { metadata: { labels: Object.fromEntries(many(50_000, (i) => [`k${i}`, 'v'])) } }, 8_000],
    ['50,000 owners', { metadata: { ownerReferences: many(50_000, () => ({ kind: 'Job', name: 'x' })) } }, 8_000],
    ['50,000 annotations', { annotations: Object.fromEntries(many(50_000, (i) => [`a/k${i}`, 'v'])) }, 8_000],
  ];
  for (const [name, parts, mostBytes] of rows)
    it(`${name}: a patch of at most ${mostBytes} bytes`, () => {
      const pod = makePod(parts);
      const decision = decideNow(pod, policy, snapshot);
      const bytes = JSON.stringify(decision.patch).length;
      assert.equal(decision.decision, 'steer');
      assert.ok(bytes <= mostBytes, `${bytes} bytes`);
    });

  it('a list that is replaced holds every different term, with the requirement, and needs no second patch', () => {
    const terms = [...many(20, (i) => term(zone('In', `region-${95 + (i % 10)}-a`))), {}, {}];
    const pod = makePod(requires(...terms));
    const patched = applied(pod, decideNow(pod, policy, snapshot));
    const left =
      patched.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
    assert.deepEqual(
      left.map(({ matchExpressions }) =>
        matchExpressions?.slice(0, 2).map(({ key, operator }) => `${key} ${operator}`),
      ),
      [...many(10, () => ['topology.kubernetes.io/zone In', `${REGION_LABEL} NotIn`]), undefined],
    );
    assert.deepEqual(decideNow(patched, policy, snapshot).patch, []);
  });
});
