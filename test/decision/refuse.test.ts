import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { refusalOf } from '../../src/decision/refuse.ts';
import { treatmentOf } from '../../src/decision/treatment.ts';
import type { RegionView } from '../../src/regions/snapshot.ts';
import { makePod, makePolicy, makeRegion, makeSnapshot } from '../builders.ts';

const FAR = { latencyMs: { 'eu-a': 81 } };
const STRICT = { regions: 'eu-*,us-*', 'home-region': 'eu-a', 'max-latency': '80ms' };

type Case = readonly [name: string, view: RegionView, refusal: string | undefined, pod?: Record<string, string>];

function check(rows: readonly Case[], annotations: Record<string, string> = STRICT) {
  for (const [name, view, refusal, pod = {}] of rows) {
    it(`${name}: ${refusal ?? 'acceptable'}`, () => {
      const { treatment } = treatmentOf(makePod({ annotations: pod }), makePolicy(annotations));
      assert.equal(refusalOf(view, treatment, makeSnapshot([view])), refusal);
    });
  }
}

describe('a region is refused', () => {
  check([
    ['allowed, near, healthy, clean', makeRegion('us-a', 100, { latencyMs: { 'eu-a': 80 } }), undefined],
    ['not among the regions', makeRegion('ap-a', 100), 'not_allowed'],
    ['not among those of the pod', makeRegion('us-a', 100), 'not_allowed', { regions: 'eu-*' }],
    ['only among those of the pod', makeRegion('ap-a', 100), 'not_allowed', { regions: 'ap-*' }],
    ['too far', makeRegion('us-a', 100, FAR), 'too_far'],
    ['in outage', makeRegion('us-a', 100, { outage: 'fire' }), 'outage'],
    ['above the ceiling', makeRegion('us-a', 300.1), 'high_carbon'],
    ['at the ceiling', makeRegion('us-a', 300), undefined],
    ['above the ceiling of the pod', makeRegion('us-a', 200), 'high_carbon', { 'max-intensity': '150' }],
  ]);
});

describe('the first refusal counts', () => {
  check([
    ['everything is wrong', makeRegion('ap-a', 900, { ...FAR, outage: 'fire' }), 'not_allowed'],
    ['far, down, dirty', makeRegion('us-a', 900, { ...FAR, outage: 'fire' }), 'too_far'],
    ['down, dirty', makeRegion('us-a', 900, { outage: 'fire' }), 'outage'],
  ]);
});

describe('what is unknown never refuses', () => {
  check([
    ['no latency from home', makeRegion('us-a', 100, { latencyMs: { 'us-b': 900 } }), undefined],
    ['no intensity', makeRegion('us-a', undefined), undefined],
    ['an intensity of another signal', makeRegion('us-a', 900, { reading: { signal: 'marginal' } }), undefined],
    ['an outage that ended', { ...makeRegion('us-a', 100), outage: { active: false, sources: [] } }, undefined],
    ['a yearly average', makeRegion('us-a', 900, { reading: { freshness: 'embedded' } }), undefined],
    ['a stale reading still counts', makeRegion('us-a', 900, { reading: { freshness: 'stale' } }), 'high_carbon'],
  ]);
  it('the policy signal may be another one', () => {
    const view = makeRegion('us-a', 900, { reading: { signal: 'marginal' } });
    const { treatment } = treatmentOf(makePod(), makePolicy({}));
    assert.equal(refusalOf(view, treatment, makeSnapshot([view], { policySignal: 'marginal' })), 'high_carbon');
  });
});

describe('home', () => {
  check([
    ['is never too far, whatever its figure says', makeRegion('eu-a', 100, FAR), undefined],
    ['may be down', makeRegion('eu-a', 100, { outage: 'flood' }), 'outage'],
  ]);
  check([['unknown: no region is too far', makeRegion('us-a', 100, FAR), undefined]], { 'max-latency': '1ms' });
});

describe('the class of a pod', () => {
  const dirty = makeRegion('us-a', 900);
  check([['flexible: the ceiling counts', dirty, 'high_carbon', { class: 'flexible' }]]);
  check(
    [
      ['critical: no ceiling', dirty, undefined, { class: 'critical' }],
      ['critical: sovereignty counts', makeRegion('ap-a', 900), 'not_allowed', { class: 'critical' }],
      ['critical: latency counts', makeRegion('us-a', 900, FAR), 'too_far', { class: 'critical' }],
      ['critical: outage counts', makeRegion('us-a', 900, { outage: 'fire' }), 'outage', { class: 'critical' }],
    ],
    { ...STRICT, 'pod-overrides': 'allow' },
  );
});
